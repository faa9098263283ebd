package io.github.brushwood.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** An image of bytes as source and sink, which keeps what it was asked for. */
final class ArrayImage implements ImageSource, ImageSink {

	final ImageInfo info;
	final byte[] pixels;
	final List<Box> boxes = new ArrayList<>();
	int finished;
	int closed;
	/** Done before each box. */
	Runnable before = () -> {};
	Runnable atFinish = () -> {};
	Runnable atClose = () -> {};

	ArrayImage(final ImageInfo info) {
		this.info = info;
		pixels = new byte[(int) (info.planeLength() * info.depth * info.channels * info.frames * info.type.size)];
	}

	/** With the pixels of an image. */
	static ArrayImage of(final EngineImage image) {
		final ArrayImage copy = new ArrayImage(image.info());
		final int frame = copy.pixels.length / copy.info.frames;
		try (Job job = new Job()) {
			for (int t = 0; t < copy.info.frames; t++)
				image.read(job, Box.of(copy.info, t), ByteBuffer.wrap(copy.pixels, t * frame, frame));
		}
		return copy;
	}

	@Override
	public ImageInfo info() {
		return info;
	}

	@Override
	public String name() {
		return "array";
	}

	@Override
	public String channelName(final int channel) {
		return channel == 0 ? "first" : "";
	}

	@Override
	public String planeLabel(final int frame, final int channel, final int z) {
		return z == 0 ? null : "slice " + z;
	}

	@Override
	public void read(final Box box, final ByteBuffer to) {
		begin(box, to);
		for (final int row : rows(box))
			to.put(pixels, row, rowBytes(box));
	}

	@Override
	public void write(final Box box, final ByteBuffer from) {
		begin(box, from);
		for (final int row : rows(box))
			from.get(pixels, row, rowBytes(box));
	}

	private void begin(final Box box, final ByteBuffer buffer) {
		boxes.add(box);
		before.run();
		if (buffer.remaining() != box.count() * info.channels * info.type.size || !buffer.isDirect() || buffer
			.order() != ByteOrder.nativeOrder()) throw new AssertionError(buffer + " for " + box);
	}

	private int rowBytes(final Box box) {
		return (int) box.width() * info.type.size;
	}

	/** Where the rows of a box begin, in the box's order. */
	private List<Integer> rows(final Box box) {
		final List<Integer> rows = new ArrayList<>();
		for (int c = 0; c < info.channels; c++)
			for (long z = box.z0; z < box.z1; z++)
				for (long y = box.y0; y < box.y1; y++) {
					final long line = ((box.frame * info.channels + c) * info.depth + z) * info.height + y;
					rows.add((int) (line * info.width + box.x0) * info.type.size);
				}
		return rows;
	}

	@Override
	public void finish() {
		finished++;
		atFinish.run();
	}

	@Override
	public void close() {
		closed++;
		atClose.run();
	}
}
