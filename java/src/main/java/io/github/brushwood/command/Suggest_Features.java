package io.github.brushwood.command;

import ij.IJ;
import ij.measure.ResultsTable;

import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.FeatureSelection.Step;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.session.ForestKeys;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Training;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.Plots;
import io.github.brushwood.ui.ReportWindow;

import java.util.ArrayList;
import java.util.List;

/** Looks for a short list of features that does about as well as a long one. */
public final class Suggest_Features extends BrushwoodCommand {

	private static final String TITLE = "Suggested features";

	private Spec spec;

	@Override
	public Spec spec() {
		if (spec == null) spec = build();
		return spec;
	}

	private static Spec build() {
		final List<Key> keys = new ArrayList<>(TrainingKeys.inputs());
		keys.add(Key.of(Kind.TEXT, "tolerance", "Tolerated loss", "0.005",
			"How much worse than the best list the suggested one may be, as a share of wrong samples, 0 to 1."));
		keys.addAll(ForestKeys.selection());
		keys.add(SPACING);
		keys.add(THREADS);
		return new Spec("Brushwood Suggest Features...",
			"Leaves out features step by step, the least important first, and measures the error of each list on samples " +
				"that trees had not seen: held out as asked for, else out of bag. Takes the same images and keys as Brushwood " +
				"Train Model. Shows the error over the number of features and writes the shortest list that is about as good " +
				"as the best into the log, to be used as 'features'.",
			keys);
	}

	@Override
	public String defaultOf(final Key key, final Options others) {
		return ForestKeys.defaultOf(key, others);
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final TrainOptions forest = ForestKeys.options(options).calibrate(false).contextSigmas(new double[0]);
		final double tolerance = options.number("tolerance", 0, 1);
		final Training training = TrainingKeys.training(options, forest);
		final FeatureSelection selection = training.selectFeatures(jobs, tolerance);
		IJ.log(TITLE + ": " + selection.features());
		ReportWindow.table(TITLE + ": steps", table(selection));
		if (!ReportWindow.hasWindows()) for (final Step step : selection.steps())
			IJ.log("  " + step.features + " features: error " + IJ.d2s(step.error, 5) + (step.chosen ? ", suggested" : ""));
		show(Plots.selection(TITLE, selection));
		IJ.showStatus(TITLE + ": " + selection.features());
	}

	private static ResultsTable table(final FeatureSelection selection) {
		final ResultsTable table = new ResultsTable();
		table.setPrecision(5);
		for (final Step step : selection.steps()) {
			table.addRow();
			table.addValue("Features", step.features);
			table.addValue("Error", step.error);
			table.addValue("Suggested", step.chosen ? "yes" : "");
		}
		return table;
	}
}
