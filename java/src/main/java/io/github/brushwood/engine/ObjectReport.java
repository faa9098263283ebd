package io.github.brushwood.engine;

/** What happened while objects were made. Immutable. */
public final class ObjectReport {

	static final int COUNT = 9;

	/** Thresholds that were used. */
	public final double threshold;
	public final double coreThreshold;
	/** Of the mask, holes filled, before sizes count. */
	public final long components;
	/** Objects of all frames. */
	public final long objects;
	/** Objects that were left out, and why. */
	public final long withoutCore;
	public final long tooSmall;
	public final long tooLarge;
	public final long atBorder;
	/** Voxels of holes. */
	public final long filled;

	ObjectReport(final double[] n) {
		threshold = n[0];
		coreThreshold = n[1];
		components = (long) n[2];
		objects = (long) n[3];
		withoutCore = (long) n[4];
		tooSmall = (long) n[5];
		tooLarge = (long) n[6];
		atBorder = (long) n[7];
		filled = (long) n[8];
	}
}
