package io.github.brushwood.engine;

/** How labelled samples are divided to assess a forest on unseen ones; in the order of the engine's codes. */
public enum Holdout {
	NONE,
	/** Single pixels at random; flatters, as neighbouring pixels are alike. */
	SAMPLES,
	/** Whole strokes: connected labelled pixels of one class. */
	STROKES,
	/** Squares or cubes of an image. */
	BLOCKS,
	/** Whole images. */
	IMAGES
}
