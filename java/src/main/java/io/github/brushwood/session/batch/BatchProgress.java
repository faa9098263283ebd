package io.github.brushwood.session.batch;

import io.github.brushwood.session.Monitor;

/** Tells a batch's progress through a monitor: images done, percent, time left and the image in work. */
public final class BatchProgress implements Monitor {

	private static final long INTERVAL_NS = 250_000_000;
	private static final double NANO = 1e-9;
	private static final int LONGEST = 35;

	private final Monitor monitor;
	private final int images;
	private final long start = System.nanoTime();
	private final TimeLeft left = new TimeLeft();
	private int number;
	private String file = "";
	private long told;

	/** @param images number of all images */
	public BatchProgress(final Monitor monitor, final int images) {
		this.monitor = monitor;
		this.images = images;
	}

	/**
	 * An image begins.
	 *
	 * @param index of the image, from 0
	 * @param fraction of the whole work, 0 to 1
	 */
	public void begin(final int index, final String name, final double fraction) {
		number = index + 1;
		file = shortened(name);
		tell(fraction);
	}

	@Override
	public boolean progress(final double fraction) {
		if (System.nanoTime() - told >= INTERVAL_NS) tell(fraction);
		return monitor.progress(fraction);
	}

	@Override
	public void status(final String text) {
		monitor.status(text);
	}

	/** The status bar is narrow: of a long name its end. */
	private static String shortened(final String name) {
		final String line = name.replaceAll("\\p{Cntrl}", "?");
		return line.length() <= LONGEST ? line : "..." + line.substring(line.length() - LONGEST + 3);
	}

	private void tell(final double fraction) {
		final long now = System.nanoTime();
		left.update((now - start) * NANO, fraction);
		// often enough, also when there are hundreds of images a second
		if (told != 0 && now - told < INTERVAL_NS) return;
		told = now;
		final String time = left.text();
		monitor.status(number + "/" + images + " " + file + ", " + (int) (100 * fraction) + " %" + (time.isEmpty() ? ""
			: ", " + time));
	}
}
