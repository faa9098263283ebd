package io.github.brushwood.session.live;

import io.github.brushwood.session.BrushwoodException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The labels of one image: every pixel has the id of a class (1..255) or 0. Kept in tiles of 64 x 64 pixels that exist
 * only where something is labelled, so that its memory goes with the labels and not with the image. x, y, z, t count
 * from 0. Safe for any thread; changes are made through a {@link LabelEdit}.
 */
public final class LabelMap {

	/** Edge of a tile. */
	public static final int TILE = 64;

	private static final int IDS = 256;
	/** What arrays can hold. */
	private static final int MOST_PIXELS = Integer.MAX_VALUE - 8;

	/** Labels of TILE * TILE pixels, some of them above 0; never changed once it is in the map. */
	static final class Tile {

		/** Memory of a place in a map. */
		static final int PLACE = 128;

		final byte[] ids;
		/** Pixels above 0. */
		final int labelled;
		/** Bit y is set when row y has labels. */
		final long rows;

		/** By id, of tiles that are of one class all over: large areas need no memory. */
		private static final Tile[] FULL = new Tile[IDS];

		static {
			for (int id = 1; id < IDS; id++) {
				final byte[] ids = new byte[TILE * TILE];
				Arrays.fill(ids, (byte) id);
				FULL[id] = new Tile(ids, ids.length, -1);
			}
		}

		private Tile(final byte[] ids, final int labelled, final long rows) {
			this.ids = ids;
			this.labelled = labelled;
			this.rows = rows;
		}

		/** Null when all ids are 0. */
		static Tile of(final byte[] ids) {
			int labelled = 0;
			long rows = 0;
			boolean same = true;
			for (int y = 0; y < TILE; y++) {
				final int before = labelled;
				for (int i = y * TILE; i < (y + 1) * TILE; i++) {
					if (ids[i] != 0) labelled++;
					same &= ids[i] == ids[0];
				}
				if (labelled > before) rows |= 1L << y;
			}
			if (labelled == 0) return null;
			return same ? FULL[ids[0] & 0xFF] : new Tile(ids, labelled, rows);
		}

		/** Memory, with its place in a map. */
		int bytes() {
			return this == FULL[ids[0] & 0xFF] ? PLACE : PLACE + ids.length;
		}
	}

	private final int width;
	private final int height;
	private final int depth;
	private final int frames;
	private final int tilesX;
	private final int tilesY;
	/** By {@link #key}, so in the order of planes, then rows of tiles; read without the lock. */
	private final ConcurrentSkipListMap<Long, Tile> tiles;
	private final AtomicLongArray counts = new AtomicLongArray(IDS);
	/** Held by every change, and while all of the map is taken at once. */
	private final Object lock = new Object();
	private volatile long total;
	private volatile long version;

	/** Sizes are at least 1. */
	public LabelMap(final int width, final int height, final int depth, final int frames) {
		this(width, height, depth, frames, new ConcurrentSkipListMap<>());
	}

	private LabelMap(final int width, final int height, final int depth, final int frames,
		final ConcurrentSkipListMap<Long, Tile> tiles)
	{
		if (width < 1 || height < 1 || depth < 1 || frames < 1) {
			throw new IllegalArgumentException("The size " + width + " x " + height + " x " + depth + " x " + frames +
				" of a label map has to be positive.");
		}
		this.width = width;
		this.height = height;
		this.depth = depth;
		this.frames = frames;
		this.tiles = tiles;
		tilesX = (width - 1) / TILE + 1;
		tilesY = (height - 1) / TILE + 1;
	}

	public int width() {
		return width;
	}

	public int height() {
		return height;
	}

	public int depth() {
		return depth;
	}

	public int frames() {
		return frames;
	}

	/** Id of the class at a pixel; 0 for none, also outside. */
	public int get(final int x, final int y, final int z, final int t) {
		if (x < 0 || y < 0) return 0;
		final byte[] ids = tile(x / TILE, y / TILE, z, t);
		return ids == null ? 0 : ids[y % TILE * TILE + x % TILE] & 0xFF;
	}

