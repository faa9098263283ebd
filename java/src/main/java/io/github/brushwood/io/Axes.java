package io.github.brushwood.io;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;

import java.util.Arrays;
import java.util.Locale;

/** The order of an array's axes, slowest first, with what vigra's axis tags say about them. */
final class Axes {

	/** All axes, in the order of what is written. */
	static final String ALL = "tzyxc";

	private static final int[] TYPE_FLAGS = { 8, 2, 2, 2, 1 }; // vigra's: time 8, space 2, channels 1
	private static final int MOST_CHANNELS = 4; // of a last axis without a name that is taken for channels

	/** Letters of {@link #ALL}, each at most once, x and y among them. */
	final String order;
	private final double[] resolution = new double[ALL.length()];
	private final String[] description = new String[ALL.length()];

	private Axes(final String order) {
		this.order = order;
		Arrays.fill(description, "");
	}

	/**
	 * An order that somebody gave.
	 *
	 * @throws IllegalArgumentException saying what is wrong with it, starting with a verb
	 */
	static Axes of(final String text, final int rank) {
		final String order = text.trim().toLowerCase(Locale.ROOT);
		for (int i = 0; i < order.length(); i++) {
			final char axis = order.charAt(i);
			if (ALL.indexOf(axis) < 0) throw new IllegalArgumentException("has the letter '" + axis + "'");
			if (order.indexOf(axis) != i) throw new IllegalArgumentException("has '" + axis + "' twice");
		}
		if (order.length() != rank) throw new IllegalArgumentException("has " + order.length() + " axes, not " + rank);
		if (order.indexOf('x') < 0 || order.indexOf('y') < 0) throw new IllegalArgumentException("lacks x or y");
		return new Axes(order);
	}

	/** What the shape suggests, as ilastik takes it; null when it is no image's. */
	static Axes propose(final int[] shape) {
		final boolean channels = shape.length > 0 && shape[shape.length - 1] <= MOST_CHANNELS;
		switch (shape.length) {
			case 2:
				return new Axes("yx");
			case 3:
				return new Axes(channels ? "yxc" : "zyx");
			case 4:
				return new Axes(channels ? "zyxc" : "tzyx");
			case 5:
				return new Axes(ALL);
			default:
				return null;
		}
	}

	/**
	 * What the attribute axistags says.
	 *
	 * @throws IllegalArgumentException saying what is wrong with it, starting with a verb
	 */
	static Axes ofTags(final String json, final int rank) {
		try {
			final JsonArray tags = JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("axes");
			final StringBuilder order = new StringBuilder();
			for (final JsonElement tag : tags)
				order.append(tag.getAsJsonObject().get("key").getAsString());
			final Axes axes = of(order.toString(), rank);
			for (final JsonElement tag : tags)
				axes.describe(tag.getAsJsonObject());
			return axes;
		}
		catch (final JsonParseException | IllegalStateException | ClassCastException | NullPointerException |
				UnsupportedOperationException | NumberFormatException e)
		{
			throw new IllegalArgumentException("is not the JSON text that vigra writes", e);
		}
	}

	/** With sizes and units of tags that have this order; those of another order may mean other axes. */
	Axes withTags(final String json) {
		try {
			final Axes tagged = ofTags(json, order.length());
			return tagged.order.equals(order) ? tagged : this;
		}
		catch (final IllegalArgumentException e) {
			return this; // the order was given because the tags are wrong
		}
	}

	private void describe(final JsonObject tag) {
		final int axis = ALL.indexOf(tag.get("key").getAsString().toLowerCase(Locale.ROOT));
		final JsonElement size = tag.get("resolution");
		final JsonElement text = tag.get("description");
		if (size != null) resolution[axis] = size.getAsDouble();
		if (text != null) description[axis] = text.getAsString();
	}

	/** Says the distance of neighbours along an axis, and in which unit. */
	Axes describe(final char axis, final double size, final String unit) {
		resolution[ALL.indexOf(axis)] = size;
		description[ALL.indexOf(axis)] = unit;
		return this;
	}

	/** Distance of neighbours along an axis, 0 when unknown. */
	double resolution(final char axis) {
		final double size = resolution[ALL.indexOf(axis)];
		return size > 0 && size < 1e30 ? size : 0;
	}

	/** What the tags say besides; "" for nothing. */
	String description(final char axis) {
		return description[ALL.indexOf(axis)];
	}

	/** The tags as vigra writes them. */
	String toTags() {
		final JsonArray tags = new JsonArray();
		for (final char axis : order.toCharArray()) {
			final JsonObject tag = new JsonObject();
			tag.addProperty("key", String.valueOf(axis));
			tag.addProperty("typeFlags", TYPE_FLAGS[ALL.indexOf(axis)]);
			tag.addProperty("resolution", resolution(axis));
			tag.addProperty("description", description(axis));
			tags.add(tag);
		}
		final JsonObject all = new JsonObject();
		all.add("axes", tags);
		return all.toString();
	}
}
