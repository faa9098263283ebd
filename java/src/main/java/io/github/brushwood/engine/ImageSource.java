package io.github.brushwood.engine;

import java.nio.ByteBuffer;

/**
 * An image that is read box by box, wherever it lies: a file, an ImageJ window, an array. Used by one thread at a time.
 */
public interface ImageSource extends AutoCloseable {

	/** Size, type, calibration. */
	ImageInfo info();

	/** Name for messages and provenance, usually the file's without folders; "" when there is none. */
	String name();

	/** Name of a channel, "" when it has none. */
	default String channelName(final int channel) {
		return "";
	}

	/** Label of a plane (ImageJ's slice label), null when it has none. */
	default String planeLabel(final int frame, final int channel, final int z) {
		return null;
	}

	/** The value that the pixel value 0 stands for, as {@link EngineImage#offset}. */
	default double offset() {
		return 0;
	}

	/**
	 * Reads all channels of a box that lies within the image. An exception stops the call that needed the pixels and
	 * comes out of it; its message names the file and says what to do.
	 *
	 * @param to native byte order, from its position on: [channel][z][y][x] in the type of {@link #info()}, tightly
	 *          packed; as large as that
	 */
	void read(Box box, ByteBuffer to);

	@Override
	void close();
}
