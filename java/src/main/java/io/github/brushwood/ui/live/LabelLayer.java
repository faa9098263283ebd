package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.LabelMap;

import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Pictures of the labels of one slice, made anew where labels change. On the event thread. */
final class LabelLayer {

	/** Time for making pictures in one repaint; the next one goes on. */
	private static final long BUDGET_NS = 6_000_000;
	/** More than the largest screen shows at once. */
	private static final int MAX_PICTURES = 16384;
	private static final int TILE = LabelMap.TILE;

	private final LabelMap labels;
	/** By place; holds null where there are no labels. */
	private final Map<Long, BufferedImage> pictures = new HashMap<>();
	private int z = -1;
	private int t = -1;
	private int level;
	private double inside;
	private int[] colourOfId = {};
	private LabelRenderer renderer;

	LabelLayer(final LabelMap labels) {
		this.labels = labels;
	}

	/** Chooses what {@link #paint} paints. */
	void prepare(final int wantedZ, final int wantedT, final int[] colours, final double opacity, final int wantedLevel) {
		final boolean same = z == wantedZ && t == wantedT && level == wantedLevel && inside == opacity && Arrays.equals(
			colours, colourOfId);
		if (same) return;
		z = wantedZ;
		t = wantedT;
		level = wantedLevel;
		inside = opacity;
		colourOfId = colours;
		renderer = new LabelRenderer(labels, z, t, colours, opacity);
		pictures.clear();
	}

	/** @return false when it ran out of time and has to be called again */
	boolean paint(final Graphics2D g, final Rectangle area, final Zoom zoom) {
		final long end = System.nanoTime() + BUDGET_NS;
		final int size = TILE << level;
		boolean complete = true;
		for (int row = area.y / size; row * size < area.y + area.height; row++)
			for (int column = area.x / size; column * size < area.x + area.width; column++) {
				final long key = key(column, row);
				if (!pictures.containsKey(key)) {
					complete &= System.nanoTime() < end;
					if (!complete) continue;
					if (pictures.size() >= MAX_PICTURES) pictures.clear();
					pictures.put(key, renderer.render(column, row, level));
				}
				final BufferedImage picture = pictures.get(key);
				if (picture != null) Pictures.draw(g, picture, column * size, row * size, level, zoom);
			}
		return complete;
	}

	/** Labels changed there, or somewhere when it is null. An outline may change one pixel further. */
	void changed(final int changedZ, final int changedT, final Rectangle where) {
		if (where == null) pictures.clear();
		if (where == null || changedZ != z || changedT != t) return;
		final int size = TILE << level;
		for (int row = Math.max(0, where.y - 1) / size; row <= (where.y + where.height) / size; row++)
			for (int column = Math.max(0, where.x - 1) / size; column <= (where.x + where.width) / size; column++)
				pictures.remove(key(column, row));
	}

	private static long key(final int column, final int row) {
		return (long) row << 32 | column;
	}
}
