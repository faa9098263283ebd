package io.github.brushwood.spark;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;

import org.apache.spark.SparkConf;

import io.github.brushwood.engine.EngineException;
import picocli.CommandLine.ParameterException;

/** What spark-submit starts: predicts an image block by block into OME-Zarr. */
public final class PredictDriver {

	private static final int DONE = 0;
	private static final int FAILED = 1;
	private static final int USAGE = 2;

	private static final long MEGABYTE = 1_000_000;
	private static final long DEFAULT_MEMORY = 1000 * MEGABYTE;

	private PredictDriver() {}

	/** Ends the JVM with a status other than 0 unless all is well. */
	public static void main(final String[] arguments) {
		final int status = run(arguments, System.out, System.err);
		if (status != DONE) System.exit(status);
	}

	/** Returns the exit status. */
	static int run(final String[] arguments, final PrintStream out, final PrintStream err) {
		final DriverOptions options = new DriverOptions();
		try {
			options.parse(arguments);
			if (options.printHelp(out)) return DONE;
		}
		catch (final ParameterException e) {
			err.println(e.getMessage() + "\n--help lists the options.");
			return USAGE;
		}
		final SparkConf conf = new SparkConf();
		if (!conf.contains("spark.master")) {
			err.println("No master is named: start this by spark-submit --master URL, local[*] for this computer alone.");
			return USAGE;
		}
		return predict(options, conf.setIfMissing("spark.app.name", "Brushwood"), out, err);
	}

	private static int predict(final DriverOptions options, final SparkConf conf, final PrintStream out,
		final PrintStream err)
	{
		try {
			final BlockWork work = options.work();
			work.model = Files.readAllBytes(options.model().toPath());
			work.threads = options.threads() != null ? options.threads() : taskCpus(conf);
			work.memory = options.memory() != null ? options.memory() * MEGABYTE : share(conf);
			final PredictRun run = new PredictRun(work, options.partitions(), out);
			return run.run(conf) ? DONE : FAILED;
		}
		catch (final EngineException e) {
			err.println("error: " + e.getMessage());
		}
		catch (final IOException e) {
			err.println("error: The model cannot be read: " + e);
		}
		catch (final Exception e) {
			if (!e.getClass().getName().startsWith("org.apache.spark.")) throw e;
			err.println("error: Spark gave the job up: " + e.getMessage());
		}
		finally {
			OpenedWorks.closeOthers(null);
		}
		return FAILED;
	}

	private static int taskCpus(final SparkConf conf) {
		return conf.getInt("spark.task.cpus", 1);
	}

	/** Bytes of a task: of three quarters of what containers grant beside the heap; the JVM has the rest. */
	static long share(final SparkConf conf) {
		final String key = "spark.executor.memoryOverhead";
		if (!conf.contains(key)) return DEFAULT_MEMORY;
		final int tasks = Math.max(1, conf.getInt("spark.executor.cores", 1) / taskCpus(conf));
		return (conf.getSizeAsMb(key) << 20) / 4 * 3 / tasks;
	}
}
