package io.github.brushwood.ui;

import ij.gui.Plot;

import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.FeatureSelection.Step;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.AnnotationClasses;

import java.awt.Color;
import java.util.ArrayList;
import java.util.List;

/** Diagrams as ImageJ plots. */
public final class Plots {

	private static final int WIDTH = 460;
	private static final int HEIGHT = 400;
	private static final Color REFERENCE = new Color(0x999999);
	private static final Color LINE = new Color(0x0072b2);
	private static final Color CHOSEN = new Color(0xd55e00);

	private Plots() {}

	/** How often each class occurs where it is given a probability, beside the diagonal of a perfect match. */
	public static Plot reliability(final String title, final Scores scores, final AnnotationClasses classes) {
		final Plot plot = new Plot(title + ": reliability", "Predicted probability", "Observed frequency");
		plot.setFrameSize(HEIGHT, HEIGHT);
		plot.setLimits(0, 1, 0, 1);
		plot.setLineWidth(1);
		plot.setColor(REFERENCE);
		plot.add("line", new double[] { 0, 1 }, new double[] { 0, 1 });
		final List<String> legend = new ArrayList<>();
		legend.add("perfect");
		plot.setLineWidth(2);
		for (int k = 0; k < scores.classCount(); k++)
			if (addClass(plot, scores.reliability(k), new Color(classes.at(k + 1).rgb()))) legend.add(classes.at(k + 1)
				.name());
		plot.setColor(Color.BLACK);
		plot.setLineWidth(1);
		plot.addLegend(String.join("\n", legend));
		return plot;
	}

	private static boolean addClass(final Plot plot, final Scores.Bin[] bins, final Color colour) {
		final List<Double> x = new ArrayList<>();
		final List<Double> y = new ArrayList<>();
		for (final Scores.Bin bin : bins) {
			if (bin.count == 0) continue;
			x.add(bin.predicted);
			y.add(bin.observed);
		}
		if (x.isEmpty()) return false;
		plot.setColor(colour, colour);
		plot.add("connected circle", array(x), array(y));
		return true;
	}

	/** The error of every list over its number of features. */
	public static Plot selection(final String title, final FeatureSelection selection) {
		final List<Double> x = new ArrayList<>();
		final List<Double> y = new ArrayList<>();
		final List<Double> chosenX = new ArrayList<>();
		final List<Double> chosenY = new ArrayList<>();
		double highest = 0;
		for (final Step step : selection.steps()) {
			x.add((double) step.features);
			y.add(100 * step.error);
			highest = Math.max(highest, 100 * step.error);
			if (!step.chosen) continue;
			chosenX.add((double) step.features);
			chosenY.add(100 * step.error);
		}
		final Plot plot = new Plot(title, "Features", "Wrong samples (%)");
		plot.setFrameSize(WIDTH, HEIGHT * 3 / 4);
		plot.setLimits(0, x.isEmpty() ? 1 : x.get(0) * 1.05, 0, highest > 0 ? highest * 1.1 : 1);
		plot.setLineWidth(2);
		plot.setColor(LINE, LINE);
		plot.add("connected circle", array(x), array(y));
		plot.setColor(CHOSEN, CHOSEN);
		plot.setLineWidth(4);
		plot.add("circle", array(chosenX), array(chosenY));
		plot.setColor(Color.BLACK);
		plot.setLineWidth(1);
		plot.addLegend("all lists\nsuggested");
		return plot;
	}

	private static double[] array(final List<Double> values) {
		final double[] array = new double[values.size()];
		for (int i = 0; i < array.length; i++)
			array[i] = values.get(i);
		return array;
	}
}
