package io.github.brushwood.session.objects;

import ij.gui.Roi;
import ij.process.ImageProcessor;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Masks;
import io.github.brushwood.session.ObjectOutlines;
import io.github.brushwood.session.RoiRasterizer;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Objects as ImageJ Rois and back. Where Rois overlap the earlier one keeps the pixels: StarDist lists the more
 * probable objects first and draws its own label images likewise.
 */
final class RoiLabels {

	private RoiLabels() {}

	/** Slice and frame of a Roi, from 1; 0 stands for all. */
	private static final class Place {

		private final int z;
		private final int t;

		/** A plain position counts the slices of a one-channel stack. */
		Place(final Roi roi, final int slices) {
			final boolean czt = roi.hasHyperStackPosition();
			final int index = czt ? 0 : Math.max(0, roi.getPosition());
			z = czt ? roi.getZPosition() : index == 0 ? 0 : (index - 1) % slices + 1;
			t = czt ? roi.getTPosition() : index == 0 ? 0 : (index - 1) / slices + 1;
		}

		boolean covers(final int slice, final int frame) {
			return (z == 0 || z == slice) && (t == 0 || t == frame);
		}
	}

	/**
	 * The objects that Rois enclose. They have the numbers that {@link #rois} gave them, else 1, 2, ... in the order of
	 * the list, through all slices and frames.
	 *
	 * @param labels receives them
	 * @param name of the list for messages, such as "The file 'a.zip'"
	 * @throws BrushwoodException naming a Roi that encloses no pixels or lies outside the image
	 */
	static void draw(final List<Roi> rois, final LabelImage labels, final String name) {
		final int[] numbers = numbers(rois, name);
		final boolean[] visible = new boolean[rois.size()];
		final List<Place> places = new ArrayList<>();
		for (final Roi roi : rois)
			places.add(checked(roi, labels, name));
		labels.setPlanar(arePlanar(rois, places, labels.slices));
		for (int t = 0; t < labels.frames; t++)
			for (int z = 0; z < labels.slices; z++) {
				final int[] plane = new int[labels.width * labels.height];
				for (int i = 0; i < numbers.length; i++)
					if (places.get(i).covers(z + 1, t + 1)) visible[i] |= draw(rois.get(i), numbers[i], plane, labels);
				labels.setPlane(z, t, plane);
			}
		int hidden = 0;
		for (final boolean seen : visible)
			hidden += seen ? 0 : 1;
		if (hidden > 0) labels.notes().add(name + ": " + hidden + " of " + rois.size() +
			" Rois have no pixel of their own, as they are smaller than one or earlier Rois cover them.");
	}

	/** Of a Roi without a number nobody knows which Rois of other slices belong to its object. */
	private static boolean arePlanar(final List<Roi> rois, final List<Place> places, final int slices) {
		boolean planar = slices > 1 && !rois.isEmpty();
		for (int i = 0; i < places.size(); i++)
			planar &= places.get(i).z > 0 && rois.get(i).getProperty(ObjectOutlines.OBJECT) == null;
		return planar;
	}

	private static int[] numbers(final List<Roi> rois, final String name) {
		final int[] numbers = new int[rois.size()];
		int next = 0;
		for (int i = 0; i < numbers.length; i++) {
			final String text = rois.get(i).getProperty(ObjectOutlines.OBJECT);
			if (text == null) continue;
			if (!text.matches("[1-9][0-9]{0,7}") || Integer.parseInt(text) > LabelImage.MAX) {
				throw new BrushwoodException(name + " holds the Roi '" + rois.get(i).getName() + "' with the property " +
					ObjectOutlines.OBJECT + " of '" + text + "', which is not the number of an object.");
			}
			numbers[i] = Integer.parseInt(text);
			next = Math.max(next, numbers[i]);
		}
		for (int i = 0; i < numbers.length; i++)
			if (numbers[i] == 0) numbers[i] = ++next;
		return numbers;
	}

	private static Place checked(final Roi roi, final LabelImage labels, final String name) {
		if (!roi.isArea() || !RoiRasterizer.isSupported(roi)) {
			throw new BrushwoodException(name + " holds the " + roi.getTypeAsString().toLowerCase(Locale.ROOT) +
				" selection '" + roi.getName() + "', which encloses no pixels. Objects are polygons and other areas.");
		}
		final Place place = new Place(roi, labels.slices);
		final boolean inside = roi.getBounds().intersects(0, 0, labels.width, labels.height) && place.z <= labels.slices &&
			place.t <= labels.frames;
		if (inside || roi.getBounds().isEmpty()) return place;
		throw new BrushwoodException(String.format(Locale.ROOT,
			"%s holds the Roi '%s' at x %d, y %d, slice %d, frame %d, outside the image of %d x %d with %d slices and %d " +
				"frames. Open the image that it was made of.", name, roi.getName(), roi.getBounds().x, roi.getBounds().y, place.z,
			place.t, labels.width, labels.height, labels.slices, labels.frames));
	}

	/** @return whether it got a pixel */
	private static boolean draw(final Roi roi, final int number, final int[] plane, final LabelImage labels) {
		final Rectangle bounds = roi.getBounds();
		final Rectangle clip = bounds.intersection(new Rectangle(labels.width, labels.height));
		final ImageProcessor mask = clip.isEmpty() ? null : roi.getMask();
		boolean any = false;
		for (int y = clip.y; y < clip.y + clip.height; y++)
			for (int x = clip.x; x < clip.x + clip.width; x++) {
				final int i = y * labels.width + x;
				if (plane[i] != 0 || mask != null && mask.get(x - bounds.x, y - bounds.y) == 0) continue;
				plane[i] = number;
				any = true;
			}
		return any;
	}

	/**
	 * A Roi for each object and plane, in the order of planes and numbers. Holes and separate parts make composite Rois.
	 *
	 * @param hyperstack whether they will lie on a hyperstack, whose positions ImageJ counts otherwise
	 */
	static List<Roi> rois(final LabelImage labels, final boolean hyperstack) {
		final List<Roi> rois = new ArrayList<>();
		for (int t = 0; t < labels.frames; t++)
			for (int z = 0; z < labels.slices; z++) {
				final int[] plane = labels.plane(z, t);
				for (final Map.Entry<Integer, Rectangle> box : Masks.boxes(plane, labels.width).entrySet()) {
					final int number = box.getKey();
					final Roi roi = Masks.roi(box.getValue(), labels.width, i -> plane[i] == number);
					roi.setName(ObjectOutlines.name(number, z + 1, labels.slices, t + 1, labels.frames));
					roi.setProperty(ObjectOutlines.OBJECT, String.valueOf(number));
					if (hyperstack) roi.setPosition(0, z + 1, t + 1);
					else if (labels.slices * labels.frames > 1) roi.setPosition(t * labels.slices + z + 1);
					rois.add(roi);
				}
			}
		return rois;
	}
}
