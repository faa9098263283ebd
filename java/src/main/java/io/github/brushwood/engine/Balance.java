package io.github.brushwood.engine;

/** Which samples of a class a tree draws; in the order of the engine's codes. */
public enum Balance {
	/** As many as there are. */
	NONE,
	/** Every class has the same share. */
	CLASSES,
	/** As {@link TrainOptions#classWeights} says. */
	CUSTOM
}
