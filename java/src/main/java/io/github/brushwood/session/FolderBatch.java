package io.github.brushwood.session;

import ij.Macro;

import io.github.brushwood.engine.BlockOptions;
import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Compression;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.PredictReport;
import io.github.brushwood.engine.ZarrCodec;
import io.github.brushwood.engine.ZarrOptions;
import io.github.brushwood.engine.ZarrVersion;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.ReadOptions;
import io.github.brushwood.io.WriteOptions;
import io.github.brushwood.session.batch.BatchProgress;
import io.github.brushwood.session.batch.BatchTable;
import io.github.brushwood.session.batch.ImageFolder;
import io.github.brushwood.session.batch.NamePattern;
import io.github.brushwood.session.batch.ResultPaths;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Applies a model to the images of a folder. Results go to the output folder, in the same subfolders, under the names
 * that a {@link NamePattern} makes; files appear under their names only when whole, OME-Zarr grows block by block in
 * its place. Images are read and written part by part where their formats allow it. A bad image does not stop the
 * others. Images whose results exist are skipped, and blocks of OME-Zarr that exist, so that a stopped batch goes on
 * where it was; any number of batches may work on the same folders. A table tells what became of every image.
 */
public final class FolderBatch {

	/** The table's file in the output folder. */
	public static final String TABLE = "brushwood_batch.csv";

	/** Which files are images, unless something else is said. */
	public static final String PATTERN = "*.tif;*.tiff;*.zarr";

	/** What became of an image. */
	public enum State {
		DONE, SKIPPED, FAILED
	}

	/** One row of the table. Immutable. */
	public static final class Entry {

		/** Path below the input folder. */
		public final String file;
		public final State state;
		/** Time it took. */
		public final double seconds;
		/** Why it failed or was skipped, or notes on the result; "" for none. */
		public final String message;
		private final double[] fractions;

		/** @param fractions of the pixels that each class won; null when it was not classified */
		public Entry(final String file, final State state, final double seconds, final double[] fractions,
			final String message)
		{
			this.file = file;
			this.state = state;
			this.seconds = seconds;
			this.fractions = fractions == null ? null : fractions.clone();
			this.message = message;
		}

		/** Whether it was classified. */
		public boolean hasFractions() {
			return fractions != null;
		}

		/**
		 * Fraction of the pixels that a class won, 0 to 1.
		 *
		 * @param index 0 for the class of label 1
		 */
		public double fraction(final int index) {
			return fractions[index];
		}

		/** The state in the words of the table. */
		public String status() {
			return state.name().toLowerCase(Locale.ROOT);
		}

		@Override
		public String toString() {
			return file + ": " + status() + (message.isEmpty() ? "" : ": " + message);
		}
	}

	/** Hears of every image when it is finished. */
	public interface Listener {

		void finished(Entry entry);
	}

	private static final String NAMES = "names";
	private static final double NANO = 1e-9;
	/** To open an image and make its results costs as much as so many bytes. */
	private static final double COST = 1e5;
	/** Options that no reader knows; as long as a thread has some, dialogs are not shown but take their defaults. */
	private static final String NO_DIALOGS = "brushwood_batch";

	private final String modelPath;
	private final Path input;
	private final Path output;
	private final List<Output> outputs;
	private final ImageFolder images;
	private boolean overwrite;
	private PredictOptions options;
	private NamePattern names = new NamePattern(NamePattern.DEFAULT, NAMES);
	private ReadOptions reading = new ReadOptions();
	private Compression compression = Compression.NONE;
	private boolean pyramid;
	private ZarrOptions zarr = new ZarrOptions();
	private boolean zarrGiven;
	private String csv;
	/** Of the present run. */
	private ResultPaths paths;
	private BatchTable table = new BatchTable(Collections.emptyList());

