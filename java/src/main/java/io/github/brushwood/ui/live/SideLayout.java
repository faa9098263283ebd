package io.github.brushwood.ui.live;

import ij.gui.ImageWindow;

import java.awt.Component;
import java.awt.Container;
import java.awt.Dimension;
import java.awt.Insets;
import java.awt.LayoutManager;

/** Lays out an image window: the canvas with its sliders below it, and a panel as high as the window at the right. */
final class SideLayout implements LayoutManager {

	private static final int GAP = ImageWindow.HGAP;
	private static final int MIN_SLIDER = 160;
	private static final int MIN_HEIGHT = 240;

	private final SegmentWindow window;
	private final LiveCanvas canvas;
	private final Component side;

	SideLayout(final SegmentWindow window, final LiveCanvas canvas, final Component side) {
		this.window = window;
		this.canvas = canvas;
		this.side = side;
	}

	@Override
	public void addLayoutComponent(final String name, final Component component) {}

	@Override
	public void removeLayoutComponent(final Component component) {}

	/** Around the canvas when nothing else is there. */
	private Dimension chrome() {
		final Insets insets = window.getInsets(false);
		return new Dimension(insets.left + insets.right + 3 * GAP + side.getPreferredSize().width, insets.top +
			insets.bottom + 2 * GAP + slidersHeight());
	}

	private int slidersHeight() {
		int height = 0;
		for (final Component c : window.getComponents())
			if (c != canvas && c != side) height += c.getPreferredSize().height + GAP;
		return height;
	}

	/** Space for the canvas in a window of some size. */
	Dimension canvasSpace(final Dimension size) {
		final Dimension chrome = chrome();
		return new Dimension(Math.max(1, size.width - chrome.width), Math.max(1, size.height - chrome.height));
	}

	@Override
	public Dimension preferredLayoutSize(final Container target) {
		final Dimension chrome = chrome();
		final Insets insets = window.getInsets(false);
		final Dimension image = canvas.getPreferredSize();
		final int sideHeight = insets.top + insets.bottom + 2 * GAP + side.getPreferredSize().height;
		final Dimension largest = window.largestSize();
		return new Dimension(Math.min(Math.max(image.width, MIN_SLIDER) + chrome.width, largest.width), Math.min(Math.max(
			image.height + chrome.height, sideHeight), largest.height));
	}

	@Override
	public Dimension minimumLayoutSize(final Container target) {
		return new Dimension(chrome().width + MIN_SLIDER, MIN_HEIGHT);
	}

	@Override
	public void layoutContainer(final Container target) {
		final Insets insets = window.getInsets(false);
		final Dimension space = canvasSpace(target.getSize());
		canvas.fitInto(space.width, space.height);
		final int left = insets.left + GAP;
		final int top = insets.top + GAP;
		final int x = left + Math.max(0, (space.width - canvas.getWidth()) / 2);
		canvas.setLocation(x, top);
		int y = top + canvas.getHeight() + GAP;
		final int width = Math.min(space.width, Math.max(canvas.getWidth(), MIN_SLIDER));
		for (final Component c : window.getComponents()) {
			if (c == canvas || c == side) continue;
			final int height = c.getPreferredSize().height;
			c.setBounds(left + (space.width - width) / 2, y, width, height);
			y += height + GAP;
		}
		side.setBounds(left + space.width + GAP, insets.top, side.getPreferredSize().width, target.getHeight() -
			insets.top - insets.bottom - GAP);
	}
}
