package io.github.brushwood.engine;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * An image in the engine's memory. Planes are copied in and out; a plane has width * height pixels, x fastest. Frames,
 * channels and slices count from 0. Safe for any number of threads: changes wait for running reads.
 */
public final class EngineImage extends Handle {

	/** Offset of signed 16-bit values, which are held as UINT16 with 32768 added. */
	public static final double SIGNED = -32768;

	private volatile ImageInfo info;
	private final boolean sparse;
	private final boolean streamed;

	/** Takes over the native image. */
	EngineImage(final long address) {
		super("image", address);
		info = readInfo(address);
		final long[] numbers = Native.imageNumbers(address);
		sparse = numbers[8] != 0;
		streamed = numbers[9] != 0;
	}

	private static ImageInfo readInfo(final long address) {
		final long[] n = Native.imageNumbers(address);
		final double[] s = Native.imageSpacing(address);
		final ImageInfo.Builder b = ImageInfo.builder(PixelType.of(n[0]), n[1], n[2]).depth(n[3]).rgb(n[6] != 0);
		b.channels((int) n[4]).frames((int) n[5]);
		b.spacing(s[0], s[1], s[2], Native.text(Native.imageUnit(address)));
		b.calibrated(n[7] != 0).frameInterval(s[3]);
		return b.build();
	}

	/** A new image of zeros. */
	public static EngineImage create(final Job job, final ImageInfo info) {
		return create(job, info, false);
	}

	/**
	 * A new image without planes, for images larger than memory: {@link #putPlane} and {@link #dropPlane} decide which
	 * of them are there. A trainer or a preview fails with {@link Status#ARGUMENT} when one that it needs is absent;
	 * nothing else takes such images. Those of {@link #survey()} stand for the whole image: they have to be there when it
	 * is added to a trainer or gets a preview, and for {@link #fingerprint}.
	 */
	public static EngineImage createSparse(final Job job, final ImageInfo info) {
		return create(job, info, true);
	}

	private static EngineImage create(final Job job, final ImageInfo info, final boolean sparse) {
		try (Handle.Use j = job.begin()) {
			return new EngineImage(Native.imageCreate(j.address(), info.type.code, info.width, info.height, info.depth,
				info.channels, info.frames, info.rgb, info.calibrated, info.spacingX, info.spacingY, info.spacingZ,
				Native.bytes(info.unit), info.frameInterval, sparse));
		}
	}

	/**
	 * Whether a path means OME-Zarr, which is a folder: one that says so, or a name with the ending .zarr, perhaps with
	 * names of groups and arrays behind it. Nothing has to be there.
	 */
	public static boolean isZarr(final String path) {
		try (Job job = new Job(); Handle.Use j = job.begin()) {
			return Native.pathIsZarr(j.address(), Native.bytes(path));
		}
	}

	/** Reads a TIFF file or OME-Zarr with the values ImageJ shows; its name becomes the file's without folders. */
	public static EngineImage read(final Job job, final String path) {
		try (Handle.Use j = job.begin()) {
			return new EngineImage(Native.imageRead(j.address(), Native.bytes(path)));
		}
	}

	/**
	 * A streamed image of a TIFF file or OME-Zarr of any size: its pixels are read when somebody needs them, with the
	 * values that {@link #read(Job, String)} gives. A TIFF file stays open until this is closed and must not change.
	 *
	 * @param path of OME-Zarr the image's folder for its largest resolution, or with an array's name behind it for that
	 */
	public static EngineImage open(final Job job, final String path) {
		try (Handle.Use j = job.begin()) {
			return new EngineImage(Native.imageOpen(j.address(), Native.bytes(path)));
		}
	}

	/**
	 * A streamed image whose pixels come from a source of Java, which belongs to the result: closing this, or a failure
	 * of this method, closes it. Its exceptions come out of the call that needed the pixels. Boxes of more than 2^31-1
	 * bytes are asked of it in several parts.
	 */
	public static EngineImage of(final Job job, final ImageSource source) {
		return of(job, source, Port.MOST_BYTES);
	}

	/** @param most bytes of a box that the source is asked for at once */
	static EngineImage of(final Job job, final ImageSource source, final int most) {
		final Port port = Port.of(source);
		EngineImage image = null;
		try (EngineImage outline = createSparse(job, source.info())) {
			try (Handle.Use j = job.begin(); Handle.Use o = outline.use()) {
				image = new EngineImage(Native.imageOf(j.address(), o.address(), port, most));
			}
			image.describe(job, source);
			return image;
		}
		catch (RuntimeException | Error e) {
			if (image != null) image.close();
			port.closeAfter(e);
			throw e;
		}
	}

	/** Takes over the names and the offset of a source. */
	private void describe(final Job job, final ImageSource source) {
		setOffset(source.offset());
		setName(job, source.name());
		for (int c = 0; c < info.channels; c++)
			if (!source.channelName(c).isEmpty()) setChannelName(job, c, source.channelName(c));
		for (int t = 0; t < info.frames; t++)
			for (int c = 0; c < info.channels; c++)
				for (int z = 0; z < info.depth; z++) {
					final String label = source.planeLabel(t, c, z);
					if (label != null) setPlaneLabel(job, t, c, z, label);
				}
	}

