package io.github.brushwood.session;

import ij.gui.Roi;
import ij.plugin.filter.ThresholdToSelection;
import ij.process.ByteProcessor;
import ij.process.ImageProcessor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Connected regions of a label plane as area Rois that cover exactly their pixels. */
final class LabelRegions {

	/** A region and its label. */
	static final class Region {

		final int label;
		final Roi roi;

		private Region(final int label, final Roi roi) {
			this.label = label;
			this.roi = roi;
		}
	}

	private final byte[] plane;
	private final int width;
	private final int height;
	private final boolean[] seen;
	private int[] pixels = new int[64];
	private int count;

	private LabelRegions(final byte[] plane, final int width, final int height) {
		this.plane = plane;
		this.width = width;
		this.height = height;
		seen = new boolean[plane.length];
	}

	/** The 8-connected regions of every label above 0, in the order of their first pixels. */
	static List<Region> of(final byte[] plane, final int width, final int height) {
		final LabelRegions finder = new LabelRegions(plane, width, height);
		final List<Region> regions = new ArrayList<>();
		for (int i = 0; i < plane.length; i++) {
			if (plane[i] == 0 || finder.seen[i]) continue;
			finder.collect(i);
			regions.add(new Region(plane[i] & 0xFF, finder.outline()));
		}
		return regions;
	}

	/** Fills <code>pixels</code> with the region that holds <code>start</code>. */
	private void collect(final int start) {
		count = 0;
		push(start);
		for (int at = 0; at < count; at++) {
			final int x = pixels[at] % width;
			final int y = pixels[at] / width;
			for (int ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
				for (int nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
					final int neighbour = ny * width + nx;
					if (!seen[neighbour] && plane[neighbour] == plane[start]) push(neighbour);
				}
			}
		}
	}

	private void push(final int pixel) {
		seen[pixel] = true;
		if (count == pixels.length) pixels = Arrays.copyOf(pixels, 2 * count);
		pixels[count++] = pixel;
	}

	private Roi outline() {
		int left = width;
		int right = 0;
		int top = height;
		int bottom = 0;
		for (int i = 0; i < count; i++) {
			left = Math.min(left, pixels[i] % width);
			right = Math.max(right, pixels[i] % width);
			top = Math.min(top, pixels[i] / width);
			bottom = Math.max(bottom, pixels[i] / width);
		}
		final ByteProcessor mask = new ByteProcessor(right - left + 1, bottom - top + 1);
		for (int i = 0; i < count; i++)
			mask.set(pixels[i] % width - left, pixels[i] / width - top, 255);
		mask.setThreshold(255, 255, ImageProcessor.NO_LUT_UPDATE);
		final Roi roi = new ThresholdToSelection().convert(mask);
		roi.setLocation(left + roi.getBounds().x, top + roi.getBounds().y);
		return roi;
	}
}
