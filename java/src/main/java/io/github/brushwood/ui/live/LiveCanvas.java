package io.github.brushwood.ui.live;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.ImageCanvas;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.ResultTile;
import io.github.brushwood.session.live.Show;
import io.github.brushwood.session.live.View;

import java.awt.AWTEvent;
import java.awt.AlphaComposite;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.EventQueue;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.Image;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.event.KeyEvent;
import java.awt.event.MouseEvent;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.util.List;

import javax.swing.SwingUtilities;

/**
 * ImageJ's canvas with results and labels between the image and ImageJ's overlay and selection, and with a brush. All
 * of it goes through one buffer, and only what changed is painted. On the event thread.
 */
final class LiveCanvas extends ImageCanvas {

	private static final long serialVersionUID = 1L;

	/** Canvas pixels around the brush's outline. */
	private static final int MARGIN = 4;
	/** Below this diameter on the canvas the outline says nothing. */
	private static final double MIN_OUTLINE = 4;
	/** Radius of the ring around a place to look at, canvas pixels. */
	private static final int RING = 40;
	private static final float[] DASHES = { 5, 4 };

	private final transient LiveImage image;
	private final transient Desk desk;
	private final transient Brush brush;
	private final transient ResultLayer results;
	private final transient LabelLayer labels;
	private final transient Detour detour = new Detour();
	private transient BufferedImage buffer;
	/** Not null while painting. */
	private transient LayerGraphics painting;
	private transient SegmentWindow window;
	private transient View told;
	private transient FeatureRange range = new FeatureRange();
	private transient View rangeOf;
	/** Where the brush is; null while the mouse is elsewhere. */
	private transient MouseEvent cursor;
	/** Pixel to look at; null for none. */
	private transient int[] ring;
	private boolean painted;

	LiveCanvas(final ImagePlus imp, final LiveImage image, final Desk desk) {
		super(imp);
		this.image = image;
		this.desk = desk;
		brush = new Brush(desk, image);
		results = new ResultLayer(desk.background(), area -> repaint(zoom().toCanvas(area)));
		labels = new LabelLayer(image.labels());
	}

	/** What ImageJ takes for its back buffer: leads straight into ours. */
	private final class Detour extends BufferedImage {

		Detour() {
			super(1, 1, TYPE_INT_ARGB);
		}

		@Override
		public Graphics2D createGraphics() {
			return painting != null ? painting : super.createGraphics();
		}
	}

	void attach(final SegmentWindow newWindow) {
		window = newWindow;
	}

	Zoom zoom() {
		return new Zoom(srcRect, magnification);
	}

	/** Slice and frame that is shown, from 0. */
	int[] place() {
		final int[] czt = imp.convertIndexToPosition(Math.max(1, imp.getCurrentSlice()));
		return new int[] { czt[1] - 1, czt[2] - 1 };
	}

	private void repaint(final Rectangle r) {
		repaint(r.x, r.y, r.width, r.height);
	}

	// ---- what changed

	void labelsChanged(final int z, final int t, final Rectangle where) {
		labels.changed(z, t, where);
		if (where == null) repaint();
		else if (isShown(z, t)) repaint(zoom().toCanvas(where));
	}

	/** Has pictures of new tiles made in the background, and then shown. */
	void tilesChanged(final int z, final int t, final Rectangle where) {
		final Palette palette = desk.palette();
		final Rectangle seen = where.intersection(srcRect);
		if (!isShown(z, t) || seen.isEmpty() || palette.isHidden() || palette.kind() == Show.Kind.NOTHING) return;
		final View view = new View(image, z, t, seen, palette.show());
		final List<ResultTile> tiles = desk.actions().updater().tiles(view);
		results.prepare(tiles, style(view, tiles), zoom().level(), seen);
	}

	private boolean isShown(final int z, final int t) {
		final int[] place = place();
		return place[0] == z && place[1] == t;
	}

	/** Draws attention to a pixel until the mouse does something. */
	void ring(final int x, final int y) {
		ring = new int[] { x, y };
		repaint();
	}

