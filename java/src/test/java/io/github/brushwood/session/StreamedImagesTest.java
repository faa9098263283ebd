package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.CompositeImage;
import ij.ImagePlus;
import ij.VirtualStack;
import ij.gui.OvalRoi;
import ij.gui.Roi;
import ij.io.FileSaver;
import ij.measure.Calibration;
import ij.process.ByteProcessor;
import ij.process.ImageProcessor;
import ij.process.LUT;
import ij.process.ShortProcessor;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.Prediction;
import io.github.brushwood.engine.TiffLayout;
import io.github.brushwood.engine.TiffOptions;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.ReadOptions;
import io.github.brushwood.io.WriteOptions;

import java.awt.Color;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;

import javax.imageio.ImageIO;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images of ImageJ as sources and sinks of the engine, and results that go to files. */
class StreamedImagesTest {

	private static final List<Output> ALL = Arrays.asList(Output.values());
	private static final List<Output> LABELS = Collections.singletonList(Output.LABELS);

	@TempDir
	Path folder;

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	/** All pixels in boxes of a few columns, rows and slices. */
	private static byte[][] pixels(final EngineImage image, final int width, final int height, final int depth) {
		final ImageInfo i = image.info();
		final List<byte[]> boxes = new ArrayList<>();
		try (Job job = new Job()) {
			for (int t = 0; t < i.frames; t++)
				for (long z = 0; z < i.depth; z += depth)
					for (long y = 0; y < i.height; y += height)
						for (long x = 0; x < i.width; x += width) {
							final Box box = new Box(t, x, y, z, Math.min(x + width, i.width), Math.min(y + height, i.height), Math
								.min(z + depth, i.depth));
							final byte[] bytes = new byte[(int) box.count() * i.channels * i.type.size];
							image.read(job, box, ByteBuffer.wrap(bytes));
							boxes.add(bytes);
						}
		}
		return boxes.toArray(new byte[0][]);
	}

	private static void assertSame(final EngineImage expected, final EngineImage actual) {
		assertEquals(expected.info().toString(), actual.info().toString());
		assertEquals(expected.info().rgb, actual.info().rgb);
		assertEquals(expected.info().calibrated, actual.info().calibrated);
		assertEquals(expected.info().spacingZ, actual.info().spacingZ);
		assertEquals(expected.name(), actual.name());
		for (int c = 0; c < expected.info().channels; c++)
			assertEquals(expected.planeLabel(0, c, expected.info().depth - 1), actual.planeLabel(0, c, expected
				.info().depth - 1));
		final int w = (int) expected.info().width;
		assertArrayEquals(pixels(expected, w, 100, 2), pixels(actual, w, 100, 2));
		assertArrayEquals(pixels(expected, 7, 5, 3), pixels(actual, 7, 5, 3));
	}

