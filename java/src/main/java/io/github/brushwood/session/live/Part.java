package io.github.brushwood.session.live;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A square of a slice on a fixed grid, cut at the image's border: what a tile lies in and features are kept for, so
 * that those which were computed once are found again; immutable.
 */
final class Part {

	/** Edge in pixels. */
	static final int EDGE = 512;

	/** What is in sight of a part is rounded to so many pixels. */
	private static final int STEP = 32;

	final LiveImage image;
	final int z;
	final int t;
	private final int column;
	private final int row;

	Part(final LiveImage image, final int z, final int t, final int column, final int row) {
		this.image = image;
		this.z = z;
		this.t = t;
		this.column = column;
		this.row = row;
	}

	/** Pixels of it. */
	Rectangle bounds() {
		final Rectangle whole = new Rectangle(image.labels().width(), image.labels().height());
		return new Rectangle(column * EDGE, row * EDGE, EDGE, EDGE).intersection(whole);
	}

	/** What a view shows of it and a little more, so that small movements change nothing. */
	Rectangle seen(final Rectangle visible) {
		final int x = Math.floorDiv(visible.x, STEP) * STEP;
		final int y = Math.floorDiv(visible.y, STEP) * STEP;
		final int right = -Math.floorDiv(-visible.x - visible.width, STEP) * STEP;
		final int bottom = -Math.floorDiv(-visible.y - visible.height, STEP) * STEP;
		return new Rectangle(x, y, right - x, bottom - y).intersection(bounds());
	}

	/** First position of an area of its slice, as the engine counts. */
	long[] low(final Rectangle area) {
		return new long[] { area.x, area.y, z };
	}

	/** The first position behind the area. */
	long[] high(final Rectangle area) {
		return new long[] { (long) area.x + area.width, (long) area.y + area.height, z + 1L };
	}

	/** The parts that a view shows something of, the nearest to its centre first. */
	static List<Part> of(final View view) {
		return of(view.image, view.z, view.t, view.visible);
	}

	/** The parts that meet an area of a slice, the nearest to its centre first. */
	static List<Part> of(final LiveImage image, final int z, final int t, final Rectangle area) {
		final Rectangle inside = area.intersection(new Rectangle(image.labels().width(), image.labels().height()));
		final List<Part> parts = new ArrayList<>();
		if (inside.isEmpty()) return parts;
		for (int row = inside.y / EDGE; row * EDGE < inside.y + inside.height; row++)
			for (int column = inside.x / EDGE; column * EDGE < inside.x + inside.width; column++)
				parts.add(new Part(image, z, t, column, row));
		parts.sort(Comparator.comparingDouble(part -> part.distance(inside.getCenterX(), inside.getCenterY())));
		return parts;
	}

	private double distance(final double x, final double y) {
		final Rectangle r = bounds();
		return Math.hypot(r.getCenterX() - x, r.getCenterY() - y);
	}

	/** The same square of another slice of the frame. */
	Part onSlice(final int otherZ) {
		return new Part(image, otherZ, t, column, row);
	}

	boolean meets(final View view) {
		return view != null && view.image == image && view.z == z && view.t == t && bounds().intersects(view.visible);
	}

	@Override
	public boolean equals(final Object other) {
		if (!(other instanceof Part)) return false;
		final Part p = (Part) other;
		return p.image == image && p.z == z && p.t == t && p.column == column && p.row == row;
	}

	@Override
	public int hashCode() {
		return ((z * 31 + t) * 31 + column) * 31 + row;
	}
}
