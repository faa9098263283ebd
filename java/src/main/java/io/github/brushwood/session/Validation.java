package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.Assessment;
import io.github.brushwood.engine.DescribeFormat;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.Prediction;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.batch.NamePattern;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Applies a model to images whose truth is known, wholly or in part, and compares. Classes of truth that bears names
 * are found in the model by name; else label k is the model's class k.
 */
public final class Validation {

	/** What was found. */
	public static final class Result {

		private final Scores scores;
		private final AnnotationClasses classes;
		private final String text;
		private final String csv;
		private final List<String> notes;

		private Result(final Scores scores, final AnnotationClasses classes, final String text, final String csv,
			final List<String> notes)
		{
			this.scores = scores;
			this.classes = classes;
			this.text = text;
			this.csv = csv;
			this.notes = notes;
		}

		public Scores scores() {
			return scores;
		}

		/** The model's classes. */
		public AnnotationClasses classes() {
			return classes;
		}

		/** Scores, confusion matrix and reliability for people. */
		public String text() {
			return text;
		}

		/** The same as CSV. */
		public String csv() {
			return csv;
		}

		/** Sentences about what was assumed or left out. */
		public List<String> notes() {
			return Collections.unmodifiableList(notes);
		}

		/** Writes the CSV, whole or not at all. */
		public void writeCsv(final String path) {
			WholeFile.write(path, out -> out.write(csv.getBytes(StandardCharsets.UTF_8)));
		}
	}

	private final String modelPath;
	private final PredictOptions options;
	private final List<LabelledImage> images = new ArrayList<>();
	private final List<String> notes = new ArrayList<>();

	/** @param options how to classify; null for the defaults */
	public Validation(final String modelPath, final PredictOptions options) {
		this.modelPath = modelPath;
		this.options = options;
	}

	/** Adds an open image whose annotations are the truth. */
	public void add(final ImagePlus imp) {
		if (!Annotations.has(imp)) {
			throw new BrushwoodException("The image '" + imp.getTitle() +
				"' has no annotations to compare with. Give a label image with 'truth_image', or image files with 'images' " +
				"and 'truth'.");
		}
		images.add(LabelledImage.annotated(imp));
	}

	/** Adds an open image and an open label image. */
	public void add(final ImagePlus imp, final ImagePlus truth) {
		images.add(LabelledImage.windows(imp, truth));
	}

	/**
	 * Adds image files and the files of their true labels, in the same order.
	 *
	 * @throws BrushwoodException when their numbers differ
	 */
	public void add(final List<String> files, final List<String> truth) {
		if (files.size() != truth.size()) {
			throw new BrushwoodException("There are " + files.size() + " images and " + truth.size() +
				" truth images. Give one truth image for each image, in the same order.");
		}
		for (int i = 0; i < files.size(); i++)
			images.add(LabelledImage.files(files.get(i), truth.get(i)));
	}

	/**
	 * Adds the images of a folder whose truth lies in another folder under the same name; the endings may differ.
	 *
	 * @throws BrushwoodException when a truth image has no image or there is no pair
	 */
	public void addFolders(final String imageFolder, final String truthFolder) {
		final Map<String, File> files = byName(imageFolder);
		final Map<String, File> truth = byName(truthFolder);
		if (new File(imageFolder).getAbsoluteFile().equals(new File(truthFolder).getAbsoluteFile())) {
			throw new BrushwoodException("Images and truth are in the same folder '" + imageFolder +
				"'. Put them into two, or give them as files with 'images' and 'truth'.");
		}
		for (final Map.Entry<String, File> entry : truth.entrySet()) {
			final File image = files.remove(entry.getKey());
			if (image == null) {
				throw new BrushwoodException("The truth image '" + entry.getValue() + "' has no image named '" + entry
					.getKey() + "' in '" + imageFolder + "'. Rename or remove it.");
			}
			images.add(LabelledImage.files(image.getPath(), entry.getValue().getPath()));
		}
		if (truth.isEmpty()) throw new BrushwoodException("The folder '" + truthFolder + "' has no images.");
		if (!files.isEmpty()) notes.add("Images without truth were left out: " + files.size() + " in '" + imageFolder +
			"'.");
	}

	/** Files by their names without the ending. */
	static Map<String, File> byName(final String folder) {
		final File[] found = new File(folder).listFiles((dir, name) -> !name.startsWith("."));
		if (found == null) throw new BrushwoodException("The folder '" + folder + "' does not exist. Check the path.");
		final Map<String, File> files = new TreeMap<>();
		for (final File file : found) {
			if (!ImageFiles.exists(file)) continue;
			final File other = files.put(NamePattern.stem(file.getName()), file);
			if (other != null) throw new BrushwoodException("The files '" + other + "' and '" + file.getName() +
				"' have the same name but for the ending. Keep one of them.");
		}
		return files;
	}

	/** Number of images so far. */
	public int size() {
		return images.size();
	}

	/** Classifies every image and compares. */
	public Result run(final Jobs jobs) {
		if (images.isEmpty()) {
			throw new BrushwoodException("There is nothing to compare with. Open an annotated image, or give images and " +
				"truth as files.");
		}
		try (Job job = jobs.open();
			Model model = Model.read(job, modelPath);
			Assessment assessment = Assessment.create(job, model.classCount()))
		{
			final AnnotationClasses classes = ClassColours.of(model);
			for (int i = 0; i < images.size(); i++) {
				jobs.status((i + 1) + "/" + images.size() + ": " + images.get(i).name());
				assess(jobs.part(i, images.size()), model, classes, images.get(i), assessment);
			}
			final Scores scores = assessment.scores();
			if (scores.pixels == 0) throw new BrushwoodException("The truth is empty: no pixel has a class.");
			return new Result(scores, classes, assessment.describe(job, model, DescribeFormat.TEXT), assessment.describe(job,
				model, DescribeFormat.CSV), notes);
		}
	}

	private void assess(final Jobs jobs, final Model model, final AnnotationClasses classes, final LabelledImage example,
		final Assessment assessment)
	{
		for (final AnnotationClass c : example.classes().list()) {
			if (classes.find(c.name()) != null) continue;
			throw new BrushwoodException("The truth of '" + example.name() + "' has the class '" + c.name() +
				"', which the model does not know. Its classes: " + String.join(", ", classes.names()) + ".");
		}
		try (Job job = jobs.open();
			EngineImage truth = example.labels(job, classes);
			EngineImage image = example.image(job);
			Prediction prediction = model.predict(job, image, options, Output.PROBABILITIES,
				Output.LABELS))
		{
			assessment.add(job, truth, prediction.labels(), prediction.probabilities());
			notes.addAll(Segmentation.notes(prediction.report(), example.name()));
		}
	}
}
