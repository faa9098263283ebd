package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
class TrainerTest {

	@TempDir
	Path folder;
	private Job job;
	private Scene scene;
	private Recipe recipe;
	private Trainer trainer;

	@BeforeEach
	void makeTrainer() {
		job = new Job();
		scene = Scene.create(96, 80, 1);
		recipe = Recipe.parse(job, Scene.FEATURES, 1, 2, 1, 1, 1);
		trainer = Trainer.create(job, recipe);
	}

	@AfterEach
	void closeAll() {
		trainer.close();
		recipe.close();
		scene.close();
		job.close();
	}

	private static TrainOptions options() {
		return new TrainOptions().trees(20).seed(5);
	}

	private byte[] bytes(final Model model) throws IOException {
		final Path path = folder.resolve("m.brushwood");
		try (Job own = new Job()) {
			model.write(own, path.toString());
		}
		return Files.readAllBytes(path);
	}

	private byte[] trained(final Trainer from) throws IOException {
		try (Model model = from.train(job, options())) {
			return bytes(model);
		}
	}

	/** Strokes of both classes: at the columns of the scene, and a few pixels more at another column. */
	private EngineImage moreLabels() {
		final EngineImage labels = EngineImage.create(job, scene.labels.info());
		final byte[] pixels = Scene.bytesOf(scene.labels, 0);
		for (int y = 5; y < 15; y++)
			pixels[y * 96 + 60] = 2;
		labels.setPlane(0, 0, 0, pixels);
		return labels;
	}

	@Test
	void updatingIsAddingWithOtherLabels() throws IOException {
		try (EngineImage more = moreLabels(); Trainer fresh = Trainer.create(job, recipe)) {
			trainer.add(job, scene.image, scene.labels);
			assertEquals(80, trainer.computedCount());
			assertEquals(2, trainer.strokeCount());
			trainer.update(job, 0, scene.image, more);
			assertEquals(1, trainer.imageCount());
			assertEquals(90, trainer.sampleCount());
			assertEquals(10, trainer.computedCount());
			assertEquals(3, trainer.strokeCount());
			fresh.add(job, scene.image, more);
			assertArrayEquals(trained(fresh), trained(trainer));
			trainer.update(job, 0, scene.image, scene.labels);
			assertEquals(80, trainer.sampleCount());
			assertEquals(0, trainer.computedCount());
		}
	}

	/** Labelled pixels of a label image, in ascending order. */
	private static long[] positionsOf(final byte[] labels) {
		return IntStream.range(0, labels.length).filter(i -> labels[i] != 0).asLongStream().toArray();
	}

	private static byte[] labelsAt(final byte[] labels, final long[] positions) {
		final byte[] out = new byte[positions.length];
		for (int i = 0; i < out.length; i++)
			out[i] = labels[(int) positions[i]];
		return out;
	}

	@Test
	void pixelsAreAsALabelImage() throws IOException {
		final byte[] few = Scene.bytesOf(scene.labels, 0);
		try (EngineImage more = moreLabels(); Trainer painted = Trainer.create(job, recipe)) {
			final byte[] many = Scene.bytesOf(more, 0);
			trainer.add(job, scene.image, scene.labels);
			painted.add(job, scene.image, new long[0], new byte[0]);
			assertEquals(1, painted.imageCount());
			assertEquals(0, painted.sampleCount());
			painted.update(job, 0, scene.image, positionsOf(few), labelsAt(few, positionsOf(few)));
			assertArrayEquals(trained(trainer), trained(painted));
			trainer.update(job, 0, scene.image, more);
			painted.update(job, 0, scene.image, positionsOf(many), labelsAt(many, positionsOf(many)));
			assertEquals(10, painted.computedCount());
			assertEquals(3, painted.strokeCount());
			assertArrayEquals(trained(trainer), trained(painted));
		}
	}

	@Test
	void wrongPixelsAreRefused() {
		final byte[] one = { 1 };
		final byte[] two = { 1, 2 };
		trainer.add(job, scene.image, new long[] { 7 }, new byte[] { -1 }); // class 255
		assertEquals(255, trainer.classCount());
		assertThrows(IllegalArgumentException.class, () -> trainer.add(job, scene.image, new long[2], one));
		assertThrows(IllegalArgumentException.class, () -> trainer.update(job, 0, scene.image, new long[1], two));
		assertThrows(NullPointerException.class, () -> trainer.add(job, scene.image, null, one));
		final long[][] wrong = { { 5, 5 }, { 6, 5 }, { -1, 5 }, { 5, 96 * 80 } };
		for (final long[] positions : wrong) {
			try (Job own = new Job()) {
				final EngineException e = assertThrows(EngineException.class, () -> trainer.update(own, 0, scene.image, positions,
					two));
				assertEquals(Status.ARGUMENT, e.status());
				assertTrue(e.getMessage().contains("\"scene\""), e.getMessage());
			}
		}
		assertEquals(1, trainer.sampleCount());
	}

