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
public final class RoiRasterizer {

	/** In place of the index of a point. */
	public static final int ALL_POINTS = -1;

	private RoiRasterizer() {}

	/** False for texts and pasted images, which mark no pixels. */
	public static boolean isSupported(final Roi roi) {
		return !(roi instanceof TextRoi) && !(roi instanceof ImageRoi);
	}

	/**
	 * The Roi itself.
	 *
	 * @throws BrushwoodException when it marks no pixels
	 */
	public static Roi supported(final Roi roi) {
		if (isSupported(roi)) return roi;
		throw new BrushwoodException("The " + roi.getTypeAsString() + " selection" + (roi.getName() == null ? "" : " '" +
			roi.getName() + "'") + " marks no pixels. Use an area, a line or points.");
	}

	/**
	 * A rectangle around the Roi's pixels, which may lie outside the image; empty when it has none.
	 *
	 * @param point index of the one point of a multi-point Roi, or {@link #ALL_POINTS}
	 */
	public static Rectangle extent(final Roi roi, final int point) {
		if (roi.getType() != Roi.POINT) return roi.isArea() ? roi.getBounds() : line(roi).getBounds();
		final FloatPolygon points = roi.getFloatPolygon();
		final Rectangle extent = new Rectangle();
		for (int i = 0; i < points.npoints; i++) {
			if (point != ALL_POINTS && i != point) continue;
			final Rectangle pixel = new Rectangle(Math.round(points.xpoints[i]), Math.round(points.ypoints[i]), 1, 1);
			if (extent.isEmpty()) extent.setBounds(pixel);
			else extent.add(pixel);
		}
		return extent;
	}

	/**
	 * Writes <code>value</code> to the Roi's pixels.
	 *
	 * @param plane width * height pixels
	 * @return false when the Roi lies wholly outside the plane
	 */
	static boolean draw(final Roi roi, final byte value, final byte[] plane, final int width, final int height) {
		return draw(roi, ALL_POINTS, value, plane, new Rectangle(width, height));
	}

	/**
	 * The same for a part of an image.
	 *
	 * @param point index of the one point of a multi-point Roi to draw, or {@link #ALL_POINTS}
	 * @param plane the pixels within a rectangle, row by row
	 */
	public static boolean draw(final Roi roi, final int point, final byte value, final byte[] plane,
		final Rectangle where)
	{
		final Canvas canvas = new Canvas(value, plane, where);
		if (roi.getType() == Roi.POINT) return canvas.points(roi, point);
		return roi.isArea() ? canvas.area(roi) : canvas.stroke(line(roi));
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

	/** A part of an image to write into; all methods clip. */
	private static final class Canvas {

		private final byte value;
		private final byte[] plane;
		private final Rectangle where;

		private Canvas(final byte value, final byte[] plane, final Rectangle where) {
			this.value = value;
			this.plane = plane;
			this.where = where;
		}

		private void set(final int x, final int y) {
			plane[(y - where.y) * where.width + x - where.x] = value;
		}

		/** @param only index of the one point to draw, or ALL_POINTS */
		private boolean points(final Roi roi, final int only) {
			final FloatPolygon points = roi.getFloatPolygon();
			boolean inside = false;
			for (int i = 0; i < points.npoints; i++) {
				if (only != ALL_POINTS && i != only) continue;
				final int x = Math.round(points.xpoints[i]);
				final int y = Math.round(points.ypoints[i]);
				if (!where.contains(x, y)) continue;
				set(x, y);
				inside = true;
			}
			return inside;
		}

		private boolean area(final Roi roi) {
			final Rectangle bounds = roi.getBounds();
			final Rectangle clip = bounds.intersection(where);
			if (clip.isEmpty()) return false;
			final ImageProcessor mask = roi.getMask();
			for (int y = clip.y; y < clip.y + clip.height; y++)
				for (int x = clip.x; x < clip.x + clip.width; x++)
					if (mask == null || mask.get(x - bounds.x, y - bounds.y) != 0) set(x, y);
			return true;
		}

		private boolean stroke(final Shape shape) {
			final Rectangle clip = shape.getBounds().intersection(where);
			if (clip.isEmpty()) return false;
			final byte[] mask = fill(shape, clip);
			for (int y = 0; y < clip.height; y++)
				for (int x = 0; x < clip.width; x++)
					if (mask[y * clip.width + x] != 0) set(clip.x + x, clip.y + y);
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
