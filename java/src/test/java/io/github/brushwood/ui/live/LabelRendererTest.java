package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import ij.gui.Roi;

import io.github.brushwood.session.live.LabelEdit;
import io.github.brushwood.session.live.LabelMap;

import java.awt.image.BufferedImage;

import org.junit.jupiter.api.Test;

class LabelRendererTest {

	private static final int RED = 0xFFFF0000;
	private static final int DASH = LabelRenderer.dash(RED);

	/** Every other two pixels along an edge. */
	private static int outline(final int x, final int y) {
		return (x + y & 2) == 0 ? RED : DASH;
	}

	/** A rectangle of class 5 over two tiles, on the second slice. */
	private static LabelMap map() {
		final LabelMap map = new LabelMap(200, 100, 2, 1);
		final LabelEdit edit = map.edit();
		edit.fill(new Roi(60, 10, 10, 5), 5, 1, 0);
		edit.finish();
		return map;
	}

	private static BufferedImage render(final int z, final int column, final int level, final int colour) {
		final int[] colours = new int[256];
		colours[5] = colour;
		return new LabelRenderer(map(), z, 0, colours, 0.2).render(column, 0, level);
	}

	@Test
	void outlinesAreOpaqueAndInsidesAreNot() {
		final BufferedImage left = render(1, 0, 0, RED);
		assertEquals(outline(60, 12), left.getRGB(60, 12), "left edge");
		assertEquals(outline(62, 10), left.getRGB(62, 10), "top edge");
		assertEquals(outline(62, 14), left.getRGB(62, 14), "bottom edge");
		assertEquals(0x33FF0000, left.getRGB(62, 12));
		assertEquals(0, left.getRGB(59, 12));
	}

	@Test
	void anAreaGoesOnIntoTheNextTile() {
		assertEquals(0x33FF0000, render(1, 0, 0, RED).getRGB(63, 12), "no outline where tiles meet");
		assertEquals(0x33FF0000, render(1, 1, 0, RED).getRGB(0, 12));
		assertEquals(outline(5, 12), render(1, 1, 0, RED).getRGB(5, 12), "right edge");
	}

	@Test
	void otherSlicesAndHiddenClassesAreEmpty() {
		assertNull(render(0, 0, 0, RED));
		assertNull(render(1, 2, 0, RED));
		assertEquals(0, render(1, 0, 0, 0).getRGB(62, 12));
	}

	@Test
	void thinStrokesStayWhenZoomedOut() {
		final LabelMap map = new LabelMap(64, 64, 1, 1);
		final LabelEdit edit = map.edit();
		edit.stroke(0.5, 33.5, 63.5, 33.5, 1, 5, 0, 0);
		edit.finish();
		final int[] colours = new int[256];
		colours[5] = RED;
		final BufferedImage small = new LabelRenderer(map, 0, 0, colours, 0.2).render(0, 0, 3);
		for (int x = 0; x < 8; x++)
			assertEquals(outline(x, 4), small.getRGB(x, 4));
		assertEquals(0, small.getRGB(3, 3));
		assertEquals(0, small.getRGB(8, 4));
	}

	@Test
	void severalTilesShareAPictureWhenZoomedOut() {
		final BufferedImage picture = render(1, 0, 1, RED);
		assertEquals(outline(31, 6), picture.getRGB(31, 6), "in the first tile");
		assertEquals(outline(32, 6), picture.getRGB(32, 6), "in the second tile");
		assertEquals(outline(34, 6), picture.getRGB(34, 6));
		assertEquals(0, picture.getRGB(35, 6));
		assertNull(render(1, 1, 1, RED));
	}
}
