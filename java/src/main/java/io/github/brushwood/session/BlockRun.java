package io.github.brushwood.session;

import io.github.brushwood.engine.BlockJob;
import io.github.brushwood.engine.BlockOptions;
import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictReport;
import io.github.brushwood.engine.Status;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * A prediction into OME-Zarr, block by block: what was stopped goes on where it was, also in several processes at the
 * same time. A block that fails does not stop the others.
 */
final class BlockRun {

	/** Share of the work that fills up the smaller resolutions. */
	private static final double FINISH = 0.02;

	private final Jobs jobs;
	private final BlockJob blocks;
	private final long count;
	private long made;
	private long failed;
	private String firstFailure;
	private PredictReport report;

	private BlockRun(final Jobs jobs, final BlockJob blocks) {
		this.jobs = jobs;
		this.blocks = blocks;
		count = blocks.info().blocks;
	}

	/**
	 * Makes the blocks that are missing.
	 *
	 * @param paths of the results
	 * @param overwrite whether to make all blocks again, and to begin anew where another model or image was begun with
	 * @throws BrushwoodException naming the first block that failed, when any did; the others are there then
	 */
	static BlockRun of(final Jobs jobs, final Model model, final EngineImage image, final Map<Output, Path> paths,
		final BlockOptions options, final boolean overwrite)
	{
		try (BlockJob blocks = open(jobs, model, image, paths, options, overwrite)) {
			final BlockRun run = new BlockRun(jobs, blocks);
			run.runAll();
			return run;
		}
	}

	private static BlockJob open(final Jobs jobs, final Model model, final EngineImage image,
		final Map<Output, Path> paths, final BlockOptions options, final boolean overwrite)
	{
		final Map<Output, String> names = new EnumMap<>(Output.class);
		for (final Map.Entry<Output, Path> path : paths.entrySet())
			names.put(path.getKey(), path.getValue().toString());
		try (Job job = jobs.open()) {
			return BlockJob.open(job, model, image, names, options.overwrite(overwrite));
		}
		catch (final EngineException e) {
			if (!overwrite || e.status() != Status.MISMATCH) throw e;
		}
		ZarrRemoval.remove(paths.values());
		try (Job job = jobs.open()) {
			return BlockJob.open(job, model, image, names, options);
		}
	}

	private void runAll() {
		for (long i = 0; i < count; i++)
			run(i, jobs.part((1 - FINISH) * i / count, (1 - FINISH) * (i + 1) / count));
		final long missing;
		try (Job job = jobs.part(1 - FINISH, 1).open()) {
			missing = blocks.finish(job);
		}
		if (failed == 0 && missing == 0) return;
		throw new BrushwoodException(firstFailure == null ? "Of " + count + " blocks " + missing +
			" are missing, as somebody removed them meanwhile. Start again." : failed + " of " + count +
				" blocks failed; started again, only these are made. The first: " + firstFailure);
	}

	private void run(final long index, final Jobs part) {
		part.step(0);
		try (Job job = part.open()) {
			final PredictReport one = blocks.make(job, index);
			if (one == null) return;
			made++;
			report = report == null ? one : report.plus(one);
		}
		catch (final CancelledException e) {
			throw e;
		}
		catch (final EngineException | BrushwoodException e) {
			Messages.log(e);
			failed++;
			if (firstFailure == null) firstFailure = Messages.of(e);
		}
	}

	/** Whether all blocks were there before. */
	boolean wasDone() {
		return made == 0;
	}

	/** How many blocks were there before. */
	long found() {
		return count - made;
	}

	/** Of the blocks that were made now; null when none was. */
	PredictReport report() {
		return report;
	}
}
