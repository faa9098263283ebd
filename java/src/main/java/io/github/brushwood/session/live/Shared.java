package io.github.brushwood.session.live;

/** An engine object that several hold; the last one to let go frees it. Any thread. */
final class Shared<T> implements AutoCloseable {

	private final T value;
	private final Runnable free;
	private int holders = 1;

	/** The caller is the first holder. */
	Shared(final T value, final Runnable free) {
		this.value = value;
		this.free = free;
	}

	T get() {
		return value;
	}

	/** One more holder, who closes this. */
	synchronized Shared<T> hold() {
		holders++;
		return this;
	}

	/** Whether someone else holds it too. */
	synchronized boolean isLent() {
		return holders > 1;
	}

	/** Once per holder. */
	@Override
	public void close() {
		synchronized (this) {
			if (--holders > 0) return;
		}
		free.run();
	}
}
