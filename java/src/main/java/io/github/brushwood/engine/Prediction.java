package io.github.brushwood.engine;

import java.util.EnumMap;
import java.util.Map;

/** The images that a prediction made, which it owns, and what happened on the way. */
public final class Prediction implements AutoCloseable {

	private final Map<Output, EngineImage> images = new EnumMap<>(Output.class);
	private final PredictReport report;

	/**
	 * @param addresses of the outputs' images; 0 for none
	 * @param report non-finite pixels, spacing assumed, slice-wise, pixels of each class
	 */
	Prediction(final long[] addresses, final long[] report) {
		for (final Output output : Output.values())
			if (addresses[output.ordinal()] != 0) images.put(output, new EngineImage(addresses[output.ordinal()]));
		this.report = new PredictReport(report);
	}

	/** An output's image; null when not asked for. */
	public EngineImage get(final Output output) {
		return images.get(output);
	}

	/** FLOAT32, one channel per class, 0 to 1; null when not asked for. */
	public EngineImage probabilities() {
		return get(Output.PROBABILITIES);
	}

	/** UINT8, classes 1..K, ties to the lower class; null when not asked for. */
	public EngineImage labels() {
		return get(Output.LABELS);
	}

	/** What happened on the way. */
	public PredictReport report() {
		return report;
	}

	/** Closes all images. */
	@Override
	public void close() {
		for (final EngineImage image : images.values())
			image.close();
	}
}
