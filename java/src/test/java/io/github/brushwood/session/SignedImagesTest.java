package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.io.FileSaver;
import ij.process.FloatProcessor;
import ij.process.ImageStatistics;

import io.github.brushwood.engine.Comparison;
import io.github.brushwood.engine.Compression;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.session.objects.LabelImage;
import io.github.brushwood.session.objects.LabelReader;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Images of signed 16 bits, which ImageJ holds with 32768 added: where values count they are those of the file. */
class SignedImagesTest {

	private static final int WIDTH = 40;
	private static final int HEIGHT = 30;

	@TempDir
	Path folder;

	/** Ways to an open image of signed values. */
	enum Form {
		/** A TIFF of signed integers. */
		TIFF,
		/** What ImageJ saves of it. */
		SAVED_BY_IMAGEJ,
		/** What the engine writes of it. */
		WRITTEN_BY_ENGINE, ZARR, VIRTUAL_ZARR
	}

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	private static int[] labels() {
		final int[] labels = new int[WIDTH * HEIGHT];
		for (int i = 0; i < labels.length; i++) {
			final int x = i % WIDTH;
			final int y = i / WIDTH;
			if (y >= 3 && y < 12) labels[i] = x >= 2 && x < 15 ? 1 : x >= 20 && x < 33 ? 7 : 0;
			if (y >= 15 && y < 28 && x >= 5 && x < 30) labels[i] = 300;
		}
		return labels;
	}

	private static int[] values() {
		final int[] values = new int[WIDTH * HEIGHT];
		for (int i = 0; i < values.length; i++)
			values[i] = i * 37 % 4001 - 2500;
		return values;
	}

	private static ByteBuffer bytes(final int[] values, final int room) {
		return ByteBuffer.allocate(2 * values.length + room).order(ByteOrder.LITTLE_ENDIAN);
	}

	private File tiff(final String name, final int... values) throws IOException {
		final int[][] tags = { { 256, WIDTH }, { 257, HEIGHT }, { 258, 16 }, { 259, 1 }, { 262, 1 }, { 273, 8 }, { 277, 1 },
			{ 278, HEIGHT }, { 279, 2 * values.length }, { 339, 2 } };
		final int start = 8 + 2 * values.length;
		final ByteBuffer tiff = bytes(values, 8 + 2 + 12 * tags.length + 4);
		tiff.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(start);
		for (final int value : values)
			tiff.putShort((short) value);
		tiff.putShort((short) tags.length);
		for (final int[] tag : tags)
			tiff.putShort((short) tag[0]).putShort((short) 4).putInt(1).putInt(tag[1]);
		return Files.write(folder.resolve(name + ".tif"), tiff.array()).toFile();
	}

	private File zarr(final String name, final int... values) throws IOException {
		final Path path = Files.createDirectories(folder.resolve(name + ".zarr"));
		final String shape = "[" + HEIGHT + ", " + WIDTH + "]";
		final String text = "{\"zarr_format\": 2, \"shape\": " + shape + ", \"chunks\": " + shape +
			", \"dtype\": \"<i2\", \"compressor\": null, \"filters\": null, \"fill_value\": 0, \"order\": \"C\"}";
		Files.write(path.resolve(".zarray"), text.getBytes(StandardCharsets.UTF_8));
		final ByteBuffer chunk = bytes(values, 0);
		for (final int value : values)
			chunk.putShort((short) value);
		Files.write(path.resolve("0.0"), chunk.array());
		return path.toFile();
	}

	private File file(final Form form, final String name, final int... values) throws IOException {
		if (form == Form.ZARR || form == Form.VIRTUAL_ZARR) return zarr(name, values);
		final File file = tiff(name, values);
		if (form == Form.TIFF) return file;
		final File other = folder.resolve(name + "_again.tif").toFile();
		if (form == Form.SAVED_BY_IMAGEJ) {
			assertTrue(new FileSaver(Pictures.open(file.getPath())).saveAsTiff(other.getPath()));
			return other;
		}
		try (Job job = new Job(); EngineImage image = EngineImage.read(job, file.getPath())) {
			image.write(job, other.getPath(), Compression.NONE);
		}
		return other;
	}

	private ImagePlus open(final Form form, final String name, final int... values) throws IOException {
		final File file = file(form, name, values);
		if (!file.isDirectory()) return Pictures.open(file.getPath());
		return ZarrImages.open(Jobs.defaults(), file, form == Form.ZARR ? ZarrImages.Hold.MEMORY : ZarrImages.Hold.VIRTUAL,
			name);
	}

	/** Frees what the engine holds of a virtual stack. */
	private static void close(final ImagePlus... images) {
		for (final ImagePlus imp : images)
			if (imp.getStack() instanceof ZarrStack) ((ZarrStack) imp.getStack()).release();
	}

	private static ImagePlus floats(final int... values) {
		final float[] pixels = new float[values.length];
		for (int i = 0; i < values.length; i++)
			pixels[i] = values[i];
		return new ImagePlus("floats", new FloatProcessor(WIDTH, HEIGHT, pixels));
	}

	private static double[][] measure(final ImagePlus labels, final ImagePlus image) {
		try (Measurements table = new Measuring(labels).image(image).run(Jobs.defaults())) {
			final double[] numbers = IntStream.range(0, table.rows()).mapToDouble(table::object).toArray();
			return new double[][] { numbers, table.values("mean"), table.values("min"), table.values("max"),
				table.values("sd") };
		}
	}

