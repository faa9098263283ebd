package io.github.brushwood.engine;

import java.util.Arrays;

/** The blocks of a {@link BlockJob}. Immutable. */
public final class BlockInfo {

	/** Over all frames; a frame's come one after the other, x fastest. */
	public final long blocks;
	/** Most memory in bytes that a block takes beside the model, with the threads of the job that opened it. */
	public final long bytes;
	private final long[] count;
	private final long[] size;
	private final long[] margin;
	private final long[] chunk;

	/** @param numbers blocks; count, size, margin and chunk along x, y, z; bytes */
	BlockInfo(final long[] numbers) {
		blocks = numbers[0];
		count = Arrays.copyOfRange(numbers, 1, 4);
		size = Arrays.copyOfRange(numbers, 4, 7);
		margin = Arrays.copyOfRange(numbers, 7, 10);
		chunk = Arrays.copyOfRange(numbers, 10, 13);
		bytes = numbers[13];
	}

	/** Blocks of a frame along x, y, z. */
	public long[] count() {
		return count.clone();
	}

	/** Voxels of a block along x, y, z; those at the image's end may have less. */
	public long[] size() {
		return size.clone();
	}

	/** Voxels around a block along x, y, z that it reads, too. */
	public long[] margin() {
		return margin.clone();
	}

	/** Voxels of the results' chunks along x, y, z. */
	public long[] chunk() {
		return chunk.clone();
	}

	@Override
	public String toString() {
		return blocks + " blocks of " + size[0] + " x " + size[1] + " x " + size[2] + " voxels";
	}
}
