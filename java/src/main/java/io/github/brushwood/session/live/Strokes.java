package io.github.brushwood.session.live;

import java.util.Arrays;
import java.util.BitSet;

/** Connected labelled pixels of one class in an image, as the engine counts them: 8 neighbours, 26 in stacks. */
final class Strokes {

	/** So many pixels between looks at the clock. */
	private static final int CHECK = 4096;

	private final LabelledPixels pixels;
	private final long width;
	private final long height;
	private final long depth;

	Strokes(final LabelledPixels pixels, final long width, final long height, final long depth) {
		this.pixels = pixels;
		this.width = width;
		this.height = height;
		this.depth = depth;
	}

	/** 0, 1, or 2 for more than one. @param check throws to stop */
	int countUpToTwo(final int label, final Runnable check) {
		final int first = next(label, 0, new BitSet());
		if (first < 0) return 0;
		final BitSet seen = new BitSet(pixels.positions.length);
		fill(first, seen, check);
		return next(label, first, seen) < 0 ? 1 : 2;
	}

	private int next(final int label, final int from, final BitSet except) {
		for (int i = from; i < pixels.labels.length; i++)
			if ((pixels.labels[i] & 0xFF) == label && !except.get(i)) return i;
		return -1;
	}

	private void fill(final int first, final BitSet seen, final Runnable check) {
		int[] stack = new int[256];
		int size = 1;
		stack[0] = first;
		seen.set(first);
		for (int visited = 0; size > 0; visited++) {
			if (visited % CHECK == 0) check.run();
			final int[] near = neighbours(stack[--size]);
			for (final int i : near) {
				if (seen.get(i) || pixels.labels[i] != pixels.labels[first]) continue;
				seen.set(i);
				if (size == stack.length) stack = Arrays.copyOf(stack, 2 * size);
				stack[size++] = i;
			}
		}
	}

	/** Labelled pixels around one, by index. */
	private int[] neighbours(final int index) {
		final long position = pixels.positions[index];
		final long x = position % width;
		final long y = position / width % height;
		final long z = position / (width * height) % depth;
		final int[] found = new int[27];
		int count = 0;
		for (long dz = z > 0 ? -1 : 0; dz <= (z < depth - 1 ? 1 : 0); dz++) {
			for (long dy = y > 0 ? -1 : 0; dy <= (y < height - 1 ? 1 : 0); dy++) {
				for (long dx = x > 0 ? -1 : 0; dx <= (x < width - 1 ? 1 : 0); dx++) {
					final int i = Arrays.binarySearch(pixels.positions, position + (dz * height + dy) * width + dx);
					if (i >= 0) found[count++] = i;
				}
			}
		}
		return Arrays.copyOf(found, count);
	}
}
