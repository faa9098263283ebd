package io.github.brushwood.engine;

import java.util.Arrays;
import java.util.Objects;

/** How a forest is grown and assessed; starts with the engine's defaults. The engine checks the values. */
public final class TrainOptions {

	/** Candidate features per split: floor(sqrt(n) + 0.5) of n features. */
	public static final int MTRY_SQRT = 0;
	/** Candidate features per split: floor(log2(n)) + 1 of n features. */
	public static final int MTRY_LOG2 = -1;
	/** Candidate features per split: all. */
	public static final int MTRY_ALL = -2;
	/** Most sigmas of an autocontext. */
	public static final int MAX_CONTEXT_SIGMAS = 8;

	private static final int WHOLE_NUMBERS = 14;
	private static final int REAL_NUMBERS = 2 + MAX_CONTEXT_SIGMAS;

	private int trees;
	private int mtry;
	private int maxDepth;
	private int minLeaf;
	private boolean extra;
	private Balance balance;
	private long seed;
	private Holdout holdout;
	private int folds;
	private long block;
	private boolean calibrate;
	private int importance;
	private int refine;
	private double bootstrap;
	private double strokeBalance;
	private double[] contextSigmas;
	private float[] classWeights;

	public TrainOptions() {
		NativeLoader.load();
		final Packed defaults = new Packed();
		Native.trainDefaults(defaults.whole, defaults.real, defaults.weights);
		unpack(defaults);
	}

	TrainOptions(final Packed packed) {
		unpack(packed);
	}

	/** The form in which options cross to the engine and back. */
	static final class Packed {

		/**
		 * trees, mtry, maxDepth, minLeaf, extra, balance, seed, holdout, folds, block, calibrate, importance, contexts,
		 * refine
		 */
		final long[] whole = new long[WHOLE_NUMBERS];
		/** bootstrap, strokeBalance, sigmas of the context */
		final double[] real = new double[REAL_NUMBERS];
		/** of the classes */
		final float[] weights = new float[Engine.maxClasses()];
	}

	Packed pack() {
		final Packed p = new Packed();
		final long[] numbers = { trees, mtry, maxDepth, minLeaf, extra ? 1 : 0, balance.ordinal(), seed, holdout
			.ordinal(), folds, block, calibrate ? 1 : 0, importance, contextSigmas.length, refine };
		System.arraycopy(numbers, 0, p.whole, 0, WHOLE_NUMBERS);
		p.real[0] = bootstrap;
		p.real[1] = strokeBalance;
		System.arraycopy(contextSigmas, 0, p.real, 2, contextSigmas.length);
		System.arraycopy(classWeights, 0, p.weights, 0, classWeights.length);
		return p;
	}

	private void unpack(final Packed p) {
		trees = (int) p.whole[0];
		mtry = (int) p.whole[1];
		maxDepth = (int) p.whole[2];
		minLeaf = (int) p.whole[3];
		extra = p.whole[4] != 0;
		balance = Balance.values()[(int) p.whole[5]];
		seed = p.whole[6];
		holdout = Holdout.values()[(int) p.whole[7]];
		folds = (int) p.whole[8];
		block = p.whole[9];
		calibrate = p.whole[10] != 0;
		importance = (int) p.whole[11];
		refine = (int) p.whole[13];
		bootstrap = p.real[0];
		strokeBalance = p.real[1];
		contextSigmas = Arrays.copyOfRange(p.real, 2, 2 + (int) p.whole[12]);
		int weights = p.weights.length;
		while (weights > 0 && p.weights[weights - 1] == 0)
			weights--;
		classWeights = Arrays.copyOf(p.weights, weights);
	}

	/** Options with the same values. */
	public TrainOptions copy() {
		return new TrainOptions(pack());
	}

	/** @param count 1 to 1000 */
	public TrainOptions trees(final int count) {
		trees = count;
		return this;
	}

	/** @param count candidate features per split, or one of the MTRY_ constants */
	public TrainOptions mtry(final int count) {
		mtry = count;
		return this;
	}

