package io.github.brushwood.command;

import ij.IJ;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.ReportWindow;

/** Shows what a model file holds. */
public final class Model_Info extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Model Info",
		"Shows what a model holds: features, classes, forest, images it was trained on, how well it did on samples that " +
			"its trees had not seen and which features matter.",
		MODEL_FILE, Key.flag("json", "As JSON", "Show it as JSON, for other programs."));

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final String path = options.text("model");
		final String text;
		try (Job job = jobs.open(); Model model = Model.read(job, path)) {
			text = options.flag("json") ? model.describeJson(job) : model.describeText(job);
		}
		ReportWindow.text("Brushwood model " + path, text);
		IJ.showStatus("Read " + path);
	}
}
