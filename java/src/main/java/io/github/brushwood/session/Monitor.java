package io.github.brushwood.session;

/** Hears what a piece of work is doing and may stop it. */
public interface Monitor {

	/** Hears nothing, stops nothing. */
	Monitor NONE = new Monitor() {

		@Override
		public boolean progress(final double fraction) {
			return true;
		}

		@Override
		public void status(final String text) {
			// nobody is listening
		}
	};

	/**
	 * @param fraction work done, 0 to 1
	 * @return false to stop
	 */
	boolean progress(double fraction);

	/** A short line for the status bar. */
	void status(String text);
}
