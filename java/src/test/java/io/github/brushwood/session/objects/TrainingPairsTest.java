package io.github.brushwood.session.objects;

import static io.github.brushwood.session.objects.Scenes.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import ij.Prefs;
import ij.process.ImageProcessor;

import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.objects.TrainingPairs.Layout;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pairs of files for Cellpose and StarDist. */
class TrainingPairsTest {

	private static final int W = 37;
	private static final int H = 29;

	@TempDir
	Path folder;

	private TrainingPairs pairs(final Layout first, final Layout... others) {
		return new TrainingPairs(folder.toFile(), EnumSet.of(first, others));
	}

	/** Relative paths of all files, sorted, with / between folders. */
	private List<String> files() throws Exception {
		try (Stream<Path> all = Files.walk(folder)) {
			return all.filter(Files::isRegularFile).map(path -> folder.relativize(path).toString().replace('\\', '/')).sorted()
				.collect(Collectors.toList());
		}
	}

	private ImagePlus open(final String name) {
		return Pictures.open(folder.resolve(name).toString());
	}

	private LabelImage labels(final String name) {
		return LabelReader.read(Jobs.defaults(), folder.resolve(name).toFile());
	}

	@Test
	void planesArePairs() throws Exception {
		final LabelImage labels = Scenes.random(W, H, 1, 1, 9);
		final ImagePlus imp = Pictures.plane("a:b/c.tif", W, H, 16);
		Pictures.calibrate(imp);
		final boolean byteOrder = Prefs.intelByteOrder;
		Prefs.intelByteOrder = false;
		final TrainingPairs pairs = pairs(Layout.CELLPOSE, Layout.STARDIST, Layout.ROIS);
		pairs.add(imp, labels, "a:b/c");
		assertEquals(Arrays.asList("a_b_c.tif", "a_b_c_masks.tif", "a_b_c_rois.zip", "images/a_b_c.tif",
			"masks/a_b_c.tif"), files());
		assertEquals(5, pairs.written());
		for (final String name : new String[] { "a_b_c_masks.tif", "masks/a_b_c.tif" }) {
			Scenes.assertSame(labels, labels(name));
			assertEquals(16, open(name).getBitDepth());
			assertEquals(0.25, open(name).getCalibration().pixelWidth, 1e-9);
			assertEquals('I', Files.readAllBytes(folder.resolve(name))[0], "little-endian");
		}
		for (final String name : new String[] { "a_b_c.tif", "images/a_b_c.tif" })
			assertArrayEquals((short[]) imp.getProcessor().getPixels(), (short[]) open(name).getProcessor().getPixels());
		Scenes.assertSame(labels, LabelReader.read(Jobs.defaults(), folder.resolve("a_b_c_rois.zip").toFile(), W, H, 1, 1));
		assertFalse(Prefs.intelByteOrder, "ImageJ's own byte order is as it was");
		Prefs.intelByteOrder = byteOrder;
	}

	@Test
	void slicesAndFramesHaveTheirNumbers() throws Exception {
		final LabelImage labels = Scenes.random(W, H, 3, 2, 9);
		labels.setPlane(1, 1, new int[W * H]);
		final ImagePlus imp = Pictures.hyperstack("s.tif", W, H, 8, 2, 3, 2);
		final TrainingPairs pairs = pairs(Layout.STARDIST).skipEmpty(true).channel(2);
		pairs.add(imp, labels, "s");
		assertEquals(1, pairs.skipped());
		assertEquals(10, pairs.written());
		assertTrue(files().contains("masks/s_t001_z003.tif") && !files().contains("images/s_t002_z002.tif"), files()
			.toString());
		assertArrayEquals(labels.plane(2, 0), labels("masks/s_t001_z003.tif").plane(0, 0));
		assertEquals(1, open("images/s_t001_z003.tif").getNChannels());
		assertArrayEquals((byte[]) imp.getStack().getPixels(imp.getStackIndex(2, 3, 1)), (byte[]) open(
			"images/s_t001_z003.tif").getProcessor().getPixels());
	}

