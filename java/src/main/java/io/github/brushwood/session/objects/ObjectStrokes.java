package io.github.brushwood.session.objects;

import ij.gui.Roi;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Masks;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Objects as annotations to train from: each object without its rim, where segmentations are least sure, and the
 * background far from all objects.
 */
public final class ObjectStrokes {

	/** Rows from one stroke of the background to the next; its pixels are many and alike. */
	private static final int ROWS = 4;

	private final LabelImage labels;
	private final int erode;
	private final int margin;

	/**
	 * @param erode width of the rim in pixels that every object loses, 0 or more; of objects that would vanish the deepest
	 *          pixels stay
	 * @param margin background nearer than this to an object, in pixels, is left out, 0 or more
	 * @throws BrushwoodException when there are no objects
	 */
	public ObjectStrokes(final LabelImage labels, final int erode, final int margin) {
		if (labels.highest() == 0) {
			throw new BrushwoodException("There are no objects to learn from: the label image is empty.");
		}
		this.labels = labels;
		this.erode = erode;
		this.margin = margin;
	}

	/**
	 * Adds them.
	 *
	 * @param annotations of an image as large as the labels
	 * @param background null for none
	 */
	public void addTo(final Annotations annotations, final AnnotationClass objects, final AnnotationClass background) {
		for (int t = 0; t < labels.frames; t++)
			for (int z = 0; z < labels.slices; z++) {
				final int[] plane = labels.plane(z, t);
				final int[] depth = Depth.of(plane, labels.width, labels.height);
				annotations.addAll(objects, cores(plane, depth), z + 1, t + 1);
				if (background != null) annotations.addAll(background, rows(plane, depth), z + 1, t + 1);
			}
	}

	private List<Roi> cores(final int[] plane, final int[] depth) {
		final Map<Integer, Integer> deepest = new HashMap<>();
		for (int i = 0; i < plane.length; i++)
			if (plane[i] > 0) deepest.merge(plane[i], depth[i], Math::max);
		final List<Roi> cores = new ArrayList<>();
		for (final Map.Entry<Integer, Rectangle> box : Masks.boxes(plane, labels.width).entrySet()) {
			final int number = box.getKey();
			final int least = Math.min(Depth.PIXEL * erode + 1, deepest.get(number));
			cores.add(Masks.roi(box.getValue(), labels.width, i -> plane[i] == number && depth[i] >= least));
		}
		return cores;
	}

	private List<Roi> rows(final int[] plane, final int[] depth) {
		final Roi roi = Masks.roi(new Rectangle(labels.width, labels.height), labels.width, i -> plane[i] == 0 &&
			depth[i] > Depth.PIXEL * margin && i / labels.width % ROWS == ROWS / 2);
		return roi == null ? Collections.emptyList() : Collections.singletonList(roi);
	}
}
