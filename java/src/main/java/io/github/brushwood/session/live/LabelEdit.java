package io.github.brushwood.session.live;

import ij.gui.Roi;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.RoiRasterizer;
import io.github.brushwood.session.live.LabelMap.Tile;

import java.awt.Rectangle;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * One change of labels that can be undone as a whole: a stroke while it is being drawn, an area, a relabelling. Takes
 * effect at once; remembers what was there before. Id 0 erases. Methods that draw return the pixels that they may have
 * changed (empty for none), for repainting. Places outside the image are left out without a word. One thread at a time
 * draws; others may read the map meanwhile.
 */
public final class LabelEdit {

	private static final int TILE = LabelMap.TILE;
	/** Pixels of a selection that are drawn at a time. */
	private static final int BAND = 1 << 22;

	/** Writes ids into a tile. */
	private interface Drawing {

		/**
		 * @param x of the tile's first pixel in the image, and y
		 * @return whether it wrote anything
		 */
		boolean draw(byte[] ids, int x, int y);
	}

	private final LabelMap map;
	/**
	 * What the map does not hold now of each tile: from before the edit, or, while it is undone, from after it. Null for a
	 * tile without labels.
	 */
	private final Map<Long, Tile> other = new HashMap<>();
	/** A tile while it is drawn. */
	private final byte[] drawn = new byte[TILE * TILE];
	private Rectangle bounds = new Rectangle();
	private boolean finished;
	private boolean undone;

	LabelEdit(final LabelMap map) {
		this.map = map;
	}

	/**
	 * Draws a piece of a stroke: all pixels whose centre lies within diameter / 2 of the line between two points, and at
	 * least the pixels that the line meets. Coordinates as ImageJ's: (0,0) is the top left corner of the first pixel,
	 * whose centre is (0.5,0.5). Nothing is drawn where a number is not finite.
	 *
	 * @param diameter in pixels; below 1 counts as 1
	 */
	public Rectangle stroke(final double x0, final double y0, final double x1, final double y1, final double diameter,
		final int id, final int z, final int t)
	{
		final Capsule capsule = Capsule.of(x0, y0, x1, y1, diameter, map.width(), map.height());
		final byte value = check(id);
		if (capsule == null) return new Rectangle();
		return change(capsule.bounds(), z, t, (ids, x, y) -> capsule.draw(ids, x, y, TILE, value));
	}

	/**
	 * Gives the pixels of a selection (area, line with its width, points) to a class: those that Brushwood Annotate would
	 * label.
	 *
	 * @throws BrushwoodException for a text or a pasted image, which mark no pixels
	 */
	public Rectangle fill(final Roi roi, final int id, final int z, final int t) {
		final Rectangle changed = new Rectangle();
		fill(RoiRasterizer.supported(roi), RoiRasterizer.ALL_POINTS, id, z, t, changed);
		return changed;
	}

	/**
	 * The same for one point of a multi-point Roi.
	 *
	 * @param point its index, or {@link RoiRasterizer#ALL_POINTS}
	 * @param changed grows by the pixels that it may have changed
	 * @return false when the Roi lies wholly outside
	 */
	boolean fill(final Roi roi, final int point, final int id, final int z, final int t, final Rectangle changed) {
		check(id);
		final Rectangle all = RoiRasterizer.extent(roi, point).intersection(new Rectangle(map.width(), map.height()));
		if (all.isEmpty()) return false;
		final int rows = Math.max(TILE, BAND / all.width);
		for (int y = all.y; y < all.y + all.height; y += rows) {
			final Rectangle band = new Rectangle(all.x, y, all.width, Math.min(rows, all.y + all.height - y));
			final byte[] mask = new byte[band.width * band.height];
			RoiRasterizer.draw(roi, point, (byte) 1, mask, band);
			join(changed, change(band, z, t, (ids, left, top) -> copy(mask, band, ids, left, top, id)));
		}
		return true;
	}

