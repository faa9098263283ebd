package io.github.brushwood.io;

import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Status;
import io.jhdf.api.Dataset;
import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.api.dataset.ContiguousDataset;
import io.jhdf.dataset.CompactDataset;
import io.jhdf.exceptions.HdfException;
import io.jhdf.filter.PipelineFilterWithData;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.OrderedDataType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The stored pieces of a dataset that together hold a box of it: chunks, or parts of what lies in one piece. Takes
 * memory for the chunks that it keeps, at most {@value #MOST_KEPT} bytes of them or a single larger one.
 */
abstract class Hdf5Blocks {

	private static final long MOST_KEPT = 64 << 20;
	/** Bytes that are read at once from what lies in one piece, with what is between the wanted ones. */
	private static final int SPAN = 1 << 20;
	private static final List<Integer> FILTERS = Arrays.asList(1, 2, 3, 32000); // gzip, shuffle, fletcher32, LZF

	/** Takes a stored piece. */
	interface Taker {

		/**
		 * @param bytes in the file's byte order; element (i, j, ...) lies at the sum of (i - origin[0]) * steps[0], ...
		 * @param from first of the wanted elements in it, per axis
		 * @param to after the last
		 */
		void take(ByteBuffer bytes, int[] origin, int[] steps, int[] from, int[] to);
	}

	final Hdf5File file;
	final Hdf5Sample sample;
	final int[] shape;
	final ByteOrder order;

	private Hdf5Blocks(final Hdf5File file, final Dataset dataset) {
		this.file = file;
		sample = Hdf5Sample.of(dataset.getDataType());
		shape = dataset.getDimensions();
		final DataType type = dataset.getDataType();
		order = type instanceof OrderedDataType ? ((OrderedDataType) type).getByteOrder() : ByteOrder.LITTLE_ENDIAN;
	}

	/** @throws EngineException when it is stored in a way that is not supported */
	static Hdf5Blocks of(final Hdf5File file, final Dataset dataset) {
		if (dataset instanceof ChunkedDataset) return new Chunks(file, (ChunkedDataset) dataset);
		if (dataset instanceof ContiguousDataset) return new Piece(file, (ContiguousDataset) dataset);
		return new Compact(file, (CompactDataset) dataset);
	}

	/** Hands out the pieces that hold the box, each element once. */
	abstract void read(int[] from, int[] to, Taker taker);

	/** Distances of neighbours along each axis of an array that lies in one piece. */
	static long[] steps(final int[] shape) {
		final long[] steps = new long[shape.length];
		long step = 1;
		for (int i = shape.length - 1; i >= 0; i--) {
			steps[i] = step;
			step *= shape[i];
		}
		return steps;
	}

	private static int[] ints(final long... values) {
		return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
	}

	/** The next index of a box, last axis fastest; false after the last. Axes from <code>rank</code> on stay. */
	static boolean next(final int[] index, final int[] from, final int[] to, final int[] by, final int rank) {
		for (int i = rank - 1; i >= 0; i--) {
			index[i] += by[i];
			if (index[i] < to[i]) return true;
			index[i] = from[i];
		}
		return false;
	}

	ByteBuffer filled(final int elements, final Object value) {
		final ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(elements, sample.size)).order(order);
		sample.fill(bytes, value instanceof Number ? (Number) value : null);
		return bytes;
	}

	/** Lies within the description of the dataset. */
	private static final class Compact extends Hdf5Blocks {

		private final CompactDataset dataset;

		Compact(final Hdf5File file, final CompactDataset dataset) {
			super(file, dataset);
			this.dataset = dataset;
		}

		@Override
		void read(final int[] from, final int[] to, final Taker taker) {
			final ByteBuffer bytes = dataset.getDataBuffer().slice().order(order);
			taker.take(bytes, new int[shape.length], ints(steps(shape)), from, to);
		}
	}

	/** Lies in the file in one piece. */
	private static final class Piece extends Hdf5Blocks {

		private final ContiguousDataset dataset;
		private final long[] steps;

		Piece(final Hdf5File file, final ContiguousDataset dataset) {
			super(file, dataset);
			this.dataset = dataset;
			steps = steps(shape);
		}

		@Override
		void read(final int[] from, final int[] to, final Taker taker) {
			final int[] by = groups(from, to);
			final int[] lo = from.clone();
			final int[] hi = new int[lo.length];
			do {
				for (int i = 0; i < lo.length; i++)
					hi[i] = Math.min(to[i], lo[i] + by[i]);
				final int elements = Math.toIntExact(span(lo, hi));
				taker.take(bytes(lo, elements), lo.clone(), spanSteps(), lo, hi);
			}
			while (next(lo, from, to, by, lo.length));
		}

		/** How many indices of each axis make a part: as many axes as a span holds, and a share of the next. */
		private int[] groups(final int[] from, final int[] to) {
			final int[] by = new int[from.length];
			Arrays.fill(by, 1);
			long span = 1;
			for (int i = from.length - 1; i >= 0; i--) {
				final int count = to[i] - from[i];
				final long fit = (SPAN / sample.size - span) / steps[i] + 1;
				by[i] = (int) Math.max(1, Math.min(fit, count));
				if (by[i] < count) break;
				span += (count - 1) * steps[i];
			}
			return by;
		}

		/** Elements from the first of a box to its last. */
		private long span(final int[] lo, final int[] hi) {
			long elements = 1;
			for (int i = 0; i < lo.length; i++)
				elements += (hi[i] - lo[i] - 1) * steps[i];
			return elements;
		}

		/** Steps too long for an int belong to axes along which a part has one index. */
		private int[] spanSteps() {
			return Arrays.stream(steps).mapToInt(step -> (int) Math.min(step, Integer.MAX_VALUE)).toArray();
		}

		private ByteBuffer bytes(final int[] at, final int elements) {
			if (dataset.isEmpty()) return filled(elements, dataset.getFillValue());
			long first = 0;
			for (int i = 0; i < at.length; i++)
				first += at[i] * steps[i];
			final ByteBuffer bytes = ByteBuffer.allocate(elements * sample.size).order(order);
			long position = file.base() + dataset.getDataAddress() + first * sample.size;
			try {
				while (bytes.hasRemaining()) {
					final int read = file.channel().read(bytes, position);
					if (read < 0) throw new HdfException("it ends at byte " + position + ", before its pixels do");
					position += read;
				}
			}
			catch (final IOException e) {
				throw new HdfException(e.getMessage(), e);
			}
			return bytes;
		}
	}

	/** Lies in the file in chunks of one size, each compressed or not, or missing. */
	private static final class Chunks extends Hdf5Blocks {

		private final ChunkedDataset dataset;
		private final int[] size;
		private final int elements;
		private final Hdf5ChunkIndex index;
		private final LinkedHashMap<List<Integer>, ByteBuffer> kept = new LinkedHashMap<>(16, 0.75f, true);

		Chunks(final Hdf5File file, final ChunkedDataset dataset) {
			super(file, dataset);
			this.dataset = dataset;
			size = dataset.getChunkDimensions();
			elements = Arrays.stream(size).reduce(1, Math::multiplyExact);
			Math.multiplyExact(elements, sample.size);
			checkFilters();
			index = new Hdf5ChunkIndex(dataset);
		}

		private void checkFilters() {
			for (final PipelineFilterWithData filter : dataset.getFilters()) {
				if (FILTERS.contains(filter.getId())) continue;
				throw new EngineException(Status.FORMAT, "The dataset '" + dataset.getPath() + "' of '" + file.file() +
					"' is compressed by the filter " + filter.getName() + ", which is not supported. Save it anew with gzip, " +
					"LZF or without compression.");
			}
		}

		@Override
		void read(final int[] from, final int[] to, final Taker taker) {
			final int[] first = new int[size.length];
			for (int i = 0; i < size.length; i++)
				first[i] = from[i] / size[i] * size[i];
			final int[] at = first.clone();
			final int[] steps = ints(steps(size));
			final int[] lo = new int[size.length];
			final int[] hi = new int[size.length];
			do {
				for (int i = 0; i < size.length; i++) {
					lo[i] = Math.max(from[i], at[i]);
					hi[i] = (int) Math.min(to[i], (long) at[i] + size[i]);
				}
				taker.take(chunk(at), at, steps, lo, hi);
			}
			while (next(at, first, to, size, size.length));
		}

		private ByteBuffer chunk(final int[] at) {
			final List<Integer> key = Arrays.stream(at).boxed().collect(Collectors.toList());
			final ByteBuffer found = kept.get(key);
			if (found != null) return found;
			final Iterator<ByteBuffer> oldest = kept.values().iterator();
			while ((kept.size() + 1L) * elements * sample.size > MOST_KEPT && oldest.hasNext()) {
				oldest.next();
				oldest.remove();
			}
			final ByteBuffer bytes = decoded(at);
			kept.put(key, bytes);
			return bytes;
		}

		private ByteBuffer decoded(final int[] at) {
			final byte[] bytes = index.read(at);
			if (bytes == null) return filled(elements, dataset.getFillValue());
			if (bytes.length >= elements * sample.size) return ByteBuffer.wrap(bytes).order(order);
			throw new HdfException("the chunk at " + Arrays.toString(at) + " has " + bytes.length + " bytes instead of " +
				elements * sample.size);
		}
	}
}
