package io.github.brushwood.session.live;

import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.engine.Trainer;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Monitor;

import java.awt.Rectangle;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;

/**
 * Keeps forest and tiles up to date on threads of its own: labels that changed join the samples, a forest of a few
 * trees gives a first glance at the middle of the view, the whole forest replaces it tile by tile, the middle first.
 * What is painted or scrolled meanwhile supersedes stale work. Holds all engine objects of a session; their memory
 * stays within the budget. Listeners are called on the worker's thread and must not wait for a thread that waits for
 * the updater: from a listener, let the event thread know with invokeLater.
 * <p>
 * Autocontext wants the whole image classified twice and is left out of what is shown: the forest in sight is the one
 * without it. {@link #withModel} trains with all options.
 * </p>
 */
public final class LiveUpdater implements AutoCloseable {

	/** What the worker is doing. */
	public enum Phase {
		/** Nothing to do. */
		IDLE,
		/** Live is off, or there are too few classes with labels; {@link State#text} says which. */
		WAITING, READING, COLLECTING, LEARNING, SHOWING, CHECKING, FAILED
	}

	/** Immutable. */
	public static final class State {

		public final Phase phase;
		/** A line for people, such as "Learning from 12,345 pixels". */
		public final String text;
		/** Work done, 0 to 1. */
		public final double progress;

		public State(final Phase phase, final String text, final double progress) {
			this.phase = phase;
			this.text = text;
			this.progress = progress;
		}
	}

	/** Hears of results; called on worker threads. */
	public interface Listener {

		/** New tiles lie within a rectangle of a slice (z, t from 0). */
		default void tilesChanged(final LiveImage image, final int z, final int t, final Rectangle where) {}

		default void stateChanged(final State state) {}

		/** {@link LiveUpdater#report} has something new. */
		default void reportChanged() {}

		/** A sentence for the user; the worker goes on with the next change. */
		default void failed(final Throwable failure) {}
	}

	/** A place to paint next. */
	public static final class Place {

		public final LiveImage image;
		public final int x;
		public final int y;
		public final int z;
		public final int t;
		/** Mean uncertainty around it, 0 to 1. */
		public final double uncertainty;

		public Place(final LiveImage image, final int x, final int y, final int z, final int t,
			final double uncertainty)
		{
			this.image = image;
			this.x = x;
			this.y = y;
			this.z = z;
			this.t = t;
			this.uncertainty = uncertainty;
		}
	}

	/** Milliseconds of the last update, for the benchmark and for people: of its stages, from the commit of labels. */
	public static final class Timings {

		/** Samples of the new pixels. */
		public final double features;
		/** First forest, and the whole one. */
		public final double firstForest;
		public final double forest;
		/** Engine time of all tiles of the view, and turning them into bytes. */
		public final double prediction;
		public final double painting;
		/** Since the labels were committed: first tile handed to listeners; all of the view from all trees. */
		public final double firstTile;
		public final double complete;

		public Timings(final double features, final double firstForest, final double forest, final double prediction,
			final double painting, final double firstTile, final double complete)
		{
			this.features = features;
			this.firstForest = firstForest;
			this.forest = forest;
			this.prediction = prediction;
			this.painting = painting;
			this.firstTile = firstTile;
			this.complete = complete;
		}
	}

	private final LiveSession session;
	private final Board board = new Board();
	private final Memory memory;
	private final Work work;
	private final Worker worker;
	private final Thread thread;
	private final LiveSession.Listener hearing = new Hearing();

	/**
	 * @param threads of the engine; 0 for all
	 * @param memory budget in bytes for everything it holds; 0 for half of the free memory
	 */
	public LiveUpdater(final LiveSession session, final int threads, final long memory) {
		this.session = session;
		this.memory = new Memory(memory);
		work = new Work(threads, this.memory.scratch, board::progress);
		worker = new Worker(session, work, board, this.memory);
		thread = new Thread(worker, "Brushwood live");
		thread.setDaemon(true);
		session.addListener(hearing);
		work.raise(Work.IMAGES);
		thread.start();
	}

	public void addListener(final Listener listener) {
		board.listeners.add(listener);
	}

	public void removeListener(final Listener listener) {
		board.listeners.remove(listener);
	}

	// ---- news

	/** Hears of the session's changes. */
	private final class Hearing implements LiveSession.Listener {

		@Override
		public void labelsChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
			board.labelsChanged();
			work.raise(Work.LABELS);
		}

		@Override
		public void classesChanged() {
			board.labelsChanged();
			work.raise(Work.LABELS);
		}

		@Override
		public void imagesChanged() {
			board.labelsChanged();
			work.raise(Work.IMAGES);
		}