	/** Sets single pixels from a plane of ids, row by row over a rectangle; 0 leaves what is there. */
	public Rectangle paste(final byte[] ids, final Rectangle where, final int z, final int t) {
		final Rectangle from = new Rectangle(where);
		if (from.width < 0 || from.height < 0 || (long) from.width * from.height != ids.length) {
			throw new IllegalArgumentException(ids.length + " ids cannot fill " + where + ".");
		}
		return change(from.intersection(new Rectangle(map.width(), map.height())), z, t, (to, x, y) -> copy(ids, from, to,
			x, y, -1));
	}

	/** Gives all pixels of one class to another one, or to none (0), in all slices. */
	public void relabel(final int from, final int to) {
		final byte wanted = check(from);
		final byte replacement = check(to);
		if (wanted == 0) throw new IllegalArgumentException("Unlabelled pixels cannot be given to a class.");
		changeAll((ids, x, y) -> {
			for (int i = 0; i < ids.length; i++)
				if (ids[i] == wanted) ids[i] = replacement;
			return true;
		});
	}

	/**
	 * Adds the labels of another map of the same size; the later ones win.
	 *
	 * @param idOf id here of each id there (256 long)
	 */
	void add(final LabelMap labels, final int[] idOf) {
		synchronized (labels.lock()) {
			for (final Long key : labels.keys()) {
				final byte[] from = labels.at(key).ids;
				change(key, (ids, x, y) -> {
					for (int i = 0; i < ids.length; i++)
						if (from[i] != 0) ids[i] = check(idOf[from[i] & 0xFF]);
					return true;
				});
			}
		}
	}

	/** Removes all labels. */
	public void clear() {
		changeAll((ids, x, y) -> {
			Arrays.fill(ids, (byte) 0);
			return true;
		});
	}

	/** Takes back all of it so far, without ending it: for a line whose end moves. */
	public Rectangle revert() {
		synchronized (map.lock()) {
			if (finished) throw new IllegalStateException("The edit is finished.");
			for (final Map.Entry<Long, Tile> entry : other.entrySet())
				map.put(entry.getKey(), entry.getValue());
			other.clear();
			final Rectangle changed = bounds;
			bounds = new Rectangle();
			return changed;
		}
	}

	/** Ends the edit; afterwards it can only be undone and redone. */
	public LabelEdit finish() {
		synchronized (map.lock()) {
			if (finished) return this;
			finished = true;
			bounds = new Rectangle();
			final Iterator<Map.Entry<Long, Tile>> all = other.entrySet().iterator();
			while (all.hasNext()) {
				final Map.Entry<Long, Tile> entry = all.next();
				final Rectangle changed = difference(entry.getKey(), entry.getValue(), map.at(entry.getKey()));
				if (changed.isEmpty()) all.remove();
				else join(bounds, changed);
			}
			return this;
		}
	}

	/** Whether nothing changed. */
	public boolean isEmpty() {
		synchronized (map.lock()) {
			return other.isEmpty();
		}
	}

	/** Whether all of it lies in one slice; then {@link #z}, {@link #t} and {@link #bounds} tell where. */
	public boolean isOnOneSlice() {
		synchronized (map.lock()) {
			return other.keySet().stream().mapToLong(map::plane).distinct().count() == 1;
		}
	}

	/** Of one of the slices that changed; 0 when nothing did. */
	public int z() {
		return (int) (plane() % map.depth());
	}

	/** Of one of the slices that changed; 0 when nothing did. */
	public int t() {
		return (int) (plane() / map.depth());
	}

	private long plane() {
		synchronized (map.lock()) {
			return other.isEmpty() ? 0 : map.plane(other.keySet().iterator().next());
		}
	}

	/** Around all changed pixels, over slices. */
	public Rectangle bounds() {
		synchronized (map.lock()) {
			return new Rectangle(bounds);
		}
	}

	/** Bytes that remembering takes. */
	public long bytes() {
		synchronized (map.lock()) {
			long bytes = 0;
			for (final Tile tile : other.values())
				bytes += tile == null ? Tile.PLACE : tile.bytes();
			return bytes;
		}
	}

	/** Takes it back; the edit has to be the map's latest that is not undone. */
	void undo() {
		exchange(true);
	}

	/** Takes {@link #undo} back; nothing else may have changed since. */
	void redo() {
		exchange(false);
	}

