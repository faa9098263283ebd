package io.github.brushwood.session.live;

import java.awt.Rectangle;
import java.util.Arrays;

/**
 * The pixels of a straight piece of a stroke, as one run of pixels per row: those whose centre is within the radius of
 * a line, and those that the line meets. A row's pixels are neighbours because both sets are convex around one line.
 * Only + - * / sqrt on doubles, so that every machine draws the same.
 */
final class Capsule {

	/** Beyond it nobody sees the difference, and squares stay finite. */
	private static final double FAR = 1e9;

	/** Ends of the line; the second is not above the first. */
	private final double ax;
	private final double ay;
	private final double ux;
	private final double uy;
	private final double radius;
	private final int width;
	private final int top;
	/** First and last pixel of each row from the top on; none when the last is before the first. */
	private final int[] first;
	private final int[] last;

	/** The part within an image; null when there is none, or a number is not finite. */
	static Capsule of(final double x0, final double y0, final double x1, final double y1, final double diameter,
		final int width, final int height)
	{
		final double sum = x0 + y0 + x1 + y1 + diameter;
		if (Double.isNaN(sum) || Double.isInfinite(sum)) return null;
		final double radius = Math.max(0.5, far(diameter) / 2);
		final boolean down = y0 < y1 || y0 == y1 && x0 <= x1;
		final double[] a = { far(down ? x0 : x1), far(down ? y0 : y1) };
		final double[] b = { far(down ? x1 : x0), far(down ? y1 : y0) };
		final int top = clamp(Math.floor(a[1] - radius - 0.5), height);
		final int bottom = clamp(Math.ceil(b[1] + radius - 0.5), height);
		final boolean outside = b[1] + radius < 0 || a[1] - radius > height || Math.max(a[0], b[0]) + radius < 0 || Math
			.min(a[0], b[0]) - radius > width;
		return outside ? null : new Capsule(a, b, radius, width, top, bottom);
	}

	private Capsule(final double[] a, final double[] b, final double radius, final int width, final int top,
		final int bottom)
	{
		ax = a[0];
		ay = a[1];
		ux = b[0] - a[0];
		uy = b[1] - a[1];
		this.radius = radius;
		this.width = width;
		this.top = top;
		first = new int[bottom - top + 1];
		last = new int[first.length];
		Arrays.fill(first, Integer.MAX_VALUE);
		Arrays.fill(last, -1);
		for (int row = 0; row < first.length; row++) {
			near(row);
			met(row);
		}
	}

	/** Around its pixels; empty when the image has none of them. */
	Rectangle bounds() {
		int left = Integer.MAX_VALUE;
		int right = -1;
		for (int row = 0; row < first.length; row++) {
			if (last[row] < first[row]) continue;
			left = Math.min(left, first[row]);
			right = Math.max(right, last[row]);
		}
		return right < left ? new Rectangle() : new Rectangle(left, top, right - left + 1, first.length);
	}

	/**
	 * Writes an id to the pixels within the square at x, y.
	 *
	 * @return whether there are any
	 */
	boolean draw(final byte[] ids, final int x, final int y, final int size, final byte id) {
		boolean any = false;
		for (int row = Math.max(y, top); row < Math.min(y + size, top + first.length); row++) {
			final int from = Math.max(first[row - top], x) - x;
			final int to = Math.min(last[row - top], x + size - 1) - x;
			if (from > to) continue;
			Arrays.fill(ids, (row - y) * size + from, (row - y) * size + to + 1, id);
			any = true;
		}
		return any;
	}

	/** Adds the pixels of a row whose centres are near the line. */
	private void near(final int row) {
		final double y = top + row + 0.5;
		double left = Double.POSITIVE_INFINITY;
		double right = Double.NEGATIVE_INFINITY;
		for (int end = 0; end <= 1; end++) {
			final double dy = y - ay - end * uy;
			if (Math.abs(dy) > radius) continue;
			final double half = Math.sqrt(radius * radius - dy * dy);
			left = Math.min(left, ax + end * ux - half);
			right = Math.max(right, ax + end * ux + half);
		}
		// along the two sides
		final double length = Math.sqrt(ux * ux + uy * uy);
		for (int side = -1; side <= 1 && uy > 0; side += 2) {
			final double t = (y - ay - side * radius * ux / length) / uy;
			if (t < 0 || t > 1) continue;
			final double x = ax + t * ux - side * radius * uy / length;
			left = Math.min(left, x);
			right = Math.max(right, x);
		}
		if (left > right || right < -1 || left > width + 1) return;
		int from = clamp(Math.floor(left - 0.5), width);
		int to = clamp(Math.ceil(right - 0.5), width);
		while (from <= to && !isNear(from + 0.5, y))
			from++;
		while (from <= to && !isNear(to + 0.5, y))
			to--;
		add(row, from, to);
	}

	private boolean isNear(final double x, final double y) {
		final double dx = x - ax;
		final double dy = y - ay;
		final double square = ux * ux + uy * uy;
		final double t = square > 0 ? Math.max(0, Math.min(1, (dx * ux + dy * uy) / square)) : 0;
		final double ex = dx - t * ux;
		final double ey = dy - t * uy;
		return ex * ex + ey * ey <= radius * radius;
	}

	/**
	 * Adds the pixels of a row that the line meets; a pixel has its upper and its left edge, but not the others. One that
	 * the line only touches at a corner on its way between rows does not count: a pencil's diagonals stay thin.
	 */
	private void met(final int row) {
		final double y = top + row;
		final double by = ay + uy;
		if (Math.floor(ay) > y || Math.floor(by) < y) return;
		final boolean enters = ay < y;
		final boolean leaves = by >= y + 1;
		final double x0 = enters ? ax + (y - ay) / uy * ux : ax;
		final double x1 = leaves ? ax + (y + 1 - ay) / uy * ux : ax + ux;
		final double left = Math.floor(Math.min(x0, x1));
		final boolean open = ux > 0 ? leaves : enters;
		final double right = open ? Math.max(left, Math.ceil(Math.max(x0, x1)) - 1) : Math.floor(Math.max(x0, x1));
		if (right < 0 || left >= width) return;
		add(row, clamp(left, width), clamp(right, width));
	}

	private void add(final int row, final int from, final int to) {
		if (from > to) return;
		first[row] = Math.min(first[row], from);
		last[row] = Math.max(last[row], to);
	}

	private static double far(final double x) {
		return Math.max(-FAR, Math.min(FAR, x));
	}

	private static int clamp(final double x, final int size) {
		return (int) Math.max(0, Math.min(size - 1, x));
	}
}
