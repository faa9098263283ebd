package io.github.brushwood.command;

import ij.IJ;
import ij.Prefs;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.ReportWindow;

/** Sets what every command uses unless told otherwise. */
public final class Brushwood_Preferences extends BrushwoodCommand {

	private static final int MAX_MIB = 1 << 30;

	private static final Spec SPEC = new Spec("Brushwood Preferences...",
		"Sets what every Brushwood command uses; kept between sessions. Results never depend on it.",
		Key.of(Kind.INTEGER, "threads", "Threads (0 = all)", "", "Threads to use; 0 for all that the process may use."),
		Key.of(Kind.INTEGER, "memory", "Memory in MiB (0 = half of the free)", "",
			"Memory for tiles in MiB; 0 for half of what is free."),
		Key.flag("engine", "Show what the engine runs on",
			"Shows the engine's version, instruction set, threads, OpenMP runtime and where it was loaded from."));

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	Options initial() {
		return new Options(SPEC).set("threads", "" + Settings.threads()).set("memory", "" + Settings.memory());
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		if (options.given("threads")) Settings.setThreads((int) options.integer("threads", 0, Settings.MAX_THREADS));
		if (options.given("memory")) Settings.setMemory(options.integer("memory", 0, MAX_MIB));
		Prefs.savePreferences();
		IJ.showStatus("Brushwood: " + Settings.threads() + " threads, " + Settings.memory() + " MiB (0 = automatic)");
		if (options.flag("engine")) ReportWindow.text("Brushwood engine", Engine.description());
	}
}
