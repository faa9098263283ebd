package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
class ObjectSetTest {

	private static final int WIDTH = 12;
	private static final int HEIGHT = 8;

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

	private static ImageInfo.Builder info(final PixelType type) {
		return ImageInfo.builder(type, WIDTH, HEIGHT);
	}

	/** Two frames: a square and a bar, then only the bar. */
	private EngineImage mask() {
		final EngineImage mask = EngineImage.create(job, info(PixelType.UINT8).frames(2).build());
		final byte[] plane = new byte[WIDTH * HEIGHT];
		fill(plane, 6, 1, 11, 2);
		mask.setPlane(1, 0, 0, plane);
		fill(plane, 1, 1, 4, 4);
		mask.setPlane(0, 0, 0, plane);
		return mask;
	}

	private static void fill(final byte[] plane, final int x0, final int y0, final int x1, final int y1) {
		for (int y = y0; y < y1; y++)
			for (int x = x0; x < x1; x++)
				plane[y * WIDTH + x] = (byte) 255;
	}

	private static void fill(final float[] plane, final float value, final int x0, final int x1) {
		for (int y = 2; y < HEIGHT - 2; y++)
			for (int x = x0; x < x1; x++)
				plane[y * WIDTH + x] = value;
	}

	/** Background, and classes "a" on the left and "b" on the right. */
	private EngineImage probabilities() {
		final EngineImage image = EngineImage.create(job, info(PixelType.FLOAT32).channels(3).build());
		final float[] a = new float[WIDTH * HEIGHT];
		final float[] b = new float[WIDTH * HEIGHT];
		fill(a, 0.9f, 1, 5);
		fill(b, 0.7f, 7, 11);
		final float[] rest = new float[WIDTH * HEIGHT];
		for (int i = 0; i < rest.length; i++)
			rest[i] = 1 - a[i] - b[i];
		image.setPlane(0, 0, 0, a);
		image.setPlane(0, 1, 0, rest);
		image.setPlane(0, 2, 0, b);
		image.setChannelName(job, 0, "a");
		image.setChannelName(job, 1, "background");
		image.setChannelName(job, 2, "b");
		return image;
	}

	private byte[] pixels(final ObjectSet objects, final ObjectOutput output) {
		try (EngineImage outline = objects.outline(job, output)) {
			final ArrayImage target = new ArrayImage(outline.info());
			try (EngineSink sink = EngineSink.of(job, outline, target)) {
				objects.write(job, output, sink);
				sink.finish(job);
			}
			assertEquals(1, target.finished);
			return target.pixels;
		}
	}

	private static ObjectOptions plain() {
		return new ObjectOptions().threshold(0.5).coreThreshold(0).sigma(0).minSize(0).minShare(0).split(Splitting.NONE);
	}

	@Test
	void partsOfAMaskAreNumberedInEveryFrame() {
		try (EngineImage mask = mask(); ObjectSet objects = ObjectSet.of(job, mask)) {
			assertEquals(2, objects.frames());
			assertEquals(2, objects.count(0));
			assertEquals(1, objects.count(1));
			assertEquals(3, objects.count());
			assertArrayEquals(new int[] { 1, 2 }, objects.ids(0));
			assertNull(objects.report());
			assertTrue(objects.isOfMask());
			assertTrue(objects.classNames().isEmpty());
			final byte[] labels = pixels(objects, ObjectOutput.LABELS);
			assertEquals(2 * 2 * WIDTH * HEIGHT, labels.length, "16 bits");
			assertEquals(1, labels[2 * (WIDTH + 1)] + labels[2 * (WIDTH + 1) + 1]);
			assertEquals(2, labels[2 * (WIDTH + 6)] + labels[2 * (WIDTH + 6) + 1]);
			final byte[] again = pixels(objects, ObjectOutput.MASK);
			assertArrayEquals(ArrayImage.of(mask).pixels, again);
			assertThrows(IndexOutOfBoundsException.class, () -> objects.count(2));
			assertThrows(IndexOutOfBoundsException.class, () -> objects.ids(-1));
		}
	}

	@Test
	void labelsKeepTheirNumbers() {
		try (EngineImage labels = EngineImage.create(job, info(PixelType.FLOAT32).build())) {
			final float[] plane = new float[WIDTH * HEIGHT];
			fill(plane, 70000, 0, 3);
			fill(plane, 5, 5, 9);
			labels.setPlane(0, 0, 0, plane);
			try (ObjectSet objects = ObjectSet.of(job, labels)) {
				assertArrayEquals(new int[] { 5, 70000 }, objects.ids(0));
				assertFalse(objects.isOfMask());
				assertArrayEquals(ArrayImage.of(labels).pixels, pixels(objects, ObjectOutput.LABELS));
			}
			plane[7] = 1.5f;
			labels.setPlane(0, 0, 0, plane);
			final EngineException e = assertThrows(EngineException.class, () -> ObjectSet.of(job, labels));
			assertEquals(Status.MISMATCH, e.status());
			assertTrue(e.getMessage().contains("1.5"), e.getMessage());
		}
	}

