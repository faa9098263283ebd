package io.github.brushwood.engine;

/** How the threshold of the foreground is found; in the order of the engine's numbers. */
public enum Threshold {
	/** The one that is given. */
	FIXED,
	/** Of Otsu (1979), of the smoothed foreground of all frames together. */
	OTSU,
	/** The one that is given, or half of it where outlines are clearly steeper there. */
	AUTO
}
