package io.github.brushwood.ui.live;

import io.github.brushwood.engine.FeatureSelection.Step;

import java.awt.BasicStroke;
import java.awt.Dimension;
import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.util.List;
import java.util.Locale;

import javax.swing.JComponent;
import javax.swing.JLabel;

/** The error of feature lists over their number of features, the chosen one marked. */
final class StepPlot extends JComponent {

	private static final long serialVersionUID = 1L;
	private static final int TICKS = 4;
	private static final int WIDTH_EMS = 20;
	private static final int HEIGHT_EMS = 13;

	private final transient List<Step> steps;
	private final double mostFeatures;
	private final double mostError;

	/** @param steps at least one */
	StepPlot(final List<Step> steps) {
		this.steps = steps;
		setFont(new JLabel().getFont());
		setForeground(new JLabel().getForeground());
		mostFeatures = Math.max(TICKS, steps.stream().mapToInt(s -> s.features).max().orElse(1));
		final double highest = steps.stream().mapToDouble(s -> s.error).max().orElse(0);
		mostError = highest > 0 ? highest * 1.1 : 0.01;
	}

	@Override
	public Dimension getPreferredSize() {
		return new Dimension(WIDTH_EMS * Widgets.em(this), HEIGHT_EMS * Widgets.em(this));
	}

	@Override
	protected void paintComponent(final Graphics graphics) {
		final Graphics2D g = (Graphics2D) graphics.create();
		g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
		g.setFont(getFont());
		final int em = Widgets.em(this);
		final int left = g.getFontMetrics().stringWidth("00.00 %") + em / 2;
		final Rectangle frame = new Rectangle(left, em * 3 / 2, Math.max(1, getWidth() - left - em), Math.max(1, getHeight() -
			4 * em));
		drawAxes(g, frame, em);
		drawLine(g, frame, em);
		g.dispose();
	}

	private double x(final Rectangle frame, final double features) {
		return frame.x + frame.width * features / mostFeatures;
	}

	private double y(final Rectangle frame, final double error) {
		return frame.y + frame.height * (1 - error / mostError);
	}

	private void drawAxes(final Graphics2D g, final Rectangle frame, final int em) {
		final FontMetrics metrics = g.getFontMetrics();
		for (int i = 0; i <= TICKS; i++) {
			final int x = (int) x(frame, mostFeatures * i / TICKS);
			final int y = (int) y(frame, mostError * i / TICKS);
			g.setColor(Widgets.mix(getForeground(), getBackground(), 0.8));
			g.drawLine(x, frame.y, x, frame.y + frame.height);
			g.drawLine(frame.x, y, frame.x + frame.width, y);
			g.setColor(getForeground());
			final String across = String.valueOf(Math.round(mostFeatures * i / TICKS));
			g.drawString(across, x - metrics.stringWidth(across) / 2, frame.y + frame.height + em);
			final String up = String.format(Locale.ROOT, mostError < 0.05 ? "%.2f %%" : "%.1f %%", 100 * mostError * i / TICKS);
			g.drawString(up, frame.x - metrics.stringWidth(up) - em / 3, y + metrics.getAscent() / 2);
		}
		g.drawString("Wrong samples", 0, metrics.getAscent());
		final String below = "Feature images";
		g.drawString(below, frame.x + (frame.width - metrics.stringWidth(below)) / 2, frame.y + frame.height + 2 * em);
	}

	private void drawLine(final Graphics2D g, final Rectangle frame, final int em) {
		final Path2D line = new Path2D.Double();
		for (final Step s : steps) {
			if (line.getCurrentPoint() == null) line.moveTo(x(frame, s.features), y(frame, s.error));
			else line.lineTo(x(frame, s.features), y(frame, s.error));
		}
		g.setColor(Widgets.GOOD);
		g.setStroke(new BasicStroke(Math.max(1, em / 9f)));
		g.draw(line);
		for (final Step s : steps) {
			final double r = s.chosen ? em * 0.4 : em * 0.2;
			g.setColor(s.chosen ? Widgets.BAD : Widgets.GOOD);
			g.fill(new Ellipse2D.Double(x(frame, s.features) - r, y(frame, s.error) - r, 2 * r, 2 * r));
		}
	}
}
