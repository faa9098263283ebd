package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
class ModelTest {

	@TempDir
	Path folder;
	private Job job;
	private Scene scene;

	@BeforeEach
	void makeScene() {
		job = new Job();
		scene = Scene.create(96, 80, 1);
	}

	@AfterEach
	void closeScene() {
		scene.close();
		job.close();
	}

	@Test
	void recipeIsCanonical() {
		try (Recipe recipe = Recipe.parse(job, "hessian:1.6;gaussian:2,1", 2, 3, 1, 1, 2)) {
			assertEquals(2, recipe.channels());
			assertEquals(3, recipe.dims());
			assertEquals(2 * (2 + 3), recipe.count());
			assertTrue(recipe.name(0).contains("gaussian"), recipe.name(0));
			assertThrows(IndexOutOfBoundsException.class, () -> recipe.name(recipe.count()));
			try (Recipe again = Recipe.parse(job, recipe.text(), 2, 3, 1, 1, 2)) {
				assertEquals(recipe.text(), again.text());
				assertEquals(recipe.count(), again.count());
			}
		}
	}

	@Test
	void recipeErrorsNameTheItem() {
		final EngineException e = assertThrows(EngineException.class, () -> Recipe.parse(job, "gaussian:1;gausian:2", 1, 2, 1,
			1, 1));
		assertEquals(Status.ARGUMENT, e.status());
		assertTrue(e.getMessage().contains("gausian"), e.getMessage());
		// the job keeps its first error
		final EngineException again = assertThrows(EngineException.class, () -> Recipe.parse(job, "fast", 1, 2, 1, 1, 1));
		assertEquals(e.getMessage(), again.getMessage());
	}

	@Test
	void featuresHaveNamesAndValues() {
		try (Recipe recipe = Recipe.parse(job, "original;gaussian:1", 1, 2, 1, 1, 1);
				EngineImage features = recipe.computeFeatures(job, scene.image))
		{
			assertEquals(2, features.info().channels);
			assertEquals(PixelType.FLOAT32, features.info().type);
			assertEquals(recipe.name(1), features.planeLabel(0, 1, 0));
			final byte[] pixels = Scene.bytesOf(scene.image, 0);
			final float[] original = Scene.floatsOf(features, 0);
			for (int i = 0; i < pixels.length; i++) assertEquals(pixels[i] & 255, original[i]);
		}
	}

	@Test
	void learnsTheTwoHalves() {
		try (Model model = scene.train(Scene.FEATURES, 30, 2);
				Prediction prediction = model.predict(job, scene.image, null, Output.PROBABILITIES, Output.LABELS))
		{
			final ImageInfo info = prediction.probabilities().info();
			assertEquals(PixelType.FLOAT32, info.type);
			assertEquals(2, info.channels);
			assertEquals(PixelType.UINT8, prediction.labels().info().type);
			assertEquals(0, prediction.report().nonFinite());
			assertFalse(prediction.report().spacingAssumed());
			assertFalse(prediction.report().sliceWise());
			assertHalves(prediction);
		}
	}

	private static void assertHalves(final Prediction prediction) {
		final byte[] labels = Scene.bytesOf(prediction.labels(), 0);
		final float[] first = Scene.floatsOf(prediction.probabilities(), 0);
		final float[] second = Scene.floatsOf(prediction.probabilities(), 1);
		final long[] counted = new long[2];
		int right = 0;
		for (int i = 0; i < labels.length; i++) {
			assertEquals(1, first[i] + second[i], 1e-5);
			assertEquals(first[i] >= second[i] ? 1 : 2, labels[i]);
			counted[labels[i] - 1]++;
			if (labels[i] == (i % 96 < 48 ? 1 : 2)) right++;
		}
		assertTrue(right > 0.95 * labels.length, "right pixels: " + right + " of " + labels.length);
		assertArrayEquals(counted, prediction.report().classPixels());
	}

	@Test
	void onlyWhatIsAskedForIsMade() {
		try (Model model = scene.train(Scene.FEATURES, 5, 1);
				Prediction labels = model.predict(job, scene.image, null, Output.LABELS);
				Prediction probabilities = model.predict(job, scene.image, new PredictOptions(), Output.PROBABILITIES))
		{
			assertNull(labels.probabilities());
			assertNotNull(labels.labels());
			assertNull(labels.get(Output.ENTROPY));
			assertNull(probabilities.labels());
			assertNotNull(probabilities.probabilities());
		}
	}

