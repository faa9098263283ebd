package io.github.brushwood.engine;

/** A named feature list. */
public final class Preset {

	/** Stable name, accepted wherever a feature list is. */
	public final String id;
	/** Name for people. */
	public final String label;
	/** What it is good for, in one line. */
	public final String doc;
	/** The feature list it stands for. */
	public final String features;

	Preset(final String id, final String label, final String doc, final String features) {
		this.id = id;
		this.label = label;
		this.doc = doc;
		this.features = features;
	}

	@Override
	public String toString() {
		return id;
	}
}
