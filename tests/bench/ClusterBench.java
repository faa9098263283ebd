import io.github.brushwood.engine.BlockJob;
import io.github.brushwood.engine.BlockOptions;
import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.ZarrOptions;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Locale;

/**
 * What a block's time goes into: reading it with its margin, making it, and writing its probabilities alone, on one
 * thread. Arguments: model, image, folder for results, megabytes. Prints seconds of all blocks as JSON.
 */
public final class ClusterBench {

	private static final double SECONDS = 1e-9;

	private final Job job;
	private final Model model;
	private final EngineImage image;
	private final BlockJob blocks;

	private ClusterBench(final String[] arguments) {
		job = new Job().threads(1).memoryBudget(Long.parseLong(arguments[3]) * 1_000_000);
		model = Model.read(job, arguments[0]);
		image = EngineImage.open(job, arguments[1]);
		blocks = BlockJob.open(job, model, image, Collections.singletonMap(Output.PROBABILITIES, arguments[2] + "/made.zarr"),
			new BlockOptions());
	}

	public static void main(final String[] arguments) {
		final ClusterBench bench = new ClusterBench(arguments);
		final long count = bench.blocks.info().blocks;
		final double read = bench.read(arguments[1]);
		final double made = bench.make();
		final double written = bench.write(arguments[2]);
		System.out.println(String.format(Locale.ROOT, "{\"blocks\": %d, \"read\": %.6f, \"make\": %.6f, \"write\": %.6f}",
			count, read, made, written));
	}

	/** Every block with its margin, from an image of its own that knows no chunk yet. */
	private double read(final String path) {
		try (EngineImage fresh = EngineImage.open(job, path)) {
			final ImageInfo info = fresh.info();
			final long start = System.nanoTime();
			for (long k = 0; k < blocks.info().blocks; k++) {
				final Box box = wider(blocks.part(job, k), blocks.info().margin(), info);
				fresh.read(job, box, room(box, info));
			}
			return (System.nanoTime() - start) * SECONDS;
		}
	}

	private double make() {
		final long start = System.nanoTime();
		for (long k = 0; k < blocks.info().blocks; k++)
			blocks.run(job, k);
		return (System.nanoTime() - start) * SECONDS;
	}

	/** The probabilities that were made, once more. */
	private double write(final String folder) {
		double seconds = 0;
		try (EngineImage made = EngineImage.open(job, folder + "/made.zarr");
			EngineImage outline = model.outline(job, image, Output.PROBABILITIES);
			EngineSink sink = EngineSink.zarr(job, folder + "/written.zarr", outline, new ZarrOptions()))
		{
			for (long k = 0; k < blocks.info().blocks; k++) {
				final Box box = blocks.part(job, k);
				final ByteBuffer pixels = room(box, made.info());
				made.read(job, box, pixels);
				final long start = System.nanoTime();
				sink.write(job, box, pixels);
				seconds += (System.nanoTime() - start) * SECONDS;
			}
		}
		return seconds;
	}

	private static ByteBuffer room(final Box box, final ImageInfo info) {
		return ByteBuffer.allocateDirect(Math.toIntExact(box.count() * info.channels * info.type.size));
	}

	private static Box wider(final Box box, final long[] margin, final ImageInfo info) {
		return new Box(box.frame, Math.max(0, box.x0 - margin[0]), Math.max(0, box.y0 - margin[1]), Math.max(0, box.z0 -
			margin[2]), Math.min(info.width, box.x1 + margin[0]), Math.min(info.height, box.y1 + margin[1]), Math.min(
				info.depth, box.z1 + margin[2]));
	}
}
