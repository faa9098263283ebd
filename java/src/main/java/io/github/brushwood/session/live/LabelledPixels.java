package io.github.brushwood.session.live;

/** Labelled pixels as the engine's trainer takes them; immutable by convention. */
public final class LabelledPixels {

	/** ((t * depth + z) * height + y) * width + x, strictly ascending. */
	public final long[] positions;
	/** Labels 1..K, as long as the positions. */
	public final byte[] labels;

	public LabelledPixels(final long[] positions, final byte[] labels) {
		this.positions = positions;
		this.labels = labels;
	}
}
