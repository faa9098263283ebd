package io.github.brushwood.command;

import ij.IJ;
import ij.Macro;
import ij.macro.Interpreter;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.session.Messages;

/** The one way in which commands fail: a message, and the running macro stops. ImageJ itself goes on. */
public final class Failure {

	private Failure() {}

	/**
	 * Tells the user and stops the running macro.
	 *
	 * @param title the command
	 * @throws RuntimeException only ImageJ's own signal that a macro was cancelled
	 */
	static void report(final String title, final Throwable failure) {
		if (isMacroCancelled(failure)) throw (RuntimeException) failure;
		IJ.showProgress(1);
		if (failure instanceof CancelledException) {
			IJ.showStatus(title + " was cancelled");
			stopMacro();
			return;
		}
		Messages.log(failure);
		IJ.showStatus("");
		if (IJ.getInstance() != null) IJ.error(title, Messages.wrapped(failure));
		else {
			IJ.log(title + ": " + Messages.of(failure));
			stopMacro();
		}
	}

	/**
	 * The same for a function that a macro calls: nothing is thrown, as ImageJ would show it as a stack trace.
	 *
	 * @param title of the message
	 */
	public static void reportCall(final String title, final Throwable failure) {
		IJ.showProgress(1);
		if (failure instanceof CancelledException) IJ.showStatus(title + " was cancelled");
		else if (!isMacroCancelled(failure)) {
			Messages.log(failure);
			if (IJ.getInstance() != null) IJ.showMessage(title, Messages.wrapped(failure));
			else IJ.log(title + ": " + Messages.of(failure));
		}
		final Interpreter interpreter = Interpreter.getInstance();
		if (interpreter == null) return;
		interpreter.setIgnoreErrors(true); // of the rest of the statement, which makes no sense any more
		interpreter.abort((String) null);
	}

	private static boolean isMacroCancelled(final Throwable failure) {
		return failure instanceof RuntimeException && Macro.MACRO_CANCELED.equals(failure.getMessage());
	}

	/** Without a window: ImageJ's own way opens a dialog. */
	private static void stopMacro() {
		final Interpreter interpreter = Interpreter.getInstance();
		if (interpreter != null) interpreter.abort((String) null);
		Macro.abort();
	}
}
