package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.YesNoCancelDialog;

import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.Autosave;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.Show;
import io.github.brushwood.ui.live.SegmentWindow;

import java.awt.EventQueue;
import java.lang.reflect.InvocationTargetException;
import java.text.DateFormat;
import java.util.Date;
import java.util.Locale;

/** Windows of live sessions and what is asked of the user; only where there is a display. */
final class LiveWindows {

	/** An answer to a question with two ways to go on. */
	enum Answer {
		YES, NO, CANCEL
	}

	private LiveWindows() {}

	/** Opens the window of an image, or brings it to the front, and waits for it. */
	static void open(final Actions actions, final LiveImage image) {
		onEventThread(() -> SegmentWindow.open(actions, image));
	}

	/** Asks whether to recover what a crash left. */
	static Answer askToRecover(final Autosave.Left left) {
		final Date written = new Date(left.time);
		final boolean today = System.currentTimeMillis() - left.time < 12L * 3600 * 1000;
		final DateFormat format = today ? DateFormat.getTimeInstance(DateFormat.SHORT) : DateFormat.getDateTimeInstance(
			DateFormat.SHORT, DateFormat.SHORT);
		return ask("Recover the session of " + format.format(written) + " with " + titles(left) + "\n(" + String.format(
			Locale.getDefault(), "%,d", left.pixels) + " labelled pixels)? It was not closed orderly.\nCancel keeps it for " +
			"later.", "Recover", "Discard");
	}

	private static String titles(final Autosave.Left left) {
		if (left.images.isEmpty()) return "no image";
		final int more = left.images.size() - 1;
		return "'" + left.images.get(0) + "'" + (more > 0 ? " and " + more + " more" : "");
	}

	/** Asks whether an image joins a session. */
	static Answer askToAdd(final ImagePlus imp, final Actions session) {
		return ask("A session is open" + (session.file() == null ? "" : " (" + session.file() + ")") + ".\nAdd '" + imp
			.getTitle() + "' to it, so that one forest learns from all its images,\nor start a new session?", "Add",
			"New Session");
	}

	private static Answer ask(final String question, final String yes, final String no) {
		final YesNoCancelDialog dialog = new YesNoCancelDialog(IJ.getInstance(), "Brushwood Segment", question, yes, no);
		return dialog.yesPressed() ? Answer.YES : dialog.cancelPressed() ? Answer.CANCEL : Answer.NO;
	}

	static boolean hasWindow(final Actions actions) {
		return windowOf(actions) != null;
	}

	/** The window of the active image, or any of the session; null when it has none. */
	private static SegmentWindow windowOf(final Actions actions) {
		final SegmentWindow active = windowOf(WindowManager.getCurrentImage());
		if (active != null && active.actions() == actions) return active;
		for (final LiveImage image : actions.session().images()) {
			final SegmentWindow window = windowOf(image.image());
			if (window != null) return window;
		}
		return null;
	}

	/** Changes what lies over the session's images. */
	static void setShow(final Actions actions, final Show show) {
		onEventThread(() -> {
			final SegmentWindow window = windowOf(actions);
			if (window != null) window.setShow(show);
		});
	}

	/** @param opacity 0 to 1 */
	static void setOpacity(final Actions actions, final double opacity) {
		onEventThread(() -> {
			final SegmentWindow window = windowOf(actions);
			if (window != null) window.setOpacity(opacity);
		});
	}

	/** Closes all windows of a session without asking. */
	static void close(final Actions actions) {
		SegmentWindow.closeAll(actions);
	}

	private static SegmentWindow windowOf(final ImagePlus imp) {
		return imp != null && imp.getWindow() instanceof SegmentWindow ? (SegmentWindow) imp.getWindow() : null;
	}

	/** Runs something on the event thread and waits for it; its exceptions come out here. */
	static void onEventThread(final Runnable work) {
		if (EventQueue.isDispatchThread()) {
			work.run();
			return;
		}
		try {
			EventQueue.invokeAndWait(work);
		}
		catch (final InterruptedException e) {
			Thread.currentThread().interrupt();
		}
		catch (final InvocationTargetException e) {
			if (e.getCause() instanceof Error) throw (Error) e.getCause();
			throw (RuntimeException) e.getCause();
		}
	}
}
