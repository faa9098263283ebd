package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.LabelMap;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;

/**
 * Turns labels into colours: areas let the image through, their outlines do not. Outlines are dashed with
 * black or white, so that labels are seen over results of the same colour. Any thread.
 */
final class LabelRenderer {

	private static final int TILE = LabelMap.TILE;
	/** Share of black or white in the dashes of outlines. */
	private static final double DASH = 0.6;
	/** Pixels of the picture; a power of two below TILE. */
	private static final int DASH_LENGTH = 2;

	private final LabelMap labels;
	private final int z;
	private final int t;
	private final int[] colourOfId;
	private final int[] dashOfId = new int[256];
	private final int[] insideOfId = new int[256];

	/**
	 * @param colourOfId 0xAARRGGBB of each class id, 0 for those that are hidden
	 * @param inside opacity of the inside, 0 to 1
	 */
	LabelRenderer(final LabelMap labels, final int z, final int t, final int[] colourOfId, final double inside) {
		this.labels = labels;
		this.z = z;
		this.t = t;
		this.colourOfId = colourOfId;
		final int alpha = (int) Math.round(255 * inside);
		for (int id = 1; id < 256; id++) {
			if (colourOfId[id] == 0) continue;
			insideOfId[id] = alpha << 24 | colourOfId[id] & 0xFFFFFF;
			dashOfId[id] = dash(colourOfId[id]);
		}
	}

	/** The colour of the dashes in an outline of a colour. */
	static int dash(final int rgb) {
		final Color colour = new Color(rgb);
		return Widgets.mix(colour, Widgets.textOn(colour), DASH).getRGB();
	}

	/** @param x of a pixel of a picture; likewise y */
	private int outline(final byte id, final int x, final int y) {
		return ((x + y & DASH_LENGTH) == 0 ? colourOfId : dashOfId)[id & 255];
	}

	/**
	 * A picture of TILE x TILE, in which one pixel stands for 2^level x 2^level pixels with the first label among them,
	 * so that thin strokes do not vanish. Pictures lie side by side in the image, from 0.
	 *
	 * @return null when there are no labels
	 */
	BufferedImage render(final int column, final int row, final int level) {
		final int tiles = 1 << level;
		BufferedImage image = null;
		for (int tileY = row * tiles; tileY < (row + 1) * tiles; tileY++)
			for (int tileX = column * tiles; tileX < (column + 1) * tiles; tileX++) {
				final byte[] ids = labels.tile(tileX, tileY, z, t);
				if (ids == null) continue;
				if (image == null) image = new BufferedImage(TILE, TILE, BufferedImage.TYPE_INT_ARGB);
				final int[] to = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
				if (level == 0) outlined(ids, neighbours(tileX, tileY), to);
				else reduced(ids, level, to, (tileY & tiles - 1) * TILE * TILE / tiles + (tileX & tiles - 1) * TILE / tiles);
			}
		return image;
	}

	private void outlined(final byte[] ids, final byte[][] beside, final int[] to) {
		for (int y = 0; y < TILE; y++)
			for (int x = 0; x < TILE; x++)
				to[y * TILE + x] = colour(ids, beside, x, y);
	}

	/** @param start index of the tile's first pixel in the picture */
	private void reduced(final byte[] ids, final int level, final int[] to, final int start) {
		final int edge = TILE >> level;
		for (int y = 0; y < edge; y++)
			for (int x = 0; x < edge; x++)
				to[start + y * TILE + x] = outline(first(ids, x << level, y << level, 1 << level), start % TILE + x, start /
					TILE + y);
	}

	/** Above, left, right, below; null where there are no labels. */
	private byte[][] neighbours(final int tileX, final int tileY) {
		return new byte[][] { labels.tile(tileX, tileY - 1, z, t), labels.tile(tileX - 1, tileY, z, t), labels.tile(tileX +
			1, tileY, z, t), labels.tile(tileX, tileY + 1, z, t) };
	}

	private int colour(final byte[] ids, final byte[][] beside, final int x, final int y) {
		final byte id = ids[y * TILE + x];
		if (id == 0) return 0;
		final boolean inside = id == (y > 0 ? ids[(y - 1) * TILE + x] : at(beside[0], x, TILE - 1)) && //
			id == (x > 0 ? ids[y * TILE + x - 1] : at(beside[1], TILE - 1, y)) && //
			id == (x < TILE - 1 ? ids[y * TILE + x + 1] : at(beside[2], 0, y)) && //
			id == (y < TILE - 1 ? ids[(y + 1) * TILE + x] : at(beside[3], x, 0));
		return inside ? insideOfId[id & 255] : outline(id, x, y);
	}

	private static byte at(final byte[] ids, final int x, final int y) {
		return ids == null ? 0 : ids[y * TILE + x];
	}

	private static byte first(final byte[] ids, final int x, final int y, final int step) {
		for (int row = y; row < y + step; row++)
			for (int column = x; column < x + step; column++)
				if (ids[row * TILE + column] != 0) return ids[row * TILE + column];
		return 0;
	}
}
