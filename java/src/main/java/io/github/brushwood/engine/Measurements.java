package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A table of measures: one row per object, frame after frame, in the order of ids. */
public final class Measurements extends Handle {

	private final int[] frames;
	private final int[] objects;
	private volatile byte[] classes;
	private volatile List<String> classNames;
	private final List<Column> columns = new ArrayList<>();

	/** What a column holds. */
	public static final class Column {

		/** Stable name: the measure's id, with ":2" for channel 2. */
		public final String id;
		/** For people. */
		public final String heading;
		/** "" for none. */
		public final String unit;

		private Column(final byte[][] texts) {
			id = Native.text(texts[0]);
			heading = Native.text(texts[1]);
			unit = Native.text(texts[2]);
		}
	}

	/** Takes over the native table. @param classes of the rows */
	Measurements(final long address, final byte[] classes, final List<String> classNames) {
		super("table of measurements", address);
		this.classes = classes;
		this.classNames = classNames;
		frames = Native.measurementsFrames(address);
		objects = Native.measurementsObjects(address);
		final long count = Native.measurementsNumbers(address)[1];
		for (int column = 0; column < count; column++)
			columns.add(new Column(Native.measurementsColumn(address, column)));
	}

	public int rows() {
		return frames.length;
	}

	public List<Column> columns() {
		return Collections.unmodifiableList(columns);
	}

	/** Index of the column with this id, or -1. */
	public int find(final String id) {
		for (int i = 0; i < columns.size(); i++)
			if (columns.get(i).id.equals(id)) return i;
		return -1;
	}

	/** The values of a column, one per row; NaN where undefined. */
	public double[] values(final int column) {
		try (Use table = use()) {
			return Native.measurementsValues(table.address(), column);
		}
	}

	/** @throws IllegalArgumentException when there is no column with this id */
	public double[] values(final String id) {
		final int column = find(id);
		if (column < 0) throw new IllegalArgumentException("The table has no column '" + id + "'.");
		return values(column);
	}

	/** Frame of a row, from 0. */
	public int frame(final int row) {
		return frames[row];
	}

	/** Id of a row's object. */
	public int object(final int row) {
		return objects[row];
	}

	/** Class of a row's object, 0 = none: the one it had when it was measured, until others are set. */
	public int classNumber(final int row) {
		return classes[row] & 0xFF;
	}

	/** Names of classes 1, 2, ...; empty when objects have none. */
	public List<String> classNames() {
		return classNames;
	}

	/**
	 * Gives every row a class.
	 *
	 * @param names of classes 1, 2, ...
	 * @param numbers one per row as unsigned bytes; 0 = none
	 */
	public void setClasses(final Job job, final List<String> names, final byte[] numbers) {
		if (numbers.length != rows()) {
			throw new IllegalArgumentException("The table has " + rows() + " rows, but there are " + numbers.length +
				" classes.");
		}
		try (Use j = job.begin(); Use table = useAlone()) {
			Native.measurementsSetClasses(j.address(), table.address(), Native.bytes(names), numbers);
			classes = numbers.clone();
			classNames = Collections.unmodifiableList(new ArrayList<>(names));
		}
	}

	/** Writes a CSV file, once whole: label, frame (from 1), class when there are classes, then the measures by id. */
	public void write(final Job job, final String path) {
		try (Use j = job.begin(); Use table = use()) {
			Native.measurementsWrite(j.address(), table.address(), Native.bytes(path));
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.measurementsFree(nativeAddress);
	}
}
