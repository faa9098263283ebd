package io.github.brushwood.spark;

import io.github.brushwood.engine.PredictReport;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What tasks did. */
final class BlockTally implements Serializable {

	private static final long serialVersionUID = 1L;
	private static final double SECONDS = 1e-9;

	private final transient long begun = System.nanoTime();
	private final ArrayList<BlockFailure> failures = new ArrayList<>();
	private long made;
	private long there;
	private long openings;
	private double workSeconds;
	private double taskSeconds;
	private double openSeconds;
	private long nonFinite;
	private boolean spacingAssumed;
	private boolean sliceWise;

	/** @param start of the work on the block, of {@link System#nanoTime()} */
	void addMade(final PredictReport report, final long start) {
		made++;
		addTime(start);
		nonFinite += report.nonFinite();
		spacingAssumed |= report.spacingAssumed();
		sliceWise |= report.sliceWise();
	}

	/** A block that somebody else had made. */
	void addThere(final long start) {
		there++;
		addTime(start);
	}

	void addFailure(final BlockFailure failure, final long start) {
		failures.add(failure);
		addTime(start);
	}

	/** Model, image and results were opened by a worker. */
	void addOpening(final long start) {
		openings++;
		openSeconds += since(start);
	}

	/** The task that made this tally ends. */
	void endTask() {
		taskSeconds += since(begun);
	}

	private void addTime(final long start) {
		workSeconds += since(start);
	}

	private static double since(final long start) {
		return (System.nanoTime() - start) * SECONDS;
	}

	void add(final BlockTally other) {
		failures.addAll(other.failures);
		made += other.made;
		there += other.there;
		openings += other.openings;
		workSeconds += other.workSeconds;
		taskSeconds += other.taskSeconds;
		openSeconds += other.openSeconds;
		nonFinite += other.nonFinite;
		spacingAssumed |= other.spacingAssumed;
		sliceWise |= other.sliceWise;
	}

	/** In the order of blocks. */
	List<BlockFailure> failures() {
		final List<BlockFailure> sorted = new ArrayList<>(failures);
		Collections.sort(sorted);
		return sorted;
	}

	long made() {
		return made;
	}

	long there() {
		return there;
	}

	long blocks() {
		return made + there + failures.size();
	}

	long openings() {
		return openings;
	}

	/** Time that the engine worked on blocks, summed over workers. */
	double workSeconds() {
		return workSeconds;
	}

	/** Time from the begin to the end of what tasks do, as workers see it. */
	double taskSeconds() {
		return taskSeconds;
	}

	double openSeconds() {
		return openSeconds;
	}

	/** What there is to know about the results, in sentences. */
	List<String> notes() {
		final List<String> notes = new ArrayList<>();
		if (nonFinite > 0) {
			notes.add(nonFinite + " pixels in the blocks made now are not finite; the smallest finite value took their place.");
		}
		if (spacingAssumed) notes.add("The image has no calibration; the model's voxel spacing was used.");
		if (sliceWise) notes.add("The model is 2D; the stack was segmented slice by slice.");
		return notes;
	}
}
