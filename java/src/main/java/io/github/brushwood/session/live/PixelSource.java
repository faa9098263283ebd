package io.github.brushwood.session.live;

import ij.ImagePlus;
import ij.process.ImageProcessor;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusAdapter;

import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * An image's pixels in the engine: the whole image when that is small, else the slices in use. A slice is all channels
 * at one z and t; its number is frame * depth + z. For one thread.
 */
final class PixelSource implements AutoCloseable {

	/** Virtual stacks are read by one thread at a time. */
	private static final Object READING = new Object();

	private final ImagePlus imp;
	private final EngineImage image;
	/** Those that are there, the longest unused first. */
	private final Map<Long, Boolean> slices = new LinkedHashMap<>(16, 0.75f, true);
	private final Set<Long> survey = new HashSet<>();
	private final PixelStatistics statistics;

	/** Before each slice: throws to stop. */
	interface Check {

		/** @param fraction of the slices read, 0 to 1 */
		void check(double fraction);
	}

	private PixelSource(final ImagePlus imp, final EngineImage image) {
		this.imp = imp;
		this.image = image;
		statistics = new PixelStatistics(image.info());
		for (final long slice : image.survey())
			survey.add(slice);
	}

	/**
	 * Opens an image.
	 *
	 * @param calibrated whether it keeps its voxel size; else every voxel is a cube
	 * @param whole largest image, in bytes, to be read as a whole at once; of larger ones nothing is read yet
	 */
	static PixelSource open(final Job job, final ImagePlus imp, final boolean calibrated, final long whole,
		final Check check)
	{
		final ImageInfo info = ImagePlusAdapter.info(imp);
		final boolean sparse = bytes(info) > whole;
		final EngineImage image = sparse ? EngineImage.createSparse(job, info) : EngineImage.create(job, info);
		try {
			image.setName(job, imp.getTitle());
			if (!calibrated) image.setSpacing(job, 1, 1, 1);
			final PixelSource source = new PixelSource(imp, image);
			if (!sparse) source.readAll(job, check);
			return source;
		}
		catch (RuntimeException | Error e) {
			image.close();
			throw e;
		}
	}

	/** Bytes of an image's pixels. */
	static long bytes(final ImageInfo info) {
		return sliceBytes(info) * info.depth * info.frames;
	}

	private static long sliceBytes(final ImageInfo info) {
		final int size;
		switch (info.type) {
			case UINT8:
				size = 1;
				break;
			case UINT16:
				size = 2;
				break;
			default:
				size = 4;
		}
		return info.planeLength() * info.channels * size;
	}

	/**
	 * Pixels of one plane, counted from 0, as ImageJ keeps them: byte[], short[], float[] or int[]. Not for the event
	 * thread.
	 */
	static Object plane(final ImagePlus imp, final int channel, final int z, final int frame) {
		final int index = imp.getStackIndex(channel + 1, z + 1, frame + 1);
		final ImageProcessor processor;
		synchronized (READING) {
			processor = imp.getStack().getProcessor(index);
		}
		final Object pixels = processor == null ? null : processor.getPixels();
		if (pixels != null) return pixels;
		throw new BrushwoodException("The plane " + index + " of '" + imp.getTitle() +
			"' could not be read. Check that its file is still there.");
	}

	EngineImage image() {
		return image;
	}

	/** The ImageJ image that the pixels are from. */
	ImagePlus imp() {
		return imp;
	}

	PixelStatistics statistics() {
		return statistics;
	}

	/** Bytes of pixels that are there. */
	long bytes() {
		final ImageInfo info = image.info();
		return image.isSparse() ? slices.size() * sliceBytes(info) : bytes(info);
	}

	/** Slices that have to be there for a new preview or trainer. */
	Set<Long> survey() {
		return survey;
	}