	/**
	 * The ids of a tile, TILE * TILE row by row, those beyond the image 0; null when nothing is labelled there, also
	 * outside. Not to be written to. It never changes: where labels change, another array takes its place. Never blocks.
	 */
	public byte[] tile(final int tileX, final int tileY, final int z, final int t) {
		final boolean inside = tileX >= 0 && tileX < tilesX && tileY >= 0 && tileY < tilesY && contains(z, t);
		final Tile tile = inside ? tiles.get(key(tileX, tileY, z, t)) : null;
		return tile == null ? null : tile.ids;
	}

	/** Labelled pixels of a class, 1..255. */
	public long count(final int id) {
		return counts.get(id);
	}

	/** Labelled pixels of all classes. */
	public long count() {
		return total;
	}

	/** Slices with labels, {z, t} each, in the order of frames and then slices. */
	public List<int[]> planes() {
		final List<int[]> planes = new ArrayList<>();
		final long size = (long) tilesX * tilesY;
		Map.Entry<Long, Tile> at = tiles.firstEntry();
		while (at != null) {
			final long plane = at.getKey() / size;
			planes.add(new int[] { (int) (plane % depth), (int) (plane / depth) });
			at = tiles.ceilingEntry((plane + 1) * size);
		}
		return planes;
	}

	/** A copy of the ids of a slice, row by row. */
	public byte[] plane(final int z, final int t) {
		if (!contains(z, t)) {
			throw new IndexOutOfBoundsException("There is no slice " + z + " of frame " + t + " in an image of " + depth +
				" slices and " + frames + " frames.");
		}
		final byte[] plane = new byte[Math.multiplyExact(width, height)];
		final List<Map.Entry<Long, Tile>> part;
		final long first = key(0, 0, z, t);
		synchronized (lock) {
			part = new ArrayList<>(tiles.subMap(first, first + (long) tilesX * tilesY).entrySet());
		}
		for (final Map.Entry<Long, Tile> entry : part)
			copy(entry.getValue().ids, tileX(entry.getKey()) * TILE, tileY(entry.getKey()) * TILE, plane);
		return plane;
	}

	private void copy(final byte[] ids, final int x, final int y, final byte[] plane) {
		final int columns = Math.min(TILE, width - x);
		for (int row = 0; row < Math.min(TILE, height - y); row++)
			System.arraycopy(ids, row * TILE, plane, (y + row) * width + x, columns);
	}

	/**
	 * All labelled pixels, as they are at one moment. Takes time by the labelled tiles, not by the image.
	 *
	 * @param labelOfId label 1..K of each id (256 long); 0 leaves a class out
	 */
	public LabelledPixels pixels(final int[] labelOfId) {
		final Collector collector;
		final List<Map.Entry<Long, Tile>> all;
		synchronized (lock) {
			all = new ArrayList<>(tiles.entrySet());
			collector = new Collector(labelOfId, learnable(total));
		}
		int end;
		for (int first = 0; first < all.size(); first = end) {
			end = first + 1;
			while (end < all.size() && all.get(end).getKey() / tilesX == all.get(first).getKey() / tilesX)
				end++;
			collector.add(all.subList(first, end));
		}
		return collector.result();
	}

	private static int learnable(final long pixels) {
		if (pixels <= MOST_PIXELS) return (int) pixels;
		throw new BrushwoodException(String.format(Locale.ROOT, "There are %,d labelled pixels, but at most %,d can be " +
			"learned from. Remove labels, or start with strokes in place of a whole label image.", pixels, MOST_PIXELS));
	}

	/** Turns tiles into pixels. */
	private final class Collector {

		private final byte[] labelOf = new byte[IDS];
		private final long[] positions;
		private final byte[] labels;
		private int count;

