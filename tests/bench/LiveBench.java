import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.VirtualStack;
import ij.gui.ImageCanvas;
import ij.process.ImageProcessor;
import ij.process.ShortProcessor;

import com.sun.management.OperatingSystemMXBean;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.LabelEdit;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.LiveSession;
import io.github.brushwood.session.live.LiveUpdater;
import io.github.brushwood.session.live.LiveUpdater.Timings;
import io.github.brushwood.session.live.Show;
import io.github.brushwood.session.live.View;
import io.github.brushwood.ui.live.SegmentWindow;

import java.awt.AWTEvent;
import java.awt.EventQueue;
import java.awt.Rectangle;
import java.awt.Toolkit;
import java.awt.event.InputEvent;
import java.awt.event.MouseEvent;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.ToDoubleFunction;

/**
 * Latency and memory of the live session: what a person waits for after a stroke, after scrolling, and what it holds.
 * Drives the session without a window, or the whole window on the display it finds.
 * <p>
 * Arguments: task=FOLDER (with train/00.tif and train/00_truth.tif), strokes=N, parts=plane,stack,scroll, window=true,
 * threads=N, seed=N, at=X,Y of the view.
 * </p>
 */
public final class LiveBench {

	private static final long PATIENCE_MS = 600000;
	private static final int CLASSES = 3;
	private static final int BRUSH = 5;
	private static final int STROKE_LENGTH = 60;
	private static final int PIXELS = 10000;
	/** As the preset balanced without its coarsest scale. */
	private static final String FINE = "gaussian:0.3,0.7,1,1.6,3.5;laplacian:0.7,1.6,3.5;gradient:0.7,1.6,3.5;" +
		"dog:1,1.6,3.5;structure:1,1.6,3.5;hessian:0.7,1.6,3.5";
	private static final long BUDGET = 1L << 30;
	private static final OperatingSystemMXBean PROCESS = (OperatingSystemMXBean) ManagementFactory
		.getOperatingSystemMXBean();

	private final Map<String, String> options;
	private final Random random;
	private final Source source;
	private final int strokes;
	private final int threads;

	private LiveBench(final Map<String, String> options) {
		this.options = options;
		random = new Random(Long.parseLong(options.get("seed")));
		source = new Source(options.get("task"));
		strokes = Integer.parseInt(options.get("strokes"));
		threads = Integer.parseInt(options.get("threads"));
	}

	public static void main(final String... args) throws Exception {
		Locale.setDefault(Locale.ROOT);
		final Map<String, String> options = new HashMap<>();
		for (final String arg : args)
			options.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
		new LiveBench(options).run();
		System.exit(0); // AWT's threads live on
	}

	private void run() throws Exception {
		System.out.printf("machine  %d threads, %s, Java %s with a heap of up to %s%n", threads > 0 ? threads : Engine
			.defaultThreads(), Engine.simd(), System.getProperty("java.version"), bytes(Runtime.getRuntime().maxMemory()));
		System.out.printf("load     %.1f processes, before this one%n", PROCESS.getSystemLoadAverage());
		System.out.printf("data     %s, mirrored to size%n", source.name);
		final List<String> parts = Arrays.asList(options.get("parts").split(","));
		if (parts.contains("plane")) {
			if (Boolean.parseBoolean(options.get("window"))) window();
			else plane();
		}
		if (parts.contains("stack")) stack();
		if (parts.contains("scroll")) scroll();
	}

	// ---- the three parts

	/** 2048 x 2048 pixels, two channels, 10,000 labelled pixels: what a further stroke takes. */
	private void plane() {
		final ImagePlus imp = source.image("plane", 2048, 2048, 1, 2);
		final Rectangle visible = view();
		try (Work work = new Work(imp, null, 0)) {
			head("plane: 2048 x 2048, 2 channels, 16-bit, preset " + work.session.settings().features +
				"; view 1024 x 1024; after each of " + strokes + " strokes");
			while (work.image.labels().count() < PIXELS)
				stroke(work, new Rectangle(0, 0, 2048, 2048), 0);
			work.look(visible, 0);
			final double first = work.settle();
			System.out.printf("%d labelled pixels in %d classes; first result after %.0f ms%n", work.image.labels().count(),
				CLASSES, first);
			calm(work, visible, 0, 150, 600);
			hurried(work, visible, 0, 150, 600);
			work.memory();
		}
	}

