package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.Show;

/** What the windows of a session share of their looks: tool, class, what lies over the image. On the event thread. */
final class Palette {

	/** Who gets the mouse on the image. */
	enum Mode {
		BRUSH, ERASER, LINE,
		/** The tool that is chosen in ImageJ's toolbar. */
		IMAGEJ;

		boolean paints() {
			return this != IMAGEJ;
		}
	}

	static final int MIN_SIZE = 1;
	static final int MAX_SIZE = 500;

	/** Steps per doubling of the brush size, for the keys, the wheel and the slider. */
	private static final double STEP = Math.pow(2, 0.25);

	private final Runnable changed;
	private Mode mode = Mode.BRUSH;
	private int classId = 1;
	private int size = 5;
	private Show.Kind kind = Show.Kind.PROBABILITIES;
	private int feature;
	private boolean off;
	private boolean held;
	private int resultOpacity = 45;
	private int featureOpacity = 100;
	private int labelOpacity = 60;

	/** @param changed called after every change */
	Palette(final Runnable changed) {
		this.changed = changed;
	}

	Mode mode() {
		return mode;
	}

	void setMode(final Mode mode) {
		this.mode = mode;
		changed.run();
	}

	/** Of the class that strokes get. */
	int classId() {
		return classId;
	}

	void setClassId(final int id) {
		classId = id;
		changed.run();
	}

	/** Diameter of the brush in pixels of the image. */
	int size() {
		return size;
	}

	void setSize(final int pixels) {
		size = Math.max(MIN_SIZE, Math.min(MAX_SIZE, pixels));
		changed.run();
	}

	/** Grows (or shrinks) the brush by a noticeable bit. */
	void stepSize(final int steps) {
		int next = (int) Math.round(size * Math.pow(STEP, steps));
		if (next == size) next += Integer.signum(steps);
		setSize(next);
	}

	/** What to show when nothing hides it. */
	Show show() {
		switch (kind) {
			case NOTHING:
				return Show.NOTHING;
			case PROBABILITY:
				return Show.probability(classId);
			case SEGMENTATION:
				return Show.SEGMENTATION;
			case UNCERTAINTY:
				return Show.UNCERTAINTY;
			case FEATURE:
				return Show.feature(feature);
			default:
				return Show.PROBABILITIES;
		}
	}

	Show.Kind kind() {
		return kind;
	}

	void setKind(final Show.Kind kind) {
		this.kind = kind;
		off = false;
		changed.run();
	}

	int feature() {
		return feature;
	}

	/** Shows a feature. @param index in the recipe */
	void setFeature(final int index) {
		feature = Math.max(0, index);
		setKind(Show.Kind.FEATURE);
	}

	/** Whether the overlay was switched off, or is hidden while a key is held. */
	boolean isHidden() {
		return off || held;
	}

	/** Whether a key is held that hides everything. */
	boolean isHeld() {
		return held;
	}

	void toggle() {
		off = !off;
		changed.run();
	}

	void setHeld(final boolean down) {
		if (held == down) return;
		held = down;
		changed.run();
	}

	/** Of what is shown now, percent. */
	int opacity() {
		return kind == Show.Kind.FEATURE ? featureOpacity : resultOpacity;
	}

	void setOpacity(final int percent) {
		if (kind == Show.Kind.FEATURE) featureOpacity = percent;
		else resultOpacity = percent;
		changed.run();
	}

	/** Of the inside of labelled areas, percent; their outlines are always opaque. */
	int labelOpacity() {
		return labelOpacity;
	}

	void setLabelOpacity(final int percent) {
		labelOpacity = percent;
		changed.run();
	}
}
