package io.github.brushwood.session;

import ij.ImagePlus;
import ij.gui.Overlay;
import ij.gui.Roi;
import ij.process.ImageProcessor;

import io.github.brushwood.engine.ObjectSet;

import java.awt.Color;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToIntFunction;

/** Objects as Rois: one for each object in each slice and frame, which covers exactly its pixels there. */
public final class ObjectOutlines {

	/** Property of a Roi: the object's id. */
	public static final String OBJECT = "brushwood.object";
	private static final String CLASS = "brushwood.object.class";

	private ObjectOutlines() {}

	/**
	 * @param labels image of the objects, one channel
	 * @param on the image that Rois are for, with as many slices and frames
	 * @param colours of classes by their names
	 */
	static List<Roi> of(final Jobs jobs, final ImagePlus labels, final ObjectSet objects, final ImagePlus on,
		final ToIntFunction<String> colours)
	{
		final List<Roi> rois = new ArrayList<>();
		final List<String> names = objects.classNames();
		for (int t = 1; t <= labels.getNFrames(); t++) {
			final int[] ids = objects.ids(t - 1);
			final byte[] classes = objects.classes(t - 1);
			for (int z = 1; z <= labels.getNSlices(); z++) {
				final int index = labels.getStackIndex(1, z, t);
				jobs.step((double) index / labels.getStackSize());
				final int[] plane = numbers(labels.getStack().getProcessor(index));
				for (final Map.Entry<Integer, Rectangle> object : Masks.boxes(plane, labels.getWidth()).entrySet()) {
					final int id = object.getKey();
					final int at = Arrays.binarySearch(ids, id);
					final int number = at < 0 ? 0 : classes[at] & 0xFF;
					final Roi roi = Masks.roi(object.getValue(), labels.getWidth(), i -> plane[i] == id);
					dress(roi, id, number == 0 ? "" : names.get(number - 1), colours);
					roi.setName(name(id, z, on.getNSlices(), t, on.getNFrames()));
					RoiPositions.set(roi, on, z, t);
					rois.add(roi);
				}
			}
		}
		return rois;
	}

	private static int[] numbers(final ImageProcessor plane) {
		final int[] numbers = new int[plane.getPixelCount()];
		for (int i = 0; i < numbers.length; i++)
			numbers[i] = (int) plane.getf(i);
		return numbers;
	}

	private static void dress(final Roi roi, final int label, final String name, final ToIntFunction<String> colours) {
		roi.setStrokeColor(new Color(colours.applyAsInt(name)));
		roi.setProperty(OBJECT, String.valueOf(label));
		if (!name.isEmpty()) roi.setProperty(CLASS, Escape.encode(name, "\\"));
	}

	/** Such as 0012, or t003-z007-0012 where there are several slices and frames. */
	public static String name(final int id, final int z, final int slices, final int t, final int frames) {
		final String frame = frames > 1 ? String.format(Locale.ROOT, "t%03d-", t) : "";
		final String slice = slices > 1 ? String.format(Locale.ROOT, "z%03d-", z) : "";
		return frame + slice + String.format(Locale.ROOT, "%04d", id);
	}

	/** Puts Rois over an image in place of those of earlier objects; what else is over it stays. */
	static void overlay(final ImagePlus imp, final List<Roi> rois) {
		final Overlay overlay = new Overlay();
		final Overlay present = imp.getOverlay();
		for (int i = 0; present != null && i < present.size(); i++)
			if (present.get(i).getProperty(OBJECT) == null) overlay.add(present.get(i));
		for (final Roi roi : rois)
			overlay.add((Roi) roi.clone());
		imp.setOverlay(overlay);
	}
}
