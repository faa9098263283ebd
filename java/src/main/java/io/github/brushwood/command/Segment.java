package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.plugin.frame.Recorder;

import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.Autosave;
import io.github.brushwood.session.live.Sessions;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.util.List;

/** Opens the live window on the current image. */
public final class Segment extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Segment...",
		"Opens the live window on the current image: paint a few strokes per class, and the result appears over the image " +
			"while you paint. Every step is recorded as a call that a macro can repeat, also without a display.",
		Key.of(Kind.FILE, "session", "Session file", "", "Session to open in place of the current image."), Key.flag("add",
			"Add to the open session", "Add the current image to the open session, so that one forest learns from all its " +
				"images; without it a new session starts."));

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	boolean asks() {
		return false;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		if (options.given("session")) {
			LiveSessions.open(options.text("session"));
			return;
		}
		final boolean interactive = LiveSessions.hasWindows() && !IJ.isMacro();
		if (interactive && recovers()) return;
		final ImagePlus imp = currentImage();
		final Actions present = Sessions.of(imp);
		if (present != null) LiveSessions.show(present, present.session().imageOf(imp));
		else join(imp, options.flag("add"), interactive);
	}

	private static void join(final ImagePlus imp, final boolean add, final boolean interactive) {
		if (Sessions.all().isEmpty()) {
			LiveSessions.start(imp);
			return;
		}
		final Actions open = Sessions.current();
		final LiveWindows.Answer answer = interactive ? LiveWindows.askToAdd(imp, open) : add ? LiveWindows.Answer.YES
			: LiveWindows.Answer.NO;
		if (interactive && answer == LiveWindows.Answer.YES && IJ.recording()) Recorder.recordOption("add");
		if (answer == LiveWindows.Answer.YES) LiveSessions.add(open, imp);
		if (answer == LiveWindows.Answer.NO) LiveSessions.start(imp);
		if (answer == LiveWindows.Answer.CANCEL) Recorder.disableCommandRecording();
	}

	/** Offers what crashes left. @return whether a session was recovered */
	private static boolean recovers() {
		final List<Autosave.Left> all = Autosave.leftBehind(null);
		for (final Autosave.Left left : all) {
			final LiveWindows.Answer answer = LiveWindows.askToRecover(left);
			if (answer == LiveWindows.Answer.CANCEL) return false;
			if (answer == LiveWindows.Answer.NO) Autosave.discard(left);
			else {
				Recorder.disableCommandRecording();
				LiveSessions.recover(left);
				return true;
			}
		}
		return false;
	}
}
