package io.github.brushwood.spark;

import io.github.brushwood.engine.BlockInfo;
import io.github.brushwood.engine.BlockJob;
import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.PredictReport;
import io.github.brushwood.engine.Status;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Model, image and results, open for one thread at a time. */
final class OpenedWork implements AutoCloseable {

	private final BlockWork work;
	private Job job;
	private Model model;
	private EngineImage image;
	private BlockJob blocks;

	private OpenedWork(final BlockWork work) {
		this.work = work;
		job = work.job();
	}

	/** Makes folders and descriptions of the results unless they are there: once, before workers begin. */
	static OpenedWork begin(final BlockWork work) {
		return open(work, false);
	}

	/**
	 * For a worker, which has to find what {@link #begin} made: else its folders are not those of the driver.
	 *
	 * @throws EngineException that says on which host what is missing
	 */
	static OpenedWork join(final BlockWork work) {
		return open(work, true);
	}

	private static OpenedWork open(final BlockWork work, final boolean joins) {
		final OpenedWork opened = new OpenedWork(work);
		try {
			if (joins) opened.lookForResults();
			opened.open();
			return opened;
		}
		catch (RuntimeException | Error e) {
			opened.close();
			throw e;
		}
	}

	private void lookForResults() {
		for (final String path : work.outputs.values()) {
			try (EngineImage result = EngineImage.open(job, path)) {
				result.info();
			}
			catch (final EngineException e) {
				throw new EngineException(Status.IO, "The host " + host() + " does not see the results that the driver " +
					"began: " + e.getMessage() + " Image and results have to be in folders that the driver and all workers " +
					"share, under the same path.", e);
			}
		}
	}

	private void open() {
		model = readModel();
		image = EngineImage.open(job, work.input);
		if (work.spacing != null) image.setSpacing(job, work.spacing[0], work.spacing[1], work.spacing[2]);
		blocks = BlockJob.open(job, model, image, work.outputs, work.options());
	}

	/** The engine reads models from files: here from one that is gone at once. */
	private Model readModel() {
		try {
			final Path file = Files.createTempFile("brushwood", ".brushwood");
			try {
				Files.write(file, work.model);
				return Model.read(job, file.toString());
			}
			finally {
				Files.delete(file);
			}
		}
		catch (final IOException e) {
			throw new UncheckedIOException("The model cannot be unpacked to the folder for temporary files on " + host() +
				" (" + e + "); make room there or name another one by -Djava.io.tmpdir.", e);
		}
	}

	private static String host() {
		try {
			return InetAddress.getLocalHost().getHostName();
		}
		catch (final UnknownHostException e) {
			return "of a worker";
		}
	}

	BlockWork work() {
		return work;
	}

	BlockInfo info() {
		return blocks.info();
	}

	Box part(final long block) {
		return blocks.part(job, block);
	}

	boolean has(final long block) {
		return blocks.has(job, block);
	}

	/** Makes a block unless it is there; a failure is the block's alone. */
	void make(final long block, final BlockTally tally) {
		final long start = System.nanoTime();
		try {
			final PredictReport report = blocks.make(job, block);
			if (report == null) tally.addThere(start);
			else tally.addMade(report, start);
		}
		catch (final EngineException e) {
			tally.addFailure(new BlockFailure(block, e.getMessage()), start);
			job.close(); // spent by the failure
			job = work.job();
		}
	}

	/** What is left to do when all workers are done. Returns how many blocks are missing. */
	long finish() {
		return blocks.finish(job);
	}

	@Override
	public void close() {
		for (final AutoCloseable part : new AutoCloseable[] { blocks, image, model, job })
			close(part);
	}

	private static void close(final AutoCloseable part) {
		try {
			if (part != null) part.close();
		}
		catch (final RuntimeException e) {
			throw e;
		}
		catch (final Exception e) {
			throw new IllegalStateException(e);
		}
	}
}
