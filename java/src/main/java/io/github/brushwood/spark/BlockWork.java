package io.github.brushwood.spark;

import io.github.brushwood.engine.BlockOptions;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.ZarrCodec;
import io.github.brushwood.engine.ZarrVersion;

import java.io.Serializable;
import java.util.EnumMap;
import java.util.UUID;

/** What is to be done, as it travels to the workers. */
final class BlockWork implements Serializable {

	private static final long serialVersionUID = 1L;

	/** One run of the driver. */
	final String id = UUID.randomUUID().toString();
	/** The bytes of the model file. */
	byte[] model;
	/** Of the image; absolute, like those of the results. */
	String input;
	EnumMap<Output, String> outputs;
	/** null = as the results say, else the usual. */
	ZarrVersion version;
	ZarrCodec codec;
	/** x, y, z; 0 = chosen. */
	long[] chunk = new long[3];
	long[] block = new long[3];
	/** x, y, z; null = the image's. */
	double[] spacing;
	boolean unrefined;
	boolean overwrite;
	/** Of a task. */
	int threads = 1;
	/** Bytes that the engine may use in a task, beside the model. */
	long memory;

	BlockOptions options() {
		final BlockOptions options = new BlockOptions().chunk(chunk[0], chunk[1], chunk[2]).block(block[0], block[1],
			block[2]);
		if (version != null) options.version(version);
		if (codec != null) options.codec(codec);
		return options.unrefined(unrefined).overwrite(overwrite);
	}

	/** A job with the resources of a task. */
	Job job() {
		return new Job().threads(threads).memoryBudget(memory);
	}
}