	/** Ends the stroke that is being drawn. */
	void settle() {
		brush.release();
	}

	/** @return false when no stroke is being drawn */
	boolean abandonStroke() {
		return brush.abandon();
	}

	// ---- painting

	@Override
	public Image createImage(final int width, final int height) {
		final boolean asked = painting != null && EventQueue.isDispatchThread();
		return asked ? detour : super.createImage(width, height);
	}

	@Override
	public void paint(final Graphics g) {
		final Rectangle clip = new Rectangle(getSize());
		if (g.getClipBounds() != null) clip.setBounds(clip.intersection(g.getClipBounds()));
		if (window == null || window.isClosed() || clip.isEmpty()) return;
		painted = true;
		final double scale = ((Graphics2D) g).getTransform().getScaleX();
		final Graphics2D to = buffer(scale).createGraphics();
		try {
			to.scale(scale, scale);
			to.setClip(clip);
			to.setColor(getBackground());
			to.fill(clip);
			painting = new LayerGraphics(to, detour, () -> paintLayers(to, clip));
			super.paint(painting);
			paintMarks(to);
		}
		finally {
			painting = null;
			to.dispose();
		}
		copy((Graphics2D) g.create(), clip, scale);
	}

	/** Brings a part of the buffer onto the screen, pixel by pixel. */
	private void copy(final Graphics2D g, final Rectangle clip, final double scale) {
		g.setTransform(AffineTransform.getTranslateInstance(g.getTransform().getTranslateX(), g.getTransform()
			.getTranslateY()));
		final int left = (int) Math.floor(clip.x * scale);
		final int top = (int) Math.floor(clip.y * scale);
		final int right = Math.min(buffer.getWidth(), (int) Math.ceil((clip.x + clip.width) * scale));
		final int bottom = Math.min(buffer.getHeight(), (int) Math.ceil((clip.y + clip.height) * scale));
		g.drawImage(buffer, left, top, right, bottom, left, top, right, bottom, null);
		g.dispose();
	}

	/** As many pixels as the screen has. */
	private BufferedImage buffer(final double scale) {
		final int width = (int) Math.ceil(getWidth() * scale);
		final int height = (int) Math.ceil(getHeight() * scale);
		if (buffer == null || buffer.getWidth() != width || buffer.getHeight() != height) {
			buffer = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
		}
		return buffer;
	}

	private void paintLayers(final Graphics2D to, final Rectangle clip) {
		final int[] place = place();
		final Palette palette = desk.palette();
		final Zoom zoom = zoom();
		final Rectangle visible = srcRect.intersection(new Rectangle(imageWidth, imageHeight));
		tell(new View(image, place[0], place[1], visible, palette.show()));
		final Rectangle area = zoom.toImage(clip);
		final Graphics2D g = (Graphics2D) to.create();
		Pictures.prepare(g);
		if (!palette.isHidden() && palette.kind() != Show.Kind.NOTHING) {
			g.setComposite(AlphaComposite.getInstance(AlphaComposite.SRC_OVER, palette.opacity() / 100f));
			paintResults(g, new View(image, place[0], place[1], area, palette.show()), zoom);
			g.setComposite(AlphaComposite.SrcOver);
		}
		if (!palette.isHeld()) {
			labels.prepare(place[0], place[1], desk.colours(), palette.labelOpacity() / 100.0, zoom.level());
			if (!labels.paint(g, area, zoom)) repaint(clip);
		}
		g.dispose();
	}

	/** ImageJ says nothing when someone zooms, pans or scrolls: every repaint looks. */
	private void tell(final View view) {
		if (!desk.isFront(window) || view.equals(told)) return;
		told = view;
		desk.actions().updater().setView(view);
	}

	/** Has the next repaint tell the worker what is in sight. */
	void forgetView() {
		told = null;
	}

	private void paintResults(final Graphics2D g, final View view, final Zoom zoom) {
		final List<ResultTile> tiles = desk.actions().updater().tiles(view);
		results.paint(g, tiles, style(view, tiles), zoom);
	}

