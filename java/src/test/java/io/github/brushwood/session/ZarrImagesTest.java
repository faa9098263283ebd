package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.plugin.Duplicator;
import ij.process.ColorProcessor;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.ZarrOptions;
import io.github.brushwood.session.ZarrExport.Levels;
import io.github.brushwood.session.ZarrImages.Hold;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** OME-Zarr as ImageJ's images: in memory, virtual, written. */
class ZarrImagesTest {

	@TempDir
	Path folder;

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	private File save(final ImagePlus imp, final String name, final Levels levels) {
		final File file = folder.resolve(name).toFile();
		ZarrExport.write(Jobs.defaults(), imp, file, new ZarrOptions(), new long[3], levels);
		return file;
	}

	private static ImagePlus open(final File file, final Hold hold) {
		return ZarrImages.open(Jobs.defaults(), file, hold, file.getName());
	}

	private static void release(final ImagePlus imp) {
		((ZarrStack) imp.getStack()).release();
	}

	private static void assertSame(final ImagePlus expected, final ImagePlus found) {
		assertArrayEquals(expected.getDimensions(), found.getDimensions());
		assertEquals(expected.getBitDepth(), found.getBitDepth());
		assertEquals(expected.getCalibration().pixelWidth, found.getCalibration().pixelWidth);
		assertEquals(expected.getCalibration().pixelDepth, found.getCalibration().pixelDepth);
		assertEquals(expected.getCalibration().getUnit(), found.getCalibration().getUnit());
		assertEquals(expected.getCalibration().frameInterval, found.getCalibration().frameInterval);
		for (int i = 1; i <= expected.getStackSize(); i++)
			assertTrue(Arrays.deepEquals(new Object[] { expected.getStack().getPixels(i) }, new Object[] { found.getStack()
				.getPixels(i) }), "plane " + i);
	}

	@ParameterizedTest
	@ValueSource(ints = { 8, 16, 32 })
	void whatIsSavedOpensInMemoryAndVirtually(final int bits) {
		final long before = Engine.memoryInUse();
		final ImagePlus imp = Pictures.hyperstack("a b.tif", 90, 70, bits, 2, 3, 2);
		final File file = save(imp, "\u7ec6 " + bits + ".zarr", Levels.AUTO);
		final ImagePlus memory = open(file, Hold.MEMORY);
		final ImagePlus virtual = open(file, Hold.VIRTUAL);
		assertFalse(memory.getStack().isVirtual());
		assertTrue(virtual.getStack().isVirtual());
		assertSame(imp, memory);
		assertSame(imp, virtual);
		assertFalse(open(file, Hold.AUTO).getStack().isVirtual());
		release(virtual);
		assertEquals(before, Engine.memoryInUse());
		assertSame(imp, virtual); // opens again
		assertSame(imp, new Duplicator().run(virtual));
		release(virtual);
		assertEquals(before, Engine.memoryInUse());
	}

	@Test
	void smallerResolutionsOpenWithTheirVoxelSize() {
		final ImagePlus imp = Pictures.hyperstack("x", 400, 260, 16, 1, 2, 1);
		final File file = save(imp, "x.zarr", Levels.AUTO);
		final ImagePlus half = open(new File(file, "1"), Hold.MEMORY);
		assertEquals("200 130 2 0.5", half.getWidth() + " " + half.getHeight() + " " + half.getNSlices() + " " + half
			.getCalibration().pixelWidth);
	}

	@Test
	void channelsKeepTheirNames() {
		final ImagePlus imp = Pictures.hyperstack("x", 40, 30, 8, 2, 2, 1);
		for (int i = 1; i <= 4; i++)
			imp.getStack().setSliceLabel(i % 2 == 1 ? "DAPI" : "r\u00f6t", i);
		final File file = save(imp, "x.zarr", Levels.AUTO);
		try (Job job = new Job(); EngineImage image = EngineImage.open(job, file.getPath())) {
			assertEquals("DAPI r\u00f6t", image.channelName(0) + " " + image.channelName(1));
		}
		for (final Hold hold : new Hold[] { Hold.MEMORY, Hold.VIRTUAL }) {
			final ImagePlus found = open(file, hold);
			assertEquals("DAPI", found.getStack().getSliceLabel(3));
			assertEquals("r\u00f6t", found.getStack().getSliceLabel(4));
			if (hold == Hold.VIRTUAL) release(found);
		}
	}

