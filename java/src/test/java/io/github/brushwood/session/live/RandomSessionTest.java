package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;

import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Pictures;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever someone does to a session, its forest is the one that grows from what is there now, in one go. */
@Timeout(180)
class RandomSessionTest {

	private static final int STEPS = 60;
	private static final String[] LISTS = { "gaussian:0.7,1.6;hessian:1", "gaussian:1", "gaussian:1,2;laplacian:1.6" };

	@TempDir
	Path folder;
	private Random random;
	private final List<ImagePlus> pictures = new ArrayList<>();

	@ParameterizedTest
	@ValueSource(ints = { 4, 7, 9, 11, 18 })
	void theForestIsThatOfTheLabels(final int seed) {
		random = new Random(seed);
		final int depth = seed % 2 == 0 ? 3 : 1;
		for (int i = 0; i < 3; i++)
			pictures.add(Pictures.hyperstack("i" + i, 70 + 9 * i, 64 - 5 * i, seed % 3 == 0 ? 16 : 8, 2, depth, 2));
		try (Painting p = new Painting()) {
			p.session.addImage(pictures.get(0));
			int forests = 0;
			for (int step = 1; step <= STEPS; step++) {
				change(p, depth);
				if (step % 12 == 0 && check(p)) forests++;
			}
			assertTrue(forests > 0, "there were labels at some time");
			assertEquals(Collections.emptyList(), p.heard.failures);
		}
	}

	private <T> T any(final List<T> list) {
		return list.get(random.nextInt(list.size()));
	}

	/** One step of any kind; nothing when it is not possible now. */
	private void change(final Painting p, final int depth) {
		final LiveSession session = p.session;
		final LiveImage image = any(session.images());
		final int what = random.nextInt(16);
		if (what < 7) {
			p.stroke(image, random.nextInt(session.classes().size() + 1), random.nextInt(70), random.nextInt(64), random
				.nextInt(70), random.nextInt(64), random.nextInt(depth), random.nextInt(2));
		}
		else if (what == 7) session.undo();
		else if (what == 8) session.redo();
		else if (what < 12) changeClasses(session);
		else if (what == 12) changeImages(session, image);
		else if (what == 13) session.setSettings(session.settings().withFeatures(LISTS[random.nextInt(LISTS.length)]));
		else if (what == 14) {
			final TrainOptions options = session.settings().training().seed(random.nextInt()).trees(5 + random.nextInt(20));
			session.setSettings(session.settings().withTraining(options.strokeBalance(random.nextInt(2))));
		}
		else if (image.image() != null) p.look(image, random.nextInt(depth), random.nextInt(2));
	}

	private void changeClasses(final LiveSession session) {
		final List<AnnotationClass> classes = session.classes();
		final int what = classes.size() < 3 ? 0 : classes.size() > 5 ? 1 : random.nextInt(5);
		if (what == 0) session.addClass("");
		else if (what == 1) session.removeClass(any(classes));
		else if (what == 2) session.mergeClasses(classes.get(0), any(classes.subList(1, classes.size())));
		else if (what == 3) session.renameClass(any(classes), "n" + random.nextInt());
		else session.recolourClass(any(classes), random.nextInt(1 << 24));
	}

	private void changeImages(final LiveSession session, final LiveImage image) {
		if (session.images().size() > 1 && random.nextBoolean()) {
			if (random.nextBoolean()) session.removeImage(image);
			else session.detach(image);
			return;
		}
		for (final ImagePlus imp : pictures) {
			if (session.imageOf(imp) != null) continue;
			session.addImage(imp);
			return;
		}
	}

	/** @return whether there are enough labels for a forest */
	private boolean check(final Painting p) {
		final LiveSession again = reopened(p.session);
		p.settle();
		if (labelledClasses(p.session) < 2) {
			assertThrows(BrushwoodException.class, () -> p.model(folder));
			return false;
		}
		final byte[] expected = p.expected(folder);
		assertArrayEquals(expected, p.model(folder));
		try (LiveUpdater other = new LiveUpdater(again, 1, 0)) {
			assertArrayEquals(expected, other.withModel(Jobs.defaults(), model -> Painting.bytes(model, folder)));
		}
		return true;
	}

	/** Classes with labels on images with pixels. */
	private static long labelledClasses(final LiveSession session) {
		return session.classes().stream().filter(c -> session.images().stream().anyMatch(image -> image.image() != null &&
			image.labels().count(c.id()) > 0)).count();
	}

	/** The session from its file: the same. */
	private LiveSession reopened(final LiveSession session) {
		final String file = folder.resolve("s" + SessionFile.SUFFIX).toString();
		SessionFile.write(session, file);
		final List<ImagePlus> open = new ArrayList<>();
		for (final LiveImage image : session.images())
			if (image.image() != null) open.add(image.image());
		final LiveSession again = SessionFile.read(file, open, path -> null, new ArrayList<>());
		assertEquals(AnnotationClasses.copyOf(session.classes()).format(), AnnotationClasses.copyOf(again.classes())
			.format());
		for (int i = 0; i < session.images().size(); i++) {
			assertArrayEquals(LabelMapTest.dense(session.images().get(i).labels()), LabelMapTest.dense(again.images().get(i)
				.labels()));
			assertSame(session.images().get(i).image(), again.images().get(i).image());
		}
		return again;
	}
}
