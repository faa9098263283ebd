package io.github.brushwood.command.options;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** One option of a command: the macro key, what the dialog shows for it and what the help says about it. */
public final class Key {

	/** How a value is entered and checked. */
	public enum Kind {
		TEXT, INTEGER, FLAG, CHOICE, CLASS, COLOUR, LIST, FEATURES, FILE, FILES, SAVE, FOLDER
	}

	private final String id;
	private final Kind kind;
	private final String label;
	private final String doc;
	private final String defaultValue;
	private final List<String> choices;
	private final boolean required;
	private final boolean macroOnly;
	private final String suffix;

	private Key(final String id, final Kind kind, final String label, final String doc, final String defaultValue,
		final List<String> choices, final boolean required, final boolean macroOnly,
		final String suffix)
	{
		this.id = id;
		this.kind = kind;
		this.label = label;
		this.doc = doc;
		this.defaultValue = defaultValue;
		this.choices = choices;
		this.required = required;
		this.macroOnly = macroOnly;
		this.suffix = suffix;
	}

	/**
	 * An optional key.
	 *
	 * @param id macro key: lower case letters and underscores; never changes
	 * @param label what the dialog shows; may change
	 * @param doc one sentence for the help
	 * @param defaultValue value when the key is absent; "" for none
	 */
	public static Key of(final Kind kind, final String id, final String label, final String defaultValue,
		final String doc)
	{
		return new Key(id, kind, label, doc, defaultValue, Collections.<String>emptyList(), false, false, "");
	}

	/** A key that has to be given. */
	public static Key required(final Kind kind, final String id, final String label, final String doc) {
		return new Key(id, kind, label, doc, "", Collections.<String>emptyList(), true, false, "");
	}

	/** A key that is either present or absent. */
	public static Key flag(final String id, final String label, final String doc) {
		return of(Kind.FLAG, id, label, "", doc);
	}

	/** A key with a fixed list of values; the first is the default. */
	public static Key choice(final String id, final String label, final String doc, final String... values) {
		return new Key(id, Kind.CHOICE, label, doc, values[0], Arrays.asList(values), false, false, "");
	}

	/** The same key without a field in the dialog. */
	public Key inMacrosOnly() {
		return new Key(id, kind, label, doc, defaultValue, choices, required, true, suffix);
	}

	/** The same key for files whose names usually end like this. */
	public Key withSuffix(final String ending) {
		return new Key(id, kind, label, doc, defaultValue, choices, required, macroOnly, ending);
	}

	/** Usual ending of a {@link Kind#SAVE}'s file, such as ".tif"; "" for none. */
	public String suffix() {
		return suffix;
	}

	/** Whether the value is a list separated by ';'. */
	public boolean isList() {
		return kind == Kind.FILES || kind == Kind.LIST;
	}

	public boolean isMacroOnly() {
		return macroOnly;
	}

	public String id() {
		return id;
	}

	public Kind kind() {
		return kind;
	}

	public String label() {
		return label;
	}

	public String doc() {
		return doc;
	}

	public String defaultValue() {
		return defaultValue;
	}

	/** Values of a {@link Kind#CHOICE}; else empty. */
	public List<String> choices() {
		return choices;
	}

	public boolean isRequired() {
		return required;
	}

	public boolean isFlag() {
		return kind == Kind.FLAG;
	}
}