	private void exchange(final boolean undo) {
		synchronized (map.lock()) {
			if (!finished || undone == undo) throw new IllegalStateException("The edit is not finished, or done already.");
			undone = undo;
			for (final Map.Entry<Long, Tile> entry : other.entrySet()) {
				final Tile now = map.at(entry.getKey());
				map.put(entry.getKey(), entry.getValue());
				entry.setValue(now);
			}
		}
	}

	/** Draws on the tiles that a rectangle inside the image meets. */
	private Rectangle change(final Rectangle where, final int z, final int t, final Drawing drawing) {
		final Rectangle changed = new Rectangle();
		if (where.isEmpty() || !map.contains(z, t)) return changed;
		final int right = (where.x + where.width - 1) / TILE;
		final int bottom = (where.y + where.height - 1) / TILE;
		synchronized (map.lock()) {
			for (int y = where.y / TILE; y <= bottom; y++)
				for (int x = where.x / TILE; x <= right; x++)
					join(changed, change(map.key(x, y, z, t), drawing));
		}
		return changed;
	}

	/** Draws on all tiles with labels. */
	private void changeAll(final Drawing drawing) {
		synchronized (map.lock()) {
			for (final Long key : map.keys())
				change(key, drawing);
		}
	}

	/** @return around the changed pixels */
	private Rectangle change(final long key, final Drawing drawing) {
		synchronized (map.lock()) {
			if (finished) throw new IllegalStateException("The edit is finished.");
			final Tile old = map.at(key);
			if (old == null) Arrays.fill(drawn, (byte) 0);
			else System.arraycopy(old.ids, 0, drawn, 0, drawn.length);
			if (!drawing.draw(drawn, map.tileX(key) * TILE, map.tileY(key) * TILE)) return new Rectangle();
			final Rectangle changed = difference(key, old, drawn);
			if (changed.isEmpty()) return changed;
			if (!other.containsKey(key)) other.put(key, old);
			map.put(key, Tile.of(drawn.clone()));
			join(bounds, changed);
			return changed;
		}
	}

	private Rectangle difference(final long key, final Tile a, final Tile b) {
		return a == b ? new Rectangle() : difference(key, a, b == null ? new byte[TILE * TILE] : b.ids);
	}

	/** Around the pixels, of the image, in which two states of a tile differ. */
	private Rectangle difference(final long key, final Tile a, final byte[] b) {
		int left = TILE;
		int right = -1;
		int top = TILE;
		int bottom = -1;
		for (int i = 0; i < b.length; i++) {
			if ((a == null ? 0 : a.ids[i]) == b[i]) continue;
			left = Math.min(left, i % TILE);
			right = Math.max(right, i % TILE);
			top = Math.min(top, i / TILE);
			bottom = i / TILE;
		}
		return right < 0 ? new Rectangle() : new Rectangle(map.tileX(key) * TILE + left, map.tileY(key) * TILE + top, right -
			left + 1, bottom - top + 1);
	}

	/**
	 * Copies what a part of a plane holds above 0 into the tile at x, y.
	 *
	 * @param id in place of what the plane holds; -1 for just that
	 */
	private boolean copy(final byte[] plane, final Rectangle where, final byte[] ids, final int x, final int y,
		final int id)
	{
		final int left = Math.max(x, where.x);
		final int right = Math.min(Math.min(x + TILE, where.x + where.width), map.width());
		final int bottom = Math.min(Math.min(y + TILE, where.y + where.height), map.height());
		for (int row = Math.max(y, where.y); row < bottom; row++) {
			int from = (row - where.y) * where.width + left - where.x;
			int to = (row - y) * TILE + left - x;
			for (int column = left; column < right; column++, from++, to++)
				if (plane[from] != 0) ids[to] = id < 0 ? plane[from] : (byte) id;
		}
		return true;
	}

	private static void join(final Rectangle all, final Rectangle more) {
		if (more.isEmpty()) return;
		if (all.isEmpty()) all.setBounds(more);
		else all.add(more);
	}

	private static byte check(final int id) {
		if (id >= 0 && id <= 255) return (byte) id;
		throw new IllegalArgumentException("A class id is from 0 to 255, not " + id + ".");
	}
}
