package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.engine.ObjectModel;
import io.github.brushwood.engine.ObjectSet;
import io.github.brushwood.engine.ObjectTrainer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Learns classes of objects from examples on any number of label images. */
public final class ObjectTraining {

	/** A label image with its examples. */
	private static final class Example {

		final Measuring measuring;
		final PaintedExamples painted;
		final ObjectExamples listed;

		Example(final Measuring measuring, final PaintedExamples painted, final ObjectExamples listed) {
			this.measuring = measuring;
			this.painted = painted;
			this.listed = listed;
		}

		byte[] labels(final Jobs jobs, final ObjectSet objects, final AnnotationClasses all) {
			if (painted != null) return painted.of(jobs, objects, all);
			final byte[] labels = listed.labels(objects, measuring.source().getTitle());
			for (int i = 0; i < labels.length; i++)
				if (labels[i] != 0) labels[i] = (byte) all.label(all.find(listed.classes().at(labels[i] & 0xFF).name()));
			return labels;
		}
	}

	private final AnnotationClasses classes;
	private final List<Example> examples = new ArrayList<>();
	private final List<String> notes = new ArrayList<>();

	/** @param classes names of classes 1, 2, ...; may be empty or incomplete */
	public ObjectTraining(final AnnotationClasses classes) {
		this.classes = classes;
	}

	/**
	 * Adds the objects of a label image.
	 *
	 * @param rois image of the same size with the examples: its annotations, else its multi-points, else what was picked
	 *          on it
	 */
	public void add(final Measuring measuring, final ImagePlus rois) {
		measuring.checkSize(rois);
		final ObjectExamples picked = PaintedExamples.has(rois) ? null : ObjectExamples.of(rois);
		if (picked != null) {
			add(measuring, picked);
			return;
		}
		final PaintedExamples painted = new PaintedExamples(rois);
		painted.addTo(classes);
		examples.add(new Example(measuring, painted, null));
	}

	/** Adds the objects of a label image with examples by their numbers. */
	public void add(final Measuring measuring, final ObjectExamples listed) {
		for (final AnnotationClass c : listed.classes().list())
			if (classes.find(c.name()) == null) classes.recolour(classes.add(c.name()), c.rgb());
		examples.add(new Example(measuring, null, listed));
	}

	/** Measures the objects and grows the forest; the caller closes the model. */
	public ObjectModel train(final Jobs jobs) {
		final int steps = examples.size() + 1;
		try (Job job = jobs.open(); ObjectTrainer trainer = ObjectTrainer.create(job)) {
			for (int i = 0; i < examples.size(); i++)
				collect(jobs.part(i, steps), trainer, examples.get(i));
			jobs.status("Learning classes of objects...");
			return grow(jobs.part(steps - 1, steps), trainer, classes);
		}
	}

	/** Names the classes of a trainer that has its examples, and grows a forest. */
	static ObjectModel grow(final Jobs jobs, final ObjectTrainer trainer, final AnnotationClasses classes) {
		try (Job job = jobs.open()) {
			for (int k = 1; k <= classes.size(); k++)
				trainer.setClass(job, k - 1, classes.at(k).name(), classes.at(k).rgb());
			return trainer.train(job, null);
		}
	}

	private void collect(final Jobs jobs, final ObjectTrainer trainer, final Example example) {
		jobs.status("Measuring the objects of " + example.measuring.source().getTitle() + "...");
		try (ObjectSet objects = example.measuring.find(jobs.part(0, 0.3))) {
			final byte[] labels = example.labels(jobs.part(0.3, 0.4), objects, classes);
			try (Measurements table = example.measuring.run(jobs.part(0.4, 1), objects); Job job = jobs.open()) {
				trainer.add(job, table, labels);
			}
		}
		for (final String note : example.measuring.notes())
			if (!notes.contains(note)) notes.add(note);
	}

	/** Sentences about what was assumed. */
	public List<String> notes() {
		return Collections.unmodifiableList(notes);
	}
}
