package io.github.brushwood.session;

import java.awt.Color;
import java.nio.charset.StandardCharsets;

/** A class to tell apart: its id never changes, its name and colour may. */
public final class AnnotationClass {

	/** UTF-8 bytes that a model keeps of a name. */
	static final int MAX_NAME_BYTES = 63;

	private final int id;
	private final String name;
	private final int rgb;

	/**
	 * @param id 1 to 255, unique on its image
	 * @param name what {@link #cleanName} gives
	 * @param rgb 0xRRGGBB
	 */
	AnnotationClass(final int id, final String name, final int rgb) {
		this.id = id;
		this.name = name;
		this.rgb = rgb & 0xFFFFFF;
	}

	public int id() {
		return id;
	}

	public String name() {
		return name;
	}

	/** 0xRRGGBB */
	public int rgb() {
		return rgb;
	}

	public Color colour() {
		return new Color(rgb);
	}

	/** "#rrggbb" */
	public String hex() {
		return hex(rgb);
	}

	static String hex(final int rgb) {
		return String.format("#%06x", rgb & 0xFFFFFF);
	}

	/**
	 * @param text "#rrggbb"
	 * @throws BrushwoodException when it is something else
	 */
	public static int parseColour(final String text) {
		final String digits = text.trim().replaceFirst("^#", "");
		if (digits.matches("[0-9a-fA-F]{6}")) return Integer.parseInt(digits, 16);
		throw new BrushwoodException("The colour has to be #rrggbb such as #e69f00, not '" + text + "'.");
	}

	/**
	 * A name in one line without outer spaces.
	 *
	 * @throws BrushwoodException when nothing is left or it is too long
	 */
	static String cleanName(final String text) {
		final String name = text.replaceAll("\\s+", " ").trim();
		if (name.isEmpty()) throw new BrushwoodException("A class needs a name.");
		if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
			throw new BrushwoodException("The class name '" + name + "' is longer than " + MAX_NAME_BYTES +
				" bytes. Choose a shorter one.");
		}
		return name;
	}

	@Override
	public String toString() {
		return name;
	}
}
