package io.github.brushwood.session.live;

/** Tiles for tests of other packages. */
public final class ResultTiles {

	private ResultTiles() {}

	/**
	 * Of a model with classes of given ids; labels and uncertainty follow from the probabilities.
	 *
	 * @param probabilities [class][pixel], 0..255
	 */
	public static ResultTile model(final int width, final int height, final int[] classIds, final int[][] probabilities) {
		final int pixels = width * height;
		final byte[][] p = new byte[classIds.length][pixels];
		final byte[] labels = new byte[pixels];
		final byte[] uncertainty = new byte[pixels];
		for (int i = 0; i < pixels; i++) {
			int best = 0;
			for (int k = 0; k < classIds.length; k++) {
				p[k][i] = (byte) probabilities[k][i];
				if (probabilities[k][i] > probabilities[best][i]) best = k;
			}
			labels[i] = (byte) (best + 1);
			uncertainty[i] = (byte) (255 - probabilities[best][i]);
		}
		return new ResultTile(0, 0, width, height, 1, true, p, labels, uncertainty, classIds);
	}

	public static ResultTile feature(final int x, final int y, final int width, final int height, final long version,
		final float... values)
	{
		return new ResultTile(x, y, width, height, version, values);
	}
}
