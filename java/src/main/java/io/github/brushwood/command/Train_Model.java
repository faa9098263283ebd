package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;

import io.github.brushwood.command.options.Key;
import io.github.brushwood.command.options.Key.Kind;
import io.github.brushwood.command.options.Options;
import io.github.brushwood.command.options.Spec;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.ForestOptions;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Spacing;
import io.github.brushwood.session.Training;
import io.github.brushwood.ui.ReportWindow;

import java.util.List;

/** Grows a model from annotated images. */
public final class Train_Model extends BrushwoodCommand {

	private static final int MAX_TREES = 1000;

	private Spec spec;

	@Override
	public Spec spec() {
		if (spec == null) spec = build(new ForestOptions());
		return spec;
	}

	private static Spec build(final ForestOptions forest) {
		return new Spec("Brushwood Train Model...",
			"Grows a random forest from annotated images: the current image, all open ones that have annotations, image " +
				"files with label image files, or all of these. Shows labels per class, out-of-bag error, confusion " +
				"matrix and the most important features, and saves the model.",
			Key.required(Kind.SAVE, "model", "Save model as", "File to write, usually *.brushwood.")
				.withSuffix(".brushwood"),
			Key.of(Kind.FEATURES, "features", "Features", Engine.defaultPreset(), FEATURES_DOC), EXACT,
			Key.flag("open_images", "All open annotated images",
				"Learn from every open image that has annotations. Without it and without image files: from the current " +
					"image."),
			Key.of(Kind.FILES, "images", "Image files", "", "Image files to learn from, separated by ';'."),
			Key.of(Kind.FILES, "labels", "Label files", "",
				"Their label images in the same order: 0 = unlabelled, 1, 2, ... = classes."),
			Key.of(Kind.LIST, "classes", "Class names", "",
				"Names of labels 1, 2, ... separated by ';', each with a colour if wanted: background;nuclei#e69f00."),
			Key.of(Kind.INTEGER, "trees", "Trees", "" + forest.trees(), "Number of trees, 1 to " + MAX_TREES + "."),
			Key.of(Kind.INTEGER, "mtry", "Candidates per split", "" + forest.mtry(),
				"Features tried per split; 0 for the square root of their number."),
			Key.of(Kind.INTEGER, "max_depth", "Maximum depth", "" + forest.maxDepth(),
				"Deepest level of a tree; 0 to grow until the leaves are pure."),
			Key.of(Kind.INTEGER, "min_leaf", "Smallest leaf", "" + forest.minLeaf(), "Fewest samples in a leaf."),
			Key.flag("balance", "Balance classes", "Give every class the same share of each tree's samples."),
			Key.of(Kind.INTEGER, "seed", "Seed", "" + forest.seed(), "The same seed and labels give the same model."),
			SPACING, THREADS);
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final AnnotationClasses classes = AnnotationClasses.of(options.list("classes"));
		final Spacing spacing = Spacing.parse(options.text("spacing"));
		final Training training = new Training(featureList(options), forest(options), spacing, classes);
		addExamples(training, options);
		final String report;
		try (Model model = training.train(jobs); Job job = jobs.open()) {
			model.write(job, options.text("model"));
			report = model.describeText(job);
		}
		ReportWindow.text("Brushwood model " + options.text("model"), report);
		IJ.showStatus("Trained on " + training.size() + (training.size() == 1 ? " image" : " images"));
	}

	private static ForestOptions forest(final Options options) {
		final ForestOptions forest = new ForestOptions();
		forest.trees((int) options.integer("trees", 1, MAX_TREES));
		forest.mtry((int) options.integer("mtry", 0, Integer.MAX_VALUE));
		forest.maxDepth((int) options.integer("max_depth", 0, Integer.MAX_VALUE));
		forest.minLeaf((int) options.integer("min_leaf", 1, Integer.MAX_VALUE));
		forest.balance(options.flag("balance"));
		return forest.seed(options.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE));
	}

	private static void addExamples(final Training training, final Options options) {
		final List<String> images = options.list("images");
		final List<String> labels = options.list("labels");
		if (options.flag("open_images")) addOpenImages(training);
		else if (images.isEmpty() && labels.isEmpty()) training.add(currentImage());
		training.add(images, labels);
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
