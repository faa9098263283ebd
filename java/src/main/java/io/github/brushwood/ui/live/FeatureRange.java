package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.ResultTile;

import java.awt.Point;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The contrast of a feature on one slice: nearly its smallest and largest value, from samples of all tiles seen so far,
 * so that it stays while someone pans.
 */
final class FeatureRange {

	private static final int SAMPLES = 256;
	/** Share of the values that may lie beyond either end. */
	private static final double TAIL = 0.005;

	private final Map<Point, float[]> samples = new HashMap<>();
	private long version = -1;
	private float low;
	private float high = 1;

	/** Takes new tiles in. @return whether the contrast changed */
	boolean add(final List<ResultTile> tiles) {
		boolean grown = false;
		for (final ResultTile tile : tiles) {
			if (tile.feature == null || tile.version < version) continue;
			if (tile.version > version) samples.clear();
			version = tile.version;
			final Point place = new Point(tile.x, tile.y);
			if (samples.containsKey(place)) continue;
			samples.put(place, sample(tile.feature));
			grown = true;
		}
		return grown && measure();
	}

	float low() {
		return low;
	}

	float high() {
		return high;
	}

	private static float[] sample(final float[] values) {
		final int count = Math.min(SAMPLES, values.length);
		final float[] some = new float[count];
		for (int i = 0; i < count; i++)
			some[i] = values[(int) ((i + 0.5) * values.length / count)];
		return some;
	}

	private boolean measure() {
		int count = 0;
		final float[] all = new float[samples.size() * SAMPLES];
		for (final float[] some : samples.values())
			for (final float value : some)
				if (!Float.isNaN(value)) all[count++] = value;
		if (count == 0) return false;
		Arrays.sort(all, 0, count);
		final float newLow = all[(int) (TAIL * (count - 1))];
		final float newHigh = all[(int) Math.ceil((1 - TAIL) * (count - 1))];
		final boolean changed = newLow != low || newHigh != high;
		low = newLow;
		high = newHigh;
		return changed;
	}
}
