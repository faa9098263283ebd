package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

@ExtendWith(NoLeaks.class)
class PreviewTest {

	private static final long CACHE = 64 << 20;
	private static final long[] LO = { 20, 10, 0 };
	private static final long[] HI = { 61, 43, 1 };
	private static final int WIDTH = 96;

	private Job job;
	private Scene scene;
	private Recipe recipe;
	private Model model;

	@BeforeEach
	void makeModel() {
		job = new Job();
		scene = Scene.create(WIDTH, 80, 1);
		recipe = Recipe.parse(job, Scene.FEATURES, 1, 2, 1, 1, 1);
		model = scene.train(Scene.FEATURES, 12, 2);
	}

	@AfterEach
	void closeAll() {
		model.close();
		recipe.close();
		scene.close();
		job.close();
	}

	/** The part from LO to HI of a plane. */
	private static float[] cut(final float[] plane) {
		final int width = (int) (HI[0] - LO[0]);
		final float[] part = new float[width * (int) (HI[1] - LO[1])];
		for (int i = 0; i < part.length; i++)
			part[i] = plane[(int) ((LO[1] + i / width) * WIDTH + LO[0] + i % width)];
		return part;
	}

	private static float[] floats(final byte[] bytes) {
		final float[] values = new float[bytes.length];
		for (int i = 0; i < bytes.length; i++)
			values[i] = bytes[i];
		return values;
	}

	private static void assertArgument(final Status status, final Executable call) {
		assertEquals(status, assertThrows(EngineException.class, call).status());
	}

	@Test
	void partsAreThoseOfTheWhole() {
		try (Preview preview = Preview.create(job, recipe, scene.image, CACHE);
				Prediction whole = model.predict(job, scene.image, null, EnumSet.allOf(Output.class)))
		{
			assertEquals(0, preview.cachedBytes());
			for (int again = 0; again < 2; again++) {
				try (Prediction part = preview.predict(job, model, 0, LO, HI, EnumSet.allOf(Output.class))) {
					assertEquals(41, part.labels().info().width);
					assertEquals(33, part.labels().info().height);
					assertArrayEquals(cut(floats(Scene.bytesOf(whole.labels(), 0))), floats(Scene.bytesOf(part.labels(), 0)));
					for (final Output output : EnumSet.complementOf(EnumSet.of(Output.LABELS)))
						for (int c = 0; c < part.get(output).info().channels; c++)
							assertArrayEquals(cut(Scene.floatsOf(whole.get(output), c)), Scene.floatsOf(part.get(output), c));
					assertEquals(0, part.report().classPixels().length);
				}
				assertTrue(preview.cachedBytes() > 0);
			}
		}
	}

	@Test
	void makesOnlyWhatIsAskedFor() {
		try (Preview preview = Preview.create(job, recipe, scene.image, 0);
				Prediction part = preview.predict(job, model, 0, LO, HI, Collections.singleton(Output.UNCERTAINTY)))
		{
			assertNotNull(part.get(Output.UNCERTAINTY));
			assertNull(part.labels());
			assertNull(part.probabilities());
			assertEquals(0, preview.cachedBytes());
		}
	}

	@Test
	void featuresAreThoseOfTheRecipe() {
		try (Preview preview = Preview.create(job, recipe, scene.image, CACHE);
				EngineImage all = recipe.computeFeatures(job, scene.image))
		{
			for (int again = 0; again < 2; again++) {
				for (int f = 0; f < recipe.count(); f++) {
					try (EngineImage one = preview.feature(job, f, 0, LO, HI)) {
						assertArrayEquals(cut(Scene.floatsOf(all, f)), Scene.floatsOf(one, 0));
						assertEquals(recipe.name(f), one.planeLabel(0, 0, 0));
					}
				}
				preview.predict(job, model, 0, LO, HI, Collections.singleton(Output.LABELS)).close();
			}
		}
	}

