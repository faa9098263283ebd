package io.github.brushwood.ui.live;

import java.awt.BorderLayout;
import java.awt.Dimension;

import javax.swing.BorderFactory;
import javax.swing.JPanel;
import javax.swing.JTable;
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

	@Override
	public Dimension getMaximumSize() {
		return getPreferredSize();
	}
}
