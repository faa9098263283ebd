package io.github.brushwood.session.live;

import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.Preview;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.engine.Trainer;

import java.awt.Rectangle;
import java.util.Collections;

/**
 * A forest of one tree that learned two pixels: while there are no labels yet, previews compute and keep the features
 * of the view for it, so that the first real forest finds them. For the worker's thread.
 */
final class StandIn implements AutoCloseable {

	private final Samples samples;
	private final ImagePool pool;
	private Model model;

	StandIn(final Samples samples, final ImagePool pool) {
		this.samples = samples;
		this.pool = pool;
	}

	/** Has the features of an area of a part computed, if they are not there yet. @param refine of the forests to come */
	void warm(final Work work, final Part part, final Rectangle area, final int refine) {
		final long[] lo = part.low(area);
		final long[] hi = part.high(area);
		try (Work.Step step = work.step(Work.ANY, part)) {
			final Preview preview = pool.viewing(step, part.image, samples.recipe(), samples.calibrated());
			final PixelSource source = pool.source(step, part.image, samples.calibrated());
			pool.need(step, part.image, ImagePool.slices(preview, source, part.t, lo, hi));
			if (model == null) model = learn(step, part, source, refine);
			preview.predict(step.job(), model, part.t, lo, hi, Collections.singleton(Output.LABELS)).close();
		}
	}

	private Model learn(final Work.Step step, final Part part, final PixelSource source, final int refine) {
		final long slice = (long) part.t * source.image().info().depth + part.z;
		final long first = slice * source.image().info().planeLength();
		try (Trainer trainer = Trainer.create(step.job(), samples.recipe())) {
			trainer.add(step.job(), source.image(), new long[] { first, first + 1 }, new byte[] { 1, 2 });
			return trainer.train(step.job(), new TrainOptions().trees(1).refine(refine));
		}
	}

	@Override
	public void close() {
		if (model != null) model.close();
		model = null;
	}
}
