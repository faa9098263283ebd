package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.ImageStack;
import ij.gui.Overlay;
import ij.gui.Roi;
import ij.measure.ResultsTable;
import ij.plugin.filter.EDM;
import ij.plugin.filter.MaximumFinder;
import ij.plugin.filter.ParticleAnalyzer;
import ij.process.ByteProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.LUT;
import ij.process.ShortProcessor;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.engine.ObjectOptions;
import io.github.brushwood.engine.ObjectOutput;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.Splitting;

import java.awt.Color;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabellingTest {

	@TempDir
	Path folder;

	private long before;

	@BeforeEach
	void count() {
		before = Engine.memoryInUse();
	}

	@AfterEach
	void nothingIsLeft() {
		assertEquals(before, Engine.memoryInUse());
	}

	private static LabelSettings plain() {
		return new LabelSettings(options());
	}

	private static LabelSettings discs() {
		return plain().classes(Collections.singletonList("disc"));
	}

	private static ObjectOptions options() {
		return new ObjectOptions().threshold(0.5).coreThreshold(0).sigma(0).minSize(0).minShare(0).fillHoles(false).split(
			Splitting.NONE);
	}

	private static int particles(final ImagePlus mask, final int slice) {
		final ImageProcessor ip = mask.getStack().getProcessor(slice);
		ip.setThreshold(255, 255, ImageProcessor.NO_LUT_UPDATE);
		final ResultsTable table = new ResultsTable();
		assertTrue(new ParticleAnalyzer(0, 0, table, 0, Double.POSITIVE_INFINITY).analyze(new ImagePlus("", ip), ip));
		return table.size();
	}

	@Test
	void countsAreThoseOfAnalyzeParticlesInEveryFrame() {
		final ImagePlus masks = Blobs.stack(120, 90, 1, 4);
		Pictures.calibrate(masks);
		try (ObjectSource source = ObjectSource.of(masks);
			Labelling labelling = Labelling.of(Jobs.defaults(), source, plain()))
		{
			for (int t = 1; t <= 4; t++)
				assertEquals(particles(masks, t), labelling.objects().count(t - 1));
			final ImagePlus labels = labelling.image(Jobs.defaults(), ObjectOutput.LABELS);
			assertEquals("Objects of stack.tif", labels.getTitle());
			assertEquals(16, labels.getBitDepth());
			assertEquals(4, labels.getNFrames());
			assertEquals(0.25, labels.getCalibration().pixelWidth);
			assertEquals("\u00B5m", labels.getCalibration().getUnit());
			assertEquals(2.5, labels.getCalibration().frameInterval);
			assertEquals(0, labels.getDisplayRangeMin());
			assertEquals(255, labels.getDisplayRangeMax());
			final ImagePlus mask = labelling.image(Jobs.defaults(), ObjectOutput.MASK);
			for (int i = 1; i <= 4; i++)
				assertArrayEquals((byte[]) masks.getStack().getPixels(i), (byte[]) mask.getStack().getPixels(i));
			assertTrue(labelling.summary().matches("[0-9]+ objects in 'stack.tif', threshold 0[.]5[.]"), labelling.summary());
		}
	}

	/** Discs that touch: as many as ImageJ's Find Maxima with segmented output finds in the distance map. */
	@Test
	void touchingDiscsAreSplitAsByFindMaxima() {
		final ByteProcessor mask = new ByteProcessor(130, 130);
		for (int y = 0; y < 130; y++)
			for (int x = 0; x < 130; x++) {
				final int dx = (x + 5) % 24 - 12;
				final int dy = (y + 5) % 24 - 12;
				if (dx * dx + dy * dy <= 150 && x > 2 && y > 2 && x < 125 && y < 125) mask.set(x, y, 255);
			}
		final ImagePlus imp = new ImagePlus("discs", mask);
		final ByteProcessor split = (ByteProcessor) mask.duplicate();
		final FloatProcessor distances = new EDM().makeFloatEDM(split, 0, false);
		final ByteProcessor segmented = new MaximumFinder().findMaxima(distances, 0.5, ImageProcessor.NO_THRESHOLD,
			MaximumFinder.SEGMENTED, false, true);
		for (int i = 0; i < segmented.getPixelCount(); i++)
			segmented.set(i, segmented.get(i) & mask.get(i));
		final int expected = particles(new ImagePlus("", segmented), 1);
		try (ObjectSource source = ObjectSource.of(imp);
			Labelling whole = Labelling.of(Jobs.defaults(), source, plain());
			Labelling parts = Labelling.of(Jobs.defaults(), source, new LabelSettings(options().split(
				Splitting.DISTANCE).depth(0.1))))
		{
			assertEquals(36, expected);
			assertTrue(whole.objects().count() < expected);
			assertEquals(expected, parts.objects().count());
		}
	}

	/** One Roi per object and slice, which covers its pixels and nothing else. */
	@ParameterizedTest
	@CsvSource({ "1,1", "3,1", "1,2", "2,2" })
	void outlinesCoverTheObjects(final int slices, final int frames) {
		final ImagePlus masks = Blobs.stack(110, 90, slices, frames);
		final Overlay present = new Overlay(new Roi(1, 2, 3, 4));
		masks.setOverlay(present);
		try (ObjectSource source = ObjectSource.of(masks);
			Labelling labelling = Labelling.of(Jobs.defaults(), source, plain()))
		{
			final List<Roi> rois = labelling.rois(Jobs.defaults());
			final ImagePlus labels = labelling.image(Jobs.defaults(), ObjectOutput.LABELS);
			assertTrue(rois.size() > 10);
			final ImageStack drawn = new ImageStack(110, 90);
			for (int i = 0; i < slices * frames; i++)
				drawn.addSlice(new ShortProcessor(110, 90));
			for (final Roi roi : rois) {
				final int index = masks.isHyperStack() ? masks.getStackIndex(1, roi.getZPosition(), roi.getTPosition()) : roi
					.getPosition();
				final ImageProcessor plane = drawn.getProcessor(Math.max(index, 1));
				plane.setValue(Integer.parseInt(roi.getProperty(ObjectOutlines.OBJECT)));
				plane.fill(roi);
			}
			for (int i = 1; i <= slices * frames; i++)
				assertArrayEquals((short[]) labels.getStack().getPixels(i), (short[]) drawn.getPixels(i), "plane " + i);
			labelling.overlay(rois);
			labelling.overlay(rois);
			assertEquals(rois.size() + 1, masks.getOverlay().size(), "earlier outlines go, other things stay");
			final String zip = folder.resolve("o.zip").toString();
			Labelling.write(rois, zip);
			assertEquals(rois.size(), RoiSetFile.read(zip).size());
		}
	}

	@Test
	void classesAreNamedAndColoured() {
		final ImagePlus imp = Pictures.plane("x.tif", 64, 64, 8);
		final String model = SmallModel.write(imp, folder.resolve("m.brushwood"));
		imp.setOverlay(null);
		final ImagePlus probabilities = Segmentation.of(Jobs.defaults(), imp, model, Collections.singleton(
			Output.PROBABILITIES), null).get(Output.PROBABILITIES);
		try (ObjectSource source = ObjectSource.of(probabilities);
			ObjectSource same = ObjectSource.of(imp);
			Labelling named = Labelling.of(Jobs.defaults(), source, discs());
			Labelling numbered = Labelling.of(Jobs.defaults(), source, plain().classes(Collections.singletonList("1")));
			Labelling raw = Labelling.of(Jobs.defaults(), same.classify(Jobs.defaults(), model, new PredictOptions(), folder
				.toFile()), discs()))
		{
			assertEquals(named.objects().classNames(), Arrays.asList("disc", "ground"));
			assertEquals(named.objects().count(), numbered.objects().count());
			assertArrayEquals((short[]) named.image(Jobs.defaults(), ObjectOutput.LABELS).getProcessor().getPixels(),
				(short[]) raw.image(Jobs.defaults(), ObjectOutput.LABELS).getProcessor().getPixels());
			assertNull(named.image(Jobs.defaults(), ObjectOutput.LABELS).getStack().getSliceLabel(1));
			assertEquals(0xFF8800, named.rois(Jobs.defaults()).get(0).getStrokeColor().getRGB() & 0xFFFFFF);
			final LUT lut = (LUT) named.image(Jobs.defaults(), ObjectOutput.CLASSES).getProcessor().getLut();
			assertEquals(0xFF8800, lut.getRGB(1) & 0xFFFFFF);
			try (Measurements table = raw.measure(Jobs.defaults())) {
				assertTrue(table.find("mean") >= 0 || table.find("mean:1") >= 0, "intensities of the raw image");
				assertTrue(table.find("probability:2") >= 0, "and probabilities");
			}
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> Labelling.of(Jobs.defaults(), source,
				plain().classes(Collections.singletonList("disk"))));
			assertTrue(e.getMessage().contains("Classes of the image: disc, ground."), e.getMessage());
			assertArrayEquals(new String[] { "m.brushwood" }, folder.toFile().list(), "the rest is in memory");
		}
	}

	/** Probabilities that a quarter of the memory does not hold are in a file until the source is closed. */
	@Test
	void aTemporaryFileGivesTheSameObjects() {
		final ImagePlus imp = Pictures.plane("x.tif", 300, 260, 8);
		final String model = SmallModel.write(imp, folder.resolve("m.brushwood"));
		imp.setOverlay(null);
		final Jobs little = new Jobs(1, 2 << 20, Monitor.NONE);
		try (ObjectSource kept = ObjectSource.of(imp).classify(Jobs.defaults(), model, null, folder.toFile());
			ObjectSource filed = ObjectSource.of(imp).classify(little, model, null, folder.toFile());
			Labelling expected = Labelling.of(Jobs.defaults(), kept, discs());
			Labelling found = Labelling.of(little, filed, discs());
			Measurements some = expected.measure(Jobs.defaults());
			Measurements same = found.measure(little))
		{
			assertEquals(2, folder.toFile().list().length, "model and probabilities");
			assertTrue(found.objects().count() > 3);
			assertArrayEquals((short[]) expected.image(Jobs.defaults(), ObjectOutput.LABELS).getProcessor().getPixels(),
				(short[]) found.image(little, ObjectOutput.LABELS).getProcessor().getPixels());
			final int column = some.find("probability:2");
			assertArrayEquals(some.values(column), same.values(same.find("probability:2")));
		}
		assertArrayEquals(new String[] { "m.brushwood" }, folder.toFile().list());
	}

	/** Channels, slices and frames: a Roi is on its slice and frame in every channel, and results have one channel. */
	@Test
	void hyperstacksOfProbabilities() {
		final ImagePlus masks = Blobs.stack(60, 50, 2, 3);
		final ImageStack stack = new ImageStack(60, 50);
		for (int i = 1; i <= 6; i++) {
			final ImageProcessor inverse = masks.getStack().getProcessor(i).duplicate();
			inverse.invert();
			stack.addSlice("outside", inverse);
			stack.addSlice("inside", masks.getStack().getProcessor(i));
		}
		final ImagePlus both = new ImagePlus("both.tif", stack);
		both.setDimensions(2, 2, 3);
		both.setOpenAsHyperStack(true);
		try (ObjectSource source = ObjectSource.of(both);
			ObjectSource alone = ObjectSource.of(masks);
			Labelling labelling = Labelling.of(Jobs.defaults(), source, plain());
			Labelling expected = Labelling.of(Jobs.defaults(), alone, plain()))
		{
			final List<Roi> rois = labelling.rois(Jobs.defaults());
			final ImagePlus labels = labelling.image(Jobs.defaults(), ObjectOutput.LABELS);
			assertArrayEquals(new int[] { 60, 50, 1, 2, 3 }, labels.getDimensions());
			for (int i = 1; i <= 6; i++)
				assertArrayEquals((short[]) expected.image(Jobs.defaults(), ObjectOutput.LABELS).getStack().getPixels(i),
					(short[]) labels.getStack().getPixels(i), "plane " + i);
			assertEquals(expected.rois(Jobs.defaults()).size(), rois.size());
			for (final Roi roi : rois) {
				assertTrue(roi.hasHyperStackPosition());
				assertEquals(0, roi.getCPosition());
				final ImageProcessor plane = labels.getStack().getProcessor(labels.getStackIndex(1, roi.getZPosition(), roi
					.getTPosition()));
				plane.setRoi(roi);
				assertEquals(Double.parseDouble(roi.getProperty(ObjectOutlines.OBJECT)), plane.getStats().min);
				assertTrue(roi.getName().matches("t00[123]-z00[12]-[0-9]{4}"), roi.getName());
			}
		}
	}

	/** As ImageJ leaves an image whose window was closed. */
	@Test
	void theImageMayBeClosedMeanwhile() {
		final ImagePlus masks = Blobs.stack(60, 50, 2, 1);
		try (ObjectSource source = ObjectSource.of(masks);
			Labelling labelling = Labelling.of(Jobs.defaults(), source, plain()))
		{
			masks.flush();
			assertEquals(2, labelling.image(Jobs.defaults(), ObjectOutput.LABELS).getStackSize());
			assertTrue(labelling.rois(Jobs.defaults()).size() > 3);
		}
	}

	@Test
	void filesHoldTheSameObjects() {
		final ImagePlus masks = Blobs.stack(70, 60, 3, 1);
		masks.setTitle("masks.tif");
		final String path = Pictures.saveTiff(masks, folder);
		try (ObjectSource source = ObjectSource.of(path);
			Labelling labelling = Labelling.of(Jobs.defaults(), source, plain()))
		{
			final LabelFilesPattern pattern = new LabelFilesPattern(folder + "/out/{kind} of {name}.tif", Arrays.asList(
				ObjectOutput.LABELS, ObjectOutput.MASK));
			for (final File file : pattern.of(labelling).values())
				assertFalse(file.exists());
			labelling.write(Jobs.defaults(), ObjectOutput.LABELS, pattern.of(labelling).get(ObjectOutput.LABELS));
			final ImagePlus read = Pictures.open(folder + "/out/objects of masks.tif");
			final ImagePlus shown = labelling.image(Jobs.defaults(), ObjectOutput.LABELS);
			for (int i = 1; i <= 3; i++)
				assertArrayEquals((short[]) shown.getStack().getPixels(i), (short[]) read.getStack().getPixels(i));
			assertThrows(BrushwoodException.class, () -> new LabelFilesPattern(folder + "/{name}.tif", Collections
				.singletonList(ObjectOutput.LABELS)).of(labelling), "the image itself");
		}
		assertThrows(BrushwoodException.class, () -> new LabelFilesPattern(folder + "/{name}.tif", Arrays.asList(
			ObjectOutput.LABELS, ObjectOutput.MASK)));
		assertThrows(BrushwoodException.class, () -> new LabelFilesPattern(folder + "/{name}.png", Collections
			.singletonList(ObjectOutput.LABELS)));
	}

	@Test
	void coloursOfNeighboursDiffer() {
		final LUT lut = LabelColours.lut();
		assertEquals(0, lut.getRGB(0) & 0xFFFFFF);
		for (int i = 1; i < 256; i++) {
			assertTrue(distance(lut, i, 0) > 60, "colour " + i + " against black");
			for (int j = Math.max(1, i - 8); j < i; j++)
				assertTrue(distance(lut, i, j) > 40, "colours " + i + " and " + j);
		}
	}

	private static double distance(final LUT lut, final int i, final int j) {
		double sum = 0;
		for (int shift = 0; shift < 24; shift += 8)
			sum += Math.pow((lut.getRGB(i) >> shift & 255) - (lut.getRGB(j) >> shift & 255), 2);
		return Math.sqrt(sum);
	}

	/** Also the first label of very many is not as black as the background. */
	@ParameterizedTest
	@CsvSource({ "1,16", "255,16", "256,16", "511,16", "512,16", "3000,16", "65535,16", "200,32", "511,32", "512,32",
		"65536,32", "1000000,32", "16777215,32" })
	void everyLabelIsVisible(final int highest, final int bits) {
		final ImageProcessor ip = bits == 16 ? new ShortProcessor(3, 1) : new FloatProcessor(3, 1);
		ip.setf(1, 1);
		ip.setf(2, highest);
		final ImagePlus imp = new ImagePlus("", ip);
		assertEquals(highest, LabelColours.highest(imp));
		LabelColours.apply(imp, highest);
		final ImageProcessor shown = imp.getProcessor().convertToRGB();
		assertEquals(0, shown.get(0) & 0xFFFFFF);
		assertNotEquals(0, shown.get(1) & 0xFFFFFF);
		assertNotEquals(0, shown.get(2) & 0xFFFFFF);
	}

	@Test
	void anImageOfClassNumbersIsTakenAsItIs() {
		final ImagePlus imp = Pictures.plane("x.tif", 64, 64, 8);
		final String model = SmallModel.write(imp, folder.resolve("m.brushwood"));
		imp.setOverlay(null);
		final ImagePlus numbers = Segmentation.of(Jobs.defaults(), imp, model, Collections.singleton(Output.LABELS), null)
			.get(Output.LABELS);
		final ImagePlus mask = numbers.duplicate();
		mask.getProcessor().setLut(LUT.createLutFromColor(Color.white));
		for (int i = 0; i < 64 * 64; i++)
			mask.getProcessor().set(i, numbers.getProcessor().get(i) == 1 ? 255 : 0);
		try (ObjectSource source = ObjectSource.of(numbers);
			ObjectSource other = ObjectSource.of(mask);
			Labelling discs = Labelling.of(Jobs.defaults(), source, discs());
			Labelling parts = Labelling.of(Jobs.defaults(), other, plain()))
		{
			assertTrue(discs.objects().count() > 3);
			assertArrayEquals((short[]) parts.image(Jobs.defaults(), ObjectOutput.LABELS).getProcessor().getPixels(),
				(short[]) discs.image(Jobs.defaults(), ObjectOutput.LABELS).getProcessor().getPixels());
		}
	}

	@Test
	void escStopsAndLeavesNothing() {
		final Monitor impatient = new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return false;
			}

			@Override
			public void status(final String text) {
				// not looked at
			}
		};
		final ImagePlus imp = Pictures.plane("x.tif", 64, 64, 8);
		final String model = SmallModel.write(imp, folder.resolve("m.brushwood"));
		final Jobs jobs = new Jobs(1, 0, impatient);
		try (ObjectSource source = ObjectSource.of(imp); ObjectSource other = ObjectSource.of(imp)) {
			assertThrows(CancelledException.class, () -> source.classify(jobs, model, null, folder.toFile()));
			assertThrows(CancelledException.class, () -> Labelling.of(jobs, other, plain()));
		}
		assertArrayEquals(new String[] { "m.brushwood" }, folder.toFile().list());
	}

	@Test
	void whatHoldsNoProbabilitiesIsTold() {
		try (ObjectSource colour = ObjectSource.of(Pictures.plane("rgb.tif", 30, 20, 24))) {
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> Labelling.of(Jobs.defaults(), colour,
				plain()));
			assertTrue(e.getMessage().contains("'rgb.tif' is a colour image"), e.getMessage());
		}
	}
}
