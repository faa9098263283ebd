package io.github.brushwood.session.live;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The newest tiles; when there is no room, those go that are not in sight, the longest unused first. Any thread. */
final class TileStore {

	/** In place of a feature's index: what the forest says. */
	static final int FOREST = -1;

	private static final class Key {

		private final Part part;
		private final int feature;

		private Key(final Part part, final int feature) {
			this.part = part;
			this.feature = feature;
		}

		@Override
		public boolean equals(final Object other) {
			return other instanceof Key && ((Key) other).part.equals(part) && ((Key) other).feature == feature;
		}

		@Override
		public int hashCode() {
			return part.hashCode() * 31 + feature;
		}
	}

	private final long limit;
	private final LinkedHashMap<Key, ResultTile> tiles = new LinkedHashMap<>(16, 0.75f, true);
	private long bytes;

	/** @param limit bytes */
	TileStore(final long limit) {
		this.limit = limit;
	}

	/** What a view shows: FOREST or the index of a feature. */
	static int kind(final Show show) {
		return show.kind == Show.Kind.FEATURE ? show.index : FOREST;
	}

	/** The newest tile of a part, or null. */
	synchronized ResultTile get(final Part part, final int kind) {
		return tiles.get(new Key(part, kind));
	}

	/**
	 * Replaces the part's tile.
	 *
	 * @param view whose tiles stay; null for none
	 * @return false when there is no room beside these: then the part has no tile but a smaller one of the same version
	 */
	synchronized boolean put(final Part part, final int kind, final ResultTile tile, final View view) {
		final Key key = new Key(part, kind);
		final ResultTile old = tiles.remove(key);
		if (old != null) bytes -= old.bytes();
		final Iterator<Map.Entry<Key, ResultTile>> all = tiles.entrySet().iterator();
		while (bytes + tile.bytes() > limit && all.hasNext()) {
			final Map.Entry<Key, ResultTile> entry = all.next();
			if (isInSight(entry.getKey(), view)) continue;
			bytes -= entry.getValue().bytes();
			all.remove();
		}
		final boolean fits = bytes + tile.bytes() <= limit || tiles.isEmpty();
		final boolean goesOn = old != null && old.version == tile.version && old.complete == tile.complete;
		final ResultTile kept = fits ? tile : goesOn ? old : null;
		if (kept != null) {
			tiles.put(key, kept);
			bytes += kept.bytes();
		}
		return fits;
	}

	private static boolean isInSight(final Key key, final View view) {
		return view != null && key.feature == kind(view.show) && key.part.meets(view);
	}

	synchronized List<ResultTile> of(final View view) {
		final List<ResultTile> found = new ArrayList<>();
		if (view.show.kind == Show.Kind.NOTHING) return found;
		for (final Part part : Part.of(view)) {
			final ResultTile tile = get(part, kind(view.show));
			if (tile != null && tile.meets(view.visible)) found.add(tile);
		}
		return found;
	}

	/** Removes the forest's tiles. */
	void removeForest() {
		removeIf(key -> key.feature == FOREST);
	}

	void remove(final LiveImage image) {
		removeIf(key -> key.part.image == image);
	}

	void clear() {
		removeIf(key -> true);
	}

	/** Keeps those of these images. */
	void retain(final List<LiveImage> images) {
		removeIf(key -> !images.contains(key.part.image));
	}

	private synchronized void removeIf(final Predicate<Key> gone) {
		tiles.keySet().removeIf(gone);
		bytes = 0;
		for (final Map.Entry<Key, ResultTile> entry : tiles.entrySet())
			bytes += entry.getValue().bytes();
	}

	synchronized long bytes() {
		return bytes;
	}
}
