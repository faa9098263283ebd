package io.github.brushwood.ui.live;

import ij.IJ;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.session.Messages;

/** How the live window tells what went wrong: one message dialog. */
final class Problems {

	private Problems() {}

	/** Shows it and waits until it was read; a cancelled step only gets a line in the status bar. Any thread. */
	static void show(final String title, final Throwable failure) {
		if (failure instanceof CancelledException) {
			IJ.showStatus(title + " was cancelled");
			return;
		}
		Messages.log(failure);
		IJ.error(title, Messages.wrapped(failure));
	}
}
