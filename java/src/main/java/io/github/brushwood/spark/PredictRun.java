package io.github.brushwood.spark;

import io.github.brushwood.engine.BlockInfo;
import io.github.brushwood.engine.Box;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** One run of the driver, from opening the results to the report. */
final class PredictRun {

	private static final int MOST_TASKS = 20_000;
	private static final int LISTS_PER_CORE = 4;
	private static final int MOST_FAILURES_TOLD = 100;
	private static final double MEGABYTE = 1e6;
	private static final double SECONDS = 1e-9;

	private final BlockWork work;
	private final Integer partitions;
	private final PrintStream out;
	private final TaskWatch watch;
	private final BlockTally tally = new BlockTally();

	/** @param partitions of the blocks that have to be made; null = chosen */
	PredictRun(final BlockWork work, final Integer partitions, final PrintStream out) {
		this.work = work;
		this.partitions = partitions;
		this.out = out;
		watch = new TaskWatch(out);
	}

	/** Returns whether no block is missing at the end. */
	boolean run(final SparkConf conf) {
		final long start = System.nanoTime();
		final long missing;
		try (JavaSparkContext spark = new JavaSparkContext(conf)) {
			spark.sc().addSparkListener(watch);
			missing = run(spark);
		} // from here on the watch has heard of everything
		report((System.nanoTime() - start) * SECONDS);
		return conclude(missing);
	}

	private long run(final JavaSparkContext spark) {
		try (OpenedWork opened = OpenedWork.begin(work)) {
			describe(opened.info());
			final Broadcast<BlockWork> sent = spark.broadcast(work);
			final List<Long> all = LongStream.range(0, opened.info().blocks).boxed().collect(Collectors.toList());
			final List<Long> wanted = work.overwrite ? all : list(spark, sent, all);
			out.println(wanted.size() + " of " + all.size() + " blocks have to be made.");
			make(spark, sent, wanted);
			final long missing = opened.finish();
			tellFailures(opened);
			return missing;
		}
	}

	private void describe(final BlockInfo info) {
		out.println(info + ", which read " + info.margin()[0] + " x " + info.margin()[1] + " x " + info.margin()[2] +
			" voxels more at each side.");
		out.println(text("A task has %d threads and %.0f MB; a block takes %.0f MB at most beside the model.", work.threads,
			work.memory / MEGABYTE, info.bytes / MEGABYTE));
		if (info.bytes > work.memory) out.println("Note: Smaller blocks (--block) need less memory.");
	}

	/** The blocks that are not there; the workers look, as there may be many files. */
	private static List<Long> list(final JavaSparkContext spark, final Broadcast<BlockWork> sent, final List<Long> all) {
		final int tasks = Math.max(1, Math.min(all.size(), LISTS_PER_CORE * spark.defaultParallelism()));
		return spark.parallelize(all, tasks).mapPartitions(BlockTask.listing(sent)).collect();
	}

	private void make(final JavaSparkContext spark, final Broadcast<BlockWork> sent, final List<Long> blocks) {
		if (blocks.isEmpty()) return;
		final int tasks = Math.min(partitions == null ? MOST_TASKS : partitions, blocks.size());
		spark.parallelize(blocks, tasks).mapPartitions(BlockTask.making(sent)).collect().forEach(tally::add);
	}

	private void tellFailures(final OpenedWork opened) {
		final List<BlockFailure> failures = tally.failures();
		for (final BlockFailure failure : failures.subList(0, Math.min(failures.size(), MOST_FAILURES_TOLD))) {
			final Box part = opened.part(failure.block);
			out.println("Block " + failure.block + ", " + part + ", failed: " + failure.message);
		}
		if (failures.size() > MOST_FAILURES_TOLD) {
			out.println("And " + (failures.size() - MOST_FAILURES_TOLD) + " blocks more failed.");
		}
	}

	private void report(final double seconds) {
		tally.notes().forEach(note -> out.println("Note: " + note));
		out.println(text("%d blocks made, %d found made by others, %d failed; %d tasks lost; %.1f s in all.", tally.made(),
			tally.there(), tally.failures().size(), watch.lost(), seconds));
		if (tally.blocks() == 0) return;
		final double spark = watch.seconds() - tally.taskSeconds();
		out.println(text("A block took %.3f s, and Spark %.3f s for it; image and model were opened %d times in %.3f s.",
			tally.workSeconds() / tally.blocks(), Math.max(0, spark) / tally.blocks(), tally.openings(),
			tally.openSeconds()));
	}

	private boolean conclude(final long missing) {
		final long unexplained = missing - tally.failures().size();
		if (unexplained > 0) {
			out.println("Not all blocks that workers made are where the driver looks for them (missing: " + unexplained +
				"): the results have to be in a folder that the driver and all workers share, under the same path.");
		}
		if (missing > 0) {
			out.println((missing == 1 ? "1 block is missing." : missing + " blocks are missing.") +
				" Start this again with the same options to continue.");
			return false;
		}
		work.outputs.values().forEach(path -> out.println("Wrote " + path));
		return true;
	}

	private static String text(final String format, final Object... values) {
		return String.format(Locale.ROOT, format, values);
	}
}
