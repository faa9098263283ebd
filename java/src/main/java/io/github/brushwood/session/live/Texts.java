package io.github.brushwood.session.live;

import java.util.Locale;

/** Numbers for people. */
final class Texts {

	private Texts() {}

	/** "12,345" */
	static String count(final long number) {
		return String.format(Locale.ROOT, "%,d", number);
	}

	/** "1 pixel", "12,345 pixels" */
	static String count(final long number, final String thing) {
		return count(number) + " " + thing + (number == 1 ? "" : "s");
	}

	/** "12.3 %" of 0.123; "undefined" of NaN */
	static String percent(final double share) {
		return Double.isNaN(share) ? "undefined" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
	}
}
