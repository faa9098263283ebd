package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.ImageSink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/** Becomes an ImageJ image, in Java's memory alone. */
public final class ImagePlusSink implements ImageSink {

	/** Java's arrays are a little smaller than their index allows. */
	private static final long MOST_PIXELS = Integer.MAX_VALUE - 8;
	/** Share of Java's memory that stays free beside results. */
	private static final int SPARE_SHARE = 8;

	private final ImageInfo info;
	private final String title;
	private final ImageStack stack;
	private final int channels;
	private final double offset;
	private ImagePlus image;

	/**
	 * @param outline size, type, calibration, offset of values and plane labels
	 * @throws BrushwoodException when planes are larger than ImageJ's can be
	 */
	public ImagePlusSink(final EngineImage outline, final String title) {
		info = outline.info();
		offset = outline.offset();
		this.title = title;
		checkSize(info, title);
		channels = info.rgb ? 1 : info.channels;
		stack = new ImageStack((int) info.width, (int) info.height);
		for (int t = 0; t < info.frames; t++)
			for (int z = 0; z < info.depth; z++)
				for (int c = 0; c < channels; c++)
					stack.addSlice(outline.planeLabel(t, c, z), ImagePlusAdapter.newPlane(info));
	}

	/**
	 * Refuses images that do not fit Java's memory, before any work.
	 *
	 * @param what begins the message, such as "The image 'a.h5' needs"
	 * @param bytes of all images
	 * @param instead what to do in place of having them in memory, the beginning of a sentence
	 * @throws BrushwoodException when they do not fit
	 */
	public static void checkRoom(final String what, final double bytes, final String instead) {
		if (bytes <= room()) return;
		System.gc(); // what nobody needs any more counts as used until then
		final long room = room();
		if (bytes <= room) return;
		throw new BrushwoodException(what + " " + size(bytes) + " of ImageJ's memory, but only " + size(Math.max(room,
			0)) + " are free. " + instead + ", close other images, or give ImageJ more memory (Edit > Options > Memory & " +
			"Threads).");
	}

	/** Bytes of the image as ImageJ keeps it. */
	public static double bytes(final ImageInfo info) {
		final int pixel = info.rgb ? Integer.BYTES : info.channels * info.type.size;
		return (double) info.planeLength() * info.depth * info.frames * pixel;
	}

	private static long room() {
		final Runtime java = Runtime.getRuntime();
		final long used = java.totalMemory() - java.freeMemory();
		return java.maxMemory() - java.maxMemory() / SPARE_SHARE - used;
	}

	/** Such as "160 MB". */
	public static String size(final double bytes) {
		final double megabytes = bytes / (1 << 20);
		if (megabytes < 1) return String.format(Locale.ROOT, "%.0f KB", Math.ceil(bytes / 1024));
		return megabytes < 1000 ? String.format(Locale.ROOT, "%.0f MB", megabytes) : String.format(Locale.ROOT, "%.1f GB",
			megabytes / 1024);
	}

	static void checkSize(final ImageInfo info, final String title) {
		if (info.planeLength() <= MOST_PIXELS) return;
		throw new BrushwoodException("'" + title + "' would have planes of " + info.width + " x " + info.height +
			" pixels; ImageJ's can have 2147483639 pixels. Use Brushwood Apply Model to Folder, which works from files to " +
			"files.");
	}

	@Override
	public ImageInfo info() {
		return info;
	}

	@Override
	public void write(final Box box, final ByteBuffer from) {
		final PlaneRows rows = new PlaneRows(info, box, from.slice().order(ByteOrder.nativeOrder()));
		for (int z = 0; z < box.depth(); z++)
			for (int c = 0; c < channels; c++)
				rows.write(c, z, stack.getPixels(index(c, box.z0 + z, box.frame)));
	}

	private int index(final int c, final long z, final int t) {
		return (int) ((t * info.depth + z) * channels + c) + 1;
	}

	@Override
	public void finish() {
		image = ImagePlusAdapter.image(title, stack, info, offset);
	}

	/** The image, as {@link ImagePlusAdapter#toImagePlus} makes one; null before {@link #finish}. */
	public ImagePlus image() {
		return image;
	}

	@Override
	public void close() {
		// the arrays go with this object
	}
}
