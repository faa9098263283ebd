package io.github.brushwood.engine;

import java.util.Objects;

/**
 * An image in the engine's memory. Planes are copied in and out; a plane has width * height pixels, x fastest. Frames,
 * channels and slices count from 0. Safe for any number of threads: changes wait for running reads.
 */
public final class EngineImage extends Handle {

	private volatile ImageInfo info;

	/** Takes over the native image. */
	EngineImage(final long address) {
		super("image", address);
		info = readInfo(address);
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
		try (Handle.Use j = job.begin()) {
			return new EngineImage(Native.imageCreate(j.address(), info.type.code, info.width, info.height, info.depth,
				info.channels, info.frames, info.rgb, info.calibrated, info.spacingX, info.spacingY, info.spacingZ,
				Native.bytes(info.unit), info.frameInterval));
		}
	}

	/** Reads a TIFF file with the values ImageJ shows; its name becomes the file's name without folders. */
	public static EngineImage read(final Job job, final String path) {
		try (Handle.Use j = job.begin()) {
			return new EngineImage(Native.imageRead(j.address(), Native.bytes(path)));
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

	/** 64-bit hash of size, type and pixels; for provenance, not for security. */
	public long hash() {
		try (Handle.Use image = use()) {
			return Native.imageHash(image.address());
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
