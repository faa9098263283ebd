package io.github.brushwood.engine;

/** How a forest is grown; starts with the engine's defaults. */
public final class ForestOptions {

	int trees;
	int mtry;
	int maxDepth;
	int minLeaf;
	boolean balance;
	long seed;

	public ForestOptions() {
		NativeLoader.load();
		final long[] defaults = Native.forestDefaults();
		trees = (int) defaults[0];
		mtry = (int) defaults[1];
		maxDepth = (int) defaults[2];
		minLeaf = (int) defaults[3];
		balance = defaults[4] != 0;
		seed = defaults[5];
	}

	/** @param count 1 to 1000 */
	public ForestOptions trees(final int count) {
		trees = count;
		return this;
	}

	/** @param count candidate features per split; 0 for the square root of their number */
	public ForestOptions mtry(final int count) {
		mtry = count;
		return this;
	}

	/** @param depth 0 to grow until every leaf is pure */
	public ForestOptions maxDepth(final int depth) {
		maxDepth = depth;
		return this;
	}

	/** @param samples smallest number of samples in a leaf */
	public ForestOptions minLeaf(final int samples) {
		minLeaf = samples;
		return this;
	}

	/** @param classes true to give every class the same share of each tree's sample */
	public ForestOptions balance(final boolean classes) {
		balance = classes;
		return this;
	}

	/** @param value the same seed and samples give the same model */
	public ForestOptions seed(final long value) {
		seed = value;
		return this;
	}

	public int trees() {
		return trees;
	}

	public int mtry() {
		return mtry;
	}

	public int maxDepth() {
		return maxDepth;
	}

	public int minLeaf() {
		return minLeaf;
	}

	public boolean balance() {
		return balance;
	}

	public long seed() {
		return seed;
	}
}
