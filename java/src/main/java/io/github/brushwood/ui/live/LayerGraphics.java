package io.github.brushwood.ui.live;

import java.awt.Color;
import java.awt.Composite;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.GraphicsConfiguration;
import java.awt.Image;
import java.awt.Paint;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.Stroke;
import java.awt.font.FontRenderContext;
import java.awt.font.GlyphVector;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.awt.image.BufferedImageOp;
import java.awt.image.ImageObserver;
import java.awt.image.RenderedImage;
import java.awt.image.renderable.RenderableImage;
import java.text.AttributedCharacterIterator;
import java.util.Map;

/**
 * Draws where another graphics draws, and calls someone when the first scaled part of an image has been drawn: between
 * ImageJ's image and ImageJ's overlay and selection. Leaves out ImageJ's own back buffer.
 */
final class LayerGraphics extends Graphics2D {

	private final Graphics2D to;
	private final Image buffer;
	private Runnable between;

	/**
	 * @param to where all is drawn
	 * @param buffer what ImageJ takes for its back buffer
	 * @param between called once, after the image
	 */
	LayerGraphics(final Graphics2D to, final Image buffer, final Runnable between) {
		this.to = to;
		this.buffer = buffer;
		this.between = between;
	}

	@Override
	public boolean drawImage(final Image a, final int b, final int c, final int d, final int e, final int f, final int g,
		final int h, final int i, final ImageObserver j)
	{
		final boolean done = to.drawImage(a, b, c, d, e, f, g, h, i, j);
		final Runnable first = between;
		between = null;
		if (first != null) first.run();
		return done;
	}

	@Override
	public boolean drawImage(final Image a, final int b, final int c, final ImageObserver d) {
		return a == buffer || to.drawImage(a, b, c, d);
	}

	/** Whoever made the other graphics disposes of it. */
	@Override
	public void dispose() {}

	@Override
	public void draw(final Shape a) {
		to.draw(a);
	}

	@Override
	public boolean drawImage(final Image a, final AffineTransform b, final ImageObserver c) {
		return to.drawImage(a, b, c);
	}

	@Override
	public void drawImage(final BufferedImage a, final BufferedImageOp b, final int c, final int d) {
		to.drawImage(a, b, c, d);
	}

	@Override
	public void drawRenderedImage(final RenderedImage a, final AffineTransform b) {
		to.drawRenderedImage(a, b);
	}

	@Override
	public void drawRenderableImage(final RenderableImage a, final AffineTransform b) {
		to.drawRenderableImage(a, b);
	}

	@Override
	public void drawString(final String a, final int b, final int c) {
		to.drawString(a, b, c);
	}

	@Override
	public void drawString(final String a, final float b, final float c) {
		to.drawString(a, b, c);
	}

	@Override
	public void drawString(final AttributedCharacterIterator a, final int b, final int c) {
		to.drawString(a, b, c);
	}

	@Override
	public void drawString(final AttributedCharacterIterator a, final float b, final float c) {
		to.drawString(a, b, c);
	}

	@Override
	public void drawGlyphVector(final GlyphVector a, final float b, final float c) {
		to.drawGlyphVector(a, b, c);
	}

	@Override
	public void fill(final Shape a) {
		to.fill(a);
	}

	@Override
	public boolean hit(final Rectangle a, final Shape b, final boolean c) {
		return to.hit(a, b, c);
	}

	@Override
	public GraphicsConfiguration getDeviceConfiguration() {
		return to.getDeviceConfiguration();
	}

	@Override
	public void setComposite(final Composite a) {
		to.setComposite(a);
	}

	@Override
	public void setPaint(final Paint a) {
		to.setPaint(a);
	}

	@Override
	public void setStroke(final Stroke a) {
		to.setStroke(a);
	}

	@Override
	public void setRenderingHint(final RenderingHints.Key a, final Object b) {
		to.setRenderingHint(a, b);
	}

	@Override
	public Object getRenderingHint(final RenderingHints.Key a) {
		return to.getRenderingHint(a);
	}

	@Override
	public void setRenderingHints(final Map<?, ?> a) {
		to.setRenderingHints(a);
	}

	@Override
	public void addRenderingHints(final Map<?, ?> a) {
		to.addRenderingHints(a);
	}

	@Override
	public RenderingHints getRenderingHints() {
		return to.getRenderingHints();
	}

	@Override
	public void translate(final int a, final int b) {
		to.translate(a, b);
	}

	@Override
	public void translate(final double a, final double b) {
		to.translate(a, b);
	}

	@Override
	public void rotate(final double a) {
		to.rotate(a);
	}

	@Override
	public void rotate(final double a, final double b, final double c) {
		to.rotate(a, b, c);
	}

	@Override
	public void scale(final double a, final double b) {
		to.scale(a, b);
	}

