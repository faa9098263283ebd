package io.github.brushwood.ui.live;

import ij.ImagePlus;
import ij.gui.ImageCanvas;
import ij.gui.Overlay;
import ij.gui.Roi;
import ij.process.ImageProcessor;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.ObjectExamples;
import io.github.brushwood.session.ObjectPicking;

import java.awt.Graphics;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;

/**
 * Objects in the colours of their classes over the visible part of an image; examples stronger, with a white edge. Lies
 * in the canvas' list of what ImageJ shows beside the image's own overlay, so nothing of it is saved or flattened.
 */
final class PickLayer extends Roi {

	private static final long serialVersionUID = 1L;

	private static final int WHITE = 0xFFFFFFFF;
	private static final int OPAQUE = 0xFF000000;
	private static final int PREDICTED_ALPHA = 0x58000000;
	private static final int EXAMPLE_ALPHA = 0xA8000000;
	private static final int EXAMPLE = 1 << 24;

	private final transient ImagePlus display;
	private final transient ObjectPicking picking;
	private transient ObjectExamples examples;
	private transient ObjectPicking.Result result;
	/** Colour of each object of a frame and whether it is an example; -1 = no class. */
	private transient int[] colours;
	private transient int frameOfColours;
	private boolean on = true;

	PickLayer(final ImagePlus display, final ObjectPicking picking) {
		super(0, 0, display.getWidth(), display.getHeight());
		this.display = display;
		this.picking = picking;
		examples = picking.examples();
	}

	/** @param newResult null for none; on the event thread */
	void show(final ObjectExamples newExamples, final ObjectPicking.Result newResult) {
		examples = newExamples;
		result = newResult;
		colours = null;
		attach();
	}

	void toggle() {
		on = !on;
		attach();
	}

	/** ImageJ's ROI Manager may have taken the place. */
	private void attach() {
		final ImageCanvas canvas = display.getCanvas();
		if (canvas == null) return;
		final Overlay overlay = new Overlay();
		overlay.add(this);
		canvas.setShowAllList(overlay);
		canvas.repaint();
	}

	/** Takes it away. */
	void remove() {
		final ImageCanvas canvas = display.getCanvas();
		if (canvas == null) return;
		final Overlay shown = canvas.getShowAllList();
		if (shown != null && shown.contains(this)) canvas.setShowAllList(null);
		canvas.repaint();
	}

	@Override
	public void draw(final Graphics g) {
		final ImageCanvas canvas = display.getCanvas();
		if (!on || canvas == null) return;
		final Rectangle view = canvas.getSrcRect();
		final double zoom = canvas.getMagnification();
		final int width = (int) Math.ceil(view.width * zoom);
		final int height = (int) Math.ceil(view.height * zoom);
		if (width <= 0 || height <= 0) return;
		final int frame = display.getFrame() - 1;
		if (colours == null || frameOfColours != frame) colours = colours(frame);
		frameOfColours = frame;
		// in pixels of the image or of the screen, whichever are fewer; edges of examples need some of the screen's
		final int columns = Math.min(width, view.width * Math.max(1, Math.min(2, (int) zoom)));
		final int rows = Math.min(height, view.height * Math.max(1, Math.min(2, (int) zoom)));
		g.drawImage(picture(view, columns, rows, picking.plane(display.getSlice() - 1, frame)), 0, 0, width, height, null);
	}

	private int[] colours(final int frame) {
		final int[] all = new int[picking.highest(frame) + 1];
		for (int object = 0; object < all.length; object++) {
			final int row = picking.row(frame, object);
			final AnnotationClass example = row < 0 ? null : examples.classOf(frame, object);
			final int label = row < 0 || result == null ? 0 : result.label(row);
			if (example != null) all[object] = example.rgb() | EXAMPLE;
			else all[object] = label > 0 && label <= result.classes.size() ? result.classes.at(label).rgb() : -1;
		}
		return all;
	}

	private BufferedImage picture(final Rectangle view, final int columns, final int rows,
		final ImageProcessor objects)
	{
		final BufferedImage picture = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_ARGB);
		final int[] x = new int[columns];
		for (int i = 0; i < columns; i++)
			x[i] = view.x + (int) ((i + 0.5) * view.width / columns);
		int[] above = new int[columns];
		int[] line = new int[columns];
		final int[] pixels = new int[columns];
		for (int j = 0; j < rows; j++) {
			final int y = view.y + (int) ((j + 0.5) * view.height / rows);
			for (int i = 0; i < columns; i++)
				line[i] = (int) objects.getf(x[i], y);
			for (int i = 0; i < columns; i++) {
				final boolean edge = j > 0 && above[i] != line[i] || i > 0 && line[i - 1] != line[i];
				pixels[i] = edge ? edge(line[i], j > 0 ? above[i] : 0, i > 0 ? line[i - 1] : 0) : colour(line[i]);
			}
			picture.setRGB(0, j, columns, 1, pixels, 0, columns);
			final int[] swap = above;
			above = line;
			line = swap;
		}
		return picture;
	}

	private int of(final int object) {
		return object > 0 && object < colours.length ? colours[object] : -1;
	}

	private int colour(final int object) {
		final int colour = of(object);
		if (colour == -1) return 0;
		return colour & 0xFFFFFF | ((colour & EXAMPLE) != 0 ? EXAMPLE_ALPHA : PREDICTED_ALPHA);
	}

	/** White at examples, else the colour of one of the objects that meet. */
	private int edge(final int... objects) {
		int best = 0;
		for (final int object : objects) {
			final int colour = of(object);
			if (colour == -1) continue;
			if ((colour & EXAMPLE) != 0) return WHITE;
			if (best == 0) best = colour | OPAQUE;
		}
		return best;
	}
}