		private Collector(final int[] labelOfId, final int most) {
			for (int id = 1; id < IDS; id++)
				labelOf[id] = (byte) labelOfId[id];
			positions = new long[most];
			labels = new byte[most];
		}

		/** @param row tiles of one row of tiles, the leftmost first */
		private void add(final List<Map.Entry<Long, Tile>> row) {
			final int size = row.size();
			final Tile[] tile = new Tile[size];
			final long[] start = new long[size];
			long rows = 0;
			for (int i = 0; i < size; i++) {
				tile[i] = row.get(i).getValue();
				start[i] = position(row.get(i).getKey());
				rows |= tile[i].rows;
			}
			for (long left = rows; left != 0; left &= left - 1) {
				final int y = Long.numberOfTrailingZeros(left);
				for (int i = 0; i < size; i++)
					if ((tile[i].rows >>> y & 1) != 0) add(tile[i].ids, y, start[i] + (long) y * width);
			}
		}

		private void add(final byte[] ids, final int y, final long position) {
			for (int x = 0; x < TILE; x++) {
				final byte label = labelOf[ids[y * TILE + x] & 0xFF];
				if (label == 0) continue;
				positions[count] = position + x;
				labels[count++] = label;
			}
		}

		private LabelledPixels result() {
			final boolean full = count == labels.length;
			return new LabelledPixels(full ? positions : Arrays.copyOf(positions, count), full ? labels : Arrays.copyOf(
				labels, count));
		}
	}

	/** Number that grows with every change, undo and redo included. */
	public long version() {
		return version;
	}

	/** Begins a change; the caller finishes it before the next one begins. */
	public LabelEdit edit() {
		return new LabelEdit(this);
	}

	/** An empty map of the same size. */
	LabelMap blank() {
		return new LabelMap(width, height, depth, frames);
	}

	/** The labels as they are at one moment; tiles are shared until one of the two changes. Painting waits for it. */
	LabelMap copy() {
		synchronized (lock) {
			final LabelMap copy = new LabelMap(width, height, depth, frames, tiles.clone());
			for (int id = 1; id < IDS; id++)
				copy.counts.set(id, counts.get(id));
			copy.total = total;
			return copy;
		}
	}

	// ---- for edits, which hold the lock while they change

	Object lock() {
		return lock;
	}

	boolean contains(final int z, final int t) {
		return z >= 0 && z < depth && t >= 0 && t < frames;
	}

	/** Number of a tile; tiles of one slice are neighbours. */
	long key(final int tileX, final int tileY, final int z, final int t) {
		return (((long) t * depth + z) * tilesY + tileY) * tilesX + tileX;
	}

	int tileX(final long key) {
		return (int) (key % tilesX);
	}

	int tileY(final long key) {
		return (int) (key / tilesX % tilesY);
	}

	/** t * depth + z */
	long plane(final long key) {
		return key / tilesX / tilesY;
	}

	/** Of a tile's first pixel, as in {@link LabelledPixels}. */
	private long position(final long key) {
		return (plane(key) * height + (long) tileY(key) * TILE) * width + (long) tileX(key) * TILE;
	}

	/** Null when nothing is labelled there. */
	Tile at(final long key) {
		return tiles.get(key);
	}

	/** Numbers of the tiles with labels, as they are now. */
	List<Long> keys() {
		return new ArrayList<>(tiles.keySet());
	}

	/** Puts a tile, or none, in a place. */
	void put(final long key, final Tile tile) {
		final Tile old = tile == null ? tiles.remove(key) : tiles.put(key, tile);
		if (old != null) count(old, -1);
		if (tile != null) count(tile, 1);
		version++;
	}

	private void count(final Tile tile, final int sign) {
		final int[] histogram = new int[IDS];
		for (final byte id : tile.ids)
			histogram[id & 0xFF]++;
		for (int id = 1; id < IDS; id++)
			if (histogram[id] != 0) counts.addAndGet(id, sign * histogram[id]);
		total += sign * tile.labelled;
	}
}
