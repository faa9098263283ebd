package io.github.brushwood.engine;

/** Why an engine call failed. */
public enum Status {
	/** A value that was passed is out of range or inconsistent. */
	ARGUMENT,
	/** Allocation failed or the memory budget is too small. */
	MEMORY,
	/** A file could not be opened, read, written or renamed. */
	IO,
	/** A file's content is damaged or of an unsupported kind. */
	FORMAT,
	/** Image, labels and model do not fit together. */
	MISMATCH,
	/** {@link Job#cancel()} or the progress listener asked to stop. */
	CANCELLED,
	/** A defect of the engine, or its native library cannot be loaded. */
	INTERNAL;

	private static final Status[] VALUES = values();

	/** The constant for a {@code bw_status}, which counts from 1; unknown codes are {@link #INTERNAL}. */
	static Status of(final int code) {
		return code >= 1 && code <= VALUES.length ? VALUES[code - 1] : INTERNAL;
	}
}
