package io.github.brushwood.spark;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.ZarrCodec;
import io.github.brushwood.engine.ZarrVersion;

import java.io.File;
import java.io.PrintStream;
import java.util.EnumMap;
import java.util.Locale;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The options of the driver, named as those of the command line's predict. */
@Command(name = "PredictDriver", mixinStandardHelpOptions = true, sortOptions = false,
	versionProvider = DriverOptions.Version.class, description = "Segments an image into OME-Zarr, block by block, by " +
		"the workers of Apache Spark. Started again, it makes what is missing. Image and results have to be in folders " +
		"that the driver and all workers share.",
	footer = "Exit status: 0 done, 1 failed or blocks are missing, 2 wrong usage.")
final class DriverOptions {

	@Option(names = "--model", required = true, paramLabel = "FILE", description = "model (.brushwood); only the driver " +
		"reads it")
	private String model;

	@Option(names = "--input", required = true, paramLabel = "PATH", description = "image to segment (OME-Zarr)")
	private String input;

	@Option(names = "--output", required = true, paramLabel = "PATH", description = "result (.zarr); {kind} in it " +
		"stands for the kind of result")
	private String output;

	@Option(names = "--export", paramLabel = "KINDS", defaultValue = "probabilities", converter = KindNames.class,
		description = "probabilities (32-bit, a channel per class), labels (8-bit, 1..K), uncertainty or entropy (32-bit, " +
			"0 to 1), or several, separated by commas; default ${DEFAULT-VALUE}")
	private Kinds kinds;

	@Option(names = "--block", paramLabel = "Z,Y,X", converter = WholeNumbers.class, description = "voxels of a block, " +
		"rounded up to whole chunks; default: as the results say, else about 128,256,256 of stacks, 1,2048,2048 of single " +
		"slices")
	private Triple block = new Triple();

	@Option(names = "--zarr-version", paramLabel = "VERSION", converter = Versions.class,
		description = "of OME-Zarr: 0.4 (on Zarr 2) or 0.5 (on Zarr 3); default 0.4")
	private ZarrVersion version;

	@Option(names = "--zarr-chunk", paramLabel = "Z,Y,X", converter = WholeNumbers.class, description = "voxels of a " +
		"chunk; default 32,128,128 of stacks, 1,512,512 of single slices")
	private Triple chunk = new Triple();

	@Option(names = "--compression", paramLabel = "KIND", converter = Codecs.class,
		description = "blosc, zstd, gzip or none; default blosc")
	private ZarrCodec codec;

	@Option(names = "--unrefined", description = "the forest's own probabilities, without the smoothing that the model " +
		"may ask for")
	private boolean unrefined;

	@Option(names = "--overwrite", description = "make blocks again that are there")
	private boolean overwrite;

	@Option(names = "--spacing", paramLabel = "Z,Y,X", converter = Numbers.class, description = "voxel size, replaces " +
		"the image's calibration; only the ratios count")
	private Triple spacing;

	@Option(names = "--threads-per-task", paramLabel = "N", description = "threads of a task; default spark.task.cpus")
	private Integer threads;

	@Option(names = "--memory", paramLabel = "MB", description = "memory of a task beside Java's and the model, in " +
		"megabytes; default: its share of spark.executor.memoryOverhead where that is set, else 1000")
	private Long memory;

	@Option(names = "--partitions", paramLabel = "N", description = "tasks to divide the blocks into; default: one per " +
		"block, 20000 at most")
	private Integer partitions;

	private final CommandLine line = new CommandLine(this);

	/** @throws ParameterException that says what is wrong */
	void parse(final String... arguments) {
		line.parseArgs(arguments);
		if (line.isUsageHelpRequested() || line.isVersionHelpRequested()) return;
		check(threads == null || threads >= 1 && threads <= 1024, "--threads-per-task must be 1 to 1024.");
		check(memory == null || memory >= 1 && memory <= 1 << 24, "--memory must be 1 to 16777216.");
		check(partitions == null || partitions >= 1, "--partitions must be at least 1.");
		check(output.matches("(?is).+\\.zarr[/\\\\]*"), "--output must be a name that ends with .zarr.");
		check(kinds.words.size() == 1 || output.contains("{kind}"),
			"--output needs {kind} in its name, as in x_{kind}.zarr, for several kinds.");
		for (final String path : new String[] { input, output, model })
			checkPath(path);
	}

	private void check(final boolean fine, final String message) {
		if (!fine) throw new ParameterException(line, message);
	}

	private void checkPath(final String path) {
		check(!path.matches("(?s)[A-Za-z][A-Za-z0-9+.-]+:/.*"), path + " is an address; Brushwood reads and writes folders " +
			"that all computers of the cluster have mounted under the same path.");
		check(path.indexOf('\uFFFD') < 0, path + ": Java could not decode this name; set LC_ALL to a locale with UTF-8, " +
			"such as C.UTF-8.");
	}