	/** 512 x 512 x 100 voxels with features in space. */
	private void stack() {
		source.centre = 50;
		final ImagePlus imp = source.image("stack", 512, 512, 100, 1);
		final Rectangle all = new Rectangle(0, 0, 512, 512);
		try (Work work = new Work(imp, FINE, 0)) {
			head("stack: 512 x 512 x 100, 16-bit, 3D features at sigma <= 3.5; view of one slice; after each of " + strokes +
				" strokes");
			for (int k = 0; k < 36; k++)
				stroke(work, all, 47 + k % 4 * 2);
			work.look(all, 50);
			final double first = work.settle();
			System.out.printf("%d labelled pixels in %d classes; slice 51 for the first time after %.0f ms%n", work.image
				.labels().count(), CLASSES, first);
			calm(work, all, 50, Double.NaN, 1000);
			final List<Double> there = new ArrayList<>();
			final List<Double> back = new ArrayList<>();
			for (int k = 1; k <= 6; k++) {
				work.look(all, 50 + 5 * k);
				there.add(work.settle());
				work.look(all, 50);
				back.add(work.settle());
			}
			row("another slice, features new", there, Double.NaN);
			row("back to a slice seen before", back, 1000);
			work.memory();
		}
	}

	/** 4 GiB that are nowhere: planes are made when they are asked for. */
	private void scroll() {
		head("scroll: 2048 x 2048 x 512, 16-bit, virtual, 4 GiB; a budget of " + bytes(BUDGET));
		scroll("features in space, sigma <= 3.5", FINE);
		scroll("the same, exact: they reach less far", "exact;" + FINE);
		scroll("features in the plane", FINE.replace(";", "@2d;") + "@2d");
	}

	/** A session that the budget is too small for says so. */
	private void scroll(final String name, final String features) {
		System.out.println(name + ":");
		try {
			scroll(features);
		}
		catch (final BrushwoodException e) {
			System.out.println("refused: " + e.getMessage());
		}
	}

	private void scroll(final String features) {
		final int depth = 512;
		source.centre = 20;
		final ImagePlus imp = new ImagePlus("scroll", new Planes(source, 2048, 2048, depth));
		final Rectangle visible = view();
		try (Work work = new Work(imp, features, BUDGET)) {
			for (int k = 0; k < 12; k++)
				stroke(work, visible, 20 + k % 4);
			work.look(visible, 20);
			System.out.printf("first result after %.0f ms%n", work.settle());
			final List<Double> settled = new ArrayList<>();
			final long start = System.nanoTime();
			for (int z = 0; z < depth; z++) {
				work.look(visible, z);
				if (z % 64 == 32) settled.add(work.settle());
				else sleep(50);
			}
			final double seconds = (System.nanoTime() - start) / 1e9;
			System.out.printf("all %d slices in %.0f s, 20 a second, with a rest at %d of them%n", depth, seconds, settled
				.size());
			row("the view of a rest complete", settled, Double.NaN);
			work.memory();
		}
	}

