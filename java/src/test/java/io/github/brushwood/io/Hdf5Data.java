package io.github.brushwood.io;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.ImageSource;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The files of tests/data/hdf5 and what their script says about them. */
final class Hdf5Data {

	private static final String ALL = "tzyxc";
	private static final int[] LENGTHS = { 2, 3, 4, 5, 2 };

	private Hdf5Data() {}

	static File file(final String name) {
		return new File("tests/data/hdf5/" + name).getAbsoluteFile();
	}

	static int length(final String axes, final char axis) {
		return axes.indexOf(axis) < 0 ? 1 : LENGTHS[ALL.indexOf(axis)];
	}

	/** A pixel's value. */
	static int value(final int t, final int c, final int z, final int y, final int x) {
		return (((t * 3 + z) * 4 + y) * 5 + x) * 2 + c;
	}

	/** All values of an image with these axes as {@link #numbers} gives them. */
	static double[] values(final String axes, final int factor) {
		final List<Double> values = new ArrayList<>();
		for (int t = 0; t < length(axes, 't'); t++)
			for (int c = 0; c < length(axes, 'c'); c++)
				for (int z = 0; z < length(axes, 'z'); z++)
					for (int y = 0; y < length(axes, 'y'); y++)
						for (int x = 0; x < length(axes, 'x'); x++)
							values.add((double) value(t, c, z, y, x) * factor);
		return values.stream().mapToDouble(Double::doubleValue).toArray();
	}

	/** All pixels: frames, then channels, then z, y, x. */
	static double[] numbers(final ImageSource source) {
		final ImageInfo info = source.info();
		final double[] all = new double[Math.toIntExact(info.planeLength() * info.depth * info.channels * info.frames)];
		for (int t = 0; t < info.frames; t++) {
			final double[] frame = numbers(source, Box.of(info, t));
			System.arraycopy(frame, 0, all, t * frame.length, frame.length);
		}
		return all;
	}

	/** The pixels of a box; the buffer that is read to has something before them and after. */
	static double[] numbers(final ImageSource source, final Box box) {
		final ImageInfo info = source.info();
		final int count = Math.toIntExact(box.count() * info.channels);
		final ByteBuffer buffer = ByteBuffer.allocate(3 + count * info.type.size + 5);
		buffer.position(3);
		source.read(box, buffer);
		for (final int outside : new int[] { 0, 1, 2, buffer.capacity() - 5, buffer.capacity() - 1 })
			if (buffer.get(outside) != 0) throw new AssertionError("byte " + outside + " was written");
		return numbers(info, buffer.slice().order(ByteOrder.nativeOrder()), count);
	}

	static double[] numbers(final ImageInfo info, final ByteBuffer pixels, final int count) {
		final double[] numbers = new double[count];
		for (int i = 0; i < count; i++)
			switch (info.type) {
				case UINT8:
					numbers[i] = pixels.get(i) & 0xff;
					break;
				case UINT16:
					numbers[i] = pixels.getShort(2 * i) & 0xffff;
					break;
				default:
					numbers[i] = pixels.getFloat(4 * i);
			}
		return numbers;
	}
}
