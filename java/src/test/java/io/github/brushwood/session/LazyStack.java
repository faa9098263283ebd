package io.github.brushwood.session;

import ij.ImagePlus;
import ij.ImageStack;
import ij.VirtualStack;
import ij.process.ImageProcessor;

import java.util.function.IntFunction;

/** A virtual stack that hands out copies of planes and counts them. */
final class LazyStack extends VirtualStack {

	private final ImageStack source;
	private final int count;
	int reads;
	/** What to hand out in place of the copy of a plane. */
	IntFunction<ImageProcessor> planes;

	private LazyStack(final ImageStack source, final int count) {
		super(source.getWidth(), source.getHeight(), null, "");
		this.source = source;
		this.count = count;
		planes = n -> source.getProcessor(n).duplicate();
	}

	/** The same image with virtual planes. */
	static ImagePlus of(final ImagePlus imp) {
		return repeated(imp, imp.getStackSize(), imp.getNChannels(), imp.getNSlices(), imp.getNFrames());
	}

	/** An image of so many planes, which are those of the given one again and again. */
	static ImagePlus repeated(final ImagePlus imp, final int count, final int channels, final int slices,
		final int frames)
	{
		final LazyStack stack = new LazyStack(imp.getStack(), count);
		final ImagePlus lazy = new ImagePlus(imp.getTitle(), stack);
		lazy.setDimensions(channels, slices, frames);
		lazy.setCalibration(imp.getCalibration().copy());
		stack.reads = 0;
		return lazy;
	}

	static LazyStack in(final ImagePlus imp) {
		return (LazyStack) imp.getStack();
	}

	@Override
	public int getSize() {
		return count;
	}

	@Override
	public int size() {
		return count;
	}

	@Override
	public int getBitDepth() {
		return source.getBitDepth();
	}

	@Override
	public ImageProcessor getProcessor(final int n) {
		reads++;
		return planes.apply((n - 1) % source.getSize() + 1);
	}

	@Override
	public String getSliceLabel(final int n) {
		return source.getSliceLabel((n - 1) % source.getSize() + 1);
	}
}
