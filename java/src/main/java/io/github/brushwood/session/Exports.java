package io.github.brushwood.session;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.session.FolderBatch.Entry;
import io.github.brushwood.session.FolderBatch.State;
import io.github.brushwood.session.batch.NamePattern;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Writes the results of a model that is not in a file. */
public final class Exports {

	private Exports() {}

	/**
	 * Classifies images and writes <code>&lt;title&gt;_probabilities.tif</code> and so on, as {@link FolderBatch} names
	 * them.
	 *
	 * @param options null for the defaults
	 * @param folder made when missing
	 */
	public static void write(final Jobs jobs, final List<ImagePlus> images, final Model model,
		final PredictOptions options, final Collection<Output> outputs, final String folder)
	{
		each(jobs, images, folder, (part, imp, stem) -> write(part, imp, model, options, outputs, stem));
	}

	/**
	 * Computes all feature images of images and writes <code>&lt;title&gt;_features.tif</code>: a channel per feature.
	 *
	 * @param spacing in place of the images' own; null for that
	 * @param folder made when missing
	 */
	public static void features(final Jobs jobs, final List<ImagePlus> images, final String features,
		final Spacing spacing, final String folder)
	{
		each(jobs, images, folder, (part, imp, stem) -> Recipes.write(part, imp, features, spacing, stem + "_features.tif"));
	}

	/** Makes the files of an image. */
	private interface Work {

		/** @param stem path of the files without their endings */
		void on(Jobs jobs, ImagePlus imp, String stem);
	}

	private static void each(final Jobs jobs, final List<ImagePlus> images, final String folder, final Work work) {
		final List<String> titles = new ArrayList<>();
		for (final ImagePlus imp : images)
			titles.add(imp.getTitle());
		final List<String> stems = stems(titles, folder);
		for (int i = 0; i < images.size(); i++) {
			jobs.status((i + 1) + "/" + images.size() + ": " + titles.get(i));
			work.on(jobs.part(i, images.size()), images.get(i), stems.get(i));
		}
		jobs.status(images.size() + " of " + images.size() + " images written into " + folder);
	}

	/**
	 * Paths for the files of images in a folder, without their endings.
	 *
	 * @param folder made when missing
	 * @throws BrushwoodException when two of them would be the same
	 */
	public static List<String> stems(final List<String> titles, final String folder) {
		final Path target = new File(folder).getAbsoluteFile().toPath();
		final List<String> stems = new ArrayList<>();
		final Set<String> taken = new HashSet<>();
		for (final String title : titles) {
			final String stem = stem(title);
			if (!taken.add(stem.toLowerCase(Locale.ROOT))) {
				throw new BrushwoodException("Two images would be written as '" + stem + "' into '" + folder +
					"'. Rename one of them (Image > Rename).");
			}
			stems.add(target.resolve(stem).toString());
		}
		FolderBatch.makeFolder(target);
		return stems;
	}

	private static void write(final Jobs jobs, final ImagePlus imp, final Model model, final PredictOptions options,
		final Collection<Output> outputs, final String stem)
	{
		final Map<Output, File> files = new EnumMap<>(Output.class);
		for (final Output output : outputs)
			files.put(output, new File(stem + Outputs.suffix(output)));
		Segmentation.write(jobs, imp, model, options, files);
	}

	/** Title without its suffix and without what file systems refuse. */
	private static String stem(final String title) {
		return NamePattern.stem(fileName(title));
	}

	/** Title without what file systems refuse. */
	static String fileName(final String title) {
		return title.replaceAll("[\\\\/:*?\"<>|\\p{Cntrl}]", "_");
	}

	/**
	 * Classifies the images of a folder as {@link FolderBatch} does; results that exist are made again, as the model is
	 * new.
	 *
	 * @throws BrushwoodException when any image failed, after the others are done
	 */
	public static void folder(final Jobs jobs, final Model model, final PredictOptions options, final String input,
		final String output, final Collection<Output> outputs)
	{
		final Path file = temporary();
		try {
			try (Job job = jobs.open()) {
				model.write(job, file.toString());
			}
			final FolderBatch batch = new FolderBatch(file.toString(), input, output, outputs).options(options);
			final List<Entry> entries = batch.overwrite(true).run(jobs, Exports::logFailure);
			final int done = FolderBatch.count(entries, State.DONE);
			jobs.status(done + " of " + entries.size() + " images classified into " + output);
			check(entries);
		}
		finally {
			file.toFile().delete();
		}
	}

	/** The error names the first one only. */
	private static void logFailure(final Entry entry) {
		if (entry.state == State.FAILED) IJ.log(entry.toString());
	}

	private static void check(final List<Entry> entries) {
		for (final Entry entry : entries) {
			if (entry.state != State.FAILED) continue;
			throw new BrushwoodException(FolderBatch.count(entries, State.FAILED) + " of " + entries.size() +
				" images failed. The first: " + entry.file + ": " + entry.message);
		}
	}

	private static Path temporary() {
		try {
			return Files.createTempFile("model", ".brushwood");
		}
		catch (final IOException e) {
			throw new BrushwoodException("No temporary file could be made: " + e.getMessage() + ". Check the free space.", e);
		}
	}
}
