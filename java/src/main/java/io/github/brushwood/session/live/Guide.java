package io.github.brushwood.session.live;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds where a forest is least sure: squares of 32 pixels with the highest mean uncertainty, away from labels and from
 * places that it gave before. What it has seen stays known for the next question as long as the forest is the same. For
 * the worker's thread.
 */
final class Guide {

	/** Edge of a square. */
	static final int WINDOW = 32;
	/** Pixels to the next label, at least. */
	static final int AWAY = 16;

	/** Makes a part's uncertainty, 0..255 row by row. */
	interface Doubt {

		byte[] of(Part part);
	}

	private static final class Window {

		private final Part part;
		private final Rectangle area;
		private final double uncertainty;

		private Window(final Part part, final Rectangle area, final double uncertainty) {
			this.part = part;
			this.area = area;
			this.uncertainty = uncertainty;
		}

		private LiveUpdater.Place place() {
			return new LiveUpdater.Place(part.image, area.x + area.width / 2, area.y + area.height / 2, part.z, part.t,
				uncertainty);
		}
	}

	private long generation = -1;
	private final Map<Part, List<Window>> known = new HashMap<>();
	private final List<LiveUpdater.Place> given = new ArrayList<>();

	/** Forgets what it knows of another forest. */
	void of(final long forest) {
		if (generation == forest) return;
		generation = forest;
		known.clear();
		given.clear();
	}

	/** All parts to look at: those in view, then slices of its image and of the others, evenly spread. */
	static List<Part> order(final View view, final List<LiveImage> images) {
		final Set<Part> parts = new LinkedHashSet<>();
		if (view != null && view.image.image() != null) {
			parts.addAll(Part.of(view));
			parts.addAll(slice(view.image, view.z, view.t));
			addAll(parts, view.image);
		}
		for (final LiveImage image : images)
			addAll(parts, image);
		return new ArrayList<>(parts);
	}

	private static void addAll(final Set<Part> parts, final LiveImage image) {
		if (image.image() == null) return;
		final int depth = image.labels().depth();
		for (final int slice : spread(depth * image.labels().frames()))
			parts.addAll(slice(image, slice % depth, slice / depth));
	}

	private static List<Part> slice(final LiveImage image, final int z, final int t) {
		return Part.of(image, z, t, new Rectangle(image.labels().width(), image.labels().height()));
	}

	/** 0 to count - 1, each beginning of the list evenly spread: by the bits of the place in reverse order. */
	static List<Integer> spread(final int count) {
		final List<Integer> numbers = new ArrayList<>();
		for (int i = 0; i < count; i++)
			numbers.add(i);
		final int bits = 32 - Integer.numberOfLeadingZeros(Math.max(1, count - 1));
		numbers.sort(Comparator.comparingInt(i -> Integer.reverse(i) >>> 32 - bits));
		return numbers;
	}

	boolean knows(final Part part) {
		return known.containsKey(part);
	}

	/** @param doubt of the part, 0..255 row by row */
	void look(final Part part, final byte[] doubt) {
		final Rectangle bounds = part.bounds();
		final List<Window> windows = new ArrayList<>();
		for (int y = bounds.y; y < bounds.y + bounds.height; y += WINDOW) {
			for (int x = bounds.x; x < bounds.x + bounds.width; x += WINDOW) {
				final Rectangle area = new Rectangle(x, y, WINDOW, WINDOW).intersection(bounds);
				if (isLargeEnough(area, part.image)) windows.add(new Window(part, area, mean(area, bounds, doubt)));
			}
		}
		known.put(part, windows);
	}

	/** Slivers at the border say little, but an image may be one. */
	private static boolean isLargeEnough(final Rectangle area, final LiveImage image) {
		return area.width >= Math.min(WINDOW / 2, image.labels().width()) && area.height >= Math.min(WINDOW / 2, image
			.labels().height());
	}

	private static double mean(final Rectangle area, final Rectangle bounds, final byte[] doubt) {
		long sum = 0;
		for (int y = area.y - bounds.y; y < area.y - bounds.y + area.height; y++)
			for (int x = area.x - bounds.x; x < area.x - bounds.x + area.width; x++)
				sum += doubt[y * bounds.width + x] & 0xFF;
		return sum / (255.0 * area.width * area.height);
	}

	/**
	 * The least certain place of what is known; the first in order among equals. It will not be given again.
	 *
	 * @param order the parts to choose from
	 * @return null when there is none left
	 */
	LiveUpdater.Place choose(final List<Part> order) {
		Window best = null;
		for (final Part part : order) {
			if (!known.containsKey(part)) continue;
			for (final Window window : known.get(part)) {
				if (best != null && window.uncertainty <= best.uncertainty) continue;
				if (isNew(window.place()) && isUnlabelled(window.place())) best = window;
			}
		}
		if (best == null) return null;
		given.add(best.place());
		return best.place();
	}

	private boolean isNew(final LiveUpdater.Place place) {
		for (final LiveUpdater.Place old : given) {
			if (old.image != place.image || old.t != place.t) continue;
			final double dx = old.x - place.x;
			final double dy = old.y - place.y;
			final double dz = old.z - place.z;
			if (dx * dx + dy * dy + dz * dz < WINDOW * WINDOW) return false;
		}
		return true;
	}

	private static boolean isUnlabelled(final LiveUpdater.Place place) {
		final LabelMap labels = place.image.labels();
		for (int tileY = tile(place.y - AWAY); tileY <= tile(place.y + AWAY); tileY++) {
			for (int tileX = tile(place.x - AWAY); tileX <= tile(place.x + AWAY); tileX++) {
				if (tileX < 0 || tileY < 0 || tileX > tile(labels.width() - 1) || tileY > tile(labels.height() - 1)) continue;
				final byte[] ids = labels.tile(tileX, tileY, place.z, place.t);
				if (ids != null && isNear(ids, tileX * LabelMap.TILE - place.x, tileY * LabelMap.TILE - place.y)) return false;
			}
		}
		return true;
	}

	private static int tile(final int position) {
		return Math.floorDiv(position, LabelMap.TILE);
	}

	/** Whether a labelled pixel of a tile lies near. @param x of its first pixel, seen from the place; likewise y */
	private static boolean isNear(final byte[] ids, final int x, final int y) {
		for (int i = 0; i < ids.length; i++) {
			if (ids[i] == 0) continue;
			final int dx = x + i % LabelMap.TILE;
			final int dy = y + i / LabelMap.TILE;
			if (dx * dx + dy * dy <= AWAY * AWAY) return true;
		}
		return false;
	}
}
