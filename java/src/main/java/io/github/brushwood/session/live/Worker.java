package io.github.brushwood.session.live;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.engine.Trainer;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Monitor;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Does the work of a {@link LiveUpdater}, on one thread: each round goes from settings to labels, forest, view and
 * report, and passes over what is up to date. News end a round where they make it stale, and the next one begins.
 */
final class Worker implements Runnable {

	private static final String TOO_FEW = "Paint at least two classes.";
	private static final String CRAMPED = "Up to date in the middle: zoom in, or give ImageJ more memory.";
	/** How long the search for the next place may take. */
	private static final long GUIDE_NANOS = 3_000_000_000L;

	private final LiveSession session;
	private final Work work;
	private final Board board;
	private final TileStore tiles;
	private final ImagePool pool;
	private final Samples samples;
	private final Forest forest;
	private final Painter painter;
	private final ReportMaker reporter;
	private final StandIn standIn;
	private final Guide guide = new Guide();
	private Clock clock = new Clock(System.nanoTime());
	/** Updates in a row that newer labels ended before a tile was shown. */
	private int unseen;
	/** What the report is about, forest and classes, and how that was checked; null when it was not yet. */
	private List<?> reported;
	private List<?> checked;
	/** Whether the view has more tiles than there is memory for. */
	private boolean cramped;
	private String lastFailure = "";

	Worker(final LiveSession session, final Work work, final Board board, final Memory memory) {
		this.session = session;
		this.work = work;
		this.board = board;
		tiles = new TileStore(memory.tiles);
		pool = new ImagePool(memory);
		samples = new Samples(session, pool);
		forest = new Forest(samples);
		painter = new Painter(samples, pool);
		reporter = new ReportMaker(samples, pool);
		standIn = new StandIn(samples, pool);
	}

	/** Of any thread. */
	TileStore tiles() {
		return tiles;
	}

	// ---- the worker

	@Override
	public void run() {
		try {
			while (work.take())
				round();
		}
		catch (final InterruptedException e) {
			Thread.currentThread().interrupt();
		}
		finally {
			end();
		}
	}

	/** One update; what ends it early stays in the inbox for the next. */
	private void round() {
		try {
			cycle();
		}
		catch (final CancelledException e) {
			if (!work.has(Work.ANY)) work.raise(Work.VIEW);
		}
		catch (final RuntimeException | Error e) {
			if (!work.has(Work.BASE)) fail(e);
		}
	}

	private void cycle() {
		tidy();
		work.answer();
		syncRecipe(Work.BASE);
		boolean wanted = work.isWanted();
		if (!wanted) board.say(LiveUpdater.Phase.WAITING, "Live update is off.", 1);
		else wanted = bringForest(staleness(), new Glimpse());
		showView(Work.FOREST | Work.REQUEST, wanted, Integer.MAX_VALUE);
		if (wanted) {
			finishClock();
			makeReport();
			board.say(LiveUpdater.Phase.IDLE, cramped ? CRAMPED : "Up to date.", 1);
		}
		lastFailure = "";
		work.settle();
		prefetch(wanted);
	}

	/** Lets go of what left the session. */
	private void tidy() {
		for (final LiveImage image : work.takeOtherPixels()) {
			samples.forget(image);
			tiles.remove(image);
			identifyAgain(image);
		}
		pool.retain(session.images());
		tiles.retain(session.images());
	}

	/** Pixels that cannot be read are reported when they are needed. */
	private void identifyAgain(final LiveImage image) {
		try {
			session.identifyAgain(image);
		}
		catch (final EngineException | BrushwoodException e) {
			// see above
		}
	}

	private void syncRecipe(final int staleOn) {
		final boolean other;
		try (Work.Step step = work.step(staleOn)) {
			other = samples.syncRecipe(step);
		}
		if (!other) return;
		dropForest();
		standIn.close();
		tiles.clear();
		final Recipe recipe = samples.recipe();
		final List<String> names = new ArrayList<>();
		for (int i = 0; recipe != null && i < recipe.count(); i++)
			names.add(recipe.name(i));
		board.featuresAre(Collections.unmodifiableList(names));
	}