	@Test
	void bridgeRefusesMissingPixels() {
		try (Handle.Use t = trainer.use(); Handle.Use i = scene.image.use()) {
			final Object[][] wrong = { { null, new byte[1] }, { new long[1], null }, { new long[2], new byte[1] } };
			for (final Object[] w : wrong) {
				try (Job own = new Job(); Handle.Use j = own.use()) {
					assertThrows(EngineException.class, () -> Native.trainerAddPixels(j.address(), t.address(), i.address(),
						(long[]) w[0], (byte[]) w[1]));
				}
			}
		}
		assertEquals(0, trainer.imageCount());
	}

	@Test
	void sparseImagesTrainAsWholeOnesAndNameWhatIsAbsent() {
		final byte[] labels = Scene.bytesOf(scene.labels, 0);
		final long[] positions = positionsOf(labels);
		try (EngineImage sparse = EngineImage.createSparse(job, scene.image.info());
			Trainer other = Trainer.create(job, recipe);
			Job late = new Job())
		{
			sparse.putPlane(job, 0, 0, 0, Scene.bytesOf(scene.image, 0));
			other.add(job, sparse, positions, labelsAt(labels, positions));
			trainer.add(job, scene.image, scene.labels);
			try (Model a = trainer.train(job, options());
				Model b = other.train(job, options());
				Prediction p = a.predict(job, scene.image, null, Output.PROBABILITIES);
				Prediction q = b.predict(job, scene.image, null, Output.PROBABILITIES))
			{
				assertEquals(p.probabilities().hash(), q.probabilities().hash());
			}
			sparse.dropPlane(0, 0, 0);
			final EngineException e = assertThrows(EngineException.class, () -> other.update(late, 0, sparse, new long[] { 3 },
				new byte[] { 1 }));
			assertEquals(Status.ARGUMENT, e.status());
			assertTrue(e.getMessage().contains("Slice 1 of frame 1, channel 1"), e.getMessage());
			assertEquals(80, other.sampleCount());
		}
	}

	@Test
	void updatesThatDoNotFitAreRefused() {
		trainer.add(job, scene.image, scene.labels);
		try (Scene other = Scene.create(96, 80, 1); Job first = new Job(); Job second = new Job()) {
			other.image.setPlane(0, 0, 0, new byte[96 * 80]);
			assertThrows(EngineException.class, () -> trainer.update(first, 0, other.image, scene.labels));
			assertThrows(EngineException.class, () -> trainer.update(second, 1, scene.image, scene.labels));
		}
		assertEquals(80, trainer.sampleCount());
	}

	@Test
	void trainingInStepsEndsWithTheSameModel() throws IOException {
		trainer.add(job, scene.image, scene.labels);
		final byte[] whole = trained(trainer);
		try (TrainingRun run = trainer.begin(job, options())) {
			run.grow(job, 3);
			try (Model few = run.model(job);
				Prediction prediction = few.predict(job, scene.image, null, Output.LABELS))
			{
				assertEquals(3, few.trainOptions().trees());
				assertNotNull(prediction.labels());
			}
			run.grow(job, 20);
			try (Model all = run.model(job)) {
				assertArrayEquals(whole, bytes(all));
			}
		}
	}

	/** The run reads the trainer's samples, so these must neither change nor go. */
	@Test
	void aRunKeepsItsTrainerAliveAndUnchanged() throws IOException {
		trainer.add(job, scene.image, scene.labels);
		final byte[] whole = trained(trainer);
		final TrainingRun run = trainer.begin(job, options());
		final IllegalStateException e = assertThrows(IllegalStateException.class, () -> trainer.add(job, scene.image,
			scene.labels));
		assertTrue(e.getMessage().contains("another object depends on it"), e.getMessage());
		assertArrayEquals(whole, trained(trainer), "reading goes on");
		final long before = Engine.memoryInUse();
		trainer.close();
		assertEquals(before, Engine.memoryInUse(), "the samples are still there");
		assertThrows(IllegalStateException.class, () -> trainer.train(job, options()));
		run.grow(job, 20);
		try (Model model = run.model(job)) {
			assertArrayEquals(whole, bytes(model));
		}
		run.close();
		assertTrue(Engine.memoryInUse() < before);
		assertThrows(IllegalStateException.class, () -> run.grow(job, 1));
	}

