package io.github.brushwood.engine;

/** How to classify an image block by block into OME-Zarr. */
public final class BlockOptions {

	private PredictOptions predict = new PredictOptions();
	private ZarrOptions zarr = new ZarrOptions();
	private long[] block = new long[3];
	private boolean overwrite;

	/** Voxels of a block, rounded up to whole chunks; 0 = as the results say, else chosen. */
	public BlockOptions block(final long x, final long y, final long z) {
		block = new long[] { x, y, z };
		return this;
	}

	/** @param on true to make blocks again that are there */
	public BlockOptions overwrite(final boolean on) {
		overwrite = on;
		return this;
	}

	/** Of results that are not there yet, and demanded of those that are. */
	public BlockOptions version(final ZarrVersion which) {
		zarr.version(which);
		return this;
	}

	/** Of results that are not there yet, and demanded of those that are. */
	public BlockOptions codec(final ZarrCodec kind) {
		zarr.codec(kind);
		return this;
	}

	/** Voxels of a chunk, as for {@link #version}; 0 = as the results say, else chosen, see {@link ZarrOptions#chunk}. */
	public BlockOptions chunk(final long x, final long y, final long z) {
		zarr.chunk(x, y, z);
		return this;
	}

	/** @param on true for the forest's own probabilities, without the smoothing that the model may ask for */
	public BlockOptions unrefined(final boolean on) {
		predict.unrefined(on);
		return this;
	}

	/** Size of a voxel, in place of the image's own calibration. */
	public BlockOptions spacing(final double x, final double y, final double z) {
		predict.spacing(x, y, z);
		return this;
	}

	/** @param edge of a tile in pixels; 0 to choose from image and memory budget. Never changes the result. */
	public BlockOptions tile(final long edge) {
		predict.tile(edge);
		return this;
	}

	/** Replaces tile, unrefined and spacing; later calls for these change it. */
	public BlockOptions predict(final PredictOptions how) {
		predict = how;
		return this;
	}

	/** Replaces version, codec and chunk; later calls for these change it. */
	public BlockOptions zarr(final ZarrOptions how) {
		zarr = how;
		return this;
	}

	/** tile, unrefined, version, codec, which of these two were said, overwrite, chunk and block along x, y, z */
	long[] pack() {
		return new long[] { predict.tile, predict.unrefined ? 1 : 0, zarr.version.ordinal(), zarr.codec.ordinal(), zarr.said,
			overwrite ? 1 : 0, zarr.chunk[0], zarr.chunk[1], zarr.chunk[2], block[0], block[1], block[2] };
	}

	/** x, y, z, or null for the image's own. */
	double[] spacing() {
		return predict.spacing;
	}
}
