package io.github.brushwood.engine;

/**
 * One piece of work: threads, memory budget, progress and cancel. A job serves one call at a time and may serve many
 * calls in turn; after an {@link EngineException} from one of them every later call throws the same error again: make a
 * new job. {@link #cancel()} and {@link #progress()} may be called from any thread at any time before {@link #close()}.
 */
public final class Job extends Handle {

	private boolean running;

	/** A job with all threads that the process may use and half of the free memory. */
	public Job() {
		super("job", create());
	}

	private static long create() {
		NativeLoader.load();
		return Native.jobCreate();
	}

	/** @param count 1 to 1024; 0 for the default */
	public Job threads(final int count) {
		try (Use job = begin()) {
			Native.jobSetThreads(job.address(), count);
		}
		return this;
	}

	/** @param bytes most memory that calls should need beyond their inputs and outputs; 0 for the default */
	public Job memoryBudget(final long bytes) {
		try (Use job = begin()) {
			Native.jobSetMemoryBudget(job.address(), bytes);
		}
		return this;
	}

	/** @param listener replaces the earlier one; null for none */
	public Job progress(final ProgressListener listener) {
		try (Use job = begin()) {
			Native.jobSetProgress(job.address(), listener);
		}
		return this;
	}

	/** Makes the running call, or the next one, end soon with a {@link CancelledException}. Does nothing once closed. */
	public void cancel() {
		final Use job;
		try {
			job = use();
		}
		catch (final IllegalStateException e) {
			return; // closed: nothing left to cancel
		}
		try {
			Native.jobCancel(job.address());
		}
		finally {
			job.close();
		}
	}

	/** Work done by the running or last call, 0 to 1. */
	public double progress() {
		try (Use job = use()) {
			return Native.jobProgress(job.address());
		}
	}

	/** The right to run one engine call. */
	Use begin() {
		acquire();
		synchronized (this) {
			if (!running) {
				running = true;
				return new Run(this);
			}
		}
		new Use(this).close();
		throw new IllegalStateException("The job is running a call already; use another job.");
	}

	@Override
	void free(final long nativeAddress) {
		Native.jobFree(nativeAddress);
	}

	private static final class Run extends Use {

		private final Job job;

		private Run(final Job job) {
			super(job);
			this.job = job;
		}

		@Override
		public void close() {
			synchronized (job) {
				job.running = false;
			}
			super.close();
		}
	}
}
