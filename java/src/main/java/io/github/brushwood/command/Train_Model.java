package io.github.brushwood.command;

import ij.IJ;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.session.ForestKeys;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Training;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.ReportWindow;

import java.util.ArrayList;
import java.util.List;

/** Grows a model from annotated images. */
public final class Train_Model extends BrushwoodCommand {

	private Spec spec;

	@Override
	public Spec spec() {
		if (spec == null) spec = build();
		return spec;
	}

	private static Spec build() {
		final List<Key> keys = new ArrayList<>();
		keys.add(Key.required(Kind.SAVE, "model", "Save model as", "File to write, usually *.brushwood.").withSuffix(
			".brushwood"));
		keys.addAll(TrainingKeys.inputs());
		keys.addAll(ForestKeys.forest());
		keys.add(SPACING);
		keys.add(THREADS);
		return new Spec("Brushwood Train Model...",
			"Grows a random forest from annotated images: the current image, all open ones that have annotations, image " +
				"files with label image files, or all of these. Saves the model and shows labels per class, errors and " +
				"confusion matrices on samples that trees had not seen (out of bag and, if asked for, held out) and the most " +
				"important features.",
			keys);
	}

	@Override
	public String defaultOf(final Key key, final Options others) {
		return ForestKeys.defaultOf(key, others);
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final Training training = TrainingKeys.training(options, ForestKeys.options(options));
		final String report;
		try (Model model = training.train(jobs); Job job = jobs.open()) {
			model.write(job, options.text("model"));
			report = model.describeText(job);
		}
		ReportWindow.text("Brushwood model " + options.text("model"), report);
		IJ.showStatus("Trained on " + training.size() + (training.size() == 1 ? " image" : " images"));
	}
}
