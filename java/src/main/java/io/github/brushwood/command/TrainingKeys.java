package io.github.brushwood.command;

import ij.ImagePlus;
import ij.WindowManager;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Spacing;
import io.github.brushwood.session.Training;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;

import java.util.Arrays;
import java.util.List;

/** The keys of commands that learn: what from. How is said by {@link io.github.brushwood.session.ForestKeys}. */
final class TrainingKeys {

	private TrainingKeys() {}

	/** Keys of images, labels and features. */
	static List<Key> inputs() {
		return Arrays.asList(Key.of(Kind.FEATURES, "features", "Features", Engine.defaultPreset(),
			BrushwoodCommand.FEATURES_DOC), BrushwoodCommand.EXACT, Key.flag("open_images", "All open annotated images",
				"Learn from every open image that has annotations. Without it and without image files: from the current " +
					"image."), Key.of(Kind.FILES, "images", "Image files", "", "Image files to learn from, separated by ';'.")
					.orFolder(),
			Key.of(Kind.FILES, "labels", "Label files", "",
				"Their label images in the same order: 0 = unlabelled, 1, 2, ... = classes.").orFolder(), Key.of(Kind.LIST,
					"classes",
					"Class names", "",
					"Names of labels 1, 2, ... separated by ';', each with a colour if wanted: background;nuclei#e69f00."));
	}

	/** The images to learn from. */
	static Training training(final Options options, final TrainOptions forest) {
		final AnnotationClasses classes = AnnotationClasses.of(options.list("classes"));
		final Spacing spacing = Spacing.parse(options.text("spacing"));
		final Training training = new Training(BrushwoodCommand.featureList(options), forest, spacing, classes);
		final List<String> images = options.list("images");
		final List<String> labels = options.list("labels");
		if (options.flag("open_images")) addOpenImages(training);
		else if (images.isEmpty() && labels.isEmpty()) training.add(BrushwoodCommand.currentImage());
		training.add(images, labels);
		return training;
	}

	private static void addOpenImages(final Training training) {
		final int[] ids = WindowManager.getIDList();
		for (int i = 0; ids != null && i < ids.length; i++) {
			final ImagePlus imp = WindowManager.getImage(ids[i]);
			if (Annotations.has(imp)) training.add(imp);
		}
		if (training.size() == 0) {
			throw new BrushwoodException("No open image has annotations. Add some with Brushwood Annotate first.");
		}
	}
}
