package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;
import ij.io.FileInfo;
import ij.io.FileSaver;
import ij.io.TiffEncoder;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;

import java.lang.reflect.Array;

/** A label image: 0 = unlabelled, 1..255 = class; one channel. */
final class LabelPlanes {

	final int width;
	final int height;
	final int depth;
	final int frames;
	private final byte[][] planes;

	LabelPlanes(final int width, final int height, final int depth, final int frames) {
		this.width = width;
		this.height = height;
		this.depth = depth;
		this.frames = frames;
		planes = new byte[depth * frames][width * height];
	}

	/** Width * height labels; slice and frame count from 0. */
	byte[] plane(final int z, final int t) {
		return planes[t * depth + z];
	}

	/**
	 * Labels from a file.
	 *
	 * @throws BrushwoodException when it has several channels or values that are no labels
	 */
	static LabelPlanes read(final Job job, final String path) {
		try (EngineImage image = ImageFiles.read(job, path)) {
			return of(image, path);
		}
	}

	static LabelPlanes of(final EngineImage image, final String path) {
		final ImageInfo info = image.info();
		if (info.channels != 1) {
			throw new BrushwoodException("The label image '" + path + "' has " + info.channels +
				" channels. Labels are one channel of whole numbers: 0 = unlabelled, 1, 2, ... = classes.");
		}
		final LabelPlanes labels = new LabelPlanes((int) info.width, (int) info.height, (int) info.depth, info.frames);
		for (int t = 0; t < labels.frames; t++)
			for (int z = 0; z < labels.depth; z++)
				copy(ImagePlusAdapter.plane(image, t, 0, z), image.offset(), labels.plane(z, t), path);
		return labels;
	}

	private static void copy(final Object from, final double offset, final byte[] to, final String path) {
		for (int i = 0; i < to.length; i++) {
			final double value = offset + pixel(from, i);
			if (!(value >= 0 && value <= AnnotationClasses.MAX && value == Math.rint(value))) {
				throw new BrushwoodException("The label image '" + path + "' holds the value " + value +
					". Labels are whole numbers from 0 to " + AnnotationClasses.MAX + ".");
			}
			to[i] = (byte) value;
		}
	}

	private static double pixel(final Object plane, final int i) {
		if (plane instanceof byte[]) return ((byte[]) plane)[i] & 0xFF;
		return plane instanceof short[] ? ((short[]) plane)[i] & 0xFFFF : Array.getFloat(plane, i);
	}

	/** Highest label, 0 when nothing is labelled. */
	int highest() {
		int highest = 0;
		for (final byte[] plane : planes)
			for (final byte label : plane)
				highest = Math.max(highest, label & 0xFF);
		return highest;
	}

	/** Replaces label k by <code>to[k]</code>. */
	void relabel(final int[] to) {
		for (final byte[] plane : planes)
			for (int i = 0; i < plane.length; i++)
				plane[i] = (byte) to[plane[i] & 0xFF];
	}

	EngineImage toEngine(final Job job, final String name) {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, width, height).depth(depth).frames(frames).build();
		final EngineImage image = EngineImage.create(job, info);
		try {
			image.setName(job, name);
			for (int t = 0; t < frames; t++)
				for (int z = 0; z < depth; z++)
					image.setPlane(t, 0, z, plane(z, t));
			return image;
		}
		catch (RuntimeException | Error e) {
			image.close();
			throw e;
		}
	}

	/** In the colours of the classes; the planes are shared. */
	ImagePlus toImagePlus(final String title, final AnnotationClasses classes) {
		final ImageStack stack = new ImageStack(width, height);
		for (final byte[] plane : planes)
			stack.addSlice(null, plane);
		final ImagePlus imp = new ImagePlus(title, stack);
		imp.setDimensions(1, depth, frames);
		imp.setOpenAsHyperStack(imp.getNDimensions() > 3);
		ClassColours.apply(imp, classes);
		return imp;
	}

	/** Writes an image of labels with its classes as ImageJ does, whole or not at all. */
	static void write(final ImagePlus labels, final String path) {
		final FileInfo info = labels.getFileInfo();
		info.description = new FileSaver(labels).getDescriptionString();
		info.properties = labels.getPropertiesAsArray();
		WholeFile.write(path, out -> new TiffEncoder(info).write(out));
	}
}
