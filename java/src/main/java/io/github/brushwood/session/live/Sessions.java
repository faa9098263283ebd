package io.github.brushwood.session.live;

import ij.ImagePlus;
import ij.WindowManager;

import io.github.brushwood.session.BrushwoodException;

import java.util.ArrayList;
import java.util.List;

/** The open sessions; any thread. */
public final class Sessions {

	private static final List<Actions> OPEN = new ArrayList<>();
	/** Active when the last session was opened: says nothing about which session is meant. */
	private static ImagePlus activeBefore;

	private Sessions() {}

	/** Makes a session the last one; {@link Actions#close} removes it. */
	public static synchronized void add(final Actions actions) {
		OPEN.remove(actions);
		OPEN.add(actions);
		activeBefore = WindowManager.getCurrentImage();
	}

	static synchronized void remove(final Actions actions) {
		OPEN.remove(actions);
		if (OPEN.isEmpty()) activeBefore = null;
	}

	private static synchronized boolean wasActiveBefore(final ImagePlus imp) {
		return imp == activeBefore;
	}

	/** A snapshot, the last opened last. */
	public static synchronized List<Actions> all() {
		return new ArrayList<>(OPEN);
	}

	/** The session that an image belongs to, or null. */
	public static Actions of(final ImagePlus imp) {
		for (final Actions actions : all())
			if (imp != null && actions.session().imageOf(imp) != null) return actions;
		return null;
	}

	/**
	 * The session of the image that became active since a session was opened last, else that session.
	 *
	 * @throws BrushwoodException when there is none
	 */
	public static Actions current() {
		final ImagePlus imp = WindowManager.getCurrentImage();
		final Actions active = wasActiveBefore(imp) ? null : of(imp);
		if (active != null) return active;
		final List<Actions> open = all();
		if (!open.isEmpty()) return open.get(open.size() - 1);
		throw new BrushwoodException("There is no open session. Start one with Brushwood Segment first.");
	}
}
