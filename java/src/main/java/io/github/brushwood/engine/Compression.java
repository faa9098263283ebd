package io.github.brushwood.engine;

/** How TIFF files are compressed, always without loss. */
public enum Compression {
	NONE, LZW, DEFLATE, ZSTD
}
