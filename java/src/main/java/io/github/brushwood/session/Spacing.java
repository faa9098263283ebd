package io.github.brushwood.session;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;

import java.util.Locale;

/** Voxel size as users write it: along z, y, x; only the ratios count. */
public final class Spacing {

	public final double x;
	public final double y;
	public final double z;

	public Spacing(final double x, final double y, final double z) {
		this.x = x;
		this.y = y;
		this.z = z;
	}

	/**
	 * @param text "z,y,x", or "" for none
	 * @return null for none
	 * @throws BrushwoodException when the text is something else than three positive numbers
	 */
	public static Spacing parse(final String text) {
		if (text.trim().isEmpty()) return null;
		final String[] parts = text.split(",");
		if (parts.length != 3) throw wrong(text);
		return new Spacing(number(parts[2], text), number(parts[1], text), number(parts[0], text));
	}

	/**
	 * Gives an image the voxel size <code>spacing</code> in place of its own.
	 *
	 * @param spacing null to keep the image's
	 */
	static void apply(final Job job, final EngineImage image, final Spacing spacing) {
		if (spacing != null) image.setSpacing(job, spacing.x, spacing.y, spacing.z);
	}

	private static double number(final String part, final String text) {
		try {
			final double value = Double.parseDouble(part.trim());
			if (value > 0 && !Double.isInfinite(value)) return value;
		}
		catch (final NumberFormatException e) {
			// reported below
		}
		throw wrong(text);
	}

	private static BrushwoodException wrong(final String text) {
		return new BrushwoodException("The spacing has to be three positive numbers z,y,x such as 2.5,1,1, not '" + text +
			"'.");
	}

	@Override
	public String toString() {
		return String.format(Locale.ROOT, "%s,%s,%s", z, y, x);
	}
}
