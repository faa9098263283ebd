package io.github.brushwood.session.batch;

import ij.measure.ResultsTable;

import io.github.brushwood.session.FolderBatch.Entry;
import io.github.brushwood.session.FolderBatch.State;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * The table of a batch: one row per image in the order of processing, with the columns file, status, seconds, the
 * fraction of the pixels that each class won, and message.
 */
public final class BatchTable {

	private static final String FRACTION = " fraction";
	private static final int SECONDS_DECIMALS = 3;
	private static final int FRACTION_DECIMALS = 6;
	/** Columns before the fractions. */
	private static final int FIRST = 3;
	/** What makes spreadsheets take a cell for a formula. */
	private static final String FORMULA = "=+-@\t\r";

	private final List<String> classes;
	private final List<Entry> rows = new ArrayList<>();

	/** @param classes names of the model's classes */
	public BatchTable(final List<String> classes) {
		this.classes = new ArrayList<>(classes);
	}

	public void add(final Entry entry) {
		rows.add(entry);
	}

	/** The rows so far. */
	public List<Entry> rows() {
		return Collections.unmodifiableList(rows);
	}

	/** How many rows have a status. */
	public int count(final State state) {
		int count = 0;
		for (final Entry entry : rows)
			if (entry.state == state) count++;
		return count;
	}

	/** Such as "3 done, 1 skipped, 0 failed". */
	public String summary() {
		return count(State.DONE) + " done, " + count(State.SKIPPED) + " skipped, " + count(
			State.FAILED) + " failed";
	}

	private List<String> headings() {
		final List<String> headings = new ArrayList<>();
		Collections.addAll(headings, "file", "status", "seconds");
		for (final String name : classes)
			headings.add(name + FRACTION);
		headings.add("message");
		return headings;
	}

	/** As RFC 4180 says, lines end with \n; no text cell reads as a formula. */
	public String csv() {
		final StringBuilder csv = new StringBuilder();
		appendLine(csv, headings());
		for (final Entry entry : rows) {
			final List<String> cells = new ArrayList<>();
			Collections.addAll(cells, entry.file, entry.status(), decimal(entry.seconds, SECONDS_DECIMALS));
			for (int k = 0; k < classes.size(); k++)
				cells.add(entry.hasFractions() ? decimal(entry.fraction(k), FRACTION_DECIMALS) : "");
			cells.add(entry.message);
			appendLine(csv, cells);
		}
		return csv.toString();
	}

	private static void appendLine(final StringBuilder csv, final List<String> cells) {
		for (int i = 0; i < cells.size(); i++)
			csv.append(i > 0 ? "," : "").append(quoted(cells.get(i)));
		csv.append('\n');
	}

	private static String quoted(final String cell) {
		final boolean formula = !cell.isEmpty() && FORMULA.indexOf(cell.charAt(0)) >= 0;
		final String safe = formula ? "'" + cell : cell;
		final boolean plain = safe.matches("[^\",\r\n]*");
		return plain ? safe : '"' + safe.replace("\"", "\"\"") + '"';
	}

	private static String decimal(final double number, final int decimals) {
		return String.format(Locale.ROOT, "%." + decimals + "f", number);
	}

	/** The same for ImageJ. */
	public ResultsTable resultsTable() {
		final ResultsTable table = new ResultsTable();
		table.setNaNEmptyCells(true);
		final List<String> headings = new ArrayList<>();
		for (final String heading : headings())
			headings.add(oneLine(heading));
		for (final Entry entry : rows) {
			table.incrementCounter();
			table.addValue(headings.get(0), oneLine(entry.file));
			table.addValue(headings.get(1), entry.status());
			table.addValue(headings.get(2), entry.seconds);
			for (int k = 0; k < classes.size(); k++)
				table.addValue(headings.get(FIRST + k), entry.hasFractions() ? entry.fraction(k) : Double.NaN);
			table.addValue(headings.get(FIRST + classes.size()), oneLine(entry.message));
		}
		for (int k = 0; k < classes.size() && !rows.isEmpty(); k++)
			table.setDecimalPlaces(table.getColumnIndex(headings.get(FIRST + k)), FRACTION_DECIMALS);
		return table;
	}

	/** Tabs and line breaks are the window's own separators. */
	private static String oneLine(final String text) {
		return text.replaceAll("\\p{Cntrl}+", " ");
	}
}
