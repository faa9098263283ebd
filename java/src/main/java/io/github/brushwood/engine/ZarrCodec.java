package io.github.brushwood.engine;

/** How chunks of OME-Zarr are compressed, always without loss; in the order of the engine's codes. */
public enum ZarrCodec {
	/** Blosc: zstd behind a byte shuffle. */
	BLOSC, ZSTD, GZIP, RAW
}
