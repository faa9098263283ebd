package io.github.brushwood.session.live;

import io.github.brushwood.engine.ImageInfo;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Saturated and constant channels of an image, from some of its slices. */
final class PixelStatistics {

	/** Share of saturated pixels to warn of. */
	private static final double SATURATED = 0.01;

	private static final class Channel {

		private long pixels;
		private long full;
		private double low = Double.POSITIVE_INFINITY;
		private double high = Double.NEGATIVE_INFINITY;
	}

	private final Channel[] channels;
	private final Set<List<Long>> seen = new HashSet<>();

	PixelStatistics(final ImageInfo info) {
		channels = new Channel[info.channels];
		for (int c = 0; c < channels.length; c++)
			channels[c] = new Channel();
	}

	/** Adds a plane; each once. @param pixels byte[], short[], float[], or int[] for three channels */
	void add(final long slice, final int channel, final Object pixels) {
		final List<Long> key = new ArrayList<>();
		key.add(slice);
		key.add((long) channel);
		if (!seen.add(key)) return;
		if (pixels instanceof int[]) {
			for (int c = 0; c < 3; c++)
				addColour(channels[c], (int[]) pixels, 16 - 8 * c);
		}
		else if (pixels instanceof byte[]) addBytes(channels[channel], (byte[]) pixels);
		else if (pixels instanceof short[]) addShorts(channels[channel], (short[]) pixels);
		else addFloats(channels[channel], (float[]) pixels);
	}

	private static void addColour(final Channel c, final int[] pixels, final int shift) {
		int low = 255;
		int high = 0;
		for (final int p : pixels) {
			final int v = p >> shift & 0xFF;
			if (v == 255) c.full++;
			low = Math.min(low, v);
			high = Math.max(high, v);
		}
		range(c, pixels.length, low, high);
	}

	private static void addBytes(final Channel c, final byte[] pixels) {
		int low = 255;
		int high = 0;
		for (final byte p : pixels) {
			final int v = p & 0xFF;
			if (v == 255) c.full++;
			low = Math.min(low, v);
			high = Math.max(high, v);
		}
		range(c, pixels.length, low, high);
	}

	private static void addShorts(final Channel c, final short[] pixels) {
		int low = 65535;
		int high = 0;
		for (final short p : pixels) {
			final int v = p & 0xFFFF;
			if (v == 65535) c.full++;
			low = Math.min(low, v);
			high = Math.max(high, v);
		}
		range(c, pixels.length, low, high);
	}

	/** Floats have no largest value that a camera could reach. */
	private static void addFloats(final Channel c, final float[] pixels) {
		float low = Float.POSITIVE_INFINITY;
		float high = Float.NEGATIVE_INFINITY;
		for (final float v : pixels) {
			if (v < low) low = v;
			if (v > high) high = v;
		}
		range(c, pixels.length, low, high);
	}

	private static void range(final Channel c, final int pixels, final double low, final double high) {
		c.pixels += pixels;
		c.low = Math.min(c.low, low);
		c.high = Math.max(c.high, high);
	}

	/** Sentences for the user. */
	List<String> warnings(final String title) {
		final List<String> warnings = new ArrayList<>();
		for (int c = 0; c < channels.length; c++) {
			final String name = channels.length == 1 ? "'" + title + "'" : "Channel " + (c + 1) + " of '" + title + "'";
			final Channel channel = channels[c];
			if (channel.pixels > 0 && channel.low >= channel.high) {
				warnings.add(name + " has the same value everywhere, so the forest can learn nothing from it.");
			}
			else if (channel.full > SATURATED * channel.pixels) {
				warnings.add(name + " is saturated: " + Texts.percent((double) channel.full / channel.pixels) +
					" of its pixels have the largest possible value, and structures in them are lost.");
			}
		}
		return warnings;
	}
}
