package io.github.brushwood.io;

import java.util.Locale;

/** What an HDF5 file says about one of its datasets; immutable. */
public final class Hdf5Dataset {

	/** From the root, such as /volume/data. */
	public final String path;
	/** Of its numbers, such as uint8, or what else it holds. */
	public final String type;
	/** Order of the axes, slowest first: the file's, or else a proposal; "" when it cannot be an image. */
	public final String axes;
	private final int[] shape;

	Hdf5Dataset(final String path, final int[] shape, final String type, final String axes) {
		this.path = path;
		this.shape = shape.clone();
		this.type = type;
		this.axes = axes;
	}

	/** Whether it may be read as an image. */
	public boolean isImage() {
		return !axes.isEmpty();
	}

	/** Lengths of the axes, slowest first. */
	public int[] shape() {
		return shape.clone();
	}

	/** Such as "512 x 512 x 2". */
	static String shapeText(final int... shape) {
		final StringBuilder text = new StringBuilder();
		for (final int length : shape)
			text.append(text.length() == 0 ? "" : " x ").append(length);
		return shape.length == 0 ? "a single value" : text.toString();
	}

	/** Such as "/exported_data (512 x 512 x 2, float32)". */
	@Override
	public String toString() {
		return path + " (" + shapeText(shape) + ", " + type.toLowerCase(Locale.ROOT) + ")";
	}
}
