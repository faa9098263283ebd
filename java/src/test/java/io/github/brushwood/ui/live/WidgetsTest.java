package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;

import org.junit.jupiter.api.Test;

class WidgetsTest {

	/** What readers with normal eyesight need (WCAG AA). */
	private static final double READABLE = 4.5;

	private static double contrast(final Color a, final Color b) {
		final double one = Widgets.luminance(a) + 0.05;
		final double other = Widgets.luminance(b) + 0.05;
		return Math.max(one, other) / Math.min(one, other);
	}

	@Test
	void textOnShadedCellsIsReadable() {
		for (final Color back : new Color[] { Color.WHITE, Color.BLACK, new Color(0xeeeeee), new Color(0x3c3f41) })
			for (final Color full : new Color[] { Widgets.GOOD, Widgets.BAD })
				for (int share = 0; share <= 100; share++) {
					final Color cell = Widgets.mix(back, full, share / 100.0);
					final double found = contrast(cell, Widgets.textOn(cell));
					assertTrue(found >= READABLE, cell + ": " + found);
				}
	}

	@Test
	void errorsAreReadable() {
		for (final Color back : new Color[] { Color.WHITE, Color.BLACK, new Color(0xeeeeee), new Color(0x3c3f41) })
			assertTrue(contrast(back, Widgets.errorOn(back)) >= READABLE, back.toString());
	}

	@Test
	void numbersForPeople() {
		assertEquals("12,345", Widgets.count(12345));
		assertEquals("3.2\u00a0%", Widgets.percent(0.0321));
		assertEquals("-", Widgets.percent(Double.NaN));
		assertEquals("0.932", Widgets.score(0.93177));
		assertEquals("-", Widgets.score(Double.NaN));
		assertEquals("136 kB", Widgets.bytes(136e3));
		assertEquals("8.9 MB", Widgets.bytes(8.91e6));
		assertEquals("440 MB", Widgets.bytes(440.4e6));
		assertEquals("1.3 GB", Widgets.bytes(1.26e9));
	}
}
