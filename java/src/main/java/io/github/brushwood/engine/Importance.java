package io.github.brushwood.engine;

/** How much a forest relies on a feature. */
public final class Importance {

	/** Name of the feature image. */
	public final String feature;
	/** Share of the Gini decrease, 0 to 1. */
	public final double gini;
	/** Decrease of the out-of-bag accuracy when its item of the list is permuted; NaN where not measured. */
	public final double permutation;

	Importance(final String feature, final double gini, final double permutation) {
		this.feature = feature;
		this.gini = gini;
		this.permutation = permutation;
	}
}
