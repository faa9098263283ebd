package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.measure.ResultsTable;

import io.github.brushwood.engine.Comparison;
import io.github.brushwood.engine.Comparison.Difference;
import io.github.brushwood.engine.Comparison.Kind;
import io.github.brushwood.engine.Comparison.Match;
import io.github.brushwood.engine.Comparison.Score;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Comparing;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.ReportWindow;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Scores segmentations against their truth. */
public final class Compare_Segmentations extends BrushwoodCommand {

	/** Titles of the tables begin with it. */
	static final String TITLE = "Comparison";

	private static final int DIGITS = 4;
	private static final String TRUTH = "truth";
	private static final String RESULT = "result";
	private static final String FILES = "Files";

	private static final Spec SPEC = new Spec("Brushwood Compare Segmentations...",
		"Compares two open images, files, or folders of label images, masks or class images: pixel accuracy, IoU and Dice " +
			"of each class, confusion matrix, adapted Rand error, variation of information, and for objects precision, " +
			"recall, F1 and average precision at an IoU of 0.5 to 0.95, with splits and merges. Every frame counts as an " +
			"image of its own.",
		Key.of(Key.Kind.IMAGE, TRUTH, "Truth", "", "Title of the open image with the truth."),
		Key.of(Key.Kind.IMAGE, RESULT, "Result", "",
			"Title of the open image to score; without it the current image."),
		Key.choice("kind", "What the images hold",
			"labels: every number is an object; masks: 0 against everything else; classes: numbers of classes; auto looks " +
				"at the values, and takes masks beside labels apart into their connected parts.", "auto", "labels", "masks",
			"classes"),
		Key.flag("ignore_zero", "Leave out pixels that are 0 in the truth", "They have no known class; for classes alone."),
		Key.flag("picture", "Picture of the differences", "Show where open images differ, in colour."),
		Key.of(Key.Kind.SAVE, "csv", "Save CSV as", "", "File to write all scores to.").withSuffix(".csv"),
		Key.of(Key.Kind.FILES, "truth_files", "Truth files", "", "Files with the truth, separated by ';'.").orFolder()
			.under(FILES),
		Key.of(Key.Kind.FILES, "result_files", "Result files", "", "Files to score, in the same order.").orFolder()
			.under(FILES),
		Key.of(Key.Kind.FOLDER, "truth_folder", "Truth folder", "", "Folder of files with the truth.").under(FILES),
		Key.of(Key.Kind.FOLDER, "result_folder", "Result folder", "",
			"Folder of the files to score, which have the same names; the endings may differ.").under(FILES),
		Key.of(Key.Kind.FOLDER, "pictures", "Pictures into folder", "",
			"Folder for pictures of the differences, name_comparison.tif for each pair.").under(FILES), THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	public List<String> suggestions(final Key key) {
		return key.kind() == Key.Kind.IMAGE ? Arrays.asList(WindowManager.getImageTitles()) : Collections.emptyList();
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final String kind = options.text("kind");
		final Comparing comparing = new Comparing(kind.equals("auto") ? null : Kind.valueOf(kind.toUpperCase(Locale.ROOT)),
			options.flag("ignore_zero"));
		addImages(comparing, options);
		final Comparing.Result result = comparing.run(jobs.part(0, 0.8));
		if (options.given("csv")) result.writeCsv(options.text("csv"));
		if (options.given("pictures")) comparing.pictures(jobs.part(0.8, 1), options.text("pictures"));
		for (final String note : comparing.notes())
			IJ.log(SPEC.name() + ": " + note);
		if (ReportWindow.hasWindows()) tables(result);
		else IJ.log(result.text);
		if (options.flag("picture")) {
			final ImagePlus picture = comparing.picture(jobs.part(0.8, 1));
			for (final Difference colour : comparing.legend())
				IJ.log(String.format(Locale.ROOT, "  #%06x %s: %s", colour.colour, colour.id, colour.meaning));
			show(picture);
			ReportWindow.arrange(picture.getWindow(), TITLE, TITLE + ": images", TITLE + ": objects", TITLE + ": classes",
				TITLE + ": confusion matrix");
		}
		IJ.showStatus(comparing.size() + (comparing.size() == 1 ? " pair compared" : " pairs compared"));
	}

	private static void addImages(final Comparing comparing, final Options options) {
		comparing.addFiles(options.list("truth_files"), options.list("result_files"));
		if (options.given("truth_folder") || options.given("result_folder")) {
			need(options, "truth_folder", "result_folder");
			need(options, "result_folder", "truth_folder");
			comparing.addFolders(options.text("truth_folder"), options.text("result_folder"));
		}
		if (options.given(TRUTH)) comparing.add(Measure_Objects.titled(TRUTH, options.text(TRUTH)), options.given(RESULT)
			? Measure_Objects.titled(RESULT, options.text(RESULT)) : currentImage());
		else if (options.given(RESULT)) need(options, TRUTH, RESULT);
		if (comparing.size() == 0) {
			throw new BrushwoodException("There is nothing to compare. Name the open image with the truth ('truth') and the " +
				"one to score ('result'), or give files or folders.");
		}
		if (options.flag("picture") && !options.given(TRUTH)) {
			throw new BrushwoodException("'picture' shows the differences of open images. Name a folder for the pictures of " +
				"files with 'pictures'.");
		}
	}

	private static void need(final Options options, final String key, final String other) {
		if (options.given(key)) return;
		throw new BrushwoodException("The key '" + key + "' (" + SPEC.find(key).label() + ") is missing beside '" + other +
			"'. Give both.");
	}

	private static void tables(final Comparing.Result result) {
		ReportWindow.table(TITLE + ": confusion matrix", confusion(result));
		ReportWindow.table(TITLE + ": classes", classes(result));
		if (!result.matches.isEmpty()) ReportWindow.table(TITLE + ": objects", matches(result));
		ReportWindow.table(TITLE + ": images", images(result));
		ReportWindow.table(TITLE, summary(result));
	}

	/** A row per score: of all images as if they were one, and the mean over images. */
	private static ResultsTable summary(final Comparing.Result result) {
		final ResultsTable table = table();
		final List<Score> scores = Comparison.scores();
		for (int i = 0; i < scores.size(); i++) {
			if (!scores.get(i).kinds.contains(result.kind)) continue;
			table.addRow();
			table.addValue("score", scores.get(i).id);
			table.addValue("pooled", result.pooled[i]);
			table.addValue("mean", result.mean[i]);
			table.addValue("meaning", scores.get(i).label);
		}
		for (final String column : new String[] { "pooled", "mean" }) // counts without decimals
			table.setDecimalPlaces(table.getColumnIndex(column), ResultsTable.AUTO_FORMAT);
		return table;
	}

	/** A row per image, a column per score. */
	private static ResultsTable images(final Comparing.Result result) {
		final ResultsTable table = table();
		final List<Score> scores = Comparison.scores();
		for (int row = 0; row < result.images.size(); row++) {
			table.addRow();
			table.addValue("image", result.images.get(row));
			for (int i = 0; i < scores.size(); i++)
				if (scores.get(i).kinds.contains(result.kind)) table.addValue(scores.get(i).id, result.values.get(row)[i]);
		}
		return table;
	}

	/** How objects match, a row per IoU. */
	private static ResultsTable matches(final Comparing.Result result) {
		final ResultsTable table = table();
		for (final Match m : result.matches) {
			table.addRow();
			table.addValue("IoU", m.threshold);
			table.addValue("average precision", m.accuracy);
			table.addValue("precision", m.precision);
			table.addValue("recall", m.recall);
			table.addValue("F1", m.f1);
			table.addValue("found", m.hits);
			table.addValue("extra", m.extra);
			table.addValue("missed", m.missed);
			table.addValue("mean IoU of found", m.meanMatchedIou);
			table.addValue("panoptic quality", m.panopticQuality);
		}
		return table;
	}

	private static ResultsTable classes(final Comparing.Result result) {
		final ResultsTable table = table();
		for (int k = 0; k < result.classes.size(); k++) {
			final Scores.OfClass s = result.classes.get(k);
			table.addRow();
			table.addValue("class", name(result, k));
			table.addValue("truth", s.truth);
			table.addValue("result", s.predicted);
			table.addValue("precision", s.precision);
			table.addValue("recall", s.recall);
			table.addValue("Dice", s.f1);
			table.addValue("IoU", s.iou);
		}
		return table;
	}

	private static ResultsTable confusion(final Comparing.Result result) {
		final ResultsTable table = table();
		for (int truth = 0; truth < result.confusion.length; truth++) {
			table.addRow();
			table.addValue("truth", name(result, truth));
			for (int k = 0; k < result.confusion.length; k++)
				table.addValue("as " + name(result, k), result.confusion[truth][k]);
		}
		return table;
	}

	private static String name(final Comparing.Result result, final int k) {
		if (result.kind == Kind.CLASSES) return String.valueOf(k);
		return k == 0 ? "background" : "foreground";
	}

	private static ResultsTable table() {
		final ResultsTable table = new ResultsTable();
		table.setPrecision(DIGITS);
		return table;
	}
}
