package io.github.brushwood.io;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.ImageSink;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.Status;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.regex.Pattern;

/**
 * Writes a dataset of an HDF5 file as ilastik reads it: five axes tzyxc, each there even when its length is 1, with
 * vigra's axis tags; numbers in one piece, so that every box goes to its places at once.
 */
final class Hdf5Sink implements ImageSink {

	private static final String OTHERWISE =
		"A BigTIFF can be compressed: give the result a name that ends in .tif.";
	private static final Pattern PATH = Pattern.compile("/?[^/\\p{Cntrl}]{1,60}(/[^/\\p{Cntrl}]{1,60}){0,9}");
	private static final int BUFFER = 1 << 20;
	private static final long LARGEST = 1L << 62; // of what counts as a long

	private final ImageInfo info;
	private final PartFile file;
	private final long pixels;
	private final int size;
	private final ByteBuffer gathered = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
	private long next;

	/** @throws EngineException naming the file and what to do, before anything is computed for it */
	Hdf5Sink(final File file, final ImageInfo info, final WriteOptions options) {
		this.info = info;
		size = info.type.size;
		final String path = options.dataset();
		if (!PATH.matcher(path).matches() || path.matches("(.*/)?\\.{1,2}(/.*)?")) {
			throw new EngineException(Status.ARGUMENT, "'" + path + "' is no path of a dataset in the HDF5 file '" + file +
				"'. Give names of at most 60 characters with '/' between them, such as " + WriteOptions.DATASET + ".");
		}
		checkSize(file, info, options.memory() > 0 ? options.memory() : LARGEST);
		final Hdf5Header header = header(info);
		final byte[] bytes = header.bytes(path.startsWith("/") ? path.substring(1) : path);
		pixels = bytes.length;
		this.file = new PartFile(file, pixels + header.pixelBytes(), OTHERWISE);
		try {
			this.file.write(ByteBuffer.wrap(bytes), 0);
		}
		catch (RuntimeException | Error e) {
			this.file.close();
			throw e;
		}
	}

	private static void checkSize(final File file, final ImageInfo info, final long largest) {
		final double bytes = (double) info.width * info.height * info.depth * info.channels * info.frames * info.type.size;
		if (bytes <= largest) return;
		throw new EngineException(Status.MEMORY, "The file '" + file + "' would take " + PartFile.megabytes(bytes) +
			" as HDF5, more than the memory limit of " + PartFile.megabytes(largest) + " (Brushwood Preferences). Raise the " +
			"limit, or write a BigTIFF, which has none: give the result a name that ends in .tif.");
	}

	private static Hdf5Header header(final ImageInfo info) {
		final Axes axes = Axes.propose(new int[Axes.ALL.length()]);
		if (info.frameInterval > 0) axes.describe('t', info.frameInterval, "s");
		if (info.calibrated) {
			axes.describe('x', info.spacingX, info.unit).describe('y', info.spacingY, info.unit);
			axes.describe('z', info.spacingZ, info.unit);
		}
		final Hdf5Header header = new Hdf5Header(info.type, info.frames, info.depth, info.height, info.width,
			info.channels).text("axistags", axes.toTags());
		return info.calibrated && info.unit.equals("um") ? header.numbers("element_size_um", info.spacingZ, info.spacingY,
			info.spacingX) : header;
	}

	@Override
	public ImageInfo info() {
		return info;
	}

	@Override
	public void write(final Box box, final ByteBuffer from) {
		final ByteBuffer pixel = from.slice().order(ByteOrder.nativeOrder());
		for (long z = 0; z < box.depth(); z++)
			for (long y = 0; y < box.height(); y++) {
				final long row = ((box.frame * info.depth + box.z0 + z) * info.height + box.y0 + y) * info.width + box.x0;
				writeRow(pixel, Math.toIntExact((z * box.height() + y) * box.width()), Math.toIntExact(box.width()),
					Math.toIntExact(box.count()), row);
			}
		flush();
	}

	/** Weaves the channels of a row together; rows that follow one another in the file go there together. */
	private void writeRow(final ByteBuffer from, final int first, final int width, final int plane, final long row) {
		final long position = pixels + row * info.channels * size;
		if (position != next + gathered.position()) {
			flush();
			next = position;
		}
		for (int x = 0; x < width; x++) {
			if (gathered.remaining() < info.channels * size) flush();
			for (int c = 0; c < info.channels; c++)
				put(from, first + x + c * plane);
		}
	}

	private void put(final ByteBuffer from, final int index) {
		if (info.type == PixelType.UINT8) gathered.put(from.get(index));
		else if (info.type == PixelType.UINT16) gathered.putShort(from.getShort(2 * index));
		else gathered.putFloat(from.getFloat(4 * index));
	}

	private void flush() {
		gathered.flip();
		final int count = gathered.remaining();
		file.write(gathered, next);
		gathered.clear();
		next += count;
	}

	@Override
	public void finish() {
		file.finish();
	}

	@Override
	public void close() {
		file.close();
	}
}