	@Test
	void aRunThatCannotBeginLeavesTheTrainerFree() {
		try (Job bad = new Job()) {
			assertThrows(EngineException.class, () -> trainer.begin(bad, options().trees(0)));
		}
		trainer.add(job, scene.image, scene.labels);
		assertEquals(1, trainer.imageCount());
	}

	@Test
	void crossValidationAssessesEverySampleOnce() {
		try (EngineImage more = moreLabels()) {
			trainer.add(job, scene.image, more);
		}
		try (Assessment assessment = trainer.crossValidate(job, options().holdout(Holdout.SAMPLES, 5, 0))) {
			final Scores s = assessment.scores();
			assertEquals(90, s.pixels);
			assertEquals(40, s.ofClass(0).truth);
			assertTrue(s.accuracy > 0.9, "accuracy " + s.accuracy);
		}
		try (Job none = new Job()) {
			assertThrows(EngineException.class, () -> trainer.crossValidate(none, options().holdout(Holdout.NONE, 0, 0)));
		}
	}

	@Test
	void theModelKeepsWhatTrainingFound() {
		trainer.add(job, scene.image, scene.labels);
		final TrainOptions options = options().holdout(Holdout.SAMPLES, 4, 0).importance(2).calibrate(true);
		try (Model model = trainer.train(job, options); Model plain = trainer.train(job, options())) {
			assertEquals(Holdout.SAMPLES, model.trainOptions().holdout());
			assertEquals(4, model.trainOptions().folds());
			assertEquals(2, model.trainOptions().importance());
			assertTrue(model.trainOptions().calibrate());
			assertEquals(80, model.heldOut().pixels);
			assertTrue(model.outOfBag().pixels > 0);
			assertNull(plain.heldOut());
			final List<Importance> importances = model.importances();
			assertEquals(recipe.count(), importances.size());
			double gini = 0;
			for (int i = 0; i < recipe.count(); i++) {
				assertEquals(recipe.name(i), importances.get(i).feature);
				assertFalse(Double.isNaN(importances.get(i).permutation));
				assertTrue(Double.isNaN(plain.importances().get(i).permutation));
				gini += importances.get(i).gini;
			}
			assertEquals(1, gini, 1e-9);
			assertTrue(model.describeText(job).length() > plain.describeText(job).length());
		}
	}

	@Test
	void fewFeaturesAreChosenFromMany() {
		trainer.add(job, scene.image, scene.labels);
		final FeatureSelection selection = trainer.selectFeatures(job, options(), 0.05);
		assertTrue(selection.steps().size() > 1, "steps " + selection.steps().size());
		assertEquals(recipe.count(), selection.steps().get(0).features);
		int chosen = 0;
		int last = Integer.MAX_VALUE;
		for (final FeatureSelection.Step step : selection.steps()) {
			assertTrue(step.features < last);
			assertTrue(step.error >= 0 && step.error <= 1);
			last = step.features;
			if (step.chosen) chosen = step.features;
		}
		try (Recipe few = Recipe.parse(job, selection.features(), 1, 2, 1, 1, 1)) {
			assertEquals(chosen, few.count());
		}
	}

	@Test
	void autocontextSeesTheFirstForestsProbabilities() {
		final TrainOptions options = options().contextSigmas(1.6, 3.5);
		trainer.add(job, scene.image, scene.labels);
		try (Job early = new Job()) {
			assertThrows(EngineException.class, () -> trainer.train(early, options), "the context is missing");
		}
		trainer.prepareContext(job, options);
		trainer.addContext(job, 0, scene.image);
		try (Model model = trainer.train(job, options);
			Prediction prediction = model.predict(job, scene.image, null, Output.values()))
		{
			assertArrayEquals(new double[] { 1.6, 3.5 }, model.trainOptions().contextSigmas());
			assertTrue(model.importances().size() > recipe.count());
			for (final Output output : Output.values())
				assertNotNull(prediction.get(output), output.toString());
			final byte[] labels = Scene.bytesOf(prediction.labels(), 0);
			int right = 0;
			for (int i = 0; i < labels.length; i++)
				if (labels[i] == (i % 96 < 48 ? 1 : 2)) right++;
			assertTrue(right > 0.95 * labels.length, "right pixels: " + right);
		}
	}
}
