package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Scores of segmentations against their truth, over any number of images. Every frame counts as an image of its own;
 * ids need not agree between truth and result.
 */
public final class Comparison extends Handle {

	/** In place of an image's index: all images as if they were one. */
	public static final long POOLED = -1;
	/** In place of an image's index: the means over the images that have the score; sums of counts. */
	public static final long MEAN = -2;

	/** What is compared; in the order of the engine's numbers. */
	public enum Kind {
		/** 0 is background, every other value an object. */
		LABELS,
		/** 0 against everything else. */
		MASKS,
		/** Class numbers 0 to 255. */
		CLASSES;

		private static Set<Kind> of(final long bits) {
			final Set<Kind> kinds = EnumSet.noneOf(Kind.class);
			for (final Kind kind : values())
				if ((bits >> kind.ordinal() & 1) != 0) kinds.add(kind);
			return Collections.unmodifiableSet(kinds);
		}
	}

	/** One of the scores. */
	public static final class Score {

		/** Stable name. */
		public final String id;
		/** For people. */
		public final String label;
		public final String definition;
		/** What has it. */
		public final Set<Kind> kinds;
		/** Whether it is a whole number. */
		public final boolean isCount;

		private Score(final byte[][] texts, final long[] numbers) {
			id = Native.text(texts[0]);
			label = Native.text(texts[1]);
			definition = Native.text(texts[2]);
			kinds = Kind.of(numbers[0]);
			isCount = numbers[1] != 0;
		}
	}

	/** Objects of truth and result that fit each other at one intersection over union. */
	public static final class Match {

		/** Thresholds, 0.5, 0.55 to 0.95. */
		public static final int COUNT = 10;

		public final double threshold;
		/** Objects of the truth, of the result, found, too many, and missed. */
		public final long truth;
		public final long predicted;
		public final long hits;
		public final long extra;
		public final long missed;
		/** 0 to 1. */
		public final double precision;
		public final double recall;
		public final double f1;
		/** Hits by hits, extra and missed together: what Cellpose calls average precision. */
		public final double accuracy;
		public final double meanMatchedIou;
		public final double meanTrueIou;
		public final double panopticQuality;

		private Match(final double[] n) {
			threshold = n[0];
			truth = (long) n[1];
			predicted = (long) n[2];
			hits = (long) n[3];
			extra = (long) n[4];
			missed = (long) n[5];
			precision = n[6];
			recall = n[7];
			f1 = n[8];
			accuracy = n[9];
			meanMatchedIou = n[10];
			meanTrueIou = n[11];
			panopticQuality = n[12];
		}
	}

	/** What a colour of {@link #draw} means. */
	public static final class Difference {

		public final String id;
		public final String meaning;
		/** 0xRRGGBB */
		public final int colour;
		/** What has it. */
		public final Set<Kind> kinds;

		private Difference(final byte[][] texts, final long[] numbers) {
			id = Native.text(texts[0]);
			meaning = Native.text(texts[1]);
			colour = (int) numbers[0];
			kinds = Kind.of(numbers[1]);
		}
	}

	private final Kind kind;
	private final boolean ignoreZero;
	private final boolean takeApart;

	private Comparison(final long address, final Kind kind, final boolean ignoreZero, final boolean takeApart) {
		super("comparison", address);
		this.kind = kind;
		this.ignoreZero = ignoreZero;
		this.takeApart = takeApart;
	}

	/** @param ignoreZero pixels that are 0 in the truth do not count; for classes alone */
	public static Comparison create(final Job job, final Kind kind, final boolean ignoreZero) {
		return create(job, kind, ignoreZero, false);
	}

	/**
	 * @param ignoreZero pixels that are 0 in the truth do not count; for classes alone
	 * @param takeApart the objects of a mask, UINT8 with the values 0 and 255 alone, are its connected parts; for labels
	 *          alone
	 */
	public static Comparison create(final Job job, final Kind kind, final boolean ignoreZero, final boolean takeApart) {
		try (Use j = job.begin()) {
			final long address = Native.comparisonCreate(j.address(), kind.ordinal(), ignoreZero, takeApart);
			return new Comparison(address, kind, ignoreZero, takeApart);
		}
	}

	/** What an image can be: labels in any case of doubt. */
	public static Set<Kind> kinds(final Job job, final EngineImage image) {
		try (Use j = job.begin(); Use i = image.useForPixels()) {
			return Kind.of(Native.comparisonKinds(j.address(), i.address()));
		}
	}

	/** All scores, in their order. */
	public static List<Score> scores() {
		NativeLoader.load();
		final List<Score> scores = new ArrayList<>();
		for (int i = 0; i < Native.scoreCount(); i++)
			scores.add(new Score(Native.scoreTexts(i), Native.scoreNumbers(i)));
		return Collections.unmodifiableList(scores);
	}