	/**
	 * Reads all channels of a box of any image.
	 *
	 * @param to receives bytes in native order whatever the buffer's order is, from its position on, which stays:
	 *          [channel][z][y][x] in the image's type, tightly packed. Direct buffers are the fastest
	 */
	public void read(final Job job, final Box box, final ByteBuffer to) {
		final int size = info.boxBytes(box, to.remaining());
		if (to.isReadOnly()) throw new IllegalArgumentException("The buffer is for reading only.");
		try (Handle.Use j = job.begin(); Handle.Use image = useForPixels()) {
			if (to.isDirect()) {
				Native.imageReadBox(j.address(), image.address(), box.frame, box.lo(), box.hi(), to.slice(), null);
				return;
			}
			final byte[] bytes = new byte[size];
			Native.imageReadBox(j.address(), image.address(), box.frame, box.lo(), box.hi(), null, bytes);
			to.duplicate().put(bytes);
		}
	}

	/** A right to read pixels; of a streamed image alone, as it serves one call at a time. */
	Handle.Use useForPixels() {
		return streamed ? useAloneThoughPinned() : use();
	}

	/** Whether pixels are read from a file or a source whenever somebody needs them. */
	public boolean isStreamed() {
		return streamed;
	}

	/** Name of a channel (a class, a dye); "" when it has none. */
	public String channelName(final int channel) {
		checkIndex("channel", channel, info.channels);
		try (Handle.Use image = use()) {
			return Native.text(Native.imageChannelName(image.address(), channel));
		}
	}

	public void setChannelName(final Job job, final int channel, final String name) {
		checkIndex("channel", channel, info.channels);
		try (Handle.Use j = job.begin(); Handle.Use image = useAlone()) {
			Native.imageSetChannelName(j.address(), image.address(), channel, Native.bytes(name));
		}
	}

	/** Writes a TIFF file that ImageJ opens as this (hyper)stack; replaces an existing file once whole. */
	public void write(final Job job, final String path, final Compression compression) {
		try (Handle.Use j = job.begin(); Handle.Use image = use()) {
			Native.imageWrite(j.address(), image.address(), Native.bytes(path), compression.ordinal());
		}
	}

	/** Size, type and calibration. */
	public ImageInfo info() {
		return info;
	}

	/** Name for messages and provenance; "" when unset. */
	public String name() {
		try (Handle.Use image = use()) {
			return Native.text(Native.imageName(image.address()));
		}
	}

	public void setName(final Job job, final String name) {
		try (Handle.Use j = job.begin(); Handle.Use image = useAlone()) {
			Native.imageSetName(j.address(), image.address(), Native.bytes(name));
		}
	}

	/** Replaces the calibration; sizes are positive. */
	public void setSpacing(final Job job, final double x, final double y, final double z) {
		try (Handle.Use j = job.begin(); Handle.Use image = useAlone()) {
			Native.imageSetSpacing(j.address(), image.address(), x, y, z);
			info = readInfo(image.address());
		}
	}

	/**
	 * The value that the pixel value 0 stands for: {@link #SIGNED} for images of signed 16-bit values, else 0. Labels,
	 * masks, classes, probabilities and measured intensities are pixels plus this; training and prediction take pixels as
	 * they are.
	 */
	public double offset() {
		try (Handle.Use image = use()) {
			return Native.imageOffset(image.address());
		}
	}

	/** @param offset finite */
	public void setOffset(final double offset) {
		try (Handle.Use image = useAlone()) {
			Native.imageSetOffset(image.address(), offset);
		}
	}

	/** 64-bit hash of size, type and pixels; for provenance, not for security. Of a sparse image the fingerprint. */
	public long hash() {
		try (Handle.Use image = use()) {
			return Native.imageHash(image.address());
		}
	}

	/** Whether planes may be absent. */
	public boolean isSparse() {
		return sparse;
	}

	/**
	 * 64-bit hash of size, type and the pixels of all channels of the {@link #survey()} slices, which have to be there:
	 * knows a file again wherever it lies, whatever its name and calibration, read as a sparse image or as a whole.
	 */
	public long fingerprint(final Job job) {
		try (Handle.Use j = job.begin(); Handle.Use image = use()) {
			return Native.imageFingerprint(j.address(), image.address());
		}
	}

	/** Slices that stand for the image, at most 16, evenly spread: frame * depth + z, ascending. */
	public long[] survey() {
		try (Handle.Use image = use()) {
			return Native.imageSurvey(image.address());
		}
	}

	/** The plane's label, or null when it has none. */
	public String planeLabel(final int frame, final int channel, final long z) {
		checkIndex(frame, channel, z);
		try (Handle.Use image = use()) {
			return Native.text(Native.imagePlaneLabel(image.address(), frame, channel, z));
		}
	}

