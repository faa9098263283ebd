package io.github.brushwood.session.options;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What a command is called, what it does and which keys it takes: the one table behind macro, dialog and help. */
public final class Spec {

	private final String name;
	private final String summary;
	private final List<Key> keys;

	/**
	 * @param name the menu entry and the macro's <code>run</code> name
	 * @param summary a few sentences for dialog and help
	 */
	public Spec(final String name, final String summary, final Key... keys) {
		this(name, summary, Arrays.asList(keys));
	}

	public Spec(final String name, final String summary, final List<Key> keys) {
		this.name = name;
		this.summary = summary;
		this.keys = Collections.unmodifiableList(new ArrayList<>(keys));
	}

	public String name() {
		return name;
	}

	public String summary() {
		return summary;
	}

	public List<Key> keys() {
		return keys;
	}

	/** The key with this id, or null. */
	public Key find(final String id) {
		for (final Key key : keys)
			if (key.id().equals(id)) return key;
		return null;
	}

	/** "model (required), output, threads", or "none". */
	public String keyList() {
		final StringBuilder list = new StringBuilder();
		for (final Key key : keys) {
			if (list.length() > 0) list.append(", ");
			list.append(key.id());
			if (key.isRequired()) list.append(" (required)");
		}
		return list.length() == 0 ? "none" : list.toString();
	}
}