	@Test
	void coloursBecomeThreeChannels() {
		final ImagePlus imp = Pictures.plane("x", 90, 70, 24);
		final ImagePlus found = open(save(imp, "x.zarr", Levels.AUTO), Hold.MEMORY);
		assertEquals("8 3", found.getBitDepth() + " " + found.getNChannels());
		for (int c = 0; c < 3; c++)
			assertArrayEquals((byte[]) ((ColorProcessor) imp.getProcessor()).getChannel(c + 1, null).getPixels(),
				(byte[]) found.getStack().getPixels(c + 1));
		assertEquals("Green", found.getStack().getSliceLabel(2));
	}

	/** Means of 0 and 7 would be classes that are not there. */
	@Test
	void smallerResolutionsOfNumbersAreNotAveraged() {
		final ImagePlus imp = Pictures.plane("x", 200, 120, 8);
		for (int i = 0; i < 200 * 120; i++)
			imp.getProcessor().set(i, i % 2 == 0 ? 0 : 7);
		assertEquals("[0]", levels(save(imp, "nearest.zarr", Levels.NEAREST)));
		assertFalse(levels(save(imp, "mean.zarr", Levels.MEAN)).startsWith("[0"));
		assertFalse(levels(save(imp, "grey.zarr", Levels.AUTO)).startsWith("[0"));
		LabelColours.apply(imp, 7);
		assertEquals("[0]", levels(save(imp, "auto.zarr", Levels.AUTO)));
		final ImagePlus floats = Pictures.plane("f", 80, 80, 32);
		assertThrows(BrushwoodException.class, () -> save(floats, "f.zarr", Levels.NEAREST));
		final ImagePlus colours = new ImagePlus("rgb", new ColorProcessor(80, 80));
		assertThrows(BrushwoodException.class, () -> save(colours, "rgb.zarr", Levels.NEAREST));
	}

	private static String levels(final File file) {
		final byte[] pixels = (byte[]) open(new File(file, "1"), Hold.MEMORY).getProcessor().getPixels();
		final TreeSet<Integer> values = new TreeSet<>();
		for (final byte pixel : pixels)
			values.add(pixel & 255);
		return values.toString();
	}

	/** Models get the pixels of a virtual stack directly from the folder, of one that was changed plane by plane. */
	@Test
	void virtualStacksAreClassifiedAsThoseInMemory() {
		final ImagePlus imp = Pictures.hyperstack("x", 60, 50, 8, 1, 3, 2);
		final String model = SmallModel.write(imp, folder.resolve("m.brushwood"));
		final ImagePlus virtual = open(save(imp, "x.zarr", Levels.AUTO), Hold.VIRTUAL);
		final List<Output> both = Arrays.asList(Output.PROBABILITIES, Output.LABELS);
		final Segmentation expected = Segmentation.of(Jobs.defaults(), imp, model, both, null);
		final Segmentation found = Segmentation.of(Jobs.defaults(), virtual, model, both, null);
		try (Job job = new Job()) {
			try (EngineImage direct = ((ZarrStack) virtual.getStack()).open(job, virtual)) {
				assertNotNull(direct);
			}
			for (final Output output : both)
				assertSame(expected.get(output), found.get(output));
			virtual.getCalibration().frameInterval = 7;
			assertNull(((ZarrStack) virtual.getStack()).open(job, virtual));
		}
		final Segmentation planes = Segmentation.of(Jobs.defaults(), virtual, model, both, null);
		assertEquals(7, planes.get(Output.LABELS).getCalibration().frameInterval);
		for (int i = 1; i <= 6; i++)
			assertArrayEquals((byte[]) expected.get(Output.LABELS).getStack().getPixels(i), (byte[]) planes.get(Output.LABELS)
				.getStack().getPixels(i));
		virtual.getStack().deleteSlice(1);
		assertEquals(5, virtual.getStackSize());
		assertArrayEquals((byte[]) imp.getStack().getPixels(2), (byte[]) virtual.getStack().getPixels(1));
		release(virtual);
	}

