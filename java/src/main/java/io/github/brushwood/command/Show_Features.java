package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Recipes;
import io.github.brushwood.session.Spacing;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

/** Shows what a forest sees. */
public final class Show_Features extends BrushwoodCommand {

	private Spec spec;

	@Override
	public Spec spec() {
		if (spec == null) {
			spec = new Spec("Brushwood Show Features...",
				"Computes features of the current image: a 32-bit stack with one channel per feature, each labelled with " +
					"its name and its sigma or radius.",
				Key.of(Kind.FEATURES, "features", "Features", Engine.defaultPreset(), FEATURES_DOC), EXACT, SPACING,
				THREADS);
		}
		return spec;
	}

	@Override
	void checkReady() {
		currentImage();
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final ImagePlus imp = currentImage();
		jobs.status("Computing features of " + imp.getTitle() + "...");
		final ImagePlus features = Recipes.show(jobs, imp, featureList(options), Spacing.parse(options.text("spacing")));
		show(features);
		IJ.showStatus(features.getNChannels() + " features of " + imp.getTitle());
	}
}