	@Test
	void uncertaintyAndEntropyAreWhatTheySay() {
		try (Model model = scene.train(Scene.FEATURES, 7, 1);
				Prediction all = model.predict(job, scene.image, null, Output.values());
				Prediction alone = model.predict(job, scene.image, null, Output.ENTROPY, Output.UNCERTAINTY);
				Prediction nothing = model.predict(job, scene.image, null))
		{
			final float[] p = Scene.floatsOf(all.probabilities(), 0);
			final float[] uncertainty = Scene.floatsOf(all.get(Output.UNCERTAINTY), 0);
			final float[] entropy = Scene.floatsOf(all.get(Output.ENTROPY), 0);
			for (int i = 0; i < p.length; i++) {
				final double q = 1.0 - p[i];
				assertEquals(1 - Math.abs(p[i] - q), uncertainty[i], 1e-5);
				final double h = (p[i] > 0 ? p[i] * Math.log(p[i]) : 0) + (q > 1e-9 ? q * Math.log(q) : 0);
				assertEquals(-h / Math.log(2), entropy[i], 1e-4);
			}
			assertEquals(all.get(Output.ENTROPY).hash(), alone.get(Output.ENTROPY).hash());
			assertEquals(all.get(Output.UNCERTAINTY).hash(), alone.get(Output.UNCERTAINTY).hash());
			assertNull(alone.labels());
			assertNull(nothing.labels());
			assertArrayEquals(all.report().classPixels(), nothing.report().classPixels());
		}
	}

	@Test
	void smoothingIsTheModelsAndCanBeLeftOut() {
		try (Recipe recipe = Recipe.parse(job, Scene.FEATURES, 1, 2, 1, 1, 1);
				Trainer trainer = Trainer.create(job, recipe))
		{
			trainer.add(job, scene.image, scene.labels);
			final TrainOptions options = new TrainOptions().trees(7);
			try (Model plain = trainer.train(job, options.refine(0));
				Model smooth = trainer.train(job, options.refine(4));
				Prediction expected = plain.predict(job, scene.image, null, Output.PROBABILITIES);
				Prediction smoothed = smooth.predict(job, scene.image, null, Output.PROBABILITIES);
				Prediction own = smooth.predict(job, scene.image, new PredictOptions().unrefined(true), Output.PROBABILITIES))
			{
				assertEquals(expected.probabilities().hash(), own.probabilities().hash());
				assertNotEquals(expected.probabilities().hash(), smoothed.probabilities().hash());
			}
		}
	}

