package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.engine.Trainer;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.ImagePlusAdapter;
import io.github.brushwood.session.Jobs;

import java.awt.Rectangle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Someone who paints in a session without windows; closes it and counts what is left. */
final class Painting implements AutoCloseable {

	static final String FEATURES = "gaussian:0.7,1.6;hessian:1";
	static final long PATIENCE = 120_000;

	/** Writes down what it hears. */
	static final class Heard implements LiveUpdater.Listener {

		final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
		final List<LiveUpdater.State> states = Collections.synchronizedList(new ArrayList<>());
		final List<Rectangle> tiles = new CopyOnWriteArrayList<>();

		@Override
		public void tilesChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
			tiles.add(where);
		}

		@Override
		public void stateChanged(final LiveUpdater.State state) {
			states.add(state);
		}

		@Override
		public void failed(final Throwable failure) {
			failures.add(failure);
		}

		/** How often the worker began something. */
		long count(final LiveUpdater.Phase phase) {
			synchronized (states) {
				return states.stream().filter(state -> state.phase == phase && state.progress == 0).count();
			}
		}
	}

	final LiveSession session = new LiveSession();
	final Heard heard = new Heard();
	final LiveUpdater updater;
	private final long before = Engine.memoryInUse();

	Painting() {
		this(0);
	}

	Painting(final long memory) {
		session.setSettings(session.settings().withFeatures(FEATURES).withTraining(new TrainOptions().trees(24)));
		updater = new LiveUpdater(session, 0, memory);
		updater.addListener(heard);
	}

	LiveImage add(final ImagePlus imp) {
		return session.addImage(imp);
	}

	AnnotationClass at(final int label) {
		return session.classes().get(label - 1);
	}

	void stroke(final LiveImage image, final int label, final double x0, final double y0, final double x1,
		final double y1, final int z, final int t)
	{
		final LabelEdit edit = session.edit(image);
		edit.stroke(x0, y0, x1, y1, 4, label == 0 ? 0 : at(label).id(), z, t);
		session.commit(image, edit, "stroke");
	}

	/** Two strokes of each of two classes. */
	void paint(final LiveImage image, final int z, final int t) {
		stroke(image, 1, 2, 2, 40, 4, z, t);
		stroke(image, 2, 12, 12, 14, 14, z, t);
		stroke(image, 1, 22, 22, 26, 26, z, t);
		stroke(image, 2, 36, 12, 38, 14, z, t);
	}

	static View view(final LiveImage image, final int z, final int t) {
		return new View(image, z, t, new Rectangle(image.labels().width(), image.labels().height()), Show.PROBABILITIES);
	}

	void look(final LiveImage image, final int z, final int t) {
		updater.setView(view(image, z, t));
	}

	void settle() {
		assertTrue(updater.await(PATIENCE), () -> "still " + updater.state().phase + ": " + updater.state().text);
	}

	/** Bytes of the live model. */
	byte[] model(final Path folder) {
		return updater.withModel(Jobs.defaults(), model -> bytes(model, folder));
	}

	static byte[] bytes(final Model model, final Path folder) {
		final Path file = folder.resolve("model.brushwood");
		try (Job job = new Job()) {
			model.write(job, file.toString());
			return Files.readAllBytes(file);
		}
		catch (final IOException e) {
			throw new UncheckedIOException(e);
		}
	}

	/** Bytes of a model from the same images, label images, names and options, made in one go. */
	byte[] expected(final Path folder) {
		final TrainOptions options = session.settings().training();
		try (Job job = new Job(); Trainer trainer = collect(job)) {
			if (options.contextSigmas().length > 0) addContext(job, trainer, options);
			for (int k = 0; k < trainer.classCount(); k++)
				trainer.setClass(job, k, at(k + 1).name(), at(k + 1).rgb());
			try (Model model = trainer.train(job, options)) {
				return bytes(model, folder);
			}
		}
	}

	private List<LiveImage> labelled() {
		final List<LiveImage> images = new ArrayList<>();
		for (final LiveImage image : session.images())
			if (image.image() != null && image.labels().count() > 0) images.add(image);
		return images;
	}

	/** All samples, freshly computed. */
	Trainer collect(final Job job) {
		Trainer trainer = null;
		for (final LiveImage image : labelled()) {
			try (EngineImage pixels = pixels(job, image); EngineImage labels = labels(job, image)) {
				if (trainer == null) trainer = create(job, pixels.info());
				trainer.add(job, pixels, labels);
			}
		}
		return trainer;
	}

	private Trainer create(final Job job, final ImageInfo info) {
		try (Recipe recipe = recipe(job, info)) {
			return Trainer.create(job, recipe);
		}
	}

	Recipe recipe(final Job job, final ImageInfo info) {
		return Recipe.parse(job, session.settings().features, info.channels, info.depth > 1 ? 3 : 2, info.spacingX,
			info.spacingY, info.spacingZ);
	}

	private void addContext(final Job job, final Trainer trainer, final TrainOptions options) {
		trainer.prepareContext(job, options);
		int index = 0;
		for (final LiveImage image : labelled()) {
			try (EngineImage pixels = pixels(job, image)) {
				trainer.addContext(job, index++, pixels);
			}
		}
	}

	EngineImage pixels(final Job job, final LiveImage image) {
		final EngineImage pixels = ImagePlusAdapter.toEngine(job, image.image());
		if (!session.settings().calibrated) pixels.setSpacing(job, 1, 1, 1);
		return pixels;
	}

	private EngineImage labels(final Job job, final LiveImage image) {
		final LabelMap map = image.labels();
		final EngineImage labels = EngineImage.create(job, ImageInfo.builder(PixelType.UINT8, map.width(), map.height())
			.depth(map.depth()).frames(map.frames()).build());
		final int[] labelOfId = session.labelOfId();
		for (int t = 0; t < map.frames(); t++) {
			for (int z = 0; z < map.depth(); z++) {
				final byte[] plane = map.plane(z, t);
				for (int i = 0; i < plane.length; i++)
					plane[i] = (byte) labelOfId[plane[i] & 0xFF];
				labels.setPlane(t, 0, z, plane);
			}
		}
		return labels;
	}

	static boolean isWorkerAlive() {
		return Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().equals("Brushwood live"));
	}

	@Override
	public void close() {
		updater.close();
		assertEquals(before, Engine.memoryInUse(), "bytes the engine holds after closing");
	}
}
