package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.engine.Trainer;

import java.util.ArrayList;
import java.util.List;

/**
 * Grows one model from any number of labelled images. Classes of different images are the same when they have the same
 * name; label files without names count classes in the order of the list.
 */
public final class Training {

	private final String features;
	private final TrainOptions options;
	private final Spacing spacing;
	private final AnnotationClasses classes;
	private final List<LabelledImage> examples = new ArrayList<>();

	/**
	 * @param features a feature list or preset
	 * @param spacing voxel size in place of the images' calibration; null for their own
	 * @param classes names of the first labels; may be empty
	 */
	public Training(final String features, final TrainOptions options, final Spacing spacing,
		final AnnotationClasses classes)
	{
		this.features = features;
		this.options = options;
		this.spacing = spacing;
		this.classes = classes;
	}

	/** Adds an open image with its annotations. */
	public void add(final ImagePlus imp) {
		if (!Annotations.has(imp)) {
			throw new BrushwoodException("The image '" + imp.getTitle() +
				"' has no annotations. Add some with Brushwood Annotate first, or give images and labels as files.");
		}
		add(LabelledImage.annotated(imp));
	}

	/** Adds an image file and the file of its labels. */
	public void add(final String image, final String labels) {
		add(LabelledImage.files(image, labels));
	}

	/**
	 * Adds image files and the files of their labels, in the same order.
	 *
	 * @throws BrushwoodException when their numbers differ
	 */
	public void add(final List<String> images, final List<String> labels) {
		if (images.size() != labels.size()) {
			throw new BrushwoodException("There are " + images.size() + " images and " + labels.size() +
				" label images. Give one label image for each image, in the same order.");
		}
		for (int i = 0; i < images.size(); i++)
			add(images.get(i), labels.get(i));
	}

	/** Number of images so far. */
	public int size() {
		return examples.size();
	}

	/**
	 * Takes the labelled pixels of every image and grows the forest. With autocontext every image is opened twice.
	 *
	 * @return the model, which the caller closes
	 */
	public Model train(final Jobs jobs) {
		final boolean context = options.contextSigmas().length > 0;
		final int last = context ? 2 * examples.size() + 1 : examples.size();
		try (Trainer trainer = collect(jobs, last + 1)) {
			if (context) addContext(jobs, trainer, last + 1);
			try (Job job = jobs.part(last, last + 1).open()) {
				nameClasses(job, trainer);
				jobs.status("Growing the forest...");
				return trainer.train(job, options);
			}
		}
	}

	/**
	 * Takes the labelled pixels of every image and looks for a short list of features.
	 *
	 * @param tolerance how much worse than the best list the chosen one may be, as a share of wrong samples
	 */
	public FeatureSelection selectFeatures(final Jobs jobs, final double tolerance) {
		final int last = examples.size();
		try (Trainer trainer = collect(jobs, last + 1); Job job = jobs.part(last, last + 1).open()) {
			jobs.status("Leaving out features...");
			return trainer.selectFeatures(job, options, tolerance);
		}
	}

	private void nameClasses(final Job job, final Trainer trainer) {
		final int count = Math.min(classes.size(), trainer.classCount());
		for (int label = 1; label <= count; label++)
			trainer.setClass(job, label - 1, classes.at(label).name(), classes.at(label).rgb());
	}

	/** The steps between collecting and the last one: the first forests, then each image again. */
	private void addContext(final Jobs jobs, final Trainer trainer, final int steps) {
		final int first = examples.size();
		jobs.status("Growing the first forests...");
		try (Job job = jobs.part(first, steps).open()) {
			trainer.prepareContext(job, options);
		}
		for (int i = 0; i < examples.size(); i++) {
			jobs.status("Classifying " + examples.get(i).name() + "...");
			try (Job job = jobs.part(first + 1 + i, steps).open(); EngineImage image = examples.get(i).image(job)) {
				Spacing.apply(job, image, spacing);
				trainer.addContext(job, i, image);
			}
		}
	}

	private void add(final LabelledImage example) {
		for (final AnnotationClass c : example.classes().list())
			if (classes.find(c.name()) == null) classes.recolour(classes.add(c.name()), c.rgb());
		examples.add(example);
	}

	/** The first steps: the labelled pixels of each image. */
	private Trainer collect(final Jobs jobs, final int steps) {
		if (examples.isEmpty()) {
			throw new BrushwoodException(
				"There is nothing to learn from. Open an annotated image, or give images and labels as files.");
		}
		Trainer trainer = null;
		try {
			for (int i = 0; i < examples.size(); i++) {
				jobs.status("Reading the labels of " + examples.get(i).name() + "...");
				try (Job job = jobs.part(i, steps).open()) {
					trainer = addExample(job, trainer, examples.get(i));
				}
			}
			return trainer;
		}
		catch (RuntimeException | Error e) {
			if (trainer != null) trainer.close();
			throw e;
		}
	}

	/** The first image decides channels, dimensions and spacing. */
	private Trainer addExample(final Job job, final Trainer existing, final LabelledImage example) {
		try (EngineImage image = example.image(job); EngineImage labels = example.labels(job, classes)) {
			Spacing.apply(job, image, spacing);
			final Trainer trainer = existing != null ? existing : create(job, image.info());
			try {
				trainer.add(job, image, labels);
				return trainer;
			}
			catch (RuntimeException | Error e) {
				if (existing == null) trainer.close();
				throw e;
			}
		}
	}

	private Trainer create(final Job job, final ImageInfo info) {
		try (Recipe recipe = Recipes.of(job, features, info)) {
			return Trainer.create(job, recipe);
		}
	}
}
