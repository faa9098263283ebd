package io.github.brushwood.session.objects;

import java.util.Arrays;

/** How deep pixels lie within the objects, or the background, that they belong to. */
final class Depth {

	/** One pixel, as the distances count. */
	static final int PIXEL = 3;
	private static final int DIAGONAL = 4;
	private static final int FAR = 1 << 29;

	private final int[] labels;
	private final int width;
	private final int height;
	private final int[] depth;

	private Depth(final int[] labels, final int width, final int height) {
		this.labels = labels;
		this.width = width;
		this.height = height;
		depth = new int[labels.length];
	}

	/**
	 * The length of the shortest way from every pixel to one with another label, in thirds of a pixel, where steps to the
	 * side are 3 long and diagonal ones 4. The image's border ends nothing: without another label the way is very long.
	 *
	 * @param labels width * height, row by row
	 */
	static int[] of(final int[] labels, final int width, final int height) {
		final Depth d = new Depth(labels, width, height);
		Arrays.fill(d.depth, FAR);
		for (int y = 0; y < height; y++)
			for (int x = 0; x < width; x++)
				d.relax(x, y, -1);
		for (int y = height - 1; y >= 0; y--)
			for (int x = width - 1; x >= 0; x--)
				d.relax(x, y, 1);
		return d.depth;
	}

	/** From the neighbours before (-1) or behind (1) in the order of rows. */
	private void relax(final int x, final int y, final int side) {
		step(x, y, x + side, y, PIXEL);
		step(x, y, x, y + side, PIXEL);
		step(x, y, x - 1, y + side, DIAGONAL);
		step(x, y, x + 1, y + side, DIAGONAL);
	}

	private void step(final int x, final int y, final int nx, final int ny, final int length) {
		if (nx < 0 || ny < 0 || nx >= width || ny >= height) return;
		final int i = y * width + x;
		final int n = ny * width + nx;
		depth[i] = Math.min(depth[i], length + (labels[n] == labels[i] ? depth[n] : 0));
	}
}
