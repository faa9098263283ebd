package io.github.brushwood.io;

import io.github.brushwood.engine.EngineImage;

import java.io.File;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** The list of formats. */
public final class ImageFormats {

	public static final ImageFormat TIFF = new TiffFormat();
	public static final ImageFormat HDF5 = new Hdf5Format();

	public static final ImageFormat ZARR = new ZarrFormat();

	private static final List<ImageFormat> ALL = Collections.unmodifiableList(Arrays.asList(TIFF, HDF5, ZARR));

	private ImageFormats() {}

	public static List<ImageFormat> all() {
		return ALL;
	}

	/**
	 * The format of an image that is there: Zarr also by what a folder holds or lies in, such as cells.zarr/0, whatever
	 * its name.
	 *
	 * @return null when there is none
	 */
	public static ImageFormat of(final File file) {
		if (file.isDirectory()) return EngineImage.isZarr(file.getPath()) ? ZARR : null;
		final ImageFormat format = byName(file.getName());
		return format == null || format.isFolder() ? null : format;
	}

	/**
	 * The format that the ending of a file name stands for, whatever its case.
	 *
	 * @return null when there is none
	 */
	public static ImageFormat byName(final String fileName) {
		final String name = fileName.toLowerCase(Locale.ROOT);
		for (final ImageFormat format : ALL)
			for (final String suffix : format.suffixes())
				if (name.endsWith(suffix)) return format;
		return null;
	}
}
