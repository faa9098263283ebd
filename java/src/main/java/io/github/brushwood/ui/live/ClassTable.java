package io.github.brushwood.ui.live;

import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.AnnotationClass;

import java.awt.Color;
import java.awt.FontMetrics;
import java.util.Collections;
import java.util.List;

import javax.swing.table.AbstractTableModel;

/** Labelled pixels and scores of each class. */
final class ClassTable extends PlainTable {

	private static final long serialVersionUID = 1L;
	private static final String[] COLUMNS = { "Class", "Labelled pixels", "Precision", "Recall", "F1", "IoU" };
	private static final int MOST_NAME_EMS = 15;

	private transient List<AnnotationClass> classes = Collections.emptyList();
	private transient long[] pixels = {};
	private transient Scores scores;
	private final Cells model = new Cells();

	ClassTable() {
		super("classes");
		fill(model, new Cell());
		setWidths();
	}

	/** @param newScores null for none */
	void show(final List<AnnotationClass> newClasses, final long[] newPixels, final Scores newScores) {
		final boolean sameShape = newClasses.equals(classes);
		classes = newClasses;
		pixels = newPixels;
		scores = newScores;
		if (sameShape) {
			table.repaint();
			return;
		}
		model.fireTableDataChanged();
		setWidths();
		revalidate();
	}

	private void setWidths() {
		final FontMetrics metrics = table.getFontMetrics(table.getFont());
		final int em = Widgets.em(table);
		int name = em * 8;
		for (final AnnotationClass c : classes)
			name = Math.max(name, Math.min(em * MOST_NAME_EMS, metrics.stringWidth(c.name()) + 3 * em));
		for (int i = 0; i < COLUMNS.length; i++)
			table.getColumnModel().getColumn(i).setPreferredWidth(i == 0 ? name : Math.max(em * 4, metrics.stringWidth(
				COLUMNS[i]) + em));
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
			return COLUMNS.length;
		}

		@Override
		public String getColumnName(final int column) {
			return COLUMNS[column];
		}

		@Override
		public Object getValueAt(final int row, final int column) {
			if (column == 0) return classes.get(row).name();
			if (column == 1) return Widgets.count(pixels[row]);
			if (scores == null || row >= scores.classCount()) return "-";
			final Scores.OfClass c = scores.ofClass(row);
			return Widgets.score(column == 2 ? c.precision : column == 3 ? c.recall : column == 4 ? c.f1 : c.iou);
		}
	}
}
