package io.github.brushwood.session.live;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Job;
import io.github.brushwood.session.BrushwoodException;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.DoubleConsumer;

/**
 * What the worker is to do: news, the view, questions, and the engine job that runs; news that make the running step
 * stale cancel its job. Steps, {@link #take} and {@link #settle} are for the worker, the rest is for any thread.
 */
final class Work {

	/** News; bits. */
	static final int LABELS = 1;
	static final int IMAGES = 2;
	static final int SETTINGS = 4;
	static final int VIEW = 8;
	static final int HOLDOUT = 16;
	static final int REQUEST = 32;
	static final int CLOSE = 64;
	/** What no step outlives but those of questions. */
	static final int BASE = IMAGES | SETTINGS | CLOSE;
	/** What makes a forest stale. */
	static final int FOREST = LABELS | BASE;
	static final int ANY = FOREST | VIEW | HOLDOUT | REQUEST;

	private static final String CLOSED = "The live session is closed.";

	private final int threads;
	private final long scratch;
	private final DoubleConsumer progress;
	private int news;
	private Step running;
	private View view;
	private boolean live = true;
	private boolean once;
	private boolean closed;
	/** Whether nothing is left to do but to prefetch. */
	private boolean settled;
	private Throwable failure;
	private final Queue<FutureTask<?>> questions = new ArrayDeque<>();
	private final Set<LiveImage> otherPixels = new HashSet<>();

	/**
	 * @param scratch bytes that engine calls may use beyond what stays
	 * @param progress hears of the running step's progress, on the worker's thread
	 */
	Work(final int threads, final long scratch, final DoubleConsumer progress) {
		this.threads = threads;
		this.scratch = scratch;
		this.progress = progress;
	}

	int threads() {
		return threads;
	}

	// ---- steps

	/** A piece of work with its engine job. */
	final class Step implements AutoCloseable {

		private final Job job;
		private final boolean own;
		private final int staleOn;
		/** When only this is worked on: of interest while it is in view. */
		private final Part part;

		private Step(final Job job, final boolean own, final int staleOn, final Part part) {
			this.job = job;
			this.own = own;
			this.staleOn = staleOn;
			this.part = part;
		}

		Job job() {
			return job;
		}

		/** @throws CancelledException when the step is stale */
		void check() {
			Work.this.check(staleOn);
		}

		/** The same in a loop, at some fraction of it. */
		void check(final double fraction) {
			check();
			progress.accept(fraction);
		}

		@Override
		public void close() {
			end(this);
			if (own) job.close();
		}
	}

	/**
	 * Begins a step.
	 *
	 * @param staleOn news that end it
	 * @throws CancelledException when there are such news already
	 */
	Step step(final int staleOn) {
		return step(staleOn, (Part) null);
	}

	/** The same for a part of the view: a view without it ends the step. */
	Step step(final int staleOn, final Part part) {
		final Job job = new Job();
		try {
			job.threads(threads).memoryBudget(scratch).progress(fraction -> {
				progress.accept(fraction);
				return true;
			});
			return begin(new Step(job, true, staleOn, part));
		}
		catch (RuntimeException | Error e) {
			job.close();
			throw e;
		}
	}

	/** A step with a job of someone else's, who closes it. */
	Step step(final int staleOn, final Job job) {
		return begin(new Step(job, false, staleOn, null));
	}

	private synchronized Step begin(final Step step) {
		check(step.staleOn);
		running = step;
		return step;
	}

	private synchronized void end(final Step step) {
		if (running == step) running = null;
	}

	// ---- news

	/** Takes in news. */
	synchronized void raise(final int bits) {
		if (closed) return;
		news |= bits;
		settled = false;
		if ((bits & ~VIEW) != 0) failure = null;
		if (running != null && (running.staleOn & bits) != 0) running.job.cancel();
		notifyAll();
	}

	synchronized void setView(final View now) {
		if (now == null ? view == null : now.equals(view)) return;
		view = now;
		raise(VIEW);
		if (running != null && running.part != null && !running.part.meets(view)) running.job.cancel();
	}

