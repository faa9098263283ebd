package io.github.brushwood.io;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** The list of formats. */
public final class ImageFormats {

	public static final ImageFormat TIFF = new TiffFormat();
	public static final ImageFormat HDF5 = new Hdf5Format();

	private static final List<ImageFormat> ALL = Collections.unmodifiableList(Arrays.asList(TIFF, HDF5));

	private ImageFormats() {}

	public static List<ImageFormat> all() {
		return ALL;
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
