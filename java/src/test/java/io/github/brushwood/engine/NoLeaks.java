package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test that leaves engine memory behind. */
final class NoLeaks implements BeforeEachCallback, AfterEachCallback {

	private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(NoLeaks.class);

	@Override
	public void beforeEach(final ExtensionContext context) {
		context.getStore(STORE).put("before", Engine.memoryInUse());
	}

	@Override
	public void afterEach(final ExtensionContext context) {
		final long before = context.getStore(STORE).get("before", Long.class);
		assertEquals(before, Engine.memoryInUse(), "bytes the engine holds after the test");
	}
}
