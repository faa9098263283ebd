package io.github.brushwood.engine;

/** Collects labelled pixels of any number of images and grows a forest from them. */
public final class Trainer extends Handle {

	// Copies, so that asking does not wait for a running add().
	private volatile long samples;
	private volatile int classes;

	private Trainer(final long address) {
		super("trainer", address);
	}

	/** @param recipe what the forest sees; may be closed afterwards */
	public static Trainer create(final Job job, final Recipe recipe) {
		try (Use j = job.begin(); Use r = recipe.use()) {
			return new Trainer(Native.trainerCreate(j.address(), r.address()));
		}
	}

	/**
	 * Adds the labelled pixels of an image.
	 *
	 * @param labels UINT8 or UINT16, one channel, the image's size and frames: 0 = unlabelled, 1..K = class
	 */
	public void add(final Job job, final EngineImage image, final EngineImage labels) {
		try (Use j = job.begin(); Use trainer = useAlone(); Use i = image.use(); Use l = labels.use()) {
			Native.trainerAdd(j.address(), trainer.address(), i.address(), l.address());
			samples = Native.trainerSamples(trainer.address());
			classes = Native.trainerClasses(trainer.address());
		}
	}

	/**
	 * Names a class; one without a name is called "class N".
	 *
	 * @param index 0 for the class of label 1
	 * @param name at most 63 bytes of UTF-8
	 * @param rgb 0xRRGGBB; higher bits are ignored
	 */
	public void setClass(final Job job, final int index, final String name, final int rgb) {
		try (Use j = job.begin(); Use trainer = useAlone()) {
			Native.trainerSetClass(j.address(), trainer.address(), index, Native.bytes(name), rgb & 0xFFFFFF);
		}
	}

	/** Labelled pixels so far. */
	public long sampleCount() {
		refuseClosed();
		return samples;
	}

	/** Highest class so far. */
	public int classCount() {
		refuseClosed();
		return classes;
	}

	/** Grows the forest; the trainer can take more images and train again. */
	public Model train(final Job job, final ForestOptions options) {
		try (Use j = job.begin(); Use trainer = use()) {
			return new Model(Native.trainerTrain(j.address(), trainer.address(), options.trees, options.mtry,
				options.maxDepth, options.minLeaf, options.balance, options.seed));
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.trainerFree(nativeAddress);
	}
}
