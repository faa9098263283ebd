package io.github.brushwood.engine;

/** One feature the engine can compute: a row of its feature table. */
public final class FeatureRow {

	/** Stable name, used in models, macros and on the command line. */
	public final String id;
	/** Name for people. */
	public final String label;
	/** One-line definition. */
	public final String doc;
	/** Whether the feature has a scale; without one the three sigmas are 0. */
	public final boolean hasSigma;
	/** Smallest, largest and default sigma in pixels. */
	public final double sigmaMin;
	public final double sigmaMax;
	public final double sigmaDefault;
	/** Images one sigma yields in 2D and in 3D. */
	public final int outputs2d;
	public final int outputs3d;

	/** @param numbers hasSigma, sigma minimum, maximum and default, outputs in 2D and in 3D */
	FeatureRow(final String id, final String label, final String doc, final double[] numbers) {
		this.id = id;
		this.label = label;
		this.doc = doc;
		hasSigma = numbers[0] != 0;
		sigmaMin = numbers[1];
		sigmaMax = numbers[2];
		sigmaDefault = numbers[3];
		outputs2d = (int) numbers[4];
		outputs3d = (int) numbers[5];
	}

	@Override
	public String toString() {
		return id;
	}
}
