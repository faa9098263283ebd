package io.github.brushwood.ui.live;

import io.github.brushwood.engine.Importance;

import java.util.ArrayList;
import java.util.List;

/** The importances of features as bars. */
final class Importances {

	/** Bars that are shown. */
	static final int MOST = 15;

	private Importances() {}

	/** The first ones, by permutation where that was measured, else by Gini. */
	static List<BarChart.Bar> bars(final List<Importance> importances) {
		final boolean permuted = arePermuted(importances);
		final List<BarChart.Bar> bars = new ArrayList<>();
		for (final Importance i : importances.subList(0, Math.min(MOST, importances.size()))) {
			final double value = permuted ? i.permutation : i.gini;
			bars.add(new BarChart.Bar(i.feature, Math.max(0, value), Widgets.percent(value)));
		}
		return bars;
	}

	private static boolean arePermuted(final List<Importance> importances) {
		return !importances.isEmpty() && importances.stream().noneMatch(i -> Double.isNaN(i.permutation));
	}

	/** What the bars' numbers mean. */
	static String meaning(final List<Importance> importances) {
		return arePermuted(importances)
			? "How many more samples are wrong out of bag when the values of a feature are shuffled."
			: "Share of all that the trees' splits tell classes apart (Gini).";
	}
}
