package io.github.brushwood.spark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;

/**
 * What a worker does with the blocks of a task. May run twice, also at the same time. A block that fails is no failure
 * of the task; when image or results cannot be opened the task fails, and Spark tries it elsewhere.
 */
abstract class BlockTask<R> implements FlatMapFunction<Iterator<Long>, R> {

	private static final long serialVersionUID = 1L;

	private final Broadcast<BlockWork> work;

	private BlockTask(final Broadcast<BlockWork> work) {
		this.work = work;
	}

	/** Makes the blocks; one tally. */
	static BlockTask<BlockTally> making(final Broadcast<BlockWork> work) {
		return new Making(work);
	}

	/** Leaves the blocks that are not there. */
	static BlockTask<Long> listing(final Broadcast<BlockWork> work) {
		return new Listing(work);
	}

	abstract Iterator<R> call(OpenedWork opened, Iterator<Long> blocks, BlockTally tally);

	@Override
	public final Iterator<R> call(final Iterator<Long> blocks) {
		final BlockTally tally = new BlockTally();
		final OpenedWork opened = OpenedWorks.take(work.value());
		final Iterator<R> done;
		try {
			done = call(opened, blocks, tally);
		}
		catch (RuntimeException | Error e) {
			opened.close();
			throw e;
		}
		OpenedWorks.give(opened);
		return done;
	}

	private static void checkWanted() {
		if (TaskContext.get().isInterrupted()) throw new TaskKilledException("the driver does not want it any more");
	}

	private static final class Making extends BlockTask<BlockTally> {

		private static final long serialVersionUID = 1L;

		private Making(final Broadcast<BlockWork> work) {
			super(work);
		}

		@Override
		Iterator<BlockTally> call(final OpenedWork opened, final Iterator<Long> blocks, final BlockTally tally) {
			while (blocks.hasNext()) {
				checkWanted();
				opened.make(blocks.next(), tally);
			}
			tally.add(OpenedWorks.newOpenings());
			tally.endTask();
			return Collections.singleton(tally).iterator();
		}
	}

	private static final class Listing extends BlockTask<Long> {

		private static final long serialVersionUID = 1L;

		private Listing(final Broadcast<BlockWork> work) {
			super(work);
		}

		@Override
		Iterator<Long> call(final OpenedWork opened, final Iterator<Long> blocks, final BlockTally tally) {
			final List<Long> missing = new ArrayList<>();
			while (blocks.hasNext()) {
				checkWanted();
				final long block = blocks.next();
				if (!opened.has(block)) missing.add(block);
			}
			return missing.iterator();
		}
	}
}
