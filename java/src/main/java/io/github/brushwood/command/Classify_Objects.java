package io.github.brushwood.command;

import ij.IJ;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.ObjectModel;
import io.github.brushwood.session.ClassifiedObjects;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Measuring;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.util.ArrayList;
import java.util.List;

/** Gives every object of a label image a class by a model of objects. */
public final class Classify_Objects extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Classify Objects...",
		"Gives every object of the current image, a label image or a mask, a class by a model that Brushwood Train Object " +
			"Classes or Brushwood Pick Object Classes made. Shows an image of the classes (8-bit, 0 = background, in the " +
			"colours of the classes) and a row per object in ImageJ's Results table: label, frame, class and measures. " +
			"A model that learnt from intensities or probabilities needs these images again.", keys());

	private static List<Key> keys() {
		final List<Key> keys = new ArrayList<>();
		keys.add(Key.required(Kind.FILE, "model", "Model of objects",
			"Model file made by Brushwood Train Object Classes, *.brushwood-objects.").withSuffix(ObjectKeys.SUFFIX));
		keys.addAll(ObjectKeys.images());
		keys.add(Key.of(Kind.LIST, ObjectKeys.MEASURES, "Measures", "",
			"Ids of measures or of groups of them for the table, beside those that the model needs, separated by ';'; without " +
				"it all that can be measured."));
		keys.add(Key.of(Kind.SAVE, "csv", "Save table as", "", "CSV file of the table.").withSuffix(".csv"));
		keys.add(ObjectKeys.SPACING_KEY);
		keys.add(THREADS);
		return keys;
	}

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	String modelKind() {
		return ObjectKeys.KIND;
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
		final Measuring measuring = ObjectKeys.measuring(options);
		jobs.status("Classifying objects...");
		try (Job job = jobs.open(); ObjectModel model = ObjectModel.read(job, options.text("model"))) {
			show(SPEC.name(), options, jobs, measuring, model, true, true);
		}
	}

	/**
	 * Classifies and shows what came out. Files come first: what fails then leaves no windows.
	 *
	 * @param command for the log
	 */
	static void show(final String command, final Options options, final Jobs jobs, final Measuring measuring,
		final ObjectModel model, final boolean image, final boolean table)
	{
		try (ClassifiedObjects classified = ClassifiedObjects.of(jobs.part(0, 0.8), measuring, model)) {
			for (final String note : measuring.notes())
				IJ.log(command + ": " + note);
			IJ.log(command + ": " + classified.summary());
			if (options.given("csv")) Measure_Objects.write(jobs, classified.table(), options.text("csv"));
			if (table) Measure_Objects.show(classified.table());
			if (image) show(classified.image(jobs.part(0.8, 1)));
			IJ.showStatus(classified.summary());
		}
	}
}
