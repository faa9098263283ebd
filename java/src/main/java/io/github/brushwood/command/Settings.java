package io.github.brushwood.command;

import ij.Prefs;

/** What the plugin remembers in ImageJ's preferences. */
final class Settings {

	static final int MAX_THREADS = 1024;

	private static final String THREADS = "brushwood.threads";
	private static final String MEMORY = "brushwood.memory";

	private Settings() {}

	/** Threads of the engine; 0 = all that the process may use (OMP_NUM_THREADS lowers it). */
	static int threads() {
		return (int) Prefs.get(THREADS, 0.0);
	}

	static void setThreads(final int count) {
		Prefs.set(THREADS, count);
	}

	/** Memory budget of the engine in MiB; 0 = half of the free memory. */
	static long memory() {
		return (long) Prefs.get(MEMORY, 0.0);
	}

	static void setMemory(final long mib) {
		Prefs.set(MEMORY, (double) mib);
	}
}
