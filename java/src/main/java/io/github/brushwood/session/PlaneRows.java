package io.github.brushwood.session;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.ImageInfo;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** Copies between planes as ImageJ keeps them and a box as sources and sinks lay it out. */
final class PlaneRows {

	private final ImageInfo info;
	private final Box box;
	private final int width;
	private final int height;
	private final int depth;
	private final ByteBuffer bytes;
	private final ShortBuffer shorts;
	private final FloatBuffer floats;
	/** A row of one colour. */
	private final byte[] colour;

	/** @param pixels of the box, from its beginning, in native order */
	PlaneRows(final ImageInfo info, final Box box, final ByteBuffer pixels) {
		this.info = info;
		this.box = box;
		width = (int) box.width();
		height = (int) box.height();
		depth = (int) box.depth();
		bytes = pixels;
		shorts = pixels.asShortBuffer();
		floats = pixels.asFloatBuffer();
		colour = new byte[info.rgb ? width : 0];
	}

	/**
	 * Plane to box.
	 *
	 * @param c channel; 0 for the three of a colour image
	 * @param z within the box
	 * @param plane byte[], short[], float[] or, in a colour image, int[]
	 */
	void read(final int c, final int z, final Object plane) {
		if (info.rgb) split(z, (int[]) plane);
		else each(c, z, (row, at, count) -> put(row, plane, at, count));
	}

	/** Box to plane; arguments as in {@link #read}. */
	void write(final int c, final int z, final Object plane) {
		if (info.rgb) join(z, (int[]) plane);
		else each(c, z, (row, at, count) -> get(row, plane, at, count));
	}

	/** Pixels that follow each other in box and plane. */
	private interface Run {

		void copy(int inBox, int inPlane, int count);
	}

	private void each(final int c, final int z, final Run run) {
		if (width == info.width) {
			run.copy(at(c, z, 0), inPlane(0), width * height);
			return;
		}
		for (int y = 0; y < height; y++)
			run.copy(at(c, z, y), inPlane(y), width);
	}

	/** Where a row begins in the box, in pixels. */
	private int at(final int c, final int z, final int y) {
		return ((c * depth + z) * height + y) * width;
	}

	private int inPlane(final int y) {
		return (int) ((box.y0 + y) * info.width + box.x0);
	}

	private void put(final int at, final Object plane, final int from, final int count) {
		switch (info.type) {
			case UINT8:
				bytes.position(at);
				bytes.put((byte[]) plane, from, count);
				break;
			case UINT16:
				shorts.position(at);
				shorts.put((short[]) plane, from, count);
				break;
			default:
				floats.position(at);
				floats.put((float[]) plane, from, count);
		}
	}

	private void get(final int at, final Object plane, final int to, final int count) {
		switch (info.type) {
			case UINT8:
				bytes.position(at);
				bytes.get((byte[]) plane, to, count);
				break;
			case UINT16:
				shorts.position(at);
				shorts.get((short[]) plane, to, count);
				break;
			default:
				floats.position(at);
				floats.get((float[]) plane, to, count);
		}
	}

	private void split(final int z, final int[] plane) {
		for (int y = 0; y < height; y++)
			for (int c = 0; c < 3; c++) {
				final int from = inPlane(y);
				final int shift = 16 - 8 * c;
				for (int x = 0; x < width; x++)
					colour[x] = (byte) (plane[from + x] >> shift);
				bytes.position(at(c, z, y));
				bytes.put(colour);
			}
	}

	private void join(final int z, final int[] plane) {
		for (int y = 0; y < height; y++)
			for (int c = 0; c < 3; c++) {
				final int to = inPlane(y);
				final int shift = 16 - 8 * c;
				bytes.position(at(c, z, y));
				bytes.get(colour);
				for (int x = 0; x < width; x++)
					plane[to + x] = (c == 0 ? 0xFF000000 : plane[to + x]) | (colour[x] & 255) << shift;
			}
	}
}
