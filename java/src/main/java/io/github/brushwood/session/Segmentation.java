package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.Prediction;

import java.io.File;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Applies a model to an open image. */
public final class Segmentation {

	private final Map<Output, ImagePlus> images;
	private final List<String> notes;

	private Segmentation(final Map<Output, ImagePlus> images, final List<String> notes) {
		this.images = images;
		this.notes = notes;
	}

	/** @param options null for the defaults */
	public static Segmentation of(final Jobs jobs, final ImagePlus imp, final String modelPath,
		final Collection<Output> outputs, final PredictOptions options)
	{
		try (Job job = jobs.open(); Model model = Model.read(job, modelPath)) {
			return of(jobs, imp, model, new File(modelPath).getAbsolutePath(), outputs, options);
		}
	}

	/**
	 * @param origin what the results name as their model
	 * @param options null for the defaults
	 */
	public static Segmentation of(final Jobs jobs, final ImagePlus imp, final Model model, final String origin,
		final Collection<Output> outputs, final PredictOptions options)
	{
		try (Job job = jobs.open();
			EngineImage image = ImagePlusAdapter.toEngine(job, imp);
			Prediction prediction = model.predict(job, image, options, outputs))
		{
			final AnnotationClasses classes = ClassColours.of(model);
			final List<String> notes = notes(prediction, imp.getTitle());
			final String info = info(origin, notes);
			final Map<Output, ImagePlus> images = new EnumMap<>(Output.class);
			for (final Output output : outputs)
				images.put(output, image(output, prediction.get(output), imp, classes, info));
			return new Segmentation(images, notes);
		}
	}

	/**
	 * An output's image; null when not asked for. Probabilities: 32-bit, one channel per class, 0 to 1; labels: 8-bit,
	 * classes 1..K in their colours; uncertainty and entropy: 32-bit, 0 to 1.
	 */
	public ImagePlus get(final Output output) {
		return images.get(output);
	}

	/** What was asked for, the most important one last. */
	public ImagePlus[] images() {
		final List<ImagePlus> shown = new ArrayList<>();
		for (final Output output : Outputs.SHOWN)
			if (images.containsKey(output)) shown.add(images.get(output));
		return shown.toArray(new ImagePlus[0]);
	}

	/** Sentences about what was assumed or replaced. */
	public List<String> notes() {
		return Collections.unmodifiableList(notes);
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

	private static ImagePlus image(final Output output, final EngineImage image, final ImagePlus imp,
		final AnnotationClasses classes, final String info)
	{
		final ImagePlus result = ImagePlusAdapter.toImagePlus(image, Outputs.title(output, imp.getTitle()));
		finish(result, imp, info);
		labelPlanes(result, imp, output == Output.PROBABILITIES ? classes : null);
		if (output == Output.PROBABILITIES) ClassColours.applyToChannels(result, classes);
		else if (output == Output.LABELS) ClassColours.apply(result, classes);
		else result.setDisplayRange(0, 1);
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

	private static String info(final String origin, final List<String> notes) {
		final StringBuilder info = new StringBuilder("Model: " + origin + "\n");
		for (final String note : notes)
			info.append("Note: ").append(note).append('\n');
		return info.toString();
	}
}
