package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.Compression;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Recipe;

import java.util.ArrayList;
import java.util.List;

/** Feature lists for images. */
public final class Recipes {

	private Recipes() {}

	/** The recipe for images like this one: 3D features for a stack, sigmas in the ratio of its spacing. */
	static Recipe of(final Job job, final String features, final ImageInfo info) {
		return Recipe.parse(job, features, info.channels, info.depth > 1 ? 3 : 2, info.spacingX, info.spacingY,
			info.spacingZ);
	}

	/**
	 * Asks the engine whether a feature list fits an image.
	 *
	 * @param features a feature list or preset
	 * @param spacing in place of the image's calibration; null for its own
	 * @throws io.github.brushwood.engine.EngineException saying what is wrong with the list
	 */
	public static void check(final Jobs jobs, final String features, final ImagePlus imp, final Spacing spacing) {
		names(jobs, features, imp, spacing);
	}

	/** Names of the feature images that a list yields of an image; as {@link #check} else. */
	public static List<String> names(final Jobs jobs, final String features, final ImagePlus imp,
		final Spacing spacing)
	{
		final ImageInfo info = ImagePlusAdapter.info(imp);
		final Spacing s = spacing != null ? spacing : new Spacing(info.spacingX, info.spacingY, info.spacingZ);
		final List<String> names = new ArrayList<>();
		try (Job job = jobs.open();
			Recipe recipe = Recipe.parse(job, features, info.channels, info.depth > 1 ? 3 : 2, s.x, s.y, s.z))
		{
			for (int i = 0; i < recipe.count(); i++)
				names.add(recipe.name(i));
		}
		return names;
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

	/** Computes all feature images of an image into a TIFF file. @param spacing in place of the image's; null for that */
	static void write(final Jobs jobs, final ImagePlus imp, final String features, final Spacing spacing,
		final String path)
	{
		try (Job job = jobs.open(); EngineImage image = ImagePlusAdapter.toEngine(job, imp)) {
			final ImageInfo own = image.info();
			Spacing.apply(job, image, spacing);
			try (Recipe recipe = of(job, features, image.info()); EngineImage result = recipe.computeFeatures(job, image)) {
				if (own.calibrated) result.setSpacing(job, own.spacingX, own.spacingY, own.spacingZ);
				result.write(job, path, Compression.NONE);
			}
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
