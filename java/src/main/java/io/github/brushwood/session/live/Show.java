package io.github.brushwood.session.live;

/** What lies over the image; immutable. */
public final class Show {

	/** Kinds, with the names that macros use (lower case). */
	public enum Kind {
		NOTHING, PROBABILITY, PROBABILITIES, SEGMENTATION, UNCERTAINTY, FEATURE
	}

	public static final Show NOTHING = new Show(Kind.NOTHING, 0);
	/** All classes in their colours. */
	public static final Show PROBABILITIES = new Show(Kind.PROBABILITIES, 0);
	public static final Show SEGMENTATION = new Show(Kind.SEGMENTATION, 0);
	public static final Show UNCERTAINTY = new Show(Kind.UNCERTAINTY, 0);

	public final Kind kind;
	/** PROBABILITY: id of the class; FEATURE: index in the recipe. */
	public final int index;

	private Show(final Kind kind, final int index) {
		this.kind = kind;
		this.index = index;
	}

	/** Of one class. */
	public static Show probability(final int classId) {
		return new Show(Kind.PROBABILITY, classId);
	}

	public static Show feature(final int index) {
		return new Show(Kind.FEATURE, index);
	}

	@Override
	public boolean equals(final Object other) {
		return other instanceof Show && ((Show) other).kind == kind && ((Show) other).index == index;
	}

	@Override
	public int hashCode() {
		return kind.hashCode() * 31 + index;
	}
}
