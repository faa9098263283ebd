package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.Pictures;

import java.awt.Rectangle;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;

class TileStoreTest {

	private static LiveImage image(final String title, final int width) {
		return new LiveSession().addImage(Pictures.plane(title, width, 700, 8));
	}

	private static ResultTile tile(final Part part, final long version) {
		final Rectangle r = part.bounds();
		return new ResultTile(r.x, r.y, r.width, r.height, version, new float[r.width * r.height]);
	}

	@Test
	void partsLieOnAGridTheNearestToTheCentreFirst() {
		final LiveImage image = image("a", 1300);
		final List<Part> parts = Part.of(new View(image, 0, 0, new Rectangle(500, 100, 700, 500), Show.UNCERTAINTY));
		assertEquals(6, parts.size());
		assertEquals(new Rectangle(512, 0, 512, 512), parts.get(0).bounds());
		assertEquals(new Rectangle(1024, 512, 276, 188), new Part(image, 0, 0, 2, 1).bounds());
		final Part last = new Part(image, 0, 0, 2, 1);
		assertEquals("[1300, 700, 1]", Arrays.toString(last.high(last.bounds())));
		assertEquals("[1024, 512, 0]", Arrays.toString(last.low(last.bounds())));
		assertEquals(last.bounds(), last.seen(new Rectangle(0, 0, 5000, 5000)));
		assertEquals(new Rectangle(1056, 512, 64, 32), last.seen(new Rectangle(1087, 500, 2, 13)));
		assertEquals(new Rectangle(1280, 672, 20, 28), last.seen(new Rectangle(1299, 699, 1, 1)));
		assertEquals(new Rectangle(480, 0, 32, 32), new Part(image, 0, 0, 0, 0).seen(new Rectangle(511, 31, 700, 1)));
		assertEquals(0, Part.of(image, 0, 0, new Rectangle(1300, 0, 10, 10)).size());
	}

	@Test
	void theLongestUnusedGo() {
		final LiveImage image = image("a", 2048);
		final Part[] parts = { new Part(image, 0, 0, 0, 0), new Part(image, 0, 0, 1, 0), new Part(image, 0, 0, 2, 0) };
		final long bytes = tile(parts[0], 1).bytes();
		final TileStore store = new TileStore(2 * bytes);
		store.put(parts[0], 0, tile(parts[0], 1), null);
		store.put(parts[1], 0, tile(parts[1], 1), null);
		store.put(parts[1], 0, tile(parts[1], 2), null);
		assertEquals(2 * bytes, store.bytes());
		assertEquals(1, store.of(new View(image, 0, 0, new Rectangle(10, 10), Show.feature(0))).size());
		store.put(parts[2], 0, tile(parts[2], 1), null);
		assertEquals(2 * bytes, store.bytes());
		assertNull(store.get(parts[1], 0));
		assertEquals(1, store.get(parts[0], 0).version);
	}

	@Test
	void whatIsInSightStays() {
		final LiveImage image = image("a", 2048);
		final Part[] parts = { new Part(image, 0, 0, 0, 0), new Part(image, 0, 0, 1, 0), new Part(image, 0, 0, 2, 0) };
		final Part elsewhere = new Part(image, 1, 0, 0, 0);
		final View view = new View(image, 0, 0, new Rectangle(2048, 400), Show.feature(0));
		final TileStore store = new TileStore(2 * tile(parts[0], 1).bytes());
		assertTrue(store.put(elsewhere, 0, tile(elsewhere, 1), view));
		assertTrue(store.put(parts[0], 0, tile(parts[0], 1), view));
		assertTrue(store.put(parts[1], 0, tile(parts[1], 1), view));
		assertNull(store.get(elsewhere, 0));
		assertFalse(store.put(parts[2], 0, tile(parts[2], 1), view));
		assertFalse(store.put(elsewhere, 0, tile(elsewhere, 1), view));
		assertEquals(2, store.of(view).size());
		assertTrue(store.put(parts[0], 0, tile(parts[0], 2), view));
		assertEquals(2, store.get(parts[0], 0).version);
		final ResultTile part = new ResultTile(0, 0, 512, 256, 2, new float[512 * 256]);
		assertTrue(store.put(parts[0], 0, part, view));
		final ResultTile half = new ResultTile(1024, 0, 512, 256, 2, new float[512 * 256]);
		assertTrue(store.put(parts[2], 0, half, view));
		assertFalse(store.put(parts[2], 0, tile(parts[2], 2), view));
		assertSame(half, store.get(parts[2], 0));
		assertFalse(store.put(parts[2], 0, tile(parts[2], 3), view));
		assertNull(store.get(parts[2], 0), "an old one would pass for the present");
		assertTrue(store.put(elsewhere, 0, tile(elsewhere, 1), null), "another view, other tiles");
	}

	@Test
	void whatIsGoneIsGone() {
		final LiveImage a = image("a", 600);
		final LiveImage b = image("b", 601);
		final Part partA = new Part(a, 0, 0, 0, 0);
		final Part partB = new Part(b, 0, 0, 1, 0);
		final TileStore store = new TileStore(1 << 30);
		final ResultTile kept = tile(partB, 3);
		store.put(partA, TileStore.FOREST, tile(partA, 1), null);
		store.put(partB, TileStore.FOREST, tile(partB, 1), null);
		store.put(partB, 4, kept, null);
		store.retain(Collections.singletonList(b));
		assertNull(store.get(partA, TileStore.FOREST));
		store.removeForest();
		assertNull(store.get(partB, TileStore.FOREST));
		assertSame(kept, store.get(partB, 4));
		assertEquals(kept.bytes(), store.bytes());
		store.remove(b);
		assertEquals(0, store.bytes());
	}
}
