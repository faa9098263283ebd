package io.github.brushwood.command;

import ij.IJ;
import ij.Macro;
import ij.macro.Interpreter;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.session.BrushwoodException;

import java.io.PrintWriter;
import java.io.StringWriter;

/** The one way in which commands fail: a message, and the running macro stops. ImageJ itself goes on. */
final class Failure {

	/** Characters in a line of the message window, which would become as wide as the message. */
	private static final int LINE = 90;

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
		if (!isExpected(failure)) IJ.log(stackTrace(failure));
		IJ.showStatus("");
		if (IJ.getInstance() != null) IJ.error(title, wrap(message(failure)));
		else {
			IJ.log(title + ": " + message(failure));
			stopMacro();
		}
	}

	/** A full sentence for the user. */
	static String message(final Throwable failure) {
		if (failure instanceof OutOfMemoryError) {
			return "There is not enough memory. Give ImageJ more (Edit > Options > Memory & Threads), or work on a " +
				"smaller part of the image.";
		}
		if (isExpected(failure)) return failure.getMessage();
		return "Something went wrong inside Brushwood (" + failure + "). Please report it with the text in the log.";
	}

	/** In lines; a word that is longer than a line keeps one of its own. */
	static String wrap(final String text) {
		final StringBuilder wrapped = new StringBuilder();
		int column = 0;
		for (final String word : text.split(" ")) {
			final boolean fits = column + 1 + word.length() <= LINE;
			if (wrapped.length() > 0) wrapped.append(fits ? ' ' : '\n');
			wrapped.append(word);
			column = wrapped.length() - wrapped.lastIndexOf("\n") - 1;
		}
		return wrapped.toString();
	}

	private static boolean isExpected(final Throwable failure) {
		return failure instanceof EngineException || failure instanceof BrushwoodException ||
			failure instanceof OutOfMemoryError;
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

	private static String stackTrace(final Throwable failure) {
		final StringWriter text = new StringWriter();
		failure.printStackTrace(new PrintWriter(text, true));
		return text.toString();
	}
}
