package io.github.brushwood.session.live;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.options.Options;

import java.awt.Rectangle;

/**
 * A stroke while it is being drawn. Its points are rounded to quarters of a pixel before anything is drawn, so that the
 * text of the stroke, "x,y;x,y;...", draws the same pixels again.
 */
final class PaintedStroke implements Actions.Stroke {

	/** Steps per pixel to which points are rounded. */
	private static final int STEPS = 4;
	/** Points further away than any image is wide. */
	private static final double FAR = 1 << 24;

	/** Takes the text of a stroke that is done. */
	interface Done {

		void drawn(String diameter, String points);
	}

	private final LiveSession session;
	private final LiveImage image;
	private final int id;
	private final String name;
	private final boolean straight;
	private final double diameter;
	private final double firstX;
	private final double firstY;
	private final int z;
	private final int t;
	private final Done done;
	private final StringBuilder points;
	private final LabelEdit edit;
	private Rectangle drawn;
	private double lastX;
	private double lastY;

	/**
	 * @param id of the class; 0 erases
	 * @param name of the step for the history
	 * @param straight one piece from the first to the last point
	 * @param z from 0, as t
	 */
	PaintedStroke(final LiveSession session, final LiveImage image, final int id, final String name,
		final boolean straight, final double diameter, final double x, final double y, final int z, final int t,
		final Done done)
	{
		this.session = session;
		this.image = image;
		this.id = id;
		this.name = name;
		this.straight = straight;
		this.diameter = Math.max(1, rounded(diameter));
		this.z = z;
		this.t = t;
		this.done = done;
		firstX = lastX = rounded(x);
		firstY = lastY = rounded(y);
		points = new StringBuilder(text(firstX, firstY));
		edit = session.edit(image);
		drawn = draw(firstX, firstY, firstX, firstY);
	}

	/** What the first point changed, to be repainted. */
	Rectangle drawn() {
		return drawn;
	}

	@Override
	public Rectangle to(final double x, final double y) {
		final double nextX = rounded(x);
		final double nextY = rounded(y);
		if (nextX == lastX && nextY == lastY) return new Rectangle();
		final Rectangle changed = straight ? redraw(nextX, nextY) : draw(lastX, lastY, nextX, nextY);
		lastX = nextX;
		lastY = nextY;
		if (!straight) points.append(';').append(text(lastX, lastY));
		return changed;
	}

	@Override
	public void finish() {
		final boolean empty = edit.isEmpty();
		session.commit(image, edit, name);
		if (straight && (lastX != firstX || lastY != firstY)) points.append(';').append(text(lastX, lastY));
		if (!empty) done.drawn(Options.plain(diameter), points.toString());
	}

	@Override
	public void abandon() {
		session.abandon(image, edit);
	}

	/** Takes the line back and draws it to another end; nobody else hears of it before it is done. */
	private Rectangle redraw(final double x, final double y) {
		final Rectangle before = drawn;
		edit.revert();
		drawn = draw(firstX, firstY, x, y);
		return before.union(drawn);
	}

	private Rectangle draw(final double x0, final double y0, final double x1, final double y1) {
		return edit.stroke(x0, y0, x1, y1, diameter, id, z, t);
	}

	private static double rounded(final double value) {
		return Math.rint(Math.max(-FAR, Math.min(FAR, value)) * STEPS) / STEPS;
	}

	private static String text(final double x, final double y) {
		return Options.plain(x) + "," + Options.plain(y);
	}

	/**
	 * Points from their text.
	 *
	 * @return x, y of each
	 */
	static double[][] parse(final String text) {
		final String[] items = text.trim().split("\\s*;\\s*");
		final double[][] points = new double[items.length][];
		for (int i = 0; i < items.length; i++)
			points[i] = point(items[i], text);
		return points;
	}

	private static double[] point(final String item, final String text) {
		final String[] numbers = item.split(",", -1);
		try {
			if (numbers.length == 2) {
				final double[] point = { Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1]) };
				if (Math.abs(point[0]) <= FAR && Math.abs(point[1]) <= FAR) return point;
			}
		}
		catch (final NumberFormatException e) {
			// reported below
		}
		final String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
		throw new BrushwoodException("The points have to be x,y;x,y;... in pixels such as 10.5,20;11,21.25, not '" + shown +
			"' ('" + item + "').");
	}
}
