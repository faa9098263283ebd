package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A forest over measures of objects; immutable, for any number of threads. */
public final class ObjectModel extends Handle {

	private final List<String> names = new ArrayList<>();
	private final long[] colours;
	private final String measures;

	/** Takes over the native model. */
	ObjectModel(final long address) {
		super("model of objects", address);
		for (final byte[] name : Native.objectModelClassNames(address))
			names.add(Native.text(name));
		colours = Native.objectModelColours(address);
		measures = Native.text(Native.objectModelMeasures(address));
	}

	/** Reads a model file; every field is checked. */
	public static ObjectModel read(final Job job, final String path) {
		try (Use j = job.begin()) {
			return new ObjectModel(Native.objectModelRead(j.address(), Native.bytes(path)));
		}
	}

	/** Whether a file is one of these, by its first bytes. */
	public static boolean isFile(final Job job, final String path) {
		try (Use j = job.begin()) {
			return Native.objectModelIsFile(j.address(), Native.bytes(path));
		}
	}

	/** Writes a model file; replaces an existing file once whole. */
	public void write(final Job job, final String path) {
		try (Use j = job.begin(); Use model = use()) {
			Native.objectModelWrite(j.address(), model.address(), Native.bytes(path));
		}
	}

	/** Names of classes 1, 2, ... */
	public List<String> classNames() {
		return Collections.unmodifiableList(names);
	}

	/** @param index 0 for class 1; 0xRRGGBB */
	public int classColour(final int index) {
		return (int) colours[index];
	}

	/** The measures that a table needs, as {@link ObjectSet#measure} takes them. */
	public String measures() {
		return measures;
	}

	/** Out-of-bag scores of the examples; null when there are none. */
	public Scores outOfBag() {
		try (Use model = use()) {
			final long assessment = Native.objectModelOutOfBag(model.address());
			return assessment == 0 ? null : new Scores(assessment);
		}
	}

	/** Classes, measures, options and scores. */
	public String describe(final Job job, final DescribeFormat format) {
		try (Use j = job.begin(); Use model = use()) {
			return Native.text(Native.objectModelDescribe(j.address(), model.address(), format.ordinal()));
		}
	}

	/**
	 * Classifies the objects of a table.
	 *
	 * @return classes 1..K as unsigned bytes, one per row
	 */
	public byte[] apply(final Job job, final Measurements table) {
		final byte[] classes = new byte[table.rows()];
		apply(job, table, classes, new float[Math.multiplyExact(table.rows(), names.size())]);
		return classes;
	}

	/**
	 * The same with probabilities.
	 *
	 * @param classes receives one per row
	 * @param probabilities receives one per class, row after row
	 */
	public void apply(final Job job, final Measurements table, final byte[] classes, final float[] probabilities) {
		try (Use j = job.begin(); Use model = use(); Use t = table.use()) {
			Native.objectModelApply(j.address(), model.address(), t.address(), classes, probabilities);
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.objectModelFree(nativeAddress);
	}
}
