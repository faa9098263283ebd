package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;

/** One labelled image to learn from; opened only while its pixels are taken. */
abstract class TrainingExample {

	/** For messages. */
	abstract String name();

	/** Classes the labels are named after; empty when they are just numbers. */
	abstract AnnotationClasses classes();

	/** The caller closes it. */
	abstract EngineImage image(Job job);

	/** Labels in the order of <code>all</code>, named as the example; the caller closes it. */
	abstract EngineImage labels(Job job, AnnotationClasses all);

	/** An open image and its annotations. */
	static TrainingExample annotated(final ImagePlus imp) {
		final Annotations annotations = new Annotations(imp);
		return new TrainingExample() {

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
	static TrainingExample files(final String image, final String labels) {
		final AnnotationClasses classes = AnnotationClasses.parse(ImageFiles.tiffProperty(labels,
			ClassColours.PROPERTY));
		return new TrainingExample() {

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
				final LabelPlanes planes = LabelPlanes.read(job, labels);
				if (classes.size() > 0) planes.relabel(translation(labels, planes.highest(), classes, all));
				return planes.toEngine(job, labels);
			}
		};
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
