package io.github.brushwood.engine;

/** Versions of OME-Zarr that are written; in the order of the engine's codes. */
public enum ZarrVersion {
	/** In Zarr version 2: what most programs read. */
	OME_04,
	/** In Zarr version 3. */
	OME_05
}