	@Test
	void aDamagedChunkIsToldAndOnlyItsPlanesFail() throws Exception {
		final ImagePlus imp = Pictures.hyperstack("x", 60, 50, 8, 1, 2, 2);
		final File file = save(imp, "x.zarr", Levels.AUTO);
		final List<Path> chunks;
		try (Stream<Path> all = Files.walk(file.toPath().resolve("0/1"))) {
			chunks = all.filter(Files::isRegularFile).collect(Collectors.toList());
		}
		assertEquals(1, chunks.size());
		Files.write(chunks.get(0), new byte[9]);
		final ImagePlus virtual = open(file, Hold.VIRTUAL);
		assertArrayEquals((byte[]) imp.getStack().getPixels(2), (byte[]) virtual.getStack().getPixels(2));
		final EngineException told = assertThrows(EngineException.class, () -> ((ZarrStack) virtual.getStack()).plane(3));
		assertTrue(told.getMessage().contains(chunks.get(0).toString()), told.getMessage());
		assertThrows(EngineException.class, () -> virtual.getStack().getProcessor(3));
		final byte[][] shown = new byte[1][];
		final Thread window = new Thread(() -> shown[0] = (byte[]) virtual.getStack().getPixels(3), "zSelector");
		window.start();
		window.join();
		assertEquals(60 * 50, shown[0].length); // a text in place of the pixels
		assertTrue(new String(shown[0], StandardCharsets.ISO_8859_1).indexOf('\u00ff') >= 0);
		final String model = SmallModel.write(imp, folder.resolve("m.brushwood"));
		for (final double interval : new double[] { virtual.getCalibration().frameInterval, 9 }) {
			virtual.getCalibration().frameInterval = interval;
			final RuntimeException refused = assertThrows(RuntimeException.class, () -> Segmentation.of(Jobs.defaults(),
				virtual, model, Collections.singletonList(Output.LABELS), null));
			assertTrue(refused.getMessage().contains(chunks.get(0).toString()), refused.getMessage());
		}
		final RuntimeException whole = assertThrows(RuntimeException.class, () -> open(file, Hold.MEMORY));
		assertTrue(whole.getMessage().contains(chunks.get(0).toString()), whole.getMessage());
		release(virtual);
	}

	@Test
	void theFolderIsNotReplacedWhileItsPixelsAreShown() {
		final ImagePlus imp = Pictures.hyperstack("x", 60, 50, 8, 1, 2, 2);
		final File file = save(imp, "x.zarr", Levels.AUTO);
		final ImagePlus level = open(new File(file, "0"), Hold.VIRTUAL);
		assertThrows(BrushwoodException.class, () -> save(level, "x.zarr", Levels.AUTO));
		final String model = SmallModel.write(imp, folder.resolve("m.brushwood"));
		assertThrows(BrushwoodException.class, () -> Segmentation.toFiles(Jobs.defaults(), level, model, Collections
			.singletonList(Output.LABELS), null, file.getPath()));
		assertSame(imp, open(file, Hold.MEMORY));
		assertSame(imp, open(save(level, "copy.zarr", Levels.AUTO), Hold.MEMORY));
		release(level);
	}

	@Test
	void escapeLeavesNothing() {
		final ImagePlus imp = Pictures.hyperstack("x", 600, 500, 8, 1, 40, 1);
		assertThrows(CancelledException.class, () -> ZarrExport.write(stopping(0.3), imp, folder.resolve("x.zarr").toFile(),
			new ZarrOptions(), new long[3], Levels.AUTO));
		assertArrayEquals(new String[0], folder.toFile().list());
		final File file = save(imp, "x.zarr", Levels.AUTO);
		final long before = Engine.memoryInUse();
		assertThrows(CancelledException.class, () -> ZarrImages.open(stopping(0), file, Hold.MEMORY, "x"));
		assertEquals(before, Engine.memoryInUse());
	}

	/** Jobs that are cancelled when so much of the work is done. */
	private static Jobs stopping(final double at) {
		return new Jobs(1, 0, new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return fraction < at;
			}

			@Override
			public void status(final String text) {
				// nobody is listening
			}
		});
	}

	@Test
	void imageFilesTakeFolders() {
		final ImagePlus imp = Pictures.hyperstack("x", 60, 50, 8, 1, 2, 2);
		final File file = save(imp, "x.zarr", Levels.AUTO);
		assertSame(imp, ImageFiles.openImage(file.getPath()));
		try (Job job = new Job(); EngineImage image = ImageFiles.read(job, file.getPath())) {
			assertFalse(image.isStreamed());
			assertSame(imp, ImagePlusAdapter.toImagePlus(image, "x"));
		}
		assertTrue(ImageFiles.exists(file) && ImageFiles.mayHaveSize(file.getPath(), 60, 50) && !ImageFiles.mayHaveSize(file
			.getPath(), 50, 60));
		assertThrows(BrushwoodException.class, () -> ImageFiles.openImage(folder.toString()));
	}
}