	/** Bytes that reading these slices would add. */
	long missing(final Collection<Long> wanted) {
		if (!image.isSparse()) return 0;
		long count = 0;
		for (final long slice : wanted)
			if (!slices.containsKey(slice)) count++;
		return count * sliceBytes(image.info());
	}

	/** Bytes of these slices, there or not; 0 when the image is whole. */
	long size(final Collection<Long> wanted) {
		return image.isSparse() ? wanted.size() * sliceBytes(image.info()) : 0;
	}

	/**
	 * Brings slices in. Others go, the longest unused first, until what is there fits the limit.
	 *
	 * @throws BrushwoodException when the slices alone do not
	 */
	void need(final Job job, final Collection<Long> wanted, final long limit, final Check check) {
		if (!image.isSparse()) return;
		final long least = size(wanted);
		if (least > limit) {
			throw new BrushwoodException("The features need " + wanted.size() + " slices of '" + imp.getTitle() +
				"' at once, which take " + megabytes(least) + " MB where " + megabytes(limit) +
				" MB are free for pixels. Give ImageJ more memory, or choose smaller sigmas or 2D features.");
		}
		for (final long slice : wanted)
			if (slices.containsKey(slice)) slices.get(slice); // counts as used
		drop(new HashSet<>(wanted), limit - missing(wanted));
		int done = 0;
		for (final long slice : wanted) {
			check.check((double) done++ / wanted.size());
			if (!slices.containsKey(slice)) read(job, slice);
		}
	}

	private static long megabytes(final long bytes) {
		return (bytes + (1 << 20) - 1) >> 20;
	}

	/** Drops slices that nobody asked for, the longest unused first, until so many bytes are left. */
	void drop(final Set<Long> except, final long limit) {
		if (!image.isSparse()) return;
		for (final Iterator<Long> i = slices.keySet().iterator(); i.hasNext() && bytes() > limit;) {
			final long slice = i.next();
			if (except.contains(slice)) continue;
			for (int c = 0; c < image.info().channels; c++)
				image.dropPlane(frame(slice), c, z(slice));
			i.remove();
		}
	}

	private int frame(final long slice) {
		return (int) (slice / image.info().depth);
	}

	private int z(final long slice) {
		return (int) (slice % image.info().depth);
	}

	private void readAll(final Job job, final Check check) {
		final ImageInfo info = image.info();
		final long count = info.depth * info.frames;
		for (long slice = 0; slice < count; slice++) {
			check.check((double) slice / count);
			read(job, slice);
		}
	}

	/** All channels, or none when one cannot be read. */
	private void read(final Job job, final long slice) {
		final ImageInfo info = image.info();
		final int channels = info.rgb ? 1 : info.channels;
		if (image.isSparse()) slices.put(slice, true);
		try {
			for (int c = 0; c < channels; c++) {
				final Object pixels = plane(imp, c, z(slice), frame(slice));
				put(job, frame(slice), c, z(slice), pixels);
				if (survey.contains(slice)) statistics.add(slice, c, pixels);
			}
		}
		catch (RuntimeException | Error e) {
			forget(slice);
			throw e;
		}
	}

	private void forget(final long slice) {
		if (slices.remove(slice) == null) return;
		for (int c = 0; c < image.info().channels; c++)
			image.dropPlane(frame(slice), c, z(slice));
	}

	private void put(final Job job, final int frame, final int c, final int z, final Object pixels) {
		if (pixels instanceof int[]) {
			if (image.isSparse()) image.putRgb(job, frame, z, (int[]) pixels);
			else image.setRgbPlane(frame, z, (int[]) pixels);
		}
		else if (image.isSparse()) image.putPlane(job, frame, c, z, pixels);
		else if (pixels instanceof byte[]) image.setPlane(frame, c, z, (byte[]) pixels);
		else if (pixels instanceof short[]) image.setPlane(frame, c, z, (short[]) pixels);
		else image.setPlane(frame, c, z, (float[]) pixels);
	}

	@Override
	public void close() {
		image.close();
	}
}
