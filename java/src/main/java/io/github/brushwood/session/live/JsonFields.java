package io.github.brushwood.session.live;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A JSON object whose fields have to be what is asked for, no more and no less. */
final class JsonFields {

	private final JsonObject object;
	private final String where;
	private final Set<String> asked = new HashSet<>();

	private JsonFields(final JsonObject object, final String where) {
		this.object = object;
		this.where = where;
	}

	/** @throws IOException when the text is no JSON object, or has something behind it */
	static JsonFields parse(final String text) throws IOException {
		final JsonReader reader = new JsonReader(new StringReader(text));
		reader.setStrictness(Strictness.STRICT);
		try {
			final JsonElement element = JsonParser.parseReader(reader);
			if (reader.peek() == JsonToken.END_DOCUMENT) return of(element, "");
		}
		catch (final JsonParseException | MalformedJsonException e) {
			throw new IOException("'session.json' is not JSON, near " + reader.getPath(), e);
		}
		throw new IOException("there is more behind the JSON object");
	}

	private static JsonFields of(final JsonElement element, final String where) throws IOException {
		if (!element.isJsonObject()) throw new IOException("'" + where + "' is not an object");
		return new JsonFields(element.getAsJsonObject(), where);
	}

	private IOException wrong(final String name, final String wanted) {
		return new IOException("'" + where + name + "' has to be " + wanted);
	}

	private JsonElement get(final String name) throws IOException {
		asked.add(name);
		final JsonElement element = object.get(name);
		if (element == null) throw new IOException("'" + where + name + "' is missing");
		return element;
	}

	boolean has(final String name) {
		return object.has(name);
	}

	private static boolean isText(final JsonElement element) {
		return element.isJsonPrimitive() && ((JsonPrimitive) element).isString();
	}

	String text(final String name, final int longest) throws IOException {
		final JsonElement element = get(name);
		if (!isText(element) || element.getAsString().length() > longest) {
			throw wrong(name, "a text of at most " + longest + " characters");
		}
		return element.getAsString();
	}

	boolean flag(final String name) throws IOException {
		final JsonElement element = get(name);
		if (element.isJsonPrimitive() && ((JsonPrimitive) element).isBoolean()) return element.getAsBoolean();
		throw wrong(name, "true or false");
	}

	long whole(final String name, final long min, final long max) throws IOException {
		final JsonElement element = get(name);
		final String wanted = "a whole number from " + min + " to " + max;
		if (!element.isJsonPrimitive() || !((JsonPrimitive) element).isNumber()) throw wrong(name, wanted);
		try {
			final long value = Long.parseLong(element.getAsString());
			if (value >= min && value <= max) return value;
		}
		catch (final NumberFormatException e) {
			// reported below
		}
		throw wrong(name, wanted);
	}

	double number(final String name, final double min, final double max) throws IOException {
		return number(get(name), name, min, max);
	}

	private double number(final JsonElement element, final String name, final double min, final double max)
		throws IOException
	{
		if (element.isJsonPrimitive() && ((JsonPrimitive) element).isNumber()) {
			final double value = element.getAsDouble();
			if (value >= min && value <= max) return value;
		}
		throw wrong(name, "a number from " + min + " to " + max);
	}

	double[] numbers(final String name, final double min, final double max, final int most) throws IOException {
		final JsonArray array = array(name, most);
		final double[] numbers = new double[array.size()];
		for (int i = 0; i < numbers.length; i++)
			numbers[i] = number(array.get(i), name, min, max);
		return numbers;
	}

	<T extends Enum<T>> T choice(final String name, final T[] values) throws IOException {
		final String text = text(name, 100);
		for (final T value : values)
			if (idOf(value).equals(text)) return value;
		throw wrong(name, "something else than '" + text + "'");
	}

	/** What {@link #choice} finds a constant by. */
	static String idOf(final Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT);
	}

	JsonFields object(final String name) throws IOException {
		return of(get(name), where + name + ".");
	}

	List<JsonFields> objects(final String name, final int most) throws IOException {
		final List<JsonFields> objects = new ArrayList<>();
		for (final JsonElement element : array(name, most))
			objects.add(of(element, where + name + "[" + objects.size() + "]."));
		return objects;
	}

	private JsonArray array(final String name, final int most) throws IOException {
		final JsonElement element = get(name);
		if (!element.isJsonArray() || element.getAsJsonArray().size() > most) {
			throw wrong(name, "a list of at most " + most + " items");
		}
		return element.getAsJsonArray();
	}

	/** After everything was asked for. */
	void checkNothingElse() throws IOException {
		for (final String name : object.keySet())
			if (!asked.contains(name)) throw new IOException("'" + where + name + "' is unknown");
	}
}
