package io.github.brushwood.session.live;

import ij.ImagePlus;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImageFiles;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Finds the images of a session by their pixels: open ones, where they were, and beside the session file. */
final class ImageFinder {

	/** Files after which the session's folder is not searched any more. */
	private static final int MAX_OPENED = 50;

	private final File folder;
	private final List<ImagePlus> open;
	private final Function<String, ImagePlus> opener;
	private final List<String> notes;
	/** Of open images and of files that were opened for nothing. */
	private final Map<Object, LiveImage.Identity> identities = new HashMap<>();
	private int opened;

	/**
	 * @param sessionFile its path
	 * @param open images that may be taken
	 * @param opener opens an image file; null when it cannot
	 * @param notes receives sentences for the user
	 */
	ImageFinder(final String sessionFile, final List<ImagePlus> open, final Function<String, ImagePlus> opener,
		final List<String> notes)
	{
		folder = new File(sessionFile).getAbsoluteFile().getParentFile();
		this.open = new ArrayList<>(open);
		this.opener = opener;
		this.notes = notes;
	}

	/** A path of the session file, which may be relative to its folder. */
	String absolute(final String path) {
		final File file = new File(path);
		return (file.isAbsolute() ? file : new File(folder, path)).getAbsolutePath();
	}

	/**
	 * Gives an image its pixels, if they are found, else a note.
	 *
	 * @param file where it was; null for nowhere
	 * @param kept whether that file is only there for the session: the image then has none
	 */
	void find(final LiveImage image, final String file, final boolean kept) {
		if (attachOpen(image)) return;
		final File was = file == null ? null : new File(file);
		if (was != null && attach(image, was, kept)) return;
		for (final File other : candidates(image, was)) {
			if (opened >= MAX_OPENED || !attach(image, other, false)) continue;
			notes.add("The image '" + image.title() + "' was found as '" + other + "'.");
			return;
		}
		final String where = was == null ? "" : ImageFiles.exists(was) ? ": '" + was + "' has other pixels" : " at '" + was +
			"'";
		notes.add("The image '" + image.title() + "' was not found" + where +
			". Its labels are kept; open the image and add it to go on with it.");
	}

	private boolean attachOpen(final LiveImage image) {
		for (final ImagePlus imp : open) {
			if (!hasSize(imp, image) || !identity(imp, imp).equals(image.identity())) continue;
			image.attach(imp, LiveImage.pathOf(imp));
			open.remove(imp);
			return true;
		}
		return false;
	}

	private boolean attach(final LiveImage image, final File file, final boolean kept) {
		final LiveImage.Identity known = identities.get(file);
		if (known != null && !known.equals(image.identity())) return false;
		final LabelMap labels = image.labels();
		if (!ImageFiles.exists(file)) return false;
		if (!ImageFiles.mayHaveSize(file.getPath(), labels.width(), labels.height())) return false;
		final ImagePlus imp = opener.apply(file.getPath());
		opened++;
		if (imp == null) return false;
		if (!hasSize(imp, image) || !identity(file, imp).equals(image.identity())) {
			imp.flush();
			return false;
		}
		if (kept) {
			imp.setFileInfo(null);
			imp.setTitle(image.title());
			imp.changes = true;
		}
		image.attach(imp, kept ? null : file.getAbsolutePath());
		return true;
	}

	private static boolean hasSize(final ImagePlus imp, final LiveImage image) {
		final LabelMap labels = image.labels();
		return imp.getWidth() == labels.width() && imp.getHeight() == labels.height() && imp.getNSlices() == labels
			.depth() && imp.getNFrames() == labels.frames();
	}

	private LiveImage.Identity identity(final Object key, final ImagePlus imp) {
		return identities.computeIfAbsent(key, k -> identity(imp));
	}

	/** An identity that no image has when the image is no good. */
	private static LiveImage.Identity identity(final ImagePlus imp) {
		try {
			return LiveImage.Identity.of(imp);
		}
		catch (final BrushwoodException e) {
			return new LiveImage.Identity("", 0);
		}
	}

	/** Files in the session's folder with the ending of the image's: the one with its name first. */
	private List<File> candidates(final LiveImage image, final File was) {
		final String name = was == null ? image.title() : was.getName();
		final int dot = name.lastIndexOf('.');
		final String suffix = dot < 0 ? ".tif" : name.substring(dot);
		final File[] files = folder.listFiles((dir, other) -> other.regionMatches(true, other.length() - suffix.length(),
			suffix, 0, suffix.length()) && !new File(dir, other).equals(was));
		if (files == null) return new ArrayList<>();
		Arrays.sort(files);
		final List<File> candidates = new ArrayList<>();
		for (final File file : files)
			if (file.getName().equals(name)) candidates.add(file);
		for (final File file : files)
			if (!file.getName().equals(name)) candidates.add(file);
		return candidates;
	}
}
