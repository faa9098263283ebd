package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.live.ResultTile;
import io.github.brushwood.session.live.ResultTiles;

import java.util.Collections;

import org.junit.jupiter.api.Test;

class FeatureRangeTest {

	/** A tile with values that rise from one to another. */
	private static ResultTile ramp(final int x, final long version, final float from, final float to) {
		final float[] values = new float[1024];
		for (int i = 0; i < values.length; i++)
			values[i] = from + (to - from) * i / (values.length - 1);
		return ResultTiles.feature(x, 0, 32, 32, version, values);
	}

	@Test
	void coversNearlyAllValues() {
		final FeatureRange range = new FeatureRange();
		assertTrue(range.add(Collections.singletonList(ramp(0, 1, -100, 300))));
		assertEquals(-100, range.low(), 6);
		assertEquals(300, range.high(), 6);
	}

	@Test
	void oneWildValueDoesNotDarkenTheRest() {
		final float[] values = new float[1024];
		for (int i = 0; i < values.length; i++)
			values[i] = i % 7;
		values[2] = 1e9f;
		values[1022] = Float.NaN;
		final FeatureRange range = new FeatureRange();
		range.add(Collections.singletonList(ResultTiles.feature(0, 0, 32, 32, 1, values)));
		assertEquals(0, range.low());
		assertEquals(6, range.high());
	}

	@Test
	void growsWithNewTilesAndStaysWithKnownOnes() {
		final FeatureRange range = new FeatureRange();
		range.add(Collections.singletonList(ramp(0, 1, 0, 1)));
		assertFalse(range.add(Collections.singletonList(ramp(0, 1, 0, 1))));
		assertTrue(range.add(Collections.singletonList(ramp(32, 1, 0, 10))));
		assertEquals(10, range.high(), 0.5);
	}

	@Test
	void aNewVersionBeginsAnew() {
		final FeatureRange range = new FeatureRange();
		range.add(Collections.singletonList(ramp(0, 1, 0, 1000)));
		range.add(Collections.singletonList(ramp(0, 2, 5, 6)));
		assertEquals(6, range.high(), 0.1);
		range.add(Collections.singletonList(ramp(32, 1, 0, 1000)));
		assertEquals(6, range.high(), 0.1);
	}
}
