package io.github.brushwood.engine;

/** How the pixels of TIFF files are arranged; in the order of the engine's codes. */
public enum TiffLayout {
	/**
	 * Strips for what plain ImageJ opens: results below 4 GiB, compressed ones below 256 MiB and a quarter of the memory
	 * budget; tiles for larger ones.
	 */
	AUTO,
	/** Strips, which plain ImageJ opens; compressed results are kept in memory until they are whole. */
	STRIPS,
	/** Tiled BigTIFF: Bio-Formats, tifffile, QuPath and libtiff read it, plain ImageJ does not. */
	TILES
}
