package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Outputs;
import io.github.brushwood.session.Segmentation;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

/** Classifies the current image. */
public final class Apply_Model extends BrushwoodCommand {

	private static final Key OUTPUT = Key.set("output", "Output",
		"What to make: 32-bit probabilities (one channel per class, 0 to 1), 8-bit labels (class 1, 2, ...), 32-bit " +
			"uncertainty (1 - margin between the two most probable classes: 0 = sure, 1 = a tie) or 32-bit entropy (0 = " +
			"sure, 1 = all classes alike); 'both' is probabilities and labels. The labels, or else the probabilities, " +
			"become the active image.", Outputs.ids()).withAlias("both", "probabilities;labels");

	private static final Spec SPEC = new Spec("Brushwood Apply Model...",
		"Classifies every pixel of the current image with a trained model. The results are new images with the same " +
			"calibration, slices and frames.", MODEL_FILE, OUTPUT, UNREFINED, SPACING, THREADS);

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
		final Segmentation result = Segmentation.of(jobs, imp, options.text("model"), Outputs.of(options.list("output")),
			predictOptions(options));
		for (final String note : result.notes())
			IJ.log(spec().name() + ": " + note);
		show(result.images());
		IJ.showStatus("Classified " + imp.getTitle() + " in " + (System.currentTimeMillis() - start) + " ms");
	}
}
