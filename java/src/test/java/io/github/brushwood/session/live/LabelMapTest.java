package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.Test;

class LabelMapTest {

	private static final int[] ALL = new int[256];

	static {
		for (int id = 0; id < ALL.length; id++)
			ALL[id] = id;
	}

	/** The labels of a map in a plain array, in the order of positions. */
	static byte[] dense(final LabelMap map) {
		final byte[] all = new byte[map.width() * map.height() * map.depth() * map.frames()];
		int at = 0;
		for (int t = 0; t < map.frames(); t++)
			for (int z = 0; z < map.depth(); z++)
				for (int y = 0; y < map.height(); y++)
					for (int x = 0; x < map.width(); x++)
						all[at++] = (byte) map.get(x, y, z, t);
		return all;
	}

	/** Everything that a map says agrees with a plain array. */
	static void assertHolds(final byte[] expected, final LabelMap map) {
		assertArrayEquals(expected, dense(map));
		final int size = map.width() * map.height();
		final long[] counts = new long[256];
		long total = 0;
		final List<Long> positions = new ArrayList<>();
		final List<String> planes = new ArrayList<>();
		for (int i = 0; i < expected.length; i++) {
			if (expected[i] == 0) continue;
			counts[expected[i] & 0xFF]++;
			total++;
			positions.add((long) i);
			final String plane = i / size % map.depth() + "/" + i / size / map.depth();
			if (planes.isEmpty() || !planes.get(planes.size() - 1).equals(plane)) planes.add(plane);
		}
		for (int id = 1; id < 256; id++)
			assertEquals(counts[id], map.count(id), "pixels of class " + id);
		assertEquals(total, map.count());
		final List<String> found = new ArrayList<>();
		for (final int[] plane : map.planes())
			found.add(plane[0] + "/" + plane[1]);
		assertEquals(planes, found);
		final LabelledPixels pixels = map.pixels(ALL);
		assertEquals(positions.size(), pixels.positions.length);
		for (int i = 0; i < pixels.positions.length; i++) {
			assertEquals(positions.get(i), pixels.positions[i]);
			assertEquals(expected[(int) pixels.positions[i]], pixels.labels[i]);
		}
	}

	private static void fill(final LabelMap map, final int id, final Rectangle where, final int z, final int t) {
		final byte[] ids = new byte[where.width * where.height];
		Arrays.fill(ids, (byte) id);
		final LabelEdit edit = map.edit();
		edit.paste(ids, where, z, t);
		edit.finish();
	}

	@Test
	void anEmptyMapHoldsNothing() {
		final LabelMap map = new LabelMap(100, 70, 2, 3);
		assertHolds(new byte[100 * 70 * 6], map);
		assertNull(map.tile(0, 0, 0, 0));
		assertEquals(0, map.pixels(ALL).positions.length);
	}

	@Test
	void sizesHaveToBePositive() {
		assertThrows(IllegalArgumentException.class, () -> new LabelMap(10, 10, 0, 1));
		assertThrows(IndexOutOfBoundsException.class, () -> new LabelMap(10, 10, 2, 1).plane(2, 0));
	}

	@Test
	void outsideThereIsNothing() {
		final LabelMap map = new LabelMap(100, 70, 2, 2);
		fill(map, 5, new Rectangle(100, 70), 1, 1);
		for (final int[] p : new int[][] { { -1, 0, 1, 1 }, { 0, -1, 1, 1 }, { 100, 0, 1, 1 }, { 0, 70, 1, 1 }, { 0, 0, 2,
			1 }, { 0, 0, -1, 1 }, { 0, 0, 1, 2 }, { 0, 0, 1, -1 } })
		{
			assertEquals(0, map.get(p[0], p[1], p[2], p[3]));
		}
		assertNull(map.tile(2, 0, 1, 1));
		assertNull(map.tile(0, -1, 1, 1));
	}

