package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** One measure of objects: a row of the engine's table of measures. */
public final class MeasureRow {

	/** What a measure has a column for each channel of. */
	public enum Channels {
		/** There is one column. */
		NONE, IMAGE, PROBABILITIES
	}

	/** Stable name: macros, command line, column of tables. */
	public final String id;
	/** Names several measures at once. */
	public final String group;
	/** For people. */
	public final String label;
	/** "", "unit" (of length), "unit^2|unit^3" (in 2D and in 3D), "degrees", "value" (the image's). */
	public final String unit;
	/** A sentence, with its source. */
	public final String definition;
	public final boolean in2d;
	public final boolean in3d;
	public final Channels channels;

	private MeasureRow(final byte[][] texts, final long[] numbers) {
		id = Native.text(texts[0]);
		group = Native.text(texts[1]);
		label = Native.text(texts[2]);
		unit = Native.text(texts[3]);
		definition = Native.text(texts[4]);
		in2d = numbers[0] != 0;
		in3d = numbers[1] != 0;
		channels = Channels.values()[(int) numbers[2]];
	}

	/** The table, in its order. */
	public static List<MeasureRow> all() {
		NativeLoader.load();
		final List<MeasureRow> rows = new ArrayList<>();
		for (int i = 0; i < Native.measureCount(); i++)
			rows.add(new MeasureRow(Native.measureTexts(i), Native.measureNumbers(i)));
		return Collections.unmodifiableList(rows);
	}

	@Override
	public String toString() {
		return id;
	}
}
