package io.github.brushwood.ui.live;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Component;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.QuadCurve2D;
import java.awt.geom.Rectangle2D;

import javax.swing.Icon;

/** Small drawings that are sharp at any scaling. */
final class Icons {

	/** Draws in a square of 18 x 18. */
	private interface Drawing {

		void draw(Graphics2D g);
	}

	private static final int SIZE = 18;

	private Icons() {}

	private static Icon of(final Drawing drawing) {
		return new Icon() {

			@Override
			public void paintIcon(final Component c, final Graphics graphics, final int x, final int y) {
				final Graphics2D g = (Graphics2D) graphics.create();
				g.translate(x, y);
				g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
				g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
				g.setColor(c.isEnabled() ? c.getForeground() : Color.GRAY);
				g.setStroke(new BasicStroke(1.4f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
				drawing.draw(g);
				g.dispose();
			}

			@Override
			public int getIconWidth() {
				return SIZE;
			}

			@Override
			public int getIconHeight() {
				return SIZE;
			}
		};
	}

	static Icon brush() {
		return of(g -> {
			g.draw(shape(9.5, 9, 15, 2, 16, 3, 11.5, 10.5));
			final Path2D tip = new Path2D.Double();
			tip.moveTo(9, 9);
			tip.curveTo(5, 9, 6.5, 13.5, 2.5, 15);
			tip.curveTo(7, 17, 12, 15.5, 11.8, 11.3);
			tip.closePath();
			g.fill(tip);
		});
	}

	static Icon eraser() {
		return of(g -> {
			g.draw(shape(2.5, 11, 9.5, 3, 15.5, 8, 8.5, 16, 6.5, 16));
			g.fill(shape(2.5, 11, 5.5, 7.6, 11.5, 12.6, 8.5, 16, 6.5, 16));
		});
	}

	static Icon line() {
		return of(g -> {
			g.draw(new Line2D.Double(4, 14, 14, 4));
			g.fill(new Ellipse2D.Double(2, 12, 4, 4));
			g.fill(new Ellipse2D.Double(12, 2, 4, 4));
		});
	}

	static Icon pointer() {
		return of(g -> {
			g.setStroke(new BasicStroke(1.3f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] { 2.5f, 2 }, 0));
			g.draw(new Rectangle2D.Double(1.5, 1.5, 10, 10));
			g.fill(shape(7.5, 7, 7.5, 16.5, 10, 14.2, 11.8, 17.4, 13.4, 16.5, 11.8, 13.5, 15, 13.2));
		});
	}

	/** Open or closed. */
	static Icon eye(final boolean open) {
		return of(g -> {
			g.draw(new QuadCurve2D.Double(2, 9, 9, open ? 2.5 : 14, 16, 9));
			if (open) {
				g.draw(new QuadCurve2D.Double(2, 9, 9, 15.5, 16, 9));
				g.fill(new Ellipse2D.Double(6.6, 6.6, 4.8, 4.8));
			}
			else for (int i = -1; i <= 1; i++)
				g.draw(new Line2D.Double(9 + 4 * i, 11.5 - Math.abs(i), 9 + 5.5 * i, 14 - Math.abs(i)));
		});
	}

	private static Path2D shape(final double... points) {
		final Path2D path = new Path2D.Double();
		path.moveTo(points[0], points[1]);
		for (int i = 2; i < points.length; i += 2)
			path.lineTo(points[i], points[i + 1]);
		path.closePath();
		return path;
	}
}
