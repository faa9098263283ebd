package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.Show;

import java.util.Arrays;

/** How results become colours; immutable. */
final class Style {

	final Show show;
	/** 0xAARRGGBB of each class id (256 long); 0 for classes that are hidden or do not exist. */
	final int[] colourOfId;
	/** Feature values that become black and white. */
	final float low;
	final float high;

	Style(final Show show, final int[] colourOfId, final float low, final float high) {
		this.show = show;
		this.colourOfId = colourOfId;
		this.low = low;
		this.high = high;
	}

	@Override
	public boolean equals(final Object other) {
		if (!(other instanceof Style)) return false;
		final Style s = (Style) other;
		return s.show.equals(show) && s.low == low && s.high == high && Arrays.equals(s.colourOfId, colourOfId);
	}

	@Override
	public int hashCode() {
		return show.hashCode() + 31 * Arrays.hashCode(colourOfId);
	}
}
