package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.gui.EllipseRoi;
import ij.gui.Line;
import ij.gui.OvalRoi;
import ij.gui.PointRoi;
import ij.gui.PolygonRoi;
import ij.gui.Roi;
import ij.process.ByteProcessor;

import java.util.Arrays;

import org.junit.jupiter.api.Test;

class RoiRasterizerTest {

	private static final int SIZE = 50;

	private static byte[] draw(final Roi roi) {
		final byte[] plane = new byte[SIZE * SIZE];
		assertTrue(RoiRasterizer.draw(roi, (byte) 7, plane, SIZE, SIZE));
		return plane;
	}

	private static int count(final byte[] plane) {
		int count = 0;
		for (final byte b : plane)
			if (b == 7) count++;
		return count;
	}

	private static boolean at(final byte[] plane, final int x, final int y) {
		return plane[y * SIZE + x] == 7;
	}

	@Test
	void areasAreWhatImageJMeasures() {
		for (final Roi roi : Arrays.asList(new Roi(3, 4, 10, 5), new OvalRoi(3, 4, 21, 15), new PolygonRoi(new int[] { 2,
			40, 20 }, new int[] { 3, 10, 44 }, 3, Roi.POLYGON), new EllipseRoi(5, 5, 40, 30, 0.4), new Roi(2.4, 3.6, 9.5,
				7.2)))
		{
			final ByteProcessor ip = new ByteProcessor(SIZE, SIZE);
			ip.setValue(7);
			ip.fill(roi);
			assertTrue(Arrays.equals((byte[]) ip.getPixels(), draw(roi)), roi.toString());
		}
	}

	@Test
	void thinLinesAreConnectedAndOnePixelWide() {
		final byte[] horizontal = draw(new Line(10, 20, 30, 20));
		assertEquals(21, count(horizontal));
		assertTrue(at(horizontal, 10, 20) && at(horizontal, 30, 20));
		final byte[] diagonal = draw(new Line(5, 5, 40, 40));
		for (int i = 5; i <= 40; i++)
			assertTrue(at(diagonal, i, i), "pixel " + i);
	}

	@Test
	void wideFreehandLinesAreNotFilled() {
		final int n = 60;
		final float[] x = new float[n];
		final float[] y = new float[n];
		for (int i = 0; i < n; i++) {
			x[i] = (float) (25 + 18 * Math.cos(i * 2 * Math.PI / n));
			y[i] = (float) (25 + 18 * Math.sin(i * 2 * Math.PI / n));
		}
		final PolygonRoi ring = new PolygonRoi(x, y, Roi.FREELINE);
		ring.setStrokeWidth(4);
		final byte[] plane = draw(ring);
		assertFalse(at(plane, 25, 25), "the inside of a ring");
		assertEquals(2 * Math.PI * 18 * 4, count(plane), 30);
	}

	@Test
	void aLineOfOnePointIsADot() {
		final byte[] plane = draw(new PolygonRoi(new float[] { 12 }, new float[] { 13 }, Roi.FREELINE));
		assertEquals(1, count(plane));
		assertTrue(at(plane, 12, 13));
	}

	@Test
	void pointsAreSinglePixels() {
		final byte[] plane = draw(new PointRoi(new float[] { 4, 9.4f, 60 }, new float[] { 5, 9.6f, 5 }));
		assertEquals(2, count(plane));
		assertTrue(at(plane, 4, 5) && at(plane, 9, 10));
	}

	@Test
	void whollyOutsideIsReported() {
		final byte[] plane = new byte[SIZE * SIZE];
		for (final Roi roi : Arrays.asList(new Roi(50, 0, 5, 5), new Line(-20, -20, -10, -3), new PointRoi(10, 50),
			new OvalRoi(-10, 10, 10, 10)))
			assertFalse(RoiRasterizer.draw(roi, (byte) 7, plane, SIZE, SIZE), roi.toString());
		assertEquals(0, count(plane));
	}
}
