package io.github.brushwood.session.options;

import io.github.brushwood.session.BrushwoodException;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values of a command's keys. A key without a value, or with an empty one, has its default. */
public final class Options {

	private static final String OFF = "false";

	private final Spec spec;
	private final Map<String, String> escaped = new LinkedHashMap<>();

	public Options(final Spec spec) {
		this.spec = spec;
	}

	/**
	 * Options from macro text.
	 *
	 * @throws BrushwoodException naming the key when it is unknown, missing, given twice or has a wrong kind of value
	 */
	public static Options parse(final Spec spec, final String text) {
		final Options options = new Options(spec);
		for (final Map.Entry<String, String> entry : OptionText.split(text).entrySet())
			options.putEscaped(options.known(entry.getKey()), entry.getValue());
		return options.check();
	}

	public Spec spec() {
		return spec;
	}

	/** Sets a value as a user would type it; the items of a list are separated by ';'. */
	public Options set(final String id, final String value) {
		final Key key = known(id);
		final String meaning = key.meaning(value);
		put(key, key.isList() ? meaning : OptionText.encode(meaning));
		return this;
	}

	/** Sets a list. */
	public Options set(final String id, final List<String> items) {
		put(known(id), join(items));
		return this;
	}

	/** Turns a switch on or off; off is the same as absent unless a preset decides then. */
	public Options setFlag(final String id, final boolean on) {
		final Key key = known(id);
		if (on) escaped.put(id, "");
		else if (key.isFromPreset()) escaped.put(id, OFF);
		else escaped.remove(id);
		return this;
	}

	/** Takes over the value that a key has in options of the same command. */
	public Options copy(final String id, final Options from) {
		escaped.put(known(id).id(), from.escaped.get(id));
		return this;
	}

	/** Gives a key its default again. */
	public Options unset(final String id) {
		escaped.remove(known(id).id());
		return this;
	}

	/** True when the key has a value of its own. */
	public boolean given(final String id) {
		return escaped.containsKey(id);
	}

	/** The value, or the default. */
	public String text(final String id) {
		final String value = escaped.get(id);
		return value == null ? known(id).defaultValue() : OptionText.decode(value);
	}

	/** Whether a switch is on. */
	public boolean flag(final String id) {
		known(id);
		return escaped.containsKey(id) && !OFF.equals(escaped.get(id));
	}

	/**
	 * The value as a whole number.
	 *
	 * @throws BrushwoodException when it is none or not within min..max
	 */
	public long integer(final String id, final long min, final long max) {
		final String value = text(id).trim();
		try {
			final long number = Long.parseLong(value);
			if (number >= min && number <= max) return number;
		}
		catch (final NumberFormatException e) {
			// reported below
		}
		throw new BrushwoodException("The value of '" + id + "' has to be a whole number from " + min + " to " + max +
			", not '" + value + "'.");
	}

	/**
	 * The value as a number.
	 *
	 * @throws BrushwoodException when it is none or not within min..max
	 */
	public double number(final String id, final double min, final double max) {
		return number(id, text(id).trim(), min, max);
	}

	/**
	 * The value as numbers separated by commas, semicolons or spaces.
	 *
	 * @throws BrushwoodException when one is none or not within min..max, or there is none or more than <code>most</code>
	 */
	public double[] numbers(final String id, final double min, final double max, final int most) {
		final String text = text(id).trim();
		final String[] parts = text.isEmpty() ? new String[0] : text.split("[,;\\s]+");
		if (parts.length < 1 || parts.length > most) {
			throw new BrushwoodException("The value of '" + id + "' has to be 1 to " + most + " numbers, not '" + text +
				"'.");
		}
		final double[] numbers = new double[parts.length];
		for (int i = 0; i < parts.length; i++)
			numbers[i] = number(id, parts[i], min, max);
		return numbers;
	}

	private static double number(final String id, final String value, final double min, final double max) {
		try {
			final double number = Double.parseDouble(value);
			if (number >= min && number <= max) return number;
		}
		catch (final NumberFormatException e) {
			// reported below
		}
		throw new BrushwoodException("The value of '" + id + "' has to be a number from " + plain(min) + " to " + plain(
			max) + ", not '" + value + "'.");
	}