	private void dropForest() {
		if (forest.model() == null) return;
		forest.drop();
		tiles.removeForest();
		tellView();
		reported = null;
		if (board.report != null) board.reportIs(null);
	}

	private void tellView() {
		final View v = work.view();
		if (v != null) board.tilesChanged(v.image, v.z, v.t, new Rectangle(v.visible));
	}

	// ---- forest

	/** Whoever paints faster than the forest grows sees its first trees at least. */
	private int staleness() {
		return unseen > 0 ? Work.BASE : Work.FOREST;
	}

	/** @return false when there are too few labels for one */
	private boolean bringForest(final int staleOn, final Forest.Glance glance) {
		readLabels();
		if (samples.classesWithLabels() < 2) {
			dropForest();
			board.say(LiveUpdater.Phase.WAITING, samples.recipe() == null ? "Open an image." : tooFew(), 1);
			return false;
		}
		syncTrainer(staleOn & ~Work.LABELS);
		final TrainOptions options = Forest.live(session.settings().training());
		if (forest.isCurrent(options)) return true;
		board.say(LiveUpdater.Phase.LEARNING, "Learning from " + Texts.count(samples.pixelCount(), "pixel") + "...", 0);
		unseen++;
		forest.grow(work, staleOn, options, clock, glance);
		unseen = 0;
		return true;
	}

	private void readLabels() {
		if (!board.takeLabelsChanged()) return;
		clock = new Clock(board.committed());
		samples.readLabels();
	}

	private void syncTrainer(final int staleOn) {
		final long start = System.nanoTime();
		if (!samples.isCurrent()) {
			board.say(LiveUpdater.Phase.COLLECTING, "Taking in " + Texts.count(samples.pixelCount(), "labelled pixel") + "...",
				0);
			try (Work.Step step = work.step(staleOn)) {
				samples.syncTrainer(step);
			}
			clock.features(Clock.since(start));
		}
		try (Work.Step step = work.step(staleOn)) {
			samples.nameClasses(step);
		}
	}

	/** Shows what a growing forest can say already. */
	private final class Glimpse implements Forest.Glance {

		/** The middle in any case; all of the view when the other trees will take a while. */
		@Override
		public void few(final boolean slow) {
			showView(Work.BASE, true, 1);
			if (slow) showView(Work.FOREST, true, Integer.MAX_VALUE);
		}

		@Override
		public void between() {
			if (work.has(Work.VIEW)) showView(Work.FOREST, true, Integer.MAX_VALUE);
		}
	}

	// ---- the view

	/** Fills in what is in sight and not up to date, the middle first. */
	private void showView(final int staleOn, final boolean withForest, final int most) {
		final Set<Part> done = new HashSet<>();
		cramped = false;
		while (done.size() < most && !cramped) {
			final View v = work.view();
			final Part part = next(v, withForest, done);
			if (part == null) return;
			board.say(LiveUpdater.Phase.SHOWING, "Showing results...", 0);
			try {
				cramped = !show(part, part.seen(v.visible), TileStore.kind(v.show), staleOn);
				done.add(part);
			}
			catch (final CancelledException e) {
				work.check(staleOn); // or else the part has left the view
			}
		}
	}

	/** The first part of a view that is not up to date; null for none. */
	private Part next(final View v, final boolean withForest, final Set<Part> done) {
		if (v == null || v.image.image() == null || v.show.kind == Show.Kind.NOTHING) return null;
		final int kind = TileStore.kind(v.show);
		final Recipe recipe = samples.recipe();
		if (kind == TileStore.FOREST ? !withForest : recipe == null || kind >= recipe.count()) return null;
		for (final Part part : Part.of(v))
			if (!done.contains(part) && !isCurrent(part, part.seen(v.visible), kind)) return part;
		return null;
	}

	private boolean isCurrent(final Part part, final Rectangle area, final int kind) {
		final ResultTile tile = tiles.get(part, kind);
		if (tile == null || !tile.covers(area)) return false;
		if (kind != TileStore.FOREST) return tile.version == samples.recipeVersion();
		return tile.version == forest.version() && (tile.complete || !forest.isWhole());
	}

