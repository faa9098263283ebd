package io.github.brushwood.session;

import ij.gui.Roi;
import ij.plugin.filter.ThresholdToSelection;
import ij.process.ByteProcessor;
import ij.process.ImageProcessor;

import java.awt.Rectangle;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/** Pixels of a plane as Rois that cover exactly them, with their holes and in all their parts. */
public final class Masks {

	private Masks() {}

	/** Where the objects of a plane are, in the order of their numbers. */
	public static Map<Integer, Rectangle> boxes(final int[] labels, final int width) {
		final Map<Integer, Rectangle> boxes = new TreeMap<>();
		Rectangle box = null;
		for (int i = 0, last = 0; i < labels.length; i++) {
			if (labels[i] == 0) continue;
			final int x = i % width;
			final int y = i / width;
			if (box == null || labels[i] != last) box = boxes.computeIfAbsent(labels[i], number -> new Rectangle(x, y, 1, 1));
			last = labels[i];
			if (!box.contains(x, y)) box.add(new Rectangle(x, y, 1, 1));
		}
		return boxes;
	}

	/**
	 * The wanted pixels of a part of a plane.
	 *
	 * @param wanted takes an index into the plane
	 * @return null when none is wanted
	 */
	public static Roi roi(final Rectangle box, final int width, final IntPredicate wanted) {
		final ByteProcessor mask = new ByteProcessor(box.width, box.height);
		boolean any = false;
		for (int y = 0; y < box.height; y++)
			for (int x = 0; x < box.width; x++)
				if (wanted.test((box.y + y) * width + box.x + x)) {
					mask.set(x, y, 255);
					any = true;
				}
		if (!any) return null;
		mask.setThreshold(255, 255, ImageProcessor.NO_LUT_UPDATE);
		final Roi roi = new ThresholdToSelection().convert(mask);
		roi.setLocation(box.x + roi.getBounds().x, box.y + roi.getBounds().y);
		return roi;
	}
}
