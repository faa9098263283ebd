package io.github.brushwood.session;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Compression;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.Prediction;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Applies a model to the images of a folder. Results go to the output folder, in the same subfolders, as
 * <code>&lt;name&gt;_probabilities.tif</code>, <code>&lt;name&gt;_segmentation.tif</code>,
 * <code>&lt;name&gt;_uncertainty.tif</code> and <code>&lt;name&gt;_entropy.tif</code>, where name is the image's
 * without its last suffix; each appears under its name only when whole. A bad image does not stop the others.
 */
public final class FolderBatch {

	/** What became of an image. */
	public enum State {
		DONE, SKIPPED, FAILED
	}

	/** One line of the report. */
	public static final class Entry {

		public final String file;
		public final State state;
		/** Why it failed or was skipped, or notes on the result; "" for none. */
		public final String message;

		private Entry(final String file, final State state, final String message) {
			this.file = file;
			this.state = state;
			this.message = message;
		}

		@Override
		public String toString() {
			return file + ": " + state.name().toLowerCase(Locale.ROOT) + (message.isEmpty() ? "" : ": " + message);
		}
	}

	/** Hears of every image when it is finished. */
	public interface Listener {

		void finished(Entry entry);
	}

	private final String modelPath;
	private final Path input;
	private final Path output;
	private final Collection<Output> outputs;
	private List<PathMatcher> patterns;
	private boolean recursive;
	private boolean overwrite;
	private PredictOptions options;

	/**
	 * @param input folder of the images
	 * @param output folder of the results, made when missing; may be the same
	 */
	public FolderBatch(final String modelPath, final String input, final String output,
		final Collection<Output> outputs)
	{
		this.modelPath = modelPath;
		this.input = new File(input).getAbsoluteFile().toPath().normalize();
		this.output = new File(output).getAbsoluteFile().toPath().normalize();
		this.outputs = outputs;
		pattern("*.tif;*.tiff");
	}

	/** @param text file names with * and ?, separated by ';'; case does not matter */
	public FolderBatch pattern(final String text) {
		patterns = new ArrayList<>();
		for (final String glob : text.split(";")) {
			if (!glob.trim().isEmpty()) patterns.add(matcher(glob.trim()));
		}
		if (patterns.isEmpty()) throw new BrushwoodException("The file pattern is empty. Write for example *.tif;*.png.");
		return this;
	}

	/** Whether to go into subfolders. */
	public FolderBatch recursive(final boolean on) {
		recursive = on;
		return this;
	}

	/** Whether to make results again that exist; else their images are skipped. */
	public FolderBatch overwrite(final boolean on) {
		overwrite = on;
		return this;
	}

	/** How to classify; null for the defaults. */
	public FolderBatch options(final PredictOptions how) {
		options = how;
		return this;
	}

	/**
	 * Runs through all images.
	 *
	 * @return one entry per image, in the order of their names
	 * @throws BrushwoodException when a folder or the model is missing or no image fits the pattern
	 */
	public List<Entry> run(final Jobs jobs, final Listener listener) {
		final List<Path> files = files();
		final Map<Path, Path> owners = new HashMap<>();
		final List<Entry> entries = new ArrayList<>();
		try (Model model = readModel(jobs)) {
			for (int i = 0; i < files.size(); i++) {
				final Path file = files.get(i);
				final Jobs part = jobs.part(i, files.size());
				part.step(0);
				jobs.status((i + 1) + "/" + files.size() + ": " + file.getFileName());
				final Path owner = owners.putIfAbsent(stem(file), file);
				final Entry entry = owner == null ? process(part, model, file) : entry(file, State.FAILED,
					"its results have the same names as those of '" + owner.getFileName() + "'. Rename one of them.");
				entries.add(entry);
				listener.finished(entry);
			}
		}
		return entries;
	}

	/** How many entries are in a state. */
	public static int count(final List<Entry> entries, final State state) {
		int count = 0;
		for (final Entry entry : entries)
			if (entry.state == state) count++;
		return count;
	}

	private Model readModel(final Jobs jobs) {
		try (Job job = jobs.open()) {
			return Model.read(job, modelPath);
		}
	}

