package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.measure.ResultsTable;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.MeasurementTable;
import io.github.brushwood.session.Measuring;
import io.github.brushwood.session.Spacing;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Measures the objects of a label image. */
public final class Measure_Objects extends BrushwoodCommand {

	private static final String RESULTS = "Results";
	private static final String LABELS = "labels";

	private static final Spec SPEC = new Spec("Brushwood Measure Objects...",
		"Measures every object of the current image, a label image (0 = background, every other value an object of its " +
			"frame) or a mask, whose connected parts are the objects. The rows replace those of ImageJ's Results table; the " +
			"columns are label, frame, class where objects have classes, and the measures by their ids, in the unit of the " +
			"image's calibration.",
		Key.of(Kind.IMAGE, LABELS, "Label image", "", "Title of the label image; without it the current image."),
		Key.of(Kind.IMAGE, "image", "Image of intensities", "",
			"Title of the image whose values are measured in every object, for all its channels."),
		Key.of(Kind.IMAGE, "probabilities", "Probabilities", "",
			"Title of the image with a channel of probabilities per class, for their mean in every object."),
		Key.of(Kind.LIST, "measures", "Measures", "",
			"Ids of measures or of groups of them, separated by ';', such as area;centroid;mean; without it all that can be " +
				"measured."),
		Key.of(Kind.SAVE, "csv", "Save table as", "", "CSV file of the table.").withSuffix(".csv"),
		Key.of(Kind.TEXT, "spacing", "Voxel size z,y,x", "",
			"Voxel size z,y,x in place of the calibration, such as 2.5,1,1."), THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void checkReady() {
		currentImage();
	}

	@Override
	public List<String> suggestions(final Key key) {
		return key.kind() == Kind.IMAGE ? Arrays.asList(WindowManager.getImageTitles()) : Collections.emptyList();
	}

	@Override
	boolean worksWithoutOptions() {
		return true;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final ImagePlus labels = options.given(LABELS) ? titled(LABELS, options.text(LABELS)) : currentImage();
		jobs.status("Measuring the objects of " + labels.getTitle() + "...");
		final Measuring measuring = new Measuring(labels).measures(options.list("measures")).spacing(Spacing.parse(options
			.text("spacing")));
		if (options.given("image")) measuring.image(titled("image", options.text("image")));
		if (options.given("probabilities")) measuring.probabilities(titled("probabilities", options.text(
			"probabilities")));
		try (Measurements table = measuring.run(jobs)) {
			for (final String note : measuring.notes())
				IJ.log(SPEC.name() + ": " + note);
			if (options.given("csv")) write(jobs, table, options.text("csv"));
			show(table);
			IJ.showStatus(table.rows() + " objects of " + labels.getTitle());
		}
	}

	/** The open image that a key names. */
	static ImagePlus titled(final String key, final String title) {
		final ImagePlus imp = WindowManager.getImage(title);
		if (imp != null) return imp;
		throw new BrushwoodException("No open image has the title '" + title + "', which the key '" + key + "' names. " +
			"Open images: " + (WindowManager.getImageCount() == 0 ? "none" : String.join(", ", WindowManager
				.getImageTitles())) + ".");
	}

	static void write(final Jobs jobs, final Measurements table, final String path) {
		try (Job job = jobs.open()) {
			table.write(job, path);
		}
	}

	/** Replaces the rows of ImageJ's Results table, which macros read. */
	static void show(final Measurements table) {
		final ResultsTable results = ResultsTable.getResultsTable();
		MeasurementTable.fill(results, table);
		if (IJ.getInstance() != null) results.show(RESULTS);
	}
}
