package io.github.brushwood.engine;

/** Hears how far a call has come. */
@FunctionalInterface
public interface ProgressListener {

	/**
	 * Called on the thread that made the engine call, often: return quickly. A short call that other threads did all the
	 * work of may end without it. An exception cancels the call, which then throws that exception. The listener may call
	 * {@link Job#cancel()} and {@link Job#progress()} and use other objects; it never waits for them: what would have to
	 * wait throws an {@link IllegalStateException}.
	 *
	 * @param fraction work done, 0 to 1
	 * @return false to cancel
	 */
	boolean progress(double fraction);
}
