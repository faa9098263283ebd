package io.github.brushwood.engine;

import java.util.Arrays;

/** The images that a prediction made, which it owns, and what happened on the way. */
public final class Prediction implements AutoCloseable {

	private final EngineImage probabilities;
	private final EngineImage labels;
	private final long[] report;

	/**
	 * @param images addresses of probabilities and labels; 0 for none
	 * @param report non-finite pixels, spacing assumed, slice-wise, pixels of each class
	 */
	Prediction(final long[] images, final long[] report) {
		probabilities = images[0] == 0 ? null : new EngineImage(images[0]);
		labels = images[1] == 0 ? null : new EngineImage(images[1]);
		this.report = report;
	}

	/** FLOAT32, one channel per class, 0 to 1; null when not asked for. */
	public EngineImage probabilities() {
		return probabilities;
	}

	/** UINT8, classes 1..K, ties to the lower class; null when not asked for. */
	public EngineImage labels() {
		return labels;
	}

	/** NaN and infinite pixels, which count as the smallest finite value of their channel and frame. */
	public long nonFinite() {
		return report[0];
	}

	/** A 3D model ran on an image without calibration: the model's spacing was used. */
	public boolean spacingAssumed() {
		return report[1] != 0;
	}

	/** A 2D model ran on a stack, slice by slice. */
	public boolean sliceWise() {
		return report[2] != 0;
	}

	/** How many pixels each class won. */
	public long[] classPixels() {
		return Arrays.copyOfRange(report, 3, report.length);
	}

	/** Closes both images. */
	@Override
	public void close() {
		if (probabilities != null) probabilities.close();
		if (labels != null) labels.close();
	}
}