	/** The part "plane" with the window: strokes as mouse events, times up to the paint of the canvas. */
	private void window() throws Exception {
		final ImagePlus imp = source.image("window", 2048, 2048, 1, 2);
		final EventTimes times = new EventTimes();
		Toolkit.getDefaultToolkit().getSystemEventQueue().push(times);
		try (Work work = new Work(imp, null, 0)) {
			while (work.image.labels().count() < PIXELS)
				stroke(work, new Rectangle(0, 0, 2048, 2048), 0);
			final SegmentWindow[] opened = new SegmentWindow[1];
			EventQueue.invokeAndWait(() -> {
				imp.show();
				opened[0] = SegmentWindow.open(work.actions, work.image);
			});
			fit(opened[0]);
			final Rectangle visible = imp.getCanvas().getSrcRect();
			head("window: as plane, with mouse, canvas and side panel; view " + visible.width + " x " + visible.height +
				" at " + imp.getCanvas().getMagnification());
			work.settle();
			final List<Double> complete = new ArrayList<>();
			final List<Timings> timings = new ArrayList<>();
			times.clear();
			for (int k = 0; k < strokes; k++) {
				final double[][] points = path(k % CLASSES, visible, 0);
				final long released = drag(imp, work.actions, work.session.classes().get(k % CLASSES), points);
				EventQueue.invokeAndWait(() -> {}); // the button's event
				work.settle();
				EventQueue.invokeAndWait(() -> {}); // the last tile's
				timings.add(work.updater.timings());
				complete.add((times.lastPaint() - released) / 1e6);
				sleep(300);
			}
			table(timings, 150, 600);
			row("complete on the screen", complete, 600);
			row("painting the canvas, per event", times.paints(), 16);
			row("any other event over 1 ms", times.others(), 16);
			work.memory();
		}
	}

	/** What is in sight, which is on no grid. */
	private Rectangle view() {
		final String[] at = options.get("at").split(",");
		return new Rectangle(Integer.parseInt(at[0]), Integer.parseInt(at[1]), 1024, 1024);
	}

	// ---- strokes

	private void calm(final Work work, final Rectangle where, final int z, final double firstTile, final double complete) {
		strokes(work, where, z, true, firstTile, complete);
	}

	private void hurried(final Work work, final Rectangle where, final int z, final double firstTile,
		final double complete)
	{
		System.out.println("the next stroke as soon as the view is complete, while the report's forests grow:");
		strokes(work, where, z, false, firstTile, complete);
		work.settle();
	}

	/** @param rests whether the worker comes to rest before the next stroke */
	private void strokes(final Work work, final Rectangle where, final int z, final boolean rests,
		final double firstTile, final double complete)
	{
		final List<Timings> all = new ArrayList<>();
		final List<Double> heard = new ArrayList<>();
		final List<Double> processor = new ArrayList<>();
		for (int k = 0; k < strokes; k++) {
			final Timings before = work.updater.timings();
			final long cpu = PROCESS.getProcessCpuTime();
			final long start = stroke(work, where, z);
			until(() -> work.updater.timings() != before);
			processor.add((PROCESS.getProcessCpuTime() - cpu) / 1e6);
			all.add(work.updater.timings());
			heard.add((work.firstTile(start) - start) / 1e6);
			if (rests) work.settle();
		}
		table(all, firstTile, complete);
		row("first tile, as a listener hears it", heard, firstTile);
		row("processor time of all threads", processor, Double.NaN);
	}

	private int next;

	/** @return when it was committed, nanoseconds */
	private long stroke(final Work work, final Rectangle where, final int z) {
		final int k = next++ % CLASSES;
		final double[][] points = path(k, where, z);
		final AnnotationClass c = work.session.classes().get(k);
		final LabelEdit edit = work.session.edit(work.image);
		for (int i = 0; i < points.length; i++)
			edit.stroke(points[Math.max(0, i - 1)][0], points[Math.max(0, i - 1)][1], points[i][0], points[i][1], BRUSH, c
				.id(), z, 0);
		work.watch.reset();
		final long now = System.nanoTime();
		work.session.commit(work.image, edit, "stroke");
		return now;
	}

	/** A straight way through pixels of one class of the truth, {x, y}. */
	private double[][] path(final int k, final Rectangle where, final int z) {
		for (int attempt = 0; attempt < 100000; attempt++) {
			double x = where.x + random.nextInt(where.width);
			double y = where.y + random.nextInt(where.height);
			final double angle = 2 * Math.PI * random.nextDouble();
			final List<double[]> points = new ArrayList<>();
			while (points.size() < STROKE_LENGTH && where.contains(x, y) && source.classAt(x, y, z) == k + 1) {
				points.add(new double[] { x, y });
				x += Math.cos(angle);
				y += Math.sin(angle);
			}
			if (points.size() > STROKE_LENGTH / 10) return points.toArray(new double[0][]);
		}
		throw new IllegalStateException("the truth has too little of class " + (k + 1));
	}

