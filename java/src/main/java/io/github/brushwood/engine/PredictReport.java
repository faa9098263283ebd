package io.github.brushwood.engine;

import java.util.Arrays;

/** What happened on the way to a prediction. Immutable. */
public final class PredictReport {

	/** Numbers before those of the classes. */
	static final int HEAD = 3;

	private final long[] numbers;

	/** @param numbers non-finite pixels, spacing assumed, slice-wise, pixels of each class */
	PredictReport(final long[] numbers) {
		this.numbers = numbers;
	}

	/** Both together, of two parts of an image. */
	public PredictReport plus(final PredictReport other) {
		final long[] sum = numbers.clone();
		sum[0] += other.numbers[0];
		sum[1] |= other.numbers[1];
		sum[2] |= other.numbers[2];
		for (int i = HEAD; i < sum.length; i++)
			sum[i] += other.numbers[i];
		return new PredictReport(sum);
	}

	/** NaN and infinite pixels, which count as the smallest finite value of their channel and frame. */
	public long nonFinite() {
		return numbers[0];
	}

	/** A 3D model ran on an image without calibration: the model's spacing was used. */
	public boolean spacingAssumed() {
		return numbers[1] != 0;
	}

	/** A 2D model ran on a stack, slice by slice. */
	public boolean sliceWise() {
		return numbers[2] != 0;
	}

	/** How many pixels each class won. */
	public long[] classPixels() {
		return Arrays.copyOfRange(numbers, HEAD, numbers.length);
	}
}
