package io.github.brushwood.ui.live;

import ij.IJ;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Messages;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.LiveSession;
import io.github.brushwood.session.live.LiveUpdater;

import java.awt.EventQueue;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * What the windows of one session share. Hears the session and its worker on their threads and passes it on to the
 * windows on the event thread, many changes at once. Everything else here is for the event thread.
 */
final class Desk {

	/** What may have changed for the windows. */
	enum Aspect {
		PALETTE, CLASSES, COUNTS, STATE, HISTORY, IMAGES, FEATURES, ERRAND
	}

	private static final Map<Actions, Desk> DESKS = Collections.synchronizedMap(new IdentityHashMap<>());
	private static final long IDLE_S = 2;

	private final Actions actions;
	private final Palette palette = new Palette(() -> changed(Aspect.PALETTE));
	private final Errand errand = new Errand(() -> changed(Aspect.ERRAND));
	private final List<SegmentWindow> windows = new CopyOnWriteArrayList<>();
	private final ThreadPoolExecutor background;
	private final Ears ears = new Ears();
	private final Set<Aspect> pending = EnumSet.noneOf(Aspect.class);
	private SegmentWindow front;
	private volatile boolean closed;

	private Desk(final Actions actions) {
		this.actions = actions;
		background = new ThreadPoolExecutor(1, 1, IDLE_S, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
			final Thread thread = new Thread(task, "Brushwood pictures");
			thread.setDaemon(true);
			return thread;
		}, new ThreadPoolExecutor.DiscardPolicy());
		background.allowCoreThreadTimeOut(true);
		actions.session().addListener(ears);
		actions.updater().addListener(ears);
	}

	/** The desk of a session, made when there is none. */
	static Desk of(final Actions actions) {
		return DESKS.computeIfAbsent(actions, Desk::new);
	}

	/** The windows of a session; any thread. */
	static List<SegmentWindow> windowsOf(final Actions actions) {
		final Desk desk = DESKS.get(actions);
		return desk == null ? Collections.emptyList() : desk.windows();
	}

	/** Hears of changes, on any thread. */
	private final class Ears implements LiveSession.Listener, LiveUpdater.Listener {

		@Override
		public void labelsChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
			onWindow(image, w -> w.canvas().labelsChanged(z, t, where));
			changed(Aspect.COUNTS);
		}

		@Override
		public void classesChanged() {
			changed(Aspect.CLASSES);
		}

		@Override
		public void imagesChanged() {
			changed(Aspect.IMAGES);
		}

		@Override
		public void settingsChanged() {
			changed(Aspect.FEATURES);
		}

		@Override
		public void historyChanged() {
			changed(Aspect.HISTORY);
		}

		@Override
		public void tilesChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
			onWindow(image, w -> w.canvas().tilesChanged(z, t, where));
		}

		@Override
		public void stateChanged(final LiveUpdater.State state) {
			changed(Aspect.STATE);
		}

		@Override
		public void reportChanged() {
			changed(Aspect.FEATURES); // the list of features may have been read anew by now
		}

		@Override
		public void failed(final Throwable failure) {
			Messages.log(failure);
			IJ.showStatus(Messages.of(failure));
		}
	}

	/** A step with a window. */
	private interface Visit {

		void to(SegmentWindow window);
	}

	private void onWindow(final LiveImage image, final Visit visit) {
		EventQueue.invokeLater(() -> {
			final SegmentWindow window = windowOf(image);
			if (window != null) visit.to(window);
		});
	}

	/** Has the windows look again, soon. Any thread. */
	void changed(final Aspect aspect) {
		synchronized (pending) {
			final boolean first = pending.isEmpty();
			pending.add(aspect);
			if (first) EventQueue.invokeLater(this::pass);
		}
	}

	private void pass() {
		final Set<Aspect> aspects;
		synchronized (pending) {
			aspects = EnumSet.copyOf(pending);
			pending.clear();
		}
		if (closed) return;
		if (aspects.contains(Aspect.CLASSES)) keepClass();
		for (final SegmentWindow window : new ArrayList<>(windows))
			window.refresh(aspects);
	}

	/** Chooses another class when the chosen one is gone. */
	private void keepClass() {
		final List<AnnotationClass> classes = actions.session().classes();
		if (currentClass() == null && !classes.isEmpty()) palette.setClassId(classes.get(0).id());
	}

	Actions actions() {
		return actions;
	}

	Palette palette() {
		return palette;
	}

	Errand errand() {
		return errand;
	}

	/** A thread for pictures; forgets its work when the session is closed. */
	Executor background() {
		return background;
	}

	/** The class that strokes get; null when there is none. */
	AnnotationClass currentClass() {
		for (final AnnotationClass c : actions.session().classes())
			if (c.id() == palette.classId()) return c;
		return null;
	}

	/** Chooses the class at a position from 1; nothing when there are fewer. */
	void pickClass(final int position) {
		final List<AnnotationClass> classes = actions.session().classes();
		if (position <= classes.size()) palette.setClassId(classes.get(position - 1).id());
	}

	/** 0xFFRRGGBB of each class id (256 long); 0 for those that are hidden. */
	int[] colours() {
		final int[] colours = new int[256];
		for (final AnnotationClass c : actions.session().classes())
			if (actions.session().isVisible(c)) colours[c.id()] = 0xFF000000 | c.rgb();
		return colours;
	}

	/** Labelled pixels of a class over all images. */
	long count(final AnnotationClass c) {
		long count = 0;
		for (final LiveImage image : actions.session().images())
			count += image.labels().count(c.id());
		return count;
	}

	/** Does a quick step; shows what it fails with. @return whether it was done */
	boolean attempt(final String title, final Runnable step) {
		try {
			step.run();
			return true;
		}
		catch (final RuntimeException | Error e) {
			Problems.show(title, e);
			return false;
		}
	}

	// ---- windows

	/** A snapshot; any thread. */
	List<SegmentWindow> windows() {
		return new ArrayList<>(windows);
	}

	SegmentWindow windowOf(final LiveImage image) {
		for (final SegmentWindow window : windows)
			if (window.liveImage() == image) return window;
		return null;
	}

	void add(final SegmentWindow window) {
		windows.add(window);
		front = window;
	}

	/** Of all windows, the worker works for the one that was used last. */
	boolean isFront(final SegmentWindow window) {
		return front == window;
	}

	void toFront(final SegmentWindow window) {
		front = window;
	}

	void remove(final SegmentWindow window) {
		windows.remove(window);
		if (front == window) front = windows.isEmpty() ? null : windows.get(windows.size() - 1);
	}

	/** After the last window: hears and does nothing any more. The actions are closed by who calls this. */
	void leave() {
		closed = true;
		DESKS.remove(actions);
		actions.session().removeListener(ears);
		actions.updater().removeListener(ears);
		background.shutdownNow();
	}
}
