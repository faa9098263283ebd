package io.github.brushwood.session.live;

import io.github.brushwood.engine.Assessment;
import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.Importance;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.session.AnnotationClass;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes the report on a forest. For the worker's thread. */
final class ReportMaker {

	private static final long FEW_PIXELS = 20;
	/** Of the name of a feature: its sigma, when it is one of the whole stack. */
	private static final Pattern SIGMA_3D = Pattern.compile("^\\S+ ([0-9.]+) 3D\\b.*");
	/** A filter's weight lies within so many sigmas to each side, but for 5 %. */
	private static final double REACH = 2;

	private final Samples samples;
	private final ImagePool pool;

	ReportMaker(final Samples samples, final ImagePool pool) {
		this.samples = samples;
		this.pool = pool;
	}

	/** All but the held-out check. */
	Report first(final Work.Step step, final Forest forest, final Holdout holdout) {
		final Model model = forest.model();
		final List<Importance> importances = new ArrayList<>(model.importances());
		importances.sort(Comparator.comparingDouble((Importance i) -> -i.gini));
		final Scores outOfBag = model.outOfBag();
		final String note = holdout == Holdout.NONE ? "The check on held-out labels is off." : "";
		return new Report(samples.classes(), samples.pixelsOfLabel(), samples.trainer().strokeCount(), importances.size(),
			outOfBag, null, holdout, note, importances, warnings(step, outOfBag));
	}

	/** The same report with the held-out check, which grows forests without each fold in turn. */
	Report checked(final Work.Step step, final Report report, final TrainOptions options) {
		final TrainOptions o = options.copy().contextSigmas(new double[0]).importance(0).calibrate(false).holdout(
			report.holdout, options.folds(), options.block());
		Scores heldOut = null;
		String note = "";
		try (Assessment assessment = samples.trainer().crossValidate(step.job(), o)) {
			heldOut = assessment.scores();
		}
		catch (final CancelledException e) {
			throw e;
		}
		catch (final EngineException e) {
			note = e.getMessage();
		}
		return new Report(report.classes, report.pixels, report.strokes, report.featureCount, report.outOfBag, heldOut,
			report.holdout, note, report.importances, report.warnings);
	}

	private List<String> warnings(final Work.Step step, final Scores outOfBag) {
		final List<String> warnings = new ArrayList<>();
		final long[] pixels = samples.pixelsOfLabel();
		for (int k = 0; k < pixels.length; k++)
			addClass(step, warnings, samples.classes().get(k), k + 1, pixels[k]);
		for (final LiveImage image : samples.images()) {
			final PixelStatistics statistics = pool.statistics(image);
			if (statistics != null) warnings.addAll(statistics.warnings(image.title()));
			addDepth(warnings, image);
		}
		if (outOfBag != null && outOfBag.pixels > 0 && outOfBag.accuracy == 1) {
			warnings.add("The out-of-bag check finds no error. Its pixels have neighbours of the same stroke in training, " +
				"which flatters: paint where the result is wrong or unsure, and trust the check on held-out strokes.");
		}
		return warnings;
	}

	private void addClass(final Work.Step step, final List<String> warnings, final AnnotationClass c, final int label,
		final long pixels)
	{
		if (pixels == 0) {
			warnings.add("The class '" + c.name() + "' has no labels, so nothing will be given to it.");
		}
		else if (pixels < FEW_PIXELS) {
			warnings.add("The class '" + c.name() + "' has only " + Texts.count(pixels, "pixel") + ". Paint more of it.");
		}
		else if (isOneStroke(step, label)) {
			warnings.add("The class '" + c.name() +
				"' has a single stroke. Paint more in other places, so that the forest sees how it varies.");
		}
	}

	private boolean isOneStroke(final Work.Step step, final int label) {
		boolean found = false;
		for (final LiveImage image : samples.images()) {
			final LabelMap map = image.labels();
			final Strokes strokes = new Strokes(samples.pixels(image), map.width(), map.height(), map.depth());
			final int count = strokes.countUpToTwo(label, step::check);
			if (count == 2 || count == 1 && found) return false;
			found |= count == 1;
		}
		return found;
	}

	/** Only one sentence per image: of the widest filter. */
	private void addDepth(final List<String> warnings, final LiveImage image) {
		final int depth = image.labels().depth();
		if (depth < 2) return;
		final double widest = widest(samples.recipe());
		final double[] spacing = samples.spacing();
		final long slices = 1 + 2 * (long) Math.ceil(REACH * widest * spacing[0] / spacing[2]);
		if (slices <= depth) return;
		warnings.add(String.format(Locale.ROOT, "The widest 3D feature (sigma %s) spans %d slices, but '%s' has %d: much " +
			"of what it sees is the mirror image of the stack. Choose smaller sigmas or 2D features.", number(widest), slices,
			image.title(), depth));
	}

	private static String number(final double value) {
		return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
	}

	private static double widest(final Recipe recipe) {
		double widest = 0;
		for (int i = 0; i < recipe.count(); i++) {
			final Matcher m = SIGMA_3D.matcher(recipe.name(i));
			if (m.matches()) widest = Math.max(widest, Double.parseDouble(m.group(1)));
		}
		return widest;
	}
}
