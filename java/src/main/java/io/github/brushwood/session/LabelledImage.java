package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;

/** One labelled image; opened only while its pixels are taken. */
abstract class LabelledImage {

	/** For messages. */
	abstract String name();

	/** Classes the labels are named after; empty when they are just numbers. */
	abstract AnnotationClasses classes();

	/** The caller closes it. */
	abstract EngineImage image(Job job);

	/** Labels in the order of <code>all</code>, named as the image; the caller closes it. */
	abstract EngineImage labels(Job job, AnnotationClasses all);

	/** An open image and its annotations. */
	static LabelledImage annotated(final ImagePlus imp) {
		final Annotations annotations = new Annotations(imp);
		return new LabelledImage() {

			@Override
			String name() {
				return imp.getTitle();
			}

			@Override
			AnnotationClasses classes() {
				return annotations.classes();
			}

			@Override
			EngineImage image(final Job job) {
				return ImagePlusAdapter.toEngine(job, imp);
			}

			@Override
			EngineImage labels(final Job job, final AnnotationClasses all) {
				return annotations.rasterise(all).toEngine(job, name());
			}
		};
	}

	/** An image file and the file of its labels. */
	static LabelledImage files(final String image, final String labels) {
		final AnnotationClasses classes = AnnotationClasses.parse(ImageFiles.tiffProperty(labels,
			ClassColours.PROPERTY));
		return new LabelledImage() {

			@Override
			String name() {
				return image;
			}

			@Override
			AnnotationClasses classes() {
				return classes;
			}

			@Override
			EngineImage image(final Job job) {
				return ImageFiles.read(job, image);
			}

			@Override
			EngineImage labels(final Job job, final AnnotationClasses all) {
				return toEngine(job, LabelPlanes.read(job, labels), labels, classes, all);
			}
		};
	}

	/** An open image and an open image of its labels. */
	static LabelledImage windows(final ImagePlus imp, final ImagePlus labels) {
		final AnnotationClasses classes = AnnotationClasses.parse(labels.getProp(ClassColours.PROPERTY));
		return new LabelledImage() {

			@Override
			String name() {
				return imp.getTitle();
			}

			@Override
			AnnotationClasses classes() {
				return classes;
			}

			@Override
			EngineImage image(final Job job) {
				return ImagePlusAdapter.toEngine(job, imp);
			}

			@Override
			EngineImage labels(final Job job, final AnnotationClasses all) {
				try (EngineImage image = ImagePlusAdapter.toEngine(job, labels)) {
					return toEngine(job, LabelPlanes.of(image, labels.getTitle()), labels.getTitle(), classes, all);
				}
			}
		};
	}

	/** Labels with the numbers that their classes have in <code>all</code>. */
	private static EngineImage toEngine(final Job job, final LabelPlanes planes, final String name,
		final AnnotationClasses classes, final AnnotationClasses all)
	{
		if (classes.size() > 0) planes.relabel(translation(name, planes.highest(), classes, all));
		return planes.toEngine(job, name);
	}

	/** The label in <code>all</code> of every label of <code>own</code>. */
	private static int[] translation(final String path, final int highest, final AnnotationClasses own,
		final AnnotationClasses all)
	{
		if (highest > own.size()) {
			throw new BrushwoodException("The label image '" + path + "' holds the label " + highest + " but names " + own
				.size() + " classes.");
		}
		final int[] to = new int[AnnotationClasses.MAX + 1];
		for (int k = 1; k <= own.size(); k++)
			to[k] = all.label(all.find(own.at(k).name()));
		return to;
	}
}
