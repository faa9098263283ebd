package io.github.brushwood.io;

import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.dataset.chunked.ChunkedDatasetV4;
import io.jhdf.exceptions.HdfException;

/**
 * Where jhdf takes the chunks of a dataset to be. HDF5 1.10 and later list the chunks of a dataset that can grow along
 * one axis at most by the largest size that it may have, the growing axis slowest; jhdf counts that list by the
 * present size and in the order of the axes, and when an axis can grow, it stops at chunks that were never written. In
 * all other files chunks say where they belong.
 */
final class Hdf5ChunkIndex {

	private static final int NONE = -1;

	private final ChunkedDataset dataset;
	private final int[] size;
	/** Chunks along each axis now. */
	private final long[] present;
	/** Distances of neighbours in the file's list and in jhdf's. */
	private final long[] steps;
	private final long[] jhdfSteps;

	/** @throws HdfException when the places of the chunks cannot be told */
	Hdf5ChunkIndex(final ChunkedDataset dataset) {
		this.dataset = dataset;
		size = dataset.getChunkDimensions();
		final long[] most = dataset.getMaxSize();
		present = new long[size.length];
		final int[] shape = dataset.getDimensions();
		int growing = NONE;
		int count = 0;
		for (int i = 0; i < size.length; i++) {
			present[i] = chunks(shape[i], i);
			if (most[i] >= 0) continue;
			growing = i;
			count++;
		}
		jhdfSteps = steps(present, NONE);
		if (!(dataset instanceof ChunkedDatasetV4) || count > 1) steps = jhdfSteps;
		else if (growing >= 0) steps = steps(present, growing);
		else steps = steps(chunks(most), NONE);
		if (dataset instanceof ChunkedDatasetV4 && count == 1) checkComplete();
	}

	private long chunks(final long length, final int axis) {
		return (length + size[axis] - 1) / size[axis];
	}

	private long[] chunks(final long[] lengths) {
		final long[] chunks = new long[lengths.length];
		for (int i = 0; i < chunks.length; i++)
			chunks[i] = chunks(lengths[i], i);
		return chunks;
	}

	/** @param slowest axis before all others, which keep their order */
	private static long[] steps(final long[] counts, final int slowest) {
		final long[] steps = new long[counts.length];
		long step = 1;
		for (int i = counts.length - 1; i >= 0; i--) {
			if (i == slowest) continue;
			steps[i] = step;
			step = Math.multiplyExact(step, Math.max(1, counts[i]));
		}
		if (slowest >= 0) steps[slowest] = step;
		return steps;
	}

	/** With gaps, jhdf misses chunks and has others at wrong places; the last place is empty then. */
	private void checkComplete() {
		final int[] last = new int[size.length];
		for (int i = 0; i < last.length; i++)
			last[i] = Math.toIntExact((present[i] - 1) * size[i]);
		try {
			dataset.getRawChunkBuffer(last);
		}
		catch (final HdfException e) {
			throw isUnknown(e) ? new HdfException("it can grow along one axis, and parts of it were never written") : e;
		}
	}

	/** Whether jhdf failed because it knows no such chunk; there is no question for it. */
	private static boolean isUnknown(final HdfException e) {
		return e.getMessage() != null && e.getMessage().startsWith("No chunk with offset");
	}

	/**
	 * Bytes of a chunk, without filters.
	 *
	 * @param at first element of it, per axis
	 * @return null when it was never written
	 */
	byte[] read(final int[] at) {
		final int[] place = place(at);
		try {
			final byte[] bytes = dataset.getDecompressedChunk(place);
			return bytes.length == 0 ? null : bytes;
		}
		catch (final HdfException e) {
			if (isUnknown(e) || isUnwritten(place)) return null;
			throw e;
		}
	}

	/** Whether the list has a place for it, but no address or no bytes. */
	private boolean isUnwritten(final int[] place) {
		try {
			return !dataset.getRawChunkBuffer(place.clone()).hasRemaining();
		}
		catch (final HdfException e) {
			return e.getMessage() != null && e.getMessage().endsWith("at address -1");
		}
	}

	private int[] place(final int[] at) {
		if (steps == jhdfSteps) return at.clone();
		long index = 0;
		for (int i = 0; i < at.length; i++)
			index += at[i] / size[i] * steps[i];
		final int[] place = new int[at.length];
		for (int i = 0; i < at.length; i++) {
			place[i] = Math.toIntExact(index / jhdfSteps[i] * size[i]);
			index %= jhdfSteps[i];
		}
		return place;
	}
}