	// ---- sources

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,1,1,1", "32,1,1,1", "24,1,1,1", "24,1,3,1", "8,1,4,1", "16,2,3,2", "32,3,1,2", "8,2,1,1" })
	void imagesInMemoryAndVirtualOnesHaveTheEnginesPixels(final int bits, final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 31, 17, bits, c, z, t);
		try (Job job = new Job();
			EngineImage expected = ImagePlusAdapter.toEngine(job, imp);
			EngineImage plain = EngineImage.of(job, new ImagePlusSource(imp));
			EngineImage lazy = EngineImage.of(job, new ImagePlusSource(LazyStack.of(imp)));
			EngineImage poor = EngineImage.of(job, new ImagePlusSource(LazyStack.of(imp), () -> {}, 0)))
		{
			assertTrue(plain.isStreamed());
			assertSame(expected, plain);
			assertSame(expected, lazy);
			assertSame(expected, poor);
		}
	}

	@Test
	void colourTablesDoNotCount() {
		final ImagePlus imp = Pictures.plane("lut.tif", 20, 10, 8);
		imp.getProcessor().setLut(LUT.createLutFromColor(Color.RED));
		imp.setTypeToColor256();
		try (Job job = new Job();
			EngineImage expected = ImagePlusAdapter.toEngine(job, imp);
			EngineImage actual = EngineImage.of(job, new ImagePlusSource(imp)))
		{
			assertSame(expected, actual);
		}
	}

	@ParameterizedTest
	@CsvSource({ "1000000,12", "0,36", "2400,28" })
	void planesOfVirtualStacksAreKept(final int memory, final int reads) {
		final ImagePlus imp = LazyStack.of(Pictures.hyperstack("v.tif", 20, 15, 16, 2, 6, 1)); // 600 bytes each
		try (Job job = new Job(); EngineImage image = EngineImage.of(job, new ImagePlusSource(imp, () -> {}, memory))) {
			pixels(image, 7, 15, 6);
		}
		// three boxes of twelve planes; in the second and third the four that are kept come first
		assertEquals(reads, LazyStack.in(imp).reads);
	}

	@ParameterizedTest
	@CsvSource({ "null,there are no pixels", "size,it has 9 x 5 pixels", "type,it holds byte[]",
		"exception,java.lang.IllegalStateException: gone" })
	void virtualPlanesThatAreNotTheImagesAreNamed(final String what, final String message) {
		final ImagePlus imp = LazyStack.of(Pictures.hyperstack("v.tif", 9, 8, 16, 1, 4, 1));
		final IntFunction<ImageProcessor> planes = LazyStack.in(imp).planes;
		LazyStack.in(imp).planes = n -> n == 3 ? other(what) : planes.apply(n);
		try (Job job = new Job(); EngineImage image = EngineImage.of(job, new ImagePlusSource(imp))) {
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> pixels(image, 9, 8, 4));
			assertTrue(e.getMessage().startsWith("Slice 3 of 'v.tif' could not be read: " + message), e.getMessage());
		}
	}

	private static ImageProcessor other(final String what) {
		if (what.equals("size")) return new ShortProcessor(9, 5);
		if (what.equals("type")) return new ByteProcessor(9, 8);
		if (what.equals("exception")) throw new IllegalStateException("gone");
		return null;
	}

	@Test
	void filesOfVirtualStacksThatAreGoneAreNamed() throws IOException {
		final VirtualStack stack = new VirtualStack(12, 9, null, folder + File.separator);
		for (int i = 1; i <= 3; i++) {
			Pictures.saveTiff(Pictures.plane(i + ".tif", 12, 9, 8), folder);
			stack.addSlice(i + ".tif");
		}
		final ImagePlus imp = new ImagePlus("files", stack);
		try (Job job = new Job(); EngineImage image = EngineImage.of(job, new ImagePlusSource(imp))) {
			assertEquals(3, pixels(image, 12, 9, 1).length);
		}
		Files.delete(folder.resolve("2.tif"));
		try (Job job = new Job(); EngineImage image = EngineImage.of(job, new ImagePlusSource(imp))) {
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> pixels(image, 12, 9, 1));
			assertTrue(e.getMessage().contains("Slice 2 of 'files' could not be read: its file '2.tif' does not exist"), e
				.getMessage());
		}
	}

	@Test
	void dimensionsThatDoNotFitAreAnError() {
		final ImagePlus broken = new ImagePlus("w.tif", Pictures.hyperstack("w.tif", 5, 4, 8, 1, 4, 1).getStack()) {

			@Override
			public int getNSlices() {
				return 3;
			}
		};
		assertThrows(BrushwoodException.class, () -> new ImagePlusSource(broken));
	}

	// ---- sinks

	private static void assertSame(final ImagePlus expected, final ImagePlus actual) {
		assertEquals(expected.getTitle(), actual.getTitle());
		assertEquals(expected.getClass(), actual.getClass());
		assertEquals(expected.isHyperStack(), actual.isHyperStack());
		assertEquals(expected.getInfoProperty(), actual.getInfoProperty());
		assertArrayEquals(expected.getDimensions(), actual.getDimensions());
		assertEquals(expected.getDisplayRangeMax(), actual.getDisplayRangeMax());
		for (int i = 1; i <= expected.getStackSize(); i++) {
			assertArrayEquals(new Object[] { expected.getStack().getPixels(i) }, new Object[] { actual.getStack().getPixels(
				i) });
			assertEquals(expected.getStack().getSliceLabel(i), actual.getStack().getSliceLabel(i));
		}
		final Calibration e = expected.getCalibration();
		final Calibration a = actual.getCalibration();
		assertEquals(e.toString(), a.toString());
		assertEquals(e.frameInterval, a.frameInterval);
		assertArrayEquals(expected.getLuts(), actual.getLuts());
		if (expected.isComposite()) assertEquals(expected.getDisplayMode(), actual.getDisplayMode());
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,2,3,2", "32,1,4,1", "24,1,2,2", "32,3,1,2" })
	void aSinkMakesTheImageThatTheAdapterMakes(final int bits, final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("s.tif", 23, 12, bits, c, z, t);
		try (Job job = new Job(); EngineImage image = ImagePlusAdapter.toEngine(job, imp)) {
			final ImagePlusSink sink = new ImagePlusSink(image, "made");
			try (EngineSink boxes = EngineSink.of(job, image, sink)) {
				copy(job, image, boxes, 10, 5);
				assertNull(sink.image());
				boxes.finish(job);
			}
			final ImagePlus expected = ImagePlusAdapter.toImagePlus(image, "made");
			for (int i = 1; i <= expected.getStackSize() && bits != 24; i++)
				assertArrayEquals(new Object[] { imp.getStack().getPixels(i) }, new Object[] { expected.getStack().getPixels(
					i) });
			assertSame(expected, sink.image());
		}
	}

	private static void copy(final Job job, final EngineImage image, final EngineSink sink, final int width,
		final int height)
	{
		final ImageInfo i = image.info();
		for (int t = 0; t < i.frames; t++)
			for (long y = 0; y < i.height; y += height)
				for (long x = 0; x < i.width; x += width) {
					final Box box = new Box(t, x, y, 0, Math.min(x + width, i.width), Math.min(y + height, i.height), i.depth);
					final ByteBuffer pixels = ByteBuffer.allocateDirect((int) box.count() * i.channels * i.type.size);
					image.read(job, box, pixels);
					sink.write(job, box, pixels);
				}
	}

	@Test
	void resultsThatDoNotFitJavasMemoryAreRefusedBeforeTheWork() {
		final ImagePlus imp = LazyStack.repeated(Pictures.plane("big.tif", 1000, 1000, 8), 1_000_000, 1, 1_000_000, 1);
		final String model = model(Pictures.plane("x.tif", 48, 40, 8));
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> Segmentation.of(Jobs.defaults(), imp,
			model, ALL, null));
		assertTrue(e.getMessage().matches("The results for 'big.tif' need 15832\\.\\d GB of ImageJ's memory, but only " +
			"[0-9.]+ [GM]B are free.*'file'.*Apply Model to Folder.*"), e.getMessage());
		assertEquals(0, LazyStack.in(imp).reads);
	}

	// ---- results

	private String model(final ImagePlus imp) {
		final Annotations annotations = new Annotations(imp);
		annotations.add(annotations.define("ground"), new Roi(0, 0, 40, 4), 1, 1);
		annotations.add(annotations.recolour(annotations.define("disc"), 0xFF8800), new OvalRoi(9, 9, 7, 7), 1, 1);
		final Training training = new Training("gaussian:0.7,1.6", new TrainOptions().trees(9), null,
			new AnnotationClasses());
		training.add(imp);
		final String path = folder.resolve("m.brushwood").toString();
		try (Model model = training.train(Jobs.defaults()); Job job = new Job()) {
			model.write(job, path);
		}
		return path;
	}

	/** What a prediction in the engine's memory gives, made up as results are. */
	private static ImagePlus expected(final ImagePlus imp, final String modelPath, final Output output) {
		try (Job job = new Job();
			Model model = Model.read(job, modelPath);
			EngineImage image = ImagePlusAdapter.toEngine(job, imp);
			Prediction prediction = model.predict(job, image, null, output))
		{
			return ImagePlusAdapter.toImagePlus(prediction.get(output), Outputs.title(output, imp.getTitle()));
		}
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,2,3,2", "24,1,1,1", "32,1,4,1" })
	void resultsAreThoseOfAPredictionInMemory(final int bits, final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("x.tif", 48, 40, bits, c, z, t);
		final String model = model(imp);
		final Segmentation plain = Segmentation.of(Jobs.defaults(), imp, model, ALL, null);
		final Segmentation lazy = Segmentation.of(new Jobs(1, 0, Monitor.NONE), LazyStack.of(imp), model, ALL,
			new PredictOptions().tile(16));
		assertEquals(plain.notes(), lazy.notes());
		for (final Output output : ALL) {
			final ImagePlus inMemory = expected(imp, model, output);
			final ImagePlus streamed = plain.get(output);
			assertEquals(inMemory.getTitle(), streamed.getTitle());
			assertArrayEquals(inMemory.getDimensions(), streamed.getDimensions());
			assertEquals(inMemory instanceof CompositeImage, streamed instanceof CompositeImage);
			for (int i = 1; i <= inMemory.getStackSize(); i++)
				assertArrayEquals(new Object[] { inMemory.getStack().getPixels(i) }, new Object[] { streamed.getStack()
					.getPixels(i) });
			assertEquals("Model: " + model + "\n" + notes(plain), streamed.getInfoProperty());
			assertSame(streamed, lazy.get(output));
		}
	}

	private static String notes(final Segmentation s) {
		final StringBuilder text = new StringBuilder();
		for (final String note : s.notes())
			text.append("Note: ").append(note).append('\n');
		return text.toString();
	}

	@Test
	void theSameImageGivesTheSameResultsWhereverItLies() throws IOException {
		final ImagePlus imp = Pictures.hyperstack("x.tif", 70, 90, 16, 1, 4, 1);
		final String model = model(imp);
		final Path strips = Files.createDirectory(folder.resolve("strips"));
		final Path tiles = Files.createDirectory(folder.resolve("tiles"));
		final Path hdf5 = Files.createDirectory(folder.resolve("hdf5"));
		Pictures.saveTiff(imp, strips);
		try (Job job = new Job();
			EngineImage image = ImagePlusAdapter.toEngine(job, imp);
			EngineSink tiled = EngineSink.tiff(job, tiles.resolve("x.tif").toString(), image, new TiffOptions().layout(
				TiffLayout.TILES));
			EngineSink sink = ImageFormats.HDF5.create(job, hdf5.resolve("x.h5").toFile(), image, new WriteOptions()))
		{
			final Box all = Box.of(image.info(), 0);
			final ByteBuffer pixels = ByteBuffer.allocateDirect(70 * 90 * 4 * 2);
			image.read(job, all, pixels);
			tiled.write(job, all, pixels);
			tiled.finish(job);
			sink.write(job, all, pixels);
			sink.finish(job);
		}
		assertEquals(42, version(strips));
		assertEquals(43, version(tiles));
		final Segmentation expected = Segmentation.of(Jobs.defaults(), imp, model, ALL, null);
		for (final Path file : Arrays.asList(strips.resolve("x.tif"), tiles.resolve("x.tif"), hdf5.resolve("x.h5")))
			for (final Output output : ALL) {
				final ImagePlus result = ofFile(file, model, output);
				for (int i = 1; i <= result.getStackSize(); i++)
					assertArrayEquals(new Object[] { expected.get(output).getStack().getPixels(i) }, new Object[] { result
						.getStack().getPixels(i) });
			}
	}

	/** 42 of a TIFF, 43 of a BigTIFF. */
	private static int version(final Path of) throws IOException {
		final byte[] bytes = Files.readAllBytes(of.resolve("x.tif"));
		return bytes[2] + bytes[3]; // in either byte order
	}

	private static ImagePlus ofFile(final Path file, final String modelPath, final Output output) {
		try (Job job = new Job();
			Model model = Model.read(job, modelPath);
			EngineImage image = ImageFiles.open(job, file.toString(), new ReadOptions());
			EngineImage outline = model.outline(job, image, output))
		{
			assertTrue(image.isStreamed());
			final ImagePlusSink sink = new ImagePlusSink(outline, "result");
			ResultSinks.predict(job, model, image, null, Collections.singletonList(output), (made, same) -> EngineSink.of(job,
				same, sink));
			return sink.image();
		}
	}

	// ---- files

	@ParameterizedTest
	@CsvSource({ "png,24", "png,8", "gif,8", "bmp,24", "zip,16", "zip,32" })
	void whateverImageJOpensIsOpened(final String suffix, final int bits) throws IOException {
		final ImagePlus imp = Pictures.plane("p." + suffix, 33, 21, bits);
		final String path = folder.resolve("p." + suffix).toString();
		assertTrue(suffix.equals("zip") ? new FileSaver(imp).saveAsZip(path) : ImageIO.write(imp.getBufferedImage(), suffix,
			new File(path)));
		try (Job job = new Job();
			EngineImage expected = ImageFiles.read(job, path);
			EngineImage open = ImageFiles.open(job, path, new ReadOptions()))
		{
			assertSame(expected, open);
		}
	}

	@Test
	void filesThatAreNoImagesAreRefused() throws IOException {
		Files.write(folder.resolve("text.png"), "no image".getBytes("US-ASCII"));
		Files.write(folder.resolve("text.tif"), "no image".getBytes("US-ASCII"));
		Files.createDirectory(folder.resolve("folder.tif"));
		for (final String name : new String[] { "text.png", "text.tif", "folder.tif", "absent.tif" }) {
			try (Job job = new Job()) {
				final RuntimeException e = assertThrows(RuntimeException.class, () -> ImageFiles.open(job, folder.resolve(
					name).toString(), new ReadOptions()));
				assertTrue(e instanceof BrushwoodException || e instanceof EngineException, e.toString());
				assertTrue(e.getMessage().contains(name), e.getMessage());
			}
		}
	}

	private List<String> write(final ImagePlus imp, final String model, final List<Output> outputs,
		final String pattern)
	{
		return Segmentation.toFiles(Jobs.defaults(), imp, model, outputs, null, folder.resolve(pattern).toString()).files();
	}

	@Test
	void resultsGoToFiles() {
		final ImagePlus imp = Pictures.hyperstack("x y.tif", 48, 40, 16, 2, 3, 1);
		final String model = model(imp);
		final Segmentation shown = Segmentation.of(Jobs.defaults(), imp, model, ALL, null);
		final List<String> files = write(LazyStack.of(imp), model, ALL, "a/b/{name} {kind}.tif");
		assertEquals(Arrays.asList(path("a/b/x y entropy.tif"), path("a/b/x y uncertainty.tif"), path(
			"a/b/x y probabilities.tif"), path("a/b/x y segmentation.tif")), files);
		for (int f = 0; f < 4; f++) {
			final ImagePlus expected = shown.images()[f];
			final ImagePlus written = Pictures.open(files.get(f));
			assertArrayEquals(expected.getDimensions(), written.getDimensions());
			assertEquals(0.75, written.getCalibration().pixelDepth);
			for (int i = 1; i <= expected.getStackSize(); i++) {
				assertArrayEquals(new Object[] { expected.getStack().getPixels(i) }, new Object[] { written.getStack()
					.getPixels(i) });
				assertEquals(expected.getStack().getSliceLabel(i), written.getStack().getSliceLabel(i));
			}
		}
		assertEquals(4, folder.resolve("a/b").toFile().list().length);
		assertEquals(Collections.singletonList(path("just.tif")), write(imp, model, LABELS, "just.tif"));
	}

	private String path(final String name) {
		return folder.resolve(name).toString();
	}

	@Test
	void filesThatCannotBeMeantAreRefused() {
		final ImagePlus plain = Pictures.plane("x.tif", 48, 40, 8);
		final String model = model(plain);
		final ImagePlus imp = Pictures.open(Pictures.saveTiff(plain, folder));
		final long before = folder.resolve("x.tif").toFile().length();
		for (final String pattern : new String[] { "{name}.tif", "{name}.xyz", "{name}", "{what}.tif",
			"{name}/{kind}.tif" })
		{
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> write(imp, model, LABELS, pattern));
			final boolean own = pattern.equals("{name}.tif");
			assertTrue(e.getMessage().contains(own ? "x.tif" : new File(pattern).getName().equals(pattern) ? pattern
				: "folder"), e.getMessage());
			assertEquals(!own, e.getMessage().contains("(key 'file')"), e.getMessage());
		}
		assertThrows(BrushwoodException.class, () -> write(imp, model, ALL, "{name}_results.tif"));
		assertEquals(before, folder.resolve("x.tif").toFile().length());
		assertArrayEquals(new String[] { "m.brushwood", "x.tif" }, sorted(folder.toFile().list()));
	}

	@Test
	void hdf5LargerThanTheMemoryLimitIsRefused() {
		final ImagePlus imp = Pictures.plane("x.tif", 48, 40, 8);
		final String model = model(imp);
		final Jobs jobs = new Jobs(0, 48 * 40 - 1, Monitor.NONE);
		final String message = assertThrows(EngineException.class, () -> Segmentation.toFiles(jobs, imp, model, LABELS,
			null, path("{name}.h5"))).getMessage();
		assertTrue(message.contains("x.h5'") && message.contains("Preferences") && message.contains("BigTIFF"), message);
		assertArrayEquals(new String[] { "m.brushwood" }, folder.toFile().list());
	}

	private static String[] sorted(final String[] names) {
		Arrays.sort(names);
		return names;
	}

	@Test
	void aPlaneThatFailsLeavesNoFile() {
		final ImagePlus plain = Pictures.hyperstack("x.tif", 48, 40, 8, 1, 5, 1);
		final String model = model(Pictures.plane("x.tif", 48, 40, 8));
		final ImagePlus imp = LazyStack.of(plain);
		final IntFunction<ImageProcessor> planes = LazyStack.in(imp).planes;
		LazyStack.in(imp).planes = n -> n == 4 ? null : planes.apply(n);
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> write(imp, model, ALL,
			"{name}_{kind}.tif"));
		assertTrue(e.getMessage().startsWith("Slice 4 of 'x.tif'"), e.getMessage());
		assertArrayEquals(new String[] { "m.brushwood" }, folder.toFile().list());
	}

	@Test
	void cancelLeavesNoFile() {
		final ImagePlus imp = LazyStack.of(Pictures.hyperstack("x.tif", 48, 40, 8, 1, 5, 1));
		final String model = model(Pictures.plane("x.tif", 48, 40, 8));
		final Monitor impatient = new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return LazyStack.in(imp).reads < 2;
			}

			@Override
			public void status(final String text) {}
		};
		assertThrows(CancelledException.class, () -> Segmentation.toFiles(new Jobs(1, 0,
			impatient), imp, model, ALL, null, path("{name}_{kind}.tif")));
		assertArrayEquals(new String[] { "m.brushwood" }, folder.toFile().list());
		assertTrue(LazyStack.in(imp).reads >= 2);
	}
}
