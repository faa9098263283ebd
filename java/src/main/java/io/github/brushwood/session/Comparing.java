package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.Comparison;
import io.github.brushwood.engine.Comparison.Difference;
import io.github.brushwood.engine.Comparison.Kind;
import io.github.brushwood.engine.DescribeFormat;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.ReadOptions;
import io.github.brushwood.io.WriteOptions;
import io.github.brushwood.session.batch.NamePattern;
import io.github.brushwood.session.objects.LabelImage;
import io.github.brushwood.session.objects.LabelReader;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Compares segmentations with their truth: open images, files, folders. */
public final class Comparing {

	private static final String PICTURE = "_comparison.tif";

	/** An image of a pair. */
	private static final class Side {

		final ImagePlus imp;
		final String file;

		Side(final ImagePlus imp, final String file) {
			this.imp = imp;
			this.file = file;
		}

		String name() {
			return imp == null ? new File(file).getName() : imp.getTitle();
		}

		boolean isRois() {
			return imp == null && LabelReader.isRois(file);
		}

		EngineImage open(final Job job) {
			if (imp != null) return ImagePlusAdapter.stream(job, imp);
			LabelReader.checkReadable(new File(file));
			if (isRois()) throw LabelReader.sizeless(new File(file));
			return ImageFiles.open(job, file, new ReadOptions());
		}

		/** @param info of the pair's other image, which says how large that of Rois is */
		LabelImage rois(final ImageInfo info) {
			return LabelReader.readLogged(new File(file), (int) info.width, (int) info.height, (int) info.depth, info.frames);
		}
	}

	/** Opened images of a pair. */
	private static final class Pair implements AutoCloseable {

		final EngineImage truth;
		final EngineImage result;
		/** Whether every slice is an image of its own. */
		final boolean bySlice;

		Pair(final Job job, final Side truth, final Side result) {
			final boolean swapped = truth.isRois();
			final Side other = swapped ? truth : result;
			EngineImage first = (swapped ? result : truth).open(job);
			EngineImage second = null;
			try {
				final LabelImage rois = other.isRois() ? other.rois(first.info()) : null;
				second = rois == null ? other.open(job) : ImagePlusAdapter.stream(job, rois.toImagePlus(other.name()));
				bySlice = rois != null && rois.isPlanar();
				if (bySlice) {
					first = SlicesAsFrames.of(job, first);
					second = SlicesAsFrames.of(job, second);
				}
				this.truth = swapped ? second : first;
				this.result = swapped ? first : second;
			}
			catch (RuntimeException | Error e) {
				if (second != null) second.close();
				first.close();
				throw e;
			}
		}

		@Override
		public void close() {
			truth.close();
			result.close();
		}
	}

	/** Work on a pair. */
	private interface Work {

		void on(Job job, Pair pair, int index);
	}

	/** What was found. */
	public static final class Result {

		public final Kind kind;
		/** Name and frame (from 1) of each image. */
		public final List<String> images = new ArrayList<>();
		/** In the order of {@link Comparison#scores()}, of each image. */
		public final List<double[]> values = new ArrayList<>();
		/** Of all images as if they were one, and their means. */
		public final double[] pooled;
		public final double[] mean;
		/** Of objects, at each threshold, over all images; empty but for labels. */
		public final List<Comparison.Match> matches = new ArrayList<>();
		/** Of each class, 0 first. */
		public final List<Scores.OfClass> classes = new ArrayList<>();
		/** Pixels by truth and result. */
		public final long[][] confusion;
		/** The same as a text for people, and as CSV. */
		public final String text;
		public final String csv;

