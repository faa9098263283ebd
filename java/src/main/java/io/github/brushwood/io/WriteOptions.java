package io.github.brushwood.io;

import io.github.brushwood.engine.Compression;
import io.github.brushwood.engine.ZarrOptions;

import java.util.Objects;

/** How to write a file; each format takes what it knows. */
public final class WriteOptions {

	/** The dataset that ilastik exports to. */
	public static final String DATASET = "exported_data";

	private Compression compression = Compression.NONE;
	private boolean pyramid;
	private String dataset = DATASET;
	private ZarrOptions zarr = new ZarrOptions();
	private long memory;

	/** Of TIFF. */
	public WriteOptions compression(final Compression newCompression) {
		compression = Objects.requireNonNull(newCompression, "compression");
		return this;
	}

	/** @param on adds smaller versions of the image to a TIFF */
	public WriteOptions pyramid(final boolean on) {
		pyramid = on;
		return this;
	}

	/** @param path of the image inside an HDF5 file */
	public WriteOptions dataset(final String path) {
		dataset = Objects.requireNonNull(path, "path");
		return this;
	}

	/** @param bytes most that an HDF5 file may have, beyond it is refused; 0 for all that its disk has room for */
	public WriteOptions memory(final long bytes) {
		memory = bytes;
		return this;
	}

	/** Version, compression and chunks of OME-Zarr. */
	public WriteOptions zarr(final ZarrOptions how) {
		zarr = Objects.requireNonNull(how, "how");
		return this;
	}

	public ZarrOptions zarr() {
		return zarr;
	}

	public Compression compression() {
		return compression;
	}

	public boolean pyramid() {
		return pyramid;
	}

	public String dataset() {
		return dataset;
	}

	public long memory() {
		return memory;
	}
}
