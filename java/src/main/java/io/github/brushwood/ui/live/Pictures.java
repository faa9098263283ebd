package io.github.brushwood.ui.live;

import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;

/** Draws pictures of parts of an image where the parts are on the canvas. */
final class Pictures {

	private Pictures() {}

	/**
	 * Draws what is in sight of a picture, pixels as squares.
	 *
	 * @param x of its left edge in the image
	 * @param level one pixel of the picture stands for 2^level x 2^level pixels of the image
	 */
	static void draw(final Graphics2D g, final BufferedImage picture, final int x, final int y, final int level,
		final Zoom zoom)
	{
		final Rectangle whole = new Rectangle(x, y, picture.getWidth() << level, picture.getHeight() << level);
		final Rectangle seen = whole.intersection(zoom.source);
		if (seen.isEmpty()) return;
		final int left = seen.x - x >> level;
		final int top = seen.y - y >> level;
		final int right = seen.x + seen.width - x + (1 << level) - 1 >> level;
		final int bottom = seen.y + seen.height - y + (1 << level) - 1 >> level;
		g.drawImage(picture, zoom.x(x + (left << level)), zoom.y(y + (top << level)), zoom.x(x + (right << level)), zoom.y(
			y + (bottom << level)), left, top, right, bottom, null);
	}

	/** So that pixels are drawn as squares, fast. */
	static void prepare(final Graphics2D g) {
		g.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
		g.setRenderingHint(RenderingHints.KEY_RENDERING, RenderingHints.VALUE_RENDER_SPEED);
		g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_OFF);
	}
}
