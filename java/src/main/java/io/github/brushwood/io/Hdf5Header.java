package io.github.brushwood.io;

import io.github.brushwood.engine.PixelType;
import io.jhdf.checksum.ChecksumUtils;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All of an HDF5 file but the pixels, which follow it in one piece: a dataset in groups, with attributes. jhdf writes
 * arrays of Java as a whole, and signed numbers only; so that pixels of any amount can go to their places box by box,
 * the description is put together here, as the HDF5 file format specification 3.0 lays it down (superblock 2, object
 * headers 2: what HDF5 1.8 and later read).
 */
final class Hdf5Header {

	private static final byte[] SIGNATURE = { (byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
	private static final long UNDEFINED = -1;
	private static final int SUPERBLOCK = 48;
	private static final int OBJECT_HEADER = 14; // signature, version, flags, size, checksum
	private static final int HEAP = 4096; // HDF5's smallest
	private static final int HEAP_FREE = HEAP - 16 - 32; // without the heads of heap, text and free space
	private static final int ALIGNMENT = 4096; // of the pixels

	/** Kinds of messages. */
	private static final int SPACE = 1;
	private static final int LINKS = 2;
	private static final int TYPE = 3;
	private static final int FILL = 5;
	private static final int LINK = 6;
	private static final int LAYOUT = 8;
	private static final int GROUP = 10;
	private static final int ATTRIBUTE = 12;

	private final List<byte[]> messages = new ArrayList<>();
	private final PixelType type;
	private final long[] shape;
	private byte[] text = {};

	/**
	 * @param type of the pixels, which are little-endian in the file
	 * @param shape lengths of the axes, slowest first
	 */
	Hdf5Header(final PixelType type, final long... shape) {
		this.type = type;
		this.shape = shape.clone();
	}

	/** Adds the one attribute that is a text of variable length, as h5py makes them. */
	Hdf5Header text(final String name, final String value) {
		text = value.getBytes(StandardCharsets.UTF_8);
		if (text.length > HEAP_FREE) throw new IllegalArgumentException(name + " is too long");
		final ByteBuffer data = buffer(16).putInt(text.length).putLong(SUPERBLOCK).putInt(1);
		messages.add(attribute(name, textType(), scalar(), data.array()));
		return this;
	}

	/** Adds an attribute. */
	Hdf5Header numbers(final String name, final double... values) {
		final ByteBuffer data = buffer(8 * values.length);
		for (final double value : values)
			data.putDouble(value);
		messages.add(attribute(name, floatType(8), space(values.length), data.array()));
		return this;
	}

	/**
	 * The bytes up to the pixels.
	 *
	 * @param path of the dataset, such as volume/data
	 */
	byte[] bytes(final String path) {
		final String[] names = path.split("/");
		long address = SUPERBLOCK + HEAP;
		final List<byte[]> objects = new ArrayList<>();
		for (final String name : names) {
			final int size = OBJECT_HEADER + 4 + 18 + 4 + 2 + 4 + 12 + name.getBytes(StandardCharsets.UTF_8).length;
			address += size;
			objects.add(group(name, address));
		}
		final long end = address + dataset(0).length;
		final long pixels = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
		objects.add(dataset(pixels));
		final ByteBuffer all = buffer(Math.toIntExact(pixels));
		all.put(superblock(pixels + pixelBytes())).put(heap());
		for (final byte[] object : objects)
			all.put(object);
		return all.array();
	}

	/** Of all pixels. */
	long pixelBytes() {
		return Arrays.stream(shape).reduce(type.size, Math::multiplyExact);
	}

	private static ByteBuffer buffer(final int size) {
		return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
	}

	/** With the checksum in its last four bytes. */
	private static byte[] checked(final ByteBuffer buffer) {
		final byte[] bytes = buffer.array();
		buffer.putInt(bytes.length - 4, ChecksumUtils.checksum(Arrays.copyOf(bytes, bytes.length - 4)));
		return bytes;
	}

	private static byte[] superblock(final long end) {
		final ByteBuffer block = buffer(SUPERBLOCK).put(SIGNATURE).put(new byte[] { 2, 8, 8, 0 }); // sizes of addresses
		return checked(block.putLong(0).putLong(UNDEFINED).putLong(end).putLong(SUPERBLOCK + HEAP));
	}

	/** The collection of texts, with its one text. */
	private byte[] heap() {
		final int padded = (text.length + 7) / 8 * 8;
		final ByteBuffer heap = buffer(HEAP).put(new byte[] { 'G', 'C', 'O', 'L', 1, 0, 0, 0 }).putLong(HEAP);
		heap.putShort((short) 1).putShort((short) 1).putInt(0).putLong(text.length).put(text);
		heap.position(32 + padded);
		heap.putLong(0).putLong(HEAP - 32 - padded); // the free space, with its head
		return heap.array();
	}

	private static byte[] group(final String name, final long child) {
		final byte[] text = name.getBytes(StandardCharsets.UTF_8);
		final ByteBuffer link = buffer(12 + text.length).put(new byte[] { 1, 0x10, 1, (byte) text.length }).put(text);
		link.putLong(child); // a hard link, named in UTF-8
		final ByteBuffer links = buffer(18).putShort((short) 0).putLong(UNDEFINED).putLong(UNDEFINED);
		return object(Arrays.asList(message(LINKS, links.array()), message(GROUP, new byte[2]),
			message(LINK, link.array())));
	}

	private byte[] dataset(final long pixels) {
		final ByteBuffer layout = buffer(18).put(new byte[] { 3, 1 }).putLong(pixels).putLong(pixelBytes()); // contiguous
		final List<byte[]> all = new ArrayList<>();
		all.add(message(SPACE, space(shape)));
		all.add(message(TYPE, type == PixelType.FLOAT32 ? floatType(4) : unsignedType(type.size)));
		all.add(message(FILL, new byte[] { 3, 0x0a })); // zero, written if set
		all.add(message(LAYOUT, layout.array()));
		all.addAll(messages);
		return object(all);
	}

	private static byte[] object(final List<byte[]> messages) {
		final int size = messages.stream().mapToInt(message -> message.length).sum();
		final ByteBuffer object = buffer(OBJECT_HEADER + size).put(new byte[] { 'O', 'H', 'D', 'R', 2, 2 }).putInt(size);
		for (final byte[] message : messages)
			object.put(message);
		return checked(object);
	}

	private static byte[] message(final int kind, final byte[] content) {
		final ByteBuffer message = buffer(4 + content.length).put((byte) kind).putShort((short) content.length);
		return message.put((byte) 0).put(content).array();
	}

	private static byte[] attribute(final String name, final byte[] type, final byte[] space, final byte[] data) {
		final byte[] text = name.getBytes(StandardCharsets.UTF_8);
		final ByteBuffer content = buffer(10 + text.length + type.length + space.length + data.length);
		content.putShort((short) 3).putShort((short) (text.length + 1)).putShort((short) type.length);
		content.putShort((short) space.length).put((byte) 1).put(text).put((byte) 0);
		return message(ATTRIBUTE, content.put(type).put(space).put(data).array());
	}

	private static byte[] scalar() {
		return new byte[] { 2, 0, 0, 0 };
	}

	private static byte[] space(final long... lengths) {
		final ByteBuffer space = buffer(4 + 8 * lengths.length).put(new byte[] { 2, (byte) lengths.length, 0, 1 });
		for (final long length : lengths)
			space.putLong(length);
		return space.array();
	}

	private static byte[] unsignedType(final int size) {
		return buffer(12).putInt(0x10).putInt(size).putShort((short) 0).putShort((short) (8 * size)).array();
	}

	/** IEEE 754. */
	private static byte[] floatType(final int size) {
		final boolean single = size == 4;
		final ByteBuffer type = buffer(20).putInt(0x2011 | (single ? 31 : 63) << 16).putInt(size);
		type.putShort((short) 0).putShort((short) (8 * size)).put((byte) (single ? 23 : 52)).put((byte) (single ? 8 : 11));
		return type.put((byte) 0).put((byte) (single ? 23 : 52)).putInt(single ? 127 : 1023).array();
	}

	/** Of variable length, in UTF-8, made of unsigned bytes. */
	private static byte[] textType() {
		return buffer(20).putInt(0x010119).putInt(16).put(unsignedType(1)).array();
	}
}
