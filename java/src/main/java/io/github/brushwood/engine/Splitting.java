package io.github.brushwood.engine;

/** How touching objects are split; in the order of the engine's numbers. */
public enum Splitting {
	/** Not at all. */
	NONE,
	/** By a watershed of the distance to the background. */
	DISTANCE,
	/** By a watershed of the smoothed foreground. */
	PROBABILITY,
	/** By a watershed that meets where the boundary class is likely. */
	BOUNDARY,
	/** Every connected part of the core is an object. */
	CORE
}