	/** What pictures show, in its order. */
	public static List<Difference> differences() {
		NativeLoader.load();
		final List<Difference> all = new ArrayList<>();
		for (int i = 0; i < Native.differenceCount(); i++)
			all.add(new Difference(Native.differenceTexts(i), Native.differenceNumbers(i)));
		return Collections.unmodifiableList(all);
	}

	/** Adds an image of one channel and its result of the same size, each with all its frames; two objects. */
	public void add(final Job job, final EngineImage truth, final EngineImage result) {
		refuseSame(truth, result);
		try (Use j = job.begin(); Use comparison = useAlone(); Use t = truth.useForPixels(); Use r = result
			.useForPixels())
		{
			Native.comparisonAdd(j.address(), comparison.address(), t.address(), r.address());
		}
	}

	private static void refuseSame(final EngineImage truth, final EngineImage result) {
		if (truth == result) {
			throw new IllegalArgumentException("Truth and result are the same object; give them one each.");
		}
	}

	public Kind kind() {
		return kind;
	}

	/** Images of the truth, and of the result, that were masks and taken apart. */
	public long[] takenApart() {
		try (Use comparison = use()) {
			return Native.comparisonTakenApart(comparison.address());
		}
	}

	/** Images that were added, a frame each. */
	public long images() {
		try (Use comparison = use()) {
			return Native.comparisonImages(comparison.address());
		}
	}

	/** Name of the truth. */
	public String imageName(final long image) {
		try (Use comparison = use()) {
			return Native.text(Native.comparisonImageName(comparison.address(), image));
		}
	}

	/** Frame of the truth, from 0. */
	public int imageFrame(final long image) {
		try (Use comparison = use()) {
			return Native.comparisonImageFrame(comparison.address(), image);
		}
	}

	/**
	 * The scores in the order of {@link #scores()}, NaN where undefined.
	 *
	 * @param image index, {@link #POOLED} or {@link #MEAN}
	 */
	public double[] values(final Job job, final long image) {
		try (Use j = job.begin(); Use comparison = use()) {
			return Native.comparisonValues(j.address(), comparison.address(), image);
		}
	}

	/**
	 * How objects match; all 0 but for labels.
	 *
	 * @param image index, {@link #POOLED} or {@link #MEAN}
	 * @param index of the threshold, below {@link Match#COUNT}
	 */
	public Match match(final long image, final int index) {
		try (Use comparison = use()) {
			return new Match(Native.comparisonMatch(comparison.address(), image, index));
		}
	}

	/** Classes 0 to this - 1; of labels and masks the background and everything else. */
	public int classCount() {
		try (Use comparison = use()) {
			return Native.comparisonClasses(comparison.address());
		}
	}

	/** How well a class is found, over all images. */
	public Scores.OfClass ofClass(final int index) {
		try (Use comparison = use()) {
			return new Scores.OfClass(Native.comparisonClass(comparison.address(), index));
		}
	}

	/** Pixels of all images that are of one class in the truth and of another or the same in the result. */
	public long count(final int truth, final int predicted) {
		try (Use comparison = use()) {
			final int classes = Native.comparisonClasses(comparison.address());
			if (truth < 0 || predicted < 0 || truth >= classes || predicted >= classes) {
				throw new IndexOutOfBoundsException("The classes " + truth + " and " + predicted + " are not both within 0 to " +
					(classes - 1) + ".");
			}
			return Native.comparisonCounts(comparison.address())[truth * classes + predicted];
		}
	}

	/** All scores as one text. */
	public String describe(final Job job, final DescribeFormat format) {
		try (Use j = job.begin(); Use comparison = use()) {
			return Native.text(Native.comparisonDescribe(j.address(), comparison.address(), format.ordinal()));
		}
	}

	/** What the picture of a truth will be, a colour image, for the sink of {@link #draw}. */
	public static EngineImage outline(final Job job, final EngineImage truth) {
		try (Use j = job.begin(); Use t = truth.use()) {
			return new EngineImage(Native.comparisonOutline(j.address(), t.address()));
		}
	}

	/** Hands a picture of what differs to a sink that was made for its {@link #outline}; does not finish it. */
	public void draw(final Job job, final EngineImage truth, final EngineImage result, final EngineSink sink) {
		refuseSame(truth, result);
		try (Use j = job.begin(); Use t = truth.useForPixels(); Use r = result.useForPixels(); Use s = sink.useAlone()) {
			Native.comparisonDraw(j.address(), t.address(), r.address(), kind.ordinal(), ignoreZero, takeApart, s.address());
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.comparisonFree(nativeAddress);
	}
}