	@Test
	void probabilitiesBecomeObjectsWithClasses() {
		try (EngineImage image = probabilities(); ObjectSet objects = ObjectSet.label(job, image, plain())) {
			assertEquals(Arrays.asList("a", "background", "b"), objects.classNames());
			assertArrayEquals(new int[] { 1, 2 }, objects.ids(0));
			assertArrayEquals(new byte[] { 1, 3 }, objects.classes(0));
			assertEquals(2, objects.report().objects);
			assertEquals(2, objects.report().components);
			assertEquals(0.5, objects.report().threshold);
			final byte[] classes = pixels(objects, ObjectOutput.CLASSES);
			assertEquals(1, classes[3 * WIDTH + 2]);
			assertEquals(3, classes[3 * WIDTH + 8]);
			assertEquals(0, classes[0]);
		}
	}

	@Test
	void everyOptionReachesTheEngine() {
		try (EngineImage image = probabilities()) {
			assertEquals(1, count(image, plain().threshold(0.8)));
			assertEquals(1, count(image, plain().foreground(2)));
			assertEquals(2, count(image, plain().foreground(0, 2)));
			assertEquals(1, count(image, plain().core(0).coreThreshold(0.85)));
			assertEquals(0, count(image, plain().minSize(17)));
			assertEquals(0, count(image, plain().maxSize(15)));
			assertEquals(2, count(image, plain().minShare(0.9)));
			assertEquals(1, count(image, plain().minSize(16).maxSize(16).foreground(0)));
			assertEquals(2, count(image, plain().method(Threshold.OTSU)));
			assertEquals(Threshold.AUTO, new ObjectOptions().method());
			assertEquals(2, count(image, plain().connectivity(4).border(ObjectOptions.Border.XY)));
			assertEquals(1, count(image, plain().foreground(0).core(0).coreThreshold(0.5).split(Splitting.CORE)));
			assertEquals(1, count(image, plain().foreground(0).boundary(1).split(Splitting.BOUNDARY)));
			assertThrows(EngineException.class, () -> labelled(plain().split(Splitting.BOUNDARY), image));
			assertThrows(EngineException.class, () -> labelled(plain().foreground(3), image));
			assertThrows(EngineException.class, () -> labelled(plain().connectivity(5), image));
			assertThrows(EngineException.class, () -> labelled(plain().threshold(0), image));
			assertThrows(IndexOutOfBoundsException.class, () -> plain().foreground(255));
		}
	}

	private static void labelled(final ObjectOptions options, final EngineImage image) {
		try (Job own = new Job()) {
			ObjectSet.label(own, image, options).close();
		}
	}

	private long count(final EngineImage image, final ObjectOptions options) {
		try (ObjectSet objects = ObjectSet.label(job, image, options)) {
			return objects.count();
		}
	}

	@Test
	void borderSplitAndFillDoWhatTheySay() {
		try (EngineImage mask = EngineImage.create(job, ImageInfo.builder(PixelType.UINT8, 40, 20).build())) {
			final byte[] plane = new byte[40 * 20];
			for (int y = 0; y < 20; y++)
				for (int x = 0; x < 40; x++)
					if (Math.hypot(x - 12, y - 9) < 8 || Math.hypot(x - 25, y - 9) < 8) plane[y * 40 + x] = (byte) 255;
			plane[9 * 40 + 12] = 0;
			mask.setPlane(0, 0, 0, plane);
			assertEquals(2, count(mask, plain().split(Splitting.DISTANCE).fillHoles(true)));
			assertEquals(1, count(mask, plain().split(Splitting.DISTANCE).fillHoles(true).depth(1)));
			try (ObjectSet filled = ObjectSet.label(job, mask, plain().fillHoles(true));
				ObjectSet open = ObjectSet.label(job, mask, plain().fillHoles(false));
				ObjectSet lines = ObjectSet.label(job, mask, plain().split(Splitting.DISTANCE).lines(true)))
			{
				assertEquals(1, filled.report().filled);
				assertEquals(0, open.report().filled);
				assertTrue(foreground(lines) < foreground(filled));
			}
			plane[0] = (byte) 255;
			mask.setPlane(0, 0, 0, plane);
			assertEquals(2, count(mask, plain()));
			assertEquals(1, count(mask, plain().border(ObjectOptions.Border.XY)));
		}
	}

