package io.github.brushwood.engine;

import java.util.Objects;

/** Size, type and calibration of an image; immutable. */
public final class ImageInfo {

	public final PixelType type;
	/** Pixels, at least 1 each. */
	public final long width;
	public final long height;
	public final long depth;
	public final int channels;
	public final int frames;
	/** The three UINT8 channels are red, green and blue of one colour image. */
	public final boolean rgb;
	/** The spacing was given; otherwise it is 1, 1, 1. */
	public final boolean calibrated;
	/** Size of a voxel in {@link #unit}, above 0. */
	public final double spacingX;
	public final double spacingY;
	public final double spacingZ;
	/** Such as um or pixel. */
	public final String unit;
	/** Seconds between frames; 0 when unknown. */
	public final double frameInterval;

	private ImageInfo(final Builder b) {
		type = b.type;
		width = b.width;
		height = b.height;
		depth = b.depth;
		channels = b.channels;
		frames = b.frames;
		rgb = b.rgb;
		calibrated = b.calibrated;
		spacingX = b.spacingX;
		spacingY = b.spacingY;
		spacingZ = b.spacingZ;
		unit = b.unit;
		frameInterval = b.frameInterval;
	}

	/** Starts with one slice, channel and frame, not calibrated. */
	public static Builder builder(final PixelType type, final long width, final long height) {
		return new Builder(type, width, height);
	}

	/** Starts with the values of this object. */
	public Builder toBuilder() {
		final Builder b = new Builder(type, width, height);
		b.depth = depth;
		b.channels = channels;
		b.frames = frames;
		b.rgb = rgb;
		b.calibrated = calibrated;
		b.spacingX = spacingX;
		b.spacingY = spacingY;
		b.spacingZ = spacingZ;
		b.unit = unit;
		b.frameInterval = frameInterval;
		return b;
	}

	/** Pixels of one plane. */
	public long planeLength() {
		return width * height;
	}

	/** Whether type, size, channels and frames are the same. */
	public boolean hasShapeOf(final ImageInfo other) {
		return type == other.type && width == other.width && height == other.height && depth == other.depth &&
			channels == other.channels && frames == other.frames;
	}

	/**
	 * Bytes of all channels of a box.
	 *
	 * @param room bytes that are there for it
	 * @throws IllegalArgumentException when the box does not lie within the image or does not fit the room
	 */
	int boxBytes(final Box box, final int room) {
		if (!contains(box)) throw new IllegalArgumentException("The box " + box + " does not lie within " + this + ".");
		final double bytes = (double) box.width() * box.height() * box.depth() * channels * type.size;
		if (bytes > room) {
			throw new IllegalArgumentException("The box " + box + " needs " + (long) bytes + " bytes; the buffer has " + room +
				".");
		}
		return (int) bytes;
	}

	private boolean contains(final Box box) {
		return box.frame >= 0 && box.frame < frames && inside(box.x0, box.x1, width) && inside(box.y0, box.y1, height) &&
			inside(box.z0, box.z1, depth);
	}

	private static boolean inside(final long from, final long to, final long size) {
		return from >= 0 && from < to && to <= size;
	}

	/** Collects the values; the engine checks them when the image is created. */
	public static final class Builder {

		private PixelType type;
		private long width;
		private long height;
		private long depth = 1;
		private int channels = 1;
		private int frames = 1;
		private boolean rgb;
		private boolean calibrated;
		private double spacingX = 1;
		private double spacingY = 1;
		private double spacingZ = 1;
		private String unit = "pixel";
		private double frameInterval;

		private Builder(final PixelType type, final long width, final long height) {
			this.type = Objects.requireNonNull(type, "type");
			this.width = width;
			this.height = height;
		}

		public Builder type(final PixelType newType) {
			type = Objects.requireNonNull(newType, "type");
			return this;
		}

		public Builder size(final long newWidth, final long newHeight, final long newDepth) {
			width = newWidth;
			height = newHeight;
			depth = newDepth;
			return this;
		}

		public Builder depth(final long newDepth) {
			depth = newDepth;
			return this;
		}

		public Builder channels(final int newChannels) {
			channels = newChannels;
			return this;
		}

		public Builder frames(final int newFrames) {
			frames = newFrames;
			return this;
		}

		/** True also sets three channels of type UINT8. */
		public Builder rgb(final boolean newRgb) {
			rgb = newRgb;
			if (newRgb) {
				type = PixelType.UINT8;
				channels = 3;
			}
			return this;
		}

		/** Calibrates: size of a voxel along each axis, above 0. */
		public Builder spacing(final double x, final double y, final double z, final String newUnit) {
			calibrated = true;
			spacingX = x;
			spacingY = y;
			spacingZ = z;
			unit = Objects.requireNonNull(newUnit, "unit");
			return this;
		}

		/** False also sets a spacing of 1, 1, 1 pixel. */
		public Builder calibrated(final boolean newCalibrated) {
			calibrated = newCalibrated;
			if (!newCalibrated) {
				spacingX = 1;
				spacingY = 1;
				spacingZ = 1;
				unit = "pixel";
			}
			return this;
		}

		/** Seconds; 0 when unknown. */
		public Builder frameInterval(final double seconds) {
			frameInterval = seconds;
			return this;
		}

		public ImageInfo build() {
			return new ImageInfo(this);
		}
	}

	@Override
	public String toString() {
		return width + " x " + height + " x " + depth + ", " + channels + " channels, " + frames + " frames, " + type;
	}
}
