package io.github.brushwood.engine;

import java.lang.reflect.Array;

/** How a pixel is stored. */
public enum PixelType {
	/** Unsigned 8-bit, {@code byte[]}. */
	UINT8(1, 1, byte[].class),
	/** Unsigned 16-bit, {@code short[]}. */
	UINT16(2, 2, short[].class),
	/** 32-bit floating point, {@code float[]}. */
	FLOAT32(3, 4, float[].class);

	/** The {@code bw_pixel_type}. */
	final int code;
	/** Bytes of a pixel. */
	public final int size;
	private final Class<?> array;

	PixelType(final int code, final int size, final Class<?> array) {
		this.code = code;
		this.size = size;
		this.array = array;
	}

	static PixelType of(final long code) {
		for (final PixelType type : values()) {
			if (type.code == code) return type;
		}
		throw new EngineException(Status.INTERNAL, "The engine reports the unknown pixel type " + code + ".");
	}

	/** Class of the arrays that hold such pixels. */
	public Class<?> array() {
		return array;
	}

	/** Refuses an array of another type or length. */
	void check(final Object pixels, final long length) {
		if (!array.isInstance(pixels)) {
			final String given = pixels == null ? "null" : pixels.getClass().getSimpleName();
			throw new IllegalArgumentException("A plane of " + this + " pixels is a " + array.getSimpleName() +
				", not " + given + ".");
		}
		checkLength(Array.getLength(pixels), length);
	}

	static void checkLength(final int given, final long length) {
		if (given != length) {
			throw new IllegalArgumentException("A plane of this image has " + length + " pixels; the array has " + given +
				".");
		}
	}
}
