package io.github.brushwood.session.batch;

import io.github.brushwood.engine.Output;
import io.github.brushwood.io.ImageFormat;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Outputs;

import java.util.Collection;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the result files of a batch are called: <code>{name}</code> stands for the image's name without its last suffix,
 * <code>{kind}</code> for probabilities, segmentation, uncertainty or entropy; the suffix decides the format.
 */
public final class NamePattern {

	public static final String DEFAULT = "{name}_{kind}.tif";

	private static final String NAME = "{name}";
	private static final String KIND = "{kind}";
	private static final String OME_ZARR = ".ome.zarr";
	private static final Pattern PLACE = Pattern.compile("\\{[^{}]*\\}");

	private final String text;
	private final String key;
	private final ImageFormat format;

	/**
	 * @param key of the option that it comes from, for messages
	 * @throws BrushwoodException when it is no file name, has an unknown placeholder, or no format has its suffix
	 */
	public NamePattern(final String text, final String key) {
		this.text = text.trim();
		this.key = key;
		if (this.text.isEmpty()) throw wrong("is empty");
		if (this.text.matches("(?s).*[/\\\\\\p{Cntrl}].*")) {
			throw wrong("has to be a file name without folders; the results' folder is the output folder");
		}
		final Matcher place = PLACE.matcher(this.text);
		while (place.find())
			if (!place.group().equals(NAME) && !place.group().equals(KIND)) {
				throw wrong("has the unknown placeholder '" + place.group() + "'; there are {name} and {kind}");
			}
		format = ImageFormats.byName(this.text);
		if (format == null) throw wrong("has to end with the suffix of a format (" + suffixes() + ")");
	}

	/** How the results are written. */
	public ImageFormat format() {
		return format;
	}

	/** @throws BrushwoodException when several results would have the same name */
	public void check(final int images, final Collection<Output> outputs) {
		check(images, outputs.size());
	}

	/** @param results for each image */
	public void check(final int images, final int results) {
		if (results > 1 && !text.contains(KIND)) {
			throw wrong("needs {kind}, as there are several results for each image");
		}
		if (images > 1 && !text.contains(NAME)) throw wrong("needs {name}, as there are several images");
	}

	/**
	 * A result's file name.
	 *
	 * @param image the image's file name
	 */
	public String name(final String image, final Output output) {
		return name(image, Outputs.kind(output));
	}

	/** @param kind what {kind} stands for */
	public String name(final String image, final String kind) {
		final Matcher place = PLACE.matcher(text);
		final StringBuffer name = new StringBuffer();
		while (place.find())
			place.appendReplacement(name, Matcher.quoteReplacement(place.group().equals(NAME) ? stem(image) : kind));
		return place.appendTail(name).toString();
	}

	/** Whether a path has a placeholder. */
	public static boolean isPattern(final String path) {
		return PLACE.matcher(path).find();
	}

	/** A file's name without its last suffix; .ome.zarr counts as one. */
	public static String stem(final String name) {
		final boolean two = name.toLowerCase(Locale.ROOT).endsWith(OME_ZARR);
		final int dot = two ? name.length() - OME_ZARR.length() : name.lastIndexOf('.');
		return dot > 0 ? name.substring(0, dot) : name;
	}

	private static String suffixes() {
		final StringBuilder list = new StringBuilder();
		for (final ImageFormat each : ImageFormats.all())
			for (final String suffix : each.suffixes())
				list.append(list.length() == 0 ? "" : ", ").append(suffix);
		return list.toString();
	}

	private BrushwoodException wrong(final String what) {
		return new BrushwoodException("The name pattern '" + text + "' (key '" + key + "') " + what +
			". Write for example {name}_{kind}.tif.");
	}

	@Override
	public String toString() {
		return text;
	}
}
