package io.github.brushwood.engine;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** One feature the engine can compute: a row of its feature table. */
public final class FeatureRow {

	/** Stable name, used in models, macros and on the command line. */
	public final String id;
	/** Name for people. */
	public final String label;
	/** One-line definition. */
	public final String doc;
	/** Unit of the values: i stands for the image's intensity, px for a pixel along x. */
	public final String unit;
	/** Where the definition is from; "" when it is common knowledge. */
	public final String source;
	/** What its number means: "sigma" or "radius", in pixels along x; "" when it takes none. */
	public final String parameter;
	/** Whether it takes a number, which {@link #parameter} names; without one the three sigmas are 0. */
	public final boolean hasSigma;
	/** Smallest, largest and default sigma or radius in pixels along x. */
	public final double sigmaMin;
	public final double sigmaMax;
	public final double sigmaDefault;
	/** Images that one sigma or radius yields of a channel in 2D. */
	public final int outputs2d;
	/** The same in 3D; 0 when there is no 3D form, so that stacks are done slice by slice. */
	public final int outputs3d;
	/** Whether it reads the colours: it needs three channels and yields its images once, not per channel. */
	public final boolean rgb;

	private final List<String> names2d;
	private final List<String> names3d;

	/**
	 * @param texts id, label, doc, unit, source, parameter, names of the outputs
	 * @param numbers hasSigma, sigma minimum, maximum and default, outputs in 2D and in 3D, rgb
	 */
	FeatureRow(final String[] texts, final double[] numbers) {
		id = texts[0];
		label = texts[1];
		doc = texts[2];
		unit = texts[3];
		source = texts[4];
		parameter = texts[5];
		hasSigma = numbers[0] != 0;
		sigmaMin = numbers[1];
		sigmaMax = numbers[2];
		sigmaDefault = numbers[3];
		outputs2d = (int) numbers[4];
		outputs3d = (int) numbers[5];
		rgb = numbers[6] != 0;
		final String[] forms = texts[6].split("\\|");
		names2d = names(forms[0], outputs2d);
		names3d = names(forms[forms.length - 1], outputs3d);
	}

	/** The first names of a list: some images exist in 3D only. */
	private static List<String> names(final String list, final int count) {
		return Collections.unmodifiableList(Arrays.asList(Arrays.copyOf(list.split(","), count)));
	}

	/** Images that one sigma or radius yields of a channel; in 3D without a 3D form, those of every slice. */
	public int outputs(final int dims) {
		return outputNames(dims).size();
	}

	/** Names of these images in their order, "" for a single one; their slice labels end with them. */
	public List<String> outputNames(final int dims) {
		return dims == 3 && outputs3d > 0 ? names3d : names2d;
	}

	/** The feature as an item of a feature list, with its default sigma or radius. */
	public String item() {
		return hasSigma ? id + ":" + number(sigmaDefault) : id;
	}

	/** The number it takes, such as "sigma 0.3 to 100"; "" for none. */
	public String range() {
		return hasSigma ? parameter + " " + number(sigmaMin) + " to " + number(sigmaMax) : "";
	}

	/** Without the decimals of a whole number. */
	private static String number(final double value) {
		return new BigDecimal(String.valueOf(value)).stripTrailingZeros().toPlainString();
	}

	@Override
	public String toString() {
		return id;
	}
}
