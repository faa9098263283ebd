package io.github.brushwood.session;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Job;

/**
 * Opens engine jobs that share threads, memory budget and monitor. Work of several steps gives each step a
 * {@link #part}, whose progress fills its share of the whole.
 */
public final class Jobs {

	private final int threads;
	private final long memory;
	private final Monitor monitor;
	private final double from;
	private final double to;

	/**
	 * @param threads 0 for all that the process may use
	 * @param memory budget in bytes; 0 for half of the free memory
	 */
	public Jobs(final int threads, final long memory, final Monitor monitor) {
		this(threads, memory, monitor, 0, 1);
	}

	private Jobs(final int threads, final long memory, final Monitor monitor, final double from, final double to) {
		this.threads = threads;
		this.memory = memory;
		this.monitor = monitor;
		this.from = from;
		this.to = to;
	}

	/** Jobs with the engine's defaults and no monitor. */
	public static Jobs defaults() {
		return new Jobs(0, 0, Monitor.NONE);
	}

	/** A new engine job; the caller closes it. */
	public Job open() {
		return new Job().threads(threads).memoryBudget(memory).progress(
			fraction -> monitor.progress(from + (to - from) * fraction));
	}

	/** Step <code>index</code> of <code>count</code> equal steps. */
	public Jobs part(final int index, final int count) {
		return part((double) index / count, (double) (index + 1) / count);
	}

	/** A step that takes a share of the work; begin and end are fractions of it, 0 to 1. */
	public Jobs part(final double begin, final double end) {
		return new Jobs(threads, memory, monitor, from + (to - from) * begin, from + (to - from) * end);
	}

	/** Jobs with the same threads and memory budget that tell another monitor. */
	public Jobs telling(final Monitor other) {
		return new Jobs(threads, memory, other);
	}

	/** The monitor, for which the whole work is this part. */
	public Monitor monitor() {
		return new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return monitor.progress(from + (to - from) * fraction);
			}

			@Override
			public void status(final String text) {
				monitor.status(text);
			}
		};
	}

	/** The budget in bytes; 0 for half of the free memory. */
	public long memory() {
		return memory;
	}

	public void status(final String text) {
		monitor.status(text);
	}

	/**
	 * For loops between engine calls.
	 *
	 * @param fraction of this part, 0 to 1
	 * @throws CancelledException when the monitor wants to stop
	 */
	public void step(final double fraction) {
		if (!monitor.progress(from + (to - from) * fraction)) throw new CancelledException("Cancelled.");
	}
}
