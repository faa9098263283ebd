package io.github.brushwood.session;

import ij.IJ;

import io.github.brushwood.engine.EngineException;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Failures in words for people. */
public final class Messages {

	/** Characters in a line of a message window, which would become as wide as the message. */
	private static final int LINE = 90;

	private Messages() {}

	/** A full sentence for the user. */
	public static String of(final Throwable failure) {
		if (failure instanceof OutOfMemoryError) {
			return "There is not enough memory. Give ImageJ more (Edit > Options > Memory & Threads), or work on a " +
				"smaller part of the image.";
		}
		if (isExpected(failure)) return failure.getMessage();
		return "Something went wrong inside Brushwood (" + failure + "). Please report it with the text in the log.";
	}

	/** The sentence in lines for ImageJ's message window; a word that is longer than a line keeps one of its own. */
	public static String wrapped(final Throwable failure) {
		return wrap(of(failure));
	}

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

	/** Keeps in ImageJ's log what nobody expected. */
	public static void log(final Throwable failure) {
		if (isExpected(failure)) return;
		final StringWriter text = new StringWriter();
		failure.printStackTrace(new PrintWriter(text, true));
		IJ.log(text.toString());
	}

	private static boolean isExpected(final Throwable failure) {
		return failure instanceof EngineException || failure instanceof BrushwoodException ||
			failure instanceof OutOfMemoryError;
	}
}
