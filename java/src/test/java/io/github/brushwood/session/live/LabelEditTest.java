package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import ij.gui.ImageRoi;
import ij.gui.Line;
import ij.gui.OvalRoi;
import ij.gui.PointRoi;
import ij.gui.PolygonRoi;
import ij.gui.Roi;
import ij.gui.ShapeRoi;
import ij.process.ByteProcessor;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.RoiRasterizer;

import java.awt.Rectangle;
import java.awt.geom.Line2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;

class LabelEditTest {

	private static final int WIDTH = 150;
	private static final int HEIGHT = 90;

	private static byte[] stroke(final double x0, final double y0, final double x1, final double y1,
		final double diameter)
	{
		final LabelMap map = new LabelMap(WIDTH, HEIGHT, 1, 1);
		final LabelEdit edit = map.edit();
		final Rectangle changed = edit.stroke(x0, y0, x1, y1, diameter, 1, 0, 0);
		assertEquals(changed, edit.finish().bounds());
		return map.plane(0, 0);
	}

	private static double distance(final double px, final double py, final double x0, final double y0, final double x1,
		final double y1)
	{
		return Line2D.ptSegDist(x0, y0, x1, y1, px, py);
	}

	/** Every pixel by its distance, from the definition; those at the very edge may go either way. */
	private static void assertCapsule(final double x0, final double y0, final double x1, final double y1,
		final double diameter)
	{
		final byte[] plane = stroke(x0, y0, x1, y1, diameter);
		final double radius = Math.max(1, diameter) / 2;
		for (int y = 0; y < HEIGHT; y++)
			for (int x = 0; x < WIDTH; x++) {
				final double d = distance(x + 0.5, y + 0.5, x0, y0, x1, y1);
				final boolean met = new Rectangle(x, y, 1, 1).intersectsLine(x0, y0, x1, y1);
				final boolean drawn = plane[y * WIDTH + x] != 0;
				if (d <= radius - 1e-9 ? drawn : !drawn || met || d <= radius + 1e-9) continue;
				fail((drawn ? "drawn " : "not drawn ") + x + "," + y + " of " + x0 + "," + y0 + " " + x1 + "," + y1 + " by " +
					diameter);
			}
	}

	@Test
	void strokesAreThePixelsNearTheLine() {
		final Random random = new Random(1);
		for (int i = 0; i < 400; i++) {
			final double[] p = random.doubles(4, -30, 180).toArray();
			assertCapsule(p[0], p[1], p[2], p[3], random.nextInt(4) == 0 ? 1 : random.nextDouble() * 40);
			assertCapsule(Math.rint(p[0]), Math.rint(p[1]), Math.rint(p[2]), Math.rint(p[3]), 1 + random.nextInt(12));
			assertCapsule(p[0], p[1], p[0], p[1], random.nextDouble() * 20);
			assertCapsule(p[0], p[1], p[2], p[1], random.nextDouble() * 20);
			assertCapsule(p[0], p[1], p[0], p[3], random.nextDouble() * 20);
		}
	}

	@Test
	void everyPixelThatAPencilMeetsIsDrawn() {
		final Random random = new Random(2);
		for (int i = 0; i < 300; i++) {
			final double[] p = random.doubles(4, 0, HEIGHT).toArray();
			final byte[] plane = stroke(p[0], p[1], p[2], p[3], 1);
			for (double s = 0; s <= 1; s += 1e-3) {
				final int x = (int) (p[0] + s * (p[2] - p[0]));
				final int y = (int) (p[1] + s * (p[3] - p[1]));
				assertEquals(1, plane[y * WIDTH + x], x + "," + y);
			}
		}
	}

	@Test
	void aClickWithThePencilIsOnePixel() {
		for (final double[] p : new double[][] { { 10, 10 }, { 10.5, 10.5 }, { 10.01, 10.99 }, { 10.99, 10.99 } }) {
			final byte[] plane = stroke(p[0], p[1], p[0], p[1], 1);
			assertEquals(1, plane[10 * WIDTH + 10]);
			assertEquals(1, count(plane));
		}
	}

