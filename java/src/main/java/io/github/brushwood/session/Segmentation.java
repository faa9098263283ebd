package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.Prediction;

import java.io.File;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Applies a model to an open image. */
public final class Segmentation {

	private final ImagePlus probabilities;
	private final ImagePlus labels;
	private final List<String> notes;

	private Segmentation(final ImagePlus probabilities, final ImagePlus labels, final List<String> notes) {
		this.probabilities = probabilities;
		this.labels = labels;
		this.notes = notes;
	}

	/**
	 * @param spacing in place of the image's calibration; null for its own
	 */
	public static Segmentation of(final Jobs jobs, final ImagePlus imp, final String modelPath, final Outputs outputs,
		final Spacing spacing)
	{
		try (Job job = jobs.open();
			Model model = Model.read(job, modelPath);
			EngineImage image = ImagePlusAdapter.toEngine(job, imp);
			Prediction prediction = model.predict(job, image, options(spacing), outputs.probabilities(), outputs.labels()))
		{
			final AnnotationClasses classes = ClassColours.of(model);
			final List<String> notes = notes(prediction, imp.getTitle());
			final String info = info(modelPath, notes);
			final ImagePlus p = prediction.probabilities() == null ? null : probabilities(prediction.probabilities(), imp,
				classes, info);
			final ImagePlus l = prediction.labels() == null ? null : labels(prediction.labels(), imp, classes, info);
			return new Segmentation(p, l, notes);
		}
	}

	/** 32-bit, one channel per class, 0 to 1; null when not asked for. */
	public ImagePlus probabilities() {
		return probabilities;
	}

	/** 8-bit, classes 1..K in their colours; null when not asked for. */
	public ImagePlus labels() {
		return labels;
	}

	/** What was asked for; the labels last. */
	public ImagePlus[] images() {
		if (probabilities == null) return new ImagePlus[] { labels };
		return labels == null ? new ImagePlus[] { probabilities } : new ImagePlus[] { probabilities, labels };
	}

	/** Sentences about what was assumed or replaced. */
	public List<String> notes() {
		return Collections.unmodifiableList(notes);
	}

	static PredictOptions options(final Spacing spacing) {
		final PredictOptions options = new PredictOptions();
		return spacing == null ? options : options.spacing(spacing.x, spacing.y, spacing.z);
	}

	/** What the user should know about a prediction. */
	static List<String> notes(final Prediction prediction, final String name) {
		final List<String> notes = new ArrayList<>();
		if (prediction.nonFinite() > 0) {
			notes.add(prediction.nonFinite() + " NaN or infinite pixels of '" + name +
				"' counted as the smallest value of their channel.");
		}
		if (prediction.spacingAssumed()) {
			notes.add("'" + name + "' has no calibration; the model's voxel size was used.");
		}
		if (prediction.sliceWise()) notes.add("The 2D model ran on '" + name + "' slice by slice.");
		return notes;
	}

	private static ImagePlus probabilities(final EngineImage image, final ImagePlus imp,
		final AnnotationClasses classes, final String info)
	{
		final ImagePlus result = ImagePlusAdapter.toImagePlus(image, "Probabilities of " + imp.getTitle());
		finish(result, imp, info);
		labelPlanes(result, imp, classes);
		ClassColours.applyToChannels(result, classes);
		return result;
	}

	private static ImagePlus labels(final EngineImage image, final ImagePlus imp, final AnnotationClasses classes,
		final String info)
	{
		final ImagePlus result = ImagePlusAdapter.toImagePlus(image, "Segmentation of " + imp.getTitle());
		finish(result, imp, info);
		labelPlanes(result, imp, null);
		ClassColours.apply(result, classes);
		return result;
	}

	private static void finish(final ImagePlus result, final ImagePlus imp, final String info) {
		ImagePlusAdapter.copyCalibration(imp, result);
		result.setProperty("Info", info);
	}

	/**
	 * Keeps the input's slice labels.
	 *
	 * @param classes when given, every label starts with the name of the channel's class
	 */
	private static void labelPlanes(final ImagePlus result, final ImagePlus imp, final AnnotationClasses classes) {
		final ImageStack stack = result.getStack();
		for (int i = 1; i <= stack.getSize(); i++) {
			final int[] czt = result.convertIndexToPosition(i);
			final String own = imp.getStack().getSliceLabel(imp.getStackIndex(1, czt[1], czt[2]));
			final String name = classes == null ? null : classes.at(czt[0]).name();
			if (name == null) stack.setSliceLabel(own, i);
			else stack.setSliceLabel(own == null ? name : name + ": " + own, i);
		}
	}

	private static String info(final String modelPath, final List<String> notes) {
		final StringBuilder info = new StringBuilder("Model: " + new File(modelPath).getAbsolutePath() + "\n");
		for (final String note : notes)
			info.append("Note: ").append(note).append('\n');
		return info.toString();
	}
}
