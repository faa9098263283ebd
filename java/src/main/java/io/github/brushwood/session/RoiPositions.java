package io.github.brushwood.session;

import ij.ImagePlus;
import ij.gui.PointRoi;
import ij.gui.Roi;

/** Slice and frame of a Roi on an image: 1-based, 0 = all. The channel never matters to annotations. */
final class RoiPositions {

	/** Where one Roi, or one of its points, belongs. */
	static final class Place {

		final int z;
		final int t;

		Place(final int z, final int t) {
			this.z = z;
			this.t = t;
		}

		boolean covers(final int slice, final int frame) {
			return (z == 0 || z == slice) && (t == 0 || t == frame);
		}

		boolean within(final ImagePlus imp) {
			return z <= imp.getNSlices() && t <= imp.getNFrames();
		}

		@Override
		public String toString() {
			return "slice " + (z == 0 ? "any" : z) + ", frame " + (t == 0 ? "any" : t);
		}
	}

	private RoiPositions() {}

	/** True when every point of a multi-point Roi has its own place. */
	static boolean isPointwise(final Roi roi) {
		return roi instanceof PointRoi && !roi.hasHyperStackPosition() && roi
			.getPosition() == PointRoi.POINTWISE_POSITION;
	}

	static Place of(final Roi roi, final ImagePlus imp) {
		if (roi.hasHyperStackPosition()) return new Place(roi.getZPosition(), roi.getTPosition());
		return fromIndex(roi.getPosition(), imp);
	}

	static Place ofPoint(final PointRoi roi, final int point, final ImagePlus imp) {
		return fromIndex(roi.getPointPosition(point), imp);
	}

	/**
	 * Puts a Roi on a slice and frame so that ImageJ shows it there in every channel. Points that have their own places
	 * keep them.
	 */
	static void set(final Roi roi, final ImagePlus imp, final int z, final int t) {
		if (isPointwise(roi)) return;
		// ImageJ shows hyperstack positions on hyperstacks only, and plain ones on plain stacks only
		if (imp.isHyperStack() || imp.getNChannels() > 1) roi.setPosition(0, z, t);
		else setIndex(roi, z > 0 && t > 0 ? imp.getStackIndex(1, z, t) : 0);
	}

	/** ImageJ 1.54p cannot save points whose position is set to 0; they begin with none. */
	private static void setIndex(final Roi roi, final int index) {
		if (index > 0 || !(roi instanceof PointRoi)) roi.setPosition(index);
	}

	/** A place outside the image keeps its number as the slice, so that it can be reported. */
	private static Place fromIndex(final int index, final ImagePlus imp) {
		if (index <= 0) return new Place(0, 0);
		if (index > imp.getStackSize()) return new Place(index, 0);
		final int[] czt = imp.convertIndexToPosition(index);
		return new Place(czt[1], czt[2]);
	}
}
