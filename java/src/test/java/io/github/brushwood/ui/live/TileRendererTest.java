package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.live.ResultTile;
import io.github.brushwood.session.live.ResultTiles;
import io.github.brushwood.session.live.Show;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;

import org.junit.jupiter.api.Test;

class TileRendererTest {

	private static final int RED = 0xFFFF0000;
	private static final int BLUE = 0xFF0000FF;
	/** Ids 7 and 3: not in the order of labels. */
	private static final ResultTile TILE = ResultTiles.model(2, 2, new int[] { 7, 3 }, new int[][] { { 255, 0, 204,
		128 }, { 0, 255, 51, 127 } });

	private static Style style(final Show show, final int colour7, final int colour3) {
		final int[] colours = new int[256];
		colours[7] = colour7;
		colours[3] = colour3;
		return new Style(show, colours, 10, 20);
	}

	/** Premultiplied. */
	private static int[] pixels(final ResultTile tile, final Style style, final int level) {
		final BufferedImage image = TileRenderer.render(tile, style, level);
		return ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
	}

	@Test
	void classesBlendByProbability() {
		final int[] pixels = pixels(TILE, style(Show.PROBABILITIES, RED, BLUE), 0);
		assertEquals(RED, pixels[0]);
		assertEquals(BLUE, pixels[1]);
		assertEquals(0xFFCC0033, pixels[2]);
	}

	@Test
	void hiddenClassesLetTheImageThrough() {
		final int[] pixels = pixels(TILE, style(Show.PROBABILITIES, RED, 0), 0);
		assertEquals(RED, pixels[0]);
		assertEquals(0, pixels[1]);
		assertEquals(0xCCCC0000, pixels[2], "as strong as the class is probable");
		assertEquals(0, pixels(TILE, style(Show.SEGMENTATION, RED, 0), 0)[1]);
	}

	@Test
	void oneClassIsAsStrongAsItIsProbable() {
		final int[] pixels = pixels(TILE, style(Show.probability(3), RED, BLUE), 0);
		assertEquals(0, pixels[0]);
		assertEquals(BLUE, pixels[1]);
		assertEquals(0x33000033, pixels[2]);
	}

	@Test
	void aClassThatTheModelDoesNotKnowShowsNothing() {
		assertNull(TileRenderer.render(TILE, style(Show.probability(9), RED, BLUE), 0));
		assertNull(TileRenderer.render(TILE, style(Show.NOTHING, RED, BLUE), 0));
		assertNull(TileRenderer.render(TILE, style(Show.feature(0), RED, BLUE), 0), "a model's tile has no feature");
	}

	@Test
	void segmentationTakesColoursByIdAndNotByLabel() {
		final int[] pixels = pixels(TILE, style(Show.SEGMENTATION, RED, BLUE), 0);
		assertEquals(RED, pixels[0]);
		assertEquals(BLUE, pixels[1]);
		assertEquals(RED, pixels[3]);
	}

	@Test
	void uncertaintyGetsLighter() {
		final int[] pixels = pixels(TILE, style(Show.UNCERTAINTY, 0, 0), 0);
		assertEquals(0xFF000004, pixels[0]);
		int before = -1;
		for (int u = 0; u < 256; u++) {
			final ResultTile tile = ResultTiles.model(1, 1, new int[] { 1 }, new int[][] { { 255 - u } });
			final int rgb = pixels(tile, style(Show.UNCERTAINTY, 0, 0), 0)[0];
			final int lightness = 2 * (rgb >> 16 & 255) + 5 * (rgb >> 8 & 255) + (rgb & 255);
			assertTrue(lightness >= before, "darker at " + u);
			before = lightness;
		}
	}

	@Test
	void featuresAreGreyBetweenTheirEnds() {
		final ResultTile tile = ResultTiles.feature(0, 0, 5, 1, 1, 5, 10, 15, 20, 25);
		final int[] pixels = pixels(tile, style(Show.feature(4), 0, 0), 0);
		assertEquals(0xFF000000, pixels[0]);
		assertEquals(0xFF000000, pixels[1]);
		assertEquals(0xFF7F7F7F, pixels[2]);
		assertEquals(0xFFFFFFFF, pixels[3]);
		assertEquals(0xFFFFFFFF, pixels[4]);
	}

	@Test
	void smallerPicturesAreMeans() {
		final int[] pixels = pixels(TILE, style(Show.SEGMENTATION, RED, BLUE), 1);
		assertEquals(1, pixels.length);
		assertEquals(0xFFBF0040, pixels[0], "three red, one blue");
		final ResultTile odd = ResultTiles.feature(0, 0, 3, 3, 1, 20, 20, 10, 20, 20, 10, 10, 10, 20);
		final int[] edge = pixels(odd, style(Show.feature(0), 0, 0), 1);
		assertEquals(4, edge.length);
		assertEquals(0xFFFFFFFF, edge[0]);
		assertEquals(0xFF000000, edge[1]);
		assertEquals(0xFFFFFFFF, edge[3]);
	}
}