	synchronized View view() {
		return view;
	}

	synchronized void setLive(final boolean on) {
		if (live == on) return;
		live = on;
		raise(HOLDOUT);
	}

	synchronized boolean isLive() {
		return live;
	}

	synchronized void updateOnce() {
		once = true;
		raise(HOLDOUT);
	}

	/** Whether the forest is to be kept up to date. */
	synchronized boolean isWanted() {
		return live || once;
	}

	synchronized void pixelsChanged(final LiveImage image) {
		otherPixels.add(image);
		raise(IMAGES);
	}

	/** Images whose pixels have changed; each is told once. */
	synchronized List<LiveImage> takeOtherPixels() {
		final List<LiveImage> images = new ArrayList<>(otherPixels);
		otherPixels.clear();
		return images;
	}

	/** @throws CancelledException when there are such news */
	synchronized void check(final int staleOn) {
		if (has(staleOn)) throw new CancelledException(has(CLOSE) ? CLOSED : "There is newer work.");
	}

	synchronized boolean has(final int bits) {
		return (news & bits) != 0;
	}

	/** Waits for news and takes them. @return false when it is closed */
	synchronized boolean take() throws InterruptedException {
		while (news == 0)
			wait();
		if (closed) return false;
		news = 0;
		return true;
	}

	/** All is done, unless there are news. */
	synchronized void settle() {
		if (has(ANY)) return;
		once = false;
		settled = true;
		notifyAll();
	}

	/** The same after a failure. */
	synchronized void fail(final Throwable cause) {
		once = false;
		failure = cause;
		settled = true;
		notifyAll();
	}

	/**
	 * Waits until all is done.
	 *
	 * @return false when the time is over first, or this is closed
	 * @throws RuntimeException what the worker failed with
	 */
	synchronized boolean await(final long milliseconds) {
		final long end = System.nanoTime() + milliseconds * 1_000_000;
		while (!settled && !closed) {
			final long left = (end - System.nanoTime()) / 1_000_000;
			if (left <= 0) return false;
			try {
				wait(left);
			}
			catch (final InterruptedException e) {
				Thread.currentThread().interrupt();
				return false;
			}
		}
		if (failure instanceof RuntimeException) throw (RuntimeException) failure;
		if (failure != null) throw new BrushwoodException(failure.getMessage(), failure);
		return !closed;
	}

	// ---- questions

	/** Has something done by the worker and waits for it; an interrupt is kept for later: the answer may need closing. */
	<T> T ask(final Callable<T> question) {
		final FutureTask<T> task = new FutureTask<>(question);
		synchronized (this) {
			if (closed) throw new BrushwoodException(CLOSED);
			questions.add(task);
			raise(REQUEST);
		}
		boolean interrupted = false;
		try {
			while (true) {
				try {
					return task.get();
				}
				catch (final InterruptedException e) {
					interrupted = true;
				}
			}
		}
		catch (final CancellationException e) {
			throw new CancelledException(CLOSED);
		}
		catch (final ExecutionException e) {
			throw unchecked(e.getCause());
		}
		finally {
			if (interrupted) Thread.currentThread().interrupt();
		}
	}

	private static RuntimeException unchecked(final Throwable cause) {
		if (cause instanceof Error) throw (Error) cause;
		return cause instanceof RuntimeException ? (RuntimeException) cause : new IllegalStateException(cause);
	}

	/** Answers the questions so far. */
	void answer() {
		for (FutureTask<?> task = next(); task != null; task = next()) {
			task.run();
			check(CLOSE);
		}
	}

	private synchronized FutureTask<?> next() {
		return questions.poll();
	}

	// ---- the end

	/** Ends the running step; nothing more is taken in. Whoever waits is told. */
	synchronized void close() {
		raise(CLOSE);
		closed = true;
		notifyAll();
	}

	/** Tells those who asked that there will be no answer. */
	void refuseQuestions() {
		for (FutureTask<?> task = next(); task != null; task = next())
			task.cancel(false);
	}
}
