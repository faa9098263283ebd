package io.github.brushwood.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** A source or a sink as the engine calls it, while a call runs that needs it; closes it once. */
final class Port {

	/** Reads or writes a box. */
	interface Boxes {

		void move(Box box, ByteBuffer pixels);
	}

	/** Bytes that a buffer can have. */
	static final int MOST_BYTES = Integer.MAX_VALUE;

	private final Boxes boxes;
	private final Runnable finish;
	private final Runnable close;
	private boolean closed;

	private Port(final Boxes boxes, final Runnable finish, final Runnable close) {
		this.boxes = boxes;
		this.finish = finish;
		this.close = close;
	}

	static Port of(final ImageSource source) {
		Objects.requireNonNull(source, "source");
		return new Port((box, pixels) -> source.read(box, inOrder(pixels)), () -> {}, source::close);
	}

	static Port of(final ImageSink sink) {
		Objects.requireNonNull(sink, "sink");
		return new Port((box, pixels) -> sink.write(box, inOrder(pixels.asReadOnlyBuffer())), sink::finish, sink::close);
	}

	private static ByteBuffer inOrder(final ByteBuffer pixels) {
		return pixels.order(ByteOrder.nativeOrder());
	}

	void move(final Box box, final ByteBuffer pixels) {
		Handle.callBack(() -> boxes.move(box, pixels));
	}

	void finish() {
		Handle.callBack(finish);
	}

	/** Closing twice is fine. */
	void close() {
		synchronized (this) {
			if (closed) return;
			closed = true;
		}
		Handle.callBack(close);
	}

	/** Closes because of a failure, which counts more than one of the closing. */
	void closeAfter(final Throwable failure) {
		try {
			close();
		}
		catch (RuntimeException | Error e) {
			failure.addSuppressed(e);
		}
	}
}
