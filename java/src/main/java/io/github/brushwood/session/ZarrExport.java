package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.ZarrOptions;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.WriteOptions;

import java.io.File;
import java.nio.ByteBuffer;

/** Writes open images as OME-Zarr. */
public final class ZarrExport {

	/** How the smaller resolutions are made. */
	public enum Levels {
		/** {@link #NEAREST} of images in colours of their own, such as segmentations and objects; else {@link #MEAN}. */
		AUTO,
		/** Means of the voxels. */
		MEAN,
		/** Every second voxel, for numbers that are classes or objects. */
		NEAREST
	}

	/** Whole chunks along x and y, and along z, whichever the engine chooses. */
	private static final long EDGE = 512;
	private static final long DEPTH = 32;
	private static final String[] COLOURS = { "Red", "Green", "Blue" };
	/** Share of the work that copies the pixels. */
	private static final double COPY = 0.9;

	private ZarrExport() {}

	/**
	 * Writes an image with its calibration; what was there in Zarr is replaced once the new one is whole. The labels of
	 * the slices become names of channels where all slices of a channel have the same.
	 *
	 * @param chunk x, y, z; 0 = chosen
	 * @throws BrushwoodException when the image comes from what would be replaced
	 */
	public static void write(final Jobs jobs, final ImagePlus imp, final File file, final ZarrOptions options,
		final long[] chunk, final Levels levels)
	{
		if (imp.getStack() instanceof ZarrStack && ((ZarrStack) imp.getStack()).isIn(file)) {
			throw new BrushwoodException("'" + file + "' is where the pixels of '" + imp.getTitle() +
				"' still come from. Choose another name.");
		}
		FolderBatch.makeFolder(file.getAbsoluteFile().getParentFile().toPath());
		final WriteOptions how = new WriteOptions().zarr(options.chunk(chunk[0], chunk[1], chunk[2]));
		try (Job job = jobs.part(0, COPY).open();
			EngineImage image = ImagePlusAdapter.stream(job, imp);
			EngineImage outline = outline(job, imp, image, levels);
			EngineSink sink = ImageFormats.ZARR.create(job, file, outline, how))
		{
			copy(jobs.part(0, COPY), job, image, sink, edges(image.info(), chunk));
			try (Job last = jobs.part(COPY, 1).open()) {
				sink.finish(last);
			}
		}
	}

	/** Size and names; colours become channels. */
	private static EngineImage outline(final Job job, final ImagePlus imp, final EngineImage image, final Levels levels) {
		final ImageInfo info = image.info();
		final boolean nearest = nearest(imp, info, levels);
		final ImageInfo.Builder b = ImageInfo.builder(info.type, info.width, info.height).depth(info.depth).frames(
			info.frames).channels(info.channels).frameInterval(info.frameInterval);
		if (info.calibrated) b.spacing(info.spacingX, info.spacingY, info.spacingZ, info.unit);
		final EngineImage outline = EngineImage.createSparse(job, b.build());
		try {
			outline.setName(job, imp.getTitle());
			for (int c = 0; c < info.channels; c++)
				outline.setChannelName(job, c, info.rgb ? COLOURS[c] : channelName(imp, c, nearest));
			return outline;
		}
		catch (RuntimeException | Error e) {
			outline.close();
			throw e;
		}
	}

	/** Images of whole numbers in one channel without a name are the ones whose voxels are not averaged. */
	private static String channelName(final ImagePlus imp, final int channel, final boolean nearest) {
		if (nearest) return "";
		final String label = label(imp, channel);
		if (!label.isEmpty() || imp.getNChannels() > 1) return label;
		return imp.getTitle().isEmpty() ? "intensity" : imp.getTitle();
	}

	/** The label that all slices of a channel have, "" for none. */
	private static String label(final ImagePlus imp, final int channel) {
		final ImageStack stack = imp.getStack();
		final String first = stack.getSliceLabel(imp.getStackIndex(channel + 1, 1, 1));
		for (int t = 1; t <= imp.getNFrames(); t++)
			for (int z = 1; z <= imp.getNSlices(); z++) {
				final String label = stack.getSliceLabel(imp.getStackIndex(channel + 1, z, t));
				if (first == null || !first.equals(label)) return "";
			}
		return first.indexOf('\n') < 0 ? first : "";
	}

	private static boolean nearest(final ImagePlus imp, final ImageInfo info, final Levels levels) {
		final boolean possible = info.channels == 1 && info.type != PixelType.FLOAT32;
		if (levels != Levels.AUTO) {
			if (possible || levels == Levels.MEAN) return levels == Levels.NEAREST;
			throw new BrushwoodException("'" + imp.getTitle() + "' holds no classes or objects, which are 8-bit or 16-bit " +
				"numbers in one channel. Choose levels=mean.");
		}
		return possible && (imp.getProp(ClassColours.PROPERTY) != null || imp.getProcessor().isColorLut());
	}

	/** Of boxes that are whole chunks. */
	private static long[] edges(final ImageInfo info, final long[] chunk) {
		final long[] usual = { EDGE, EDGE, DEPTH };
		final long[] size = { info.width, info.height, info.depth };
		final long[] edges = new long[3];
		for (int axis = 0; axis < 3; axis++) {
			final long step = chunk[axis] > 0 ? chunk[axis] : usual[axis];
			edges[axis] = Math.min(Math.max(1, usual[axis] / step) * step, size[axis]);
		}
		return edges;
	}

	private static void copy(final Jobs jobs, final Job job, final EngineImage image, final EngineSink sink,
		final long[] edges)
	{
		final ImageInfo info = image.info();
		final double bytes = (double) edges[0] * edges[1] * edges[2] * info.channels * info.type.size;
		if (bytes > Integer.MAX_VALUE) {
			throw new BrushwoodException("The chunks of all channels together are larger than 2147 MB. Choose smaller chunks.");
		}
		final ByteBuffer buffer = ByteBuffer.allocateDirect((int) bytes);
		for (int t = 0; t < info.frames; t++)
			for (long z = 0; z < info.depth; z += edges[2])
				for (long y = 0; y < info.height; y += edges[1]) {
					jobs.step((t + (z + edges[2] * y / (double) info.height) / info.depth) / info.frames);
					for (long x = 0; x < info.width; x += edges[0]) {
						final Box box = new Box(t, x, y, z, Math.min(x + edges[0], info.width), Math.min(y + edges[1], info.height),
							Math.min(z + edges[2], info.depth));
						image.read(job, box, buffer);
						sink.write(job, box, buffer);
					}
				}
	}
}
