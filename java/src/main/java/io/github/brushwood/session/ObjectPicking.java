package io.github.brushwood.session;

import ij.ImagePlus;
import ij.process.ImageProcessor;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.engine.ObjectModel;
import io.github.brushwood.engine.ObjectOutput;
import io.github.brushwood.engine.ObjectSet;
import io.github.brushwood.engine.ObjectTrainer;
import io.github.brushwood.engine.Scores;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Classes of a label image's objects, learnt while someone picks examples: objects that are measured once, the picks
 * with undo and redo, and forests that learn from them. The picks are kept as a property of the label image, which
 * ImageJ saves in TIFF files. Any thread may call anything.
 */
public final class ObjectPicking implements AutoCloseable {

	/** Classes that a new session starts with: fewer make no forest. */
	private static final int FIRST_CLASSES = 2;

	private final ImagePlus source;
	/** Numbers of objects; the source, or what was made of a mask. */
	private final ImagePlus labels;
	private final ObjectSet objects;
	private final Measurements table;
	private final List<String> notes;
	private final int[][] ids;
	private final int[] firstRow;
	private final Deque<ObjectExamples> undo = new ArrayDeque<>();
	private final Deque<ObjectExamples> redo = new ArrayDeque<>();
	private ObjectExamples examples;
	private ImageProcessor plane;
	private int planeIndex;

	/** What a forest says about all objects. Immutable. */
	public static final class Result {

		/** Classes when it was grown. */
		public final AnnotationClasses classes;
		/** Share of wrong examples, 0 to 1, by trees that had not seen them; NaN where it is not known. */
		public final double error;
		private final byte[] numbers;

		private Result(final AnnotationClasses classes, final byte[] numbers, final double error) {
			this.classes = classes;
			this.numbers = numbers;
			this.error = error;
		}

		/** Class of an object, 1..K. */
		public int label(final int row) {
			return numbers[row] & 0xFF;
		}

		/** Number of objects with label k at [k]. */
		public int[] counts() {
			final int[] counts = new int[AnnotationClasses.MAX + 1];
			for (final byte number : numbers)
				counts[number & 0xFF]++;
			return counts;
		}
	}

	private ObjectPicking(final Measuring measuring, final ImagePlus labels, final ObjectSet objects,
		final Measurements table)
	{
		source = measuring.source();
		this.labels = labels;
		this.objects = objects;
		this.table = table;
		notes = measuring.notes();
		ids = new int[objects.frames()][];
		for (int t = 0; t < ids.length; t++)
			ids[t] = objects.ids(t);
		firstRow = ObjectExamples.firstRows(objects);
		examples = present();
	}

	/**
	 * Finds and measures the objects, and takes over the picks that the label image has.
	 *
	 * @throws BrushwoodException when there are no objects
	 */
	public static ObjectPicking open(final Jobs jobs, final Measuring measuring) {
		jobs.status("Measuring the objects of " + measuring.source().getTitle() + "...");
		final ObjectSet objects = measuring.find(jobs.part(0, 0.2));
		Measurements table = null;
		try {
			if (objects.count() == 0) {
				throw new BrushwoodException("'" + measuring.source().getTitle() + "' has no objects: all pixels are 0. " +
					"Select a label image, such as Brushwood Label Objects makes.");
			}
			table = measuring.run(jobs.part(0.2, 0.9), objects);
			final boolean areIds = !objects.isOfMask() && ImagePlusAdapter.offset(measuring.source()) == 0;
			final ImagePlus labels = areIds ? measuring.source() : ClassifiedObjects.write(jobs.part(0.9, 1), objects,
				ObjectOutput.LABELS, "Objects of " + measuring.source().getTitle());
			return new ObjectPicking(measuring, labels, objects, table);
		}
		catch (RuntimeException | Error e) {
			if (table != null) table.close();
			objects.close();
			throw e;
		}
	}

	/** Picks of an earlier session; those of objects that there are no more are left out. */
	private ObjectExamples present() {
		final ObjectExamples kept = ObjectExamples.of(source);
		final ObjectExamples result = kept == null ? new ObjectExamples() : kept;
		while (result.classes().size() < FIRST_CLASSES)
			result.classes().add(result.classes().freeName());
		final ObjectExamples known = new ObjectExamples();
		known.classes().mergeAll(result.classes());
		for (int t = 0; t < ids.length; t++)
			for (final int id : ids[t])
				if (result.classOf(t, id) != null) known.put(t, id, known.classes().find(result.classOf(t, id).name()));
		return known;
	}

	/** The label image or mask. */
	public ImagePlus source() {
		return source;
	}

	/** Number of objects. */
	public int count() {
		return table.rows();
	}

	/** Sentences about what was assumed. */
	public List<String> notes() {
		return notes;
	}

	// ---- where objects are

	/** Number of the object at a pixel, slice and frame from 0; 0 for background and outside. */
	public synchronized int objectAt(final int x, final int y, final int z, final int t) {
		if (x < 0 || y < 0 || z < 0 || t < 0 || x >= labels.getWidth() || y >= labels.getHeight() || z >= labels
			.getNSlices() || t >= labels.getNFrames())
		{
			return 0;
		}
		final int index = labels.getStackIndex(1, z + 1, t + 1);
		if (plane == null || planeIndex != index) plane = labels.getStack().getProcessor(index);
		planeIndex = index;
		final int object = (int) plane.getf(x, y);
		return row(t, object) < 0 ? 0 : object;
	}

	/** The numbers of the objects of a slice and frame, from 0, as pixels; only to be read. */
	public ImageProcessor plane(final int z, final int t) {
		return labels.getStack().getProcessor(labels.getStackIndex(1, z + 1, t + 1));
	}