	/** @return when the button was released, nanoseconds */
	private static long drag(final ImagePlus imp, final Actions actions, final AnnotationClass c,
		final double[][] points) throws Exception
	{
		final long[] released = new long[1];
		EventQueue.invokeAndWait(() -> imp.getCanvas().dispatchEvent(new java.awt.event.KeyEvent(imp.getCanvas(),
			java.awt.event.KeyEvent.KEY_PRESSED, System.currentTimeMillis(), 0, java.awt.event.KeyEvent.VK_0 + index(actions,
				c), (char) ('0' + index(actions, c)))));
		for (int i = 0; i < points.length; i++) {
			final int id = i == 0 ? MouseEvent.MOUSE_PRESSED : MouseEvent.MOUSE_DRAGGED;
			post(imp, id, points[i]);
			sleep(8);
		}
		released[0] = System.nanoTime();
		post(imp, MouseEvent.MOUSE_RELEASED, points[points.length - 1]);
		return released[0];
	}

	private static int index(final Actions actions, final AnnotationClass c) {
		return actions.session().classes().indexOf(c) + 1;
	}

	private static void post(final ImagePlus imp, final int id, final double[] at) {
		final int down = id == MouseEvent.MOUSE_RELEASED ? 0 : InputEvent.BUTTON1_DOWN_MASK;
		final int button = id == MouseEvent.MOUSE_DRAGGED ? MouseEvent.NOBUTTON : MouseEvent.BUTTON1;
		Toolkit.getDefaultToolkit().getSystemEventQueue().postEvent(new MouseEvent(imp.getCanvas(), id, System
			.currentTimeMillis(), down, imp.getCanvas().screenXD(at[0]), imp.getCanvas().screenYD(at[1]), 1, false, button));
	}

	/** One pixel of the image per pixel of the screen. */
	private static void fit(final SegmentWindow window) throws Exception {
		for (int i = 0; i < 8; i++) {
			EventQueue.invokeAndWait(() -> {
				final ImageCanvas canvas = window.getCanvas();
				if (canvas.getMagnification() < 1) canvas.zoomIn(canvas.getWidth() / 2, canvas.getHeight() / 2);
			});
			sleep(200); // the window manager answers
		}
	}

	// ---- the work and what is heard of it

	/** A session with one image that lives for one part. */
	private final class Work implements AutoCloseable {

		private final LiveSession session = new LiveSession();
		private final LiveUpdater updater;
		private final Actions actions;
		private final LiveImage image;
		private final Watch watch = new Watch();
		private final Memory memory = new Memory();

		Work(final ImagePlus imp, final String features, final long budget) {
			memory.start();
			updater = new LiveUpdater(session, threads, budget);
			actions = new Actions(session, updater, Actions.Recording.NONE, null);
			while (session.classes().size() < CLASSES)
				session.addClass("");
			if (features != null) session.setSettings(session.settings().withFeatures(features));
			image = session.addImage(imp);
			updater.addListener(watch);
		}

		void look(final Rectangle visible, final int z) {
			updater.setView(new View(image, z, 0, visible, Show.PROBABILITIES));
		}

		/** Waits until the worker rests. @return milliseconds until the last tile */
		double settle() {
			final long start = System.nanoTime();
			watch.reset();
			await();
			final long tile = watch.lastTile;
			return Math.max(0, ((tile > start ? tile : System.nanoTime()) - start) / 1e6);
		}

		private void await() {
			if (!updater.await(PATIENCE_MS)) throw new IllegalStateException("the worker did not come to rest: " + updater
				.state().text);
			watch.rethrow();
		}

		long firstTile(final long since) {
			return Math.max(since, watch.firstTile);
		}

		void memory() {
			memory.print();
		}

		@Override
		public void close() {
			memory.end();
			actions.close();
			final long left = Engine.memoryInUse();
			if (left != 0) throw new IllegalStateException(left + " bytes of the engine's memory were not freed");
		}
	}

