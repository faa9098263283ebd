package io.github.brushwood.ui.live;

import java.awt.Rectangle;

/** Where pixels of the image lie on the canvas at one moment; immutable. */
final class Zoom {

	/** The part of the image in sight. */
	final Rectangle source;
	final double magnification;

	Zoom(final Rectangle source, final double magnification) {
		this.source = new Rectangle(source);
		this.magnification = magnification;
	}

	/** Position of a column's left edge on the canvas; neighbouring areas meet without gaps. */
	int x(final double column) {
		return (int) Math.round((column - source.x) * magnification);
	}

	int y(final double row) {
		return (int) Math.round((row - source.y) * magnification);
	}

	/** Canvas pixels that an area of the image touches. */
	Rectangle toCanvas(final Rectangle area) {
		final int left = (int) Math.floor((area.x - source.x) * magnification) - 1;
		final int top = (int) Math.floor((area.y - source.y) * magnification) - 1;
		final int right = (int) Math.ceil((area.x + area.width - source.x) * magnification) + 1;
		final int bottom = (int) Math.ceil((area.y + area.height - source.y) * magnification) + 1;
		return new Rectangle(left, top, right - left, bottom - top);
	}

	/** Pixels of the image, in sight, that an area of the canvas touches. */
	Rectangle toImage(final Rectangle area) {
		final int left = (int) Math.floor(area.x / magnification) + source.x - 1;
		final int top = (int) Math.floor(area.y / magnification) + source.y - 1;
		final int right = (int) Math.ceil((area.x + area.width) / magnification) + source.x + 1;
		final int bottom = (int) Math.ceil((area.y + area.height) / magnification) + source.y + 1;
		return new Rectangle(left, top, right - left, bottom - top).intersection(source);
	}

	/** How often pixels may be halved so that the canvas still shows at most one of them per own pixel. */
	int level() {
		int level = 0;
		while (level < 6 && magnification * (2 << level) <= 1)
			level++;
		return level;
	}
}