	/** @param depth 0 to grow until every leaf is pure */
	public TrainOptions maxDepth(final int depth) {
		maxDepth = depth;
		return this;
	}

	/** @param samples smallest number of drawn samples in a leaf */
	public TrainOptions minLeaf(final int samples) {
		minLeaf = samples;
		return this;
	}

	/** @param fraction of the samples drawn per tree, with replacement, up to 1; 0 for all samples once */
	public TrainOptions bootstrap(final double fraction) {
		bootstrap = fraction;
		return this;
	}

	/** @param random true for extremely randomised trees: one random threshold per candidate feature */
	public TrainOptions extra(final boolean random) {
		extra = random;
		return this;
	}

	public TrainOptions balance(final Balance classes) {
		balance = Objects.requireNonNull(classes, "classes");
		return this;
	}

	/** @param weights share of each class's samples in the drawing, relative, for {@link Balance#CUSTOM} */
	public TrainOptions classWeights(final float... weights) {
		if (weights.length > Engine.maxClasses()) {
			throw new IllegalArgumentException("There are " + weights.length + " class weights; a model has at most " +
				Engine.maxClasses() + " classes.");
		}
		classWeights = weights.clone();
		return this;
	}

	/** @param value the same seed and samples give the same model */
	public TrainOptions seed(final long value) {
		seed = value;
		return this;
	}

	/** @param strength 0 to 1: a sample weighs (size of its stroke)^-strength; 1 = all strokes count alike */
	public TrainOptions strokeBalance(final double strength) {
		strokeBalance = strength;
		return this;
	}

	/**
	 * How the model is assessed.
	 *
	 * @param kind what stays together
	 * @param count folds, 2 to 100; of images at most one each
	 * @param edge of a block in pixels along x, for {@link Holdout#BLOCKS}
	 */
	public TrainOptions holdout(final Holdout kind, final int count, final long edge) {
		holdout = Objects.requireNonNull(kind, "kind");
		folds = count;
		block = edge;
		return this;
	}

	/** @param on true to turn probabilities into observed frequencies, measured on samples that trees had not seen */
	public TrainOptions calibrate(final boolean on) {
		calibrate = on;
		return this;
	}

	/** @param permutations per feature for the permutation importance, up to 100; 0 for none */
	public TrainOptions importance(final int permutations) {
		importance = permutations;
		return this;
	}

	/** @param sigmas ascending, at most 8: a second forest also sees the first one's smoothed probabilities; none = off */
	public TrainOptions contextSigmas(final double... sigmas) {
		if (sigmas.length > MAX_CONTEXT_SIGMAS) {
			throw new IllegalArgumentException("There are " + sigmas.length + " sigmas of the context; at most " +
				MAX_CONTEXT_SIGMAS + " are possible.");
		}
		contextSigmas = sigmas.clone();
		return this;
	}

	/** @param radius of the windows in which prediction smooths probabilities along the image's structures; 0 = not */
	public TrainOptions refine(final int radius) {
		refine = radius;
		return this;
	}

	public int trees() {
		return trees;
	}

	public int mtry() {
		return mtry;
	}

	public int maxDepth() {
		return maxDepth;
	}

	public int minLeaf() {
		return minLeaf;
	}

	public double bootstrap() {
		return bootstrap;
	}

	public boolean extra() {
		return extra;
	}

	public Balance balance() {
		return balance;
	}

	/** Without the zeros at the end. */
	public float[] classWeights() {
		return classWeights.clone();
	}

	public long seed() {
		return seed;
	}

	public double strokeBalance() {
		return strokeBalance;
	}

	public Holdout holdout() {
		return holdout;
	}

	public int folds() {
		return folds;
	}

	public long block() {
		return block;
	}

	public boolean calibrate() {
		return calibrate;
	}

	public int importance() {
		return importance;
	}

	public int refine() {
		return refine;
	}

	/** Empty without autocontext. */
	public double[] contextSigmas() {
		return contextSigmas.clone();
	}
}