	@Test
	void stacksStayTogether() throws Exception {
		final LabelImage labels = Scenes.random(W, H, 3, 2, 9);
		final ImagePlus imp = Pictures.hyperstack("s.tif", W, H, 16, 2, 3, 2);
		pairs(Layout.CELLPOSE, Layout.ROIS).stacks(true).add(imp, labels, "s");
		assertEquals(Arrays.asList("s_rois.zip", "s_t001.tif", "s_t001_masks.tif", "s_t002.tif", "s_t002_masks.tif"),
			files());
		Scenes.assertSame(labels.part(0, 3, 1, 2), labels("s_t002_masks.tif"));
		final ImagePlus image = open("s_t002.tif");
		assertEquals("2 3 1", image.getNChannels() + " " + image.getNSlices() + " " + image.getNFrames());
		assertEquals(0.75, image.getCalibration().pixelDepth, 1e-9);
		assertArrayEquals((short[]) imp.getStack().getPixels(imp.getStackIndex(2, 3, 2)), (short[]) image.getStack()
			.getPixels(image.getStackIndex(2, 3, 1)));
		Scenes.assertSame(labels, LabelReader.read(Jobs.defaults(), folder.resolve("s_rois.zip").toFile(), W, H, 3, 2));
	}

	@ParameterizedTest
	@ValueSource(ints = { 8, 24, 32 })
	void imagesOfEveryTypeStay(final int bits) {
		final ImagePlus imp = Pictures.plane("i.tif", W, H, bits);
		pairs(Layout.CELLPOSE).add(imp, Scenes.random(W, H, 1, 1, 9), "i");
		final ImageProcessor made = open("i.tif").getProcessor();
		final int mask = bits == 24 ? 0xFFFFFF : -1; // colours may be opaque or not
		assertEquals(bits, made.getBitDepth());
		for (int i = 0; i < W * H; i++)
			assertEquals(imp.getProcessor().get(i) & mask, made.get(i) & mask);
	}

	/** In the order of the numbers; each pair for itself, slices of a stack together. */
	@Test
	void numbersAboveSixteenBitsAreCountedAnew() {
		final LabelImage labels = new LabelImage(W, H, 2, 1);
		final int[] first = new int[W * H];
		first[3] = 70000;
		first[5] = 12;
		labels.setPlane(0, 0, first);
		final int[] second = new int[W * H];
		second[0] = 65536;
		labels.setPlane(1, 0, second);
		pairs(Layout.CELLPOSE).stacks(true).add(Pictures.hyperstack("n", W, H, 8, 1, 2, 1), labels, "n");
		final LabelImage found = labels("n_masks.tif");
		assertEquals("1 3 2", found.plane(0, 0)[5] + " " + found.plane(0, 0)[3] + " " + found.plane(1, 0)[0]);
	}

	@Test
	void filesThatExistStay() throws Exception {
		final ImagePlus imp = Pictures.plane("e.tif", W, H, 8);
		final LabelImage labels = Scenes.random(W, H, 1, 1, 9);
		Files.write(folder.resolve("e.tif"), new byte[] { 7 });
		assertRefused(() -> pairs(Layout.CELLPOSE, Layout.STARDIST).add(imp, labels, "e"), "e.tif", "exists already",
			"overwrite");
		assertEquals(Arrays.asList("e.tif"), files());
		assertEquals(1, Files.size(folder.resolve("e.tif")));
		pairs(Layout.CELLPOSE).overwrite(true).add(imp, labels, "e");
		assertEquals(Arrays.asList("e.tif", "e_masks.tif"), files());
		Scenes.assertSame(labels, labels("e_masks.tif"));
		final TrainingPairs twice = pairs(Layout.CELLPOSE).overwrite(true);
		twice.add(imp, labels, "e");
		assertRefused(() -> twice.add(imp, labels, "E"), "Two images");
	}