	/** Row of an object in tables and results; -1 when there is no such object. */
	public int row(final int frame, final int object) {
		final int at = Arrays.binarySearch(ids[frame], object);
		return at < 0 ? -1 : firstRow[frame] + at;
	}

	/** The highest number of an object in a frame. */
	public int highest(final int frame) {
		return ids[frame].length == 0 ? 0 : ids[frame][ids[frame].length - 1];
	}

	// ---- picks

	/** A copy of the picks. */
	public synchronized ObjectExamples examples() {
		return examples.copy();
	}

	/** The classes; to be changed by the methods of this class only. */
	public synchronized List<AnnotationClass> classes() {
		return new ArrayList<>(examples.classes().list());
	}

	/**
	 * Makes an object an example of a class, or none if it is one of this class already.
	 *
	 * @throws BrushwoodException when there is no such object or class
	 */
	public synchronized void pick(final int frame, final int object, final AnnotationClass c) {
		if (frame < 0 || frame >= ids.length || row(frame, object) < 0) {
			throw new BrushwoodException("There is no object " + object + " in frame " + (frame + 1) + " of '" + source
				.getTitle() + "'.");
		}
		change(now -> now.put(frame, object, now.classOf(frame, object) == c ? null : known(now, c)));
	}

	private static AnnotationClass known(final ObjectExamples now, final AnnotationClass c) {
		if (now.classes().label(c) > 0) return c;
		throw new BrushwoodException("The class '" + c.name() + "' is not there any more.");
	}

	/** @return the new class */
	public synchronized AnnotationClass addClass(final String name) {
		change(now -> {
			if (now.classes().find(name) != null) {
				throw new BrushwoodException("There is a class '" + name.trim() + "' already. Choose another name.");
			}
			now.classes().add(name);
		});
		return examples.classes().at(examples.classes().size());
	}

	/** A name for a new class. */
	public synchronized String freeName() {
		return examples.classes().freeName();
	}

	public synchronized void rename(final AnnotationClass c, final String name) {
		change(now -> now.classes().rename(known(now, c), name));
	}

	/** @param rgb 0xRRGGBB */
	public synchronized void recolour(final AnnotationClass c, final int rgb) {
		change(now -> now.classes().recolour(known(now, c), rgb));
	}

	/** Removes a class with its examples. */
	public synchronized void remove(final AnnotationClass c) {
		change(now -> now.remove(known(now, c)));
	}

	/** Nothing is changed when the step fails. */
	private void change(final Consumer<ObjectExamples> step) {
		final ObjectExamples next = examples.copy();
		step.accept(next);
		undo.push(examples);
		redo.clear();
		keep(next);
	}

	/** @return false when there is nothing to take back */
	public synchronized boolean undo() {
		return swap(undo, redo);
	}

	/** @return false when nothing was taken back */
	public synchronized boolean redo() {
		return swap(redo, undo);
	}

	private boolean swap(final Deque<ObjectExamples> from, final Deque<ObjectExamples> to) {
		if (from.isEmpty()) return false;
		to.push(examples);
		keep(from.pop());
		return true;
	}

	private void keep(final ObjectExamples next) {
		examples = next;
		next.keep(source);
	}

	// ---- forests

	/**
	 * Grows a forest from the picks and classifies all objects.
	 *
	 * @return null while fewer than two classes have examples
	 */
	public Result classify(final Jobs jobs) {
		final ObjectExamples now = examples();
		if (used(now) < 2) return null;
		try (ObjectModel model = grow(jobs, now); Job job = jobs.open()) {
			final Scores scores = model.outOfBag();
			return new Result(now.classes(), model.apply(job, table), scores == null || scores.pixels == 0 ? Double.NaN : 1 -
				scores.accuracy);
		}
	}

	/** Number of classes with examples. */
	private static int used(final ObjectExamples examples) {
		int used = 0;
		for (final AnnotationClass c : examples.classes().list())
			if (examples.count(c) > 0) used++;
		return used;
	}

	private ObjectModel grow(final Jobs jobs, final ObjectExamples now) {
		try (Job job = jobs.open(); ObjectTrainer trainer = ObjectTrainer.create(job)) {
			trainer.add(job, table, now.labels(objects, source.getTitle()));
			return ObjectTraining.grow(jobs, trainer, now.classes());
		}
	}

	/** A forest of the picks; the caller closes it. */
	public ObjectModel model(final Jobs jobs) {
		return grow(jobs, examples());
	}

	/**
	 * All objects with their classes.
	 *
	 * @throws BrushwoodException while fewer than two classes have examples
	 */
	private Result required(final Jobs jobs) {
		final Result result = classify(jobs);
		if (result != null) return result;
		throw new BrushwoodException("Examples of two classes at least are needed. Click on an object of each class first.");
	}

	/** "Classes of X", 8-bit, in the colours of the classes. */
	public ImagePlus image(final Jobs jobs) {
		final Result result = required(jobs.part(0, 0.5));
		try (Job job = jobs.open()) {
			objects.setClasses(job, result.classes.names(), result.numbers);
		}
		return ClassifiedObjects.image(jobs.part(0.5, 1), objects, result.classes, source);
	}

	/** Measures and classes of all objects; belongs to this object. */
	public Measurements table(final Jobs jobs) {
		final Result result = required(jobs);
		try (Job job = jobs.open()) {
			table.setClasses(job, result.classes.names(), result.numbers);
		}
		return table;
	}

	/** Items of {@link ObjectExamples#items} for a macro that does the same. */
	public List<String> items() {
		return Collections.unmodifiableList(examples().items());
	}

	/** Frees the objects; picks stay with the label image. */
	@Override
	public void close() {
		table.close();
		objects.close();
	}
}
