package io.github.brushwood.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What tasks of this JVM opened and others can use after them: as many as run at the same time. Opening costs reading
 * the model and some small files, so it is not done for every task.
 */
final class OpenedWorks {

	private static final Deque<OpenedWork> IDLE = new ArrayDeque<>();
	/** What was opened since somebody asked. */
	private static BlockTally openings = new BlockTally();

	private OpenedWorks() {}

	/** For the calling thread alone, until it gives it back. What was opened for another work is closed. */
	static OpenedWork take(final BlockWork work) {
		closeOthers(work.id);
		synchronized (IDLE) {
			if (!IDLE.isEmpty() && IDLE.peek().work().id.equals(work.id)) return IDLE.pop();
		}
		final long start = System.nanoTime();
		final OpenedWork opened = OpenedWork.join(work);
		synchronized (IDLE) {
			openings.addOpening(start);
		}
		return opened;
	}

	/** What was opened since the last call. */
	static BlockTally newOpenings() {
		synchronized (IDLE) {
			final BlockTally made = openings;
			openings = new BlockTally();
			return made;
		}
	}

	static void give(final OpenedWork opened) {
		synchronized (IDLE) {
			IDLE.push(opened);
		}
	}

	/** @param id of the work whose opened ones stay; null for none */
	static void closeOthers(final String id) {
		final List<OpenedWork> others = new ArrayList<>();
		synchronized (IDLE) {
			for (final OpenedWork idle : IDLE)
				if (!idle.work().id.equals(id)) others.add(idle);
			IDLE.removeAll(others);
		}
		others.forEach(OpenedWork::close);
	}
}
