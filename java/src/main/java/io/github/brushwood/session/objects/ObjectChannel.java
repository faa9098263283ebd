package io.github.brushwood.session.objects;

import ij.CompositeImage;
import ij.ImagePlus;
import ij.ImageStack;
import ij.process.ImageProcessor;
import ij.process.LUT;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusAdapter;

import java.awt.Color;

/** Objects as a further channel of their image, so that features see them. */
public final class ObjectChannel {

	/** What the channel holds. */
	public enum Values {
		/** 255 in objects, 0 outside. */
		MASK,
		/** Distance to the object's rim in pixels, at least 1 and at most 255; 0 outside. */
		DEPTH
	}

	private static final int MOST = 255;
	private static final String LABEL = "objects";

	private ObjectChannel() {}

	/**
	 * A copy of an image with the channel behind its own; same type, calibration, slice labels and colours. It is not
	 * shown.
	 *
	 * @param labels as large as the image
	 * @throws BrushwoodException when it is a colour image
	 */
	public static ImagePlus append(final ImagePlus imp, final LabelImage labels, final Values values) {
		if (imp.getBitDepth() == 24) {
			throw new BrushwoodException("The image '" + imp.getTitle() +
				"' is an RGB image, which has no room for a channel. Make channels of it first (Image > Color > Make Composite).");
		}
		final ImageStack stack = new ImageStack(imp.getWidth(), imp.getHeight());
		for (int t = 1; t <= imp.getNFrames(); t++)
			for (int z = 1; z <= imp.getNSlices(); z++) {
				for (int c = 1; c <= imp.getNChannels(); c++) {
					final int index = imp.getStackIndex(c, z, t);
					stack.addSlice(imp.getStack().getSliceLabel(index), imp.getStack().getProcessor(index).duplicate());
				}
				stack.addSlice(LABEL, channel(imp, labels.plane(z - 1, t - 1), values));
			}
		return compose(imp, stack);
	}

	private static ImageProcessor channel(final ImagePlus imp, final int[] plane, final Values values) {
		final int[] depth = Depth.of(plane, imp.getWidth(), imp.getHeight());
		final ImageProcessor ip = imp.getProcessor().createProcessor(imp.getWidth(), imp.getHeight());
		final int zero = zero(imp);
		for (int i = 0; i < plane.length; i++) {
			final int inside = values == Values.MASK ? MOST : Math.min(MOST, depth[i] / Depth.PIXEL);
			if (ip.getBitDepth() == 32) ip.setf(i, plane[i] > 0 ? inside : 0);
			else ip.set(i, plane[i] > 0 ? zero + inside : zero);
		}
		return ip;
	}

	/** The pixel value that stands for 0. */
	private static int zero(final ImagePlus imp) {
		return (int) -ImagePlusAdapter.offset(imp);
	}

	private static ImagePlus compose(final ImagePlus imp, final ImageStack stack) {
		final int channels = imp.getNChannels() + 1;
		final ImagePlus plain = new ImagePlus(imp.getTitle() + " with objects", stack);
		plain.setDimensions(channels, imp.getNSlices(), imp.getNFrames());
		plain.setCalibration(imp.getCalibration().copy());
		final CompositeImage composite = new CompositeImage(plain, CompositeImage.COMPOSITE);
		final LUT[] colours = imp.getLuts();
		for (int c = 1; c < channels; c++) {
			final LUT lut = colours.length >= c ? colours[c - 1] : imp.getProcessor().getLut();
			composite.setChannelLut(lut, c);
		}
		final LUT lut = LUT.createLutFromColor(Color.YELLOW);
		lut.min = zero(imp);
		lut.max = zero(imp) + MOST;
		composite.setChannelLut(lut, channels);
		composite.setOpenAsHyperStack(true);
		return composite;
	}
}