	/** Whether help or version were asked for and are printed. */
	boolean printHelp(final PrintStream out) {
		if (line.isUsageHelpRequested()) line.usage(out);
		else if (line.isVersionHelpRequested()) line.printVersionHelp(out);
		return line.isUsageHelpRequested() || line.isVersionHelpRequested();
	}

	/** The work but for model, threads and memory. */
	BlockWork work() {
		final BlockWork work = new BlockWork();
		work.input = absolute(input);
		work.outputs = new EnumMap<>(Output.class);
		kinds.words.forEach((kind, word) -> work.outputs.put(kind, absolute(output.replace("{kind}", word))));
		work.version = version;
		work.codec = codec;
		work.chunk = chunk.whole();
		work.block = block.whole();
		work.spacing = spacing == null ? null : spacing.numbers;
		work.unrefined = unrefined;
		work.overwrite = overwrite;
		return work;
	}

	private static String absolute(final String path) {
		return new File(path).getAbsolutePath();
	}

	File model() {
		return new File(model);
	}

	/** Null when not given, like the next two. */
	Integer threads() {
		return threads;
	}

	/** Megabytes. */
	Long memory() {
		return memory;
	}

	Integer partitions() {
		return partitions;
	}

	/** Kinds of results and what they are called in names. */
	static final class Kinds {

		private final EnumMap<Output, String> words = new EnumMap<>(Output.class);
	}

	static final class KindNames implements CommandLine.ITypeConverter<Kinds> {

		@Override
		public Kinds convert(final String text) {
			final Kinds kinds = new Kinds();
			for (final String name : text.split(",", -1))
				kinds.words.put(kind(name), name.equals("labels") ? "segmentation" : name);
			return kinds;
		}

		private static Output kind(final String name) {
			for (final Output output : Output.values())
				if (output.name().toLowerCase(Locale.ROOT).equals(name)) return output;
			throw new TypeConversionException("must be probabilities, labels, uncertainty or entropy, not \"" + name + "\"");
		}
	}

	/** Z,Y,X as x, y, z. */
	static final class Triple {

		private final double[] numbers = new double[3];

		private Triple() {}

		/** @throws TypeConversionException unless there are three, all above 0 */
		private Triple(final String text) {
			final String[] parts = text.split(",", -1);
			if (parts.length != 3) throw refused("numbers z,y,x above 0", text);
			for (int i = 0; i < 3; i++)
				numbers[2 - i] = number(parts[i], text);
		}

		private static double number(final String part, final String text) {
			try {
				final double number = Double.parseDouble(part);
				if (number > 0 && !Double.isInfinite(number)) return number;
			}
			catch (final NumberFormatException e) {
				throw refused("numbers z,y,x above 0", text);
			}
			throw refused("numbers z,y,x above 0", text);
		}

		private static TypeConversionException refused(final String what, final String text) {
			return new TypeConversionException("must be three " + what + ", not \"" + text + "\"");
		}

		private long[] whole() {
			return new long[] { (long) numbers[0], (long) numbers[1], (long) numbers[2] };
		}
	}

	static final class Numbers implements CommandLine.ITypeConverter<Triple> {

		@Override
		public Triple convert(final String text) {
			return new Triple(text);
		}
	}

	static final class WholeNumbers implements CommandLine.ITypeConverter<Triple> {

		@Override
		public Triple convert(final String text) {
			final Triple triple = new Triple(text);
			for (final double number : triple.numbers)
				if (number != (long) number || number > 1 << 30) throw Triple.refused("whole numbers z,y,x from 1", text);
			return triple;
		}
	}

	static final class Versions implements CommandLine.ITypeConverter<ZarrVersion> {

		@Override
		public ZarrVersion convert(final String text) {
			if (text.equals("0.4")) return ZarrVersion.OME_04;
			if (text.equals("0.5")) return ZarrVersion.OME_05;
			throw new TypeConversionException("must be 0.4 or 0.5, not \"" + text + "\"");
		}
	}

	static final class Codecs implements CommandLine.ITypeConverter<ZarrCodec> {

		@Override
		public ZarrCodec convert(final String text) {
			if (text.equals("none")) return ZarrCodec.RAW;
			for (final ZarrCodec codec : ZarrCodec.values())
				if (codec != ZarrCodec.RAW && codec.name().toLowerCase(Locale.ROOT).equals(text)) return codec;
			throw new TypeConversionException("must be blosc, zstd, gzip or none, not \"" + text + "\"");
		}
	}

	static final class Version implements IVersionProvider {

		@Override
		public String[] getVersion() {
			return new String[] { "brushwood " + Engine.version() };
		}
	}
}
