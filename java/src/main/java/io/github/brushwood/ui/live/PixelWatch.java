package io.github.brushwood.ui.live;

import ij.ImageListener;
import ij.ImagePlus;
import ij.process.ImageProcessor;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Notices when someone changes the pixels of an image: ImageJ tells the same for a new contrast, so that the plane in
 * sight is compared with how it was, in the background.
 */
final class PixelWatch implements ImageListener {

	private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

	private final ImagePlus imp;
	private final Executor background;
	private final Runnable changed;
	private final Map<Integer, Long> sums = new HashMap<>();
	private final AtomicBoolean looking = new AtomicBoolean();

	/** @param changed called in the background */
	PixelWatch(final ImagePlus imp, final Executor background, final Runnable changed) {
		this.imp = imp;
		this.background = background;
		this.changed = changed;
	}

	void start() {
		ImagePlus.addImageListener(this);
		imageUpdated(imp);
	}

	void stop() {
		ImagePlus.removeImageListener(this);
	}

	@Override
	public void imageOpened(final ImagePlus other) {}

	@Override
	public void imageClosed(final ImagePlus other) {}

	@Override
	public void imageUpdated(final ImagePlus other) {
		if (other == imp && looking.compareAndSet(false, true)) background.execute(this::look);
	}

	private void look() {
		looking.set(false); // what changes from here on is looked at again
		final ImageProcessor plane = imp.getProcessor();
		if (plane == null) return;
		final long sum = sum(plane.getPixels());
		final Long before = sums.put(imp.getCurrentSlice(), sum);
		if (before != null && before != sum) changed.run();
	}

	/** Of all pixels of a plane, whatever their type. */
	static long sum(final Object pixels) {
		long sum = 0;
		if (pixels instanceof byte[]) for (final byte value : (byte[]) pixels)
			sum = (sum + value) * MULTIPLIER;
		else if (pixels instanceof short[]) for (final short value : (short[]) pixels)
			sum = (sum + value) * MULTIPLIER;
		else if (pixels instanceof int[]) for (final int value : (int[]) pixels)
			sum = (sum + value) * MULTIPLIER;
		else if (pixels instanceof float[]) for (final float value : (float[]) pixels)
			sum = (sum + Float.floatToRawIntBits(value)) * MULTIPLIER;
		return sum;
	}
}
