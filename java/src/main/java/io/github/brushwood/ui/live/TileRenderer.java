package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.ResultTile;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;

/** Turns results into colours. Any thread. */
final class TileRenderer {

	/** Colour of a pixel of a tile, premultiplied. */
	private interface Colours {

		int at(int pixel);
	}

	/** Points between which the colours of uncertainty run: dark for sure, light for unsure, in rising lightness. */
	private static final int[] UNCERTAIN_STOPS = { 0x000004, 0x51127C, 0xB73779, 0xFC8961, 0xFCFDBF };
	private static final int[] UNCERTAIN = ramp(UNCERTAIN_STOPS);

	private static final int OPAQUE = 0xFF000000;

	private TileRenderer() {}

	/**
	 * A picture of a tile in which one pixel stands for 2^level x 2^level pixels, as the mean of some of them.
	 *
	 * @return null when nothing of it is to be seen
	 */
	static BufferedImage render(final ResultTile tile, final Style style, final int level) {
		final Colours colours = colours(tile, style);
		if (colours == null) return null;
		final int step = 1 << level;
		final int width = (tile.width + step - 1) >> level;
		final int height = (tile.height + step - 1) >> level;
		final BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB_PRE);
		final int[] to = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
		if (level == 0) {
			for (int i = 0; i < to.length; i++)
				to[i] = colours.at(i);
			return image;
		}
		for (int y = 0; y < height; y++)
			for (int x = 0; x < width; x++)
				to[y * width + x] = mean(colours, tile, x << level, y << level, step);
		return image;
	}

	/** Of four pixels of a block, in the middles of its quarters. */
	private static int mean(final Colours colours, final ResultTile tile, final int x, final int y, final int step) {
		final int x0 = Math.min(x + step / 4, tile.width - 1);
		final int x1 = Math.min(x + 3 * step / 4, tile.width - 1);
		final int row0 = Math.min(y + step / 4, tile.height - 1) * tile.width;
		final int row1 = Math.min(y + 3 * step / 4, tile.height - 1) * tile.width;
		final int a = colours.at(row0 + x0);
		final int b = colours.at(row0 + x1);
		final int c = colours.at(row1 + x0);
		final int d = colours.at(row1 + x1);
		int sum = 0;
		for (int shift = 0; shift < 32; shift += 8) {
			final int channel = (a >>> shift & 255) + (b >>> shift & 255) + (c >>> shift & 255) + (d >>> shift & 255);
			sum |= (channel + 2) / 4 << shift;
		}
		return sum;
	}

	private static Colours colours(final ResultTile tile, final Style style) {
		switch (style.show.kind) {
			case PROBABILITY:
				return tile.probabilities == null ? null : probability(tile, style);
			case PROBABILITIES:
				return tile.probabilities == null ? null : probabilities(tile, style);
			case SEGMENTATION:
				return tile.labels == null ? null : segmentation(tile, style);
			case UNCERTAINTY:
				return tile.uncertainty == null ? null : pixel -> UNCERTAIN[tile.uncertainty[pixel] & 255];
			case FEATURE:
				return tile.feature == null ? null : feature(tile, style);
			default:
				return null;
		}
	}

	private static Colours probability(final ResultTile tile, final Style style) {
		for (int k = 0; k < tile.classIds.length; k++) {
			if (tile.classIds[k] != style.show.index) continue;
			final byte[] p = tile.probabilities[k];
			final int[] shades = shades(style.colourOfId[style.show.index]);
			return pixel -> shades[p[pixel] & 255];
		}
		return null;
	}

	/** The colours of the classes, each as strong as its probability; sums stay below 256 as the probabilities do. */
	private static Colours probabilities(final ResultTile tile, final Style style) {
		final int count = tile.classIds.length;
		final int[][] shades = new int[count][];
		for (int k = 0; k < count; k++)
			shades[k] = shades(style.colourOfId[tile.classIds[k]]);
		final byte[][] p = tile.probabilities;
		return pixel -> {
			int sum = 0;
			for (int k = 0; k < count; k++)
				sum = add(sum, shades[k][p[k][pixel] & 255]);
			return sum;
		};
	}

	private static Colours segmentation(final ResultTile tile, final Style style) {
		final int[] colours = new int[256];
		for (int k = 0; k < tile.classIds.length; k++)
			colours[k + 1] = style.colourOfId[tile.classIds[k]];
		return pixel -> colours[tile.labels[pixel] & 255];
	}

	private static Colours feature(final ResultTile tile, final Style style) {
		final float scale = style.high > style.low ? 255 / (style.high - style.low) : 0;
		return pixel -> {
			final int grey = (int) Math.max(0, Math.min(255, (tile.feature[pixel] - style.low) * scale));
			return OPAQUE | grey * 0x010101;
		};
	}

	/** A colour at each strength 0..255, premultiplied. */
	private static int[] shades(final int argb) {
		final int[] shades = new int[256];
		if (argb == 0) return shades;
		for (int p = 0; p < 256; p++)
			shades[p] = p << 24 | part(argb >> 16, p) << 16 | part(argb >> 8, p) << 8 | part(argb, p);
		return shades;
	}

	private static int part(final int value, final int strength) {
		return (value & 255) * strength / 255;
	}

	/** Channel by channel; rounded probabilities may sum up to a little over 255. */
	private static int add(final int a, final int b) {
		final int alpha = Math.min(255, (a >>> 24) + (b >>> 24));
		final int red = Math.min(alpha, (a >> 16 & 255) + (b >> 16 & 255));
		final int green = Math.min(alpha, (a >> 8 & 255) + (b >> 8 & 255));
		final int blue = Math.min(alpha, (a & 255) + (b & 255));
		return alpha << 24 | red << 16 | green << 8 | blue;
	}

	private static int[] ramp(final int[] stops) {
		final int[] ramp = new int[256];
		for (int i = 0; i < 256; i++) {
			final double at = i / 255.0 * (stops.length - 1);
			final int stop = Math.min((int) at, stops.length - 2);
			ramp[i] = between(new Color(stops[stop]), new Color(stops[stop + 1]), at - stop);
		}
		return ramp;
	}

	private static int between(final Color a, final Color b, final double share) {
		final int red = (int) Math.round(a.getRed() + share * (b.getRed() - a.getRed()));
		final int green = (int) Math.round(a.getGreen() + share * (b.getGreen() - a.getGreen()));
		final int blue = (int) Math.round(a.getBlue() + share * (b.getBlue() - a.getBlue()));
		return OPAQUE | red << 16 | green << 8 | blue;
	}
}
