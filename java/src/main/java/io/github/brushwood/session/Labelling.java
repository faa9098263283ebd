package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;
import ij.gui.Roi;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.engine.ObjectOutput;
import io.github.brushwood.engine.ObjectReport;
import io.github.brushwood.engine.ObjectSet;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.WriteOptions;

import java.io.File;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The objects of an image, and what is made of them: images, files, Rois, a table. */
public final class Labelling implements AutoCloseable {

	private static final int DIGITS = 4;
	private static final Map<ObjectOutput, String> NAMES = new EnumMap<>(ObjectOutput.class);
	static {
		NAMES.put(ObjectOutput.LABELS, "Objects");
		NAMES.put(ObjectOutput.MASK, "Mask");
		NAMES.put(ObjectOutput.CLASSES, "Object classes");
	}

	private final ObjectSource source;
	private final ObjectSet objects;
	private final ChannelClasses classes;
	private ImagePlus labels;

	private Labelling(final ObjectSource source, final ObjectSet objects, final ChannelClasses classes) {
		this.source = source;
		this.objects = objects;
		this.classes = classes;
	}

	/** Finds the objects. @param source stays open as long as the result is used */
	public static Labelling of(final Jobs jobs, final ObjectSource source, final LabelSettings settings) {
		try (Job job = jobs.open()) {
			final ChannelClasses classes = source.name(job);
			final ObjectSet objects = ObjectSet.label(job, source.probabilities(job), settings.resolve(classes));
			return new Labelling(source, objects, classes);
		}
	}

	public ObjectSet objects() {
		return objects;
	}

	/** The image's title, or its file's name. */
	public String name() {
		return source.name();
	}

	/** @return the file, unless it is the one that the image comes from */
	File refuseInput(final File file) {
		if (!source.isFile(file)) return file;
		throw new BrushwoodException("The result would replace the file '" + file + "' of the image itself. Choose " +
			"another name, for example {name}_{kind}.tif.");
	}

	/** How many objects there are, for the status bar. */
	public String count() {
		final long found = objects.report().objects;
		return found + (found == 1 ? " object" : " objects") + " in '" + source.name() + "'";
	}

	/** What became of it, for the log. */
	public String summary() {
		final ObjectReport r = objects.report();
		final StringBuilder text = new StringBuilder(count()).append(", threshold ").append(rounded(r.threshold));
		if (r.coreThreshold > 0) text.append(", core threshold ").append(rounded(r.coreThreshold));
		text.append(leftOut(r.withoutCore, "without core")).append(leftOut(r.tooSmall, "too small"))
			.append(leftOut(r.tooLarge, "too large"));
		text.append(leftOut(r.atBorder, "at the border"));
		return text.append(r.components == 0 ? "; no pixel's foreground reaches the threshold." : ".").toString();
	}

	private static String rounded(final double value) {
		return new BigDecimal(value).round(new MathContext(DIGITS)).stripTrailingZeros().toPlainString();
	}

	private static String leftOut(final long count, final String why) {
		return count == 0 ? "" : "; left out as " + why + ": " + count;
	}

	/** Title of an image that is made. @param of title or file name of the image that the objects are from */
	public static String title(final ObjectOutput output, final String of) {
		return NAMES.get(output) + " of " + of;
	}

	/** What an image is called in file names. */
	public static String kind(final ObjectOutput output) {
		return NAMES.get(output).toLowerCase(Locale.ROOT).replace(' ', '_');
	}

	/**
	 * An image for ImageJ: labels in colours of their own, the mask as ImageJ's masks, classes in their colours.
	 *
	 * @throws BrushwoodException when it does not fit Java's memory
	 */
	public ImagePlus image(final Jobs jobs, final ObjectOutput output) {
		if (output == ObjectOutput.LABELS && labels != null) return labels;
		final ImagePlus made = make(jobs, output);
		if (output == ObjectOutput.LABELS) {
			LabelColours.apply(made, LabelColours.highest(made));
			labels = made;
		}
		if (output == ObjectOutput.CLASSES) ClassColours.apply(made, objectClasses());
		return made;
	}

	private ImagePlus make(final Jobs jobs, final ObjectOutput output) {
		try (Job job = jobs.open(); EngineImage outline = objects.outline(job, output)) {
			final ImageInfo info = outline.info();
			ImagePlusSink.checkRoom("The image of the objects of '" + source.name() + "' needs", ImagePlusSink.bytes(info),
				"Write it to a file instead (the key 'file')");
			final ImagePlusSink target = new ImagePlusSink(outline, title(output, source.name()));
			try (EngineSink sink = EngineSink.of(job, outline, target)) {
				objects.write(job, output, sink);
				sink.finish(job);
			}
			finish(target.image());
			return target.image();
		}
	}

	/** Calibration and slice labels of the open image. */
	private void finish(final ImagePlus made) {
		final ImagePlus imp = source.image();
		if (imp == null) return;
		ImagePlusAdapter.copyCalibration(imp, made);
		final ImageStack labelled = imp.getStack(); // empty when the image was closed meanwhile
		final ImageStack stack = made.getStack();
		for (int i = 1; i <= stack.getSize(); i++) {
			final int[] czt = made.convertIndexToPosition(i);
			final int from = imp.getStackIndex(1, czt[1], czt[2]);
			if (from <= labelled.getSize()) stack.setSliceLabel(own(labelled.getSliceLabel(from)), i);
		}
	}

	/** A slice label without the class's name before it. */
	private String own(final String label) {
		final String name = classes.names().get(0);
		if (label == null || source.isClassified() || label.equals(name)) return source.isClassified() ? label : null;
		return label.startsWith(name + ": ") ? label.substring(name.length() + 2) : label;
	}

	/** Writes an image, of any size, into a file whose suffix decides the format. */
	public void write(final Jobs jobs, final ObjectOutput output, final File file) {
		try (Job job = jobs.open();
			EngineImage outline = objects.outline(job, output);
			EngineSink sink = ImageFormats.byName(file.getName()).create(job, file, outline, new WriteOptions().memory(jobs
				.memory())))
		{
			objects.write(job, output, sink);
			sink.finish(job);
		}
	}

	/** The objects as Rois for an open image, in the colours of their classes; one per object, slice and frame. */
	public List<Roi> rois(final Jobs jobs) {
		final ImagePlus image = image(jobs, ObjectOutput.LABELS);
		return ObjectOutlines.of(jobs, image, objects, source.image() == null ? image : source.image(), classes::colour);
	}

	/** Puts Rois over the open image that the objects are from. */
	public void overlay(final List<Roi> rois) {
		ObjectOutlines.overlay(source.image(), rois);
	}

	/** Writes Rois as a zip, which the ROI Manager opens. */
	public static void write(final List<Roi> rois, final String path) {
		RoiSetFile.write(rois, path);
	}

	/** Measures the objects, with mean probabilities, and with intensities where a model made the probabilities. */
	public Measurements measure(final Jobs jobs) {
		try (Job job = jobs.open(); EngineImage image = source.isClassified() ? source.openImage(job) : null) {
			return objects.measure(job, image, source.probabilities(job), "", null);
		}
	}

	private AnnotationClasses objectClasses() {
		final AnnotationClasses result = new AnnotationClasses();
		final List<String> names = objects.classNames();
		for (int k = 0; k < names.size(); k++)
			result.put(k + 1, names.get(k), classes.colour(names.get(k)));
		return result;
	}

	/** Frees the objects; the images stay. */
	@Override
	public void close() {
		objects.close();
	}
}
