package io.github.brushwood.session.live;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Who listens to an updater. One whose code fails does not disturb the others or the worker. */
final class Listeners {

	private final List<LiveUpdater.Listener> all = new CopyOnWriteArrayList<>();

	void add(final LiveUpdater.Listener listener) {
		all.add(listener);
	}

	void remove(final LiveUpdater.Listener listener) {
		all.remove(listener);
	}

	void tell(final Consumer<LiveUpdater.Listener> message) {
		for (final LiveUpdater.Listener listener : all) {
			try {
				message.accept(listener);
			}
			catch (final RuntimeException e) {
				final Thread thread = Thread.currentThread();
				final Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
				if (handler != null) handler.uncaughtException(thread, e);
				else thread.getThreadGroup().uncaughtException(thread, e);
			}
		}
	}
}
