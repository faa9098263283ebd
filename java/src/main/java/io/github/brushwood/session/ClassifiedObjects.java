package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.MeasureRow;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.engine.ObjectModel;
import io.github.brushwood.engine.ObjectOutput;
import io.github.brushwood.engine.ObjectSet;

import java.util.Arrays;
import java.util.List;

/** The objects of a label image with the classes that a model gave them. */
public final class ClassifiedObjects implements AutoCloseable {

	private final ImagePlus labels;
	private final ObjectSet objects;
	private final Measurements table;
	private final AnnotationClasses classes;
	private final byte[] numbers;

	private ClassifiedObjects(final ImagePlus labels, final ObjectSet objects, final Measurements table,
		final AnnotationClasses classes, final byte[] numbers)
	{
		this.labels = labels;
		this.objects = objects;
		this.table = table;
		this.classes = classes;
		this.numbers = numbers;
	}

	/** Measures what was asked for and what the model needs, and classifies; the model may be closed then. */
	public static ClassifiedObjects of(final Jobs jobs, final Measuring measuring, final ObjectModel model) {
		final List<String> measures = Arrays.asList(model.measures().split(","));
		measuring.include(measures);
		for (final MeasureRow row : MeasureRow.all())
			if (asks(measures, row)) measuring.require(row);
		final ObjectSet objects = measuring.find(jobs.part(0, 0.3));
		Measurements table = null;
		try (Job job = jobs.part(0.9, 1).open()) {
			table = measuring.run(jobs.part(0.3, 0.9), objects);
			final byte[] numbers = model.apply(job, table);
			objects.setClasses(job, model.classNames(), numbers);
			table.setClasses(job, model.classNames(), numbers);
			return new ClassifiedObjects(measuring.source(), objects, table, classes(model), numbers);
		}
		catch (RuntimeException | Error e) {
			if (table != null) table.close();
			objects.close();
			throw e;
		}
	}

	/** Whether a measure is among ids with or without a channel. */
	private static boolean asks(final List<String> measures, final MeasureRow row) {
		return measures.stream().anyMatch(id -> id.trim().split(":", 2)[0].equals(row.id));
	}

	/** The classes of a model in the order of their numbers. */
	static AnnotationClasses classes(final ObjectModel model) {
		final AnnotationClasses classes = new AnnotationClasses();
		final List<String> names = model.classNames();
		for (int k = 0; k < names.size(); k++) {
			final boolean free = !names.get(k).trim().isEmpty() && classes.find(names.get(k)) == null;
			classes.put(k + 1, free ? names.get(k) : classes.freeName(), model.classColour(k));
		}
		return classes;
	}

	/** Measures and class of every object, which belong to this. */
	public Measurements table() {
		return table;
	}

	/** How many objects of each class there are. */
	public String summary() {
		final int[] counts = new int[classes.size() + 1];
		for (final byte number : numbers)
			counts[number & 0xFF]++;
		final StringBuilder text = new StringBuilder().append(numbers.length).append(numbers.length == 1 ? " object in '"
			: " objects in '").append(labels.getTitle()).append('\'');
		for (int k = 1; k <= classes.size(); k++)
			text.append(k == 1 ? ": " : ", ").append(counts[k]).append(" of class '").append(classes.at(k).name()).append(
				'\'');
		return text.append('.').toString();
	}

	/** "Classes of X": 8-bit, 0 and the class of the object, in the colours of the classes. */
	public ImagePlus image(final Jobs jobs) {
		return image(jobs, objects, classes, labels);
	}

	/** An image of objects' classes. @param like the label image, for title, calibration and slice labels */
	static ImagePlus image(final Jobs jobs, final ObjectSet objects, final AnnotationClasses classes,
		final ImagePlus like)
	{
		final ImagePlus made = write(jobs, objects, ObjectOutput.CLASSES, "Classes of " + like.getTitle());
		ImagePlusAdapter.copyCalibration(like, made);
		final ImageStack from = like.getStack();
		for (int i = 1; i <= from.size() && from.size() == made.getStackSize(); i++)
			made.getStack().setSliceLabel(from.getSliceLabel(i), i);
		ClassColours.apply(made, classes);
		return made;
	}

	/** An image of objects in Java's memory. */
	static ImagePlus write(final Jobs jobs, final ObjectSet objects, final ObjectOutput output, final String title) {
		try (Job job = jobs.open(); EngineImage outline = objects.outline(job, output)) {
			ImagePlusSink.checkRoom("The image '" + title + "' needs", ImagePlusSink.bytes(outline.info()),
				"Work on fewer slices or frames at a time");
			final ImagePlusSink target = new ImagePlusSink(outline, title);
			try (EngineSink sink = EngineSink.of(job, outline, target)) {
				objects.write(job, output, sink);
				sink.finish(job);
			}
			return target.image();
		}
	}

	@Override
	public void close() {
		table.close();
		objects.close();
	}
}
