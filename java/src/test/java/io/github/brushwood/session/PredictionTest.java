package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.CompositeImage;
import ij.ImagePlus;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Output;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Applying models to open images. */
class PredictionTest {

	private static final List<Output> PROBABILITIES = Collections.singletonList(Output.PROBABILITIES);
	private static final List<Output> LABELS = Collections.singletonList(Output.LABELS);
	private static final List<Output> BOTH = Arrays.asList(Output.PROBABILITIES, Output.LABELS);
	private static final List<Output> ALL = Arrays.asList(Output.values());

	@TempDir
	Path folder;

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	private String model(final ImagePlus imp) {
		return SmallModel.write(imp, folder.resolve("m.brushwood"));
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,2,3,2", "24,1,1,1", "32,1,4,1" })
	void resultsKeepDimensionsCalibrationAndLabels(final int bits, final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("x.tif", 48, 40, bits, c, z, t);
		final String model = model(imp);
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model, BOTH, null);
		final ImagePlus p = s.get(Output.PROBABILITIES);
		final ImagePlus l = s.get(Output.LABELS);
		assertEquals("Probabilities of x.tif", p.getTitle());
		assertEquals("Segmentation of x.tif", l.getTitle());
		assertArrayEquals(new int[] { 48, 40, 2, z, t }, p.getDimensions());
		assertArrayEquals(new int[] { 48, 40, 1, z, t }, l.getDimensions());
		for (final ImagePlus result : new ImagePlus[] { p, l }) {
			assertEquals(0.75, result.getCalibration().pixelDepth);
			assertEquals(imp.getCalibration().getUnit(), result.getCalibration().getUnit());
			assertEquals(2.5, result.getCalibration().frameInterval);
		}
		final String label = imp.getStack().getSliceLabel(imp.getStackIndex(1, z, t));
		assertEquals(label, l.getStack().getSliceLabel(l.getStackIndex(1, z, t)));
		assertEquals("ground: " + label, p.getStack().getSliceLabel(p.getStackIndex(2, z, t)));
	}

	@Test
	void labelsAndProbabilitiesShowTheClassColours() {
		final ImagePlus imp = Pictures.plane("x.tif", 48, 40, 8);
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model(imp), BOTH, null);
		assertEquals(0xFF8800, s.get(Output.LABELS).getProcessor().getColorModel().getRGB(1) & 0xFFFFFF);
		assertEquals(0, s.get(Output.LABELS).getProcessor().getColorModel().getRGB(0) & 0xFFFFFF);
		assertEquals(1, s.get(Output.LABELS).getProcessor().get(12, 12));
		assertEquals(2, s.get(Output.LABELS).getProcessor().get(0, 0));
		final CompositeImage p = (CompositeImage) s.get(Output.PROBABILITIES);
		assertEquals(0xFF8800, p.getChannelLut(1).getRGB(255) & 0xFFFFFF);
		assertEquals(0, p.getChannelLut(2).min);
		assertEquals(1, p.getChannelLut(2).max);
		assertEquals(1, p.getStack().getVoxel(12, 12, 0) + p.getStack().getVoxel(12, 12, 1), 1e-6);
	}

	@Test
	void onlyWhatWasAskedForIsMade() {
		final ImagePlus imp = Pictures.plane("x.tif", 48, 40, 8);
		final String model = model(imp);
		assertNull(Segmentation.of(Jobs.defaults(), imp, model, LABELS, null).get(Output.PROBABILITIES));
		assertNull(Segmentation.of(Jobs.defaults(), imp, model, PROBABILITIES, null).get(Output.LABELS));
	}

	@Test
	void uncertaintyAndEntropyFollowFromTheProbabilities() {
		final ImagePlus imp = Pictures.hyperstack("x.tif", 48, 40, 8, 1, 3, 1);
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model(imp), ALL, null);
		final List<String> titles = new ArrayList<>();
		for (final ImagePlus image : s.images())
			titles.add(image.getTitle());
		assertEquals(Arrays.asList("Entropy of x.tif", "Uncertainty of x.tif", "Probabilities of x.tif",
			"Segmentation of x.tif"), titles);
		final ImagePlus p = s.get(Output.PROBABILITIES);
		for (int i = 0; i < 48 * 40; i++) {
			final double first = p.getStack().getProcessor(p.getStackIndex(1, 2, 1)).getf(i);
			final double second = p.getStack().getProcessor(p.getStackIndex(2, 2, 1)).getf(i);
			final double entropy = -(first > 0 ? first * Math.log(first) : 0) - (second > 0 ? second * Math.log(second) : 0);
			assertEquals(1 - Math.abs(first - second), s.get(Output.UNCERTAINTY).getStack().getProcessor(2).getf(i), 1e-5);
			assertEquals(entropy / Math.log(2), s.get(Output.ENTROPY).getStack().getProcessor(2).getf(i), 1e-4);
		}
		assertEquals("plane 2", s.get(Output.UNCERTAINTY).getStack().getSliceLabel(2));
		assertEquals(0.75, s.get(Output.ENTROPY).getCalibration().pixelDepth);
		assertEquals(1, s.get(Output.ENTROPY).getDisplayRangeMax());
	}

	@Test
	void assumptionsAreReported() {
		final String model = model(Pictures.hyperstack("x.tif", 48, 40, 32, 1, 3, 1));
		final ImagePlus odd = Pictures.hyperstack("odd.tif", 48, 40, 32, 1, 3, 1);
		odd.setCalibration(null);
		odd.getStack().setVoxel(3, 3, 1, Double.NaN);
		odd.getStack().setVoxel(4, 3, 1, Double.POSITIVE_INFINITY);
		final List<String> notes = Segmentation.of(Jobs.defaults(), odd, model, LABELS, null).notes();
		assertEquals(2, notes.size(), notes.toString());
		assertTrue(notes.get(0).startsWith("2 NaN or infinite pixels of 'odd.tif'"), notes.toString());
		assertTrue(notes.get(1).contains("no calibration"), notes.toString());
		final ImagePlus flat = Pictures.plane("x.tif", 48, 40, 8);
		final String model2d = model(flat);
		final ImagePlus stack = Pictures.hyperstack("s.tif", 48, 40, 8, 1, 3, 1);
		assertTrue(Segmentation.of(Jobs.defaults(), stack, model2d, LABELS, null).notes().toString().contains(
			"slice by slice"));
	}

	@Test
	void otherChannelsAreAnError() {
		final String model = model(Pictures.plane("x.tif", 48, 40, 8));
		assertThrows(EngineException.class, () -> Segmentation.of(Jobs.defaults(), Pictures.plane("rgb.tif", 48, 40, 24),
			model, LABELS, null));
	}
}
