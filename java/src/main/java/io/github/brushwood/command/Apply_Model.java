package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.session.ImageFiles;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Outputs;
import io.github.brushwood.session.Segmentation;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.util.List;

/** Classifies the current image. */
public final class Apply_Model extends BrushwoodCommand {

	private static final Key OUTPUT = Key.set("output", "Output",
		"What to make: 32-bit probabilities (one channel per class, 0 to 1), 8-bit labels (class 1, 2, ...), 32-bit " +
			"uncertainty (1 - margin between the two most probable classes: 0 = sure, 1 = a tie) or 32-bit entropy (0 = " +
			"sure, 1 = all classes alike); 'both' is probabilities and labels. The labels, or else the probabilities, " +
			"become the active image.", Outputs.ids()).withAlias("both", "probabilities;labels");

	private static final Key FILE = Key.of(Kind.SAVE, "file", "Write to files", "",
		"Where to write the results instead of showing them, for those larger than memory: a path with {name}, the " +
			"image's title without its suffix, and {kind}, such as probabilities, for example " +
			"/data/{name}_{kind}.tif. The suffix decides the format; folders are made when missing.");

	private static final Key INPUT = Key.of(Kind.FILE, "input", "Image file", "",
		"Image to classify in place of the current one; OME-Zarr that takes more than a quarter of the memory is read as " +
			"needed.").orFolder();

	private static final Spec SPEC = new Spec("Brushwood Apply Model...",
		"Classifies every pixel of the current image with a trained model. The results are new images with the same " +
			"calibration, slices and frames, or files.", MODEL_FILE, OUTPUT, FILE, INPUT, UNREFINED, SPACING, THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final boolean given = options.given(INPUT.id());
		final ImagePlus imp = given ? ImageFiles.openImage(options.text(INPUT.id())) : currentImage();
		try {
			classify(options, jobs, imp);
		}
		finally {
			if (given) imp.close();
		}
	}

	private void classify(final Options options, final Jobs jobs, final ImagePlus imp) {
		jobs.status("Classifying " + imp.getTitle() + "...");
		final long start = System.currentTimeMillis();
		final Segmentation result = results(options, jobs, imp);
		for (final String note : result.notes())
			IJ.log(spec().name() + ": " + note);
		for (final String file : result.files())
			IJ.log(spec().name() + ": wrote " + file);
		show(result.images());
		IJ.showStatus("Classified " + imp.getTitle() + " in " + (System.currentTimeMillis() - start) + " ms");
	}

	private static Segmentation results(final Options options, final Jobs jobs, final ImagePlus imp) {
		final List<Output> outputs = Outputs.of(options.list("output"));
		final PredictOptions how = predictOptions(options);
		final String model = options.text("model");
		if (!options.given(FILE.id())) return Segmentation.of(jobs, imp, model, outputs, how);
		return Segmentation.toFiles(jobs, imp, model, outputs, how, options.text(FILE.id()));
	}
}
