package io.github.brushwood.session;

/** Something the user has to change; the message is a full sentence that says what. */
public class BrushwoodException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	public BrushwoodException(final String message) {
		super(message);
	}

	public BrushwoodException(final String message, final Throwable cause) {
		super(message, cause);
	}
}
