package io.github.brushwood.engine;

import java.util.Collection;

/** What a prediction can make; in the order of the engine's bits. */
public enum Output {
	/** FLOAT32, one channel per class, 0 to 1. */
	PROBABILITIES,
	/** UINT8, classes 1..K, ties to the lower class. */
	LABELS,
	/** FLOAT32: 1 - (largest - second largest probability), 0 = sure, 1 = a tie. */
	UNCERTAINTY,
	/** FLOAT32: entropy of the probabilities, 0 = sure, 1 = all classes alike. */
	ENTROPY;

	/** The engine's number for several. */
	static int bits(final Collection<Output> outputs) {
		int bits = 0;
		for (final Output output : outputs)
			bits |= 1 << output.ordinal();
		return bits;
	}
}
