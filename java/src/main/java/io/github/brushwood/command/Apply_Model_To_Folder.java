package io.github.brushwood.command;

import ij.IJ;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.FolderBatch;
import io.github.brushwood.session.FolderBatch.Entry;
import io.github.brushwood.session.FolderBatch.State;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Outputs;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.ReportWindow;

import java.util.List;
import java.util.Locale;

/** Classifies the images of a folder. */
public final class Apply_Model_To_Folder extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Apply Model to Folder...",
		"Classifies every image of a folder that fits a pattern and writes name_probabilities.tif, " +
			"name_segmentation.tif, name_uncertainty.tif or name_entropy.tif, as chosen. A bad image is reported and does " +
			"not stop the rest; at the end the command fails if any image did.",
		MODEL_FILE, Key.required(Kind.FOLDER, "input", "Input folder", "Folder of the images."),
		Key.required(Kind.FOLDER, "output", "Output folder",
			"Folder of the results, made when missing; subfolders are mirrored."),
		Key.of(Kind.TEXT, "pattern", "File pattern", "*.tif;*.tiff",
			"Names of the images with * and ?, several separated by ';', such as *.tif;*.png. Case does not matter."),
		Key.set("export", "Export", "What to write for each image; 'both' is probabilities and labels.", Outputs.ids())
			.withAlias("both", "probabilities;labels"),
		Key.flag("recursive", "Search subfolders", "Go into subfolders too."),
		Key.flag("overwrite", "Overwrite results",
			"Make results again that exist; else their images are skipped, so that a stopped run goes on where it was."),
		UNREFINED, SPACING, THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final FolderBatch batch = new FolderBatch(options.text("model"), options.text("input"), options.text("output"),
			Outputs.of(options.list("export")));
		batch.pattern(options.text("pattern")).recursive(options.flag("recursive")).overwrite(options.flag("overwrite"));
		batch.options(predictOptions(options));
		final List<Entry> entries = batch.run(jobs, entry -> IJ.log(entry.toString()));
		final String summary = summary(entries);
		IJ.log(spec().name() + ": " + summary);
		IJ.showStatus(summary);
		final int failed = FolderBatch.count(entries, State.FAILED);
		if (failed == 0) return;
		ReportWindow.table(spec().name(), "Image\tState\tMessage", entries, entry -> entry.file + "\t" + entry.state
			.name().toLowerCase(Locale.ROOT) + "\t" + entry.message);
		throw new BrushwoodException(failed + " of " + entries.size() + " images failed. The first: " + firstFailure(
			entries));
	}

	private static String summary(final List<Entry> entries) {
		return FolderBatch.count(entries, State.DONE) + " done, " + FolderBatch.count(entries, State.SKIPPED) +
			" skipped, " + FolderBatch.count(entries, State.FAILED) + " failed";
	}

	private static String firstFailure(final List<Entry> entries) {
		for (final Entry entry : entries)
			if (entry.state == State.FAILED) return entry.file + ": " + entry.message;
		return "";
	}
}
