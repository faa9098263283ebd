package io.github.brushwood.session;

import ij.ImagePlus;
import ij.gui.OvalRoi;
import ij.gui.Roi;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.TrainOptions;

import java.nio.file.Path;

/** A quickly trained model for images like those of {@link Pictures}; classes "disc" (orange) and "ground". */
public final class SmallModel {

	private SmallModel() {}

	/** Trains on an image of at least 40 x 16 pixels. */
	public static String write(final ImagePlus imp, final Path path) {
		final Annotations annotations = new Annotations(imp);
		final AnnotationClass disc = annotations.recolour(annotations.define("disc"), 0xFF8800);
		annotations.add(annotations.define("ground"), new Roi(0, 0, 40, 4), 1, 1);
		annotations.add(disc, new OvalRoi(9, 9, 7, 7), 1, 1);
		final Training training = new Training("gaussian:0.7,1.6", new TrainOptions().trees(9), null,
			new AnnotationClasses());
		training.add(imp);
		try (Model model = training.train(Jobs.defaults()); Job job = new Job()) {
			model.write(job, path.toString());
		}
		return path.toString();
	}
}
