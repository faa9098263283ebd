package io.github.brushwood.session;

import ij.gui.ImageRoi;
import ij.gui.Line;
import ij.gui.Roi;
import ij.gui.TextRoi;
import ij.process.FloatPolygon;
import ij.process.ImageProcessor;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;

/**
 * Which pixels a Roi covers. Areas: ImageJ's own mask. Lines of every kind: the outline of a round pen of the line's
 * width (at least one pixel), pixels whose centre lies inside. Points: one pixel each. ImageJ's mask of a wide line is
 * not used: it fills the polygon of a freehand line.
 */
final class RoiRasterizer {

	private RoiRasterizer() {}

	/** False for texts and pasted images, which mark no pixels. */
	static boolean isSupported(final Roi roi) {
		return !(roi instanceof TextRoi) && !(roi instanceof ImageRoi);
	}

	/**
	 * Writes <code>value</code> to the Roi's pixels.
	 *
	 * @param plane width * height pixels
	 * @return false when the Roi lies wholly outside the plane
	 */
	static boolean draw(final Roi roi, final byte value, final byte[] plane, final int width, final int height) {
		final Canvas canvas = new Canvas(value, plane, width, height);
		if (roi.getType() == Roi.POINT) return canvas.points(roi, -1);
		return roi.isArea() ? canvas.area(roi) : canvas.stroke(line(roi));
	}

	/** As {@link #draw}, for one point of a multi-point Roi. */
	static boolean drawPoint(final Roi roi, final int point, final byte value, final byte[] plane, final int width,
		final int height)
	{
		return new Canvas(value, plane, width, height).points(roi, point);
	}

	/** The pen's outline; a line's whole coordinates are pixel centres. */
	private static Shape line(final Roi roi) {
		final FloatPolygon points = roi.getType() == Roi.LINE ? ((Line) roi).getFloatPoints() : roi
			.getFloatPolygon();
		final Path2D.Float path = new Path2D.Float();
		for (int i = 0; i < points.npoints; i++) {
			final float x = points.xpoints[i] + 0.5f;
			final float y = points.ypoints[i] + 0.5f;
			if (i == 0) path.moveTo(x, y);
			else path.lineTo(x, y);
		}
		if (points.npoints == 1) path.lineTo(points.xpoints[0] + 0.5f, points.ypoints[0] + 0.5f);
		final float pen = Math.max(1f, roi.getStrokeWidth());
		return new BasicStroke(pen, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND).createStrokedShape(path);
	}

	/** A plane to write into; all methods clip. */
	private static final class Canvas {

		private final byte value;
		private final byte[] plane;
		private final int width;
		private final int height;

		private Canvas(final byte value, final byte[] plane, final int width, final int height) {
			this.value = value;
			this.plane = plane;
			this.width = width;
			this.height = height;
		}

		/** @param only index of the one point to draw, or -1 for all */
		private boolean points(final Roi roi, final int only) {
			final FloatPolygon points = roi.getFloatPolygon();
			boolean inside = false;
			for (int i = 0; i < points.npoints; i++) {
				if (only >= 0 && i != only) continue;
				final int x = Math.round(points.xpoints[i]);
				final int y = Math.round(points.ypoints[i]);
				if (x < 0 || y < 0 || x >= width || y >= height) continue;
				plane[y * width + x] = value;
				inside = true;
			}
			return inside;
		}

		private boolean area(final Roi roi) {
			final Rectangle bounds = roi.getBounds();
			final Rectangle clip = bounds.intersection(new Rectangle(width, height));
			if (clip.isEmpty()) return false;
			final ImageProcessor mask = roi.getMask();
			for (int y = clip.y; y < clip.y + clip.height; y++)
				for (int x = clip.x; x < clip.x + clip.width; x++)
					if (mask == null || mask.get(x - bounds.x, y - bounds.y) != 0) plane[y * width + x] = value;
			return true;
		}

		private boolean stroke(final Shape shape) {
			final Rectangle clip = shape.getBounds().intersection(new Rectangle(width, height));
			if (clip.isEmpty()) return false;
			final byte[] mask = fill(shape, clip);
			for (int y = 0; y < clip.height; y++)
				for (int x = 0; x < clip.width; x++)
					if (mask[y * clip.width + x] != 0) plane[(clip.y + y) * width + clip.x + x] = value;
			return true;
		}

		private static byte[] fill(final Shape shape, final Rectangle clip) {
			final BufferedImage image = new BufferedImage(clip.width, clip.height, BufferedImage.TYPE_BYTE_GRAY);
			final Graphics2D g = image.createGraphics();
			g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_OFF);
			g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
			g.translate(-clip.x, -clip.y);
			g.setColor(Color.WHITE);
			g.fill(shape);
			g.dispose();
			return ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
		}
	}
}