	/**
	 * @param input folder of the images
	 * @param output folder of the results, made when missing; may be the same
	 */
	public FolderBatch(final String modelPath, final String input, final String output,
		final Collection<Output> outputs)
	{
		this.modelPath = modelPath;
		this.input = path(input);
		final Path target = path(output);
		this.output = same(target, this.input) ? this.input : target;
		this.outputs = new ArrayList<>(outputs);
		if (outputs.isEmpty()) throw new BrushwoodException("There is nothing to write. Choose at least one result.");
		csv = this.output.resolve(TABLE).toString();
		images = new ImageFolder(this.input, this.output);
		pattern(PATTERN);
	}

	private static Path path(final String text) {
		return new File(text).getAbsoluteFile().toPath().normalize();
	}

	/** Two names of one folder, such as a link. */
	private static boolean same(final Path one, final Path other) {
		try {
			return Files.isSameFile(one, other);
		}
		catch (final IOException e) {
			return false; // one does not exist yet
		}
	}

	/** @param text file names with * and ?, separated by ';'; case does not matter */
	public FolderBatch pattern(final String text) {
		images.setPattern(text);
		return this;
	}

	/** Whether to go into subfolders. */
	public FolderBatch recursive(final boolean on) {
		images.setRecursive(on);
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

	/** @param text a {@link NamePattern} */
	public FolderBatch names(final String text) {
		names = new NamePattern(text, NAMES);
		return this;
	}

	/** What to read of files that hold several images. */
	public FolderBatch reading(final ReadOptions how) {
		reading = how;
		return this;
	}

	/** Of TIFF results, without loss. */
	public FolderBatch compression(final Compression kind) {
		compression = kind;
		return this;
	}

	/** Whether TIFF results get smaller copies for viewers such as QuPath. */
	public FolderBatch pyramid(final boolean on) {
		pyramid = on;
		return this;
	}

	/** Version and compression of results in OME-Zarr that are not there yet. */
	public FolderBatch zarr(final ZarrVersion version, final ZarrCodec codec) {
		zarr = new ZarrOptions();
		if (version != ZarrVersion.OME_04) zarr.version(version);
		if (codec != ZarrCodec.BLOSC) zarr.codec(codec);
		zarrGiven = version != ZarrVersion.OME_04 || codec != ZarrCodec.BLOSC;
		return this;
	}

	/** @param file where the table goes in place of {@link #TABLE} in the output folder; "" for that */
	public FolderBatch csv(final String file) {
		csv = file.isEmpty() ? output.resolve(TABLE).toString() : path(file).toString();
		return this;
	}

	/** The rows so far, or of the last run; also when it failed or was cancelled. */
	public BatchTable table() {
		return table;
	}

	/** Where the table is written. */
	public String csvPath() {
		return csv;
	}

	/**
	 * Runs through all images and writes the table, also when it is cancelled.
	 *
	 * @return one entry per image, in the order of their names
	 * @throws BrushwoodException before any work when a folder, the model or an option is wrong or no image fits the
	 *           pattern
	 * @throws CancelledException when the jobs' monitor stops it; the image in work leaves nothing behind
	 */
	public List<Entry> run(final Jobs jobs, final Listener listener) {
		checkFormat();
		paths = new ResultPaths(input, output, names);
		final List<Path> files = files();
		names.check(files.size(), outputs);
		try (Model model = readModel(jobs)) {
			table = new BatchTable(classes(model));
			makeFolder(output);
			WholeFile.check(output.resolve(TABLE).toString());
			WholeFile.check(csv);
			try {
				runAll(jobs, model, files, listener);
			}
			catch (RuntimeException | Error e) {
				writeTable(e);
				throw e;
			}
			writeTable();
		}
		return table.rows();
	}

	/** How many entries are in a state. */
	public static int count(final List<Entry> entries, final State state) {
		int count = 0;
		for (final Entry entry : entries)
			if (entry.state == state) count++;
		return count;
	}

	private void checkFormat() {
		final String made = ", but the name pattern '" + names + "' makes " + names.format().label() + " files. Leave ";
		if (names.format() != ImageFormats.TIFF && (compression != Compression.NONE || pyramid)) {
			throw new BrushwoodException("Compression and pyramid are for TIFF" + made +
				"them out, or let the pattern end with .tif.");
		}
		if (names.format() != ImageFormats.ZARR && zarrGiven) {
			throw new BrushwoodException("Version and codec are for OME-Zarr" + made +
				"them out, or let the pattern end with .zarr.");
		}
	}

	private Model readModel(final Jobs jobs) {
		try (Job job = jobs.open()) {
			return Model.read(job, modelPath);
		}
	}

	private static List<String> classes(final Model model) {
		final List<String> classes = new ArrayList<>();
		for (int k = 0; k < model.classCount(); k++)
			classes.add(model.className(k));
		return classes;
	}

	private void writeTable() {
		final byte[] text = table.csv().getBytes(StandardCharsets.UTF_8);
		WholeFile.write(csv, out -> out.write(text));
	}

	/** What ended the batch matters more than what is wrong with the table. */
	private void writeTable(final Throwable end) {
		try {
			writeTable();
		}
		catch (final BrushwoodException e) {
			end.addSuppressed(e);
		}
	}

	// ---- all images

	private void runAll(final Jobs outer, final Model model, final List<Path> files, final Listener listener) {
		final double[] ends = ends(files);
		final BatchProgress progress = new BatchProgress(outer.monitor(), files.size());
		final Jobs jobs = outer.telling(progress);
		final Map<Path, Path> owners = new HashMap<>();
		for (int i = 0; i < files.size(); i++) {
			final Path file = files.get(i);
			final double begin = i == 0 ? 0 : ends[i - 1];
			progress.begin(i, name(file), begin);
			final Jobs part = jobs.part(begin, ends[i]);
			part.step(0);
			final Entry entry = process(part, model, file, owners);
			table.add(entry);
			listener.finished(entry);
		}
	}

	/** Where each image's share of the work ends, 0 to 1; by the sizes of the files that have no results yet. */
	private double[] ends(final List<Path> files) {
		final double[] ends = new double[files.size()];
		double sum = 0;
		for (int i = 0; i < ends.length; i++) {
			sum += isDone(files.get(i)) ? 0 : weight(files.get(i));
			ends[i] = sum;
		}
		for (int i = 0; i < ends.length; i++)
			ends[i] = sum == 0 ? (i + 1.0) / ends.length : ends[i] / sum;
		return ends;
	}

	private boolean isDone(final Path file) {
		try {
			return !overwrite && paths.exist(file, outputs);
		}
		catch (final BrushwoodException e) {
			return false;
		}
	}

	/** Bytes, and what every file costs whatever its size. */
	private static double weight(final Path file) {
		try {
			return Files.size(file) + COST;
		}
		catch (final IOException e) {
			return COST;
		}
	}

	/** @param owners images by the name of their first result */
	private Entry process(final Jobs jobs, final Model model, final Path file, final Map<Path, Path> owners) {
		final long start = System.nanoTime();
		try {
			final Path owner = owners.putIfAbsent(paths.of(file, outputs.get(0)), file);
			if (owner != null) {
				throw new BrushwoodException("Its results have the same names as those of '" + owner.getFileName() +
					"'. Rename one of them.");
			}
			if (isDone(file)) return entry(file, State.SKIPPED, start, null, "Its results exist.");
			if (names.format() == ImageFormats.ZARR) return inBlocks(jobs, model, file, start);
			final PredictReport report = predict(jobs, model, file);
			return entry(file, State.DONE, start, fractions(report), String.join(" ", Segmentation.notes(report, name(
				file))));
		}
		catch (final CancelledException e) {
			throw e;
		}
		catch (final RuntimeException | Error e) {
			Messages.log(e);
			return entry(file, State.FAILED, start, null, Messages.of(e));
		}
	}

	private Entry entry(final Path file, final State state, final long start, final double[] fractions,
		final String message)
	{
		final double seconds = (System.nanoTime() - start) * NANO;
		return new Entry(input.relativize(file).toString(), state, seconds, fractions, message);
	}

	private static double[] fractions(final PredictReport report) {
		final long[] pixels = report.classPixels();
		double sum = 0;
		for (final long count : pixels)
			sum += count;
		final double[] fractions = new double[pixels.length];
		for (int k = 0; k < fractions.length; k++)
			fractions[k] = pixels[k] / sum;
		return fractions;
	}

	// ---- one image

	private PredictReport predict(final Jobs jobs, final Model model, final Path file) {
		makeFolder(paths.of(file, outputs.get(0)).getParent());
		final WriteOptions how = new WriteOptions().compression(compression).pyramid(pyramid).memory(jobs.memory());
		try (Job job = jobs.open(); EngineImage image = open(job, file)) {
			return ResultSinks.predict(job, model, image, options, outputs, (made, outline) -> names.format().create(job, paths
				.of(file, made).toFile(), outline, how));
		}
	}

	/** Whatever blocks of the results are there stays. */
	private Entry inBlocks(final Jobs jobs, final Model model, final Path file, final long start) {
		final Map<Output, Path> results = new EnumMap<>(Output.class);
		for (final Output output : outputs)
			results.put(output, paths.of(file, output));
		makeFolder(results.get(outputs.get(0)).getParent());
		final BlockRun run;
		try (Job job = jobs.open(); EngineImage image = open(job, file)) {
			run = BlockRun.of(jobs, model, image, results, blockOptions(), overwrite);
		}
		if (run.wasDone()) return entry(file, State.SKIPPED, start, null, "Its results exist.");
		final List<String> notes = Segmentation.notes(run.report(), name(file));
		if (run.found() > 0) notes.add(run.found() + " blocks of its results were there; the rest was added.");
		final double[] fractions = run.found() > 0 ? null : fractions(run.report());
		return entry(file, State.DONE, start, fractions, String.join(" ", notes));
	}

	private BlockOptions blockOptions() {
		final BlockOptions blocks = new BlockOptions().zarr(zarr);
		return options == null ? blocks : blocks.predict(options);
	}

	/** Readers are of all sorts: what they throw is an image's failure, and their dialogs are not to wait for anybody. */
	private EngineImage open(final Job job, final Path file) {
		final String before = Macro.getOptions();
		Macro.setOptions(NO_DIALOGS);
		try {
			return ImageFiles.open(job, file.toString(), reading);
		}
		catch (final BrushwoodException | EngineException | OutOfMemoryError e) {
			throw e;
		}
		catch (final RuntimeException | Error e) {
			throw new BrushwoodException("The file '" + file + "' could not be opened: its reader failed with " + e +
				". Convert it to TIFF.", e);
		}
		finally {
			Macro.setOptions(before == null ? null : before.trim());
		}
	}

	static void makeFolder(final Path folder) {
		if (Files.isDirectory(folder)) return; // perhaps by a link, which Java would refuse
		try {
			Files.createDirectories(folder);
		}
		catch (final IOException e) {
			throw new BrushwoodException("The output folder '" + folder + "' could not be made (" + e.getClass()
				.getSimpleName() + "). Check its path and rights.", e);
		}
	}

	private static String name(final Path file) {
		return file.getFileName().toString();
	}

	/** The images without those that are results. */
	private List<Path> files() {
		final List<Path> files = paths.withoutResults(images.list());
		if (files.isEmpty()) {
			throw new BrushwoodException("The folder '" + input + "' has no images that fit the pattern" + (images
				.isRecursive() ? "" : " (subfolders are not searched)") + ". Check folder and pattern.");
		}
		return files;
	}
}