		@Override
		public void settingsChanged() {
			board.labelsChanged();
			work.raise(Work.SETTINGS);
		}
	}

	/** What is in sight; null for nothing. Cheap: may be called for every repaint. */
	public void setView(final View view) {
		work.setView(view);
	}

	/** Whether changes start work by themselves. On at first. */
	public void setLive(final boolean on) {
		work.setLive(on);
	}

	public boolean isLive() {
		return work.isLive();
	}

	/** Brings forest and view up to date once, whether live or not. */
	public void update() {
		work.updateOnce();
	}

	/** The image's pixels were changed by someone: reads them again. */
	public void pixelsChanged(final LiveImage image) {
		work.pixelsChanged(image);
	}

	/** How samples are held out for the report: NONE, STROKES (at first), BLOCKS or IMAGES. */
	public void setHoldout(final Holdout kind) {
		board.holdout = kind;
		work.raise(Work.HOLDOUT);
	}

	// ---- answers

	/**
	 * The newest tiles of what a view shows (of its feature, or of the model) that meet its rectangle; never waits. Tiles
	 * of an older version are among them where there is nothing newer.
	 */
	public List<ResultTile> tiles(final View view) {
		return worker.tiles().of(view);
	}

	/** Names of the present feature list's images; empty before the first image. */
	public List<String> featureNames() {
		return board.featureNames;
	}

	/** The latest report; null before the first forest. */
	public Report report() {
		return board.report;
	}

	public State state() {
		return board.state();
	}

	public Timings timings() {
		return board.timings;
	}

	/**
	 * Waits until forest, view and report are up to date (when live is off: until a running update is done).
	 *
	 * @return false when the time is over first, or the updater is closed
	 * @throws RuntimeException what the update failed with
	 */
	public boolean await(final long milliseconds) {
		refuseWorker();
		return work.await(milliseconds);
	}

	/** Waiting for the worker on its own thread would never end. */
	private void refuseWorker() {
		if (Thread.currentThread() == thread) {
			throw new IllegalStateException("A listener cannot wait for the worker that calls it; use another thread.");
		}
	}

	private <T> T ask(final Callable<T> question) {
		refuseWorker();
		return work.ask(question);
	}

	// ---- questions

	/**
	 * Brings the forest up to date and lends it: the bytes of {@code brushwood train} with the same images, labels, list
	 * and options. Live forests leave out autocontext and what only describes a model; this one has it all. Of images too
	 * large for the memory budget the model records a fingerprint in place of the hash of all pixels, and takes the
	 * channels' spread from some of the slices.
	 *
	 * @throws io.github.brushwood.session.BrushwoodException when there are too few labels
	 */
	public <T> T withModel(final Jobs jobs, final Function<Model, T> use) {
		final TrainOptions options = session.settings().training();
		jobs.status("Learning...");
		try (Shared<Model> model = model(jobs, options)) {
			return use.apply(model.get());
		}
	}

	private Shared<Model> model(final Jobs jobs, final TrainOptions options) {
		if (Forest.isAll(options)) return ask(() -> worker.lendForest(options));
		if (options.contextSigmas().length > 0) return ask(() -> worker.trainWithContext(jobs, options));
		try (Shared<Trainer> trainer = ask(worker::lendTrainer); Job job = jobs.open()) {
			final Model model = trainer.get().train(job, options);
			return new Shared<>(model, model::close);
		}
	}

	/**
	 * Looks for the shortest feature list within the tolerance of the best out-of-bag error. Takes long; painting goes on
	 * meanwhile, and does not count.
	 *
	 * @throws io.github.brushwood.session.BrushwoodException when there are too few labels
	 */
	public FeatureSelection suggestFeatures(final Monitor monitor, final double tolerance) {
		final TrainOptions options = session.settings().training().contextSigmas(new double[0]);
		monitor.status("Leaving out features...");
		try (Shared<Trainer> trainer = ask(worker::lendTrainer);
			Job job = new Jobs(work.threads(), memory.scratch, monitor).open())
		{
			return trainer.get().selectFeatures(job, options.holdout(Holdout.NONE, options.folds(), options.block()),
				tolerance);
		}
	}

	/**
	 * Where the forest is least sure: the next place each time, in all images and slices, away from labels and from
	 * places that it gave before for this forest. Takes seconds in large stacks: what three seconds do not suffice for is
	 * looked at when the next place is wanted.
	 *
	 * @return null when no place is left
	 * @throws io.github.brushwood.session.BrushwoodException when there are too few labels
	 */
	public Place whereNext(final Monitor monitor) {
		monitor.status("Looking for a place to paint...");
		return ask(() -> worker.search(monitor));
	}

	/**
	 * Stops all work, waits for the thread to end and frees everything but what {@link #withModel} and
	 * {@link #suggestFeatures} are using at this moment, which goes when they return. Any thread, listeners included,
	 * which it does not wait for; twice is fine.
	 */
	@Override
	public void close() {
		work.close();
		session.removeListener(hearing);
		if (Thread.currentThread() == thread) return;
		boolean interrupted = false;
		while (thread.isAlive()) {
			try {
				thread.join();
			}
			catch (final InterruptedException e) {
				interrupted = true;
			}
		}
		if (interrupted) Thread.currentThread().interrupt();
	}
}
