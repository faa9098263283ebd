package io.github.brushwood.session;

import io.github.brushwood.engine.ObjectOptions;

import java.util.Collections;
import java.util.List;

/** How objects are made, with classes by the names that users give them. */
public final class LabelSettings {

	/** The keys of the options that name classes. */
	public static final String CLASSES = "classes";
	public static final String CORE = "core";
	public static final String BOUNDARY = "boundary";

	private final ObjectOptions options;
	private List<String> classes = Collections.emptyList();
	private List<String> core = Collections.emptyList();
	private String boundary = "";

	/** @param options without channels; changed by the work */
	public LabelSettings(final ObjectOptions options) {
		this.options = options;
	}

	/** @param names or numbers from 1 of what is foreground; none for the engine's choice */
	public LabelSettings classes(final List<String> names) {
		classes = names;
		return this;
	}

	/** @param names or numbers from 1 of what is core; none for the foreground */
	public LabelSettings core(final List<String> names) {
		core = names;
		return this;
	}

	/** @param name or number from 1 of the class between objects; "" for none */
	public LabelSettings boundary(final String name) {
		boundary = name;
		return this;
	}

	/** The options with the channels that the names stand for. */
	ObjectOptions resolve(final ChannelClasses channels) {
		options.foreground(channels.find(classes, CLASSES)).core(channels.find(core, CORE));
		return options.boundary(boundary.isEmpty() ? -1 : channels.find(boundary, BOUNDARY));
	}
}
