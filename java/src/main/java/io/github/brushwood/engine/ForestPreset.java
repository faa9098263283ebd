package io.github.brushwood.engine;

/** A named way to grow forests. */
public final class ForestPreset {

	/** Stable name. */
	public final String id;
	/** Name for people. */
	public final String label;
	/** What it does, in one line. */
	public final String doc;

	private final TrainOptions options;

	ForestPreset(final String id, final String label, final String doc, final TrainOptions options) {
		this.id = id;
		this.label = label;
		this.doc = doc;
		this.options = options;
	}

	/** A copy of its options. */
	public TrainOptions options() {
		return options.copy();
	}

	@Override
	public String toString() {
		return id;
	}
}
