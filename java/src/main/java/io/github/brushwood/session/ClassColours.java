package io.github.brushwood.session;

import ij.CompositeImage;
import ij.ImagePlus;
import ij.process.LUT;

import io.github.brushwood.engine.Model;

import java.awt.Color;

/** Classes as colours of images, and the image property that keeps them. */
final class ClassColours {

	/** Image property with the text of {@link AnnotationClasses#format}; ImageJ saves it in TIFF files. */
	static final String PROPERTY = "brushwood.classes";

	private ClassColours() {}

	/** The classes of a model, in the order of their labels. */
	static AnnotationClasses of(final Model model) {
		final AnnotationClasses classes = new AnnotationClasses();
		for (int i = 0; i < model.classCount(); i++)
			classes.put(i + 1, uniqueName(classes, model.className(i), i + 1), model.classColour(i));
		return classes;
	}

	private static String uniqueName(final AnnotationClasses classes, final String name, final int label) {
		return !name.trim().isEmpty() && classes.find(name) == null ? name : "class " + label;
	}

	/** Gives label k the colour of class k and keeps the list with the image; 0 is black. */
	static void apply(final ImagePlus labels, final AnnotationClasses classes) {
		final byte[] r = new byte[256];
		final byte[] g = new byte[256];
		final byte[] b = new byte[256];
		for (int k = 1; k < 256; k++) {
			final int rgb = k <= classes.size() ? classes.at(k).rgb() : AnnotationClasses.defaultColour(k);
			r[k] = (byte) (rgb >> 16);
			g[k] = (byte) (rgb >> 8);
			b[k] = (byte) rgb;
		}
		final LUT lut = new LUT(r, g, b);
		labels.getProcessor().setColorModel(lut);
		labels.getStack().setColorModel(lut);
		labels.setDisplayRange(0, 255);
		labels.setProp(PROPERTY, classes.format());
	}

	/** Gives channel k of probabilities the colour of class k and the display range 0 to 1. */
	static void applyToChannels(final ImagePlus probabilities, final AnnotationClasses classes) {
		probabilities.setProp(PROPERTY, classes.format());
		if (!(probabilities instanceof CompositeImage)) {
			probabilities.setDisplayRange(0, 1);
			return;
		}
		final CompositeImage composite = (CompositeImage) probabilities;
		for (int k = 1; k <= classes.size(); k++) {
			final LUT lut = LUT.createLutFromColor(new Color(classes.at(k).rgb()));
			lut.min = 0;
			lut.max = 1;
			composite.setChannelLut(lut, k);
		}
		composite.setPosition(1, 1, 1);
		composite.setDisplayRange(0, 1);
	}
}
