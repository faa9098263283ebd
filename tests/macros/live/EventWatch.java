import java.awt.AWTEvent;
import java.awt.EventQueue;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import javax.swing.JComponent;
import javax.swing.RepaintManager;

/**
 * Watches the event thread: events in which our code needs too much of its processor time, exceptions, and Swing that
 * our code touches from other threads. Times are the thread's own, so that a loaded machine changes little; of an
 * event that share is ours in which looks, one every few milliseconds, find our code.
 */
final class EventWatch extends EventQueue {

	private static final String OURS = "io.github.brushwood";
	private static final long SAMPLE_MS = 2;

	private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
	private final long limitNanos;
	private final List<String> slow = Collections.synchronizedList(new ArrayList<>());
	private final List<String> failures = Collections.synchronizedList(new ArrayList<>());
	private final List<String> elsewhere = Collections.synchronizedList(new ArrayList<>());
	private volatile boolean timing;
	/** The event in progress; null between events. */
	private volatile AWTEvent current;
	private volatile Thread eventThread;
	private volatile StackTraceElement[] seen;
	/** Looks into the event in progress, and those that found our code. */
	private volatile int looks;
	private volatile int finds;
	private long events;
	private long worst;

	/** @param limitMs processor time that an event may take */
	EventWatch(final double limitMs) {
		limitNanos = (long) (limitMs * 1e6);
	}

	void install() {
		java.awt.Toolkit.getDefaultToolkit().getSystemEventQueue().push(this);
		RepaintManager.setCurrentManager(new Repaints());
		Thread.setDefaultUncaughtExceptionHandler((thread, e) -> failures.add(thread.getName() + ": " + text(e
			.getStackTrace(), e.toString())));
		final Thread sampler = new Thread(this::sample, "event watch");
		sampler.setDaemon(true);
		sampler.start();
	}

	/** Counts events from now on, or no more. */
	void time(final boolean on) {
		timing = on;
	}

	List<String> slow() {
		return new ArrayList<>(slow);
	}

	List<String> failures() {
		return new ArrayList<>(failures);
	}

	List<String> elsewhere() {
		return new ArrayList<>(elsewhere);
	}

	synchronized String summary() {
		return String.format("%d events, the longest of ours with %.1f ms of processor time", events, worst / 1e6);
	}

	@Override
	protected void dispatchEvent(final AWTEvent event) {
		if (current != null) { // a modal dialog's events come inside another event
			super.dispatchEvent(event);
			return;
		}
		seen = null;
		looks = 0;
		finds = 0;
		eventThread = Thread.currentThread();
		final long start = clock.getCurrentThreadCpuTime();
		current = event;
		try {
			super.dispatchEvent(event);
		}
		catch (RuntimeException | Error e) {
			failures.add("event thread: " + text(e.getStackTrace(), e.toString()));
			throw e;
		}
		finally {
			current = null;
			ended(event, clock.getCurrentThreadCpuTime() - start);
		}
	}

	/** Of an event in which ImageJ works too our share is charged. */
	private synchronized void ended(final AWTEvent event, final long whole) {
		if (!timing) return;
		events++;
		final StackTraceElement[] where = seen;
		if (where == null) return;
		final long nanos = whole * finds / Math.max(1, looks);
		worst = Math.max(worst, nanos);
		if (nanos > limitNanos) slow.add(String.format("%.1f ms in %s%n", nanos / 1e6, event) + text(where, "seen at"));
	}

	/** Keeps a sight of our code in the event in progress. */
	private void sample() {
		for (;;) {
			try {
				Thread.sleep(SAMPLE_MS);
			}
			catch (final InterruptedException e) {
				return;
			}
			final Thread thread = eventThread;
			if (thread == null || current == null || !timing) continue;
			final AWTEvent event = current;
			final StackTraceElement[] stack = thread.getStackTrace();
			if (event != current) continue;
			looks++;
			if (!ours(stack)) continue;
			finds++;
			seen = stack;
		}
	}

	private static boolean ours(final StackTraceElement[] stack) {
		for (final StackTraceElement e : stack)
			if (e.getClassName().startsWith(OURS)) return true;
		return false;
	}

	/** Whether it is our code that calls Swing; ImageJ's own functions may be used on any thread. */
	private static boolean usesSwing(final StackTraceElement[] stack) {
		for (int i = 1; i < stack.length; i++) {
			final String name = stack[i].getClassName();
			if (name.startsWith(OURS) || name.startsWith("ij.")) return name.startsWith(OURS);
		}
		return false;
	}

	private static String text(final StackTraceElement[] stack, final String head) {
		final StringBuilder text = new StringBuilder(head);
		for (int i = 0; i < Math.min(40, stack.length); i++)
			text.append("\n\tat ").append(stack[i]);
		return text.toString();
	}

	/** Hears of every change of a Swing component. */
	private final class Repaints extends RepaintManager {

		@Override
		public synchronized void addInvalidComponent(final JComponent c) {
			look();
			super.addInvalidComponent(c);
		}

		@Override
		public void addDirtyRegion(final JComponent c, final int x, final int y, final int w, final int h) {
			look();
			super.addDirtyRegion(c, x, y, w, h);
		}

		private void look() {
			if (EventQueue.isDispatchThread()) return;
			final StackTraceElement[] stack = Thread.currentThread().getStackTrace();
			if (usesSwing(stack)) elsewhere.add(text(stack, Thread.currentThread().getName()));
		}
	}
}