	@Override
	public void shear(final double a, final double b) {
		to.shear(a, b);
	}

	@Override
	public void transform(final AffineTransform a) {
		to.transform(a);
	}

	@Override
	public void setTransform(final AffineTransform a) {
		to.setTransform(a);
	}

	@Override
	public AffineTransform getTransform() {
		return to.getTransform();
	}

	@Override
	public Paint getPaint() {
		return to.getPaint();
	}

	@Override
	public Composite getComposite() {
		return to.getComposite();
	}

	@Override
	public void setBackground(final Color a) {
		to.setBackground(a);
	}

	@Override
	public Color getBackground() {
		return to.getBackground();
	}

	@Override
	public Stroke getStroke() {
		return to.getStroke();
	}

	@Override
	public void clip(final Shape a) {
		to.clip(a);
	}

	@Override
	public FontRenderContext getFontRenderContext() {
		return to.getFontRenderContext();
	}

	@Override
	public Graphics create() {
		return to.create();
	}

	@Override
	public Color getColor() {
		return to.getColor();
	}

	@Override
	public void setColor(final Color a) {
		to.setColor(a);
	}

	@Override
	public void setPaintMode() {
		to.setPaintMode();
	}

	@Override
	public void setXORMode(final Color a) {
		to.setXORMode(a);
	}

	@Override
	public Font getFont() {
		return to.getFont();
	}

	@Override
	public void setFont(final Font a) {
		to.setFont(a);
	}

	@Override
	public FontMetrics getFontMetrics(final Font a) {
		return to.getFontMetrics(a);
	}

	@Override
	public Rectangle getClipBounds() {
		return to.getClipBounds();
	}

	@Override
	public void clipRect(final int a, final int b, final int c, final int d) {
		to.clipRect(a, b, c, d);
	}

	@Override
	public void setClip(final int a, final int b, final int c, final int d) {
		to.setClip(a, b, c, d);
	}

	@Override
	public Shape getClip() {
		return to.getClip();
	}

	@Override
	public void setClip(final Shape a) {
		to.setClip(a);
	}

	@Override
	public void copyArea(final int a, final int b, final int c, final int d, final int e, final int f) {
		to.copyArea(a, b, c, d, e, f);
	}

	@Override
	public void drawLine(final int a, final int b, final int c, final int d) {
		to.drawLine(a, b, c, d);
	}

	@Override
	public void fillRect(final int a, final int b, final int c, final int d) {
		to.fillRect(a, b, c, d);
	}

	@Override
	public void clearRect(final int a, final int b, final int c, final int d) {
		to.clearRect(a, b, c, d);
	}

	@Override
	public void drawRoundRect(final int a, final int b, final int c, final int d, final int e, final int f) {
		to.drawRoundRect(a, b, c, d, e, f);
	}

	@Override
	public void fillRoundRect(final int a, final int b, final int c, final int d, final int e, final int f) {
		to.fillRoundRect(a, b, c, d, e, f);
	}

	@Override
	public void drawOval(final int a, final int b, final int c, final int d) {
		to.drawOval(a, b, c, d);
	}

	@Override
	public void fillOval(final int a, final int b, final int c, final int d) {
		to.fillOval(a, b, c, d);
	}

	@Override
	public void drawArc(final int a, final int b, final int c, final int d, final int e, final int f) {
		to.drawArc(a, b, c, d, e, f);
	}

	@Override
	public void fillArc(final int a, final int b, final int c, final int d, final int e, final int f) {
		to.fillArc(a, b, c, d, e, f);
	}

	@Override
	public void drawPolyline(final int[] a, final int[] b, final int c) {
		to.drawPolyline(a, b, c);
	}

	@Override
	public void drawPolygon(final int[] a, final int[] b, final int c) {
		to.drawPolygon(a, b, c);
	}

	@Override
	public void fillPolygon(final int[] a, final int[] b, final int c) {
		to.fillPolygon(a, b, c);
	}

	@Override
	public boolean drawImage(final Image a, final int b, final int c, final int d, final int e,
		final ImageObserver f)
	{
		return to.drawImage(a, b, c, d, e, f);
	}

	@Override
	public boolean drawImage(final Image a, final int b, final int c, final Color d, final ImageObserver e) {
		return to.drawImage(a, b, c, d, e);
	}

	@Override
	public boolean drawImage(final Image a, final int b, final int c, final int d, final int e,
		final Color f, final ImageObserver g)
	{
		return to.drawImage(a, b, c, d, e, f, g);
	}

	@Override
	public boolean drawImage(final Image a, final int b, final int c, final int d, final int e,
		final int f, final int g, final int h, final int i, final Color j, final ImageObserver k)
	{
		return to.drawImage(a, b, c, d, e, f, g, h, i, j, k);
	}
}
