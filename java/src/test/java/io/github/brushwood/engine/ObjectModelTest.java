package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
class ObjectModelTest {

	private static final int COUNT = 40;
	private static final int PITCH = 12;

	@TempDir
	Path folder;

	private Job job;

	@BeforeEach
	void openJob() {
		job = new Job();
	}

	@AfterEach
	void closeJob() {
		job.close();
	}

	/** Objects in a row: even ones are squares, odd ones thin bars of various lengths. */
	private ObjectSet objects() {
		final int width = COUNT * PITCH;
		try (EngineImage mask = EngineImage.create(job, ImageInfo.builder(PixelType.UINT8, width, PITCH).build())) {
			final byte[] plane = new byte[width * PITCH];
			for (int i = 0; i < COUNT; i++)
				for (int y = 1; y < (isBar(i) ? 2 : 5 + i % 4); y++)
					for (int x = 1; x < 6 + i % 5; x++)
						plane[y * width + i * PITCH + x] = (byte) 255;
			mask.setPlane(0, 0, 0, plane);
			return ObjectSet.of(job, mask);
		}
	}

	private static boolean isBar(final int index) {
		return index % 2 == 1;
	}

	/** The first objects are examples. */
	private static byte[] examples() {
		final byte[] classes = new byte[COUNT];
		for (int i = 0; i < COUNT / 2; i++)
			classes[i] = (byte) (isBar(i) ? 2 : 1);
		return classes;
	}

	private ObjectModel train(final Measurements table) {
		try (ObjectTrainer trainer = ObjectTrainer.create(job)) {
			trainer.add(job, table, examples());
			trainer.setClass(job, 0, "square", 0x112233);
			trainer.setClass(job, 1, "bar", 0xFF8800);
			assertThrows(IllegalArgumentException.class, () -> trainer.add(job, table, new byte[1]));
			return trainer.train(job, new TrainOptions().trees(20));
		}
	}

	@Test
	void examplesTeachClasses() {
		try (ObjectSet objects = objects();
			Measurements table = objects.measure(job, null, null, "", null);
			ObjectModel model = train(table))
		{
			assertEquals(COUNT, objects.count());
			assertEquals(Arrays.asList("square", "bar"), model.classNames());
			assertEquals(0x112233, model.classColour(0));
			final byte[] classes = model.apply(job, table);
			for (int i = 0; i < COUNT; i++)
				assertEquals(isBar(i) ? 2 : 1, classes[i], "object " + (i + 1));
			objects.setClasses(job, model.classNames(), classes);
			assertArrayEquals(classes, objects.classes(0));
			assertTrue(model.outOfBag().accuracy > 0.9);
			final float[] shares = new float[2 * COUNT];
			model.apply(job, table, classes, shares);
			for (int i = 0; i < COUNT; i++)
				assertEquals(1, shares[2 * i] + shares[2 * i + 1], 1e-5);
			assertTrue(model.describe(job, DescribeFormat.TEXT).contains("square"));
		}
	}

	@Test
	void paintMakesExamplesAndTablesTakeClasses() {
		final int width = COUNT * PITCH;
		try (ObjectSet objects = objects();
			EngineImage paint = EngineImage.create(job, ImageInfo.builder(PixelType.UINT8, width, PITCH).build());
			Measurements table = objects.measure(job, null, null, "area", null))
		{
			final byte[] plane = new byte[width * PITCH];
			plane[width + 1] = 7;
			plane[width + PITCH + 2] = (byte) 255;
			plane[0] = 3; // beside all objects
			paint.setPlane(0, 0, 0, plane);
			final byte[] expected = new byte[COUNT];
			expected[0] = 7;
			expected[1] = (byte) 255;
			assertArrayEquals(expected, objects.examples(job, paint));
			table.setClasses(job, Arrays.asList("a", "b"), examples());
			assertEquals(2, table.classNumber(1));
			assertEquals(Arrays.asList("a", "b"), table.classNames());
			assertThrows(IllegalArgumentException.class, () -> table.setClasses(job, Arrays.asList("a"), new byte[1]));
			assertEquals(0, objects.classes(0)[1], "classes of a table are its own");
			final String path = folder.resolve("t.csv").toString();
			table.write(job, path);
			assertTrue(line(path, 2).startsWith("2,1,b,"), line(path, 2));
			plane[width + 2] = 1;
			paint.setPlane(0, 0, 0, plane);
			try (Job own = new Job()) {
				final EngineException e = assertThrows(EngineException.class, () -> objects.examples(own, paint));
				assertEquals(Status.MISMATCH, e.status());
			}
		}
	}

	@Test
	void whatIsClosedIsNamed() {
		try (ObjectSet objects = objects(); Measurements table = objects.measure(job, null, null, "area", null)) {
			final ObjectTrainer trainer = ObjectTrainer.create(job);
			trainer.close();
			trainer.close();
			assertClosed("The trainer of objects is closed.", () -> trainer.add(job, table, examples()));
			final ObjectModel model = train(table);
			model.close();
			model.close();
			assertClosed("The model of objects is closed.", () -> model.apply(job, table));
			assertEquals(Arrays.asList("square", "bar"), model.classNames());
		}
	}

	private static void assertClosed(final String message, final Runnable call) {
		assertEquals(message, assertThrows(IllegalStateException.class, call::run).getMessage());
	}

	private static String line(final String path, final int index) {
		try {
			return Files.readAllLines(Paths.get(path), StandardCharsets.UTF_8).get(index);
		}
		catch (final IOException e) {
			throw new UncheckedIOException(e);
		}
	}

	@Test
	void filesKeepModels() {
		final String path = folder.resolve("objects.model").toString();
		try (ObjectSet objects = objects();
			Measurements table = objects.measure(job, null, null, "", null);
			ObjectModel model = train(table))
		{
			model.write(job, path);
			assertTrue(ObjectModel.isFile(job, path));
			try (ObjectModel read = ObjectModel.read(job, path);
				Measurements needed = objects.measure(job, null, null, read.measures(), null))
			{
				assertEquals(model.measures(), read.measures());
				assertArrayEquals(model.apply(job, table), read.apply(job, needed));
			}
		}
	}

	@Test
	void whatIsMissingIsTold() {
		try (ObjectSet objects = objects();
			Measurements table = objects.measure(job, null, null, "", null);
			ObjectModel model = train(table);
			Measurements few = objects.measure(job, null, null, "area", null);
			Job own = new Job())
		{
			final EngineException e = assertThrows(EngineException.class, () -> model.apply(own, few));
			assertEquals(Status.MISMATCH, e.status());
		}
		assertThrows(EngineException.class, () -> ObjectModel.read(job, folder.resolve("none").toString()));
		try (Job own = new Job(); ObjectTrainer trainer = ObjectTrainer.create(own)) {
			assertThrows(EngineException.class, () -> trainer.train(own, null));
		}
	}
}
