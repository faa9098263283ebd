package io.github.brushwood.engine;

import java.util.function.BooleanSupplier;

/**
 * A native object that any thread may close at any time. A call takes a {@link Use}, so the object lives until the call
 * ends: {@link #close()} refuses new calls at once, waits for running ones and then frees; while a {@link Pin} is
 * open, the last of them frees. Closing twice is fine.
 *
 * <p>Inside a progress listener, a source or a sink nothing here ever waits, so these cannot deadlock: close() returns
 * at once and the last running call frees; what else would wait throws an {@link IllegalStateException}.
 *
 * <p>There are no finalizers: what is not closed stays in {@link Engine#memoryInUse()}.
 */
abstract class Handle implements AutoCloseable {

	private static final int EXCLUSIVE = -1;
	/** How many progress listeners, sources and sinks are running on this thread, one inside the other. */
	private static final ThreadLocal<int[]> LISTENERS = ThreadLocal.withInitial(() -> new int[1]);

	private final String kind;
	/** 0 once freed. */
	private long address;
	/** Running calls, or EXCLUSIVE while one call changes the object. */
	private int users;
	/** Other objects that need this one unchanged. */
	private int pins;
	private boolean closed;

	Handle(final String kind, final long address) {
		this.kind = kind;
		this.address = address;
	}

	/** Frees the native object; called once, when no call uses it. */
	abstract void free(long nativeAddress);

	/** A right to read the object, shared with others. */
	final Use use() {
		acquire();
		return new Use(this);
	}

	/** Counts a call; a {@link Use} of this handle must be closed for it. */
	final synchronized void acquire() {
		await(() -> users == EXCLUSIVE);
		users++;
	}

	/** Keeps the object alive and unchanged until closed; unlike a {@link Use} nothing waits for it. */
	final synchronized Pin pin() {
		refuseClosed();
		pins++;
		return new Pin(this);
	}

	private synchronized void unpin() {
		pins--;
		freeIfUnused();
	}

	/** A right to change the object, alone. */
	final synchronized Use useAlone() {
		if (!closed && pins > 0) {
			throw new IllegalStateException("The " + kind + " cannot change while another object depends on it; close that " +
				"object first.");
		}
		return useAloneThoughPinned();
	}

	/** The same for a change that objects depending on this one are made for: no call of theirs runs meanwhile. */
	final synchronized Use useAloneThoughPinned() {
		await(() -> users != 0);
		users = EXCLUSIVE;
		return new Use(this);
	}

	/** Throws when {@link #close()} has been called. */
	final synchronized void refuseClosed() {
		if (closed) throw new IllegalStateException("The " + kind + " is closed.");
	}

	private synchronized void release() {
		users = users == EXCLUSIVE ? 0 : users - 1;
		freeIfUnused();
	}

	@Override
	public synchronized void close() {
		closed = true;
		freeIfUnused();
		if (!inListener()) waitWhile(() -> users != 0);
	}

	/** Wakes who waits, then frees: that may throw what a source or a sink throws when closed. */
	private void freeIfUnused() {
		notifyAll();
		if (!closed || users != 0 || pins != 0) return;
		final long old = address;
		address = 0;
		if (old != 0) free(old);
	}

	/** Waits for a free object; throws when it is closed before. */
	private void await(final BooleanSupplier busy) {
		if (!closed && busy.getAsBoolean() && inListener()) {
			throw new IllegalStateException("The " + kind + " is in use; a progress listener, a source or a sink cannot wait " +
				"for it.");
		}
		waitWhile(() -> !closed && busy.getAsBoolean());
		refuseClosed();
	}

	/** Waits with this object's lock held; an interrupt is kept for the caller. */
	private void waitWhile(final BooleanSupplier condition) {
		boolean interrupted = false;
		while (condition.getAsBoolean()) {
			try {
				wait();
			}
			catch (final InterruptedException e) {
				interrupted = true;
			}
		}
		if (interrupted) Thread.currentThread().interrupt();
	}

	private static boolean inListener() {
		return LISTENERS.get()[0] > 0;
	}

	/** Runs a listener, marked as such. */
	static boolean tell(final ProgressListener listener, final double fraction) {
		final int[] depth = LISTENERS.get();
		depth[0]++;
		try {
			return listener.progress(fraction);
		}
		finally {
			depth[0]--;
		}
	}

	/** Runs what a source or a sink does for the engine; what holds for listeners holds for it. */
	static void callBack(final Runnable work) {
		tell(fraction -> {
			work.run();
			return true;
		}, 0);
	}

	/** Keeps the object alive until closed; for try-with-resources around one native call. */
	static class Use implements AutoCloseable {

		private final Handle handle;

		Use(final Handle handle) {
			this.handle = handle;
		}

		final long address() {
			return handle.address;
		}

		@Override
		public void close() {
			handle.release();
		}
	}

	/** Keeps the object alive and unchanged for another object. */
	static final class Pin {

		private Handle handle;

		private Pin(final Handle handle) {
			this.handle = handle;
		}

		/** Closing twice is fine. */
		synchronized void close() {
			if (handle != null) handle.unpin();
			handle = null;
		}
	}
}
