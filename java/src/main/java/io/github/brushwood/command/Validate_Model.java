package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.measure.ResultsTable;

import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Validation;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.Plots;
import io.github.brushwood.ui.ReportWindow;

import java.io.File;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Compares a model's results with known labels. */
public final class Validate_Model extends BrushwoodCommand {

	private static final int DIGITS = 4;

	private static final Spec SPEC = new Spec("Brushwood Validate Model...",
		"Applies a model to images whose classes are known, at every pixel or at some, and compares: the current image " +
			"with its annotations or with an open label image, image files with label image files, or two folders. Images " +
			"should not be those it was trained on. Shows scores of each class, the confusion matrix and a reliability " +
			"diagram: how often a class occurs where it is given a probability.",
		MODEL_FILE, Key.of(Kind.IMAGE, "truth_image", "Truth of the current image", "",
			"Title of an open label image with the truth of the current image: 0 = unlabelled, 1, 2, ... = classes. " +
				"Without it and without files: the current image's annotations."),
		Key.of(Kind.FILES, "images", "Image files", "", "Image files, separated by ';'.").orFolder(),
		Key.of(Kind.FILES, "truth", "Truth files", "", "Their true label images in the same order.").orFolder(),
		Key.of(Kind.FOLDER, "image_folder", "Image folder", "", "Folder of images."),
		Key.of(Kind.FOLDER, "truth_folder", "Truth folder", "",
			"Folder of their true label images, which have the same names; the endings may differ."),
		Key.of(Kind.SAVE, "csv", "Save CSV as", "", "File to write all scores to.").withSuffix(".csv"), UNREFINED, SPACING,
		THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	public List<String> suggestions(final Key key) {
		final ImagePlus current = WindowManager.getCurrentImage();
		if (key.kind() != Kind.IMAGE || current == null) return Collections.emptyList();
		final List<String> titles = new ArrayList<>();
		for (final String title : WindowManager.getImageTitles())
			if (!title.equals(current.getTitle())) titles.add(title);
		return titles;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final Validation validation = new Validation(options.text("model"), predictOptions(options));
		addImages(validation, options);
		final Validation.Result result = validation.run(jobs);
		if (options.given("csv")) result.writeCsv(options.text("csv"));
		for (final String note : result.notes())
			IJ.log(SPEC.name() + ": " + note);
		final String title = "Validation of " + new File(options.text("model")).getName();
		final String summary = summary(result.scores());
		IJ.log(title + ": " + summary);
		if (!ReportWindow.hasWindows()) IJ.log(result.text());
		ReportWindow.table(title + ": confusion matrix", confusion(result));
		ReportWindow.table(title + ": classes", classes(result));
		ReportWindow.table(title + ": summary", summary(result));
		show(Plots.reliability(title, result.scores(), result.classes()));
		ReportWindow.arrange(WindowManager.getCurrentWindow(), title + ": summary", title + ": classes", title +
			": confusion matrix");
		IJ.showStatus("Accuracy " + number(result.scores().accuracy) + ", mean IoU " + number(result.scores().meanIou));
	}

	private static void addImages(final Validation validation, final Options options) {
		final boolean folders = options.given("image_folder") || options.given("truth_folder");
		if (folders) {
			need(options, "image_folder", "truth_folder");
			need(options, "truth_folder", "image_folder");
			validation.addFolders(options.text("image_folder"), options.text("truth_folder"));
		}
		validation.add(options.list("images"), options.list("truth"));
		if (options.given("truth_image")) {
			validation.add(currentImage(), truth(options.text("truth_image")));
		}
		else if (!folders && !options.given("images")) validation.add(currentImage());
	}

	private static void need(final Options options, final String key, final String other) {
		if (options.given(key)) return;
		throw new BrushwoodException("The key '" + key + "' (" + SPEC.find(key).label() + ") is missing beside '" + other +
			"'. Give both folders.");
	}

	private static ImagePlus truth(final String title) {
		final ImagePlus imp = WindowManager.getImage(title);
		if (imp != null && imp != WindowManager.getCurrentImage()) return imp;
		throw new BrushwoodException((imp == null ? "No open image has the title '" + title + "'" : "The image '" + title +
			"' is the current one itself") + ", which 'truth_image' names. Select the image to classify and name the one " +
			"with its labels.");
	}

	private static String summary(final Scores s) {
		return s.pixels + " pixels, accuracy " + number(s.accuracy) + ", mean IoU " + number(s.meanIou) + ", mean F1 " +
			number(s.meanF1) + ", kappa " + number(s.kappa) + ", Brier score " + number(s.brier) + ", calibration error " +
			number(s.calibrationError);
	}

	private static String number(final double value) {
		return Double.isNaN(value) ? "undefined" : String.format(Locale.ROOT, "%." + DIGITS + "f", value);
	}

	private static ResultsTable classes(final Validation.Result result) {
		final Scores scores = result.scores();
		final ResultsTable table = new ResultsTable();
		table.setPrecision(DIGITS);
		for (int k = 0; k < scores.classCount(); k++) {
			final Scores.OfClass s = scores.ofClass(k);
			table.addRow();
			table.addValue("Class", result.classes().at(k + 1).name());
			table.addValue("Truth", s.truth);
			table.addValue("Predicted", s.predicted);
			table.addValue("Precision", s.precision);
			table.addValue("Recall", s.recall);
			table.addValue("F1", s.f1);
			table.addValue("IoU", s.iou);
		}
		return table;
	}

	private static ResultsTable summary(final Validation.Result result) {
		final Scores s = result.scores();
		final ResultsTable table = new ResultsTable();
		table.setPrecision(DIGITS);
		table.addRow();
		table.addValue("Pixels", s.pixels);
		table.addValue("Accuracy", s.accuracy);
		table.addValue("Balanced accuracy", s.balancedAccuracy);
		table.addValue("Mean IoU", s.meanIou);
		table.addValue("Mean F1", s.meanF1);
		table.addValue("Kappa", s.kappa);
		table.addValue("Brier score", s.brier);
		table.addValue("Calib. error", s.calibrationError);
		return table;
	}

	/** A row for each true class, a column for each class it was given. */
	private static ResultsTable confusion(final Validation.Result result) {
		final AnnotationClasses classes = result.classes();
		final ResultsTable table = new ResultsTable();
		for (int truth = 0; truth < classes.size(); truth++) {
			table.addRow();
			table.addValue("Truth", classes.at(truth + 1).name());
			for (int k = 0; k < classes.size(); k++)
				table.addValue("as " + classes.at(k + 1).name(), result.scores().count(truth, k));
		}
		return table;
	}
}
