package io.github.brushwood.engine;

/** Collects labelled pixels of any number of images and grows forests from them. */
public final class Trainer extends Handle {

	/** Feature images of the recipe. */
	private final int features;
	/** samples, classes, images, computed, strokes: a copy, so that asking does not wait for a running add(). */
	private volatile long[] numbers = new long[5];

	private Trainer(final long address, final int features) {
		super("trainer", address);
		this.features = features;
	}

	/** @param recipe what the forest sees; may be closed afterwards */
	public static Trainer create(final Job job, final Recipe recipe) {
		try (Use j = job.begin(); Use r = recipe.use()) {
			return new Trainer(Native.trainerCreate(j.address(), r.address()), recipe.count());
		}
	}

	/**
	 * Adds the labelled pixels of an image.
	 *
	 * @param labels UINT8 or UINT16, one channel, the image's size and frames: 0 = unlabelled, 1..K = class
	 * @throws IllegalStateException when a {@link TrainingRun} of this trainer is open
	 */
	public void add(final Job job, final EngineImage image, final EngineImage labels) {
		try (Use j = job.begin(); Use trainer = useAlone(); Use i = image.use(); Use l = labels.use()) {
			Native.trainerAdd(j.address(), trainer.address(), i.address(), l.address());
			numbers = Native.trainerNumbers(trainer.address());
		}
	}

	/**
	 * Gives an image other labels, which may be empty; features are computed at newly labelled pixels only. Afterwards
	 * the trainer is as if the image had been added with these labels.
	 *
	 * @param index of the image in the order of adding, from 0
	 * @param image the same pixels as when it was added
	 * @throws IllegalStateException when a {@link TrainingRun} of this trainer is open
	 */
	public void update(final Job job, final int index, final EngineImage image, final EngineImage labels) {
		try (Use j = job.begin(); Use trainer = useAlone(); Use i = image.use(); Use l = labels.use()) {
			Native.trainerUpdate(j.address(), trainer.address(), index, i.address(), l.address());
			numbers = Native.trainerNumbers(trainer.address());
		}
	}

	/**
	 * Adds an image with its labelled pixels alone, for labels that change while someone paints. The same as adding a
	 * label image of these.
	 *
	 * @param image may be sparse, with its survey and what the features read around the pixels
	 * @param positions ((frame * depth + z) * height + y) * width + x, strictly ascending; may be empty
	 * @param labels of the positions, 1 to 255 as unsigned bytes
	 * @throws IllegalStateException when a {@link TrainingRun} of this trainer is open
	 */
	public void add(final Job job, final EngineImage image, final long[] positions, final byte[] labels) {
		checkPixels(positions, labels);
		try (Use j = job.begin(); Use trainer = useAlone(); Use i = image.use()) {
			Native.trainerAddPixels(j.address(), trainer.address(), i.address(), positions, labels);
			numbers = Native.trainerNumbers(trainer.address());
		}
	}

	/**
	 * Gives an image other labelled pixels. The cost depends on them, not on the image.
	 *
	 * @param index of the image in the order of adding, from 0
	 * @param image the same pixels as when it was added
	 * @param positions as in {@link #add(Job, EngineImage, long[], byte[])}
	 * @throws IllegalStateException when a {@link TrainingRun} of this trainer is open
	 */
	public void update(final Job job, final int index, final EngineImage image, final long[] positions,
		final byte[] labels)
	{
		checkPixels(positions, labels);
		try (Use j = job.begin(); Use trainer = useAlone(); Use i = image.use()) {
			Native.trainerUpdatePixels(j.address(), trainer.address(), index, i.address(), positions, labels);
			numbers = Native.trainerNumbers(trainer.address());
		}
	}

	private static void checkPixels(final long[] positions, final byte[] labels) {
		if (positions.length != labels.length) {
			throw new IllegalArgumentException("There are " + positions.length + " positions, but " + labels.length +
				" labels.");
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

	/**
	 * First step to an autocontext, when all images have been added; then comes {@link #addContext} of each. Adding or
	 * updating an image undoes it.
	 *
	 * @param options those of the training
	 */
	public void prepareContext(final Job job, final TrainOptions options) {
		final TrainOptions.Packed o = options.pack();
		try (Use j = job.begin(); Use trainer = useAlone()) {
			Native.trainerPrepareContext(j.address(), trainer.address(), o.whole, o.real, o.weights);
		}
	}

	/** @param index of the image in the order of adding, from 0 */
	public void addContext(final Job job, final int index, final EngineImage image) {
		try (Use j = job.begin(); Use trainer = useAlone(); Use i = image.use()) {
			Native.trainerAddContext(j.address(), trainer.address(), index, i.address());
		}
	}

	/** Labelled pixels so far. */
	public long sampleCount() {
		return number(0);
	}

	/** Highest class so far. */
	public int classCount() {
		return (int) number(1);
	}

	public int imageCount() {
		return (int) number(2);
	}

	/** Samples whose features the last add or update computed. */
	public long computedCount() {
		return number(3);
	}

	/** Connected labelled pixels of one class (8 neighbours in 2D, 26 in 3D). */
	public long strokeCount() {
		return number(4);
	}

	private long number(final int index) {
		refuseClosed();
		return numbers[index];
	}

	/** Grows the forest; the trainer can take more images and train again. */
	public Model train(final Job job, final TrainOptions options) {
		final TrainOptions.Packed o = options.pack();
		try (Use j = job.begin(); Use trainer = use()) {
			return new Model(Native.trainerTrain(j.address(), trainer.address(), o.whole, o.real, o.weights));
		}
	}

	/** Starts a training in steps. */
	public TrainingRun begin(final Job job, final TrainOptions options) {
		final TrainOptions.Packed o = options.pack();
		final Pin pin = pin();
		try (Use j = job.begin(); Use trainer = use()) {
			return new TrainingRun(Native.trainingBegin(j.address(), trainer.address(), o.whole, o.real, o.weights), pin);
		}
		catch (RuntimeException | Error e) {
			pin.close();
			throw e;
		}
	}

	/** Assesses forests grown without each fold in turn on that fold; the options' holdout must not be NONE. */
	public Assessment crossValidate(final Job job, final TrainOptions options) {
		final TrainOptions.Packed o = options.pack();
		try (Use j = job.begin(); Use trainer = use()) {
			return new Assessment(Native.trainerCrossValidate(j.address(), trainer.address(), o.whole, o.real,
				o.weights));
		}
	}

	/**
	 * Leaves out features step by step, the least important first.
	 *
	 * @param tolerance how much worse than the best list the chosen one may be, as a share of wrong samples
	 */
	public FeatureSelection selectFeatures(final Job job, final TrainOptions options, final double tolerance) {
		final TrainOptions.Packed o = options.pack();
		final byte[][] list = new byte[1][];
		try (Use j = job.begin(); Use trainer = use()) {
			final double[] steps = Native.trainerSelect(j.address(), trainer.address(), o.whole, o.real, o.weights, tolerance,
				features, list);
			return new FeatureSelection(Native.text(list[0]), steps);
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.trainerFree(nativeAddress);
	}
}
