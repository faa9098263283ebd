package io.github.brushwood.ui.live;

import ij.IJ;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.session.Messages;
import io.github.brushwood.session.Monitor;

/**
 * One slow step at a time, on a thread of its own, with progress and Esc. Steps are started on the event thread; what
 * they fail with is shown.
 */
final class Errand {

	/** A slow step; runs off the event thread. */
	interface Task {

		void run(Monitor monitor);
	}

	private static final long INTERVAL_MS = 100;

	private final Runnable changed;
	private volatile Run running;
	private volatile boolean ended;

	/** @param changed called on any thread when a step begins, gets on, or ends */
	Errand(final Runnable changed) {
		this.changed = changed;
	}

	/** A step that runs. */
	private final class Run implements Runnable, Monitor {

		final String title;
		private final Task task;
		volatile boolean cancelled;
		volatile double done;
		volatile String text;
		private long last;

		Run(final String title, final Task task) {
			this.title = title;
			this.task = task;
			text = title;
		}

		@Override
		public void run() {
			Throwable failure = null;
			try {
				task.run(this);
			}
			catch (final RuntimeException | Error e) {
				failure = e;
			}
			running = null;
			IJ.showProgress(1);
			changed.run();
			if (failure == null || cancelled && failure instanceof CancelledException) return;
			if (ended) Messages.log(failure);
			else Problems.show(title, failure);
		}

		@Override
		public boolean progress(final double fraction) {
			done = fraction;
			final long now = System.currentTimeMillis();
			if (now - last >= INTERVAL_MS) {
				last = now;
				IJ.showProgress(Math.min(fraction, 0.999));
				changed.run();
			}
			if (IJ.escapePressed()) cancelled = true;
			return !cancelled;
		}

		@Override
		public void status(final String line) {
			text = line;
			IJ.showStatus(line);
			changed.run();
		}
	}

	/** @return false, with a beep, while another step runs */
	boolean start(final String title, final Task task) {
		if (running != null) {
			IJ.beep();
			IJ.showStatus("Wait until '" + running.title + "' is done, or press Esc");
			return false;
		}
		IJ.resetEscape();
		final Run run = new Run(title, task);
		running = run;
		final Thread thread = new Thread(run, "Brushwood " + title);
		thread.setDaemon(true);
		thread.start();
		changed.run();
		return true;
	}

	/** Asks the step that runs to stop. @return false when there is none */
	boolean cancel() {
		final Run run = running;
		if (run != null) run.cancelled = true;
		return run != null;
	}

	/** The session is being closed: stops the step that runs, and nobody hears how it ended. */
	void end() {
		ended = true;
		cancel();
	}

	/** What the step that runs is doing; null when there is none. */
	String text() {
		final Run run = running;
		return run == null ? null : run.text;
	}

	/** 0 to 1. */
	double progress() {
		final Run run = running;
		return run == null ? 0 : run.done;
	}
}