		private Result(final Job job, final Comparison comparison) {
			kind = comparison.kind();
			for (long i = 0; i < comparison.images(); i++) {
				images.add(comparison.imageName(i) + (comparison.imageFrame(i) == 0 ? "" : ", frame " + (comparison.imageFrame(
					i) + 1)));
				values.add(comparison.values(job, i));
			}
			pooled = comparison.values(job, Comparison.POOLED);
			mean = comparison.values(job, Comparison.MEAN);
			for (int i = 0; i < Comparison.Match.COUNT && kind == Kind.LABELS; i++)
				matches.add(comparison.match(Comparison.POOLED, i));
			final int count = comparison.classCount();
			confusion = new long[count][count];
			for (int truth = 0; truth < count; truth++) {
				classes.add(comparison.ofClass(truth));
				for (int k = 0; k < count; k++)
					confusion[truth][k] = comparison.count(truth, k);
			}
			text = comparison.describe(job, DescribeFormat.TEXT);
			csv = comparison.describe(job, DescribeFormat.CSV);
		}

		/** Writes the CSV, whole or not at all. */
		public void writeCsv(final String path) {
			WholeFile.write(path, out -> out.write(csv.getBytes(StandardCharsets.UTF_8)));
		}
	}

	private final List<Side> truths = new ArrayList<>();
	private final List<Side> results = new ArrayList<>();
	private final List<String> notes = new ArrayList<>();
	private final boolean ignoreZero;
	private Kind kind;
	/** Whether a mask's objects are its connected parts: when nobody said that it is a label image. */
	private boolean takeApart;

	/**
	 * @param kind what the images hold; null to look at them
	 * @param ignoreZero pixels that are 0 in the truth do not count; the images then hold classes
	 * @throws BrushwoodException when the two contradict
	 */
	public Comparing(final Kind kind, final boolean ignoreZero) {
		this.ignoreZero = ignoreZero;
		this.kind = kind == null && ignoreZero ? Kind.CLASSES : kind;
		if (ignoreZero && this.kind != Kind.CLASSES) {
			throw new BrushwoodException("'ignore_zero' goes with classes: in masks and labels 0 is the background.");
		}
	}

	/** Adds open images. */
	public void add(final ImagePlus truth, final ImagePlus result) {
		truths.add(new Side(truth, null));
		results.add(new Side(result, null));
	}

	/**
	 * Adds files in the same order.
	 *
	 * @throws BrushwoodException when their numbers differ
	 */
	public void addFiles(final List<String> truth, final List<String> result) {
		if (truth.size() != result.size()) {
			throw new BrushwoodException("There are " + truth.size() + " truth files and " + result.size() +
				" result files. Give one result for each truth, in the same order.");
		}
		for (int i = 0; i < truth.size(); i++) {
			truths.add(new Side(null, truth.get(i)));
			results.add(new Side(null, result.get(i)));
		}
	}

	/**
	 * Adds the files of two folders that have the same names; the endings may differ.
	 *
	 * @throws BrushwoodException when a truth has no result, or there is none
	 */
	public void addFolders(final String truth, final String result) {
		if (new File(truth).getAbsoluteFile().equals(new File(result).getAbsoluteFile())) {
			throw new BrushwoodException("Truth and results are in the same folder '" + truth +
				"'. Put them into two, or give them as files.");
		}
		final Map<String, File> found = Validation.byName(result);
		final Map<String, File> wanted = Validation.byName(truth);
		for (final Map.Entry<String, File> entry : wanted.entrySet()) {
			final File file = found.remove(entry.getKey());
			if (file == null) {
				throw new BrushwoodException("The truth '" + entry.getValue() + "' has no result named '" + entry.getKey() +
					"' in '" + result + "'. Rename or remove it.");
			}
			truths.add(new Side(null, entry.getValue().getPath()));
			results.add(new Side(null, file.getPath()));
		}
		if (wanted.isEmpty()) throw new BrushwoodException("The folder '" + truth + "' has no images.");
		if (!found.isEmpty()) notes.add("Results without truth were left out: " + found.size() + " in '" + result + "'.");
	}

	/** Number of pairs. */
	public int size() {
		return truths.size();
	}