	@Test
	void whatMakesNoPair() throws Exception {
		final LabelImage labels = Scenes.random(W, H, 1, 1, 9);
		final ImagePlus imp = Pictures.plane("x.tif", W, H, 8);
		assertRefused(() -> pairs(Layout.CELLPOSE).add(Pictures.plane("y.tif", W, 28, 8), labels, "y"), "'y.tif'",
			"37 x 29", "37 x 28");
		assertRefused(() -> pairs(Layout.CELLPOSE).channel(2).add(imp, labels, "x"), "no channel 2");
		assertRefused(() -> pairs(Layout.CELLPOSE).add(imp, labels, "x_Masks"), "x_Masks.tif", "another name");
		assertRefused(() -> pairs(Layout.CELLPOSE).add(imp, labels, " .. "), "no name for files");
		assertRefused(() -> pairs(Layout.ROIS).add(imp, new LabelImage(W, H, 1, 1), "x"), "no objects");
		assertEquals(Arrays.asList(), files());
		final int[] many = new int[300 * 300];
		Arrays.setAll(many, i -> i);
		final LabelImage full = new LabelImage(300, 300, 1, 1);
		full.setPlane(0, 0, many);
		assertRefused(() -> pairs(Layout.CELLPOSE).add(Pictures.plane("f.tif", 300, 300, 8), full, "f"), "89999 objects");
		final Path file = Files.write(folder.resolve("file"), new byte[1]);
		assertRefused(() -> new TrainingPairs(new File(file.toFile(), "in"), EnumSet.of(Layout.CELLPOSE)).add(imp, labels,
			"x"), "could not be made");
	}

	private void touch(final String... names) throws Exception {
		for (final String name : names) {
			Files.createDirectories(folder.resolve(name).getParent());
			Files.write(folder.resolve(name), new byte[1]);
		}
	}

	private PairedFolders paired(final String images, final String objects) {
		return new PairedFolders(folder.resolve(images).toFile(), folder.resolve(objects).toFile());
	}

	private static String names(final Collection<File> files) {
		return files.stream().map(File::getName).collect(Collectors.toList()).toString();
	}

	@Test
	void foldersArePairedByName() throws Exception {
		touch("i/a.tif", "i/b.png", "i/c.tif", "i/d_labels.tif", "l/a_cp_masks.png", "l/b.zip", "l/d_labels.png",
			"l/notes.txt");
		final PairedFolders two = paired("i", "l");
		assertEquals("[a.tif, b.png, d_labels.tif]", names(two.pairs().keySet()));
		assertEquals("[a_cp_masks.png, b.zip, d_labels.png]", names(two.pairs().values()));
		assertEquals(1, two.alone());
		touch("one/a.tif", "one/a_masks.tif", "one/b.jpg");
		assertEquals(1, paired("one", "one/../one").pairs().size());
		touch("l/a.tif");
		assertRefused(() -> paired("i", "l"), "image 'a'", "Keep one");
		touch("m/z_masks.tif");
		assertRefused(() -> paired("i", "m"), "z_masks.tif", "no image named 'z'");
		touch("n/readme.txt");
		assertRefused(() -> paired("i", "n"), "holds no objects");
		assertRefused(() -> paired("i", "absent"), "absent", "does not exist");
	}

	/** A file that ImageJ's own reader opens as the same picture. */
	@Test
	void imagejOpensThem() {
		final LabelImage labels = Scenes.random(W, H, 1, 1, 300);
		pairs(Layout.CELLPOSE).add(Pictures.plane("j.tif", W, H, 8), labels, "j");
		final ImagePlus masks = IJ.openImage(folder.resolve("j_masks.tif").toString());
		Scenes.assertSame(labels, LabelImage.of(masks, "j"));
	}
}
