package io.github.brushwood.io;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.Job;

import java.io.File;
import java.util.List;

/** A kind of image file that is read and written part by part. */
public interface ImageFormat {

	/** Stable word, such as tiff. */
	String id();

	/** For lists and messages. */
	String label();

	/** Endings of file names in lower case, each with its dot; the first is the usual one. */
	List<String> suffixes();

	/** Whether an image is a folder in place of a file. */
	default boolean isFolder() {
		return false;
	}

	/**
	 * Opens a file whose pixels are read when they are needed; the caller closes the image.
	 *
	 * @throws io.github.brushwood.engine.EngineException naming the file and what to do
	 */
	EngineImage open(Job job, File file, ReadOptions options);

	/**
	 * Begins a file that appears under its name when the sink is finished; the caller closes the sink.
	 *
	 * @param outline size, type, calibration and names of what will be written
	 * @throws io.github.brushwood.engine.EngineException naming the file and what to do
	 */
	EngineSink create(Job job, File file, EngineImage outline, WriteOptions options);
}
