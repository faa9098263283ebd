package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.ResultTile;

import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import javax.swing.SwingUtilities;

/**
 * Pictures of results over the image, kept as long as they are of use. A few are made while painting, so that little
 * changes show at once; the rest in the background. On the event thread.
 */
final class ResultLayer {

	/** Time for making pictures in one repaint. */
	private static final long BUDGET_NS = 5_000_000;
	private static final long MAX_BYTES = 96L << 20;

	/** A picture and what it was made for. */
	private static final class Picture {

		final Style style;
		final int level;
		/** Null when there is nothing to see. */
		final BufferedImage image;

		Picture(final Style style, final int level, final BufferedImage image) {
			this.style = style;
			this.level = level;
			this.image = image;
		}

		boolean isFor(final Style wantedStyle, final int wantedLevel) {
			return level == wantedLevel && style.equals(wantedStyle);
		}

		long bytes() {
			return image == null ? 64 : 4L * image.getWidth() * image.getHeight();
		}
	}

	private final Executor background;
	private final Consumer<Rectangle> repaint;
	private final Map<ResultTile, Picture> pictures = new LinkedHashMap<>(64, 0.75f, true);
	private long bytes;
	private boolean working;

	/** @param repaint takes areas of the image whose pictures are ready */
	ResultLayer(final Executor background, final Consumer<Rectangle> repaint) {
		this.background = background;
		this.repaint = repaint;
	}

	void paint(final Graphics2D g, final List<ResultTile> tiles, final Style style, final Zoom zoom) {
		final long end = System.nanoTime() + BUDGET_NS;
		final int level = zoom.level();
		final List<ResultTile> late = new ArrayList<>();
		for (final ResultTile tile : tiles) {
			Picture picture = pictures.get(tile);
			if (picture == null || !picture.isFor(style, level)) {
				if (System.nanoTime() < end) picture = keep(tile, make(tile, style, level));
				else late.add(tile);
			}
			if (picture != null && picture.image != null) {
				Pictures.draw(g, picture.image, tile.x, tile.y, picture.level, zoom);
			}
		}
		if (!late.isEmpty()) later(late, style, level);
	}

	/** Makes the pictures that new tiles lack in the background, and has an area repainted then. */
	void prepare(final List<ResultTile> tiles, final Style style, final int level, final Rectangle area) {
		final List<ResultTile> lacking = new ArrayList<>();
		for (final ResultTile tile : tiles) {
			final Picture picture = pictures.get(tile);
			if (picture == null || !picture.isFor(style, level)) lacking.add(tile);
		}
		make(lacking, style, level, () -> repaint.accept(area));
	}

	private static Picture make(final ResultTile tile, final Style style, final int level) {
		return new Picture(style, level, TileRenderer.render(tile, style, level));
	}

	private void later(final List<ResultTile> tiles, final Style style, final int level) {
		if (working) return; // the repaint that follows asks again
		working = true;
		final Rectangle area = new Rectangle(tiles.get(0).x, tiles.get(0).y, 0, 0);
		for (final ResultTile tile : tiles)
			area.add(new Rectangle(tile.x, tile.y, tile.width, tile.height));
		make(tiles, style, level, () -> {
			working = false;
			repaint.accept(area);
		});
	}

	private void make(final List<ResultTile> tiles, final Style style, final int level, final Runnable then) {
		background.execute(() -> {
			final List<Picture> made = new ArrayList<>();
			for (final ResultTile tile : tiles)
				made.add(make(tile, style, level));
			SwingUtilities.invokeLater(() -> {
				for (int i = 0; i < made.size(); i++)
					keep(tiles.get(i), made.get(i));
				then.run();
			});
		});
	}

	private Picture keep(final ResultTile tile, final Picture picture) {
		final Picture old = pictures.put(tile, picture);
		bytes += picture.bytes() - (old == null ? 0 : old.bytes());
		final Iterator<Picture> oldest = pictures.values().iterator();
		while (bytes > MAX_BYTES && pictures.size() > 1) {
			bytes -= oldest.next().bytes();
			oldest.remove();
		}
		return picture;
	}
}