	private static final class Watch implements LiveUpdater.Listener {

		private volatile long firstTile;
		private volatile long lastTile;
		private volatile Throwable failure;

		void reset() {
			firstTile = 0;
			lastTile = 0;
		}

		void rethrow() {
			if (failure instanceof BrushwoodException) throw (BrushwoodException) failure;
			if (failure != null) throw new IllegalStateException(failure);
		}

		@Override
		public synchronized void tilesChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
			lastTile = System.nanoTime();
			if (firstTile == 0) firstTile = lastTile;
		}

		@Override
		public void failed(final Throwable e) {
			failure = e;
		}
	}

	/** Looks every few milliseconds how much is in use. */
	private static final class Memory extends Thread {

		private volatile boolean ended;
		private volatile long engine;
		private volatile long heap;

		Memory() {
			super("memory");
			setDaemon(true);
		}

		@Override
		public void run() {
			final Runtime runtime = Runtime.getRuntime();
			while (!ended) {
				engine = Math.max(engine, Engine.memoryInUse());
				heap = Math.max(heap, runtime.totalMemory() - runtime.freeMemory());
				LiveBench.sleep(5);
			}
		}

		void end() {
			ended = true;
		}

		void print() {
			System.gc();
			final Runtime runtime = Runtime.getRuntime();
			System.out.printf("memory: engine at most %s; Java heap at most %s with garbage, %s live; process at most %s so " +
				"far%n", bytes(engine), bytes(heap), bytes(runtime.totalMemory() - runtime.freeMemory()), resident());
		}

		private static String resident() {
			final Path status = Paths.get("/proc/self/status");
			try {
				for (final String line : Files.readAllLines(status))
					if (line.startsWith("VmHWM:")) return bytes(1024 * Long.parseLong(line.replaceAll("[^0-9]", "")));
			}
			catch (final IOException e) {
				return "unknown";
			}
			return "unknown";
		}
	}

	/** Times every event of the event thread. */
	private static final class EventTimes extends EventQueue {

		private final List<Double> paints = Collections.synchronizedList(new ArrayList<>());
		private final List<Double> others = Collections.synchronizedList(new ArrayList<>());
		private volatile long lastPaint;

		@Override
		protected void dispatchEvent(final AWTEvent event) {
			final long start = System.nanoTime();
			super.dispatchEvent(event);
			final long end = System.nanoTime();
			final double ms = (end - start) / 1e6;
			if (event instanceof java.awt.event.PaintEvent) {
				paints.add(ms);
				lastPaint = end;
			}
			else if (ms > 1) others.add(ms);
		}

		void clear() {
			paints.clear();
			others.clear();
		}

		long lastPaint() {
			return lastPaint;
		}

		List<Double> paints() {
			return new ArrayList<>(paints);
		}

		List<Double> others() {
			return new ArrayList<>(others);
		}
	}

	// ---- images

	/** A real image with the class of each pixel, continued in all directions by mirroring. */
	private static final class Source {

		private final String name;
		private final ImagePlus image;
		private final ImageStack truth;
		/** Plane that shows the middle of the real stack, where all classes are. */
		private int centre;

		Source(final String task) {
			name = Paths.get(task).getFileName() + "/train/00.tif";
			image = open(task + "/train/00.tif");
			truth = open(task + "/train/00_truth.tif").getStack();
		}

		private static ImagePlus open(final String path) {
			final ImagePlus imp = IJ.openImage(path);
			if (imp == null) throw new IllegalArgumentException("cannot open " + path);
			return imp;
		}

		private static int mirrored(final int i, final int size) {
			final int at = Math.floorMod(i, 2 * size);
			return at < size ? at : 2 * size - 1 - at;
		}

		/** Of the real stack the plane that a plane shows. */
		private int from(final int z) {
			return mirrored(z - centre + truth.size() / 2, truth.size());
		}

		int classAt(final double x, final double y, final int z) {
			return truth.getProcessor(from(z) + 1).get(mirrored((int) x, truth.getWidth()), mirrored(
				(int) y, truth.getHeight()));
		}

		/** One plane, with a little noise of its own so that no two are alike. */
		short[] plane(final int width, final int height, final int c, final int z) {
			final ImageProcessor from = image.getStack().getProcessor(image.getStackIndex(c % image.getNChannels() + 1,
				from(z) + 1, 1));
			final short[] pixels = new short[width * height];
			int noise = 40503 * (2 * z + c) + 1;
			for (int y = 0; y < height; y++) {
				final int row = mirrored(y, from.getHeight());
				for (int x = 0; x < width; x++) {
					noise = noise * 1664525 + 1013904223;
					pixels[y * width + x] = (short) (from.get(mirrored(x, from.getWidth()), row) + (noise >>> 29));
				}
			}
			return pixels;
		}

		ImagePlus image(final String title, final int width, final int height, final int depth, final int channels) {
			final ImageStack stack = new ImageStack(width, height);
			for (int z = 0; z < depth; z++)
				for (int c = 0; c < channels; c++)
					stack.addSlice("", plane(width, height, c, z));
			final ImagePlus imp = new ImagePlus(title, stack);
			imp.setDimensions(channels, depth, 1);
			return channels > 1 ? new CompositeImage(imp, CompositeImage.COMPOSITE) : imp;
		}
	}

	private static final class Planes extends VirtualStack {

		private final Source source;
		private final int width;
		private final int height;
		private final int depth;

		Planes(final Source source, final int width, final int height, final int depth) {
			super(width, height, null, "");
			this.source = source;
			this.width = width;
			this.height = height;
			this.depth = depth;
		}

		@Override
		public ImageProcessor getProcessor(final int n) {
			return new ShortProcessor(width, height, source.plane(width, height, 0, n - 1), null);
		}

		@Override
		public int getSize() {
			return depth;
		}

		@Override
		public int size() {
			return depth;
		}

		@Override
		public int getBitDepth() {
			return 16;
		}

		@Override
		public String getSliceLabel(final int n) {
			return null;
		}
	}

	// ---- printing

	private static void head(final String text) {
		System.out.println();
		System.out.println(text);
		System.out.printf("%-36s%10s%10s%10s%n", "milliseconds", "median", "worst", "target");
	}

	private static void table(final List<Timings> all, final double firstTile, final double complete) {
		row("features of the new pixels", all, t -> t.features, Double.NaN);
		row("first forest", all, t -> t.firstForest, Double.NaN);
		row("forest", all, t -> t.forest, Double.NaN);
		row("prediction", all, t -> t.prediction, Double.NaN);
		row("painting", all, t -> t.painting, Double.NaN);
		row("first tile", all, t -> t.firstTile, firstTile);
		row("complete view", all, t -> t.complete, complete);
	}

	private static void row(final String name, final List<Timings> all, final ToDoubleFunction<Timings> stage,
		final double target)
	{
		final List<Double> values = new ArrayList<>();
		for (final Timings t : all)
			values.add(stage.applyAsDouble(t));
		row(name, values, target);
	}

	private static void row(final String name, final List<Double> values, final double target) {
		if (values.isEmpty()) values.add(Double.NaN);
		Collections.sort(values);
		System.out.printf("%-36s%10.1f%10.1f%10s%n", name, values.get(values.size() / 2), values.get(values.size() - 1),
			Double.isNaN(target) ? "" : String.format("%.0f", target));
	}

	private static String bytes(final long count) {
		return String.format("%.2f GiB", count / (double) (1 << 30));
	}

	private static void until(final BooleanSupplier condition) {
		final long end = System.currentTimeMillis() + PATIENCE_MS;
		while (!condition.getAsBoolean()) {
			if (System.currentTimeMillis() > end) throw new IllegalStateException("waited in vain");
			sleep(1);
		}
	}

	private static void sleep(final long ms) {
		try {
			Thread.sleep(ms);
		}
		catch (final InterruptedException e) {
			throw new IllegalStateException(e);
		}
	}
}
