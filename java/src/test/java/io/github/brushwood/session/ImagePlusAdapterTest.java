package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.ImageStack;
import ij.VirtualStack;
import ij.measure.Calibration;
import ij.process.ImageProcessor;
import ij.process.LUT;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;

import java.awt.Color;
import java.nio.file.Path;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImagePlusAdapterTest {

	@TempDir
	Path folder;

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,1,1,1", "32,1,1,1", "24,1,1,1", "24,1,3,1", "8,1,4,1", "16,2,3,2", "32,3,1,2", "8,1,1,5",
		"8,2,1,1" })
	void memoryAndFileGiveTheSameEngineImage(final int bits, final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 31, 17, bits, c, z, t);
		final ImagePlus opened = Pictures.open(Pictures.saveTiff(imp, folder));
		try (Job job = new Job();
			EngineImage read = EngineImage.read(job, folder.resolve("a.tif").toString());
			EngineImage original = ImagePlusAdapter.toEngine(job, imp);
			EngineImage copied = ImagePlusAdapter.toEngine(job, opened))
		{
			assertSame(read, copied);
			assertSame(read, original);
			assertTrue(read.info().calibrated);
		}
	}

	@Test
	void uncalibratedImagesStayUncalibrated() {
		final ImagePlus imp = Pictures.plane("u.tif", 20, 10, 8);
		Pictures.saveTiff(imp, folder);
		try (Job job = new Job();
			EngineImage read = EngineImage.read(job, folder.resolve("u.tif").toString());
			EngineImage copied = ImagePlusAdapter.toEngine(job, imp))
		{
			assertEquals(false, copied.info().calibrated);
			assertSame(read, copied);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "inch", "cm", "mm", "nm", "pixels", " ", "\u00B5m" })
	void unitsMeanTheSameInMemoryAndFile(final String unit) {
		final ImagePlus imp = Pictures.hyperstack("unit.tif", 9, 8, 8, 1, 3, 1);
		imp.getCalibration().setUnit(unit);
		final ImagePlus opened = Pictures.open(Pictures.saveTiff(imp, folder));
		try (Job job = new Job();
			EngineImage read = EngineImage.read(job, folder.resolve("unit.tif").toString());
			EngineImage copied = ImagePlusAdapter.toEngine(job, opened))
		{
			assertSame(read, copied);
		}
	}

	@ParameterizedTest
	@CsvSource({ "ms,0.0025", "sec,2.5", "min,150", "h,9000" })
	void frameIntervalIsInSeconds(final String unit, final double seconds) {
		final ImagePlus imp = Pictures.hyperstack("t.tif", 9, 8, 8, 1, 1, 3);
		imp.getCalibration().setTimeUnit(unit);
		Pictures.saveTiff(imp, folder);
		try (Job job = new Job(); EngineImage read = EngineImage.read(job, folder.resolve("t.tif").toString())) {
			assertEquals(seconds, ImagePlusAdapter.info(imp).frameInterval, 1e-12);
			assertEquals(seconds, read.info().frameInterval, 1e-12);
		}
	}

	@Test
	void colourTablesDoNotChangeValues() {
		final ImagePlus imp = Pictures.plane("lut.tif", 20, 10, 8);
		imp.getProcessor().setLut(LUT.createLutFromColor(Color.RED));
		imp.setTypeToColor256();
		Pictures.saveTiff(imp, folder);
		try (Job job = new Job();
			EngineImage read = EngineImage.read(job, folder.resolve("lut.tif").toString());
			EngineImage copied = ImagePlusAdapter.toEngine(job, imp))
		{
			assertSame(read, copied);
		}
	}

	@Test
	void virtualStacksAreReadPlaneByPlane() {
		final ImagePlus plain = Pictures.hyperstack("v.tif", 12, 11, 16, 2, 3, 1);
		final ImagePlus imp = new ImagePlus("v.tif", new LazyStack(plain.getStack()));
		imp.setDimensions(2, 3, 1);
		Pictures.calibrate(imp);
		try (Job job = new Job();
			EngineImage a = ImagePlusAdapter.toEngine(job, plain);
			EngineImage b = ImagePlusAdapter.toEngine(job, imp))
		{
			assertEquals(a.hash(), b.hash());
		}
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,2,3,2", "32,1,4,1", "24,1,2,1" })
	void roundTripKeepsEverything(final int bits, final int c, final int z, final int t) {
		final int mask = bits == 24 ? 0xFFFFFF : -1;
		final ImagePlus imp = Pictures.hyperstack("r.tif", 13, 12, bits, c, z, t);
		try (Job job = new Job(); EngineImage image = ImagePlusAdapter.toEngine(job, imp)) {
			final ImagePlus back = ImagePlusAdapter.toImagePlus(image, "back");
			assertArrayEquals(imp.getDimensions(), back.getDimensions());
			assertEquals(bits, back.getBitDepth());
			for (int i = 1; i <= imp.getStackSize(); i++) {
				assertEquals(imp.getStack().getSliceLabel(i), back.getStack().getSliceLabel(i));
				for (int x = 0; x < imp.getWidth(); x++)
					for (int y = 0; y < imp.getHeight(); y++)
						assertEquals(imp.getStack().getProcessor(i).get(x, y) & mask, back.getStack().getProcessor(i).get(x, y) &
							mask);
			}
			if (imp.getStackSize() == 1) imp.getCalibration().pixelDepth = 1; // nor does a file keep it
			assertCalibration(imp.getCalibration(), back.getCalibration());
		}
	}

	@Test
	void densityCalibrationIsNotCopied() {
		final ImagePlus from = Pictures.hyperstack("d.tif", 5, 4, 16, 1, 2, 1);
		from.getCalibration().setFunction(Calibration.STRAIGHT_LINE, new double[] { -32768, 1 }, "HU");
		from.getCalibration().xOrigin = 3;
		final ImagePlus to = Pictures.plane("p", 5, 4, 8);
		ImagePlusAdapter.copyCalibration(from, to);
		assertEquals(false, to.getCalibration().calibrated());
		assertEquals(3, to.getCalibration().xOrigin);
		assertCalibration(from.getCalibration(), to.getCalibration());
	}

	@Test
	void wrongDimensionsAreNamed() {
		final ImagePlus imp = Pictures.hyperstack("w.tif", 5, 4, 8, 1, 4, 1);
		final ImagePlus broken = new ImagePlus("w.tif", imp.getStack()) {

			@Override
			public int getNSlices() {
				return 3;
			}
		};
		try (Job job = new Job()) {
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> ImagePlusAdapter.toEngine(job,
				broken));
			assertTrue(e.getMessage().contains("'w.tif' has 4 planes"), e.getMessage());
		}
	}

	private static void assertSame(final EngineImage expected, final EngineImage actual) {
		assertEquals(expected.hash(), actual.hash());
		assertEquals(expected.name(), actual.name());
		final ImageInfo e = expected.info();
		final ImageInfo a = actual.info();
		assertEquals(e.toString(), a.toString());
		assertEquals(e.rgb, a.rgb);
		assertEquals(e.calibrated, a.calibrated);
		assertEquals(e.spacingX, a.spacingX);
		assertEquals(e.spacingY, a.spacingY);
		assertEquals(e.spacingZ, a.spacingZ);
		assertEquals(e.unit, a.unit);
		assertEquals(e.frameInterval, a.frameInterval);
	}

	private static void assertCalibration(final Calibration expected, final Calibration actual) {
		assertEquals(expected.pixelWidth, actual.pixelWidth);
		assertEquals(expected.pixelHeight, actual.pixelHeight);
		assertEquals(expected.pixelDepth, actual.pixelDepth);
		assertEquals(expected.getUnit(), actual.getUnit());
		assertEquals(expected.frameInterval, actual.frameInterval);
		assertNull(actual.getCTable());
	}

	/** Hands out copies of planes on demand. */
	private static final class LazyStack extends VirtualStack {

		private final ImageStack source;

		private LazyStack(final ImageStack source) {
			super(source.getWidth(), source.getHeight(), null, "");
			this.source = source;
		}

		@Override
		public int getSize() {
			return source.getSize();
		}

		@Override
		public int size() {
			return source.getSize();
		}

		@Override
		public int getBitDepth() {
			return 16;
		}

		@Override
		public ImageProcessor getProcessor(final int n) {
			return source.getProcessor(n).duplicate();
		}

		@Override
		public String getSliceLabel(final int n) {
			return source.getSliceLabel(n);
		}
	}
}
