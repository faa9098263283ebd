package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.MeasureRow;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.engine.ObjectSet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Measures the objects of an open label image or mask. */
public final class Measuring {

	private final ImagePlus labels;
	private final List<String> notes = new ArrayList<>();
	private ImagePlus image;
	private ImagePlus probabilities;
	private String measures = "";
	private Spacing spacing;

	/** @throws BrushwoodException when the image cannot be one of labels */
	public Measuring(final ImagePlus labels) {
		this.labels = labels;
		if (labels.getBitDepth() == 24) throw wrong("is a colour image");
		if (labels.getNChannels() > 1) throw wrong("has " + labels.getNChannels() + " channels");
	}

	private BrushwoodException wrong(final String what) {
		return new BrushwoodException("'" + labels.getTitle() + "' " + what + ", and so no label image. Select the one " +
			"that Brushwood Label Objects made, or another image of one channel with a number for each object.");
	}

	/** @param imp whose values are measured */
	public Measuring image(final ImagePlus imp) {
		checkSize(imp);
		image = imp;
		return this;
	}

	/** @param imp with a channel per class */
	public Measuring probabilities(final ImagePlus imp) {
		checkSize(imp);
		probabilities = imp;
		return this;
	}

	/** @param ids of measures or groups; none for all that can be measured */
	public Measuring measures(final List<String> ids) {
		measures = String.join(",", ids);
		return this;
	}

	/** Adds measures to those that were chosen. */
	void include(final List<String> ids) {
		if (!measures.isEmpty()) measures += "," + String.join(",", ids);
	}

	/** @param size of a voxel in place of the calibration; null for that */
	public Measuring spacing(final Spacing size) {
		spacing = size;
		return this;
	}

	void checkSize(final ImagePlus imp) {
		if (size(imp).equals(size(labels))) return;
		throw new BrushwoodException("'" + imp.getTitle() + "' has " + size(imp) + ", but the label image '" + labels
			.getTitle() + "' has " + size(labels) + ". They have to be of the same size.");
	}

	private static String size(final ImagePlus imp) {
		return imp.getWidth() + " x " + imp.getHeight() + " pixels, " + imp.getNSlices() + " slices and " + imp
			.getNFrames() + " frames";
	}

	/** Refuses to go on without the image that a model's measure is of. */
	void require(final MeasureRow row) {
		final boolean missing = row.channels == MeasureRow.Channels.IMAGE && image == null ||
			row.channels == MeasureRow.Channels.PROBABILITIES && probabilities == null;
		if (!missing) return;
		final boolean intensity = row.channels == MeasureRow.Channels.IMAGE;
		throw new BrushwoodException("The model learnt from the measure '" + row.id + "', which is of " + (intensity
			? "intensities. Give the image of intensities that belongs to '" : "probabilities. Give those that belong to '") +
			labels.getTitle() + "' (key '" + (intensity ? "image" : "probabilities") + "').");
	}

	/** The label image or mask. */
	public ImagePlus source() {
		return labels;
	}

	/** Finds the objects, which the caller closes. */
	ObjectSet find(final Jobs jobs) {
		try (Job job = jobs.open()) {
			return objects(job);
		}
	}

	/** Measures; the caller closes the table. */
	public Measurements run(final Jobs jobs) {
		try (ObjectSet objects = find(jobs)) {
			return run(jobs, objects);
		}
	}

	/** Measures objects that {@link #find} found; the caller closes the table. */
	Measurements run(final Jobs jobs, final ObjectSet objects) {
		final double[] voxel = spacing == null ? null : new double[] { spacing.x, spacing.y, spacing.z };
		try (Job job = jobs.open();
			EngineImage values = image == null ? null : ImagePlusAdapter.stream(job, image);
			EngineImage shares = probabilities == null ? null : ImagePlusAdapter.stream(job, probabilities))
		{
			if (shares != null) ChannelClasses.name(job, shares, probabilities.getProp(ClassColours.PROPERTY));
			return objects.measure(job, values, shares, measures, voxel);
		}
	}

	private ObjectSet objects(final Job job) {
		try (EngineImage source = ImagePlusAdapter.stream(job, labels)) {
			final ObjectSet objects = ObjectSet.of(job, source);
			if (objects.isOfMask()) notes.add("'" + labels.getTitle() + "' is a mask: its connected parts are the objects.");
			return objects;
		}
	}

	/** Sentences about what was assumed. */
	public List<String> notes() {
		return Collections.unmodifiableList(notes);
	}
}
