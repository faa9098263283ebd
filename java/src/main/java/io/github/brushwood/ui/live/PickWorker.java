package io.github.brushwood.ui.live;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.ObjectPicking;

import java.awt.EventQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Grows forests off the event thread, of many changes in a row only the last, and hands over what they say. */
final class PickWorker {

	/** Hears what came out; on the event thread. */
	interface Listener {

		/** @param result null while there are too few examples */
		void grown(ObjectPicking.Result result);

		void failed(Throwable failure);
	}

	private final ObjectPicking picking;
	private final Jobs jobs;
	private final Listener listener;
	private final AtomicInteger latest = new AtomicInteger();
	private final ExecutorService thread = Executors.newSingleThreadExecutor(work -> {
		final Thread made = new Thread(work, "Brushwood object classes");
		made.setDaemon(true);
		return made;
	});

	/** @param jobs without a monitor of their own */
	PickWorker(final ObjectPicking picking, final Jobs jobs, final Listener listener) {
		this.picking = picking;
		this.jobs = jobs;
		this.listener = listener;
	}

	/** The examples changed. */
	void changed() {
		final int number = latest.incrementAndGet();
		thread.execute(() -> grow(number));
	}

	private void grow(final int number) {
		if (number != latest.get()) return;
		try {
			final ObjectPicking.Result result = picking.classify(jobs.telling(new Superseded(number)));
			EventQueue.invokeLater(() -> {
				if (number == latest.get()) listener.grown(result);
			});
		}
		catch (final CancelledException e) {
			// a later change is waiting, or the window is closed
		}
		catch (final RuntimeException | Error e) {
			EventQueue.invokeLater(() -> listener.failed(e));
		}
	}

	/** Stops what is running and frees the objects once nothing uses them. */
	void end() {
		latest.incrementAndGet();
		thread.execute(picking::close);
		thread.shutdown();
	}

	/** Stops work that nobody waits for any more. */
	private final class Superseded implements Monitor {

		private final int number;

		Superseded(final int number) {
			this.number = number;
		}

		@Override
		public boolean progress(final double fraction) {
			return number == latest.get();
		}

		@Override
		public void status(final String text) {
			// the window tells
		}
	}
}