	@Test
	void straightPencilLinesAreOnePixelWide() {
		assertEquals(21, count(stroke(10.5, 20.5, 30.5, 20.5, 1)));
		assertEquals(21, count(stroke(10.5, 20.5, 10.5, 40.5, 1)));
		assertEquals(21, count(stroke(10.5, 20.5, 30.5, 40.5, 1)));
		assertEquals(21, count(stroke(30.5, 20.5, 10.5, 40.5, 1)));
		assertEquals(41, count(stroke(30.5, 20.75, 10.5, 40.75, 1)), "4-connected between the corners");
	}

	@Test
	void directionDoesNotMatter() {
		final Random random = new Random(3);
		for (int i = 0; i < 200; i++) {
			final double[] p = random.doubles(4, -10, 120).toArray();
			final double diameter = random.nextDouble() * 15;
			assertArrayEquals(stroke(p[0], p[1], p[2], p[3], diameter), stroke(p[2], p[3], p[0], p[1], diameter));
		}
	}

	@Test
	void joinedPiecesLeaveNoGaps() {
		final Random random = new Random(4);
		for (int i = 0; i < 50; i++) {
			final LabelMap map = new LabelMap(WIDTH, HEIGHT, 1, 1);
			final LabelEdit edit = map.edit();
			double x = 75;
			double y = 45;
			for (int piece = 0; piece < 40; piece++) {
				final double nextX = Math.max(1, Math.min(WIDTH - 1, x + random.nextGaussian() * 12));
				final double nextY = Math.max(1, Math.min(HEIGHT - 1, y + random.nextGaussian() * 12));
				edit.stroke(x, y, nextX, nextY, 1 + random.nextInt(3), 1, 0, 0);
				x = nextX;
				y = nextY;
			}
			assertEquals(1, regions(map.plane(0, 0)));
		}
	}

