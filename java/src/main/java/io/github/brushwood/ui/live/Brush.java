package io.github.brushwood.ui.live;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.LiveImage;

import java.awt.Rectangle;
import java.awt.geom.Point2D;

/** Turns what the mouse does into strokes of one image. On the event thread. */
final class Brush {

	private final Desk desk;
	private final LiveImage image;
	private Actions.Stroke stroke;
	/** Where the last stroke ended, and on which slice; null before the first. */
	private Point2D.Double last;
	private int lastZ;
	private int lastT;

	Brush(final Desk desk, final LiveImage image) {
		this.desk = desk;
		this.image = image;
	}

	boolean isDown() {
		return stroke != null;
	}

	/**
	 * Begins a stroke with the present tool, class and size.
	 *
	 * @param z from 0, as t
	 * @param straight draws a straight line from where the last stroke ended
	 * @return pixels to repaint; null when there is nothing to paint with
	 */
	Rectangle press(final double x, final double y, final int z, final int t, final boolean straight) {
		release();
		final Palette palette = desk.palette();
		final boolean erase = palette.mode() == Palette.Mode.ERASER;
		final AnnotationClass c = erase ? null : desk.currentClass();
		if (c == null && !erase) return null;
		final boolean fromLast = straight && last != null && z == lastZ && t == lastT;
		final Actions.Tool tool = fromLast ? Actions.Tool.LINE : tool(palette.mode());
		final Point2D.Double from = fromLast ? last : new Point2D.Double(x, y);
		stroke = desk.actions().stroke(image, c, tool, palette.size(), from.x, from.y, z + 1, t + 1);
		lastZ = z;
		lastT = t;
		return join(around(from.x, from.y, palette.size()), drag(x, y));
	}

	/** Pixels of a dot, and a little more. */
	private static Rectangle around(final double x, final double y, final int size) {
		return new Rectangle((int) Math.floor(x - size / 2.0) - 1, (int) Math.floor(y - size / 2.0) - 1, size + 3, size + 3);
	}

	private static Rectangle join(final Rectangle a, final Rectangle b) {
		return b.isEmpty() ? a : a.union(b);
	}

	private static Actions.Tool tool(final Palette.Mode mode) {
		switch (mode) {
			case ERASER:
				return Actions.Tool.ERASER;
			case LINE:
				return Actions.Tool.LINE;
			default:
				return Actions.Tool.BRUSH;
		}
	}

	/** @return pixels to repaint; null while no stroke is being drawn */
	Rectangle drag(final double x, final double y) {
		if (stroke == null) return null;
		last = new Point2D.Double(x, y);
		return stroke.to(x, y);
	}

	/** Ends the stroke, if there is one. */
	void release() {
		final Actions.Stroke done = stroke;
		stroke = null;
		if (done != null) done.finish();
	}

	/** Takes the stroke that is being drawn back. @return false when there is none */
	boolean abandon() {
		final Actions.Stroke taken = stroke;
		stroke = null;
		if (taken != null) taken.abandon();
		return taken != null;
	}
}
