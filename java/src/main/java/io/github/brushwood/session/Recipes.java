package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Recipe;

/** Feature lists for images. */
public final class Recipes {

	private Recipes() {}

	/** The recipe for images like this one: 3D features for a stack, sigmas in the ratio of its spacing. */
	static Recipe of(final Job job, final String features, final ImageInfo info) {
		return Recipe.parse(job, features, info.channels, info.depth > 1 ? 3 : 2, info.spacingX, info.spacingY,
			info.spacingZ);
	}

	/**
	 * What a forest with these features sees of an image: one channel per feature, labelled with its name.
	 *
	 * @param features a feature list or preset
	 * @param spacing in place of the image's calibration; null for its own
	 */
	public static ImagePlus show(final Jobs jobs, final ImagePlus imp, final String features, final Spacing spacing) {
		try (Job job = jobs.open();
			EngineImage image = ImagePlusAdapter.toEngine(job, imp))
		{
			Spacing.apply(job, image, spacing);
			return show(job, imp, image, features);
		}
	}

	private static ImagePlus show(final Job job, final ImagePlus imp, final EngineImage image, final String features) {
		try (Recipe recipe = of(job, features, image.info()); EngineImage result = recipe.computeFeatures(job, image)) {
			final ImagePlus shown = ImagePlusAdapter.toImagePlus(result, "Features of " + imp.getTitle());
			ImagePlusAdapter.copyCalibration(imp, shown);
			shown.resetDisplayRange();
			shown.setProperty("Info", "Features: " + recipe.text() + "\n");
			return shown;
		}
	}
}
