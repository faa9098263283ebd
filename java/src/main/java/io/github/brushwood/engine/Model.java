package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

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
		return describe(job, DescribeFormat.TEXT);
	}

	/** The same as JSON. */
	public String describeJson(final Job job) {
		return describe(job, DescribeFormat.JSON);
	}

	private String describe(final Job job, final DescribeFormat format) {
		try (Use j = job.begin(); Use model = use()) {
			return Native.text(Native.modelDescribe(j.address(), model.address(), format.ordinal()));
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

	/** How it was trained. */
	public TrainOptions trainOptions() {
		final TrainOptions.Packed o = new TrainOptions.Packed();
		try (Use model = use()) {
			Native.modelTrainOptions(model.address(), o.whole, o.real, o.weights);
		}
		return new TrainOptions(o);
	}

	/** What training found on out-of-bag samples; without any it has no pixels. */
	public Scores outOfBag() {
		return scores(false);
	}

	/** What training found on held-out samples; null when none were held out. */
	public Scores heldOut() {
		return scores(true);
	}

	/** The native assessment belongs to the model. */
	private Scores scores(final boolean heldOut) {
		try (Use model = use()) {
			final long assessment = Native.modelAssessment(model.address(), heldOut);
			return assessment == 0 ? null : new Scores(assessment);
		}
	}

	/** Every feature that the forest sees, in its order: the recipe's, then with autocontext smoothed probabilities. */
	public List<Importance> importances() {
		final List<Importance> all = new ArrayList<>();
		try (Use model = use()) {
			for (int i = 0; i < Native.modelFeatureCount(model.address()); i++) {
				final double[] numbers = Native.modelImportance(model.address(), i);
				all.add(new Importance(Native.text(Native.modelFeatureName(model.address(), i)), numbers[0], numbers[1]));
			}
		}
		return all;
	}

	/**
	 * Classifies every pixel.
	 *
	 * @param options null for the defaults
	 * @param outputs what to make; nothing for the report alone
	 */
	public Prediction predict(final Job job, final EngineImage image, final PredictOptions options,
		final Output... outputs)
	{
		return predict(job, image, options, Arrays.asList(outputs));
	}

	/** The same with a collection of outputs. */
	public Prediction predict(final Job job, final EngineImage image, final PredictOptions options,
		final Collection<Output> outputs)
	{
		final PredictOptions o = options == null ? new PredictOptions() : options;
		final long[] images = new long[Output.values().length];
		final long[] report = new long[PredictReport.HEAD + classes];
		try (Use j = job.begin(); Use model = use(); Use i = image.useForPixels()) {
			Native.predict(j.address(), model.address(), i.address(), o.tile, o.spacing, o.unrefined,
				Output.bits(outputs), images, report);
		}
		return new Prediction(images, report);
	}

	/**
	 * What an output of a prediction will be: size, type, calibration, name, plane labels and channel names without
	 * pixels, for the sinks of {@link #predict(Job, EngineImage, PredictOptions, Map)}.
	 */
	public EngineImage outline(final Job job, final EngineImage image, final Output output) {
		try (Use j = job.begin(); Use model = use(); Use i = image.use()) {
			return new EngineImage(Native.predictOutline(j.address(), model.address(), i.address(), 1 << output.ordinal()));
		}
	}

	/**
	 * Classifies every pixel of an image of any size part by part; memory depends on tiles and parts, not on the image.
	 * The values are those of the other predictions.
	 *
	 * @param options null for the defaults
	 * @param sinks made for the outputs' {@link #outline}; not finished by this
	 */
	public PredictReport predict(final Job job, final EngineImage image, final PredictOptions options,
		final Map<Output, EngineSink> sinks)
	{
		final PredictOptions o = options == null ? new PredictOptions() : options;
		final long[] report = new long[PredictReport.HEAD + classes];
		try (Use j = job.begin(); Use model = use(); Use i = image.useForPixels(); SinkUses s = new SinkUses(sinks)) {
			Native.predictStreamed(j.address(), model.address(), i.address(), o.tile, o.spacing, o.unrefined, s.addresses,
				report);
		}
		return new PredictReport(report);
	}

	/**
	 * Probabilities of an image of any size, with the values of the other predictions: in memory while they fit a quarter
	 * of the job's budget, else a streamed image over a temporary file, which goes when the image is closed.
	 *
	 * @param options null for the defaults
	 * @param beside path of a file beside which the temporary one goes; nothing is written to it
	 */
	public Prediction probabilities(final Job job, final EngineImage image, final PredictOptions options,
		final String beside)
	{
		final PredictOptions o = options == null ? new PredictOptions() : options;
		final long[] images = new long[Output.values().length];
		final long[] report = new long[PredictReport.HEAD + classes];
		try (Use j = job.begin(); Use model = use(); Use i = image.useForPixels()) {
			Native.predictProbabilities(j.address(), model.address(), i.address(), o.tile, o.spacing, o.unrefined,
				Native.bytes(beside), images, report);
		}
		return new Prediction(images, report);
	}

	/** Every sink alone for one call. */
	private static final class SinkUses implements AutoCloseable {

		final long[] addresses = new long[Output.values().length];
		private final List<Use> uses = new ArrayList<>();

		SinkUses(final Map<Output, EngineSink> sinks) {
			if (new HashSet<>(sinks.values()).size() < sinks.size()) {
				throw new IllegalArgumentException("Two outputs have the same sink; each needs its own.");
			}
			final Map<Output, EngineSink> ordered = new EnumMap<>(Output.class);
			ordered.putAll(sinks);
			try {
				for (final Map.Entry<Output, EngineSink> entry : ordered.entrySet()) {
					final Use use = entry.getValue().useAlone();
					uses.add(use);
					addresses[entry.getKey().ordinal()] = use.address();
				}
			}
			catch (RuntimeException | Error e) {
				close();
				throw e;
			}
		}

		@Override
		public void close() {
			for (final Use use : uses)
				use.close();
		}
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
