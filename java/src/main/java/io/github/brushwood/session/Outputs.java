package io.github.brushwood.session;

import io.github.brushwood.engine.Output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the images of a prediction are called and in which order they are shown. */
public final class Outputs {

	/** All, the one that matters most last: what is shown last is the active image. */
	static final List<Output> SHOWN = Collections.unmodifiableList(Arrays.asList(Output.ENTROPY, Output.UNCERTAINTY,
		Output.PROBABILITIES, Output.LABELS));

	private static final Map<Output, String> NAMES = new EnumMap<>(Output.class);
	static {
		NAMES.put(Output.PROBABILITIES, "Probabilities");
		NAMES.put(Output.LABELS, "Segmentation");
		NAMES.put(Output.UNCERTAINTY, "Uncertainty");
		NAMES.put(Output.ENTROPY, "Entropy");
	}

	private Outputs() {}

	/** The outputs' ids, as options name them. */
	public static String[] ids() {
		final List<String> ids = new ArrayList<>();
		for (final Output output : Output.values())
			ids.add(output.name().toLowerCase(Locale.ROOT));
		return ids.toArray(new String[0]);
	}

	/** @param ids some of {@link #ids()} */
	public static List<Output> of(final List<String> ids) {
		final List<Output> outputs = new ArrayList<>();
		for (final String id : ids)
			outputs.add(Output.valueOf(id.toUpperCase(Locale.ROOT)));
		return outputs;
	}

	/** The ids of outputs, separated by ';'. */
	public static String text(final Collection<Output> outputs) {
		final List<String> ids = new ArrayList<>();
		for (final Output output : outputs)
			ids.add(output.name().toLowerCase(Locale.ROOT));
		return String.join(";", ids);
	}

	/** Title of an output's image. */
	static String title(final Output output, final String image) {
		return NAMES.get(output) + " of " + image;
	}

	/** What an output is called in file names. */
	public static String kind(final Output output) {
		return NAMES.get(output).toLowerCase(Locale.ROOT);
	}

	/** What an output's file has behind the image's name. */
	static String suffix(final Output output) {
		return "_" + kind(output) + ".tif";
	}
}
