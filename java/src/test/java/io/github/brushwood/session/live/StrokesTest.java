package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;

import org.junit.jupiter.api.Test;

class StrokesTest {

	private static int count(final LabelMap map, final int label) {
		final int[] labelOfId = new int[256];
		for (int id = 0; id < 256; id++)
			labelOfId[id] = id;
		return new Strokes(map.pixels(labelOfId), map.width(), map.height(), map.depth()).countUpToTwo(label, () -> {});
	}

	private static void dot(final LabelMap map, final int id, final int x, final int y, final int z, final int t) {
		final LabelEdit edit = map.edit();
		edit.stroke(x + 0.5, y + 0.5, x + 0.5, y + 0.5, 1, id, z, t);
		edit.finish();
	}

	@Test
	void cornersConnectInAllDirectionsButNotOverBordersOrFrames() {
		final LabelMap map = new LabelMap(10, 8, 3, 2);
		assertEquals(0, count(map, 1));
		dot(map, 1, 4, 4, 1, 0);
		assertEquals(1, count(map, 1));
		dot(map, 1, 5, 5, 2, 0);
		assertEquals(1, count(map, 1));
		dot(map, 2, 9, 0, 0, 0);
		dot(map, 2, 0, 1, 0, 0);
		assertEquals(2, count(map, 2));
		dot(map, 3, 3, 7, 1, 0);
		dot(map, 3, 3, 0, 2, 0);
		assertEquals(2, count(map, 3));
		dot(map, 4, 6, 2, 2, 0);
		dot(map, 4, 6, 2, 0, 1);
		assertEquals(2, count(map, 4));
	}

	@Test
	void anotherClassCutsAStroke() {
		final LabelMap map = new LabelMap(200, 150, 1, 1);
		final LabelEdit edit = map.edit();
		edit.stroke(5, 70, 190, 75, 9, 1, 0, 0);
		edit.finish();
		assertEquals(1, count(map, 1));
		final LabelEdit cut = map.edit();
		cut.stroke(100, 5, 104, 140, 3, 2, 0, 0);
		cut.finish();
		assertEquals(2, count(map, 1));
		assertEquals(1, count(map, 2));
	}

	@Test
	void manyPixelsInOnePiece() {
		final LabelMap map = new LabelMap(300, 300, 4, 1);
		final Random random = new Random(5);
		int x = 150;
		int y = 150;
		int z = 0;
		final LabelEdit edit = map.edit();
		for (int i = 0; i < 20000; i++) {
			x = Math.floorMod(x + random.nextInt(3) - 1, 300);
			y = Math.floorMod(y + random.nextInt(3) - 1, 300);
			if (x == 0 || y == 0 || x == 299 || y == 299) x = y = 150;
			z = Math.min(3, Math.max(0, z + random.nextInt(3) - 1));
			edit.stroke(x + 0.5, y + 0.5, x + 0.5, y + 0.5, 3, 1, z, 0);
		}
		edit.finish();
		assertEquals(1, count(map, 1));
	}
}
