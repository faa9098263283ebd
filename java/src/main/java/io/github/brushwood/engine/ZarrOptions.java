package io.github.brushwood.engine;

import java.util.Objects;

/** How to write OME-Zarr. */
public final class ZarrOptions {

	ZarrVersion version = ZarrVersion.OME_04;
	ZarrCodec codec = ZarrCodec.BLOSC;
	long[] chunk = new long[3];
	/** Which of version and codec were set: the engine's BW_SAID. */
	int said;

	public ZarrOptions version(final ZarrVersion which) {
		said |= 1;
		version = Objects.requireNonNull(which, "which");
		return this;
	}

	public ZarrOptions codec(final ZarrCodec kind) {
		said |= 2;
		codec = Objects.requireNonNull(kind, "kind");
		return this;
	}

	/** Voxels of a chunk; 0 = chosen: 128 x 128 x 32 of stacks, 512 x 512 of single slices. */
	public ZarrOptions chunk(final long x, final long y, final long z) {
		chunk = new long[] { x, y, z };
		return this;
	}
}