	@Test
	void threadsAndTilesChangeNoByte() throws IOException {
		final Path one = folder.resolve("one.brushwood");
		final Path four = folder.resolve("four.brushwood");
		try (Model a = scene.train(Scene.FEATURES, 20, 1); Model b = scene.train(Scene.FEATURES, 20, 4);
				Job single = new Job().threads(1);
				Job many = new Job().threads(4);
				Prediction pa = a.predict(single, scene.image, null, Output.PROBABILITIES, Output.LABELS);
				Prediction pb = b.predict(many, scene.image, new PredictOptions().tile(32), Output.PROBABILITIES, Output.LABELS))
		{
			a.write(job, one.toString());
			b.write(job, four.toString());
			assertEquals(pa.probabilities().hash(), pb.probabilities().hash());
			assertEquals(pa.labels().hash(), pb.labels().hash());
		}
		assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(four));
	}

	@Test
	void savedModelIsTheSame() {
		final String path = folder.resolve("Modell \u7d30\u80de \ud83d\udd2c.brushwood").toString();
		try (Model model = scene.train(Scene.FEATURES, 10, 2)) {
			model.write(job, path);
			try (Model back = Model.read(job, path);
					Prediction before = model.predict(job, scene.image, null, Output.PROBABILITIES);
					Prediction after = back.predict(job, scene.image, null, Output.PROBABILITIES))
			{
				assertEquals(before.probabilities().hash(), after.probabilities().hash());
				assertEquals(model.describeText(job), back.describeText(job));
				assertEquals(model.describeJson(job), back.describeJson(job));
				assertEquals(model.recipeText(job), back.recipeText(job));
				assertEquals(1, back.channels());
				assertEquals(2, back.dims());
				assertArrayEquals(new double[] { 1, 1, 1 }, back.spacing());
			}
		}
	}

	@Test
	void classesKeepNamesAndColours() {
		final String name = "Zellkern \u7d30\u80de \ud83d\udd2c";
		try (Recipe recipe = Recipe.parse(job, Scene.FEATURES, 1, 2, 1, 1, 1);
				Trainer trainer = Trainer.create(job, recipe))
		{
			recipe.close();
			trainer.add(job, scene.image, scene.labels);
			assertEquals(80, trainer.sampleCount());
			assertEquals(2, trainer.classCount());
			trainer.setClass(job, 1, name, 0xFF3366CC);
			try (Model model = trainer.train(job, new TrainOptions().trees(3))) {
				assertEquals(2, model.classCount());
				assertEquals("class 1", model.className(0));
				assertEquals(name, model.className(1));
				assertEquals(0x3366CC, model.classColour(1));
				assertThrows(IndexOutOfBoundsException.class, () -> model.className(2));
				assertTrue(model.describeText(job).contains(name));
			}
		}
	}

	@Test
	void tooLongClassNameIsRefused() {
		try (Recipe recipe = Recipe.parse(job, Scene.FEATURES, 1, 2, 1, 1, 1);
				Trainer trainer = Trainer.create(job, recipe))
		{
			final String name = new String(new char[22]).replace("\0", "\u7d30"); // 66 bytes
			final EngineException e = assertThrows(EngineException.class, () -> trainer.setClass(job, 0, name, 0));
			assertEquals(Status.ARGUMENT, e.status());
		}
	}

	@Test
	void otherChannelsAreAMismatch() {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 20, 20).channels(2).build();
		try (Model model = scene.train(Scene.FEATURES, 3, 1); EngineImage two = EngineImage.create(job, info)) {
			final EngineException e = assertThrows(EngineException.class, () -> model.predict(job, two, null,
				Output.PROBABILITIES, Output.LABELS));
			assertEquals(Status.MISMATCH, e.status());
		}
	}

	@Test
	void otherLabelSizeIsAMismatch() {
		try (Scene other = Scene.create(40, 40, 1); Recipe recipe = Recipe.parse(job, "fast", 1, 2, 1, 1, 1);
				Trainer trainer = Trainer.create(job, recipe))
		{
			final EngineException e = assertThrows(EngineException.class, () -> trainer.add(job, scene.image, other.labels));
			assertEquals(Status.MISMATCH, e.status());
		}
	}

	@Test
	void flatModelRunsOnAStackSliceBySlice() {
		try (Model model = scene.train(Scene.FEATURES, 5, 1); Scene stack = Scene.create(40, 40, 3);
				Prediction prediction = model.predict(job, stack.image, null, Output.LABELS))
		{
			assertTrue(prediction.report().sliceWise());
			assertEquals(3, prediction.labels().info().depth);
		}
	}

	@Test
	void stackModelTakesItsOwnSpacingForAnUncalibratedStack() {
		try (Scene stack = Scene.create(40, 40, 4); Model model = stack.train("gaussian:1", 5, 2);
				Prediction prediction = model.predict(job, stack.image, null, Output.LABELS);
				Prediction given = model.predict(job, stack.image, new PredictOptions().spacing(2, 2, 2), Output.LABELS))
		{
			assertEquals(3, model.dims());
			assertTrue(prediction.report().spacingAssumed());
			assertFalse(prediction.report().sliceWise());
			assertFalse(given.report().spacingAssumed());
			assertEquals(prediction.labels().hash(), given.labels().hash());
			final EngineException e = assertThrows(EngineException.class, () -> model.predict(job, stack.image,
				new PredictOptions().spacing(1, 1, 5), Output.LABELS));
			assertEquals(Status.MISMATCH, e.status());
		}
	}

	@Test
	void nonFinitePixelsAreCounted() {
		final ImageInfo info = ImageInfo.builder(PixelType.FLOAT32, 96, 80).build();
		final float[] pixels = new float[96 * 80];
		pixels[5] = Float.NaN;
		pixels[7] = Float.POSITIVE_INFINITY;
		try (Model model = scene.train("gaussian:1", 3, 1); EngineImage image = EngineImage.create(job, info)) {
			image.setPlane(0, 0, 0, pixels);
			try (Prediction prediction = model.predict(job, image, null, Output.PROBABILITIES)) {
				assertEquals(2, prediction.report().nonFinite());
			}
		}
	}

	/** Java threads have small stacks; running over the end of one would end the whole program. */
	@Test
	void smallStackIsEnough() throws InterruptedException {
		final Throwable[] failure = new Throwable[1];
		final Thread thread = new Thread(null, () -> {
			try (Model model = scene.train("thorough", 5, 1);
					Prediction prediction = model.predict(job, scene.image, null, Output.PROBABILITIES, Output.LABELS))
			{
				final String path = folder.resolve("stack.tif").toString();
				prediction.probabilities().write(job, path, Compression.DEFLATE);
				EngineImage.read(job, path).close();
				model.write(job, folder.resolve("stack.brushwood").toString());
				Model.read(job, folder.resolve("stack.brushwood").toString()).close();
			}
		}, "small", 256 * 1024);
		thread.setUncaughtExceptionHandler((t, e) -> failure[0] = e);
		thread.start();
		thread.join();
		assertNull(failure[0]);
	}

	@Test
	void damagedModelIsRefused() throws IOException {
		final Path path = folder.resolve("model.brushwood");
		try (Model model = scene.train(Scene.FEATURES, 5, 1)) {
			model.write(job, path.toString());
		}
		final byte[] bytes = Files.readAllBytes(path);
		bytes[bytes.length / 2] ^= 0x10;
		Files.write(path, bytes);
		final EngineException e = assertThrows(EngineException.class, () -> Model.read(job, path.toString()));
		assertEquals(Status.FORMAT, e.status());
		assertTrue(e.getMessage().contains("model.brushwood"), e.getMessage());
	}
}
