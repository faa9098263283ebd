package io.github.brushwood.session.live;

import io.github.brushwood.engine.Holdout;

import java.awt.Rectangle;
import java.util.Collections;
import java.util.List;

/** What an updater lets others see, and what it has to know of them; tells the listeners. Any thread. */
final class Board {

	/** Milliseconds between two words on progress. */
	private static final long PAUSE = 100;

	final Listeners listeners = new Listeners();
	volatile Report report;
	volatile LiveUpdater.Timings timings = new LiveUpdater.Timings(0, 0, 0, 0, 0, 0, 0);
	volatile List<String> featureNames = Collections.emptyList();
	volatile Holdout holdout = Holdout.STROKES;
	private volatile LiveUpdater.State state = new LiveUpdater.State(LiveUpdater.Phase.IDLE, "", 1);
	/** System.nanoTime(): of the last change, and of the last word on progress. */
	private long committed = System.nanoTime();
	private long said = System.nanoTime();
	private boolean labelsChanged = true;

	LiveUpdater.State state() {
		return state;
	}

	/** Labels, or what else a forest is made from, changed just now. */
	synchronized void labelsChanged() {
		committed = System.nanoTime();
		labelsChanged = true;
	}

	/** Whether there were changes since the last question. */
	synchronized boolean takeLabelsChanged() {
		final boolean changed = labelsChanged;
		labelsChanged = false;
		return changed;
	}

	/** System.nanoTime() of the last change. */
	synchronized long committed() {
		return committed;
	}

	/** What the worker is doing from now on. */
	void say(final LiveUpdater.Phase phase, final String text, final double progress) {
		final LiveUpdater.State old = state;
		said = System.nanoTime();
		if (old.phase == phase && old.text.equals(text) && old.progress == progress) return;
		tell(new LiveUpdater.State(phase, text, progress));
	}

	/** How far it is with that. */
	void progress(final double fraction) {
		if (System.nanoTime() - said < PAUSE * 1_000_000 || fraction <= 0) return;
		said = System.nanoTime();
		tell(new LiveUpdater.State(state.phase, state.text, Math.min(1, fraction)));
	}

	private void tell(final LiveUpdater.State now) {
		state = now;
		listeners.tell(l -> l.stateChanged(now));
	}

	/** Other names may be looked up now. */
	void featuresAre(final List<String> names) {
		featureNames = names;
		tell(state);
	}

	void reportIs(final Report now) {
		report = now;
		listeners.tell(LiveUpdater.Listener::reportChanged);
	}

	void tilesChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
		listeners.tell(l -> l.tilesChanged(image, z, t, where));
	}
}
