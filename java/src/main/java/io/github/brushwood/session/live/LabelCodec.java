package io.github.brushwood.session.live;

import java.awt.Rectangle;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;

/**
 * Labels as bytes, exactly and in one way only. Whole numbers have 32 bits, the highest byte first:
 *
 * <pre>
 * width height depth frames        of the image
 * number of slices with labels
 *   for each, by frame and then slice:
 *   t z                            from 0
 *   number of tiles with labels
 *     for each, row by row:
 *     tileX tileY                  from 0, in tiles of 64 x 64 pixels
 *     64 * 64 bytes                ids of classes, row by row; 0 for none and beyond the image
 * </pre>
 */
final class LabelCodec {

	private static final int TILE = LabelMap.TILE;

	private LabelCodec() {}

	static void write(final LabelMap map, final DataOutputStream out) throws IOException {
		out.writeInt(map.width());
		out.writeInt(map.height());
		out.writeInt(map.depth());
		out.writeInt(map.frames());
		final List<int[]> planes = map.planes();
		out.writeInt(planes.size());
		for (final int[] plane : planes)
			writePlane(map, plane[0], plane[1], out);
	}

	private static void writePlane(final LabelMap map, final int z, final int t, final DataOutputStream out)
		throws IOException
	{
		final int across = tiles(map.width());
		final int down = tiles(map.height());
		int count = 0;
		for (int i = 0; i < across * down; i++)
			if (map.tile(i % across, i / across, z, t) != null) count++;
		out.writeInt(t);
		out.writeInt(z);
		out.writeInt(count);
		for (int y = 0; y < down; y++) {
			for (int x = 0; x < across; x++) {
				final byte[] ids = map.tile(x, y, z, t);
				if (ids == null) continue;
				out.writeInt(x);
				out.writeInt(y);
				out.write(ids);
			}
		}
	}

	/**
	 * @param known ids of classes, by id
	 * @param budget bytes that labels may take; what these take is subtracted
	 * @throws IOException when anything is not as {@link #write} writes it, or too much
	 */
	static LabelMap read(final DataInputStream in, final boolean[] known, final long[] budget) throws IOException {
		final int width = number(in, "width", 1, Integer.MAX_VALUE);
		final int height = number(in, "height", 1, Integer.MAX_VALUE / width);
		final int depth = number(in, "depth", 1, Integer.MAX_VALUE);
		final int frames = number(in, "number of frames", 1, Integer.MAX_VALUE / depth);
		final LabelMap map = new LabelMap(width, height, depth, frames);
		final LabelEdit edit = map.edit();
		final int planes = number(in, "number of slices", 0, depth * frames);
		long last = -1;
		for (int i = 0; i < planes; i++) {
			final int t = number(in, "frame", 0, frames - 1);
			final int z = number(in, "slice", 0, depth - 1);
			final long plane = (long) t * depth + z;
			if (plane <= last) throw new IOException("the slices of the labels are out of order");
			last = plane;
			readPlane(in, map, edit, z, t, known, budget);
		}
		if (in.read() >= 0) throw new IOException("there is more behind the labels");
		edit.finish();
		return map;
	}

	private static void readPlane(final DataInputStream in, final LabelMap map, final LabelEdit edit, final int z,
		final int t, final boolean[] known, final long[] budget) throws IOException
	{
		final int across = tiles(map.width());
		final int down = tiles(map.height());
		final int count = number(in, "number of tiles", 1, across * down);
		final byte[] ids = new byte[TILE * TILE];
		long last = -1;
		for (int i = 0; i < count; i++) {
			final int x = number(in, "tile", 0, across - 1);
			final int y = number(in, "row of tiles", 0, down - 1);
			final long tile = (long) y * across + x;
			if (tile <= last) throw new IOException("the tiles of the labels are out of order");
			last = tile;
			in.readFully(ids);
			check(ids, map.width() - x * TILE, map.height() - y * TILE, known);
			budget[0] -= LabelMap.Tile.of(ids).bytes();
			if (budget[0] < 0) throw new IOException("the labels need more memory than ImageJ has");
			edit.paste(ids, new Rectangle(x * TILE, y * TILE, TILE, TILE), z, t);
		}
	}

	/** @param width of the tile's part of the image, and height */
	private static void check(final byte[] ids, final int width, final int height, final boolean[] known)
		throws IOException
	{
		boolean empty = true;
		for (int i = 0; i < ids.length; i++) {
			if (ids[i] == 0) continue;
			empty = false;
			final int id = ids[i] & 0xFF;
			if (!known[id]) throw new IOException("the labels hold the class id " + id + ", which is not in the list");
			if (i % TILE >= width || i / TILE >= height) throw new IOException("there are labels beyond the image");
		}
		if (empty) throw new IOException("a tile has no labels");
	}

	private static int number(final DataInputStream in, final String what, final int min, final int max)
		throws IOException
	{
		final int value = in.readInt();
		if (value >= min && value <= max) return value;
		throw new IOException("the " + what + " of the labels is " + value + ", not from " + min + " to " + max);
	}

	private static int tiles(final int pixels) {
		return (pixels - 1) / TILE + 1;
	}
}