	/** @return false when there is no memory for the tile beside those in sight */
	private boolean show(final Part part, final Rectangle area, final int kind, final int staleOn) {
		final ResultTile tile;
		try (Work.Step step = work.step(staleOn, part)) {
			if (!pool.has(part.image)) board.say(LiveUpdater.Phase.READING, "Reading '" + part.image.title() + "'...", 0);
			tile = kind == TileStore.FOREST ? painter.classify(step, part, area, forest, clock) : painter.feature(step, part,
				area, kind);
		}
		final boolean kept = tiles.put(part, kind, tile, work.view());
		if (kept && kind == TileStore.FOREST) {
			unseen = 0;
			clock.handedOut();
		}
		board.tilesChanged(part.image, part.z, part.t, new Rectangle(area));
		return kept;
	}

	private void finishClock() {
		if (clock.isStopped()) return;
		board.timings = clock.stop();
	}

	// ---- report

	private void makeReport() {
		final Holdout kind = board.holdout;
		final TrainOptions options = session.settings().training();
		final List<?> about = Arrays.asList(forest.generation(), samples.classes());
		final List<?> how = Arrays.asList(kind, options.folds(), options.block());
		if (about.equals(reported) && how.equals(checked)) return;
		board.say(LiveUpdater.Phase.CHECKING, "Checking the forest...", 0);
		try (Work.Step step = work.step(Work.ANY)) {
			board.reportIs(reporter.first(step, forest, kind));
		}
		reported = about;
		checked = null;
		if (kind != Holdout.NONE) {
			try (Work.Step step = work.step(Work.ANY)) {
				board.reportIs(reporter.checked(step, board.report, options));
			}
		}
		checked = how;
	}

	// ---- idle

	/**
	 * Computes what may be wanted next: features of the view before there is a forest, the slices beside it after. What
	 * goes wrong here will be reported when it is wanted.
	 */
	private void prefetch(final boolean withForest) {
		final View v = work.view();
		if (v == null || v.image.image() == null || samples.recipe() == null || !work.isLive()) return;
		try {
			if (withForest) {
				prefetchAround(v);
				prefetchBeside(v);
			}
			else for (final Part part : Part.of(v))
				standIn.warm(work, part, part.seen(v.visible), session.settings().training().refine());
		}
		catch (final EngineException | BrushwoodException e) {
			if (e instanceof CancelledException) throw e;
		}
	}

	/** The whole of parts that are in sight in part. */
	private void prefetchAround(final View v) {
		if (!showsForest(v)) return;
		for (final Part part : Part.of(v)) {
			if (isCurrent(part, part.bounds(), TileStore.FOREST) || !pool.canKeep(v.image, featureBytes())) continue;
			if (!show(part, part.bounds(), TileStore.FOREST, Work.ANY)) return;
		}
	}

	/** What is in sight, on the slices above and below. */
	private void prefetchBeside(final View v) {
		if (!showsForest(v)) return;
		final List<Part> parts = Part.of(v);
		for (final int z : new int[] { v.z + 1, v.z - 1 }) {
			if (z < 0 || z >= v.image.labels().depth() || !pool.canKeep(v.image, parts.size() * featureBytes())) continue;
			for (final Part part : parts) {
				final Part beside = part.onSlice(z);
				if (isCurrent(beside, part.seen(v.visible), TileStore.FOREST)) continue;
				if (!show(beside, part.seen(v.visible), TileStore.FOREST, Work.ANY)) return;
			}
		}
	}

	private static boolean showsForest(final View v) {
		return TileStore.kind(v.show) == TileStore.FOREST && v.show.kind != Show.Kind.NOTHING;
	}

	private long featureBytes() {
		return (long) Part.EDGE * Part.EDGE * samples.recipe().count() * Float.BYTES;
	}

