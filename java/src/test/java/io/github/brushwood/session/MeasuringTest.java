package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.measure.Measurements;
import ij.measure.ResultsTable;
import ij.plugin.filter.Analyzer;
import ij.plugin.filter.ParticleAnalyzer;
import ij.process.ImageProcessor;

import io.github.brushwood.engine.EngineException;

import java.util.Arrays;
import java.util.Collections;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Measures of objects against ImageJ's Analyze Particles. */
class MeasuringTest {

	private static final int ALL = Measurements.AREA | Measurements.PERIMETER | Measurements.CENTROID |
		Measurements.CENTER_OF_MASS | Measurements.ELLIPSE | Measurements.SHAPE_DESCRIPTORS | Measurements.FERET |
		Measurements.MEAN | Measurements.STD_DEV | Measurements.MIN_MAX | Measurements.INTEGRATED_DENSITY;

	/** Ours, ImageJ's, and how far they may be apart relative to ImageJ's value. */
	private static final Object[][] PAIRS = { { "area", "Area", 1e-6 }, { "centroid_x", "X", 1e-6 }, { "centroid_y", "Y",
		1e-6 }, { "mean:1", "Mean", 1e-6 }, { "sd:1", "StdDev", 1e-5 }, { "min:1", "Min", 0.0 }, { "max:1", "Max", 0.0 }, {
			"sum:1", "RawIntDen", 1e-6 }, { "mass_x:1", "XM", 1e-6 }, { "mass_y:1", "YM", 1e-6 }, { "perimeter", "Perim.",
				1e-6 }, { "circularity", "Circ.", 1e-6 }, { "feret_max", "Feret", 1e-6 }, { "feret_min", "MinFeret", 1e-6 }, {
					"major", "Major", 1e-3 }, { "minor", "Minor", 1e-3 }, { "aspect_ratio", "AR", 1e-3 }, { "roundness", "Round",
						1e-3 }, { "solidity", "Solidity", 1e-6 } };

	private static ResultsTable particles(final ImagePlus mask, final ImagePlus values) {
		final ResultsTable table = new ResultsTable();
		final ImageProcessor ip = mask.getProcessor();
		ip.setThreshold(255, 255, ImageProcessor.NO_LUT_UPDATE);
		Analyzer.setRedirectImage(values);
		try {
			final ParticleAnalyzer analyzer = new ParticleAnalyzer(0, ALL, table, 0, Double.POSITIVE_INFINITY);
			assertTrue(analyzer.analyze(mask, ip));
		}
		finally {
			Analyzer.setRedirectImage(null);
		}
		return table;
	}

	private static String id(final io.github.brushwood.engine.Measurements table, final String id) {
		return table.find(id) >= 0 ? id : id.replace(":1", "");
	}

	@ParameterizedTest
	@CsvSource({ "1,1", "2,1", "3,0.325" })
	void measuresAreThoseOfAnalyzeParticles(final int seed, final double pixel) {
		final ImagePlus mask = Blobs.mask(180, 140, seed);
		final ImagePlus values = Blobs.values(mask, seed);
		for (final ImagePlus imp : Arrays.asList(mask, values)) {
			imp.getCalibration().pixelWidth = pixel;
			imp.getCalibration().pixelHeight = pixel;
			if (pixel != 1) imp.getCalibration().setUnit("um");
		}
		final ResultsTable theirs = particles(mask, values);
		final Measuring measuring = new Measuring(mask).image(values);
		try (io.github.brushwood.engine.Measurements ours = measuring.run(Jobs.defaults())) {
			assertTrue(ours.rows() > 20, ours.rows() + " objects");
			assertEquals(theirs.size(), ours.rows());
			for (final Object[] pair : PAIRS) {
				final double[] column = ours.values(id(ours, (String) pair[0]));
				for (int row = 0; row < column.length; row++) {
					final double expected = theirs.getValue((String) pair[1], row);
					assertEquals(expected, column[row], Math.abs(expected) * (Double) pair[2] + 1e-9, pair[0] + " of object " +
						(row + 1));
				}
			}
			assertAngles(theirs, ours);
		}
		assertEquals(1, measuring.notes().size());
		assertTrue(measuring.notes().get(0).contains("is a mask"));
	}

	/** Where the axes differ; angles that differ by a half turn are the same. */
	private static void assertAngles(final ResultsTable theirs, final io.github.brushwood.engine.Measurements ours) {
		final double[] angles = ours.values("angle");
		final double[] ratios = ours.values("aspect_ratio");
		for (int row = 0; row < angles.length; row++) {
			if (ratios[row] < 1.05) continue;
			final double apart = Math.abs(theirs.getValue("Angle", row) - angles[row]) % 180;
			assertTrue(Math.min(apart, 180 - apart) < 0.1, "angle of object " + (row + 1) + ": " + apart);
		}
	}

	@Test
	void tablesHaveIdsAsColumns() {
		final ImagePlus stack = Blobs.stack(60, 50, 1, 3);
		try (io.github.brushwood.engine.Measurements ours = new Measuring(stack).measures(Arrays.asList("area",
			"centroid")).spacing(new Spacing(2, 2, 1)).run(Jobs.defaults()))
		{
			final ResultsTable table = new ResultsTable();
			table.addRow();
			table.addValue("old", 1);
			MeasurementTable.fill(table, ours);
			assertEquals(ours.rows(), table.size());
			assertEquals("label,frame,area,centroid_x,centroid_y", String.join(",", table.getHeadings()));
			assertEquals(3, table.getValue("frame", table.size() - 1));
			assertEquals(1, table.getValue("label", 0));
			assertEquals(ours.values("area")[5], table.getValue("area", 5));
			assertEquals(0, ours.values("area")[0] % 4, "pixels of 2 x 2");
		}
	}

	@Test
	void whatIsNoLabelImageIsTold() {
		final ImagePlus mask = Blobs.mask(30, 20, 1);
		assertMessage("colour image", () -> new Measuring(Pictures.plane("rgb", 30, 20, 24)));
		assertMessage("2 channels", () -> new Measuring(Pictures.hyperstack("c", 30, 20, 8, 2, 1, 1)));
		assertMessage("30 x 20 pixels", () -> new Measuring(mask).image(Pictures.plane("other", 31, 20, 8)));
		final ImagePlus floats = Pictures.plane("floats", 30, 20, 32);
		final EngineException e = assertThrows(EngineException.class, () -> new Measuring(floats).run(Jobs.defaults()));
		assertTrue(e.getMessage().contains("floats"), e.getMessage());
		final EngineException unknown = assertThrows(EngineException.class, () -> new Measuring(mask).measures(Collections
			.singletonList("arae")).run(Jobs.defaults()));
		assertTrue(unknown.getMessage().contains("arae"), unknown.getMessage());
	}

	private static void assertMessage(final String part, final Runnable work) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, work::run);
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}
}