	public void setPlaneLabel(final Job job, final int frame, final int channel, final long z, final String label) {
		checkIndex(frame, channel, z);
		try (Handle.Use j = job.begin(); Handle.Use image = useAlone()) {
			Native.imageSetPlaneLabel(j.address(), image.address(), frame, channel, z, Native.bytes(label));
		}
	}

	/** Copies a UINT8 plane in. */
	public void setPlane(final int frame, final int channel, final long z, final byte[] pixels) {
		set(frame, channel, z, pixels);
	}

	/** Copies a UINT16 plane in. */
	public void setPlane(final int frame, final int channel, final long z, final short[] pixels) {
		set(frame, channel, z, pixels);
	}

	/** Copies a FLOAT32 plane in. */
	public void setPlane(final int frame, final int channel, final long z, final float[] pixels) {
		set(frame, channel, z, pixels);
	}

	/** Splits packed pixels (0xRRGGBB, higher bits are ignored) into the three channels of a colour image. */
	public void setRgbPlane(final int frame, final long z, final int[] argb) {
		checkRgb(frame, z, argb);
		try (Handle.Use image = useAlone()) {
			Native.imageSetRgb(image.address(), frame, z, argb);
		}
	}

	/** Copies a UINT8 plane out. */
	public void getPlane(final int frame, final int channel, final long z, final byte[] pixels) {
		get(frame, channel, z, pixels);
	}

	/** Copies a UINT16 plane out. */
	public void getPlane(final int frame, final int channel, final long z, final short[] pixels) {
		get(frame, channel, z, pixels);
	}

	/** Copies a FLOAT32 plane out. */
	public void getPlane(final int frame, final int channel, final long z, final float[] pixels) {
		get(frame, channel, z, pixels);
	}

	/** Packs the three channels of a colour image as 0xFFRRGGBB. */
	public void getRgbPlane(final int frame, final long z, final int[] argb) {
		checkRgb(frame, z, argb);
		try (Handle.Use image = use()) {
			Native.imageGetRgb(image.address(), frame, z, argb);
		}
	}

	/**
	 * Copies a plane into a sparse image. Its pixels must be those of the image at all times: trainers take the image for
	 * unchanged. Waits for calls that use the image.
	 *
	 * @param pixels byte[], short[] or float[] as the image's type says
	 */
	public void putPlane(final Job job, final int frame, final int channel, final long z, final Object pixels) {
		checkIndex(frame, channel, z);
		info.type.check(pixels, info.planeLength());
		try (Handle.Use j = job.begin(); Handle.Use image = useAloneThoughPinned()) {
			Native.imagePut(j.address(), image.address(), frame, channel, z, pixels);
		}
	}

	/** The same for the three planes of a colour image (0xRRGGBB, higher bits are ignored). */
	public void putRgb(final Job job, final int frame, final long z, final int[] argb) {
		checkRgb(frame, z, argb);
		try (Handle.Use j = job.begin(); Handle.Use image = useAloneThoughPinned()) {
			Native.imagePutRgb(j.address(), image.address(), frame, z, argb);
		}
	}

	/** Frees a plane of a sparse image; fine when it is absent. Waits for calls that use the image. */
	public void dropPlane(final int frame, final int channel, final long z) {
		checkIndex(frame, channel, z);
		try (Handle.Use image = useAloneThoughPinned()) {
			Native.imageDrop(image.address(), frame, channel, z);
		}
	}

	/** True for every plane of an image that is not sparse. */
	public boolean hasPlane(final int frame, final int channel, final long z) {
		checkIndex(frame, channel, z);
		try (Handle.Use image = use()) {
			return Native.imageHas(image.address(), frame, channel, z);
		}
	}

	private void set(final int frame, final int channel, final long z, final Object pixels) {
		checkIndex(frame, channel, z);
		info.type.check(pixels, info.planeLength());
		try (Handle.Use image = useAlone()) {
			Native.imageSetPlane(image.address(), frame, channel, z, pixels);
		}
	}

	private void get(final int frame, final int channel, final long z, final Object pixels) {
		checkIndex(frame, channel, z);
		info.type.check(pixels, info.planeLength());
		try (Handle.Use image = use()) {
			Native.imageGetPlane(image.address(), frame, channel, z, pixels);
		}
	}

	private void checkRgb(final int frame, final long z, final int[] argb) {
		Objects.requireNonNull(argb, "argb");
		if (info.type != PixelType.UINT8 || info.channels != 3) {
			throw new IllegalArgumentException("A colour plane needs three UINT8 channels; the image is " + info + ".");
		}
		checkIndex(frame, 0, z);
		PixelType.checkLength(argb.length, info.planeLength());
	}

	private void checkIndex(final int frame, final int channel, final long z) {
		checkIndex("frame", frame, info.frames);
		checkIndex("channel", channel, info.channels);
		checkIndex("slice", z, info.depth);
	}

	private static void checkIndex(final String what, final long index, final long count) {
		if (index < 0 || index >= count) {
			throw new IndexOutOfBoundsException("The " + what + " " + index + " is outside 0 to " + (count - 1) + ".");
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.imageFree(nativeAddress);
	}
}
