package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Reads a streamed image into ImageJ's memory. */
public final class StreamedCopy {

	private static final long BUFFER = 32 << 20;

	private StreamedCopy() {}

	/**
	 * Reads box by box; Esc stops. Values that all lie in 0 to 1 are shown so, as probabilities.
	 *
	 * @param slices that are read together, as deep as the file's chunks
	 * @throws BrushwoodException when it does not fit Java's memory
	 */
	public static ImagePlus of(final Jobs jobs, final Job job, final EngineImage image, final int slices,
		final String title)
	{
		final ImageInfo info = image.info();
		ImagePlusSink.checkRoom("The image '" + title + "' needs", ImagePlusSink.bytes(info),
			"Classify it from file to file (Brushwood Apply Model to Folder)");
		final ImagePlusSink sink = new ImagePlusSink(image, title);
		final long row = info.width * info.channels * info.type.size;
		final long depth = Math.max(1, Math.min(Math.min(info.depth, slices), BUFFER / row));
		final long rows = Math.max(1, Math.min(info.height, BUFFER / (row * depth)));
		final ByteBuffer buffer = ByteBuffer.allocateDirect(Math.toIntExact(row * rows * depth));
		boolean probabilities = info.type == PixelType.FLOAT32;
		for (int t = 0; t < info.frames; t++)
			for (long z = 0; z < info.depth; z += depth)
				for (long y = 0; y < info.height; y += rows) {
					final Box box = new Box(t, 0, y, z, info.width, Math.min(y + rows, info.height), Math.min(z + depth,
						info.depth));
					jobs.step((t + (z + depth * y / (double) info.height) / info.depth) / info.frames);
					image.read(job, box, buffer);
					sink.write(box, buffer);
					probabilities = probabilities && areProbabilities(buffer, box.count() * info.channels);
				}
		sink.finish();
		final ImagePlus imp = sink.image();
		if (probabilities) showFromZeroToOne(imp);
		return imp;
	}

	private static boolean areProbabilities(final ByteBuffer bytes, final long count) {
		final FloatBuffer pixels = bytes.duplicate().order(ByteOrder.nativeOrder()).asFloatBuffer();
		for (int i = 0; i < count; i++)
			if (!(pixels.get(i) >= 0 && pixels.get(i) <= 1)) return false;
		return true;
	}

	static void showFromZeroToOne(final ImagePlus imp) {
		for (int c = imp.getNChannels(); c >= 1; c--) {
			imp.setC(c);
			imp.setDisplayRange(0, 1);
		}
	}
}
