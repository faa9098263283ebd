package io.github.brushwood.session.live;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.Prediction;
import io.github.brushwood.engine.Preview;

import java.awt.Rectangle;
import java.util.Collection;
import java.util.EnumSet;

/** Makes tiles. For the worker's thread. */
final class Painter {

	private static final Collection<Output> ALL = EnumSet.of(Output.PROBABILITIES, Output.LABELS, Output.UNCERTAINTY);
	private static final Collection<Output> DOUBT = EnumSet.of(Output.UNCERTAINTY);

	private final Samples samples;
	private final ImagePool pool;
	/** Of the last tile's size. */
	private float[] plane = new float[0];

	Painter(final Samples samples, final ImagePool pool) {
		this.samples = samples;
		this.pool = pool;
	}

	/** What the forest says about an area of a part. */
	ResultTile classify(final Work.Step step, final Part part, final Rectangle area, final Forest forest,
		final Clock clock)
	{
		final Preview preview = viewing(step, part, area);
		final Model model = forest.model();
		final long start = System.nanoTime();
		try (Prediction result = preview.predict(step.job(), model, part.t, part.low(area), part.high(area), ALL)) {
			final double engine = Clock.since(start);
			final long painting = System.nanoTime();
			final ResultTile tile = tile(area, result, model.classCount(), forest);
			clock.tile(engine, Clock.since(painting));
			return tile;
		}
	}

	private ResultTile tile(final Rectangle r, final Prediction result, final int classes, final Forest forest) {
		final int size = r.width * r.height;
		final byte[][] probabilities = new byte[classes][];
		for (int k = 0; k < classes; k++)
			probabilities[k] = bytes(result.probabilities(), k, size);
		final byte[] labels = new byte[size];
		result.labels().getPlane(0, 0, 0, labels);
		return new ResultTile(r.x, r.y, r.width, r.height, forest.version(), forest.isWhole(), probabilities, labels,
			bytes(result.get(Output.UNCERTAINTY), 0, size), forest.classIds());
	}

	private byte[] bytes(final EngineImage image, final int channel, final int size) {
		if (plane.length != size) plane = new float[size];
		image.getPlane(0, channel, 0, plane);
		final byte[] bytes = new byte[size];
		for (int i = 0; i < size; i++)
			bytes[i] = (byte) (int) (plane[i] * 255f + 0.5f);
		return bytes;
	}

	/** How unsure the forest is in a part that is not in view: 0..255 row by row. */
	byte[] doubt(final Work.Step step, final Part part, final Model model) {
		final Preview preview = pool.passing(step, part.image, samples.recipe(), samples.calibrated());
		final Rectangle r = part.bounds();
		bring(step, part, r, preview);
		try (Prediction result = preview.predict(step.job(), model, part.t, part.low(r), part.high(r), DOUBT)) {
			return bytes(result.get(Output.UNCERTAINTY), 0, r.width * r.height);
		}
	}

	/** Values of a feature in an area of a part. */
	ResultTile feature(final Work.Step step, final Part part, final Rectangle area, final int index) {
		final Preview preview = viewing(step, part, area);
		try (EngineImage image = preview.feature(step.job(), index, part.t, part.low(area), part.high(area))) {
			final float[] values = new float[area.width * area.height];
			image.getPlane(0, 0, 0, values);
			return new ResultTile(area.x, area.y, area.width, area.height, samples.recipeVersion(), values);
		}
	}

	private Preview viewing(final Work.Step step, final Part part, final Rectangle area) {
		final Preview preview = pool.viewing(step, part.image, samples.recipe(), samples.calibrated());
		bring(step, part, area, preview);
		return preview;
	}

	private void bring(final Work.Step step, final Part part, final Rectangle area, final Preview preview) {
		final PixelSource source = pool.source(step, part.image, samples.calibrated());
		if (source.image().isSparse()) {
			pool.need(step, part.image, ImagePool.slices(preview, source, part.t, part.low(area), part.high(area)));
		}
	}
}
