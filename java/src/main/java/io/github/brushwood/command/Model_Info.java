package io.github.brushwood.command;

import ij.IJ;

import io.github.brushwood.engine.DescribeFormat;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.ObjectModel;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.ReportWindow;

/** Shows what a model file holds. */
public final class Model_Info extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Model Info",
		"Shows what a model of pixels or of objects holds: features or measures, classes, forest, images it was trained " +
			"on, how well it did on samples that its trees had not seen and what matters most.",
		MODEL_FILE, Key.flag("json", "As JSON", "Show it as JSON, for other programs."));

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final String path = options.text("model");
		final String text;
		final DescribeFormat format = options.flag("json") ? DescribeFormat.JSON : DescribeFormat.TEXT;
		try (Job job = jobs.open()) {
			text = ObjectModel.isFile(job, path) ? objects(job, path, format) : pixels(job, path, format);
		}
		ReportWindow.text("Brushwood model " + path, text);
		IJ.showStatus("Read " + path);
	}

	private static String pixels(final Job job, final String path, final DescribeFormat format) {
		try (Model model = Model.read(job, path)) {
			return format == DescribeFormat.JSON ? model.describeJson(job) : model.describeText(job);
		}
	}

	private static String objects(final Job job, final String path, final DescribeFormat format) {
		try (ObjectModel model = ObjectModel.read(job, path)) {
			return model.describe(job, format);
		}
	}
}
