package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;
import ij.io.FileInfo;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.PredictReport;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.WriteOptions;
import io.github.brushwood.session.batch.NamePattern;

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
	private final List<String> files;
	private final List<String> notes;

	private Segmentation(final Map<Output, ImagePlus> images, final List<String> files, final List<String> notes) {
		this.images = images;
		this.files = files;
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
	 * @throws BrushwoodException when the results do not fit Java's memory
	 */
	public static Segmentation of(final Jobs jobs, final ImagePlus imp, final Model model, final String origin,
		final Collection<Output> outputs, final PredictOptions options)
	{
		final Map<Output, ImagePlusSink> sinks = new EnumMap<>(Output.class);
		try (Job job = jobs.open(); EngineImage image = ImagePlusAdapter.stream(job, imp)) {
			checkRoom(job, model, image, outputs);
			final PredictReport report = ResultSinks.predict(job, model, image, options, outputs, (output, outline) -> {
				sinks.put(output, new ImagePlusSink(outline, Outputs.title(output, imp.getTitle())));
				return EngineSink.of(job, outline, sinks.get(output));
			});
			final List<String> notes = notes(report, imp.getTitle());
			return new Segmentation(finished(sinks, imp, ClassColours.of(model), info(origin, notes)), Collections
				.emptyList(), notes);
		}
	}

	/**
	 * Writes the results to files in place of images, for those larger than memory.
	 *
	 * @param options null for the defaults
	 * @param pattern path of the files with {name}, the title without its suffix, and {kind}; the suffix decides the
	 *          format. Folders are made when missing
	 */
	public static Segmentation toFiles(final Jobs jobs, final ImagePlus imp, final String modelPath,
		final Collection<Output> outputs, final PredictOptions options, final String pattern)
	{
		final Map<Output, File> files = files(imp, outputs, pattern);
		try (Job job = jobs.open(); Model model = Model.read(job, modelPath)) {
			FolderBatch.makeFolder(new File(pattern).getAbsoluteFile().getParentFile().toPath());
			return new Segmentation(Collections.emptyMap(), paths(files), write(jobs, imp, model, options, files));
		}
	}

	/**
	 * Writes results part by part.
	 *
	 * @param options null for the defaults
	 * @param files of the outputs, of formats in the list
	 * @return sentences about what was assumed or replaced
	 */
	static List<String> write(final Jobs jobs, final ImagePlus imp, final Model model, final PredictOptions options,
		final Map<Output, File> files)
	{
		try (Job job = jobs.open(); EngineImage image = ImagePlusAdapter.stream(job, imp)) {
			final PredictReport report = ResultSinks.predict(job, model, image, options, files.keySet(), (output,
				outline) -> {
				final File file = files.get(output);
				return ImageFormats.byName(file.getName()).create(job, file, outline, new WriteOptions().memory(jobs
					.memory()));
			});
			return notes(report, imp.getTitle());
		}
	}

	private static Map<Output, File> files(final ImagePlus imp, final Collection<Output> outputs,
		final String pattern)
	{
		final File path = new File(pattern).getAbsoluteFile();
		final NamePattern names = new NamePattern(path.getName(), "file");
		if (NamePattern.isPattern("" + path.getParent())) {
			throw new BrushwoodException("The folder '" + path.getParent() + "' (key 'file') has a placeholder; only the " +
				"name of the file can have some. Write for example /data/{name}_{kind}.tif.");
		}
		names.check(1, outputs);
		final Map<Output, File> files = new EnumMap<>(Output.class);
		for (final Output output : outputs) {
			final File file = new File(path.getParentFile(), names.name(Exports.fileName(imp.getTitle()), output));
			refuseInput(imp, file);
			files.put(output, file);
		}
		return files;
	}

	/** The image's own file may be where its pixels still come from. */
	private static void refuseInput(final ImagePlus imp, final File file) {
		final FileInfo from = imp.getOriginalFileInfo();
		if (from == null || from.directory == null || from.fileName == null) return;
		if (!new File(from.directory, from.fileName).getAbsoluteFile().toPath().startsWith(file.toPath())) return;
		throw new BrushwoodException("The results would replace the file '" + file + "' of the image itself. Choose " +
			"another name, for example {name}_{kind}.tif.");
	}

	private static List<String> paths(final Map<Output, File> files) {
		final List<String> paths = new ArrayList<>();
		for (final Output output : Outputs.SHOWN)
			if (files.containsKey(output)) paths.add(files.get(output).getPath());
		return paths;
	}

	private static void checkRoom(final Job job, final Model model, final EngineImage image,
		final Collection<Output> outputs)
	{
		double bytes = 0;
		for (final Output output : outputs) {
			try (EngineImage outline = model.outline(job, image, output)) {
				bytes += ImagePlusSink.bytes(outline.info());
			}
		}
		ImagePlusSink.checkRoom("The results for '" + image.name() + "' need", bytes,
			"Write them to files instead (the key 'file' of Brushwood Apply Model, or Brushwood Apply Model to Folder)");
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

	/** Paths of the files that were written, the most important one last. */
	public List<String> files() {
		return Collections.unmodifiableList(files);
	}

	/** Sentences about what was assumed or replaced. */
	public List<String> notes() {
		return Collections.unmodifiableList(notes);
	}

	/** What the user should know about a prediction. */
	static List<String> notes(final PredictReport report, final String name) {
		final List<String> notes = new ArrayList<>();
		if (report.nonFinite() > 0) {
			notes.add(report.nonFinite() + " NaN or infinite pixels of '" + name +
				"' counted as the smallest value of their channel.");
		}
		if (report.spacingAssumed()) {
			notes.add("'" + name + "' has no calibration; the model's voxel size was used.");
		}
		if (report.sliceWise()) notes.add("The 2D model ran on '" + name + "' slice by slice.");
		return notes;
	}

	private static Map<Output, ImagePlus> finished(final Map<Output, ImagePlusSink> sinks, final ImagePlus imp,
		final AnnotationClasses classes, final String info)
	{
		final Map<Output, ImagePlus> images = new EnumMap<>(Output.class);
		for (final Map.Entry<Output, ImagePlusSink> sink : sinks.entrySet())
			images.put(sink.getKey(), finished(sink.getKey(), sink.getValue().image(), imp, classes, info));
		return images;
	}

	private static ImagePlus finished(final Output output, final ImagePlus result, final ImagePlus imp,
		final AnnotationClasses classes, final String info)
	{
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