	/** 8-connected ones. */
	private static int regions(final byte[] plane) {
		final boolean[] seen = new boolean[plane.length];
		int regions = 0;
		for (int start = 0; start < plane.length; start++) {
			if (plane[start] == 0 || seen[start]) continue;
			regions++;
			final List<Integer> todo = new ArrayList<>(Arrays.asList(start));
			seen[start] = true;
			while (!todo.isEmpty()) {
				final int at = todo.remove(todo.size() - 1);
				for (int dy = -1; dy <= 1; dy++)
					for (int dx = -1; dx <= 1; dx++) {
						final int x = at % WIDTH + dx;
						final int y = at / WIDTH + dy;
						final int next = y * WIDTH + x;
						if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT || seen[next] || plane[next] == 0) continue;
						seen[next] = true;
						todo.add(next);
					}
			}
		}
		return regions;
	}

	@Test
	void wildCoordinatesAreClippedOrLeftOut() {
		final double nan = Double.NaN;
		final double infinite = Double.POSITIVE_INFINITY;
		for (final double[] p : new double[][] { { nan, 1, 2, 3, 4 }, { 1, nan, 2, 3, 4 }, { 1, 2, nan, 3, 4 }, { 1, 2, 3,
			nan, 4 }, { 1, 2, 3, 4, nan }, { infinite, 1, 2, 3, 4 }, { 1, 2, 3, -infinite, 4 }, { 1, 2, 3, 4, infinite } })
		{
			assertEquals(0, count(stroke(p[0], p[1], p[2], p[3], p[4])));
		}
		assertEquals(0, count(stroke(1e9, 1e9, 1e9, 1e9, 10)));
		assertEquals(0, count(stroke(-1e300, 5, -1e250, 5, 10)));
		assertEquals(WIDTH, count(stroke(-1e9, 5.5, 1e9, 5.5, 1)));
		assertEquals(HEIGHT, count(stroke(5.5, 1e300, 5.5, -1e300, 1)));
		assertEquals(WIDTH * HEIGHT, count(stroke(0, 0, 1, 1, 1e12)));
		assertEquals(1, count(stroke(5.5, 5.5, 5.5, 5.5, -3)));
	}

	@Test
	void slicesOutsideTakeNothing() {
		final LabelMap map = new LabelMap(WIDTH, HEIGHT, 2, 2);
		final LabelEdit edit = map.edit();
		for (final int[] zt : new int[][] { { -1, 0 }, { 2, 0 }, { 0, -1 }, { 0, 2 } }) {
			assertTrue(edit.stroke(5, 5, 6, 6, 3, 1, zt[0], zt[1]).isEmpty());
			assertTrue(edit.fill(new Roi(1, 1, 5, 5), 1, zt[0], zt[1]).isEmpty());
			assertTrue(edit.paste(new byte[] { 1 }, new Rectangle(1, 1), zt[0], zt[1]).isEmpty());
		}
		assertTrue(edit.finish().isEmpty());
		assertEquals(0, map.count());
	}

	private static int count(final byte[] plane) {
		int count = 0;
		for (final byte id : plane)
			if (id != 0) count++;
		return count;
	}

	private static ShapeRoi ring() {
		return new ShapeRoi(new OvalRoi(20, 10, 60, 60)).not(new ShapeRoi(new OvalRoi(35, 25, 30, 30)));
	}

	private static List<Roi> selections() {
		final Line wide = new Line(100, 5, 140, 80);
		wide.setStrokeWidth(7);
		final PolygonRoi freeline = new PolygonRoi(new float[] { 5, 60, 140 }, new float[] { 80, 60, 85 }, 3,
			Roi.FREELINE);
		freeline.setStrokeWidth(3);
		return Arrays.asList(new Roi(-5, 3, 70, 500), new OvalRoi(60, 50, 70, 31), ring(), wide, freeline, new Line(0, 0, 149,
			89), new PointRoi(new float[] { 3, 149, 200, 70 }, new float[] { 4, 89, 3, 64 }, 4), new PolygonRoi(new float[] {
				2, 140, 20 }, new float[] { 3, 10, 84 }, 3, Roi.POLYGON));
	}

	@Test
	void selectionsAreThePixelsThatAnnotationsLabel() {
		for (final Roi roi : selections()) {
			final byte[] expected = new byte[WIDTH * HEIGHT];
			RoiRasterizer.draw(roi, RoiRasterizer.ALL_POINTS, (byte) 6, expected, new Rectangle(WIDTH, HEIGHT));
			assertTrue(count(expected) > 0);
			final LabelMap map = new LabelMap(WIDTH, HEIGHT, 1, 1);
			final LabelEdit edit = map.edit();
			final Rectangle changed = edit.fill(roi, 6, 0, 0);
			assertArrayEquals(expected, map.plane(0, 0), roi.toString());
			assertEquals(changed, edit.finish().bounds());
			final LabelEdit erase = map.edit();
			erase.fill(roi, 0, 0, 0);
			erase.finish();
			assertEquals(0, map.count());
			assertTrue(map.keys().isEmpty());
		}
	}

	@Test
	void holesStayHoles() {
		final LabelMap map = new LabelMap(WIDTH, HEIGHT, 1, 1);
		final LabelEdit edit = map.edit();
		edit.fill(ring(), 2, 0, 0);
		assertEquals(2, map.get(25, 40, 0, 0));
		assertEquals(0, map.get(50, 40, 0, 0));
	}

	/** Large selections are drawn in bands. */
	@Test
	void largeSelectionsAreWhole() {
		final LabelMap map = new LabelMap(6000, 3000, 1, 1);
		final LabelEdit edit = map.edit();
		final Roi roi = new OvalRoi(-100, 20, 6300, 2900);
		edit.fill(roi, 1, 0, 0);
		final byte[] expected = new byte[6000 * 3000];
		RoiRasterizer.draw(roi, RoiRasterizer.ALL_POINTS, (byte) 1, expected, new Rectangle(6000, 3000));
		assertArrayEquals(expected, map.plane(0, 0));
	}

	@Test
	void pastedImagesMarkNoPixels() {
		final LabelMap map = new LabelMap(WIDTH, HEIGHT, 1, 1);
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> map.edit().fill(new ImageRoi(5, 5,
			new ByteProcessor(5, 5)), 1, 0, 0));
		assertTrue(e.getMessage().contains("marks no pixels"), e.getMessage());
	}

	@Test
	void idsAreChecked() {
		final LabelEdit edit = new LabelMap(WIDTH, HEIGHT, 1, 1).edit();
		assertThrows(IllegalArgumentException.class, () -> edit.stroke(1, 1, 2, 2, 3, 256, 0, 0));
		assertThrows(IllegalArgumentException.class, () -> edit.fill(new Roi(1, 1, 2, 2), -1, 0, 0));
		assertThrows(IllegalArgumentException.class, () -> edit.relabel(0, 3));
		assertThrows(IllegalArgumentException.class, () -> edit.paste(new byte[5], new Rectangle(2, 2), 0, 0));
	}

	@Test
	void whatIsPaintedAndErasedAgainIsEmpty() {
		final LabelEdit edit = new LabelMap(WIDTH, HEIGHT, 2, 1).edit();
		edit.stroke(10, 10, 90, 50, 6, 3, 0, 0);
		edit.stroke(10, 10, 90, 50, 6, 0, 0, 0);
		assertFalse(edit.isEmpty());
		assertTrue(edit.finish().isEmpty());
		assertFalse(edit.isOnOneSlice());
		assertTrue(edit.bounds().isEmpty());
		assertEquals(0, edit.bytes());
		assertThrows(IllegalStateException.class, () -> edit.stroke(1, 1, 2, 2, 3, 1, 0, 0));
	}

	@Test
	void aRevertedEditStartsAnew() {
		final LabelMap map = new LabelMap(WIDTH, HEIGHT, 1, 1);
		final LabelEdit edit = map.edit();
		final Rectangle first = edit.stroke(10, 10, 90, 50, 6, 3, 0, 0);
		assertEquals(first, edit.revert());
		assertEquals(0, map.count());
		final Rectangle second = edit.stroke(10, 10, 20, 80, 6, 3, 0, 0);
		assertEquals(second, edit.finish().bounds());
		edit.undo();
		assertEquals(0, map.count());
	}

	@Test
	void anEditKnowsItsSlice() {
		final LabelMap map = new LabelMap(WIDTH, HEIGHT, 4, 3);
		final LabelEdit one = map.edit();
		one.stroke(10, 10, 90, 50, 6, 3, 2, 1);
		assertTrue(one.finish().isOnOneSlice());
		assertEquals(2, one.z());
		assertEquals(1, one.t());
		final LabelEdit two = map.edit();
		two.stroke(10, 10, 90, 50, 6, 3, 2, 2);
		two.stroke(10, 10, 90, 50, 6, 3, 3, 2);
		assertFalse(two.finish().isOnOneSlice());
	}

	@Test
	void undoneTwiceOrUnfinishedIsAnError() {
		final LabelEdit edit = new LabelMap(WIDTH, HEIGHT, 1, 1).edit();
		edit.stroke(10, 10, 90, 50, 6, 3, 0, 0);
		assertThrows(IllegalStateException.class, edit::undo);
		edit.finish().undo();
		assertThrows(IllegalStateException.class, edit::undo);
		edit.redo();
		assertThrows(IllegalStateException.class, edit::redo);
	}

	/** A plain array that repeats every change by its definition. */
	private static void change(final Random random, final LabelMap map, final byte[] model, final LabelEdit edit) {
		final int size = WIDTH * HEIGHT;
		final int z = random.nextInt(map.depth());
		final int t = random.nextInt(map.frames());
		final int at = (t * map.depth() + z) * size;
		final int id = random.nextInt(5) == 0 ? 0 : random.nextInt(2) == 0 ? 255 : 1 + random.nextInt(4);
		final byte[] mask = new byte[size];
		switch (random.nextInt(4)) {
			case 0:
				final double[] p = random.doubles(4, -20, 170).toArray();
				final double diameter = random.nextDouble() * 20;
				System.arraycopy(stroke(p[0], p[1], p[2], p[3], diameter), 0, mask, 0, size);
				edit.stroke(p[0], p[1], p[2], p[3], diameter, id, z, t);
				break;
			case 1:
				final Roi roi = selections().get(random.nextInt(selections().size()));
				RoiRasterizer.draw(roi, RoiRasterizer.ALL_POINTS, (byte) 1, mask, new Rectangle(WIDTH, HEIGHT));
				edit.fill(roi, id, z, t);
				break;
			case 2:
				final int from = 1 + random.nextInt(4);
				edit.relabel(from, id);
				for (int i = 0; i < model.length; i++)
					if (model[i] == from) model[i] = (byte) id;
				return;
			default:
				final Rectangle where = new Rectangle(random.nextInt(200) - 40, random.nextInt(120) - 20, random.nextInt(90),
					random.nextInt(90));
				final byte[] ids = new byte[where.width * where.height];
				for (int i = 0; i < ids.length; i++)
					ids[i] = (byte) (random.nextInt(3) == 0 ? 200 : 0);
				edit.paste(ids, where, z, t);
				for (int i = 0; i < ids.length; i++) {
					final int x = where.x + i % where.width;
					final int y = where.y + i / where.width;
					if (ids[i] != 0 && x >= 0 && y >= 0 && x < WIDTH && y < HEIGHT) model[at + y * WIDTH + x] = ids[i];
				}
				return;
		}
		for (int i = 0; i < size; i++)
			if (mask[i] != 0) model[at + i] = (byte) id;
	}

	@Test
	void anySequenceOfChangesIsUndoneAndRedoneExactly() {
		for (int seed = 0; seed < 6; seed++) {
			final Random random = new Random(seed);
			final LabelMap map = new LabelMap(WIDTH, HEIGHT, 3, 2);
			final byte[] model = new byte[WIDTH * HEIGHT * 6];
			final List<LabelEdit> edits = new ArrayList<>();
			final List<byte[]> states = new ArrayList<>();
			states.add(model.clone());
			for (int i = 0; i < 25; i++) {
				final LabelEdit edit = map.edit();
				for (int part = 0; part <= random.nextInt(3); part++)
					change(random, map, model, edit);
				edits.add(edit.finish());
				states.add(model.clone());
				LabelMapTest.assertHolds(model, map);
				assertEquals(Arrays.equals(model, states.get(i)), edit.isEmpty());
			}
			for (int i = edits.size() - 1; i >= 0; i--) {
				edits.get(i).undo();
				LabelMapTest.assertHolds(states.get(i), map);
			}
			assertTrue(map.keys().isEmpty());
			for (int i = 0; i < edits.size(); i++) {
				edits.get(i).redo();
				LabelMapTest.assertHolds(states.get(i + 1), map);
			}
		}
	}

	/** Ten times what the slowest should take, for busy machines. */
	@Test
	void aPieceOfAStrokeIsQuick() {
		final LabelMap map = new LabelMap(2048, 2048, 1, 1);
		final LabelEdit edit = map.edit();
		final Random random = new Random(9);
		double best = Double.POSITIVE_INFINITY;
		for (int round = 0; round < 20; round++) {
			final long start = System.nanoTime();
			for (int i = 0; i < 20; i++) {
				final double x = 100 + random.nextInt(1800);
				edit.stroke(x, x, x + 20, x + 12, 25, 1 + i % 3, 0, 0);
			}
			best = Math.min(best, (System.nanoTime() - start) / 20e6);
		}
		final double measured = best;
		assertTrue(measured < 5, () -> "a piece took " + measured + " ms");
	}
}