	/** Compares all pairs. */
	public Result run(final Jobs jobs) {
		if (kind == null) kind = look(jobs.part(0, 0.3));
		try (Job job = jobs.open(); Comparison comparison = comparison(job)) {
			each(jobs.part(0.3, 1), (own, pair, index) -> {
				comparison.add(own, pair.truth, pair.result);
				if (pair.bySlice) notes.add("The Rois of '" + (truths.get(index).isRois() ? truths : results).get(index).name() +
					"' are outlines on slices: every slice is compared as an image of its own, and called a frame.");
			});
			final long[] masks = comparison.takenApart();
			if (masks[0] + masks[1] > 0) notes.add("Masks among the images (0 and 255 alone): " + masks[0] +
				" of the truth, " + masks[1] + " of the results. Their connected parts are the objects; with 'kind=labels' all " +
				"of a mask is one.");
			return new Result(job, comparison);
		}
	}

	private Comparison comparison(final Job job) {
		return Comparison.create(job, kind, ignoreZero, takeApart);
	}

	/** What all images can be; labels in any case of doubt. */
	private Kind look(final Jobs jobs) {
		final Set<Kind> kinds = EnumSet.allOf(Kind.class);
		each(jobs, (job, pair, index) -> {
			kinds.retainAll(Comparison.kinds(job, pair.truth));
			kinds.retainAll(Comparison.kinds(job, pair.result));
		});
		final Kind found = kinds.size() == 1 ? kinds.iterator().next() : Kind.LABELS;
		takeApart = found == Kind.LABELS;
		notes.add("The images are taken for " + found.name().toLowerCase(Locale.ROOT) +
			"; the key 'kind' says otherwise.");
		return found;
	}

	private void each(final Jobs jobs, final Work work) {
		for (int i = 0; i < truths.size(); i++) {
			jobs.status((i + 1) + "/" + truths.size() + ": " + truths.get(i).name());
			try (Job job = jobs.part(i, truths.size()).open(); Pair pair = new Pair(job, truths.get(i), results.get(i))) {
				work.on(job, pair, i);
			}
		}
	}

	/** The picture of what differs in the first pair, after {@link #run}. */
	public ImagePlus picture(final Jobs jobs) {
		try (Job job = jobs.open();
			Comparison comparison = comparison(job);
			Pair pair = new Pair(job, truths.get(0), results.get(0));
			EngineImage outline = Comparison.outline(job, pair.truth))
		{
			ImagePlusSink.checkRoom("The picture of the differences needs", ImagePlusSink.bytes(outline.info()),
				"Write it to a file instead (the key 'pictures')");
			final ImagePlusSink target = new ImagePlusSink(outline, "Differences of " + results.get(0).name());
			try (EngineSink sink = EngineSink.of(job, outline, target)) {
				comparison.draw(job, pair.truth, pair.result, sink);
				sink.finish(job);
			}
			return target.image();
		}
	}

	/**
	 * Writes the pictures of all pairs as <code>&lt;truth&gt;_comparison.tif</code>, after {@link #run}.
	 *
	 * @param folder made when missing
	 */
	public void pictures(final Jobs jobs, final String folder) {
		final List<String> names = new ArrayList<>();
		for (final Side truth : truths)
			names.add(NamePattern.stem(Exports.fileName(truth.name())));
		final List<String> stems = Exports.stems(names, folder);
		each(jobs, (job, pair, index) -> {
			final File file = new File(stems.get(index) + PICTURE);
			try (Comparison comparison = comparison(job);
				EngineImage outline = Comparison.outline(job, pair.truth);
				EngineSink sink = ImageFormats.TIFF.create(job, file, outline, new WriteOptions()))
			{
				comparison.draw(job, pair.truth, pair.result, sink);
				sink.finish(job);
			}
		});
	}

	/** What the picture's colours mean, for what was compared. */
	public List<Difference> legend() {
		final List<Difference> legend = new ArrayList<>();
		for (final Difference difference : Comparison.differences())
			if (difference.kinds.contains(kind)) legend.add(difference);
		return legend;
	}

	/** Sentences about what was assumed or left out. */
	public List<String> notes() {
		return Collections.unmodifiableList(notes);
	}
}
