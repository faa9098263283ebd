package io.github.brushwood.session.objects;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.batch.ImageFolder;

import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Images and their objects in two folders, or in one. A file of objects has the image's name, with another suffix or
 * with an ending such as _cp_masks, _masks, _objects, _labels or _rois; in one folder it has such an ending.
 */
public final class PairedFolders {

	private static final String IMAGES = "*.tif;*.tiff;*.png;*.jpg;*.jpeg;*.bmp;*.gif;*.zarr";
	private static final String OBJECTS = "*.tif;*.tiff;*.png;*.zip;*.zarr";

	private final Map<File, File> pairs = new LinkedHashMap<>();
	private int alone;

	/**
	 * Finds the pairs.
	 *
	 * @throws BrushwoodException when a file of objects has no image, an image has two, or there is no pair
	 */
	public PairedFolders(final File images, final File objects) {
		final boolean same = images.getAbsoluteFile().toPath().normalize().equals(objects.getAbsoluteFile().toPath()
			.normalize());
		final Map<String, File> byImage = new TreeMap<>();
		for (final Path path : list(objects, OBJECTS))
			if (!same || ObjectFiles.isNamedAfterImage(path.getFileName().toString())) put(byImage, path.toFile(), same ? null
				: images);
		for (final Path path : list(images, IMAGES)) {
			if (same && ObjectFiles.isNamedAfterImage(path.getFileName().toString())) continue;
			final File found = byImage.remove(ObjectFiles.stem(path.getFileName().toString()));
			if (found == null) alone++;
			else pairs.put(path.toFile(), found);
		}
		if (!byImage.isEmpty()) {
			throw new BrushwoodException("The objects '" + byImage.values().iterator().next() + "' have no image named '" +
				byImage.keySet().iterator().next() + "' in '" + images + "', or it has two of that name. Rename or remove them.");
		}
		if (pairs.isEmpty()) {
			throw new BrushwoodException("The folder '" + objects + "' holds no objects of the images in '" + images +
				"'. Name label images or sets of Rois after their images, such as a_masks.tif for a.tif.");
		}
	}

	private static Iterable<Path> list(final File folder, final String pattern) {
		final ImageFolder list = new ImageFolder(folder.toPath(), folder.toPath());
		list.setPattern(pattern);
		return list.list();
	}

	/** The whole stem counts where an image of another folder has it, such as that of cell_labels.tif. */
	private static void put(final Map<String, File> byImage, final File file, final File images) {
		final String stem = ObjectFiles.stem(file.getName());
		final String[] names = images == null ? null : images.list((dir, name) -> ObjectFiles.stem(name)
			.equals(stem));
		final String key = names != null && names.length > 0 ? stem : ObjectFiles.imageStem(file.getName());
		final File other = byImage.put(key, file);
		if (other != null) {
			throw new BrushwoodException("Both '" + other + "' and '" + file.getName() + "' hold objects of the image '" +
				key + "'. Keep one of them.");
		}
	}

	/** Files of objects by their images, in the order of the images' names. */
	public Map<File, File> pairs() {
		return pairs;
	}

	/** How many images have no file of objects. */
	public int alone() {
		return alone;
	}
}
