package io.github.brushwood.session.live;

/** Takes the times of one update. For the worker's thread. */
final class Clock {

	private final long commit;
	private double features;
	private double firstForest;
	private double forest;
	private double prediction;
	private double painting;
	private double firstTile;
	private boolean stopped;

	/** @param commit System.nanoTime() when the labels were committed */
	Clock(final long commit) {
		this.commit = commit;
	}

	/** Milliseconds since a System.nanoTime(). */
	static double since(final long start) {
		return (System.nanoTime() - start) / 1e6;
	}

	void features(final double milliseconds) {
		features += milliseconds;
	}

	/** Time that the forest took so far. */
	void forest(final double milliseconds, final boolean first) {
		if (first) firstForest = milliseconds;
		forest = milliseconds;
	}

	/** A tile: what the engine took, and turning it into bytes. */
	void tile(final double engine, final double bytes) {
		prediction += engine;
		painting += bytes;
	}

	void handedOut() {
		if (firstTile == 0) firstTile = since(commit);
	}

	boolean isStopped() {
		return stopped;
	}

	/** All is done. */
	LiveUpdater.Timings stop() {
		stopped = true;
		return new LiveUpdater.Timings(features, firstForest, forest, prediction, painting, firstTile, since(commit));
	}
}