	@Test
	void tilesKeepZerosBeyondTheImage() {
		final LabelMap map = new LabelMap(100, 70, 1, 1);
		final Rectangle larger = new Rectangle(-20, -30, 400, 300);
		fill(map, 9, larger, 0, 0);
		assertEquals(7000, map.count(9));
		final byte[] corner = map.tile(1, 1, 0, 0);
		for (int y = 0; y < LabelMap.TILE; y++)
			for (int x = 0; x < LabelMap.TILE; x++)
				assertEquals(x < 36 && y < 6 ? 9 : 0, corner[y * LabelMap.TILE + x]);
	}

	@Test
	void classesCanBeLeftOutOfPixels() {
		final LabelMap map = new LabelMap(200, 10, 1, 1);
		fill(map, 3, new Rectangle(0, 0, 100, 10), 0, 0);
		fill(map, 200, new Rectangle(100, 0, 100, 10), 0, 0);
		final int[] labels = new int[256];
		labels[200] = 1;
		final LabelledPixels pixels = map.pixels(labels);
		assertEquals(1000, pixels.positions.length);
		assertEquals(100, pixels.positions[0]);
		for (final byte label : pixels.labels)
			assertEquals(1, label);
	}

	@Test
	void aPlaneIsACopy() {
		final LabelMap map = new LabelMap(130, 70, 3, 2);
		fill(map, 4, new Rectangle(60, 60, 10, 9), 2, 1);
		final byte[] plane = map.plane(2, 1);
		for (int y = 0; y < 70; y++)
			for (int x = 0; x < 130; x++)
				assertEquals(map.get(x, y, 2, 1), plane[y * 130 + x]);
		plane[60 * 130 + 60] = 0;
		assertEquals(4, map.get(60, 60, 2, 1));
		assertEquals(0, new LabelMap(130, 70, 3, 2).plane(0, 0)[5]);
	}

	@Test
	void tilesThatWereHandedOutNeverChange() {
		final LabelMap map = new LabelMap(64, 64, 1, 1);
		fill(map, 1, new Rectangle(3, 3, 5, 5), 0, 0);
		final byte[] tile = map.tile(0, 0, 0, 0);
		final byte[] before = tile.clone();
		fill(map, 2, new Rectangle(4, 4, 50, 50), 0, 0);
		assertArrayEquals(before, tile);
		assertSame(map.tile(0, 0, 0, 0), map.tile(0, 0, 0, 0));
	}

	@Test
	void erasingGivesTheMemoryBack() {
		final LabelMap map = new LabelMap(640, 640, 1, 1);
		final LabelEdit paint = map.edit();
		paint.stroke(20, 20, 600, 500, 30, 2, 0, 0);
		paint.finish();
		assertFalse(map.keys().isEmpty());
		final LabelEdit erase = map.edit();
		erase.stroke(20, 20, 600, 500, 32, 0, 0, 0);
		erase.finish();
		assertTrue(map.keys().isEmpty());
		assertTrue(map.planes().isEmpty());
		assertNull(map.tile(1, 1, 0, 0));
	}

	@Test
	void largeAreasShareTheirTiles() {
		final LabelMap map = new LabelMap(4096, 4096, 1, 1);
		fill(map, 7, new Rectangle(4096, 4096), 0, 0);
		assertSame(map.tile(0, 0, 0, 0), map.tile(63, 63, 0, 0));
		assertEquals(4096L * 4096, map.count(7));
	}

	@Test
	void aCopyStaysAsItWas() {
		final LabelMap map = new LabelMap(100, 100, 2, 1);
		fill(map, 1, new Rectangle(10, 10, 70, 70), 1, 0);
		final LabelMap copy = map.copy();
		final byte[] before = dense(map);
		fill(map, 2, new Rectangle(20, 20, 70, 70), 1, 0);
		assertHolds(before, copy);
	}

