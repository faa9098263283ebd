package io.github.brushwood.engine;

import java.nio.ByteBuffer;

/**
 * Takes an image box by box: boxes that do not overlap and together are the image, in any order. Closed without
 * {@link #finish} before, nothing remains of it.
 */
public final class EngineSink extends Handle {

	private final ImageInfo info;

	/** Takes over the native sink. */
	private EngineSink(final long address, final ImageInfo info) {
		super("sink", address);
		this.info = info;
	}

	/**
	 * Writes a TIFF file beside its path, which is renamed when finished.
	 *
	 * @param outline size, type, calibration, labels and channel names; pixels do not matter. Float images are expected
	 *          to lie in 0..1
	 * @param options null for the defaults
	 */
	public static EngineSink tiff(final Job job, final String path, final EngineImage outline,
		final TiffOptions options)
	{
		final TiffOptions o = options == null ? new TiffOptions() : options;
		try (Use j = job.begin(); Use image = outline.use()) {
			return new EngineSink(Native.sinkTiff(j.address(), image.address(), Native.bytes(path), o.compression.ordinal(),
				o.layout.ordinal(), o.pyramid), outline.info());
		}
	}

	/**
	 * Writes OME-Zarr with smaller resolutions into a folder beside its path, which is renamed when finished; what was
	 * there is replaced.
	 *
	 * @param outline size, type, calibration and channel names; pixels do not matter
	 * @param options null for the defaults
	 */
	public static EngineSink zarr(final Job job, final String path, final EngineImage outline,
		final ZarrOptions options)
	{
		final ZarrOptions o = options == null ? new ZarrOptions() : options;
		try (Use j = job.begin(); Use image = outline.use()) {
			return new EngineSink(Native.sinkZarr(j.address(), image.address(), Native.bytes(path), o.version.ordinal(),
				o.codec.ordinal(), o.chunk), outline.info());
		}
	}

	/**
	 * Hands everything to a sink of Java, which belongs to the result: closing this, or a failure of this method, closes
	 * it. Its exceptions come out of the call that needed it. Boxes of more than 2^31-1 bytes reach it in several parts.
	 *
	 * @throws IllegalArgumentException when the sink takes images of another size or type than the outline's
	 */
	public static EngineSink of(final Job job, final EngineImage outline, final ImageSink sink) {
		return of(job, outline, sink, Port.MOST_BYTES);
	}

	/** @param most bytes of a box that the sink gets at once */
	static EngineSink of(final Job job, final EngineImage outline, final ImageSink sink, final int most) {
		final Port port = Port.of(sink);
		try {
			final ImageInfo info = outline.info();
			if (!info.hasShapeOf(sink.info())) {
				throw new IllegalArgumentException("The sink takes an image of " + sink.info() + ", not one of " + info + ".");
			}
			try (Use j = job.begin(); Use image = outline.use()) {
				return new EngineSink(Native.sinkOf(j.address(), image.address(), port, most), info);
			}
		}
		catch (RuntimeException | Error e) {
			port.closeAfter(e);
			throw e;
		}
	}

	/** Size, type and calibration of what it takes. */
	public ImageInfo info() {
		return info;
	}

	/**
	 * Writes all channels of a box.
	 *
	 * @param from bytes in native order whatever the buffer's order is, from its position on, which stays: laid out as
	 *          {@link ImageSource#read} does. Direct buffers are the fastest
	 */
	public void write(final Job job, final Box box, final ByteBuffer from) {
		final int size = info.boxBytes(box, from.remaining());
		try (Use j = job.begin(); Use sink = useAlone()) {
			if (from.isDirect()) {
				Native.sinkWrite(j.address(), sink.address(), box.frame, box.lo(), box.hi(), from.slice(), null);
				return;
			}
			final byte[] bytes = new byte[size];
			from.duplicate().get(bytes);
			Native.sinkWrite(j.address(), sink.address(), box.frame, box.lo(), box.hi(), null, bytes);
		}
	}

	/** All boxes were written: the file appears under its name, or the sink of Java finishes. */
	public void finish(final Job job) {
		try (Use j = job.begin(); Use sink = useAlone()) {
			Native.sinkFinish(j.address(), sink.address());
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.sinkFree(nativeAddress);
	}
}
