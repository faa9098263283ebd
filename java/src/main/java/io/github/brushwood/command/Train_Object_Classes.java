package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.DescribeFormat;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.ObjectModel;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Measuring;
import io.github.brushwood.session.ObjectExamples;
import io.github.brushwood.session.ObjectTraining;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.ReportWindow;

import java.util.List;

/** Learns classes of objects from examples. */
public final class Train_Object_Classes extends BrushwoodCommand {

	static final String NAME = "Brushwood Train Object Classes...";
	static final String ROIS = "rois";
	static final String EXAMPLES = "examples";
	static final String SHOW = "show";
	private static final String REPORT = "report";
	private static final String TABLE = "table";
	private static final String CLASSES = "classes";

	private static final Spec SPEC = new Spec(NAME,
		"Learns to tell classes of objects (round and elongated nuclei, dividing and resting cells) from examples: some " +
			"objects of the current image, a label image or a mask, that have a class. These are the objects under the " +
			"annotations of Brushwood Annotate on the label image; without annotations those under ImageJ's multi-points, " +
			"whose counters 0, 1, ... are the classes 1, 2, ...; without these the ones picked in Brushwood Pick Object " +
			"Classes; or those that 'examples' lists by number. A random forest " +
			"learns from the objects' measures. Shows examples per class, the error on examples that trees had not seen (out " +
			"of bag), which classes were confused and the most important measures.",
		Key.of(Kind.SAVE, "model", "Save model as", "", "File to write, usually *.brushwood-objects.").withSuffix(
			ObjectKeys.SUFFIX),
		Key.of(Kind.LIST, ObjectKeys.LABELS, "Label image", "",
			"Title of the label image or mask, or titles of several, separated by ';'; without it the current image."),
		Key.of(Kind.LIST, ObjectKeys.IMAGE, "Image of intensities", "",
			"Title of the image whose values are measured; of several label images one for each, separated by ';'."),
		Key.of(Kind.LIST, ObjectKeys.PROBABILITIES, "Probabilities", "",
			"Title of the image with a channel of probabilities per class; of several label images one for each, separated by " +
				"';'."), Key.of(Kind.LIST, ROIS, "Image with examples", "",
					"Title of the image with the examples; without it the label image. Of " +
						"several label images one for each, separated by ';'."), Key.of(Kind.LIST, EXAMPLES, "Examples by number",
							"", "Examples in place of those on images: name:objects of each class, separated by ';', such as " +
								"round:5,9;rod#e69f00:3,8@2, where #e69f00 is the colour of the class and @2 the frame. Goes with " +
								"one label image."), Key.of(Kind.LIST, CLASSES, "Class names", "",
									"Names of classes 1, 2, ... separated by ';', each with a colour if wanted: round;rod#e69f00. " +
										"Annotations bring names of their own."), ObjectKeys.MEASURES_KEY,
		Key.set(SHOW, "Show", "What to show: the report, the image of the classes, or the table of measures and classes in " +
			"ImageJ's Results, these two for the last label image.", REPORT, CLASSES, TABLE),
		Key.of(Kind.SAVE, "csv", "Save table as", "", "CSV file of measures and classes of the last label image.")
			.withSuffix(".csv").inMacrosOnly(), ObjectKeys.SPACING_KEY, THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	String modelKind() {
		return ObjectKeys.KIND;
	}

	@Override
	boolean worksWithoutOptions() {
		return true;
	}

	@Override
	void checkReady() {
		currentImage();
	}

	@Override
	public List<String> suggestions(final Key key) {
		return ObjectKeys.titles(key);
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final List<String> titles = options.list(ObjectKeys.LABELS);
		final ImagePlus current = titles.isEmpty() ? currentImage() : null;
		final int count = Math.max(1, titles.size());
		checkExamples(options, count);
		final ObjectTraining training = new ObjectTraining(AnnotationClasses.of(options.list(CLASSES)));
		Measuring last = null;
		for (int i = 0; i < count; i++) {
			final ImagePlus labels = current != null ? current : Measure_Objects.titled(ObjectKeys.LABELS, titles.get(i));
			last = ObjectKeys.measuring(options, labels, ObjectKeys.item(options, ObjectKeys.IMAGE, i, count), ObjectKeys.item(
				options, ObjectKeys.PROBABILITIES, i, count));
			final String rois = ObjectKeys.item(options, ROIS, i, count);
			if (options.given(EXAMPLES)) training.add(last, ObjectExamples.parse(options.list(EXAMPLES)));
			else training.add(last, rois == null ? labels : Measure_Objects.titled(ROIS, rois));
		}
		try (ObjectModel model = training.train(jobs.part(0, 0.6))) {
			for (final String note : training.notes())
				IJ.log(NAME + ": " + note);
			deliver(options, jobs.part(0.6, 1), model, last);
		}
	}

	private static void checkExamples(final Options options, final int count) {
		if (options.given(EXAMPLES) && (count > 1 || options.given(ROIS))) {
			throw new BrushwoodException("'" + EXAMPLES + "' lists objects of one label image, and goes with no '" + ROIS +
				"'. Leave one of them out, or mark the examples on the images.");
		}
	}

	private static void deliver(final Options options, final Jobs jobs, final ObjectModel model, final Measuring last) {
		final List<String> show = options.list(SHOW);
		final String report;
		try (Job job = jobs.open()) {
			if (options.given("model")) model.write(job, options.text("model"));
			report = model.describe(job, DescribeFormat.TEXT);
		}
		final boolean image = show.contains(CLASSES);
		final boolean table = show.contains(TABLE);
		if (image || table || options.given("csv")) {
			Classify_Objects.show(NAME, options, jobs, last, model, image, table);
		}
		if (show.contains(REPORT)) {
			ReportWindow.text("Brushwood model of objects" + (options.given("model") ? " " + options.text("model") : ""),
				report);
		}
		IJ.showStatus("Learnt " + String.join(", ", model.classNames()));
	}
}
