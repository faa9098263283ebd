package io.github.brushwood.session.objects;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.batch.NamePattern;

import java.io.File;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** How files of objects are named after their images. */
public final class ObjectFiles {

	/** Behind the image's name. */
	private static final List<String> ENDINGS = Collections.unmodifiableList(Arrays.asList("_cp_masks", "_masks",
		"_objects", "_labels", "_label", "_instances", "_rois"));
	private static final List<String> SUFFIXES = Collections.unmodifiableList(Arrays.asList(".tif", ".tiff", ".png",
		".zip"));

	private ObjectFiles() {}

	/** A file's name without its last suffix. */
	static String stem(final String name) {
		return NamePattern.stem(name);
	}

	/** Whether a name ends as those of files of objects do. */
	static boolean isNamedAfterImage(final String file) {
		return !imageStem(file).equals(stem(file));
	}

	/** The stem of the image that a file of objects is named after. */
	static String imageStem(final String file) {
		final String stem = stem(file);
		for (final String ending : ENDINGS)
			if (stem.length() > ending.length() && stem.toLowerCase(Locale.ROOT).endsWith(ending)) return stem.substring(0, stem
				.length() - ending.length());
		return stem;
	}

	/** Whether a file may hold objects, by its suffix. */
	static boolean isReadable(final String file) {
		final String lower = file.toLowerCase(Locale.ROOT);
		for (final String suffix : SUFFIXES)
			if (lower.endsWith(suffix)) return true;
		return false;
	}

	/**
	 * The file of objects beside an image, such as img_cp_masks.png beside img.tif; the endings in the order _cp_masks,
	 * _masks, _objects, _labels, _label, _instances, _rois, each as TIFF, PNG, zip.
	 *
	 * @throws BrushwoodException when there is none
	 */
	public static File beside(final File image) {
		final String stem = stem(image.getName());
		for (final String ending : ENDINGS)
			for (final String suffix : SUFFIXES) {
				final File file = new File(image.getAbsoluteFile().getParentFile(), stem + ending + suffix);
				if (file.isFile()) return file;
			}
		final File seg = new File(image.getAbsoluteFile().getParentFile(), stem + "_seg.npy");
		if (seg.isFile()) throw LabelReader.pickle(seg);
		throw new BrushwoodException("Beside '" + image + "' there is no file of objects, such as " + stem +
			"_cp_masks.png, " + stem + "_masks.tif or " + stem + "_rois.zip. Choose one.");
	}
}
