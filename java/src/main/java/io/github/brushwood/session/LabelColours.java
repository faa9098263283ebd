package io.github.brushwood.session;

import ij.ImagePlus;
import ij.process.LUT;

/** Colours in which neighbouring numbers are easily told apart: 0 is black, the rest far from each other. */
public final class LabelColours {

	private static final int SIZE = 256;
	/** Colours that are tried for each entry; the one farthest from those before wins. */
	private static final int CANDIDATES = 48;
	/** How many entries before count. */
	private static final int LOOK_BACK = 24;
	private static final int SEED = 12;
	/** Perceived brightness, 0 to 255, that keeps colours apart from the black background. */
	private static final double DARKEST = 70;
	private static final double[] WEIGHTS = { 0.299, 0.587, 0.114 };

	private LabelColours() {}

	/** A table of 256 colours, always the same. */
	static LUT lut() {
		final double[][] colours = new double[SIZE][3];
		long state = SEED;
		for (int i = 1; i < SIZE; i++) {
			double farthest = -1;
			for (int tried = 0; tried < CANDIDATES || farthest < 0; tried++) {
				final double[] candidate = new double[3];
				for (int c = 0; c < 3; c++) {
					state = state * 6364136223846793005L + 1442695040888963407L;
					candidate[c] = state >>> 56;
				}
				final double distance = bright(candidate) < DARKEST ? -1 : nearest(colours, i, candidate);
				if (distance <= farthest) continue;
				farthest = distance;
				colours[i] = candidate;
			}
		}
		return lut(colours);
	}

	private static LUT lut(final double[][] colours) {
		final byte[][] channels = new byte[3][SIZE];
		for (int i = 0; i < SIZE; i++)
			for (int c = 0; c < 3; c++)
				channels[c][i] = (byte) (int) colours[i][c];
		return new LUT(channels[0], channels[1], channels[2]);
	}

	private static double bright(final double[] colour) {
		double sum = 0;
		for (int c = 0; c < 3; c++)
			sum += WEIGHTS[c] * colour[c];
		return sum;
	}

	/** Distance, with the channels' weights, to the nearest of the entries before and to black. */
	private static double nearest(final double[][] colours, final int count, final double[] candidate) {
		double least = distance(colours[0], candidate);
		for (int i = Math.max(1, count - LOOK_BACK); i < count; i++)
			least = Math.min(least, distance(colours[i], candidate));
		return least;
	}

	private static double distance(final double[] a, final double[] b) {
		double sum = 0;
		for (int c = 0; c < 3; c++)
			sum += WEIGHTS[c] * (a[c] - b[c]) * (a[c] - b[c]);
		return sum;
	}

	/**
	 * Gives a label image its colours. The display range is fixed, so that a label has the same colour in every slice.
	 *
	 * @param highest label of the image
	 */
	public static void apply(final ImagePlus labels, final double highest) {
		final LUT lut = lut();
		labels.getProcessor().setColorModel(lut);
		labels.getStack().setColorModel(lut);
		final double most = Math.max(highest, SIZE - 1);
		labels.setDisplayRange(-(labels.getBitDepth() == 32 ? spareOfFloats(most) : spare(most)), most);
	}

	/** ImageJ scales 0..most to 256 entries: so far below 0 it has to begin for label 1 not to be as black as 0. */
	private static double spare(final double most) {
		return Math.ceil((most + 1) / (2 * SIZE - 1)) - 1;
	}

	/** Of floats the whole range is scaled to 0..255: the middle of what tells 0 and 1 apart. */
	private static double spareOfFloats(final double most) {
		return (most - SIZE + 1) / (2 * SIZE - 3);
	}

	/** The highest value of an image of one channel. */
	static double highest(final ImagePlus imp) {
		double highest = 0;
		for (int i = 1; i <= imp.getStackSize(); i++)
			highest = Math.max(highest, imp.getStack().getProcessor(i).getStats().max);
		return highest;
	}
}
