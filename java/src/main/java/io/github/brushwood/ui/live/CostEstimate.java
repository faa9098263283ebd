package io.github.brushwood.ui.live;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.session.live.FeatureGrid;

import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

import javax.swing.SwingUtilities;

/**
 * How long a feature list takes on an image, measured on a small image of noise like it and scaled up by the pixels.
 * Works on a thread of its own; the newest question replaces those before.
 */
final class CostEstimate implements AutoCloseable {

	private static final int EDGE_2D = 256;
	private static final int EDGE_3D = 128;
	private static final int DEPTH_3D = 16;
	private static final int LEAST_RUNS = 4;
	private static final int MOST_RUNS = 40;
	/** Enough runs when they took this long together. */
	private static final double ENOUGH_SECONDS = 0.8;

	/** Immutable. */
	static final class Cost {

		/** Feature images, and those of the default preset. */
		final int images;
		final int defaultImages;
		/** Of all features of the whole image, and relative to the default preset. */
		final double seconds;
		final double relative;

		/** @param seconds of the small image: own, then the default preset's if it is another list */
		private Cost(final Recipe own, final Recipe usual, final double[] seconds, final double scale) {
			images = own.count();
			defaultImages = usual.count();
			this.seconds = seconds[0] * scale;
			relative = seconds[0] / seconds[seconds.length - 1];
		}

		/** All of it for people. @param info of the image */
		String text(final ImageInfo info) {
			final double pixels = (double) info.planeLength() * info.depth * info.frames;
			return String.format(Locale.ROOT,
				"%s feature images. All of them for the whole image: about %s, %.1f x the default preset. Memory: %s per 1000 " +
					"pixels labelled or in view, %.1f x the default preset; as a stack of the whole image %s.", Widgets.count(
						images), time(seconds), relative, Widgets.bytes(1000.0 * Float.BYTES * images), (double) images /
							defaultImages, Widgets.bytes(pixels * Float.BYTES * images));
		}

		/** With no more digits than the measurement is good for. */
		private static String time(final double seconds) {
			if (seconds < 0.095) return String.format(Locale.ROOT, "%.2f s", Math.max(0.01, seconds));
			if (seconds < 9.5) return String.format(Locale.ROOT, "%.1f s", seconds);
			return seconds < 100 ? String.format(Locale.ROOT, "%.0f s", seconds) : String.format(Locale.ROOT, "%.0f min",
				seconds / 60);
		}
	}

	private final Consumer<Cost> listener;
	private final ExecutorService worker = Executors.newSingleThreadExecutor(work -> {
		final Thread thread = new Thread(work, "brushwood-cost");
		thread.setDaemon(true);
		thread.setPriority(Thread.MIN_PRIORITY);
		return thread;
	});
	private final Object lock = new Object();
	/** Of the newest question. */
	private long asked;
	/** What is measured now; null for nothing. */
	private Job running;

	/** @param listener is called on the event thread; with null when a list cannot be measured */
	CostEstimate(final Consumer<Cost> listener) {
		this.listener = listener;
	}

	/**
	 * @param list in the engine's own form
	 * @param info of the image; its voxel size counts
	 */
	void ask(final String list, final ImageInfo info) {
		final long number = next();
		worker.execute(() -> {
			if (!isNewest(number)) return;
			Cost cost = null;
			try {
				cost = cost(list, info, number);
			}
			catch (final CancelledException e) {
				return; // a newer question
			}
			catch (final EngineException e) {
				// the dialog has said what is wrong with the list
			}
			final Cost found = cost;
			SwingUtilities.invokeLater(() -> {
				if (isNewest(number)) listener.accept(found);
			});
		});
	}

	private long next() {
		synchronized (lock) {
			if (running != null) running.cancel();
			return ++asked;
		}
	}

	private boolean isNewest(final long number) {
		synchronized (lock) {
			return number == asked;
		}
	}

	private Cost cost(final String list, final ImageInfo info, final long number) {
		final ImageInfo small = small(info);
		final int dims = small.depth > 1 ? 3 : 2;
		final String usual = FeatureGrid.canonical(Engine.defaultPreset(), small.channels, dims);
		final double scale = (double) info.planeLength() * info.depth * info.frames / ((double) small.planeLength() *
			small.depth);
		try (Job job = new Job()) {
			begin(job, number);
			try (EngineImage image = noise(job, small);
				Recipe own = recipe(job, list, small, dims);
				Recipe other = recipe(job, usual, small, dims))
			{
				return list.equals(usual) ? new Cost(own, own, seconds(job, image, own), scale) : new Cost(own, other, seconds(job,
					image, own, other), scale);
			}
			finally {
				end();
			}
		}
	}

	private static Recipe recipe(final Job job, final String list, final ImageInfo info, final int dims) {
		return Recipe.parse(job, list, info.channels, dims, info.spacingX, info.spacingY, info.spacingZ);
	}

	/** A part of the image, at most one piece of work for the processor's cache. */
	static ImageInfo small(final ImageInfo info) {
		final int edge = info.depth > 1 ? EDGE_3D : EDGE_2D;
		return info.toBuilder().size(Math.min(edge, info.width), Math.min(edge, info.height), Math.min(DEPTH_3D, info.depth))
			.frames(1).build();
	}

	private void begin(final Job job, final long number) {
		synchronized (lock) {
			if (number != asked) throw new CancelledException("A newer question came.");
			running = job;
		}
	}

	private void end() {
		synchronized (lock) {
			running = null;
		}
	}

	/** Shortest run of each recipe; in turn, so that other work on the machine disturbs all alike. */
	private static double[] seconds(final Job job, final EngineImage image, final Recipe... recipes) {
		final double[] best = new double[recipes.length];
		Arrays.fill(best, Double.POSITIVE_INFINITY);
		double total = 0;
		for (int run = 0; run < LEAST_RUNS || run < MOST_RUNS && total < ENOUGH_SECONDS; run++)
			for (int i = 0; i < recipes.length; i++) {
				final long start = System.nanoTime();
				recipes[i].computeFeatures(job, image).close();
				final double seconds = (System.nanoTime() - start) / 1e9;
				best[i] = Math.min(best[i], seconds);
				total += seconds;
			}
		return best;
	}

	private static EngineImage noise(final Job job, final ImageInfo info) {
		final EngineImage image = EngineImage.create(job, info);
		final Random random = new Random(1);
		final int n = (int) info.planeLength();
		for (int c = 0; c < info.channels; c++)
			for (int z = 0; z < info.depth; z++)
				fill(image, info.type, c, z, n, random);
		return image;
	}

	private static void fill(final EngineImage image, final PixelType type, final int c, final int z, final int n,
		final Random random)
	{
		final byte[] bytes = new byte[n];
		random.nextBytes(bytes);
		if (type == PixelType.UINT8) {
			image.setPlane(0, c, z, bytes);
			return;
		}
		final short[] shorts = new short[n];
		final float[] floats = new float[n];
		for (int i = 0; i < n; i++) {
			shorts[i] = (short) (16 * (bytes[i] & 255));
			floats[i] = bytes[i] & 255;
		}
		if (type == PixelType.UINT16) image.setPlane(0, c, z, shorts);
		else image.setPlane(0, c, z, floats);
	}

	/** Stops; no listener is called afterwards. */
	@Override
	public void close() {
		next();
		worker.shutdown();
	}
}
