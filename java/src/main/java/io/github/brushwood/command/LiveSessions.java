package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.macro.Interpreter;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImageFiles;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.Autosave;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.LiveSession;
import io.github.brushwood.session.live.LiveUpdater;
import io.github.brushwood.session.live.SessionFile;
import io.github.brushwood.session.live.Sessions;
import io.github.brushwood.session.live.Show;

import java.awt.GraphicsEnvironment;
import java.util.ArrayList;
import java.util.List;

/** Starts live sessions, with windows where there is a display. */
public final class LiveSessions {

	private LiveSessions() {}

	/** Whether images get windows. */
	static boolean hasWindows() {
		return !GraphicsEnvironment.isHeadless() && IJ.getInstance() != null && !Interpreter.isBatchMode();
	}

	/** A new session with an open image. */
	public static Actions start(final ImagePlus imp) {
		final LiveSession session = new LiveSession();
		final LiveImage image = session.addImage(imp);
		final Actions actions = actions(session);
		if (image.labels().count() > 0) actions.readFrom(null); // annotations, which only the session holds now
		return opened(actions);
	}

	/** The session in a file. */
	public static Actions open(final String path) {
		final List<String> notes = new ArrayList<>();
		final LiveSession session = SessionFile.read(path, openImages(), LiveSessions::openImage, notes);
		return opened(actions(session).readFrom(path), notes);
	}

	/** The session that a crash left; its autosave is gone once a new one has all of it. */
	static Actions recover(final Autosave.Left left) {
		final List<String> notes = new ArrayList<>();
		final LiveSession session = Autosave.recover(left, openImages(), LiveSessions::openImage, notes);
		final Actions actions = opened(actions(session).readFrom(null), notes);
		if (actions.autosave() && Autosave.isUsedUp(left, session)) Autosave.discard(left);
		return actions;
	}

	/** Adds an open image to a session, without a record: the command has its own. */
	static void add(final Actions actions, final ImagePlus imp) {
		show(actions, actions.session().addImage(imp));
	}

	/** Shows an image's window, where there is a display. */
	static void show(final Actions actions, final LiveImage image) {
		actions.select(image);
		if (hasWindows() && image.image() != null) LiveWindows.open(actions, image);
	}

	private static Actions actions(final LiveSession session) {
		final long memory = Settings.memory() << 20;
		final LiveUpdater updater = new LiveUpdater(session, Settings.threads(), memory);
		final Autosave autosave = hasWindows() ? new Autosave(session, null) : null;
		return new Actions(session, updater, new MacroRecording(), autosave).limits(Settings.threads(), memory);
	}

	private static Actions opened(final Actions actions, final List<String> notes) {
		for (final String note : notes)
			IJ.log("Brushwood session: " + note);
		return opened(actions);
	}

	/** Shows the first image that has pixels. */
	private static Actions opened(final Actions actions) {
		Sessions.add(actions);
		try {
			for (final LiveImage image : actions.session().images()) {
				if (image.image() == null) continue;
				show(actions, image);
				break;
			}
			if (hasWindows() && !LiveWindows.hasWindow(actions)) {
				throw new BrushwoodException("None of the session's images was found. Put them where they were or beside the " +
					"session file, or open them first; the Log window tells which.");
			}
			Sessions.add(actions); // again, now that its image is active
			return actions;
		}
		catch (RuntimeException | Error e) {
			actions.close();
			throw e;
		}
	}

	private static List<ImagePlus> openImages() {
		final List<ImagePlus> images = new ArrayList<>();
		final int[] ids = WindowManager.getIDList();
		for (int i = 0; ids != null && i < ids.length; i++) {
			final ImagePlus imp = WindowManager.getImage(ids[i]);
			if (imp != null && Sessions.of(imp) == null) images.add(imp);
		}
		final ImagePlus current = WindowManager.getCurrentImage();
		if (current != null && !images.contains(current) && Sessions.of(current) == null) images.add(current);
		return images;
	}

	private static ImagePlus openImage(final String path) {
		try {
			return ImageFiles.openImage(path);
		}
		catch (final BrushwoodException e) {
			return null;
		}
	}

	// ---- for the macro functions

	/** An open image by its title, or null. */
	public static ImagePlus openImageTitled(final String title) {
		final ImagePlus current = WindowManager.getCurrentImage();
		if (current != null && current.getTitle().equals(title)) return current;
		return WindowManager.getImage(title);
	}

	/** Opens an image file without showing it. */
	public static ImagePlus openFile(final String path) {
		return ImageFiles.openImage(path);
	}

	/** ImageJ's progress bar, status line and Esc key. */
	public static Monitor monitor() {
		return new ImageJMonitor();
	}

	/** Shows results; the last one becomes the active image. */
	public static void show(final List<ImagePlus> images) {
		BrushwoodCommand.show(images.toArray(new ImagePlus[0]));
	}

	/** Changes what lies over the session's image; without a window nothing happens. */
	public static void overlay(final Actions actions, final Show show) {
		if (hasWindows()) LiveWindows.setShow(actions, show);
	}

	/** @param opacity 0 to 1 */
	public static void opacity(final Actions actions, final double opacity) {
		if (hasWindows()) LiveWindows.setOpacity(actions, opacity);
	}

	/** Closes a session with its windows, without asking. */
	public static void close(final Actions actions) {
		if (hasWindows()) LiveWindows.close(actions);
		actions.close();
	}
}
