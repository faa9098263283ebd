package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;
import ij.process.ByteProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.ShortProcessor;

import java.util.Random;

/** Irregular blobs, some with holes, some at the border, some that touch; the same for the same seed. */
public final class Blobs {

	private static final double SIGMA = 4;

	private Blobs() {}

	/** A mask of 0 and 255. */
	public static ImagePlus mask(final int width, final int height, final int seed) {
		return new ImagePlus("blobs.tif", plane(width, height, seed));
	}

	/** Masks as slices or frames. */
	public static ImagePlus stack(final int width, final int height, final int slices, final int frames) {
		final ImageStack stack = new ImageStack(width, height);
		for (int i = 0; i < slices * frames; i++)
			stack.addSlice(plane(width, height, i + 1));
		final ImagePlus imp = new ImagePlus("stack.tif", stack);
		imp.setDimensions(1, slices, frames);
		imp.setOpenAsHyperStack(slices > 1 && frames > 1);
		return imp;
	}

	private static ByteProcessor plane(final int width, final int height, final int seed) {
		final Random random = new Random(seed);
		final FloatProcessor noise = new FloatProcessor(width, height);
		for (int i = 0; i < width * height; i++)
			noise.setf(i, (float) random.nextGaussian());
		noise.blurGaussian(SIGMA);
		final ByteProcessor mask = new ByteProcessor(width, height);
		for (int i = 0; i < width * height; i++)
			if (noise.getf(i) > 0.03) mask.set(i, 255);
		return mask;
	}

	/** 16-bit values that vary everywhere. */
	public static ImagePlus values(final ImagePlus like, final int seed) {
		final Random random = new Random(seed);
		final ImageStack stack = new ImageStack(like.getWidth(), like.getHeight());
		for (int z = 0; z < like.getStackSize(); z++) {
			final ImageProcessor plane = new ShortProcessor(like.getWidth(), like.getHeight());
			for (int i = 0; i < plane.getPixelCount(); i++)
				plane.set(i, 100 + random.nextInt(3000));
			stack.addSlice(plane);
		}
		final ImagePlus imp = new ImagePlus("values.tif", stack);
		imp.setDimensions(1, like.getNSlices(), like.getNFrames());
		return imp;
	}
}
