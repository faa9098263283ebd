package io.github.brushwood.io;

import java.io.File;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** An image that a folder holds in Zarr. Immutable. */
public final class ZarrImage {

	/** Within the folder, with slashes; "" for the folder itself. */
	public final String path;
	private final List<File> levels;

	ZarrImage(final String path, final List<File> levels) {
		this.path = path;
		this.levels = Collections.unmodifiableList(new ArrayList<>(levels));
	}

	/** The arrays of its resolutions, the largest first; at least one. */
	public List<File> levels() {
		return levels;
	}

	@Override
	public String toString() {
		return path.isEmpty() ? "the image itself" : path;
	}
}
