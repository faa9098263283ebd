package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The smallest list of features whose forest is about as good as the best, and the steps that led there. */
public final class FeatureSelection {

	/** A list that was tried. */
	public static final class Step {

		/** Number of feature images. */
		public final int features;
		/** Share of wrong samples, 0 to 1. */
		public final double error;
		/** Whether this is the list that was chosen. */
		public final boolean chosen;

		private Step(final int features, final double error, final boolean chosen) {
			this.features = features;
			this.error = error;
			this.chosen = chosen;
		}
	}

	private final String features;
	private final List<Step> steps;

	/** @param numbers features, error and chosen of each step */
	FeatureSelection(final String features, final double[] numbers) {
		this.features = features;
		final List<Step> list = new ArrayList<>();
		for (int i = 0; i + 2 < numbers.length; i += 3)
			list.add(new Step((int) numbers[i], numbers[i + 1], numbers[i + 2] != 0));
		steps = Collections.unmodifiableList(list);
	}

	/** The chosen feature list. */
	public String features() {
		return features;
	}

	/** From all features downwards. */
	public List<Step> steps() {
		return steps;
	}
}