	/** Names an image whose labels do not count, as it is not open. */
	private String tooFew() {
		for (final LiveImage image : session.images())
			if (image.image() == null && image.labels().count() > 0) {
				return "Paint at least two classes, or open '" + image.title() + "' again.";
			}
		return TOO_FEW;
	}

	// ---- requests, on the worker's thread

	private void bringSamples() {
		syncRecipe(Work.CLOSE);
		readLabels();
		if (samples.classesWithLabels() < 2) throw new BrushwoodException(tooFew());
		syncTrainer(Work.CLOSE);
	}

	Shared<Trainer> lendTrainer() {
		bringSamples();
		return samples.lend();
	}

	Shared<Model> lendForest(final TrainOptions options) {
		bringSamples();
		final TrainOptions live = Forest.live(options);
		if (!forest.isCurrent(live)) forest.grow(work, Work.CLOSE, live, clock, null);
		return forest.lend();
	}

	/** Every image is classified by the first forest, so that the second one can look at what it said around a pixel. */
	Shared<Model> trainWithContext(final Jobs jobs, final TrainOptions options) {
		bringSamples();
		try (Work.Step step = work.step(Work.CLOSE)) {
			samples.takeBack(step);
			samples.nameClasses(step);
		}
		final List<LiveImage> images = samples.images();
		final int steps = images.size() + 2;
		final Trainer trainer = samples.trainer();
		try (Job job = jobs.part(0, steps).open(); Work.Step step = work.step(Work.CLOSE, job)) {
			trainer.prepareContext(step.job(), options);
		}
		for (int i = 0; i < images.size(); i++) {
			jobs.status("Classifying " + images.get(i).title() + "...");
			try (Job job = jobs.part(i + 1, steps).open(); Work.Step step = work.step(Work.CLOSE, job)) {
				trainer.addContext(job, i, samples.whole(step, images.get(i)));
			}
		}
		jobs.status("Growing the forest...");
		try (Job job = jobs.part(steps - 1, steps).open(); Work.Step step = work.step(Work.CLOSE, job)) {
			final Model model = trainer.train(step.job(), options);
			return new Shared<>(model, model::close);
		}
	}

	LiveUpdater.Place search(final Monitor monitor) {
		try (Shared<Model> model = lendForest(session.settings().training())) {
			guide.of(forest.generation());
			final List<Part> order = Guide.order(work.view(), session.images());
			final long end = System.nanoTime() + GUIDE_NANOS;
			for (int i = 0; i < order.size(); i++) {
				final boolean late = i > 0 && (System.nanoTime() > end || work.has(Work.LABELS));
				if (late) break;
				if (!monitor.progress((double) i / order.size())) throw new CancelledException("Cancelled.");
				if (!guide.knows(order.get(i))) look(order.get(i), model.get());
			}
			return guide.choose(order);
		}
	}

	private void look(final Part part, final Model model) {
		final ResultTile tile = tiles.get(part, TileStore.FOREST);
		if (isCurrent(part, part.bounds(), TileStore.FOREST) && tile.complete) {
			guide.look(part, tile.uncertainty);
			return;
		}
		try (Work.Step step = work.step(Work.CLOSE)) {
			guide.look(part, painter.doubt(step, part, model));
		}
	}

	// ---- failures, the end

	private void fail(final Throwable cause) {
		final Throwable shown = cause instanceof OutOfMemoryError ? outOfMemory(cause) : cause;
		final String text = String.valueOf(shown.getMessage());
		board.say(LiveUpdater.Phase.FAILED, text, 1);
		work.fail(shown);
		if (!text.equals(lastFailure)) board.listeners.tell(l -> l.failed(shown));
		lastFailure = text;
	}

	/** Gives back what can be made again. */
	private BrushwoodException outOfMemory(final Throwable cause) {
		tiles.clear();
		pool.close();
		return new BrushwoodException("There is not enough memory (" + cause.getMessage() +
			"). Close other images, or give ImageJ more memory in Edit > Options > Memory & Threads.", cause);
	}

	private void end() {
		standIn.close();
		forest.close();
		samples.close();
		pool.close();
		tiles.clear();
		work.close();
		work.refuseQuestions();
	}
}
