package io.github.brushwood.command;

import ij.IJ;
import ij.plugin.frame.Recorder;

import io.github.brushwood.session.Escape;
import io.github.brushwood.session.live.Actions;

/** Writes the steps of live sessions into ImageJ's recorder, unless a macro makes them. */
final class MacroRecording implements Actions.Recording {

	private static final String API = "io.github.brushwood.Session.";

	@Override
	public void step(final String method, final String... arguments) {
		if (!IJ.recording() || IJ.isMacro()) return;
		final String call = call(method, arguments);
		Recorder.recordString(Recorder.scriptMode() ? "IJ.runMacro(" + quoted(call) + ");\n" : call + "\n");
	}

	/**
	 * The statement of ImageJ's macro language that repeats a step; in ASCII, because ImageJ reads macro files in the
	 * platform's encoding.
	 */
	static String call(final String method, final String... arguments) {
		final StringBuilder call = new StringBuilder("call(").append(quoted(API + method));
		for (final String argument : arguments)
			call.append(", ").append(quoted(Escape.encode(argument, "")));
		return call.append(");").toString();
	}

	private static String quoted(final String text) {
		return '"' + Recorder.fixString(text) + '"';
	}
}
