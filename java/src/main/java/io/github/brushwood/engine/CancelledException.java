package io.github.brushwood.engine;

/** The call ended early because {@link Job#cancel()} or the progress listener asked for it. */
public class CancelledException extends EngineException {

	private static final long serialVersionUID = 1L;

	public CancelledException(final String message) {
		super(Status.CANCELLED, message);
	}
}