	/** A number without the decimals of a whole one. */
	public static String plain(final double number) {
		return new BigDecimal(String.valueOf(number)).stripTrailingZeros().toPlainString();
	}

	/** The items of a list separated by ';'; its default's when not given. */
	public List<String> list(final String id) {
		return split(given(id) ? escaped.get(id) : known(id).defaultValue());
	}

	private static List<String> split(final String value) {
		final List<String> items = new ArrayList<>();
		if (value == null) return items;
		for (final String item : value.split(";")) {
			final String decoded = OptionText.decode(item.trim());
			if (!decoded.isEmpty()) items.add(decoded);
		}
		return items;
	}

	private static String join(final List<String> items) {
		final StringBuilder list = new StringBuilder();
		for (final String item : items)
			list.append(list.length() > 0 ? ";" : "").append(OptionText.encodeItem(item));
		return list.toString();
	}

	/**
	 * @return this
	 * @throws BrushwoodException when a required key has no value or a choice has another value than those listed
	 */
	public Options check() {
		for (final Key key : spec.keys()) {
			if (key.isRequired() && !given(key.id())) {
				throw new BrushwoodException("The key '" + key.id() + "' (" + key.label() +
					") is missing. Keys of " + spec.name() + ": " + spec.keyList() + ".");
			}
			if (given(key.id())) checkChoice(key);
		}
		return this;
	}

	private void checkChoice(final Key key) {
		final String text = text(key.id());
		if (key.kind() == Key.Kind.CHOICE && !key.choices().contains(text)) {
			throw new BrushwoodException("The value of '" + key.id() + "' has to be one of " + key.choices() + ", not '" +
				text + "'.");
		}
		if (key.kind() == Key.Kind.SET && !key.choices().containsAll(list(key.id()))) {
			throw new BrushwoodException("The value of '" + key.id() + "' has to be one of " + key.choices() +
				", or several of them separated by ';', not '" + text + "'.");
		}
	}

	/** Escaped values by key in the order of the table; switches that are on have the value null. For the recorder. */
	public Map<String, String> escapedValues() {
		final Map<String, String> values = new LinkedHashMap<>();
		for (final Key key : spec.keys())
			if (given(key.id())) values.put(key.id(), key.isFlag() && flag(key.id()) ? null : escaped.get(key.id()));
		return values;
	}

	/** Macro text that parses to the same options. */
	@Override
	public String toString() {
		final StringBuilder text = new StringBuilder();
		for (final Map.Entry<String, String> entry : escapedValues().entrySet()) {
			if (text.length() > 0) text.append(' ');
			text.append(entry.getKey());
			final String value = entry.getValue();
			if (value != null) text.append('=').append(value.indexOf(' ') < 0 ? value : '[' + value + ']');
		}
		return text.toString();
	}

	private Key known(final String id) {
		final Key key = spec.find(id);
		if (key == null) {
			throw new BrushwoodException("Unknown key '" + id + "'. Keys of " + spec.name() + ": " + spec.keyList() +
				".");
		}
		return key;
	}

	private void putEscaped(final Key key, final String value) {
		final String meaning = key.meaning(value);
		if (key.isFlag()) {
			if (value != null && !value.equals("true") && !value.equals(OFF)) {
				throw new BrushwoodException("The key '" + key.id() + "' is a switch: write it without a value.");
			}
			setFlag(key.id(), !OFF.equals(value));
		}
		else {
			if (meaning == null) throw new BrushwoodException("The key '" + key.id() + "' needs a value: write " +
				key.id() + "=[value].");
			put(key, meaning);
		}
	}

	/** Keeps a value in its canonical escaped form; an empty value or the default means that the key is not given. */
	private void put(final Key key, final String value) {
		final boolean absent = value.trim().isEmpty() || OptionText.decode(value).equals(key.defaultValue());
		if (absent) escaped.remove(key.id());
		else escaped.put(key.id(), key.isList() ? join(split(value)) : OptionText.encode(
			OptionText.decode(value)));
	}
}
