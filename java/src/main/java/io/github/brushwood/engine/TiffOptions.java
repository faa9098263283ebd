package io.github.brushwood.engine;

import java.util.Objects;

/** How to write a TIFF file. */
public final class TiffOptions {

	Compression compression = Compression.NONE;
	TiffLayout layout = TiffLayout.AUTO;
	boolean pyramid;

	public TiffOptions compression(final Compression kind) {
		compression = Objects.requireNonNull(kind, "kind");
		return this;
	}

	public TiffOptions layout(final TiffLayout kind) {
		layout = Objects.requireNonNull(kind, "kind");
		return this;
	}

	/** @param on true to add smaller copies for viewers such as QuPath; {@link TiffLayout#AUTO} then means tiles */
	public TiffOptions pyramid(final boolean on) {
		pyramid = on;
		return this;
	}
}