	@Test
	void versionsGrowWithEveryChangeAndWithNothingElse() {
		final LabelMap map = new LabelMap(100, 100, 1, 1);
		final long first = map.version();
		final LabelEdit edit = map.edit();
		edit.stroke(5, 5, 5, 5, 3, 1, 0, 0);
		final long painted = map.version();
		assertTrue(painted > first);
		edit.stroke(5, 5, 5, 5, 3, 1, 0, 0);
		edit.finish();
		assertEquals(painted, map.version());
		edit.undo();
		final long undone = map.version();
		assertTrue(undone > painted);
		edit.redo();
		assertTrue(map.version() > undone);
	}

	/** Two classes take turns over whole tiles: a reader must never see a tile of both, nor counts that do not add up. */
	@Test
	void readersSeeWholeTilesWhileOthersPaint() throws InterruptedException {
		final LabelMap map = new LabelMap(256, 256, 1, 1);
		fill(map, 1, new Rectangle(256, 256), 0, 0);
		final AtomicBoolean stop = new AtomicBoolean();
		final AtomicReference<Throwable> failure = new AtomicReference<>();
		final List<Thread> readers = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			final Thread reader = new Thread(() -> {
				try {
					while (!stop.get())
						read(map);
				}
				catch (final Throwable e) {
					failure.set(e);
				}
			});
			readers.add(reader);
			reader.start();
		}
		for (int round = 0; round < 300; round++) {
			fill(map, round % 3, new Rectangle(256, 256), 0, 0);
			final LabelEdit edit = map.edit();
			edit.relabel(1, 2);
			edit.clear();
			edit.finish();
			edit.undo();
		}
		stop.set(true);
		for (final Thread reader : readers)
			reader.join();
		assertNull(failure.get(), () -> String.valueOf(failure.get()));
	}

	private static void read(final LabelMap map) {
		final byte[] tile = map.tile(1, 2, 0, 0);
		for (int i = 0; tile != null && i < tile.length; i++)
			assertEquals(tile[0], tile[i]);
		final LabelledPixels pixels = map.pixels(ALL);
		assertEquals(pixels.positions.length, pixels.labels.length);
		for (int i = 1; i < pixels.positions.length; i++)
			assertTrue(pixels.positions[i - 1] < pixels.positions[i]);
		assertNotNull(map.planes());
	}

	/** Far above what it takes, so that a busy machine passes and a walk over the whole image does not. */
	@Test
	void pixelsTakeTimeByTheLabelsAlone() {
		final LabelMap flat = new LabelMap(2048, 2048, 1, 1);
		final LabelMap stack = new LabelMap(512, 512, 100, 1);
		final LabelMap vast = new LabelMap(100_000, 100_000, 1000, 10);
		final Random random = new Random(5);
		for (int i = 0; i < 10_000; i++) {
			dot(flat, random.nextInt(2048), random.nextInt(2048), 0);
			dot(stack, random.nextInt(512), random.nextInt(512), random.nextInt(100));
			dot(vast, random.nextInt(100_000), random.nextInt(100_000), random.nextInt(1000));
		}
		for (final LabelMap map : new LabelMap[] { flat, stack, vast })
			assertTrue(milliseconds(map) < 40, () -> "pixels took " + milliseconds(map) + " ms");
		assertEquals(10_000, vast.pixels(ALL).positions.length);
		final LabelMap full = new LabelMap(1024, 1024, 1, 1);
		fill(full, 1, new Rectangle(1024, 1024), 0, 0);
		assertTrue(milliseconds(full) < 400);
	}

	private static void dot(final LabelMap map, final int x, final int y, final int z) {
		final LabelEdit edit = map.edit();
		edit.paste(new byte[] { 1 }, new Rectangle(x, y, 1, 1), z, 0);
		edit.finish();
	}

	/** Best of some, after the first ones that wait for the compiler. */
	static double milliseconds(final LabelMap map) {
		double best = Double.POSITIVE_INFINITY;
		for (int i = 0; i < 20; i++) {
			final long start = System.nanoTime();
			map.pixels(ALL);
			best = Math.min(best, (System.nanoTime() - start) / 1e6);
		}
		return best;
	}
}
