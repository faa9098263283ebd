package io.github.brushwood.ui.live;

import java.awt.BorderLayout;
import java.awt.Color;
import java.awt.Component;
import java.awt.Dimension;

import javax.swing.BorderFactory;
import javax.swing.JPanel;
import javax.swing.JTable;
import javax.swing.SwingConstants;
import javax.swing.table.DefaultTableCellRenderer;
import javax.swing.table.TableCellRenderer;
import javax.swing.table.TableModel;

/** A table to read: nothing in it can be selected, moved or edited; no wider than its columns. */
abstract class PlainTable extends JPanel {

	private static final long serialVersionUID = 1L;

	final JTable table = new JTable();

	PlainTable(final String name) {
		super(new BorderLayout());
		setBorder(BorderFactory.createLineBorder(Widgets.hairline()));
		setAlignmentX(LEFT_ALIGNMENT);
		table.setName(name);
		table.setRowHeight(Widgets.em(table) * 3 / 2);
		table.setFocusable(false);
		table.setRowSelectionAllowed(false);
		table.getTableHeader().setReorderingAllowed(false);
		table.setAutoResizeMode(JTable.AUTO_RESIZE_OFF);
		add(table.getTableHeader(), BorderLayout.NORTH);
		add(table, BorderLayout.CENTER);
	}

	/** To be called once, by the constructor. */
	final void fill(final TableModel model, final TableCellRenderer cells) {
		table.setModel(model);
		table.setDefaultRenderer(Object.class, cells);
	}

	/** Colour of the class in a row. */
	abstract Color colourOf(int row);

	@Override
	public Dimension getMaximumSize() {
		return getPreferredSize();
	}

	/** Class names with their colour in the first column, numbers in the others. */
	class Cell extends DefaultTableCellRenderer {

		private static final long serialVersionUID = 1L;

		@Override
		public Component getTableCellRendererComponent(final JTable on, final Object value, final boolean selected,
			final boolean focused, final int row, final int column)
		{
			super.getTableCellRendererComponent(on, value, false, false, row, column);
			setBorder(Widgets.cellBorder(on));
			setHorizontalAlignment(column == 0 ? SwingConstants.LEADING : SwingConstants.TRAILING);
			setIcon(column == 0 ? Widgets.swatch(on, colourOf(row)) : null);
			setToolTipText(column == 0 ? String.valueOf(value) : null);
			return this;
		}
	}
}