	private Style style(final View view, final List<ResultTile> tiles) {
		if (view.show.kind == Show.Kind.FEATURE) measure(view, tiles);
		return new Style(view.show, colours(view.show), range.low(), range.high());
	}

	private int[] colours(final Show show) {
		final int[] colours = desk.colours();
		final AnnotationClass chosen = desk.currentClass();
		if (show.kind == Show.Kind.PROBABILITY && chosen != null) colours[chosen.id()] = 0xFF000000 | chosen.rgb();
		return colours;
	}

	private void measure(final View view, final List<ResultTile> tiles) {
		final boolean same = rangeOf != null && rangeOf.z == view.z && rangeOf.t == view.t && rangeOf.show.equals(view.show);
		if (!same) range = new FeatureRange();
		rangeOf = view;
		if (range.add(tiles)) repaint();
	}

	private void paintMarks(final Graphics2D g) {
		g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
		if (ring != null) {
			final Zoom zoom = zoom();
			outline(g, zoom.x(ring[0] + 0.5), zoom.y(ring[1] + 0.5), RING, Color.WHITE, true);
		}
		final double radius = desk.palette().size() * magnification / 2;
		if (cursor == null || !desk.palette().mode().paints() || radius < MIN_OUTLINE / 2) return;
		final boolean erases = desk.palette().mode() == Palette.Mode.ERASER;
		final AnnotationClass chosen = desk.currentClass();
		final Color colour = erases || chosen == null ? Color.WHITE : chosen.colour();
		outline(g, cursor.getX() + 0.5, cursor.getY() + 0.5, radius, colour, erases);
	}

