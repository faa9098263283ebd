package io.github.brushwood.session;

import ij.ImagePlus;
import ij.gui.Overlay;
import ij.gui.PointRoi;
import ij.gui.Roi;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.ObjectSet;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.List;

/**
 * Examples of objects' classes as Rois of an image: its annotations, or else multi-points, whose counters 0, 1, ... are
 * classes 1, 2, ...: those of its selection and its overlay.
 */
final class PaintedExamples {

	private final ImagePlus imp;
	private final Annotations annotations;

	/** @throws BrushwoodException when the image has no examples */
	PaintedExamples(final ImagePlus imp) {
		this.imp = imp;
		annotations = Annotations.has(imp) ? new Annotations(imp) : null;
		if (!has(imp)) {
			throw new BrushwoodException("The image '" + imp.getTitle() + "' has no examples. Mark some objects of each " +
				"class: with Brushwood Annotate or Brushwood Pick Object Classes, or with ImageJ's multi-point tool, whose " +
				"counters 0, 1, ... are the classes 1, 2, ...");
		}
	}

	static boolean has(final ImagePlus imp) {
		return Annotations.has(imp) || !points(imp).isEmpty();
	}

	private static List<PointRoi> points(final ImagePlus imp) {
		final List<Roi> rois = new ArrayList<>();
		final Overlay overlay = imp.getOverlay();
		for (int i = 0; overlay != null && i < overlay.size(); i++)
			rois.add(overlay.get(i));
		if (imp.getRoi() != null) rois.add(imp.getRoi());
		final List<PointRoi> points = new ArrayList<>();
		for (final Roi roi : rois)
			if (roi instanceof PointRoi) points.add((PointRoi) roi);
		return points;
	}

	/** Adds the classes of the examples to a list that names others. */
	void addTo(final AnnotationClasses all) {
		if (annotations != null) {
			all.mergeAll(annotations.classes());
			return;
		}
		int highest = 0;
		for (final PointRoi roi : points(imp))
			for (int i = 0; i < roi.size(); i++)
				highest = Math.max(highest, roi.getCounter(i) + 1);
		all.growTo(highest);
	}

	/** Classes of objects by their labels in a list, as {@link ObjectSet#examples} gives them. */
	byte[] of(final Jobs jobs, final ObjectSet objects, final AnnotationClasses all) {
		final LabelPlanes paint = annotations != null ? annotations.rasterise(all) : dots();
		try (Job job = jobs.open(); EngineImage image = paint.toEngine(job, imp.getTitle())) {
			return objects.examples(job, image);
		}
	}

	private LabelPlanes dots() {
		final LabelPlanes planes = new LabelPlanes(imp.getWidth(), imp.getHeight(), imp.getNSlices(), imp.getNFrames());
		for (final PointRoi roi : points(imp)) {
			for (int i = 0; i < roi.size(); i++) {
				final Rectangle pixel = RoiRasterizer.extent(roi, i);
				dot(planes, pixel.x, pixel.y, place(roi, i), roi.getCounter(i) + 1);
			}
		}
		return planes;
	}

	/** A selection without a place of its own is on the slice and frame in sight. */
	private RoiPositions.Place place(final PointRoi roi, final int point) {
		final RoiPositions.Place place = RoiPositions.isPointwise(roi) ? RoiPositions.ofPoint(roi, point, imp)
			: RoiPositions.of(roi, imp);
		return roi != imp.getRoi() ? place : new RoiPositions.Place(place.z > 0 ? place.z : imp.getSlice(), place.t > 0
			? place.t : imp.getFrame());
	}

	private void dot(final LabelPlanes planes, final int x, final int y, final RoiPositions.Place place,
		final int label)
	{
		if (x < 0 || y < 0 || x >= planes.width || y >= planes.height || !place.within(imp)) {
			throw new BrushwoodException("The point at x " + x + ", y " + y + ", " + place + " lies outside the image '" + imp
				.getTitle() + "'. Move or remove it.");
		}
		for (int t = 1; t <= planes.frames; t++)
			for (int z = 1; z <= planes.depth; z++) {
				if (!place.covers(z, t)) continue;
				final byte[] plane = planes.plane(z - 1, t - 1);
				final int at = y * planes.width + x;
				final int before = plane[at] & 0xFF;
				if (before != 0 && before != label) {
					throw new BrushwoodException("The pixel at x " + x + ", y " + y + " of '" + imp.getTitle() +
						"' has points of the classes " + before + " and " + label + ". Remove one of them.");
				}
				plane[at] = (byte) label;
			}
	}
}
