package io.github.brushwood.ui.live;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.live.FeatureGrid;
import io.github.brushwood.session.live.FeatureGrid.Column;
import io.github.brushwood.session.live.FeatureGrid.Group;
import io.github.brushwood.session.live.FeatureGrid.Line;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Dimension;
import java.awt.FlowLayout;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.List;

import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.BoxLayout;
import javax.swing.JButton;
import javax.swing.JPanel;
import javax.swing.JTextField;
import javax.swing.Scrollable;

/** The tables of a {@link FeatureGrid}, one below the other, with fields to add columns. */
final class FeatureMatrix extends JPanel implements Scrollable {

	private static final long serialVersionUID = 1L;
	private static final int FIELD_COLUMNS = 5;
	private static final int MOST_HEIGHT_EMS = 34;

	/** Hears what the user does. */
	interface Listener {

		/** The grid has other features now. */
		void gridChanged();

		/** A cell was chosen to look at. */
		void chosen(Line line, Column column);

		/** Something cannot be done. */
		void refused(String why);
	}

	private final transient Listener listener;
	private final transient List<FeatureTable> tables = new ArrayList<>();
	private transient FeatureGrid grid;

	FeatureMatrix(final Listener listener) {
		this.listener = listener;
		setLayout(new BoxLayout(this, BoxLayout.Y_AXIS));
	}

	/** Shows another grid. */
	void setGrid(final FeatureGrid newGrid) {
		grid = newGrid;
		tables.clear();
		removeAll();
		for (final Group group : grid.groups())
			if (!group.lines().isEmpty()) addGroup(group);
		align();
		revalidate();
		repaint();
	}

	/** Shows changes of the grid's cells. */
	void refresh() {
		repaint();
	}

	/** Tables from top to bottom. */
	List<FeatureTable> tables() {
		return tables;
	}

	private void addGroup(final Group group) {
		final FeatureTable table = new FeatureTable(grid, group, new FeatureTable.Listener() {

			@Override
			public void cellsChanged() {
				listener.gridChanged();
			}

			@Override
			public void shapeChanged() {
				setGrid(grid);
				listener.gridChanged();
			}

			@Override
			public void chosen(final Line line, final Column column) {
				for (final FeatureTable other : tables)
					if (other.group() != group) other.clearSelection();
				listener.chosen(line, column);
			}
		});
		tables.add(table);
		final JPanel top = new JPanel(new BorderLayout());
		top.add(Widgets.heading(title(group)), BorderLayout.WEST);
		if (!group.parameter.isEmpty()) top.add(adder(group), BorderLayout.EAST);
		final int em = Widgets.em(this);
		top.setBorder(BorderFactory.createEmptyBorder(tables.size() > 1 ? em : 0, 0, em / 4, 0));
		final JPanel whole = new JPanel(new BorderLayout());
		whole.add(table.getTableHeader(), BorderLayout.NORTH);
		whole.add(table, BorderLayout.CENTER);
		whole.setBorder(BorderFactory.createLineBorder(Widgets.hairline()));
		top.setAlignmentX(LEFT_ALIGNMENT);
		whole.setAlignmentX(LEFT_ALIGNMENT);
		top.setMaximumSize(new Dimension(Integer.MAX_VALUE, top.getPreferredSize().height));
		add(top);
		add(whole);
	}

	private static String title(final Group group) {
		return group.parameter.isEmpty() ? "Features without a number" : "Features by " + group.parameter +
			", pixels along x";
	}

	private Component adder(final Group group) {
		final JPanel panel = new JPanel(new FlowLayout(FlowLayout.RIGHT, 0, 0));
		final JTextField field = new JTextField(FIELD_COLUMNS);
		field.getAccessibleContext().setAccessibleName("New " + group.parameter);
		field.setName("new " + group.parameter);
		final Runnable add = () -> addColumn(group, field);
		field.addActionListener(e -> add.run());
		final JButton button = new JButton(Widgets.action("Add " + group.parameter, add));
		button.setName("add " + group.parameter);
		button.setToolTipText("Adds a column with the number in the field.");
		panel.add(field);
		panel.add(Box.createHorizontalStrut(Widgets.em(this) / 4));
		panel.add(button);
		return panel;
	}

	private void addColumn(final Group group, final JTextField field) {
		final String text = field.getText().trim().replace(',', '.');
		if (text.isEmpty()) {
			listener.refused("Write the new " + group.parameter + " into the field first.");
			field.requestFocusInWindow();
			return;
		}
		try {
			grid.addColumn(group, Double.parseDouble(text));
		}
		catch (final NumberFormatException e) {
			listener.refused("The " + group.parameter + " has to be a number, not '" + text + "'.");
			return;
		}
		catch (final BrushwoodException e) {
			listener.refused(e.getMessage());
			return;
		}
		setGrid(grid);
	}

	/** The same widths in all tables, so that the columns line up. */
	private void align() {
		int label = 0;
		int cell = 0;
		for (final FeatureTable table : tables) {
			label = Math.max(label, table.labelWidth());
			cell = Math.max(cell, table.cellWidth());
		}
		for (final FeatureTable table : tables) {
			table.setWidths(label, cell);
			final JPanel whole = (JPanel) table.getParent();
			whole.setMaximumSize(whole.getPreferredSize());
		}
	}

	@Override
	public Dimension getPreferredScrollableViewportSize() {
		final Dimension size = getPreferredSize();
		return new Dimension(size.width, Math.min(size.height, Widgets.em(this) * MOST_HEIGHT_EMS));
	}

	@Override
	public int getScrollableUnitIncrement(final Rectangle visible, final int orientation, final int direction) {
		return Widgets.em(this) * 2;
	}

	@Override
	public int getScrollableBlockIncrement(final Rectangle visible, final int orientation, final int direction) {
		return visible.height;
	}

	@Override
	public boolean getScrollableTracksViewportWidth() {
		return getParent() != null && getParent().getWidth() >= getMinimumSize().width && getParent()
			.getWidth() >= getPreferredSize().width;
	}

	@Override
	public boolean getScrollableTracksViewportHeight() {
		return false;
	}
}
