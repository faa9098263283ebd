package io.github.brushwood.ui.live;

import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.AnnotationClass;

import java.awt.Color;
import java.awt.Component;
import java.awt.FontMetrics;
import java.util.Collections;
import java.util.List;

import javax.swing.JTable;
import javax.swing.table.AbstractTableModel;

/** Pixels of each painted class that were given to each class, shaded by their share of the row. */
final class ConfusionTable extends PlainTable {

	private static final long serialVersionUID = 1L;
	private static final int MOST_NAME_EMS = 9;
	private static final int MOST_ROW_NAME_EMS = 14;

	private transient List<AnnotationClass> classes = Collections.emptyList();
	private transient Scores scores;
	private final Cells model = new Cells();

	ConfusionTable() {
		super("confusion");
		fill(model, new Shaded());
	}

	/** @param newScores null for none */
	void show(final List<AnnotationClass> newClasses, final Scores newScores) {
		final boolean sameShape = newClasses.equals(classes);
		classes = newClasses;
		scores = newScores;
		if (sameShape) {
			table.repaint();
			return;
		}
		model.fireTableStructureChanged();
		final FontMetrics metrics = table.getFontMetrics(table.getFont());
		final int em = Widgets.em(table);
		for (int i = 0; i < table.getColumnCount(); i++) {
			final int name = metrics.stringWidth(table.getColumnName(i)) + em;
			final int usual = i == 0 ? em * 5 : metrics.stringWidth("1,000,000") + em;
			table.getColumnModel().getColumn(i).setPreferredWidth(Math.max(usual, Math.min(name, em * MOST_NAME_EMS)));
		}
		for (final AnnotationClass c : classes) {
			final int name = metrics.stringWidth(c.name()) + 3 * em;
			final int before = table.getColumnModel().getColumn(0).getPreferredWidth();
			table.getColumnModel().getColumn(0).setPreferredWidth(Math.max(before, Math.min(name, em * MOST_ROW_NAME_EMS)));
		}
		revalidate();
	}

	@Override
	Color colourOf(final int row) {
		return classes.get(row).colour();
	}

	private final class Cells extends AbstractTableModel {

		private static final long serialVersionUID = 1L;

		@Override
		public int getRowCount() {
			return classes.size();
		}

		@Override
		public int getColumnCount() {
			return 1 + classes.size();
		}

		@Override
		public String getColumnName(final int column) {
			return column == 0 ? "painted as" : classes.get(column - 1).name();
		}

		@Override
		public Object getValueAt(final int row, final int column) {
			if (column == 0) return classes.get(row).name();
			return isKnown(row, column) ? Widgets.count(scores.count(row, column - 1)) : "";
		}
	}

	private boolean isKnown(final int row, final int column) {
		return scores != null && row < scores.classCount() && column - 1 < scores.classCount();
	}

	/** Share of a painted class's pixels that a cell has. */
	private double share(final int row, final int column) {
		if (!isKnown(row, column)) return 0;
		final long truth = scores.ofClass(row).truth;
		return truth > 0 ? (double) scores.count(row, column - 1) / truth : 0;
	}

	private final class Shaded extends Cell {

		private static final long serialVersionUID = 1L;

		@Override
		public Component getTableCellRendererComponent(final JTable on, final Object value, final boolean selected,
			final boolean focused, final int row, final int column)
		{
			super.getTableCellRendererComponent(on, value, selected, focused, row, column);
			final Color full = column - 1 == row ? Widgets.GOOD : Widgets.BAD;
			final Color back = column == 0 ? on.getBackground() : Widgets.mix(on.getBackground(), full, share(row, column));
			setBackground(back);
			setForeground(column == 0 ? on.getForeground() : Widgets.textOn(back));
			setToolTipText(column == 0 || !isKnown(row, column) ? String.valueOf(value) : Widgets.percent(share(row, column)) +
				" of what is painted as " + classes.get(row).name() + " was found to be " + classes.get(column - 1).name() + ".");
			return this;
		}
	}
}
