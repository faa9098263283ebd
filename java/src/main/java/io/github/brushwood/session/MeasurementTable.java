package io.github.brushwood.session;

import ij.measure.ResultsTable;

import io.github.brushwood.engine.Measurements;

import java.util.List;

/** Measurements as a table of ImageJ, with columns by their stable ids, so that macros find them. */
public final class MeasurementTable {

	private static final int DIGITS = 4;

	private MeasurementTable() {}

	/** Replaces the rows of a table. */
	public static void fill(final ResultsTable table, final Measurements values) {
		table.reset();
		table.setPrecision(DIGITS);
		final List<Measurements.Column> columns = values.columns();
		final List<String> names = values.classNames();
		for (int row = 0; row < values.rows(); row++) {
			table.addRow();
			table.addValue("label", values.object(row));
			table.addValue("frame", values.frame(row) + 1);
			final int number = values.classNumber(row);
			if (!names.isEmpty()) table.addValue("class", number == 0 ? "" : names.get(number - 1));
		}
		for (int column = 0; column < columns.size(); column++) {
			final double[] numbers = values.values(column);
			for (int row = 0; row < numbers.length; row++)
				table.setValue(columns.get(column).id, row, numbers[row]);
		}
	}
}