	private Entry process(final Jobs jobs, final Model model, final Path file) {
		if (!overwrite && missing(file).isEmpty()) return entry(file, State.SKIPPED, "its results exist");
		try {
			return entry(file, State.DONE, String.join(" ", predict(jobs, model, file)));
		}
		catch (final CancelledException e) {
			throw e;
		}
		catch (final EngineException | BrushwoodException e) {
			return entry(file, State.FAILED, e.getMessage());
		}
		catch (final RuntimeException | OutOfMemoryError e) {
			return entry(file, State.FAILED, e.toString());
		}
	}

	/** @return notes on the result */
	private List<String> predict(final Jobs jobs, final Model model, final Path file) {
		final Path stem = stem(file);
		makeFolder(stem.getParent());
		try (Job job = jobs.open();
			EngineImage image = ImageFiles.read(job, file.toString());
			Prediction prediction = model.predict(job, image, options, outputs))
		{
			for (final Output made : outputs)
				prediction.get(made).write(job, stem + Outputs.suffix(made), Compression.NONE);
			return Segmentation.notes(prediction, file.getFileName().toString());
		}
	}

	static void makeFolder(final Path folder) {
		try {
			Files.createDirectories(folder);
		}
		catch (final IOException e) {
			throw new BrushwoodException("The output folder '" + folder + "' could not be made (" + e.getClass()
				.getSimpleName() + "). Check its path and rights.", e);
		}
	}

	private Entry entry(final Path file, final State state, final String message) {
		return new Entry(input.relativize(file).toString(), state, message);
	}

	private List<Path> missing(final Path file) {
		final List<Path> missing = results(file, outputs);
		missing.removeIf(path -> Files.exists(path));
		return missing;
	}

	private List<Path> results(final Path file, final Collection<Output> made) {
		final List<Path> results = new ArrayList<>();
		for (final Output each : made)
			results.add(new File(stem(file) + Outputs.suffix(each)).toPath());
		return results;
	}

	/** Where the results of an image go, without their endings. */
	private Path stem(final Path file) {
		final Path target = output.resolve(input.relativize(file));
		return target.resolveSibling(stem(file.getFileName().toString()));
	}

	/** A file's name without its last suffix. */
	static String stem(final String name) {
		final int dot = name.lastIndexOf('.');
		return dot > 0 ? name.substring(0, dot) : name;
	}

	private List<Path> files() {
		if (!Files.isDirectory(input)) {
			throw new BrushwoodException("The input folder '" + input + "' does not exist. Check the path.");
		}
		final List<Path> files = new ArrayList<>();
		try (Stream<Path> walk = Files.walk(input, recursive ? Integer.MAX_VALUE : 1)) {
			walk.filter(this::wanted).sorted().forEach(files::add);
		}
		catch (final IOException | UncheckedIOException e) {
			throw new BrushwoodException("The folder '" + input + "' could not be listed: " + e.getMessage() + ".", e);
		}
		final Set<Path> made = new HashSet<>();
		for (final Path file : files)
			made.addAll(results(file, Outputs.SHOWN));
		files.removeAll(made);
		if (files.isEmpty()) {
			throw new BrushwoodException("The folder '" + input + "' has no images that fit the pattern" + (recursive ? ""
				: " (subfolders are not searched)") + ". Check folder and pattern.");
		}
		return files;
	}

	private boolean wanted(final Path path) {
		if (!Files.isRegularFile(path)) return false;
		final String name = path.getFileName().toString();
		if (name.startsWith(".")) return false;
		final Path lower = path.getFileSystem().getPath(name.toLowerCase(Locale.ROOT));
		return patterns.stream().anyMatch(pattern -> pattern.matches(lower));
	}

	private static PathMatcher matcher(final String glob) {
		final String escaped = glob.toLowerCase(Locale.ROOT).chars().mapToObj(c -> "{}[]\\".indexOf(c) >= 0 ? "\\" +
			(char) c : String.valueOf((char) c)).collect(Collectors.joining());
		return FileSystems.getDefault().getPathMatcher("glob:" + escaped);
	}
}
