package io.github.brushwood.command;

import ij.IJ;

import io.github.brushwood.session.Monitor;

/** ImageJ's progress bar, status line and Esc key. */
final class ImageJMonitor implements Monitor {

	private static final long INTERVAL_MS = 100;

	private long last;

	ImageJMonitor() {
		IJ.resetEscape();
	}

	@Override
	public boolean progress(final double fraction) {
		final long now = System.currentTimeMillis();
		if (now - last >= INTERVAL_MS) {
			last = now;
			IJ.showProgress(Math.min(fraction, 0.999));
		}
		return !IJ.escapePressed();
	}

	@Override
	public void status(final String text) {
		IJ.showStatus(text);
	}
}
