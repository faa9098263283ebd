package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.command.options.Key;
import io.github.brushwood.command.options.Key.Kind;
import io.github.brushwood.command.options.Options;
import io.github.brushwood.command.options.Spec;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Outputs;
import io.github.brushwood.session.Segmentation;
import io.github.brushwood.session.Spacing;

/** Classifies the current image. */
public final class Apply_Model extends BrushwoodCommand {

	private static final Key OUTPUT = Key.choice("output", "Output",
		"What to make: 32-bit probabilities (one channel per class, 0 to 1), 8-bit labels (class 1, 2, ...) or both; of " +
			"both the labels become the active image.", "probabilities", "labels", "both");

	private static final Spec SPEC = new Spec("Brushwood Apply Model...",
		"Classifies every pixel of the current image with a trained model. The results are new images with the same " +
			"calibration, slices and frames.",
		Key.required(Kind.FILE, "model", "Model file", "Model file made by Brushwood Train Model."),
		OUTPUT, SPACING, THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void checkReady() {
		currentImage();
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final ImagePlus imp = currentImage();
		jobs.status("Classifying " + imp.getTitle() + "...");
		final long start = System.currentTimeMillis();
		final Segmentation result = Segmentation.of(jobs, imp, options.text("model"), Outputs.of(options.text("output")),
			Spacing.parse(options.text("spacing")));
		for (final String note : result.notes())
			IJ.log(spec().name() + ": " + note);
		show(result.images());
		IJ.showStatus("Classified " + imp.getTitle() + " in " + (System.currentTimeMillis() - start) + " ms");
	}
}
