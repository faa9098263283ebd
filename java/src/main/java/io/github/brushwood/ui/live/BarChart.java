package io.github.brushwood.ui.live;

import java.awt.Dimension;
import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.event.MouseEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import javax.swing.JComponent;
import javax.swing.JLabel;

/** Horizontal bars with names and values, the longest over the whole width. */
final class BarChart extends JComponent {

	private static final long serialVersionUID = 1L;
	/** Share of the width that names may take. */
	private static final double MOST_NAME = 0.7;
	private static final int BAR_EMS = 8;

	/** A bar. */
	static final class Bar {

		private final String name;
		private final double value;
		private final String text;

		Bar(final String name, final double value, final String text) {
			this.name = name;
			this.value = value;
			this.text = text;
		}
	}

	private final transient List<Bar> bars = new ArrayList<>();
	private final int rows;

	/** @param rows bars there is room for at least */
	BarChart(final int rows) {
		this.rows = rows;
		setFont(new JLabel().getFont());
		setForeground(new JLabel().getForeground());
		setToolTipText("");
	}

	void setBars(final List<Bar> newBars) {
		final Dimension before = getPreferredSize();
		bars.clear();
		bars.addAll(newBars);
		if (!getPreferredSize().equals(before)) revalidate();
		repaint();
	}

	List<Bar> bars() {
		return Collections.unmodifiableList(bars);
	}

	private int rowHeight() {
		return Widgets.em(this) * 5 / 4;
	}

	@Override
	public Dimension getPreferredSize() {
		final FontMetrics metrics = getFontMetrics(getFont());
		int names = metrics.stringWidth("structure 3.5 2D eigenvalue 2");
		for (final Bar bar : bars)
			names = Math.max(names, metrics.stringWidth(bar.name));
		return new Dimension(names + (BAR_EMS + 5) * Widgets.em(this), Math.max(rows, bars.size()) * rowHeight());
	}

	@Override
	public Dimension getMinimumSize() {
		return new Dimension(BAR_EMS * Widgets.em(this) * 2, getPreferredSize().height);
	}

	private int nameWidth(final FontMetrics metrics) {
		int width = 0;
		for (final Bar bar : bars)
			width = Math.max(width, metrics.stringWidth(bar.name));
		return Math.min(width, (int) (getWidth() * MOST_NAME));
	}

	@Override
	protected void paintComponent(final Graphics graphics) {
		final Graphics2D g = (Graphics2D) graphics.create();
		g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
		g.setFont(getFont());
		final FontMetrics metrics = g.getFontMetrics();
		final int gap = Widgets.em(this) / 2;
		final int names = nameWidth(metrics);
		int values = 0;
		double largest = 0;
		for (final Bar bar : bars) {
			values = Math.max(values, metrics.stringWidth(bar.text));
			largest = Math.max(largest, bar.value);
		}
		final int room = Math.max(1, getWidth() - names - values - 2 * gap);
		for (int i = 0; i < bars.size(); i++)
			paint(g, bars.get(i), i * rowHeight(), names, gap, largest > 0 ? room * bars.get(i).value / largest : 0);
		g.dispose();
	}

	private void paint(final Graphics2D g, final Bar bar, final int y, final int names, final int gap,
		final double length)
	{
		final FontMetrics metrics = g.getFontMetrics();
		final int base = y + (rowHeight() - metrics.getHeight()) / 2 + metrics.getAscent();
		g.setColor(getForeground());
		g.drawString(cut(bar.name, metrics, names), 0, base);
		g.setColor(Widgets.GOOD);
		final int width = Math.max(1, (int) Math.round(length));
		g.fillRect(names + gap, y + rowHeight() / 6, width, rowHeight() * 2 / 3);
		g.setColor(getForeground());
		g.drawString(bar.text, names + gap + width + gap / 2, base);
	}

	/** With an ellipsis where it is too long. */
	private static String cut(final String text, final FontMetrics metrics, final int width) {
		if (metrics.stringWidth(text) <= width) return text;
		int n = text.length();
		while (n > 0 && metrics.stringWidth(text.substring(0, n) + "...") > width)
			n--;
		return text.substring(0, n) + "...";
	}

	@Override
	public String getToolTipText(final MouseEvent e) {
		final int row = e.getY() / rowHeight();
		return row < bars.size() ? bars.get(row).name + ": " + bars.get(row).text : null;
	}
}