	private int foreground(final ObjectSet objects) {
		int sum = 0;
		for (final byte value : pixels(objects, ObjectOutput.MASK))
			sum += value & 1;
		return sum;
	}

	@Test
	void measuresAreThoseOfArrays() throws Exception {
		try (EngineImage mask = mask();
			ObjectSet objects = ObjectSet.of(job, mask);
			EngineImage image = EngineImage.create(job, info(PixelType.UINT16).channels(2).frames(2).build()))
		{
			final short[] plane = new short[WIDTH * HEIGHT];
			for (int i = 0; i < plane.length; i++)
				plane[i] = (short) i;
			image.setPlane(0, 1, 0, plane);
			objects.setClasses(job, Collections.singletonList("x"), new byte[] { 1, 0, 1 });
			try (Measurements table = objects.measure(job, image, null, "area,centroid,mean", null)) {
				assertEquals(3, table.rows());
				assertArrayEquals(new double[] { 9, 5, 5 }, table.values("area"));
				assertArrayEquals(new double[] { 2.5, 8.5, 8.5 }, table.values("centroid_x"));
				assertArrayEquals(new double[] { 2 * WIDTH + 2, WIDTH + 8, 0 }, table.values("mean:2"));
				assertEquals(1, table.object(2));
				assertEquals(1, table.frame(2));
				assertEquals(1, table.classNumber(0));
				assertEquals(0, table.classNumber(1));
				assertThrows(IllegalArgumentException.class, () -> table.values("mass_x"));
				final Path csv = folder.resolve("a table.csv");
				table.write(job, csv.toString());
				final List<String> lines = Files.readAllLines(csv, StandardCharsets.UTF_8);
				assertEquals(4, lines.size());
				assertTrue(lines.get(0).startsWith("label,frame,class,area"), lines.get(0));
				assertTrue(lines.get(1).startsWith("1,1,x,9"), lines.get(1));
			}
			try (Measurements wide = objects.measure(job, null, null, "area", new double[] { 2, 3, 1 })) {
				assertEquals(54, wide.values("area")[0], 1e-9);
			}
			assertThrows(IllegalArgumentException.class, () -> objects.measure(job, image, image, "", null));
			assertThrows(IllegalArgumentException.class, () -> objects.setClasses(job, Collections.singletonList("x"),
				new byte[2]));
		}
	}

	@Test
	void theTableOfMeasuresIsWhole() {
		final Set<String> ids = new HashSet<>();
		for (final MeasureRow row : MeasureRow.all()) {
			assertTrue(row.id.matches("[a-z][a-z0-9_]*") && ids.add(row.id), row.id);
			assertTrue(row.in2d || row.in3d, row.id);
			assertTrue(row.definition.endsWith("."), row.definition);
			assertFalse(row.group.isEmpty() || row.label.isEmpty());
		}
		assertTrue(ids.containsAll(Arrays.asList("area", "volume", "perimeter", "feret_max", "mean", "probability")));
	}

	@Test
	void closedObjectsAndTablesRefuse() {
		try (EngineImage mask = mask()) {
			final ObjectSet objects = ObjectSet.of(job, mask);
			final Measurements table = objects.measure(job, null, null, "area", null);
			objects.close();
			objects.close();
			assertThrows(IllegalStateException.class, () -> objects.ids(0));
			assertThrows(IllegalStateException.class, () -> objects.outline(job, ObjectOutput.MASK));
			assertEquals(3, table.values("area").length, "the table lives on");
			table.close();
			assertThrows(IllegalStateException.class, () -> table.values(0));
			mask.close();
			assertThrows(IllegalStateException.class, () -> ObjectSet.of(job, mask));
		}
	}

	@Test
	void streamedImagesGiveTheSameObjects() {
		try (EngineImage image = probabilities();
			EngineImage streamed = EngineImage.of(job, ArrayImage.of(image));
			ObjectSet whole = ObjectSet.label(job, image, plain().foreground(0, 2));
			ObjectSet parts = ObjectSet.label(job, streamed, plain().foreground(0, 2)))
		{
			assertArrayEquals(pixels(whole, ObjectOutput.LABELS), pixels(parts, ObjectOutput.LABELS));
		}
	}

	@Test
	void cancellingStops() {
		try (EngineImage image = probabilities()) {
			job.progress(fraction -> false);
			assertThrows(CancelledException.class, () -> ObjectSet.label(job, image, null));
		}
	}
}
