package io.github.brushwood.session;

import java.util.Locale;

/** What a prediction makes. */
public enum Outputs {

	PROBABILITIES, LABELS, BOTH;

	/** @param id "probabilities", "labels" or "both" */
	public static Outputs of(final String id) {
		return valueOf(id.toUpperCase(Locale.ROOT));
	}

	public boolean probabilities() {
		return this != LABELS;
	}

	public boolean labels() {
		return this != PROBABILITIES;
	}
}
