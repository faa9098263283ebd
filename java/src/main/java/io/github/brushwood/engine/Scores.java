package io.github.brushwood.engine;

/** What an assessment found, as numbers; immutable. Classes and bins count from 0; NaN where a value is undefined. */
public final class Scores {

	/** How well one class is found. */
	public static final class OfClass {

		/** Pixels of the class, pixels given to it, and pixels that are both. */
		public final long truth;
		public final long predicted;
		public final long hits;
		/** 0 to 1. */
		public final double precision;
		public final double recall;
		public final double f1;
		public final double iou;

		OfClass(final double[] n) {
			truth = (long) n[0];
			predicted = (long) n[1];
			hits = (long) n[2];
			precision = n[3];
			recall = n[4];
			f1 = n[5];
			iou = n[6];
		}
	}

	/** How often a class occurs where it is given a probability. */
	public static final class Bin {

		/** Pixels whose probability lies in the bin. */
		public final long count;
		/** Mean probability. */
		public final double predicted;
		/** Share of the pixels that are of the class. */
		public final double observed;

		private Bin(final double count, final double predicted, final double observed) {
			this.count = (long) count;
			this.predicted = predicted;
			this.observed = observed;
		}
	}

	/** Assessed pixels. */
	public final long pixels;
	/** Share of right pixels, 0 to 1. */
	public final double accuracy;
	/** Mean recall of the classes that occur. */
	public final double balancedAccuracy;
	public final double meanIou;
	public final double meanF1;
	/** Cohen's. */
	public final double kappa;
	/** Mean over pixels of the sum over classes of (probability - truth)^2. */
	public final double brier;
	/** Mean |observed - predicted| over bins and classes, weighted by pixels. */
	public final double calibrationError;
	/** Pixels behind the last two. */
	public final long withProbability;

	private final OfClass[] classes;
	private final long[] counts;
	/** Of each class, then of all together. */
	private final Bin[][] bins;

	/** @param address of a native assessment, which is only read */
	Scores(final long address) {
		final double[] n = Native.assessmentSummary(address);
		pixels = (long) n[0];
		accuracy = n[1];
		balancedAccuracy = n[2];
		meanIou = n[3];
		meanF1 = n[4];
		kappa = n[5];
		brier = n[6];
		calibrationError = n[7];
		withProbability = (long) n[8];
		classes = new OfClass[Native.assessmentClasses(address)];
		counts = Native.assessmentCounts(address);
		bins = new Bin[classes.length + 1][];
		for (int k = 0; k < classes.length; k++) {
			classes[k] = new OfClass(Native.assessmentClass(address, k));
			bins[k] = bins(Native.assessmentReliability(address, k));
		}
		bins[classes.length] = bins(Native.assessmentReliability(address, -1));
	}

	private static Bin[] bins(final double[] numbers) {
		final Bin[] bins = new Bin[numbers.length / 3];
		for (int i = 0; i < bins.length; i++)
			bins[i] = new Bin(numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2]);
		return bins;
	}

	public int classCount() {
		return classes.length;
	}

	public OfClass ofClass(final int index) {
		return classes[index];
	}

	/** Pixels of one class that were given to another or the same. */
	public long count(final int truth, final int predicted) {
		if (truth < 0 || predicted < 0 || truth >= classes.length || predicted >= classes.length) {
			throw new IndexOutOfBoundsException("The classes " + truth + " and " + predicted + " are not both within 0 to " +
				(classes.length - 1) + ".");
		}
		return counts[truth * classes.length + predicted];
	}

	/** Reliability of a class: bin b of n holds probabilities from b / n up to (b + 1) / n. */
	public Bin[] reliability(final int index) {
		return bins[index].clone();
	}

	/** The same of all classes together. */
	public Bin[] reliability() {
		return bins[classes.length].clone();
	}
}
