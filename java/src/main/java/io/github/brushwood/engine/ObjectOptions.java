package io.github.brushwood.engine;

import java.util.Objects;

/** How objects are made from probabilities; starts with the engine's defaults. The engine checks the values. */
public final class ObjectOptions {

	private static final int WHOLE_NUMBERS = 9;
	private static final int REAL_NUMBERS = 9;

	private byte[] foreground;
	private byte[] core;
	private int boundary;
	private Threshold method;
	private double threshold;
	private double coreThreshold;
	private double sigma;
	private boolean fillHoles;
	private long minSize;
	private long maxSize;
	private Splitting split;
	private double depth;
	private double edge;
	private double minShare;
	private boolean lines;
	private Border border;
	private int connectivity;
	private double[] spacing;

	/** What becomes of objects at the border of the frame; in the order of the engine's numbers. */
	public enum Border {
		KEEP,
		/** Objects that touch a border in x or y are left out. */
		XY,
		/** In z as well. */
		XYZ
	}

	/** With an automatic threshold. */
	public ObjectOptions() {
		this(Threshold.AUTO);
	}

	/**
	 * @param method how the threshold is found; an automatic one goes with a core and an edge, with the others the
	 *          threshold alone decides
	 */
	public ObjectOptions(final Threshold method) {
		NativeLoader.load();
		final Packed p = new Packed();
		Native.objectsDefaults(method.ordinal(), p.foreground, p.core, p.whole, p.real);
		foreground = p.foreground;
		core = p.core;
		boundary = (int) p.whole[0];
		this.method = Threshold.values()[(int) p.whole[1]];
		fillHoles = p.whole[2] != 0;
		minSize = p.whole[3];
		maxSize = p.whole[4];
		split = Splitting.values()[(int) p.whole[5]];
		lines = p.whole[6] != 0;
		border = Border.values()[(int) p.whole[7]];
		connectivity = (int) p.whole[8];
		threshold = p.real[0];
		coreThreshold = p.real[1];
		sigma = p.real[2];
		depth = p.real[3];
		edge = p.real[4];
		minShare = p.real[5];
		spacing = new double[] { p.real[6], p.real[7], p.real[8] };
	}

	/** The form in which options cross to the engine. */
	static final class Packed {

		/** not 0: the channel counts */
		byte[] foreground = new byte[Engine.maxClasses()];
		byte[] core = new byte[Engine.maxClasses()];
		/** boundary, method, fillHoles, minSize, maxSize, split, lines, border, connectivity */
		final long[] whole = new long[WHOLE_NUMBERS];
		/** threshold, coreThreshold, sigma, depth, edge, minShare, spacing along x, y, z */
		final double[] real = new double[REAL_NUMBERS];
	}

	Packed pack() {
		final Packed p = new Packed();
		p.foreground = foreground;
		p.core = core;
		final long[] whole = { boundary, method.ordinal(), fillHoles ? 1 : 0, minSize, maxSize, split.ordinal(), lines ? 1
			: 0, border.ordinal(), connectivity };
		final double[] real = { threshold, coreThreshold, sigma, depth, edge, minShare, spacing[0], spacing[1],
			spacing[2] };
		System.arraycopy(whole, 0, p.whole, 0, WHOLE_NUMBERS);
		System.arraycopy(real, 0, p.real, 0, REAL_NUMBERS);
		return p;
	}

	/** @param channels that count as foreground, from 0; none = all but the background */
	public ObjectOptions foreground(final int... channels) {
		foreground = flags(channels);
		return this;
	}

	/** @param channels of the core, from 0; none = those of the foreground */
	public ObjectOptions core(final int... channels) {
		core = flags(channels);
		return this;
	}

	private static byte[] flags(final int... channels) {
		final byte[] flags = new byte[Engine.maxClasses()];
		for (final int channel : channels) {
			if (channel < 0 || channel >= flags.length) {
				throw new IndexOutOfBoundsException("The channel " + channel + " is outside 0 to " + (flags.length - 1) + ".");
			}
			flags[channel] = 1;
		}
		return flags;
	}

	/** @param channel of the boundary class, for {@link Splitting#BOUNDARY}, from 0; -1 = none */
	public ObjectOptions boundary(final int channel) {
		boundary = channel;
		return this;
	}

	public ObjectOptions method(final Threshold newMethod) {
		method = Objects.requireNonNull(newMethod, "method");
		return this;
	}

	/** @param value foreground is where its smoothed probability is at least this; above 0, at most 1 */
	public ObjectOptions threshold(final double value) {
		threshold = value;
		return this;
	}

	/** @param value objects stay when the core reaches this somewhere; 0 = no core */
	public ObjectOptions coreThreshold(final double value) {
		coreThreshold = value;
		return this;
	}

	/** @param pixels sigma of the smoothing, along x; 0 = none */
	public ObjectOptions sigma(final double pixels) {
		sigma = pixels;
		return this;
	}

	/** @param on background that does not touch the border of the frame becomes foreground */
	public ObjectOptions fillHoles(final boolean on) {
		fillHoles = on;
		return this;
	}

	/** @param share of what a tenth of an object exceeds, where it ends, if anything is split; 0 = at the threshold */
	public ObjectOptions edge(final double share) {
		edge = share;
		return this;
	}

	/** @param share of the median size of the frame's objects that an object has at least, 0 to 1; 0 = any */
	public ObjectOptions minShare(final double share) {
		minShare = share;
		return this;
	}

	/** @param voxels that an object has at least; 0 = any */
	public ObjectOptions minSize(final long voxels) {
		minSize = voxels;
		return this;
	}

	/** @param voxels that an object has at most; 0 = any */
	public ObjectOptions maxSize(final long voxels) {
		maxSize = voxels;
		return this;
	}

	public ObjectOptions split(final Splitting how) {
		split = Objects.requireNonNull(how, "split");
		return this;
	}

	/** @param share of its height that a seed has to stand out above the saddle to a higher one, 0 to 1 */
	public ObjectOptions depth(final double share) {
		depth = share;
		return this;
	}

	/** @param on a line of background, one voxel wide, between the parts of what was split */
	public ObjectOptions lines(final boolean on) {
		lines = on;
		return this;
	}

	public ObjectOptions border(final Border atBorder) {
		border = Objects.requireNonNull(atBorder, "border");
		return this;
	}

	/** @param neighbours 4, 8: slice by slice; 6, 26: in 3D; 0 = 8 for single slices, else 26 */
	public ObjectOptions connectivity(final int neighbours) {
		connectivity = neighbours;
		return this;
	}

	/** Size of a voxel, in place of the image's own. */
	public ObjectOptions spacing(final double x, final double y, final double z) {
		spacing = new double[] { x, y, z };
		return this;
	}

	public int boundary() {
		return boundary;
	}

	public Threshold method() {
		return method;
	}

	public double threshold() {
		return threshold;
	}

	public double coreThreshold() {
		return coreThreshold;
	}

	public double sigma() {
		return sigma;
	}

	public boolean fillHoles() {
		return fillHoles;
	}

	public double edge() {
		return edge;
	}

	public double minShare() {
		return minShare;
	}

	public long minSize() {
		return minSize;
	}

	public long maxSize() {
		return maxSize;
	}

	public Splitting split() {
		return split;
	}

	public double depth() {
		return depth;
	}

	public boolean lines() {
		return lines;
	}

	public Border border() {
		return border;
	}

	public int connectivity() {
		return connectivity;
	}
}
