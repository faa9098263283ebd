package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.ObjectSet;
import io.github.brushwood.session.options.OptionText;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Classes, and objects that are examples of them. As text one item per class, <code>name#rrggbb:5,9@2</code>: objects 5
 * of the first frame and 9 of frame 2; the colour may be left out, and the
 * colon when there are no objects.
 */
public final class ObjectExamples {

	/** Image property with the items of {@link #items}. */
	private static final String PROPERTY = "brushwood.object.examples";

	private static final Pattern OBJECT = Pattern.compile("([0-9]{1,8})(?:@([0-9]{1,6}))?");
	private static final int FRAME_BITS = 32;

	private final AnnotationClasses classes;
	/** Ids of classes by frame, from 0, in the upper half and object in the lower. */
	private final Map<Long, Integer> picks = new TreeMap<>();

	public ObjectExamples() {
		classes = new AnnotationClasses();
	}

	private ObjectExamples(final ObjectExamples other) {
		classes = AnnotationClasses.copyOf(other.classes.list());
		picks.putAll(other.picks);
	}

	/**
	 * Examples from their text form.
	 *
	 * @throws BrushwoodException naming what is wrong
	 */
	public static ObjectExamples parse(final List<String> items) {
		final List<String> names = new ArrayList<>();
		final List<String> objects = new ArrayList<>();
		for (final String item : items) {
			final int colon = item.lastIndexOf(':');
			names.add(colon < 0 ? item.trim() : item.substring(0, colon));
			objects.add(colon < 0 ? "" : item.substring(colon + 1));
		}
		final ObjectExamples result = new ObjectExamples();
		result.classes.mergeAll(AnnotationClasses.of(names));
		for (int k = 0; k < objects.size(); k++)
			for (final String object : objects.get(k).split(","))
				if (!object.trim().isEmpty()) result.add(object.trim(), result.classes.at(k + 1));
		return result;
	}

	/** The examples that an image keeps; null when it has none. */
	static ObjectExamples of(final ImagePlus imp) {
		final String text = imp.getProp(PROPERTY);
		if (text == null) return null;
		final List<String> items = new ArrayList<>();
		for (final String item : text.split(";"))
			if (!item.trim().isEmpty()) items.add(OptionText.decode(item));
		return parse(items);
	}

	/** Writes the examples on an image, which keeps them in its TIFF file. */
	void keep(final ImagePlus imp) {
		final List<String> items = new ArrayList<>();
		for (final String item : items())
			items.add(OptionText.encodeItem(item));
		imp.setProp(PROPERTY, String.join(";", items));
		imp.changes = true;
	}

	private void add(final String object, final AnnotationClass c) {
		final Matcher matcher = OBJECT.matcher(object);
		final int frame = !matcher.matches() ? 0 : matcher.group(2) == null ? 1 : Integer.parseInt(matcher.group(2));
		if (frame == 0) {
			throw new BrushwoodException("'" + object + "' is no example of class '" + c.name() +
				"'. Examples are numbers of objects, with @ and the frame where there are several: 5,9@2.");
		}
		final int id = Integer.parseInt(matcher.group(1));
		final AnnotationClass other = classOf(frame - 1, id);
		if (other != null && other != c) {
			throw new BrushwoodException("The object " + object + " is an example of '" + other.name() + "' and of '" + c
				.name() + "'. Remove one of them.");
		}
		put(frame - 1, id, c);
	}

	/** The text form: an item for every class. */
	public List<String> items() {
		final List<String> items = new ArrayList<>();
		for (final AnnotationClass c : classes.list()) {
			final StringBuilder text = new StringBuilder(c.name()).append(c.hex()).append(':');
			String between = "";
			for (final Map.Entry<Long, Integer> pick : picks.entrySet()) {
				if (pick.getValue() != c.id()) continue;
				final int frame = (int) (pick.getKey() >>> FRAME_BITS);
				text.append(between).append(pick.getKey().intValue()).append(frame == 0 ? "" : "@" + (frame + 1));
				between = ",";
			}
			items.add(text.toString());
		}
		return items;
	}

	ObjectExamples copy() {
		return new ObjectExamples(this);
	}

	/** The classes, to be changed; their ids say whose the examples are. */
	public AnnotationClasses classes() {
		return classes;
	}

	/** Number of examples. */
	public int count() {
		return picks.size();
	}

	/** Number of examples of a class. */
	public int count(final AnnotationClass c) {
		int count = 0;
		for (final int id : picks.values())
			if (id == c.id()) count++;
		return count;
	}

	/** @param frame from 0; null when the object is no example */
	public AnnotationClass classOf(final int frame, final int object) {
		final Integer id = picks.get(key(frame, object));
		return id == null ? null : classes.byId(id);
	}

	/** @param c null to make it no example */
	void put(final int frame, final int object, final AnnotationClass c) {
		if (c == null) picks.remove(key(frame, object));
		else picks.put(key(frame, object), c.id());
	}

	/** Removes a class with its examples. */
	void remove(final AnnotationClass c) {
		classes.remove(c);
		picks.values().removeIf(id -> id == c.id());
	}

	private static long key(final int frame, final int object) {
		return (long) frame << FRAME_BITS | object;
	}

	/**
	 * Labels of the classes, 1, 2, ... in the order of the list; one per object, frame after frame; 0 = no example.
	 *
	 * @param name of the label image, for messages
	 * @throws BrushwoodException naming an example that is not among the objects
	 */
	byte[] labels(final ObjectSet objects, final String name) {
		final byte[] labels = new byte[Math.toIntExact(objects.count())];
		final int[] first = firstRows(objects);
		int[] ids = {};
		int frameOfIds = -1;
		for (final Map.Entry<Long, Integer> pick : picks.entrySet()) {
			final int frame = (int) (pick.getKey() >>> FRAME_BITS);
			final int object = pick.getKey().intValue();
			if (frame != frameOfIds) ids = frame < objects.frames() ? objects.ids(frame) : new int[0];
			frameOfIds = frame;
			final int at = Arrays.binarySearch(ids, object);
			if (at < 0) {
				throw new BrushwoodException("The example " + object + " of class '" + classes.byId(pick.getValue()).name() +
					"' is not in '" + name + "': frame " + (frame + 1) + " has no such object. Are the examples of another " +
					"label image?");
			}
			labels[first[frame] + at] = (byte) classes.label(classes.byId(pick.getValue()));
		}
		return labels;
	}

	/** Row of the first object of every frame. */
	static int[] firstRows(final ObjectSet objects) {
		final int[] first = new int[objects.frames()];
		for (int frame = 1; frame < first.length; frame++)
			first[frame] = Math.toIntExact(first[frame - 1] + objects.count(frame - 1));
		return first;
	}
}
