package io.github.brushwood.engine;

import java.nio.ByteBuffer;

/**
 * Takes an image box by box: boxes that do not overlap and together are the image, in any order. Used by one thread at
 * a time.
 */
public interface ImageSink extends AutoCloseable {

	/** Size, type, calibration of what it takes. */
	ImageInfo info();

	/**
	 * Takes all channels of a box.
	 *
	 * @param from laid out as {@link ImageSource#read} does; to be read before this returns
	 */
	void write(Box box, ByteBuffer from);

	/** All boxes were written: makes the result appear under its name, or shows it. */
	void finish();

	/** Without {@link #finish()} before, nothing remains. */
	@Override
	void close();
}
