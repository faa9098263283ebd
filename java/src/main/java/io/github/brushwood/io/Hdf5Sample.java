package io.github.brushwood.io;

import io.github.brushwood.engine.PixelType;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.FixedPoint;
import io.jhdf.object.datatype.FloatingPoint;

import java.nio.ByteBuffer;

/**
 * The kinds of numbers that are read, with the conversions of the engine's TIFF reader (native/src/io/samples.c):
 * signed 8-bit keeps its bits, signed 16-bit is shifted by 32768, what has no type of its own becomes 32-bit float.
 */
enum Hdf5Sample {
	UINT8(PixelType.UINT8, 1) {

		@Override
		void copy(final ByteBuffer from, final int first, final int step, final ByteBuffer to, final int at,
			final int count)
		{
			for (int i = 0; i < count; i++)
				to.put(at + i, from.get(first + i * step));
		}
	},
	INT8(PixelType.UINT8, 1) {

		@Override
		void copy(final ByteBuffer from, final int first, final int step, final ByteBuffer to, final int at,
			final int count)
		{
			UINT8.copy(from, first, step, to, at, count);
		}
	},
	UINT16(PixelType.UINT16, 2) {

		@Override
		void copy(final ByteBuffer from, final int first, final int step, final ByteBuffer to, final int at,
			final int count)
		{
			for (int i = 0; i < count; i++)
				to.putShort(2 * (at + i), from.getShort(2 * (first + i * step)));
		}
	},
	INT16(PixelType.UINT16, 2) {

		@Override
		void copy(final ByteBuffer from, final int first, final int step, final ByteBuffer to, final int at,
			final int count)
		{
			for (int i = 0; i < count; i++)
				to.putShort(2 * (at + i), (short) (from.getShort(2 * (first + i * step)) ^ 0x8000));
		}
	},
	UINT32(PixelType.FLOAT32, 4) {

		@Override
		float value(final ByteBuffer from, final int index) {
			return from.getInt(4 * index) & 0xffffffffL;
		}
	},
	INT32(PixelType.FLOAT32, 4) {

		@Override
		float value(final ByteBuffer from, final int index) {
			return from.getInt(4 * index);
		}
	},
	UINT64(PixelType.FLOAT32, 8) {

		/** Halved, the bit that is lost kept for the rounding. */
		@Override
		float value(final ByteBuffer from, final int index) {
			final long bits = from.getLong(8 * index);
			return bits >= 0 ? bits : 2f * (bits >>> 1 | bits & 1);
		}
	},
	INT64(PixelType.FLOAT32, 8) {

		@Override
		float value(final ByteBuffer from, final int index) {
			return from.getLong(8 * index);
		}
	},
	FLOAT16(PixelType.FLOAT32, 2) {

		@Override
		float value(final ByteBuffer from, final int index) {
			return half(from.getShort(2 * index));
		}
	},
	FLOAT32(PixelType.FLOAT32, 4) {

		@Override
		float value(final ByteBuffer from, final int index) {
			return from.getFloat(4 * index);
		}
	},
	FLOAT64(PixelType.FLOAT32, 8) {

		@Override
		float value(final ByteBuffer from, final int index) {
			return (float) from.getDouble(8 * index);
		}
	};

	/** What it becomes. */
	final PixelType type;
	/** Bytes in the file. */
	final int size;

	Hdf5Sample(final PixelType type, final int size) {
		this.type = type;
		this.size = size;
	}

	/** The kind of a dataset's numbers, or null when they are of no kind that is read. */
	static Hdf5Sample of(final DataType type) {
		if (type instanceof FixedPoint) {
			final FixedPoint number = (FixedPoint) type;
			final boolean whole = number.getBitOffset() == 0 && number.getBitPrecision() == 8 * type.getSize();
			return whole ? byName((number.isSigned() ? "INT" : "UINT") + 8 * type.getSize()) : null;
		}
		if (!(type instanceof FloatingPoint)) return null;
		final Hdf5Sample sample = byName("FLOAT" + 8 * type.getSize());
		return sample != null && ((FloatingPoint) type).getExponentSize() == sample.exponentBits() ? sample : null;
	}

	/** IEEE 754's; other floats of the same size are not read. */
	private int exponentBits() {
		return this == FLOAT16 ? 5 : this == FLOAT32 ? 8 : 11;
	}

	private static Hdf5Sample byName(final String name) {
		for (final Hdf5Sample sample : values())
			if (sample.name().equals(name)) return sample;
		return null;
	}

	/** One number as a float; for the kinds that become floats. */
	float value(final ByteBuffer from, final int index) {
		throw new UnsupportedOperationException(name());
	}

	/**
	 * Converts numbers.
	 *
	 * @param from in the file's byte order; first and step count numbers
	 * @param to in native order; at counts pixels
	 */
	void copy(final ByteBuffer from, final int first, final int step, final ByteBuffer to, final int at,
		final int count)
	{
		for (int i = 0; i < count; i++)
			to.putFloat(4 * (at + i), value(from, first + i * step));
	}

	/** Writes a dataset's fill value, which is null for zero. */
	void fill(final ByteBuffer to, final Number value) {
		if (value == null) return;
		for (int i = 0; i < to.capacity() / size; i++) {
			if (this == FLOAT64) to.putDouble(8 * i, value.doubleValue());
			else if (this == FLOAT32) to.putFloat(4 * i, value.floatValue());
			else if (this == FLOAT16) to.putShort(2 * i, toHalf(value.floatValue()));
			else if (size == 8) to.putLong(8 * i, value.longValue());
			else if (size == 4) to.putInt(4 * i, (int) value.longValue());
			else if (size == 2) to.putShort(2 * i, (short) value.longValue());
			else to.put(i, (byte) value.longValue());
		}
	}

	/** Half precision, exactly; infinities and NaN stay what they are. */
	private static float half(final short bits) {
		final int sign = (bits & 0x8000) << 16;
		final int exponent = bits >> 10 & 31;
		final int mantissa = bits & 0x3ff;
		if (exponent == 0) return (sign == 0 ? 1 : -1) * (mantissa * 0x1p-24f);
		return Float.intBitsToFloat(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13);
	}

	/** Of a value that was a half before. */
	private static short toHalf(final float value) {
		for (int bits = 0; bits < 0x10000; bits++)
			if (Float.compare(half((short) bits), value) == 0) return (short) bits;
		return 0x7e00; // NaN
	}
}
