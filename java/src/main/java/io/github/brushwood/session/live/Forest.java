package io.github.brushwood.session.live;

import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.engine.Trainer;
import io.github.brushwood.engine.TrainingRun;
import io.github.brushwood.session.AnnotationClass;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The present model and what it was made from; grows a few trees first and then the others. For the worker's thread.
 */
final class Forest implements AutoCloseable {

	/** Shows results while a forest grows. */
	interface Glance {

		/** A forest of a few trees is there. @param slow whether the others will take a while */
		void few(boolean slow);

		/** Between trees. */
		void between();
	}

	/** Milliseconds that growing a first forest should take at most, and half of those of a further piece. */
	private static final double PIECE = 40;
	/** Below this the whole forest is the first one. */
	private static final double AT_ONCE = 15;
	/** From here on all of the view gets a first glance. */
	private static final double SLOW = 250;
	/** Trees of a first forest: enough to be right in most places, few enough to be shown fast. */
	private static final int FEWEST = 6;
	private static final int MOST = 12;

	private final Samples samples;
	private Shared<Model> model;
	private boolean whole;
	private long version;
	private long generation;
	private long revision = -1;
	private String options = "";
	private List<AnnotationClass> classes = new ArrayList<>();
	private int[] classIds = new int[0];
	/** Milliseconds per tree, and of the last whole forest. */
	private double perTree = PIECE / FEWEST;
	private double last;

	Forest(final Samples samples) {
		this.samples = samples;
	}

	/** Null before the first forest. */
	Model model() {
		return model == null ? null : model.get();
	}

	/** The model, which the borrower closes. */
	Shared<Model> lend() {
		return model.hold();
	}

	/** Whether it has all trees. */
	boolean isWhole() {
		return whole;
	}

	/** Of its tiles: grows when they change. */
	long version() {
		return version;
	}

	/** Grows with every whole forest. */
	long generation() {
		return generation;
	}

	int[] classIds() {
		return classIds;
	}

	/**
	 * Options for the live forest: what only describes a model is left out, and autocontext, which would want the whole
	 * image classified twice. A calibrated forest needs its held-out samples.
	 */
	static TrainOptions live(final TrainOptions all) {
		final TrainOptions o = all.copy().contextSigmas(new double[0]).importance(0);
		return o.calibrate() ? o : o.holdout(Holdout.NONE, o.folds(), o.block());
	}

	/** Whether the live forest is what these options ask for. */
	static boolean isAll(final TrainOptions all) {
		return key(live(all)).equals(key(all));
	}

	/** Text that is the same for the same options. */
	static String key(final TrainOptions o) {
		return Arrays.asList(o.trees(), o.mtry(), o.maxDepth(), o.minLeaf(), o.bootstrap(), o.extra(), o.balance(), Arrays
			.toString(o.classWeights()), o.seed(), o.strokeBalance(), o.holdout(), o.holdout() == Holdout.NONE ? "" : o
				.folds() + " " + o.block(), o.calibrate(), o.importance(), o.refine(), Arrays.toString(o
					.contextSigmas())).toString();
	}

	/** Whether samples, names and options are those of the trainer now. */
	boolean isCurrent(final TrainOptions wanted) {
		return sameTiles(wanted) && whole && classes.equals(samples.modelClasses());
	}

	/** Whether another forest would differ in the names and colours of its classes at most. */
	private boolean sameTiles(final TrainOptions wanted) {
		return model != null && revision == samples.revision() && options.equals(key(wanted)) && Arrays.equals(classIds, ids(
			samples.modelClasses()));
	}

	private static int[] ids(final List<AnnotationClass> of) {
		return of.stream().mapToInt(AnnotationClass::id).toArray();
	}

	/**
	 * Grows a forest from the samples.
	 *
	 * @param staleOn news that end it, until its first trees were shown; then all news do that are about forests
	 * @param glance null when nobody looks: then the forest grows in one go
	 */
	void grow(final Work work, final int staleOn, final TrainOptions wanted, final Clock clock, final Glance glance) {
		final boolean quiet = whole && sameTiles(wanted);
		final long start = System.nanoTime();
		double looking = 0;
		final int all = wanted.trees();
		final int first = quiet || glance == null ? all : few(all);
		final int later = first < all ? Work.FOREST : staleOn;
		try (TrainingRun run = begin(work, staleOn, samples.trainer(), wanted)) {
			grow(work, staleOn, run, first);
			if (first < all) {
				take(model(work, staleOn, run), wanted, false, true);
				clock.forest(Clock.since(start), true);
				measure(Clock.since(start), first);
				final boolean slow = Math.max(last, perTree * all) > SLOW;
				looking += timed(() -> glance.few(slow));
			}
			looking += growOthers(work, later, run, first, all, glance);
			take(model(work, later, run), wanted, true, !quiet && first == all);
		}
		last = Clock.since(start) - looking;
		measure(last, all);
		clock.forest(last, first == all);
	}

	/**
	 * In pieces, so that a view that changes meanwhile need not wait for all of them.
	 *
	 * @return milliseconds that the view took
	 */
	private double growOthers(final Work work, final int staleOn, final TrainingRun run, final int first, final int all,
		final Glance glance)
	{
		double looking = 0;
		for (int trees = first; trees < all;) {
			looking += timed(glance::between);
			trees = Math.min(all, trees + piece());
			grow(work, staleOn, run, trees);
		}
		return looking;
	}

	/** Milliseconds that it takes: showing a view says nothing about how long forests take. */
	private static double timed(final Runnable glance) {
		final long start = System.nanoTime();
		glance.run();
		return Clock.since(start);
	}

	private int few(final int all) {
		final int wanted = Math.min(MOST, Math.max(FEWEST, (int) (PIECE / perTree)));
		return perTree * all < AT_ONCE || wanted * 2 >= all ? all : wanted;
	}

	private int piece() {
		return Math.max(FEWEST, (int) (2 * PIECE / perTree));
	}

	private void measure(final double milliseconds, final int trees) {
		perTree = Math.max(1e-3, milliseconds / trees);
	}

	private static TrainingRun begin(final Work work, final int staleOn, final Trainer trainer,
		final TrainOptions wanted)
	{
		try (Work.Step step = work.step(staleOn)) {
			return trainer.begin(step.job(), wanted);
		}
	}

	private static void grow(final Work work, final int staleOn, final TrainingRun run, final int trees) {
		try (Work.Step step = work.step(staleOn)) {
			run.grow(step.job(), trees);
		}
	}

	private static Model model(final Work work, final int staleOn, final TrainingRun run) {
		try (Work.Step step = work.step(staleOn)) {
			return run.model(step.job());
		}
	}

	private void take(final Model now, final TrainOptions wanted, final boolean all, final boolean newTiles) {
		if (model != null) model.close();
		model = new Shared<>(now, now::close);
		whole = all;
		revision = samples.revision();
		options = key(wanted);
		classes = samples.modelClasses();
		classIds = ids(classes);
		if (newTiles) version++;
		if (all) generation++;
	}

	/** There are too few labels for one. */
	void drop() {
		if (model != null) model.close();
		model = null;
		whole = false;
		revision = -1;
	}

	@Override
	public void close() {
		drop();
	}
}
