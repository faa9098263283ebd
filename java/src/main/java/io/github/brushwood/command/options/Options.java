package io.github.brushwood.command.options;

import io.github.brushwood.session.BrushwoodException;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values of a command's keys. A key without a value, or with an empty one, has its default. */
public final class Options {

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
		put(key, key.isList() ? value : OptionText.encode(value));
		return this;
	}

	/** Sets a list. */
	public Options set(final String id, final List<String> items) {
		put(known(id), join(items));
		return this;
	}

	public Options setFlag(final String id, final boolean on) {
		known(id);
		if (on) escaped.put(id, "");
		else escaped.remove(id);
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

	public boolean flag(final String id) {
		known(id);
		return escaped.containsKey(id);
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

	/** The items of a list separated by ';'; empty when not given. */
	public List<String> list(final String id) {
		return split(escaped.get(id));
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
			if (key.kind() == Key.Kind.CHOICE && !key.choices().contains(text(key.id()))) {
				throw new BrushwoodException("The value of '" + key.id() + "' has to be one of " + key.choices() +
					", not '" + text(key.id()) + "'.");
			}
		}
		return this;
	}

	/** Escaped values by key in the order of the table; flags have the value null. For the recorder. */
	public Map<String, String> escapedValues() {
		final Map<String, String> values = new LinkedHashMap<>();
		for (final Key key : spec.keys())
			if (given(key.id())) values.put(key.id(), key.isFlag() ? null : escaped.get(key.id()));
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
		if (key.isFlag()) {
			if (value != null && !value.equals("true") && !value.equals("false")) {
				throw new BrushwoodException("The key '" + key.id() + "' is a switch: write it without a value.");
			}
			setFlag(key.id(), !"false".equals(value));
		}
		else {
			if (value == null) throw new BrushwoodException("The key '" + key.id() + "' needs a value: write " +
				key.id() + "=[value].");
			put(key, value);
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
