package io.github.brushwood.engine;

/** Compares results with the truth, over any number of images. */
public final class Assessment extends Handle {

	/** Takes over the native assessment. */
	Assessment(final long address) {
		super("assessment", address);
	}

	/** @param classes 1 to {@link Engine#maxClasses()} */
	public static Assessment create(final Job job, final int classes) {
		try (Use j = job.begin()) {
			return new Assessment(Native.assessmentCreate(j.address(), classes));
		}
	}

	/**
	 * Adds the pixels of an image whose truth is not 0.
	 *
	 * @param truth UINT8 or UINT16, 1..classes
	 * @param labels UINT8 or UINT16, 1..classes; null for the class of the highest probability
	 * @param probabilities FLOAT32, one channel per class; may be null when there are labels
	 */
	public void add(final Job job, final EngineImage truth, final EngineImage labels, final EngineImage probabilities) {
		try (Use j = job.begin();
			Use assessment = useAlone();
			Use t = truth.use();
			Use l = labels == null ? null : labels.use();
			Use p = probabilities == null ? null : probabilities.use())
		{
			Native.assessmentAdd(j.address(), assessment.address(), t.address(), l == null ? 0 : l.address(), p == null ? 0
				: p.address());
		}
	}

	/** The numbers so far. */
	public Scores scores() {
		try (Use assessment = use()) {
			return new Scores(assessment.address());
		}
	}

	/**
	 * Scores, confusion matrix and reliability as one text.
	 *
	 * @param names the model whose classes' names it bears; null for "class N"
	 */
	public String describe(final Job job, final Model names, final DescribeFormat format) {
		try (Use j = job.begin(); Use assessment = use(); Use model = names == null ? null : names.use()) {
			return Native.text(Native.assessmentDescribe(j.address(), assessment.address(), model == null ? 0 : model
				.address(), format.ordinal()));
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.assessmentFree(nativeAddress);
	}
}
