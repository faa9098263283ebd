package io.github.brushwood.command;

import ij.IJ;

import io.github.brushwood.engine.Engine;

import java.util.concurrent.atomic.AtomicBoolean;

/** Tells in ImageJ's log, once per session, that another Java would be faster. */
final class SlowJava {

	private static final AtomicBoolean TOLD = new AtomicBoolean();

	private SlowJava() {}

	/** Does nothing until the engine is in use. */
	static void tell() {
		if (!Engine.isLoaded() || TOLD.getAndSet(true)) return;
		final String advice = Engine.slowJava();
		if (advice != null) IJ.log(advice);
	}
}
