package io.github.brushwood.session.batch;

/**
 * Estimates how long work still takes from its progress. The pace is an average over the last tens of seconds, so that
 * it follows other images or a busier computer without jumping.
 */
public final class TimeLeft {

	/** Earlier there is no telling. */
	private static final double FIRST_SECONDS = 3;
	private static final double FIRST_FRACTION = 0.005;
	/** Pace is measured in steps of this length. */
	private static final double STEP_SECONDS = 1;
	/** A pace this old counts for 1/e, or later that of a third of the whole time. */
	private static final double MEMORY_SECONDS = 20;
	private static final int SECOND_STEPS = 5;
	private static final int MINUTE = 60;
	private static final int MOST_SECONDS = 90;
	private static final int MOST_MINUTES = 120;

	private double lastTime;
	private double lastFraction;
	private double pace;
	private double now;
	private double fraction;

	/**
	 * @param seconds since the work began
	 * @param done fraction of it, 0 to 1
	 */
	public void update(final double seconds, final double done) {
		now = seconds;
		fraction = done;
		final double step = seconds - lastTime;
		if (step < STEP_SECONDS) return;
		final double present = (done - lastFraction) / step;
		final double old = Math.exp(-step / Math.max(MEMORY_SECONDS, seconds / 3));
		// all of the start counts alike
		final double weight = Math.max(1 - old, step / seconds);
		pace += weight * (present - pace);
		lastTime = seconds;
		lastFraction = done;
	}

	/** Seconds, or -1 as long as there is no telling. */
	public double seconds() {
		if (now < FIRST_SECONDS || fraction < FIRST_FRACTION || pace <= 0) return -1;
		return (1 - fraction) / pace;
	}

	/** For people, such as "4 min left"; "" as long as there is no telling. */
	public String text() {
		final double seconds = seconds();
		if (seconds < 0) return "";
		final long steps = Math.max(1, Math.round(seconds / SECOND_STEPS));
		if (seconds < MOST_SECONDS) return steps * SECOND_STEPS + " s left";
		final long minutes = Math.round(seconds / MINUTE);
		if (minutes < MOST_MINUTES) return minutes + " min left";
		return minutes / MINUTE + " h " + minutes % MINUTE + " min left";
	}
}
