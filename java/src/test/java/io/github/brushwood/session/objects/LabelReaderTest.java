package io.github.brushwood.session.objects;

import static io.github.brushwood.session.objects.Scenes.HEIGHT;
import static io.github.brushwood.session.objects.Scenes.WIDTH;
import static io.github.brushwood.session.objects.Scenes.assertRefused;
import static io.github.brushwood.session.objects.Scenes.file;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.io.FileSaver;
import ij.process.FloatProcessor;

import io.github.brushwood.engine.EngineException;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

import javax.imageio.ImageIO;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LabelReaderTest {

	@TempDir
	Path folder;

	private static LabelImage read(final File file) {
		return LabelReader.read(Jobs.defaults(), file);
	}

	private static LabelImage read(final File file, final int slices, final int frames) {
		return LabelReader.read(Jobs.defaults(), file, WIDTH, HEIGHT, slices, frames);
	}

	@ParameterizedTest
	@CsvSource({ "cells_cp_masks.png,2731", "cells_cp_masks.tif,2731", "grey8_cp_masks.png,1" })
	void numbersOfCellposeAreExact(final String name, final int step) {
		assertArrayEquals(Scenes.rectangles(step), read(file(name)).plane(0, 0));
		final ImagePlus imp = LabelReader.readLogged(file(name), WIDTH, HEIGHT, 1, 1).toImagePlus("x");
		assertEquals(16, imp.getBitDepth());
		for (int i = 0; i < WIDTH * HEIGHT; i++)
			assertEquals(Scenes.rectangles(step)[i], imp.getProcessor().get(i));
	}

	/** Planes of a TIFF that names no axes, of 32-bit integers, as slices or frames. */
	@ParameterizedTest
	@CsvSource({ "4,1", "1,4", "2,2" })
	void stacksOfIntegersAreExact(final int slices, final int frames) {
		final LabelImage labels = read(file("stack_cp_masks.tif"), slices, frames);
		final int[] steps = { 0, 700001, -1, 2 };
		for (int i = 0; i < 4; i++)
			assertArrayEquals(steps[i] < 0 ? new int[WIDTH * HEIGHT] : Scenes.rectangles(steps[i]), labels.plane(i % slices, i /
				slices));
		final ImagePlus imp = labels.toImagePlus("x");
		assertEquals(32, imp.getBitDepth());
		assertEquals(1 + 23 * 700001, (int) imp.getStack().getProcessor(2).getf(WIDTH * HEIGHT - WIDTH - 2));
		assertEquals(slices, imp.getNSlices());
		assertEquals(47, labels.count()); // 1 in all three planes that have objects, 23 more in two of them
	}

	@Test
	void indicesOfColoursAreNumbers() throws Exception {
		final byte[] colours = new byte[256];
		for (int i = 0; i < 256; i++)
			colours[i] = (byte) (i * 37);
		final BufferedImage image = new BufferedImage(5, 1, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 256,
			colours, colours, colours));
		image.getRaster().setSamples(0, 0, 5, 1, 0, new int[] { 0, 1, 7, 200, 255 });
		final File file = folder.resolve("palette.png").toFile();
		ImageIO.write(image, "png", file);
		assertArrayEquals(new int[] { 0, 1, 7, 200, 255 }, read(file).plane(0, 0));
	}

	@Test
	void picturesInColoursAreNoLabels() throws Exception {
		final File png = folder.resolve("rgb.png").toFile();
		ImageIO.write(new BufferedImage(5, 4, BufferedImage.TYPE_INT_RGB), "png", png);
		assertRefused(() -> read(png), "rgb.png", "3 channels");
		final File jpeg = folder.resolve("a.jpg").toFile();
		ImageIO.write(new BufferedImage(5, 4, BufferedImage.TYPE_BYTE_GRAY), "jpg", jpeg);
		assertRefused(() -> read(jpeg), "a.jpg", "JPEG", "TIFF or PNG");
	}

	@ParameterizedTest
	@ValueSource(floats = { 0.5f, -1, Float.NaN, Float.POSITIVE_INFINITY, 16777216f })
	void valuesThatAreNoNumbersOfObjects(final float value) {
		final String path = folder.resolve("p.tif").toString();
		final ImagePlus imp = new ImagePlus("p", new FloatProcessor(2, 1, new float[] { 1, value }));
		assertTrue(new FileSaver(imp).saveAsTiff(path));
		final String shown = Float.isNaN(value) || Float.isInfinite(value) ? String.valueOf(value) : value == 16777216f
			? "16777216" : value == 0.5f ? "0.5" : "-1";
		assertRefused(() -> read(new File(path)), "p.tif", "the value " + shown + ".", "Brushwood Label Objects");
		assertRefused(() -> LabelImage.of(imp, "X"), "X holds the value " + shown);
	}

	/** A 32-bit integer that a float would round to a neighbour. */
	@Test
	void integersThatFloatsCannotHoldAreRefused() throws Exception {
		final File file = integers(1, (1 << 24) - 1);
		assertArrayEquals(new int[] { 1, LabelImage.MAX }, read(file).plane(0, 0));
		assertRefused(() -> read(integers(1, (1 << 24) + 1)), "the value 16777216.", "to 16777215");
	}

	/** A TIFF of one row of unsigned 32-bit integers. */
	private File integers(final int... values) throws Exception {
		final int[][] tags = { { 256, values.length }, { 257, 1 }, { 258, 32 }, { 259, 1 }, { 262, 1 }, { 273, 8 },
			{ 277, 1 }, { 278, 1 }, { 279, 4 * values.length }, { 339, 1 } };
		final int start = 8 + 4 * values.length;
		final ByteBuffer tiff = ByteBuffer.allocate(start + 2 + 12 * tags.length + 4).order(ByteOrder.LITTLE_ENDIAN);
		tiff.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(start);
		for (final int value : values)
			tiff.putInt(value);
		tiff.putShort((short) tags.length);
		for (final int[] tag : tags)
			tiff.putShort((short) tag[0]).putShort((short) 4).putInt(1).putInt(tag[1]);
		tiff.putInt(0);
		return Files.write(folder.resolve("integers" + values[1] + ".tif"), tiff.array()).toFile();
	}

	/** Rois of StarDist against the label image that StarDist drew of the same stars: the earlier one is above. */
	@Test
	void starsAreThoseOfStarDist() {
		final LabelImage drawn = read(file("stars.tif"), 2, 1);
		final LabelImage labels = read(file("stars.zip"), 2, 1);
		assertEquals(12, labels.count());
		int same = 0;
		int covered = 0;
		for (int z = 0; z < 2; z++) {
			final int[] wanted = drawn.plane(z, 0);
			final int[] found = labels.plane(z, 0);
			for (int i = 0; i < wanted.length; i++) {
				final int number = wanted[i] == 0 ? 0 : wanted[i] + 6 * z; // StarDist counts from 1 in every image
				if (wanted[i] != 0 || found[i] != 0) covered++;
				if (found[i] == number && number != 0) same++;
			}
		}
		assertEquals(1206, covered);
		assertEquals(covered, same);
	}

	/** As frames, too; in an image without so many slices they have no place. */
	@Test
	void positionsCountSlicesAndFrames() {
		assertArrayEquals(read(file("stars.zip"), 2, 1).plane(1, 0), read(file("stars.zip"), 1, 2).plane(0, 1));
		assertTrue(read(file("stars.zip"), 2, 1).isPlanar());
		assertFalse(read(file("stars.zip"), 1, 2).isPlanar());
		assertRefused(() -> read(file("stars.zip"), 1, 1), "stars.zip", "002_001", "outside the image");
		assertRefused(() -> read(file("stars.zip")), "do not say how large");
	}

	/** Cellpose's outlines go through the centres of the outermost pixels, so the last column and row are lost. */
	@Test
	void outlinesOfCellposeLoseTheirLastRowAndColumn() {
		final LabelImage labels = read(file("cells_rois.zip"), 1, 1);
		final int[] expected = Scenes.rectangles(1);
		for (int i = 0; i < expected.length; i++)
			if (i % WIDTH % 8 == 6 || i / WIDTH % 10 == 8) expected[i] = 0;
		assertArrayEquals(expected, labels.plane(0, 0));
	}

	@Test
	void picklesAreNeverOpened() throws Exception {
		assertRefused(() -> read(file("cells_seg.npy")), "cells_seg.npy", "not read", "Save masks as PNG/tif", "--save_png",
			"--save_tif", "cellpose.io.save_masks");
		assertRefused(() -> LabelReader.readLogged(file("cells_seg.npy"), WIDTH, HEIGHT, 1, 1), "--save_png");
		final byte[] pickle = { (byte) 0x80, 4, (byte) 0x95, 0, 0, 0, 0, 0, 0 };
		for (final String name : new String[] { "a.pkl", "a.npz", "a.png", "a.tif" }) {
			final File file = Files.write(folder.resolve(name), pickle).toFile();
			assertRefused(() -> read(file), name, "pickle", "tifffile.imwrite");
		}
		final File numpy = Files.copy(file("cells_seg.npy").toPath(), folder.resolve("b.tif")).toFile();
		assertRefused(() -> read(numpy), "b.tif", "NumPy");
	}

	@Test
	void whatIsNoFileOfObjects() throws Exception {
		assertRefused(() -> read(folder.resolve("none.tif").toFile()), "none.tif", "does not exist");
		assertRefused(() -> read(folder.toFile()), "is a folder");
		assertRefused(() -> read(file("../hdf5/types.h5")), "types.h5", "Brushwood Open HDF5");
		for (final String name : new String[] { "t.png", "t.tif", "t.txt" }) {
			final File file = Files.write(folder.resolve(name), "not an image".getBytes(StandardCharsets.UTF_8)).toFile();
			final RuntimeException e = assertThrows(RuntimeException.class, () -> read(file));
			assertTrue(e instanceof BrushwoodException || e instanceof EngineException, e.toString());
			assertTrue(e.getMessage().contains(name) && e.getMessage().endsWith("."), e.getMessage());
		}
		final byte[] whole = Files.readAllBytes(file("cells_cp_masks.png").toPath());
		final File cut = Files.write(folder.resolve("cut.png"), Arrays.copyOf(whole, whole.length / 2)).toFile();
		assertRefused(() -> read(cut), "cut.png", "damaged");
	}

	@Test
	void zipsWithoutRois() throws Exception {
		final File empty = folder.resolve("empty.zip").toFile();
		try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(empty.toPath()))) {
			zip.finish();
		}
		assertRefused(() -> read(empty, 1, 1), "empty.zip", "holds no Rois");
		final File other = folder.resolve("other.zip").toFile();
		try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(other.toPath()))) {
			zip.putNextEntry(new ZipEntry("a.tif"));
			zip.write(1);
			zip.closeEntry();
		}
		assertRefused(() -> read(other, 1, 1), "other.zip", "holds no Rois");
		try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(other.toPath()))) {
			zip.putNextEntry(new ZipEntry("a.roi"));
			zip.write(new byte[200]);
			zip.closeEntry();
		}
		assertRefused(() -> read(other, 1, 1), "other.zip", "not a set of ImageJ Rois");
	}

	@Test
	void sizesHaveToFit() {
		assertRefused(() -> LabelReader.readLogged(file("cells_cp_masks.tif"), 48, 41, 1, 1), "48 x 40", "48 x 41");
		assertRefused(() -> read(file("stack_cp_masks.tif"), 3, 1), "4 slices", "3 slices");
	}

	@Test
	void filesBesideImages() throws Exception {
		assertRefused(() -> ObjectFiles.beside(folder.resolve("img.tif").toFile()), "img_cp_masks.png");
		Files.copy(file("cells_seg.npy").toPath(), folder.resolve("img_seg.npy"));
		assertRefused(() -> ObjectFiles.beside(folder.resolve("img.tif").toFile()), "img_seg.npy", "--save_tif");
		Files.copy(file("cells_rois.zip").toPath(), folder.resolve("img_rois.zip"));
		assertEquals("img_rois.zip", ObjectFiles.beside(folder.resolve("img.tif").toFile()).getName());
		Files.copy(file("cells_cp_masks.png").toPath(), folder.resolve("img_cp_masks.png"));
		assertEquals("img_cp_masks.png", ObjectFiles.beside(folder.resolve("img.tif").toFile()).getName());
	}
}
