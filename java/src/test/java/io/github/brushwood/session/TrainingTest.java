package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.gui.OvalRoi;
import ij.gui.PolygonRoi;
import ij.gui.Roi;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.Prediction;
import io.github.brushwood.engine.TrainOptions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingTest {

	private static final String FEATURES = "gaussian:0.7,1.6;hessian:1";

	@TempDir
	Path folder;

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	/** Strokes on discs and ground. */
	private static ImagePlus annotated(final ImagePlus imp) {
		final Annotations annotations = new Annotations(imp);
		final AnnotationClass ground = annotations.define("ground");
		final AnnotationClass disc = annotations.define("disc");
		final PolygonRoi stroke = new PolygonRoi(new float[] { 0, 1, 2 }, new float[] { 2, 20, 40 }, Roi.FREELINE);
		stroke.setStrokeWidth(2);
		annotations.add(ground, stroke, 1, 1);
		annotations.add(disc, new OvalRoi(9, 9, 7, 7), 1, 1);
		annotations.add(disc, new OvalRoi(33, 9, 7, 7), imp.getNSlices(), imp.getNFrames());
		annotations.add(ground, new Roi(22, 22, 4, 4), imp.getNSlices(), imp.getNFrames());
		return imp;
	}

	private static Training training() {
		return training(null, Collections.<String>emptyList());
	}

	private static Training training(final Spacing spacing, final List<String> classes) {
		return new Training(FEATURES, new TrainOptions().trees(12), spacing, AnnotationClasses.of(classes));
	}

	private byte[] bytes(final Training training, final Jobs jobs, final String name) throws IOException {
		final String path = folder.resolve(name).toString();
		try (Model model = training.train(jobs); Job job = new Job()) {
			model.write(job, path);
		}
		return Files.readAllBytes(folder.resolve(name));
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "24,1,1,1", "16,2,4,1", "32,1,5,2" })
	void roisAndLabelImagesGiveTheSameModel(final int bits, final int c, final int z, final int t) throws IOException {
		final ImagePlus imp = annotated(Pictures.hyperstack("a.tif", 48, 48, bits, c, z, t));
		final String path = Pictures.saveTiff(imp, folder);
		final String labels = folder.resolve("labels.tif").toString();
		new Annotations(imp).exportLabels(labels);
		final Training rois = training();
		rois.add(imp);
		final Training saved = training();
		saved.add(Pictures.open(path));
		final Training files = training();
		files.add(path, labels);
		final byte[] expected = bytes(rois, Jobs.defaults(), "rois.brushwood");
		assertArrayEquals(expected, bytes(saved, new Jobs(1, 0, Monitor.NONE), "saved.brushwood"));
		assertArrayEquals(expected, bytes(files, new Jobs(3, 0, Monitor.NONE), "files.brushwood"));
	}

	@Test
	void plainLabelFilesTakeTheGivenNames() throws IOException {
		final ImagePlus imp = annotated(Pictures.plane("a.tif", 48, 48, 8));
		final String path = Pictures.saveTiff(imp, folder);
		final ImagePlus labels = new Annotations(imp).toLabelImage("plain.tif");
		labels.setProp(ClassColours.PROPERTY, null);
		final Training rois = training();
		rois.add(imp);
		final Training files = training(null, Arrays.asList("ground", "disc"));
		files.add(Collections.singletonList(path), Collections.singletonList(Pictures.saveTiff(labels, folder)));
		assertArrayEquals(bytes(rois, Jobs.defaults(), "r"), bytes(files, Jobs.defaults(), "f"));
	}

	@Test
	void classesOfSeveralImagesMeetByName() {
		final ImagePlus first = annotated(Pictures.plane("a.tif", 48, 48, 8));
		final ImagePlus second = Pictures.plane("b.tif", 48, 48, 8);
		final Annotations annotations = new Annotations(second);
		annotations.add(annotations.define("disc"), new OvalRoi(9, 9, 7, 7), 1, 1);
		annotations.add(annotations.define("third"), new Roi(20, 0, 5, 5), 1, 1);
		annotations.add(annotations.define("ground"), new Roi(0, 0, 3, 3), 1, 1);
		new Annotations(second).exportLabels(folder.resolve("b_labels.tif").toString());
		final String file = Pictures.saveTiff(second, folder);
		final Training training = training();
		training.add(first);
		training.add(file, folder.resolve("b_labels.tif").toString());
		try (Model model = training.train(Jobs.defaults()); Job job = new Job()) {
			assertEquals(3, model.classCount());
			assertEquals("ground", model.className(0));
			assertEquals("disc", model.className(1));
			assertEquals("third", model.className(2));
			try (EngineImage image = ImagePlusAdapter.toEngine(job, second);
				Prediction prediction = model.predict(job, image, new PredictOptions(), Output.LABELS))
			{
				final byte[] plane = new byte[48 * 48];
				prediction.labels().getPlane(0, 0, 0, plane);
				assertEquals(2, plane[12 * 48 + 12], "a disc's pixel");
			}
		}
	}

	@Test
	void spacingReplacesTheCalibration() throws IOException {
		final ImagePlus imp = annotated(Pictures.hyperstack("a.tif", 48, 48, 8, 1, 4, 1));
		final Training replaced = training(new Spacing(1, 1, 2), Collections.<String>emptyList());
		replaced.add(imp);
		try (Model model = replaced.train(Jobs.defaults())) {
			assertEquals(2, model.spacing()[2] / model.spacing()[0], 1e-9);
		}
		final Training own = training();
		own.add(imp);
		try (Model model = own.train(Jobs.defaults())) {
			assertEquals(3, model.spacing()[2] / model.spacing()[0], 1e-9);
		}
	}

	@Test
	void whatCannotBeLearntIsNamed() {
		final Training empty = training();
		assertMessage("nothing to learn", () -> empty.train(Jobs.defaults()));
		assertMessage("'a.tif' has no annotations", () -> training().add(Pictures.plane("a.tif", 9, 9, 8)));
		assertMessage("2 images and 1 label images", () -> training().add(Arrays.asList("a", "b"), Collections
			.singletonList("c")));
		final Training missing = training();
		assertMessage("none_l.tif' does not exist", () -> missing.add(folder + "/none.tif", folder + "/none_l.tif"));
		missing.add(folder + "/none.tif", Pictures.saveTiff(Pictures.plane("l.tif", 9, 9, 8), folder));
		assertMessage("none.tif' does not exist", () -> missing.train(Jobs.defaults()));
		final Training one = training();
		final ImagePlus single = Pictures.plane("one.tif", 40, 40, 8);
		final Annotations annotations = new Annotations(single);
		annotations.add(annotations.define("only"), new Roi(1, 1, 9, 9), 1, 1);
		one.add(single);
		assertThrows(EngineException.class, () -> one.train(Jobs.defaults()).close());
	}

	/** With autocontext every image is opened twice; progress never goes back and Esc counts in every step. */
	@Test
	void autocontextRunsThroughTheImagesTwice() throws IOException {
		final Training training = new Training(FEATURES, new TrainOptions().trees(12).contextSigmas(1.6, 3.5), null,
			AnnotationClasses.of(Collections.<String>emptyList()));
		training.add(annotated(Pictures.hyperstack("a.tif", 48, 48, 8, 1, 3, 1)));
		training.add(annotated(Pictures.hyperstack("b.tif", 48, 48, 8, 1, 3, 1)));
		final Steps all = new Steps(Integer.MAX_VALUE);
		final byte[] model = bytes(training, new Jobs(1, 0, all), "one");
		assertArrayEquals(model, bytes(training, new Jobs(3, 0, Monitor.NONE), "three"));
		assertEquals(Arrays.asList("Reading the labels of a.tif...", "Reading the labels of b.tif...",
			"Growing the first forests...", "Classifying a.tif...", "Classifying b.tif...", "Growing the forest..."),
			all.texts);
		assertTrue(all.last > 0.9, "progress at the end: " + all.last);
		for (int step = 1; step <= all.texts.size(); step++) {
			final Steps stop = new Steps(step);
			assertThrows(CancelledException.class, () -> training.train(new Jobs(0, 0, stop)).close(), "step " + step);
			assertEquals(step, stop.texts.size());
		}
	}

	/** Keeps the status texts and stops once a number of steps has begun. */
	private static final class Steps implements Monitor {

		private final List<String> texts = new ArrayList<>();
		private final int stopAt;
		private double last;

		private Steps(final int stopAt) {
			this.stopAt = stopAt;
		}

		@Override
		public boolean progress(final double fraction) {
			assertTrue(fraction >= last - 1e-9, fraction + " after " + last);
			last = fraction;
			return texts.size() < stopAt;
		}

		@Override
		public void status(final String text) {
			texts.add(text);
		}
	}

	@Test
	void aShortListOfFeaturesIsFound() {
		final Training training = training();
		training.add(annotated(Pictures.plane("a.tif", 48, 48, 8)));
		final FeatureSelection selection = training.selectFeatures(Jobs.defaults(), 0.05);
		assertTrue(selection.steps().size() > 1);
		assertTrue(selection.features().contains("gaussian") || selection.features().contains("hessian"), selection
			.features());
		assertMessage("nothing to learn", () -> training().selectFeatures(Jobs.defaults(), 0.05));
	}

	@Test
	void theMonitorCancels() {
		final Training training = training();
		training.add(annotated(Pictures.plane("a.tif", 480, 480, 8)));
		final Monitor stop = new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return false;
			}

			@Override
			public void status(final String text) {
				assertFalse(text.isEmpty());
			}
		};
		assertThrows(CancelledException.class, () -> training.train(new Jobs(0, 0, stop)).close());
		assertThrows(CancelledException.class, () -> training.selectFeatures(new Jobs(0, 0, stop), 0.01));
	}

	private static void assertMessage(final String part, final Executable call) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, call);
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}
}
