package io.github.brushwood.engine;

import java.nio.charset.StandardCharsets;

/** The engine refused or failed; the message is a full sentence for the user. */
public class EngineException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Status status;

	public EngineException(final Status status, final String message) {
		this(status, message, null);
	}

	public EngineException(final Status status, final String message, final Throwable cause) {
		super(message, cause);
		this.status = status;
	}

	/** What kind of failure this is. */
	public Status status() {
		return status;
	}

	/** Called by the bridge; the message arrives as UTF-8. */
	static EngineException of(final int code, final byte[] message) {
		final Status status = Status.of(code);
		final String text = new String(message, StandardCharsets.UTF_8);
		return status == Status.CANCELLED ? new CancelledException(text) : new EngineException(status, text);
	}
}
