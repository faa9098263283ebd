package io.github.brushwood.engine;

import java.util.Map;

/**
 * The results of a prediction in OME-Zarr that grow block by block: by one process or by any number of them on any
 * number of computers that share the folders, in any order, twice, at the same time. Blocks, bytes and files are the
 * same however they come about, and the values are those of {@link Model#predict}. The results say with which model,
 * input and blocks they were begun: a job that would do otherwise is refused with {@link Status#MISMATCH}.
 *
 * <p>While this is open, model and image stay in memory and the image cannot change; once they are closed, calls that
 * would read them are refused. Calls run one after the other. After a failure the {@link Job} of the call is spent, but
 * this goes on with another one.
 */
public final class BlockJob extends Handle {

	private final Model model;
	private final EngineImage image;
	private final Pin modelPin;
	private final Pin imagePin;
	private final BlockInfo info;

	private BlockJob(final long address, final Model model, final EngineImage image, final Pin modelPin,
		final Pin imagePin)
	{
		super("block job", address);
		this.model = model;
		this.image = image;
		this.modelPin = modelPin;
		this.imagePin = imagePin;
		info = new BlockInfo(Native.blockJobInfo(address));
	}

	/**
	 * Makes the results' folders and what describes them unless they are there. A FLOAT32 image is read once as a whole
	 * for the values that replace NaN, unless the results know them from an earlier job.
	 *
	 * @param paths of the results' folders; at least one
	 * @param options null for the defaults
	 */
	public static BlockJob open(final Job job, final Model model, final EngineImage image,
		final Map<Output, String> paths, final BlockOptions options)
	{
		final BlockOptions o = options == null ? new BlockOptions() : options;
		final byte[][] names = new byte[Output.values().length][];
		for (final Map.Entry<Output, String> path : paths.entrySet())
			names[path.getKey().ordinal()] = Native.bytes(path.getValue());
		final Pin modelPin = model.pin();
		Pin imagePin = null;
		try {
			imagePin = image.pin();
			try (Use j = job.begin(); Use m = model.use(); Use i = image.useForPixels()) {
				return new BlockJob(Native.blockJobOpen(j.address(), m.address(), i.address(), names, o.pack(), o.spacing()),
					model, image, modelPin, imagePin);
			}
		}
		catch (RuntimeException | Error e) {
			if (imagePin != null) imagePin.close();
			modelPin.close();
			throw e;
		}
	}

	/** How many blocks there are and how large. */
	public BlockInfo info() {
		return info;
	}

	/**
	 * The voxels of a block.
	 *
	 * @param index from 0
	 */
	public Box part(final Job job, final long index) {
		try (Use j = job.begin(); Use blocks = useAlone()) {
			final long[] at = Native.blockJobPart(j.address(), blocks.address(), index);
			return new Box((int) at[0], at[1], at[2], at[3], at[4], at[5], at[6]);
		}
	}

	/** Whether all chunks of a block are there, in all results. */
	public boolean has(final Job job, final long index) {
		try (Use j = job.begin(); Use blocks = useAlone()) {
			return Native.blockJobHas(j.address(), blocks.address(), index);
		}
	}

	/**
	 * Makes a block unless it is there, and what becomes complete by it in the smaller resolutions. Fails for this block
	 * alone: the others can be made with another {@link Job}.
	 *
	 * @return whether it was made now
	 */
	public boolean run(final Job job, final long index) {
		return make(job, index) != null;
	}

	/**
	 * The same as {@link #run}.
	 *
	 * @return what happened on the way to this block alone; null when it was there
	 */
	public PredictReport make(final Job job, final long index) {
		final int classes = model.classCount();
		final long[] report = new long[PredictReport.HEAD + classes];
		try (Use j = job.begin(); Use blocks = useAlone(); Use m = model.use(); Use i = image.useForPixels()) {
			final boolean made = Native.blockJobRun(j.address(), blocks.address(), index, classes, report);
			return made ? new PredictReport(report) : null;
		}
	}

	/**
	 * The blocks of one of several pieces of the work; all pieces together are all blocks.
	 *
	 * @param piece 0 to pieces - 1; or 1 to pieces, where the last one is the same as 0
	 * @param pieces at least 1
	 * @return the first block, and the one after the last
	 */
	public long[] piece(final Job job, final long piece, final long pieces) {
		try (Use j = job.begin(); Use blocks = useAlone()) {
			return Native.blockJobPiece(j.address(), blocks.address(), piece, pieces);
		}
	}

	/**
	 * Fills up what is missing in the smaller resolutions where the blocks are there, and removes what ended processes
	 * left. Other jobs may run meanwhile; their unfinished files have to be begun again.
	 *
	 * @return how many blocks are missing
	 */
	public long finish(final Job job) {
		try (Use j = job.begin(); Use blocks = useAlone()) {
			return Native.blockJobFinish(j.address(), blocks.address());
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.blockJobFree(nativeAddress);
		imagePin.close();
		modelPin.close();
	}
}
