package io.github.brushwood.session;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The channels of probabilities as classes, with names and colours. */
final class ChannelClasses {

	private static final String SEPARATOR = ": ";

	private final List<String> names = new ArrayList<>();
	private final List<Integer> colours = new ArrayList<>();

	private ChannelClasses() {}

	/**
	 * Names the channels of an image: by the classes that came with it when there are as many, else by its channel names,
	 * else by what its first slice's labels say before a colon, else "class N".
	 *
	 * @param image gets the names
	 * @param property text of {@link AnnotationClasses#format}; null for none
	 */
	static ChannelClasses name(final Job job, final EngineImage image, final String property) {
		final AnnotationClasses known = AnnotationClasses.parse(property);
		final ChannelClasses classes = new ChannelClasses();
		final int channels = image.info().channels;
		for (int c = 0; c < channels; c++) {
			final boolean listed = known.size() == channels;
			classes.add(listed ? known.at(c + 1).name() : nameOf(image, c), listed ? known.at(c + 1).rgb() : AnnotationClasses
				.defaultColour(c + 1));
			image.setChannelName(job, c, classes.names.get(c));
		}
		return classes;
	}

	private void add(final String name, final int colour) {
		names.add(names.contains(name) ? "class " + (names.size() + 1) : name);
		colours.add(colour);
	}

	private static String nameOf(final EngineImage image, final int channel) {
		final String own = image.channelName(channel);
		if (!own.isEmpty()) return own;
		final String label = image.info().channels == 1 ? null : image.planeLabel(0, channel, 0);
		final String name = label == null ? "" : label.split(SEPARATOR, 2)[0].split("\n", 2)[0].trim();
		return name.isEmpty() ? "class " + (channel + 1) : name;
	}

	List<String> names() {
		return Collections.unmodifiableList(names);
	}

	/** Colour of a class by its name, 0xRRGGBB. */
	int colour(final String name) {
		final int index = names.indexOf(name);
		return index < 0 ? AnnotationClasses.defaultColour(1) : colours.get(index);
	}

	/**
	 * Channels, from 0, that a user's list names.
	 *
	 * @param items names or numbers from 1
	 * @param key of the option, for messages
	 */
	int[] find(final List<String> items, final String key) {
		final int[] channels = new int[items.size()];
		for (int i = 0; i < channels.length; i++)
			channels[i] = find(items.get(i), key);
		return channels;
	}

	int find(final String item, final String key) {
		final int named = names.indexOf(item);
		if (named >= 0) return named;
		if (item.matches("[0-9]{1,3}")) {
			final int number = Integer.parseInt(item);
			if (number >= 1 && number <= names.size()) return number - 1;
		}
		throw new BrushwoodException("There is no class '" + item + "' (key '" + key + "'). Classes of the image: " + String
			.join(", ", names) + ". Give their names, or their numbers from 1 to " + names.size() + ".");
	}
}
