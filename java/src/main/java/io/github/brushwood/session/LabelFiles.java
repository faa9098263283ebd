package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;

import io.github.brushwood.engine.Job;

import java.util.List;
import java.util.Locale;

/** Labels of an image in files: label images (.tif and whatever opens) and sets of ImageJ Rois (.zip, .roi). */
public final class LabelFiles {

	/** The image that labels belong to. */
	public static final class Frame {

		private final String title;
		private final int width;
		private final int height;
		private final int depth;
		private final int frames;
		private final ImagePlus imp;

		/** @param imp for its channels and calibration; null when there is none */
		public Frame(final String title, final int width, final int height, final int depth, final int frames,
			final ImagePlus imp)
		{
			this.title = title;
			this.width = width;
			this.height = height;
			this.depth = depth;
			this.frames = frames;
			this.imp = imp;
		}

		/** An image on which Rois lie as they do on this one; all its planes are the same array. */
		private ImagePlus standIn() {
			final int channels = imp == null ? 1 : imp.getNChannels();
			final ImageStack stack = new ImageStack(width, height);
			final byte[] pixels = new byte[width * height];
			for (int i = 0; i < channels * depth * frames; i++)
				stack.addSlice(null, pixels);
			final ImagePlus standIn = new ImagePlus(title, stack);
			standIn.setDimensions(channels, depth, frames);
			standIn.setOpenAsHyperStack(imp == null ? standIn.getNDimensions() > 3 : imp.isHyperStack());
			return standIn;
		}
	}

	/** Labels from a file. */
	public static final class Labels {

		private final LabelPlanes planes;
		private final AnnotationClasses classes;
		private final boolean named;

		private Labels(final LabelPlanes planes, final AnnotationClasses classes, final boolean named) {
			this.planes = planes;
			this.classes = classes;
			this.named = named;
			classes.growTo(planes.highest());
		}

		/** Classes of labels 1, 2, ... */
		public AnnotationClasses classes() {
			return classes;
		}

		/** Whether the file names the classes; else their names say only the label. */
		public boolean hasNames() {
			return named;
		}

		/** A slice (z, t from 0) with ids[label] in place of every label, row by row. */
		public byte[] plane(final int z, final int t, final byte[] ids) {
			final byte[] plane = planes.plane(z, t).clone();
			for (int i = 0; i < plane.length; i++)
				plane[i] = ids[plane[i] & 0xFF];
			return plane;
		}
	}

	/** Gives the labels of a slice, z and t from 0, row by row. */
	public interface Planes {

		byte[] plane(int z, int t);
	}

	private LabelFiles() {}

	/**
	 * Reads labels of an image.
	 *
	 * @throws BrushwoodException naming the file and what does not fit
	 */
	public static Labels read(final Jobs jobs, final String path, final Frame frame) {
		if (isRois(path)) {
			final Annotations annotations = new Annotations(frame.standIn());
			annotations.loadRois(path, "");
			return new Labels(annotations.rasterise(annotations.classes()), annotations.classes(), true);
		}
		try (Job job = jobs.open()) {
			final LabelPlanes planes = LabelPlanes.read(job, path);
			checkSize(planes, path, frame);
			final AnnotationClasses named = AnnotationClasses.parse(ImageFiles.tiffProperty(path, ClassColours.PROPERTY));
			return new Labels(planes, named, named.size() > 0);
		}
	}

	/**
	 * Writes labels of an image, whole or not at all, as Brushwood Annotate does.
	 *
	 * @param classes of labels 1, 2, ...
	 * @param path .tif for a label image, .zip for Rois
	 */
	public static void write(final Frame frame, final List<AnnotationClass> classes, final Planes planes,
		final String path)
	{
		final AnnotationClasses all = new AnnotationClasses();
		for (final AnnotationClass c : classes)
			all.put(c.id(), c.name(), c.rgb());
		final String lower = path.toLowerCase(Locale.ROOT);
		if (lower.endsWith(".zip")) writeRois(frame, all, planes, path);
		else if (lower.endsWith(".tif") || lower.endsWith(".tiff")) writeImage(frame, all, planes, path);
		else throw new BrushwoodException("Annotations are written to .tif (labels) or .zip (Rois), not to '" + path + "'.");
	}

	private static boolean isRois(final String path) {
		final String lower = path.toLowerCase(Locale.ROOT);
		return lower.endsWith(".zip") || lower.endsWith(".roi");
	}

	private static void writeImage(final Frame frame, final AnnotationClasses classes, final Planes planes,
		final String path)
	{
		final LabelPlanes labels = new LabelPlanes(frame.width, frame.height, frame.depth, frame.frames);
		for (int t = 0; t < frame.frames; t++)
			for (int z = 0; z < frame.depth; z++)
				System.arraycopy(planes.plane(z, t), 0, labels.plane(z, t), 0, frame.width * frame.height);
		final ImagePlus image = labels.toImagePlus("Labels of " + frame.title, classes);
		if (frame.imp != null) ImagePlusAdapter.copyCalibration(frame.imp, image);
		LabelPlanes.write(image, path);
	}

	private static void writeRois(final Frame frame, final AnnotationClasses classes, final Planes planes,
		final String path)
	{
		final ImagePlus standIn = frame.standIn();
		standIn.setProp(ClassColours.PROPERTY, classes.format());
		final Annotations annotations = new Annotations(standIn);
		for (int t = 0; t < frame.frames; t++)
			for (int z = 0; z < frame.depth; z++)
				for (final LabelRegions.Region region : LabelRegions.of(planes.plane(z, t), frame.width, frame.height))
					annotations.add(annotations.classes().at(region.label), region.roi, z + 1, t + 1);
		if (annotations.rois().isEmpty()) {
			throw new BrushwoodException("The image '" + frame.title + "' has no labels. Paint some first.");
		}
		annotations.saveRois(path);
	}

	private static void checkSize(final LabelPlanes labels, final String path, final Frame frame) {
		if (labels.width == frame.width && labels.height == frame.height && labels.depth == frame.depth &&
			labels.frames == frame.frames) return;
		throw new BrushwoodException(String.format(Locale.ROOT,
			"The label image '%s' is %d x %d with %d slices and %d frames; the image '%s' is %d x %d with %d slices and %d " +
				"frames. They have to be the same.", path, labels.width, labels.height, labels.depth, labels.frames,
			frame.title, frame.width, frame.height, frame.depth, frame.frames));
	}
}
