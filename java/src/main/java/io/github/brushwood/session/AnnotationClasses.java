package io.github.brushwood.session;

import io.github.brushwood.engine.Engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * The ordered classes of an image or a training: the class at position k (from 1) has label k. As text, which an image
 * keeps as a property, one line per class: <code>id #rrggbb name</code>, in ASCII because ImageJ's TIFF files damage
 * some characters of properties.
 */
public final class AnnotationClasses {

	/** ImageJ groups, and so ids, end here; the engine's limit is the same. */
	public static final int MAX = 255;

	private final List<AnnotationClass> classes = new ArrayList<>();

	/**
	 * Classes from their text form; null or "" gives none.
	 *
	 * @throws BrushwoodException when the text is damaged
	 */
	public static AnnotationClasses parse(final String text) {
		final AnnotationClasses result = new AnnotationClasses();
		if (text == null) return result;
		for (final String line : text.split("\n")) {
			if (line.trim().isEmpty()) continue;
			final String[] parts = line.trim().split(" ", 3);
			if (parts.length != 3 || !parts[0].matches("[0-9]{1,3}")) {
				throw new BrushwoodException("The image's list of classes is damaged at '" + line + "'.");
			}
			result.put(Integer.parseInt(parts[0]), Escape.decode(parts[2]), AnnotationClass.parseColour(parts[1]));
		}
		return result;
	}

	/**
	 * Classes from a user's list.
	 *
	 * @param items "name" or "name#rrggbb"
	 */
	public static AnnotationClasses of(final List<String> items) {
		final AnnotationClasses result = new AnnotationClasses();
		for (final String item : items) {
			final boolean coloured = item.matches(".+#[0-9a-fA-F]{6}");
			final String name = coloured ? item.substring(0, item.length() - 7) : item;
			if (result.find(name) != null) throw new BrushwoodException("The class '" + name + "' is listed twice.");
			final AnnotationClass added = result.add(name);
			if (coloured) result.recolour(added, AnnotationClass.parseColour(item.substring(item.length() - 7)));
		}
		return result;
	}

	/** A list of its own with these classes. */
	public static AnnotationClasses copyOf(final Collection<AnnotationClass> classes) {
		final AnnotationClasses result = new AnnotationClasses();
		result.classes.addAll(classes);
		return result;
	}

	/** The text form. */
	public String format() {
		final StringBuilder text = new StringBuilder();
		for (final AnnotationClass c : classes)
			text.append(c.id()).append(' ').append(c.hex()).append(' ').append(Escape.encode(c.name(), "\\")).append('\n');
		return text.toString();
	}

	public List<AnnotationClass> list() {
		return Collections.unmodifiableList(classes);
	}

	public int size() {
		return classes.size();
	}

	public List<String> names() {
		final List<String> names = new ArrayList<>();
		for (final AnnotationClass c : classes)
			names.add(c.name());
		return names;
	}

	/** The class with label <code>label</code>, 1..size. */
	public AnnotationClass at(final int label) {
		return classes.get(label - 1);
	}

	/** Label of a class, 1..size; 0 when it is not in this list. */
	public int label(final AnnotationClass wanted) {
		return classes.indexOf(wanted) + 1;
	}

	/** The class with this name, or null. */
	public AnnotationClass find(final String name) {
		final String clean = AnnotationClass.cleanName(name);
		for (final AnnotationClass c : classes)
			if (c.name().equals(clean)) return c;
		return null;
	}

	/** The class with this id, or null. */
	public AnnotationClass byId(final int id) {
		for (final AnnotationClass c : classes)
			if (c.id() == id) return c;
		return null;
	}

	/** The class with this name, made when there is none. */
	public AnnotationClass findOrAdd(final String name) {
		final AnnotationClass found = find(name);
		return found != null ? found : add(name);
	}

	/**
	 * Adds the classes of another list whose names this one lacks, with their colours, and their ids where these are free.
	 */
	public void mergeAll(final AnnotationClasses others) {
		for (final AnnotationClass other : others.list())
			if (find(other.name()) == null) insert(other.id(), other.name(), other.rgb());
	}

	/** A new class at the end; keeps the id when it is free. */
	AnnotationClass insert(final int id, final String name, final int rgb) {
		return byId(id) == null ? put(id, name, rgb) : recolour(add(name), rgb);
	}

	/** A new class at the end with the next free id and colour. */
	public AnnotationClass add(final String name) {
		final int id = freeId();
		return put(id, name, defaultColour(id));
	}

	/** A new class at the end with a given id and colour. */
	public AnnotationClass put(final int id, final String name, final int rgb) {
		final AnnotationClass added = new AnnotationClass(checkId(id), AnnotationClass.cleanName(name), rgb);
		if (byId(id) != null || find(name) != null) {
			throw new BrushwoodException("The class '" + added.name() + "' (id " + id + ") is in the list twice.");
		}
		classes.add(added);
		return added;
	}

	/** Adds "class N" until label <code>count</code> exists. */
	void growTo(final int count) {
		while (classes.size() < count)
			add(freeName());
	}

	/**
	 * @return the class that took its place
	 * @throws BrushwoodException when another class has the name
	 */
	public AnnotationClass rename(final AnnotationClass old, final String name) {
		final AnnotationClass other = find(name);
		if (other != null && other != old) {
			throw new BrushwoodException("There is a class '" + other.name() + "' already. Choose another name.");
		}
		return replace(old, new AnnotationClass(old.id(), AnnotationClass.cleanName(name), old.rgb()));
	}

	/** @return the class that took its place */
	public AnnotationClass recolour(final AnnotationClass old, final int rgb) {
		return replace(old, new AnnotationClass(old.id(), old.name(), rgb));
	}

	/** Does nothing when it is not in the list. */
	public void remove(final AnnotationClass old) {
		classes.remove(old);
	}

	/** Colour that class number <code>id</code> (1-based) gets first. */
	public static int defaultColour(final int id) {
		return Engine.classColour(id - 1);
	}

	private AnnotationClass replace(final AnnotationClass old, final AnnotationClass changed) {
		classes.set(classes.indexOf(old), changed);
		return changed;
	}

	private int freeId() {
		int id = 1;
		while (id <= MAX && byId(id) != null)
			id++;
		if (id <= MAX) return id;
		throw new BrushwoodException("There are " + MAX + " classes already, the most that a model can have.");
	}

	/** "class N" with a number that no class has. */
	public String freeName() {
		int number = classes.size() + 1;
		while (find("class " + number) != null)
			number++;
		return "class " + number;
	}

	private static int checkId(final int id) {
		if (id >= 1 && id <= MAX) return id;
		throw new BrushwoodException("A class id has to be from 1 to " + MAX + ", not " + id + ".");
	}
}
