package io.github.brushwood.session.live;

import java.awt.Rectangle;

/** What the forest, or a feature, says about a part of a slice; immutable by convention. Arrays row by row. */
public final class ResultTile {

	/** Place in the slice, pixels. */
	public final int x;
	public final int y;
	public final int width;
	public final int height;
	/** Grows with every model; tiles of an older version are still shown until new ones come. */
	public final long version;
	/** Of all trees, so that it is the final word of this version; false for a first glance of a few trees. */
	public final boolean complete;
	/** [label - 1][pixel]: 0..255 for 0..1; null in tiles of a feature. */
	public final byte[][] probabilities;
	/** 1..K. */
	public final byte[] labels;
	/** 0..255 for 0..1. */
	public final byte[] uncertainty;
	/** Ids of the classes by label - 1, when the model was made. */
	public final int[] classIds;
	/** Values of a feature; null in tiles of a model. */
	public final float[] feature;

	/** Of a model. */
	ResultTile(final int x, final int y, final int width, final int height, final long version, final boolean complete,
		final byte[][] probabilities, final byte[] labels, final byte[] uncertainty, final int[] classIds)
	{
		this.x = x;
		this.y = y;
		this.width = width;
		this.height = height;
		this.version = version;
		this.complete = complete;
		this.probabilities = probabilities;
		this.labels = labels;
		this.uncertainty = uncertainty;
		this.classIds = classIds;
		feature = null;
	}

	/** Of a feature. */
	ResultTile(final int x, final int y, final int width, final int height, final long version, final float[] feature) {
		this.x = x;
		this.y = y;
		this.width = width;
		this.height = height;
		this.version = version;
		this.feature = feature;
		complete = true;
		probabilities = null;
		labels = null;
		uncertainty = null;
		classIds = null;
	}

	boolean meets(final Rectangle area) {
		return new Rectangle(x, y, width, height).intersects(area);
	}

	/** Whether all of an area of the slice lies in it. */
	boolean covers(final Rectangle area) {
		return new Rectangle(x, y, width, height).contains(area);
	}

	/** Bytes that it holds. */
	public long bytes() {
		final long pixels = (long) width * height;
		return feature != null ? 4 * pixels : (2L + probabilities.length) * pixels;
	}
}