	@ParameterizedTest
	@EnumSource(Form.class)
	void measuresAreImageJs(final Form form) throws IOException {
		final ImagePlus labels = open(form, "labels", labels());
		final ImagePlus image = open(form, "image", values());
		assertTrue(image.getCalibration().isSigned16Bit());
		final double[][] found = measure(labels, image);
		assertArrayEquals(measure(floats(labels()), floats(values())), found);
		assertArrayEquals(new double[] { 1, 7, 300 }, found[0]);
		image.setRoi(2, 3, 13, 9);
		final ImageStatistics theirs = image.getStatistics();
		assertEquals(theirs.mean, found[1][0], 1e-6);
		assertEquals(theirs.min, found[2][0]);
		assertEquals(theirs.max, found[3][0]);
		assertTrue(theirs.min < 0);
		close(labels, image);
	}

	/** A label image whose calibration of values was taken away has the numbers that ImageJ shows then. */
	@Test
	void withoutCalibrationPixelsAreTheValues() throws IOException {
		final ImagePlus image = open(Form.VIRTUAL_ZARR, "image", values());
		final double before = measure(floats(labels()), image)[1][0];
		image.getCalibration().disableDensityCalibration();
		assertEquals(before + 32768, measure(floats(labels()), image)[1][0], 1e-9);
		close(image);
	}

	@ParameterizedTest
	@EnumSource(Form.class)
	void comparisonsSeeTheSameObjects(final Form form) throws IOException {
		final ImagePlus labels = open(form, "labels", labels());
		final Comparing comparing = new Comparing(Comparison.Kind.LABELS, false);
		comparing.add(floats(labels()), labels);
		final Comparing.Result result = comparing.run(Jobs.defaults());
		final String[] ids = { "accuracy", "ap_50", "truth_objects", "result_objects" };
		final double[] wanted = { 1, 1, 3, 3 };
		final List<String> all = Comparison.scores().stream().map(score -> score.id).collect(Collectors.toList());
		for (int i = 0; i < ids.length; i++)
			assertEquals(wanted[i], result.values.get(0)[all.indexOf(ids[i])], ids[i]);
		close(labels);
	}

	@ParameterizedTest
	@EnumSource(Form.class)
	void importsHaveTheNumbersOfTheFile(final Form form) throws IOException {
		final File file = file(form, "labels", labels());
		assertArrayEquals(labels(), LabelReader.read(Jobs.defaults(), file).plane(0, 0));
		final ImagePlus labels = open(form, "labels", labels());
		assertArrayEquals(labels(), LabelImage.of(labels, "labels").plane(0, 0));
		close(labels);
		final int[] negative = labels();
		negative[5] = -4;
		final File bad = file(form, "bad", negative);
		assertTrue(assertThrows(BrushwoodException.class, () -> LabelReader.read(Jobs.defaults(), bad)).getMessage()
			.contains("-4"));
	}

	@ParameterizedTest
	@EnumSource(Form.class)
	void clicksFindObjects(final Form form) throws IOException {
		final ImagePlus labels = open(form, "labels", labels());
		try (ObjectPicking picking = ObjectPicking.open(Jobs.defaults(), new Measuring(labels))) {
			assertEquals(3, picking.count());
			assertEquals(7, picking.objectAt(25, 5, 0, 0));
			assertEquals(0, picking.objectAt(0, 0, 0, 0));
			assertEquals(300, (int) picking.plane(0, 0).getf(10, 20));
		}
		close(labels);
	}

	@ParameterizedTest
	@EnumSource(Form.class)
	void annotationsHaveTheClassesOfTheFile(final Form form) throws IOException {
		final int[] classes = labels();
		for (int i = 0; i < classes.length; i++)
			classes[i] %= 100;
		final File file = file(form, "classes", classes);
		try (Job job = new Job()) {
			final byte[] plane = LabelPlanes.read(job, file.getPath()).plane(0, 0);
			for (int i = 0; i < classes.length; i++)
				assertEquals(classes[i], plane[i]);
		}
	}

	/** Training and prediction take them as they are, from a window and from a file. */
	@ParameterizedTest
	@EnumSource(Form.class)
	void pixelsStayShifted(final Form form) throws IOException {
		final ImagePlus image = open(form, "image", values());
		final File file = file(form, "image", values());
		final short[] pixels = new short[WIDTH * HEIGHT];
		try (Job job = new Job();
			EngineImage read = EngineImage.read(job, file.getPath());
			EngineImage copied = ImagePlusAdapter.toEngine(job, image);
			EngineImage streamed = ImagePlusAdapter.stream(job, image))
		{
			read.getPlane(0, 0, 0, pixels);
			assertEquals(read.hash(), copied.hash());
			for (final EngineImage one : new EngineImage[] { read, copied, streamed })
				assertEquals(EngineImage.SIGNED, one.offset());
		}
		for (int i = 0; i < pixels.length; i++)
			assertEquals(values()[i] + 32768, pixels[i] & 0xFFFF);
		close(image);
	}

	@Test
	void resultsAreNotSigned() throws IOException {
		final ImagePlus labels = open(Form.TIFF, "labels", labels());
		try (ObjectPicking picking = ObjectPicking.open(Jobs.defaults(), new Measuring(labels))) {
			assertEquals(0, ImagePlusAdapter.offset(new ImagePlus("p", picking.plane(0, 0))));
		}
		final ImagePlus copy = floats(labels());
		ImagePlusAdapter.copyCalibration(labels, copy);
		assertFalse(copy.getCalibration().isSigned16Bit());
	}
}
