package io.github.brushwood.session;

import ij.ImagePlus;
import ij.io.FileInfo;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.Prediction;
import io.github.brushwood.io.ReadOptions;

import java.io.File;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The probabilities that objects are made from: an open image's or a file's own, or what a model makes of it. The
 * latter stay until this object is closed, in memory or, large ones, in a temporary file.
 */
public final class ObjectSource implements AutoCloseable {

	/** What the name of the temporary file begins with. */
	private static final String TEMPORARY = "brushwood-probabilities.tif";

	private final ImagePlus imp;
	private final String file;
	private final List<String> notes = new ArrayList<>();
	private String classes;
	private EngineImage probabilities;
	private boolean classified;

	private ObjectSource(final ImagePlus imp, final String file, final String classes) {
		this.imp = imp;
		this.file = file;
		this.classes = classes;
	}

	public static ObjectSource of(final ImagePlus imp) {
		return new ObjectSource(imp, null, imp.getProp(ClassColours.PROPERTY));
	}

	/** An image file; pixels of TIFF and HDF5 are read when they are needed. */
	public static ObjectSource of(final String file) {
		return new ObjectSource(null, file, ImageFiles.tiffProperty(file, ClassColours.PROPERTY));
	}

	/** The open image; null for files. */
	ImagePlus image() {
		return imp;
	}

	/** Title, or name of the file without folders. */
	public String name() {
		return imp != null ? imp.getTitle() : new File(file).getName();
	}

	/** Whether this is the file that the pixels come from. */
	boolean isFile(final File other) {
		final FileInfo from = imp == null ? null : imp.getOriginalFileInfo();
		if (imp == null) return isIn(new File(file), other);
		if (from == null || from.directory == null || from.fileName == null) return false;
		return isIn(new File(from.directory, from.fileName), other);
	}

	/** A resolution lies in the folder of its image. */
	private static boolean isIn(final File from, final File other) {
		return from.getAbsoluteFile().toPath().startsWith(other.toPath());
	}

	/** Sentences about what was assumed or replaced. */
	public List<String> notes() {
		return Collections.unmodifiableList(notes);
	}

	/** Opens the image itself; the caller closes it. */
	EngineImage openImage(final Job job) {
		return imp != null ? ImagePlusAdapter.stream(job, imp) : ImageFiles.open(job, file, new ReadOptions());
	}

	/**
	 * Classifies the image first.
	 *
	 * @param options null for the defaults
	 * @param folder of a temporary file for probabilities that memory does not hold; null for the system's
	 */
	public ObjectSource classify(final Jobs jobs, final String modelPath, final PredictOptions options,
		final File folder)
	{
		final File beside = new File(folder == null ? new File(System.getProperty("java.io.tmpdir")) : folder, TEMPORARY);
		try (Job job = jobs.open(); Model model = Model.read(job, modelPath); EngineImage image = openImage(job)) {
			final Prediction made = model.probabilities(job, image, options, beside.getPath());
			probabilities = made.probabilities();
			classified = true;
			classes = ClassColours.of(model).format();
			notes.addAll(Segmentation.notes(made.report(), name()));
			return this;
		}
	}

	/** Whether a model made the probabilities. */
	boolean isClassified() {
		return classified;
	}

	/** The probabilities; they are closed with this. */
	EngineImage probabilities(final Job job) {
		if (probabilities == null) probabilities = own(job);
		return probabilities;
	}

	private EngineImage own(final Job job) {
		final ClassImageSource numbers = imp == null ? null : ClassImageSource.of(imp);
		if (numbers != null) return EngineImage.of(job, numbers);
		final EngineImage image = openImage(job);
		if (!image.info().rgb) return image;
		image.close();
		throw new BrushwoodException("'" + name() + "' is a colour image, which holds no probabilities. Give a model to " +
			"classify it with, or select its probabilities or a mask.");
	}

	/** The classes of the probabilities' channels. */
	ChannelClasses name(final Job job) {
		return ChannelClasses.name(job, probabilities(job), classes);
	}

	@Override
	public void close() {
		if (probabilities != null) probabilities.close();
		probabilities = null;
	}
}
