package io.github.brushwood.session.options;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** One option of a command: the macro key, what the dialog shows for it and what the help says about it. */
public final class Key {

	/** How a value is entered and checked. */
	public enum Kind {
		TEXT, INTEGER, FLAG, CHOICE, SET, CLASS, IMAGE, COLOUR, LIST, FEATURES, FILE, FILES, SAVE, FOLDER
	}

	private final String id;
	private final Kind kind;
	private final String label;
	private final String doc;
	private String defaultValue = "";
	private List<String> choices = Collections.emptyList();
	private boolean required;
	private boolean macroOnly;
	private boolean fromPreset;
	private boolean folders;
	private String suffix = "";
	private String heading = "";
	private String on;
	private String off;
	private String alias;
	private String aliasMeaning;

	private Key(final Kind kind, final String id, final String label, final String doc) {
		this.kind = kind;
		this.id = id;
		this.label = label;
		this.doc = doc;
	}

	/** The same key, to be changed. */
	private Key copy() {
		final Key copy = new Key(kind, id, label, doc);
		copy.defaultValue = defaultValue;
		copy.choices = choices;
		copy.required = required;
		copy.macroOnly = macroOnly;
		copy.fromPreset = fromPreset;
		copy.folders = folders;
		copy.suffix = suffix;
		copy.heading = heading;
		copy.on = on;
		copy.off = off;
		copy.alias = alias;
		copy.aliasMeaning = aliasMeaning;
		return copy;
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
		final Key key = new Key(kind, id, label, doc);
		key.defaultValue = defaultValue;
		return key;
	}

	/** A key that has to be given. */
	public static Key required(final Kind kind, final String id, final String label, final String doc) {
		final Key key = new Key(kind, id, label, doc);
		key.required = true;
		return key;
	}

	/** A key that is either present or absent. */
	public static Key flag(final String id, final String label, final String doc) {
		return new Key(Kind.FLAG, id, label, doc);
	}

	/** A key with a fixed list of values; the first is the default. */
	public static Key choice(final String id, final String label, final String doc, final String... values) {
		final Key key = new Key(Kind.CHOICE, id, label, doc);
		key.defaultValue = values[0];
		key.choices = Arrays.asList(values);
		return key;
	}

	/** A key whose value is some of a fixed list, separated by ';'; the first is the default. */
	public static Key set(final String id, final String label, final String doc, final String... values) {
		final Key key = new Key(Kind.SET, id, label, doc);
		key.defaultValue = values[0];
		key.choices = Arrays.asList(values);
		return key;
	}

	/** The same key without a field in the dialog. */
	public Key inMacrosOnly() {
		final Key key = copy();
		key.macroOnly = true;
		return key;
	}

	/** The same key for files whose names usually end like this. */
	public Key withSuffix(final String ending) {
		final Key key = copy();
		key.suffix = ending;
		return key;
	}

	/** The same key for images, which are files or folders in OME-Zarr. */
	public Key orFolder() {
		final Key key = copy();
		key.folders = true;
		return key;
	}

	/** The same key, whose value comes from a preset when it is absent; a switch can then also be turned off. */
	public Key fromPreset() {
		final Key key = copy();
		key.fromPreset = true;
		key.defaultValue = "";
		return key;
	}

	/** The same key on the second page of the dialog, below a heading. */
	public Key under(final String title) {
		final Key key = copy();
		key.heading = title;
		return key;
	}

	/**
	 * The same key, which may be written as a switch too.
	 *
	 * @param whenOn value that the key alone, or key=true, stands for
	 * @param whenOff value that key=false stands for
	 */
	public Key asSwitch(final String whenOn, final String whenOff) {
		final Key key = copy();
		key.on = whenOn;
		key.off = whenOff;
		return key;
	}

	/** The same key with another way to write one of its values. */
	public Key withAlias(final String other, final String meaning) {
		final Key key = copy();
		key.alias = other;
		key.aliasMeaning = meaning;
		return key;
	}

	/** Usual ending of a {@link Kind#SAVE}'s file, such as ".tif"; "" for none. */
	public String suffix() {
		return suffix;
	}

	/** Heading on the second page of the dialog; "" for keys of the first page. */
	public String heading() {
		return heading;
	}

	/** Whether the value is a list separated by ';'. */
	public boolean isList() {
		return kind == Kind.FILES || kind == Kind.LIST || kind == Kind.SET;
	}

	/** Whether a folder can be chosen, too. */
	public boolean takesFolders() {
		return folders;
	}

	public boolean isMacroOnly() {
		return macroOnly;
	}

	public boolean isFromPreset() {
		return fromPreset;
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

	/** Values of a {@link Kind#CHOICE} or a {@link Kind#SET}; else empty. */
	public List<String> choices() {
		return choices;
	}

	public boolean isRequired() {
		return required;
	}

	public boolean isFlag() {
		return kind == Kind.FLAG;
	}

	/** What a value stands for: itself, but for what {@link #asSwitch} and {@link #withAlias} say. */
	String meaning(final String value) {
		if (on != null && (value == null || value.equals("true"))) return on;
		if (on != null && value.equals("false")) return off;
		return alias != null && alias.equals(value) ? aliasMeaning : value;
	}
}