	@Test
	void slicesAreThoseThatAPartReads() {
		try (Scene stack = Scene.create(24, 20, 40);
				Recipe flat = Recipe.parse(job, "gaussian:1@2d", 1, 3, 1, 1, 1);
				Recipe deep = Recipe.parse(job, "gaussian:1", 1, 3, 1, 1, 1);
				Preview slicewise = Preview.create(job, flat, stack.image, 0);
				Preview across = Preview.create(job, deep, stack.image, 0))
		{
			final long[] lo = { 0, 0, 20 };
			final long[] hi = { 24, 20, 21 };
			assertArrayEquals(new long[] { 20 }, slicewise.slices(0, lo, hi));
			final long[] read = across.slices(0, lo, hi);
			for (final long z : new long[] { 5, 15, 20, 24, 34 })
				assertTrue(Arrays.stream(read).anyMatch(other -> other == z), Arrays.toString(read));
			assertArrayEquals(Arrays.stream(read).sorted().distinct().toArray(), read);
			assertTrue(read.length < 40);
			for (final long[] wrong : new long[][] { { 0, 0, 40 }, { -1, 0, 0 }, { 24, 0, 0 } })
				assertThrows(IndexOutOfBoundsException.class, () -> across.slices(0, wrong, hi));
			assertThrows(IndexOutOfBoundsException.class, () -> across.slices(1, lo, hi));
		}
	}

	@Test
	void sparseImagesMayLosePlanes() {
		try (EngineImage sparse = EngineImage.createSparse(job, scene.image.info())) {
			sparse.putPlane(job, 0, 0, 0, Scene.bytesOf(scene.image, 0));
			try (Preview preview = Preview.create(job, recipe, sparse, CACHE)) {
				preview.predict(job, model, 0, LO, HI, Collections.singleton(Output.LABELS)).close();
				sparse.dropPlane(0, 0, 0);
				preview.feature(job, 1, 0, LO, HI).close(); // from the cache
				try (Job other = new Job()) {
					assertArgument(Status.ARGUMENT, () -> preview.feature(other, 1, 0, new long[3], HI));
				}
			}
		}
	}

	@Test
	void refusesWhatDoesNotFit() {
		try (Preview preview = Preview.create(job, recipe, scene.image, CACHE);
				Model other = scene.train("gaussian:2", 3, 1))
		{
			final EnumSet<Output> labels = EnumSet.of(Output.LABELS);
			try (Job own = new Job()) {
				assertArgument(Status.MISMATCH, () -> preview.predict(own, other, 0, LO, HI, labels));
			}
			try (Job own = new Job()) {
				assertArgument(Status.ARGUMENT, () -> preview.predict(own, model, 1, LO, HI, labels));
			}
			try (Job own = new Job()) {
				assertArgument(Status.ARGUMENT, () -> preview.feature(own, recipe.count(), 0, LO, HI));
			}
			try (Job own = new Job()) {
				assertArgument(Status.ARGUMENT, () -> preview.predict(own, model, 0, new long[2], HI, labels));
			}
			assertEquals(0, preview.cachedBytes());
			assertArgument(Status.ARGUMENT, () -> Preview.create(job, recipe, scene.image, -1));
		}
		try (Recipe two = Recipe.parse(job, "gaussian:1", 2, 2, 1, 1, 1)) {
			assertArgument(Status.MISMATCH, () -> Preview.create(job, two, scene.image, 0));
		}
		try (Job own = new Job()) {
			scene.image.setName(own, "free"); // no pin was left
		}
	}

	@Test
	void theImageStaysWhileAPreviewIsOpen() {
		final Preview preview = Preview.create(job, recipe, scene.image, CACHE);
		recipe.close();
		assertThrows(IllegalStateException.class, () -> scene.image.setName(job, "other"));
		preview.predict(job, model, 0, LO, HI, EnumSet.of(Output.LABELS)).close();
		final long before = Engine.memoryInUse();
		scene.image.close();
		assertEquals(before, Engine.memoryInUse());
		assertThrows(IllegalStateException.class, () -> preview.feature(job, 0, 0, LO, HI));
		preview.close();
		assertFalse(Engine.memoryInUse() >= before);
		assertThrows(IllegalStateException.class, preview::cachedBytes);
		assertThrows(IllegalStateException.class, () -> preview.slices(0, LO, HI));
	}
}
