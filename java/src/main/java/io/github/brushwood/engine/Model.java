package io.github.brushwood.engine;

/** A trained forest with its whole recipe; immutable, for any number of threads. */
public final class Model extends Handle {

	private final int channels;
	private final int dims;
	private final double[] spacing;
	private final int classes;

	/** Takes over the native model. */
	Model(final long address) {
		super("model", address);
		final double[] options = Native.modelOptions(address);
		channels = (int) options[0];
		dims = (int) options[1];
		spacing = new double[] { options[2], options[3], options[4] };
		classes = Native.modelClassCount(address);
	}

	/** Reads a model file; every field is checked. */
	public static Model read(final Job job, final String path) {
		try (Use j = job.begin()) {
			return new Model(Native.modelRead(j.address(), Native.bytes(path)));
		}
	}

	/** Writes a model file; replaces an existing file once whole. */
	public void write(final Job job, final String path) {
		try (Use j = job.begin(); Use model = use()) {
			Native.modelWrite(j.address(), model.address(), Native.bytes(path));
		}
	}

	/** Recipe, options, provenance and training report for people. */
	public String describeText(final Job job) {
		return describe(job, false);
	}

	/** The same as JSON. */
	public String describeJson(final Job job) {
		return describe(job, true);
	}

	private String describe(final Job job, final boolean json) {
		try (Use j = job.begin(); Use model = use()) {
			return Native.text(Native.modelDescribe(j.address(), model.address(), json));
		}
	}

	/** The canonical feature list. */
	public String recipeText(final Job job) {
		try (Use j = job.begin(); Use model = use()) {
			return Native.text(Native.modelRecipeText(j.address(), model.address()));
		}
	}

	/** Channels an image must have. */
	public int channels() {
		return channels;
	}

	/** 2 or 3. */
	public int dims() {
		return dims;
	}

	/** Voxel size along x, y, z it was trained for; only the ratios count. */
	public double[] spacing() {
		return spacing.clone();
	}

	public int classCount() {
		return classes;
	}

	/** @param index 0 for the class of label 1 */
	public String className(final int index) {
		checkClass(index);
		try (Use model = use()) {
			return Native.text(Native.modelClassName(model.address(), index));
		}
	}

	/**
	 * @param index 0 for the class of label 1
	 * @return 0xRRGGBB
	 */
	public int classColour(final int index) {
		checkClass(index);
		try (Use model = use()) {
			return Native.modelClassColour(model.address(), index);
		}
	}

	/**
	 * Classifies every pixel.
	 *
	 * @param options null for the defaults
	 * @param probabilities whether to make a FLOAT32 image with one channel per class
	 * @param labels whether to make a UINT8 image of classes 1..K
	 */
	public Prediction predict(final Job job, final EngineImage image, final PredictOptions options,
		final boolean probabilities, final boolean labels)
	{
		final PredictOptions o = options == null ? new PredictOptions() : options;
		final long[] images = new long[2];
		final long[] report = new long[3 + classes];
		try (Use j = job.begin(); Use model = use(); Use i = image.use()) {
			Native.predict(j.address(), model.address(), i.address(), o.tile, o.spacing, probabilities, labels, images,
				report);
		}
		return new Prediction(images, report);
	}

	private void checkClass(final int index) {
		if (index < 0 || index >= classes) {
			throw new IndexOutOfBoundsException("The class " + index + " is outside 0 to " + (classes - 1) + ".");
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.modelFree(nativeAddress);
	}
}