	/** A circle that is seen on any background. */
	private static void outline(final Graphics2D g, final double x, final double y, final double radius,
		final Color colour, final boolean dashed)
	{
		final Ellipse2D circle = new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius);
		g.setColor(Color.BLACK);
		g.setStroke(new BasicStroke(3));
		g.draw(circle);
		g.setColor(colour);
		g.setStroke(dashed ? new BasicStroke(1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, DASHES, 0)
			: new BasicStroke(1.5f));
		g.draw(circle);
	}

	// ---- mouse

	/** Every point of a stroke counts. */
	@Override
	protected AWTEvent coalesceEvents(final AWTEvent existing, final AWTEvent added) {
		if (added.getID() == MouseEvent.MOUSE_DRAGGED && brush != null && brush.isDown()) return null;
		return super.coalesceEvents(existing, added);
	}

	private boolean paints(final MouseEvent e) {
		return desk.palette().mode().paints() && SwingUtilities.isLeftMouseButton(e) && !e.isPopupTrigger() && !e
			.isControlDown() && !IJ.spaceBarDown() && !window.getAnimate();
	}

	@Override
	public void mousePressed(final MouseEvent e) {
		requestFocusInWindow();
		forgetRing();
		if (!paints(e)) {
			super.mousePressed(e);
			return;
		}
		final int[] place = place();
		follow(e);
		desk.attempt("Paint", () -> paintedOver(brush.press(imageX(e), imageY(e), place[0], place[1], e.isShiftDown())));
	}

	@Override
	public void mouseDragged(final MouseEvent e) {
		if (!brush.isDown()) {
			super.mouseDragged(e);
			return;
		}
		follow(e);
		desk.attempt("Paint", () -> paintedOver(brush.drag(imageX(e), imageY(e))));
	}

	@Override
	public void mouseReleased(final MouseEvent e) {
		if (!brush.isDown()) super.mouseReleased(e);
		else if (SwingUtilities.isLeftMouseButton(e)) desk.attempt("Paint", brush::release);
	}

	@Override
	public void mouseMoved(final MouseEvent e) {
		super.mouseMoved(e);
		follow(e);
	}

	@Override
	public void mouseExited(final MouseEvent e) {
		super.mouseExited(e);
		follow(null);
	}

	@Override
	public void setCursor(final int sx, final int sy, final int ox, final int oy) {
		super.setCursor(sx, sy, ox, oy);
		if (desk != null && desk.palette().mode().paints() && !IJ.spaceBarDown()) setCursor(crosshairCursor);
	}

	/** Position in the image: (0.5,0.5) is the centre of the first pixel. */
	private double imageX(final MouseEvent e) {
		return srcRect.x + (e.getX() + 0.5) / magnification;
	}

	private double imageY(final MouseEvent e) {
		return srcRect.y + (e.getY() + 0.5) / magnification;
	}

	private void paintedOver(final Rectangle area) {
		if (area == null || area.isEmpty()) return;
		final int[] place = place();
		labels.changed(place[0], place[1], area);
		repaint(zoom().toCanvas(area));
	}

	/** Moves the brush's outline. */
	private void follow(final MouseEvent e) {
		repaintCursor();
		cursor = e;
		repaintCursor();
	}

	void repaintCursor() {
		if (cursor == null) return;
		final int radius = (int) Math.ceil(desk.palette().size() * magnification / 2) + MARGIN;
		repaint(cursor.getX() - radius, cursor.getY() - radius, 2 * radius + 1, 2 * radius + 1);
	}

	private void forgetRing() {
		if (ring == null) return;
		ring = null;
		repaint();
	}

	// ---- keys

	@Override
	protected void processKeyEvent(final KeyEvent e) {
		if (window == null || !window.takes(e)) super.processKeyEvent(e);
	}

	// ---- size: as ImageJ's canvas, but that there is a panel beside it

	/** Takes as much of a space as the image needs. */
	void fitInto(final int width, final int height) {
		if (!painted || width <= 0 || height <= 0) return;
		if (getScaleToFit() || IJ.altKeyDown() && !brush.isDown()) {
			scaleInto(width, height);
			return;
		}
		final int newWidth = Math.min(width, (int) (imageWidth * magnification));
		final int newHeight = Math.min(height, (int) (imageHeight * magnification));
		final boolean cropped = srcRect.width < imageWidth || srcRect.height < imageHeight;
		if (!cropped && newWidth == getWidth() && newHeight == getHeight()) return;
		setSize(newWidth, newHeight);
		final int sourceWidth = Math.min(imageWidth, Math.max(1, (int) (newWidth / magnification)));
		final int sourceHeight = Math.min(imageHeight, Math.max(1, (int) (newHeight / magnification)));
		srcRect.setBounds(Math.min(srcRect.x, imageWidth - sourceWidth), Math.min(srcRect.y, imageHeight - sourceHeight),
			sourceWidth, sourceHeight);
		repaint();
	}

	/** Shows all of the image as large as a space allows. */
	private void scaleInto(final int width, final int height) {
		final double fitting = Math.min((double) width / imageWidth, (double) height / imageHeight);
		if (fitting == magnification && srcRect.width == imageWidth && srcRect.height == imageHeight) return;
		srcRect = new Rectangle(0, 0, imageWidth, imageHeight);
		setMagnification(fitting);
		setSize((int) (imageWidth * magnification), (int) (imageHeight * magnification));
		repaint();
	}

	/** Shows all of the image at a zoom level. */
	void showAll(final double level) {
		srcRect = new Rectangle(0, 0, imageWidth, imageHeight);
		setMagnification(level);
		setSize((int) (imageWidth * level), (int) (imageHeight * level));
	}

	@Override
	public void fitToWindow() {
		if (window == null) {
			super.fitToWindow();
			return;
		}
		final Dimension space = window.canvasSpace(window.getSize());
		scaleInto(space.width, space.height);
		window.doLayout();
	}

	@Override
	protected Dimension canEnlarge(final int newWidth, final int newHeight) {
		if (window == null) return super.canEnlarge(newWidth, newHeight);
		if (IJ.altKeyDown()) return null;
		final Dimension space = window.canvasSpace(window.largestSize());
		final int width = Math.min(newWidth, Math.max(getWidth(), space.width));
		final int height = Math.min(newHeight, Math.max(getHeight(), space.height));
		return width == getWidth() && height == getHeight() ? null : new Dimension(width, height);
	}
}
