package io.github.brushwood.engine;

/** Images of objects; in the order of the engine's numbers. */
public enum ObjectOutput {
	/** Ids, UINT16 while they fit, else FLOAT32. */
	LABELS,
	/** UINT8, 0 and 255. */
	MASK,
	/** UINT8, 0 and the class. */
	CLASSES
}
