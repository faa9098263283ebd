package io.github.brushwood.spark;

import java.io.Serializable;

/** A block that could not be made. Immutable. */
final class BlockFailure implements Serializable, Comparable<BlockFailure> {

	private static final long serialVersionUID = 1L;

	final long block;
	/** A sentence that names the file or the value. */
	final String message;

	BlockFailure(final long block, final String message) {
		this.block = block;
		this.message = message;
	}

	@Override
	public int compareTo(final BlockFailure other) {
		return Long.compare(block, other.block);
	}
}
