package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;
import ij.process.ByteProcessor;
import ij.process.ShortProcessor;

/** Label images of squares (odd numbers) and thin bars (even ones) of various sizes, in rows. */
public final class Shapes {

	private static final int PITCH = 16;
	private static final int PER_ROW = 10;

	private Shapes() {}

	/** Numbers 1..count, 16-bit; the same in every frame. */
	public static ImagePlus labels(final String title, final int count, final int frames) {
		final int rows = (count + PER_ROW - 1) / PER_ROW;
		final ImageStack stack = new ImageStack(PER_ROW * PITCH, rows * PITCH);
		for (int t = 0; t < frames; t++) {
			final ShortProcessor plane = new ShortProcessor(PER_ROW * PITCH, rows * PITCH);
			for (int i = 0; i < count; i++) {
				final int high = isBar(i + 1) ? 2 : 6 + i % 4;
				for (int y = 0; y < high; y++)
					for (int x = 0; x < 6 + i % 7; x++)
						plane.set(x(i + 1) + x, y(i + 1) + y, i + 1);
			}
			stack.addSlice(plane);
		}
		final ImagePlus imp = new ImagePlus(title, stack);
		imp.setDimensions(1, 1, frames);
		return imp;
	}

	/** The same as a mask. */
	public static ImagePlus mask(final String title, final int count) {
		final ImagePlus labels = labels(title, count, 1);
		final ByteProcessor mask = new ByteProcessor(labels.getWidth(), labels.getHeight());
		for (int i = 0; i < mask.getPixelCount(); i++)
			mask.set(i, labels.getProcessor().get(i) > 0 ? 255 : 0);
		return new ImagePlus(title, mask);
	}

	public static boolean isBar(final int number) {
		return number % 2 == 0;
	}

	/** A pixel of an object. */
	public static int x(final int number) {
		return (number - 1) % PER_ROW * PITCH + 2;
	}

	public static int y(final int number) {
		return (number - 1) / PER_ROW * PITCH + 2;
	}
}
