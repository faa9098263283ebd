package io.github.brushwood.session;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.engine.PredictReport;

import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/** The sinks of a prediction: made before it, finished after it, closed in any case. */
final class ResultSinks implements AutoCloseable {

	/** Makes the sink of an output. */
	interface Maker {

		/** @param outline what the result will be */
		EngineSink make(Output output, EngineImage outline);
	}

	private final Map<Output, EngineSink> sinks = new EnumMap<>(Output.class);

	private ResultSinks() {}

	/**
	 * Classifies an image part by part; when this returns, all results are there, and when it fails, none that was not
	 * finished.
	 *
	 * @param options null for the defaults
	 */
	static PredictReport predict(final Job job, final Model model, final EngineImage image,
		final PredictOptions options, final Collection<Output> outputs, final Maker maker)
	{
		try (ResultSinks results = new ResultSinks()) {
			for (final Output output : outputs)
				results.add(job, model, image, output, maker);
			final PredictReport report = model.predict(job, image, options, results.sinks);
			for (final EngineSink sink : results.sinks.values())
				sink.finish(job);
			return report;
		}
	}

	private void add(final Job job, final Model model, final EngineImage image, final Output output,
		final Maker maker)
	{
		if (sinks.containsKey(output)) return;
		try (EngineImage outline = model.outline(job, image, output)) {
			sinks.put(output, maker.make(output, outline));
		}
	}

	@Override
	public void close() {
		for (final EngineSink sink : sinks.values())
			sink.close();
	}
}
