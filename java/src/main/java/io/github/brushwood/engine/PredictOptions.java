package io.github.brushwood.engine;

/** How to classify an image. */
public final class PredictOptions {

	long tile;
	double[] spacing;
	boolean unrefined;

	/** @param edge of a tile in pixels; 0 to choose from image and memory budget. Never changes the result. */
	public PredictOptions tile(final long edge) {
		tile = edge;
		return this;
	}

	/** @param on true for the forest's own probabilities, without the smoothing that the model may ask for */
	public PredictOptions unrefined(final boolean on) {
		unrefined = on;
		return this;
	}

	/** Size of a voxel, in place of the image's own calibration. */
	public PredictOptions spacing(final double x, final double y, final double z) {
		spacing = new double[] { x, y, z };
		return this;
	}
}
