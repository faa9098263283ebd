package io.github.brushwood.session.live;

import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.Importance;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.AnnotationClass;

import java.util.List;

/** What is known about the present forest; immutable. */
public final class Report {

	/** What to think of the out-of-bag figure. */
	public static final String FLATTERY = "Neighbouring pixels are alike, which flatters this figure: the check on " +
		"held-out strokes is nearer to the truth.";

	/** Features that the text names. */
	private static final int SHOWN = 10;

	/** When the model was made, in the order of labels. */
	public final List<AnnotationClass> classes;
	/** Labelled pixels of each class over all images. */
	public final long[] pixels;
	/** Connected labelled pixels of one class. */
	public final long strokes;
	public final int featureCount;
	/** Out-of-bag scores; no pixels when there are none. */
	public final Scores outOfBag;
	/** Held-out scores, which come later than the rest; null until then or when it was not possible. */
	public final Scores heldOut;
	public final Holdout holdout;
	/** Why there is no held-out check; "" when there is one or it is under way. */
	public final String heldOutNote;
	/** Most important first, all features. */
	public final List<Importance> importances;
	/** Sentences for the user: few labels, saturated image, features wider than the stack is deep, ... */
	public final List<String> warnings;

	public Report(final List<AnnotationClass> classes, final long[] pixels, final long strokes, final int featureCount,
		final Scores outOfBag, final Scores heldOut, final Holdout holdout, final String heldOutNote,
		final List<Importance> importances, final List<String> warnings)
	{
		this.classes = classes;
		this.pixels = pixels;
		this.strokes = strokes;
		this.featureCount = featureCount;
		this.outOfBag = outOfBag;
		this.heldOut = heldOut;
		this.holdout = holdout;
		this.heldOutNote = heldOutNote;
		this.importances = importances;
		this.warnings = warnings;
	}

	/** The whole report as text for people (Log window, macros). */
	public String text() {
		final StringBuilder text = new StringBuilder();
		text.append("Labelled pixels: ").append(Texts.count(total())).append(" in ").append(Texts.count(strokes, "stroke"))
			.append('\n');
		for (int k = 0; k < classes.size(); k++)
			text.append("  ").append(classes.get(k).name()).append(": ").append(Texts.count(pixels[k])).append('\n');
		appendOutOfBag(text);
		appendHeldOut(text);
		appendImportances(text);
		for (final String warning : warnings)
			text.append("Note: ").append(warning).append('\n');
		return text.toString();
	}

	private long total() {
		long sum = 0;
		for (final long count : pixels)
			sum += count;
		return sum;
	}

	private void appendOutOfBag(final StringBuilder text) {
		if (outOfBag == null || outOfBag.pixels == 0) {
			text.append("Out-of-bag check: none, as every tree has seen all pixels.\n");
			return;
		}
		text.append("Out-of-bag check: ").append(Texts.percent(1 - outOfBag.accuracy)).append(
			" of the labelled pixels are wrong. ").append(FLATTERY).append('\n');
		appendConfusion(text, outOfBag);
	}

	private void appendHeldOut(final StringBuilder text) {
		if (heldOut == null) {
			final String why = heldOutNote.isEmpty() ? "under way." : heldOutNote;
			text.append("Held-out check: ").append(why).append('\n');
			return;
		}
		text.append("Held-out check (").append(heldOutKind()).append("): ").append(Texts.percent(1 - heldOut.accuracy))
			.append(" of the labelled pixels are wrong.\n");
		appendConfusion(text, heldOut);
	}

	private String heldOutKind() {
		switch (holdout) {
			case STROKES:
				return "whole strokes";
			case BLOCKS:
				return "blocks of an image";
			case IMAGES:
				return "whole images";
			default:
				return "single pixels";
		}
	}

	/** One line per true class: what its pixels were given to. */
	private void appendConfusion(final StringBuilder text, final Scores scores) {
		for (int truth = 0; truth < scores.classCount(); truth++) {
			text.append("  ").append(name(truth)).append(" ->");
			for (int given = 0; given < scores.classCount(); given++)
				text.append(given == 0 ? " " : ", ").append(name(given)).append(' ').append(Texts.count(scores.count(truth,
					given)));
			text.append('\n');
		}
	}

	private String name(final int index) {
		return index < classes.size() ? classes.get(index).name() : "class " + (index + 1);
	}

	private void appendImportances(final StringBuilder text) {
		final int shown = Math.min(SHOWN, importances.size());
		text.append("Most important of ").append(Texts.count(featureCount, "feature")).append(":\n");
		for (final Importance i : importances.subList(0, shown))
			text.append("  ").append(Texts.percent(i.gini)).append("  ").append(i.feature).append('\n');
	}
}
