import ij.IJ;
import ij.ImageJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.plugin.Duplicator;
import ij.plugin.frame.Recorder;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.LabelMap;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.LiveSession;
import io.github.brushwood.session.live.ResultTile;
import io.github.brushwood.session.live.Sessions;
import io.github.brushwood.session.live.Show;
import io.github.brushwood.session.live.View;
import io.github.brushwood.ui.live.SegmentWindow;

import java.awt.Color;
import java.awt.Component;
import java.awt.Dialog;
import java.awt.Rectangle;
import java.awt.Window;
import java.awt.event.KeyEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

import javax.swing.JColorChooser;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JList;

/**
 * Uses the live window as a person does, on the display it finds, and compares what comes out with the command line.
 * <p>
 * Arguments: folder of test data, folder for screenshots, scratch folder, the program brushwood.
 * </p>
 */
public final class LiveWindow {

	/** One frame; and what a shared machine adds to the processor time of an event (compiler, cold caches). */
	private static final double EVENT_MS = 16;
	private static final double TOLERANCE_MS = 8;
	private static final int CLOSINGS = 20;
	private static final int SIDE = 2048;
	/** What a class is recoloured to. */
	private static final int COLOUR = 0xCC3399;

	private final String data;
	private final String scratch;
	private final Hands hands;
	private final EventWatch watch = new EventWatch(EVENT_MS + TOLERANCE_MS);
	private final CommandLine program;

	private LiveWindow(final String... args) throws Exception {
		data = args[0];
		hands = new Hands(new File(args[1]));
		scratch = args[2];
		program = new CommandLine(args[3], scratch);
	}

	public static void main(final String... args) throws Exception {
		final LiveWindow test = new LiveWindow(args);
		try {
			test.run();
		}
		catch (final Throwable e) {
			e.printStackTrace(System.out);
			test.hands.shot("unexpected");
			test.hands.check("came to the end", false);
		}
		System.exit(test.hands.report("live") ? 0 : 1);
	}

	private void run() throws Exception {
		new ImageJ();
		watch.install();
		plane();
		stack();
		large();
		closings();
		hands.check("nothing was logged: " + IJ.getLog(), IJ.getLog() == null);
		none("nothing was thrown", watch.failures());
		none("no Swing of ours off the event thread", watch.elsewhere());
		none("no event of ours longer than " + EVENT_MS + " ms while painting (" + TOLERANCE_MS + " ms of tolerance; " + watch
			.summary() + ")", watch.slow());
	}

	/** Prints what there should not be. */
	private void none(final String what, final List<String> texts) {
		for (final String text : texts.subList(0, Math.min(5, texts.size())))
			System.out.println(text);
		hands.check(what + (texts.isEmpty() ? "" : ", but " + texts.size()), texts.isEmpty());
	}

	// ---- a plane

	private void plane() throws Exception {
		final String path = data + "/nuclei/train/00.tif";
		final Truth truth = new Truth(data + "/nuclei/train/00_truth.tif");
		new Recorder();
		SegmentWindow w = open(path);
		hands.shot("opened");
		paint(w, truth, 0, 1, 2);
		rest(w);
		hands.shot("painted");
		overlay(w, equal("two classes", w, path));
		thirdClass(w, truth);
		equal("three classes", w, path);
		eraseAndUndo(w, truth);
		classes(w);
		keys(w, truth);
		brush(w, truth);
		zoom(w, truth);
		dialogs(w);
		equal("other features", w, path);
		final String recorded = Recorder.getInstance().getText();
		Recorder.getInstance().close();
		w = saveAndOpen(w);
		replay(w, recorded, path);
	}

	/** Strokes of classes along the truth of the first two, with each class's key. */
	private void paint(final SegmentWindow w, final Truth truth, final int z, final int... classes) throws Exception {
		final LabelMap labels = w.liveImage().labels();
		watch.time(labels.count() > 0); // the first strokes load classes
		for (int round = 0; round < 3; round++)
			for (final int k : classes) {
				hands.key(KeyEvent.VK_0 + k);
				final double[][] way = truth.way(k == 3 ? 1 : k, z);
				hands.drag(w.getImagePlus(), way[0], way[1]);
				final int id = w.actions().session().classes().get(k - 1).id();
				hands.await("a stroke of class " + k, () -> covered(labels, way, id, z));
				watch.time(true);
			}
		rest(w);
		watch.time(false);
	}

	/** Whether all pixels of a level way have an id. */
	private static boolean covered(final LabelMap labels, final double[][] way, final int id, final int z) {
		for (int x = (int) way[0][0]; x <= way[1][0]; x++)
			if (labels.get(x, (int) way[0][1], z, 0) != id) return false;
		return true;
	}

	/** Model, results and tiles against the command line's. */
	private CommandLine.Results equal(final String what, final SegmentWindow w, final String path) throws Exception {
		final Actions actions = w.actions();
		final String model = scratch + "/live.brushwood";
		actions.saveModel(Monitor.NONE, model);
		final CommandLine.Results own = program.run(actions, w.liveImage(), path);
		hands.check(what + ": the model is the command line's, byte for byte", Arrays.equals(Files.readAllBytes(Paths.get(
			model)), own.model));
		hands.check(what + ": probabilities and labels are the command line's, byte for byte", own.equalsResults(actions, w
			.liveImage()));
		rest(w);
		final int z = w.getImagePlus().getSlice() - 1;
		final List<ResultTile> tiles = tiles(w, z);
		long pixels = 0;
		for (final ResultTile tile : tiles)
			pixels += (long) tile.width * tile.height;
		final ImagePlus imp = w.getImagePlus();
		hands.check(what + ": tiles cover the image", pixels >= (long) imp.getWidth() * imp.getHeight());
		hands.check(what + ": tiles have the command line's values", own.wrongPixels(tiles, z) == 0);
		return own;
	}

	private static List<ResultTile> tiles(final SegmentWindow w, final int z) {
		final ImagePlus imp = w.getImagePlus();
		return w.actions().updater().tiles(new View(w.liveImage(), z, 0, new Rectangle(imp.getWidth(), imp.getHeight()),
			Show.PROBABILITIES));
	}

	/** The screen has the colours of the classes where the command line sees them. */
	private void overlay(final SegmentWindow w, final CommandLine.Results own) throws Exception {
		final ImagePlus imp = w.getImagePlus();
		hands.move(w, 5, w.getHeight() - 5); // the brush's outline leaves the image
		final BufferedImage screen = hands.canvas(imp);
		final List<AnnotationClass> classes = w.actions().session().classes();
		final int[] right = new int[classes.size()];
		final int[] wrong = new int[classes.size()];
		for (int y = 8; y < imp.getHeight() - 8; y += 7)
			for (int x = 8; x < imp.getWidth() - 8; x += 7)
				for (int k = 0; k < right.length; k++) {
					if (!isSure(own, w.liveImage().labels(), k + 1, x, y)) continue;
					final int rgb = screen.getRGB(imp.getCanvas().screenXD(x + 0.5), imp.getCanvas().screenYD(y + 0.5));
					if (nearest(classes, rgb) == k) right[k]++;
					else wrong[k]++;
				}
		for (int k = 0; k < right.length; k++)
			hands.check("the screen shows the colour of class " + (k + 1) + " at " + right[k] + " places and another at " +
				wrong[k], right[k] >= 5 && wrong[k] == 0);
	}

	/** No label near, and one class all around. */
	private static boolean isSure(final CommandLine.Results own, final LabelMap labels, final int k, final int x,
		final int y)
	{
		for (int dy = -2; dy <= 2; dy++)
			for (int dx = -2; dx <= 2; dx++)
				if (labels.get(x + dx, y + dy, 0, 0) != 0 || own.probability(k, x + dx, y + dy, 0) < 0.95) return false;
		return true;
	}

	/** The class whose colour over some grey is nearest to a colour. */
	private static int nearest(final List<AnnotationClass> classes, final int rgb) {
		int best = -1;
		double least = Double.POSITIVE_INFINITY;
		for (int k = 0; k < classes.size(); k++)
			for (double share = 0.2; share <= 1; share += 0.05)
				for (int grey = 0; grey < 256; grey += 5) {
					double sum = 0;
					for (int shift = 0; shift <= 16; shift += 8) {
						final double d = share * (classes.get(k).rgb() >> shift & 255) + (1 - share) * grey - (rgb >> shift & 255);
						sum += d * d;
					}
					if (sum < least) best = k;
					least = Math.min(least, sum);
				}
		return best;
	}

	private void eraseAndUndo(final SegmentWindow w, final Truth truth) throws Exception {
		final LabelMap labels = w.liveImage().labels();
		final double[][] way = truth.way(1, 0);
		hands.key(KeyEvent.VK_1);
		hands.drag(w.getImagePlus(), way);
		final int id = w.actions().session().classes().get(0).id();
		hands.await("a stroke to erase", () -> covered(labels, way, id, 0));
		hands.key(KeyEvent.VK_E);
		hands.drag(w.getImagePlus(), way);
		hands.await("the eraser erases", () -> covered(labels, way, 0, 0));
		hands.key(KeyEvent.VK_CONTROL, KeyEvent.VK_Z);
		hands.await("undo brings it back", () -> covered(labels, way, id, 0));
		hands.key(KeyEvent.VK_CONTROL, KeyEvent.VK_SHIFT, KeyEvent.VK_Z);
		hands.await("redo erases it again", () -> covered(labels, way, 0, 0));
		hands.key(KeyEvent.VK_CONTROL, KeyEvent.VK_Z);
		hands.await("undo a second time", () -> covered(labels, way, id, 0));
		hands.key(KeyEvent.VK_B);
		rest(w);
	}

	/** What is over the image goes while H is held; A labels ImageJ's selection. */
	private void keys(final SegmentWindow w, final Truth truth) throws Exception {
		hands.keyDown(KeyEvent.VK_H);
		hands.await("H hides everything while it is held", () -> greys(w) == 1);
		hands.keyUp(KeyEvent.VK_H);
		hands.await("and no longer", () -> greys(w) == 0);
		final LabelMap labels = w.liveImage().labels();
		final double[][] way = truth.way(1, 0);
		hands.key(KeyEvent.VK_1);
		w.getImagePlus().setRoi((int) way[0][0], (int) way[0][1], 11, 1);
		hands.key(KeyEvent.VK_A);
		final int id = w.actions().session().classes().get(0).id();
		final double[][] selected = { way[0], { way[0][0] + 10, way[0][1] } };
		hands.await("A gives the selection to the class", () -> covered(labels, selected, id, 0));
		w.getImagePlus().deleteRoi();
		hands.key(KeyEvent.VK_CONTROL, KeyEvent.VK_Z);
		Hands.waitFor("no label", () -> covered(labels, selected, 0, 0));
	}

	/** A dot grows with Alt and the wheel. */
	private void brush(final SegmentWindow w, final Truth truth) throws Exception {
		final long small = dot(w, truth);
		hands.keyDown(KeyEvent.VK_ALT);
		hands.wheel(-6);
		hands.keyUp(KeyEvent.VK_ALT);
		final long large = dot(w, truth);
		hands.check("Alt and the wheel make the brush larger: " + small + " and " + large + " pixels", large > 2 * small);
		hands.keyDown(KeyEvent.VK_ALT);
		hands.wheel(6);
		hands.keyUp(KeyEvent.VK_ALT);
		hands.check("and small again", dot(w, truth) == small);
	}

	/** @return pixels that a click labels; taken back afterwards */
	private long dot(final SegmentWindow w, final Truth truth) throws Exception {
		final LabelMap labels = w.liveImage().labels();
		final long before = labels.count();
		final double[][] way = truth.way(1, 0);
		hands.key(KeyEvent.VK_1);
		hands.drag(w.getImagePlus(), way[0]);
		Hands.waitFor("a dot", () -> labels.count() > before);
		Hands.settleEvents();
		final long count = labels.count() - before;
		hands.key(KeyEvent.VK_CONTROL, KeyEvent.VK_Z);
		Hands.waitFor("no dot", () -> labels.count() == before);
		hands.moveTo(w.getImagePlus(), way[0]);
		return count;
	}

	private void zoom(final SegmentWindow w, final Truth truth) throws Exception {
		final ImagePlus imp = w.getImagePlus();
		final LabelMap labels = w.liveImage().labels();
		final double level = imp.getCanvas().getMagnification();
		hands.moveTo(imp, new double[] { 128, 128 });
		while (imp.getCanvas().getSrcRect().width > 150) {
			final double before = imp.getCanvas().getMagnification();
			hands.key(KeyEvent.VK_ADD);
			Hands.waitFor("a zoom", () -> imp.getCanvas().getMagnification() > before);
			Hands.settleEvents();
		}
		rest(w);
		hands.shot("zoomed");
		apart(imp);
		final long count = labels.count();
		final Rectangle view = new Rectangle(imp.getCanvas().getSrcRect());
		hands.keyDown(KeyEvent.VK_SPACE);
		hands.drag(imp, new double[] { view.x + 60, view.y + 60 }, new double[] { view.x + 40, view.y + 50 });
		hands.keyUp(KeyEvent.VK_SPACE);
		hands.await("space and mouse move the image", () -> !imp.getCanvas().getSrcRect().equals(view));
		hands.check("and paint nothing", labels.count() == count);
		final Rectangle now = imp.getCanvas().getSrcRect();
		final double[][] way = { { now.x + 30, now.y + 30 }, { now.x + 60, now.y + 30 } };
		hands.key(KeyEvent.VK_2);
		hands.drag(imp, way);
		final int id = w.actions().session().classes().get(1).id();
		hands.await("a stroke lies where the mouse was in a zoomed view", () -> covered(labels, way, id, 0));
		hands.key(KeyEvent.VK_CONTROL, KeyEvent.VK_Z);
		Hands.waitFor("no stroke", () -> labels.count() == count);
		while (imp.getCanvas().getMagnification() > level) {
			hands.key(KeyEvent.VK_SUBTRACT);
			Hands.settleEvents();
		}
		rest(w);
	}

	// ---- classes in the side panel

	private void thirdClass(final SegmentWindow w, final Truth truth) throws Exception {
		hands.click(Hands.button(w, "Add"));
		hands.await("a third class", () -> w.actions().session().classes().size() == 3);
		Hands.front(w.getImagePlus());
		paint(w, truth, 0, 3);
	}

	/** Renames by a double click, recolours, hides and shows. */
	private void classes(final SegmentWindow w) throws Exception {
		final LiveSession session = w.actions().session();
		final JList<?> list = (JList<?>) Hands.named(w, "classes");
		hands.click(list, 100, middle(list, 1), 2);
		final JComponent editor = Hands.named(w, "className");
		Hands.waitFor("the name can be edited", editor::isFocusOwner);
		hands.type("nucleus");
		hands.key(KeyEvent.VK_ENTER);
		hands.await("a double click renames a class", () -> session.classes().get(1).name().equals("nucleus"));
		hands.click(list, 12, middle(list, 2), 2);
		final Window chooser = Hands.window("the colour's window", x -> x instanceof Dialog && x.isActive());
		hands.shot("colour");
		recolour(chooser);
		hands.await("a class has another colour", () -> session.classes().get(2).rgb() == COLOUR);
		hands.click(list, 35, middle(list, 1), 1);
		hands.await("a click on the eye hides a class", () -> !session.isVisible(session.classes().get(1)));
		Hands.front(w.getImagePlus());
		rest(w);
		hands.shot("hidden-class");
		hands.check("a hidden class has no colour on the screen", greys(w) > 0.8);
		hands.click(list, 35, middle(list, 1), 1);
		hands.await("and shows it again", () -> session.isVisible(session.classes().get(1)));
		Hands.front(w.getImagePlus());
		Hands.waitFor("the colour is there again", () -> greys(w) == 0);
		hands.key(KeyEvent.VK_2);
		Hands.waitFor("the class of a key is chosen", () -> list.getSelectedIndex() == 1);
		hands.check("the key 2 chooses the second class", true);
	}

	private static double middle(final JList<?> list, final int row) throws Exception {
		final Rectangle cell = Hands.onEvents(() -> {
			list.ensureIndexIsVisible(row);
			return list.getCellBounds(row, row);
		});
		return cell.getCenterY();
	}

	/** The share of grey ones among the pixels of the screen in the middle of the strokes of class 2. */
	private double greys(final SegmentWindow w) throws Exception {
		final ImagePlus imp = w.getImagePlus();
		final BufferedImage screen = hands.canvas(imp);
		final LabelMap labels = w.liveImage().labels();
		final int id = w.actions().session().classes().get(1).id();
		int greys = 0;
		int all = 0;
		for (int y = 2; y < imp.getHeight() - 2; y++)
			for (int x = 2; x < imp.getWidth() - 2; x++) {
				if (labels.get(x, y, 0, 0) != id || labels.get(x, y - 1, 0, 0) != id || labels.get(x, y + 1, 0, 0) != id) continue;
				final int rgb = screen.getRGB(imp.getCanvas().screenXD(x + 0.5), imp.getCanvas().screenYD(y + 0.5));
				all++;
				if (Math.abs((rgb >> 16 & 255) - (rgb & 255)) < 8 && Math.abs((rgb >> 8 & 255) - (rgb & 255)) < 8) greys++;
			}
		return greys / (double) all;
	}

	/** Chooses COLOUR in the window of Swing's colour chooser. */
	private void recolour(final Window chooser) throws Exception {
		final JColorChooser colours = Hands.one(chooser, JColorChooser.class, c -> true, "colour chooser");
		Hands.onEvents(() -> {
			colours.setColor(new Color(COLOUR));
			return null;
		});
		hands.click(Hands.button(chooser, "OK"));
	}

	// ---- dialogs

	/** Other features by the dialog's preset; the report follows. */
	private void dialogs(final SegmentWindow w) throws Exception {
		hands.click(Hands.button(w, "Report..."));
		final Window report = Hands.window("Brushwood: Report");
		report.setLocation(0, 0); // it would lie over the panel
		Hands.waitFor("the panel is free", () -> !report.getBounds().intersects(Hands.onScreen(Hands.button(w,
			"Features..."))));
		hands.click(Hands.button(w, "Features..."));
		final Window features = Hands.window("Brushwood: Features");
		Hands.front(features);
		final JComboBox<?> presets = Hands.one(features, JComboBox.class, c -> true, "choice of presets");
		Hands.onEvents(() -> {
			presets.setSelectedIndex(0);
			return null;
		});
		hands.shot("features");
		hands.click(Hands.button(features, "OK"));
		hands.await("the dialog hands the features over", () -> w.actions().session().settings().features.equals("fast"));
		Hands.waitFor("the dialog is closed", () -> !features.isShowing());
		rest(w);
		final int count = w.actions().updater().featureNames().size();
		hands.await("the report is of the new features", () -> !Hands.onEvents(() -> Hands.all(report, JLabel.class,
			c -> String.valueOf(c.getText()).contains(count + " feature images"))).isEmpty());
		hands.shot("report");
		hands.click(Hands.button(report, "Close"));
		Hands.waitFor("the report is closed", () -> !report.isShowing());
		Hands.front(w.getImagePlus());
	}

	// ---- files and macros

	/** Saves, closes and opens again: the same session. */
	private SegmentWindow saveAndOpen(final SegmentWindow w) throws Exception {
		final String file = scratch + "/a session.brushwood-session";
		final String before = state(w.actions());
		w.actions().save(file);
		hands.check("nothing is unsaved", !w.actions().isModified());
		Hands.close(w);
		gone();
		IJ.run("Brushwood Open Session...", "file=[" + file + "]");
		Hands.waitFor("the session's window", () -> WindowManager.getCurrentWindow() instanceof SegmentWindow);
		final SegmentWindow again = (SegmentWindow) WindowManager.getCurrentWindow();
		Hands.front(again.getImagePlus());
		rest(again);
		hands.check("a session that was opened again is the same", state(again.actions()).equals(before));
		hands.shot("opened-again");
		return again;
	}

	/** All that a session file keeps, and the model, as text. */
	private String state(final Actions actions) throws Exception {
		final LiveSession session = actions.session();
		final StringBuilder text = new StringBuilder();
		for (final AnnotationClass c : session.classes())
			text.append(c.name()).append(c.hex()).append(session.isVisible(c)).append('\n');
		text.append(session.settings().features).append(session.settings().calibrated).append(actions.forestOptions());
		for (final LiveImage image : session.images()) {
			text.append('\n').append(image.title()).append(' ').append(image.identity());
			for (final int[] zt : image.labels().planes())
				text.append(' ').append(Arrays.toString(zt)).append(Arrays.hashCode(labels(session, image, zt)));
		}
		final String model = scratch + "/state.brushwood";
		actions.saveModel(Monitor.NONE, model);
		return text.append('\n').append(Arrays.hashCode(Files.readAllBytes(Paths.get(model)))).toString();
	}

	private static byte[] labels(final LiveSession session, final LiveImage image, final int[] zt) {
		final byte[] ids = image.labels().plane(zt[0], zt[1]);
		for (int i = 0; i < ids.length; i++)
			ids[i] = (byte) session.labelOfId()[ids[i] & 0xFF];
		return ids;
	}

	/** What the recorder wrote makes the same model. */
	private void replay(final SegmentWindow w, final String recorded, final String path) throws Exception {
		System.out.println(recorded);
		final String model = scratch + "/replayed.brushwood";
		w.actions().saveModel(Monitor.NONE, model);
		final byte[] wanted = Files.readAllBytes(Paths.get(model));
		Hands.close(w);
		gone();
		IJ.openImage(path).show();
		IJ.runMacro(recorded + "\ncall(\"io.github.brushwood.Session.saveModel\", \"" + model + "\");");
		hands.check("a recorded macro makes the same model", Arrays.equals(Files.readAllBytes(Paths.get(model)), wanted));
		IJ.runMacro("call(\"io.github.brushwood.Session.close\");");
		gone();
	}

	// ---- a stack

	private void stack() throws Exception {
		final String path = data + "/embryo3d/train/00.tif";
		final Truth truth = new Truth(data + "/embryo3d/train/00_truth.tif");
		final SegmentWindow w = open(path);
		final ImagePlus imp = w.getImagePlus();
		for (final int z : new int[] { 4, 9 }) {
			slice(imp, z);
			paint(w, truth, z, 1, 2);
		}
		hands.check("two slices have labels", w.liveImage().labels().planes().size() == 2);
		hands.shot("stack");
		equal("a stack", w, path);
		slice(imp, 6);
		rest(w);
		equal("another slice of the stack", w, path);
		Hands.close(w);
		hands.press(Hands.window("Brushwood"), "Don't Save");
		gone();
	}

	/** With ImageJ's keys. */
	private void slice(final ImagePlus imp, final int z) throws Exception {
		while (imp.getSlice() - 1 != z) {
			final int before = imp.getSlice();
			hands.key(before - 1 < z ? KeyEvent.VK_PERIOD : KeyEvent.VK_COMMA);
			Hands.waitFor("another slice", () -> imp.getSlice() != before);
		}
	}

	// ---- a large image

	/** Paints without a rest while the worker works. */
	private void large() throws Exception {
		final ImagePlus small = IJ.openImage(data + "/cells3d_2ch/train/00.tif");
		final ImagePlus imp = new Duplicator().run(small, 1, 2, 7, 7, 1, 1).resize(SIDE, SIDE, "bilinear");
		imp.setTitle("large");
		final SegmentWindow w = open(imp);
		for (int i = 0; i < 8; i++) {
			hands.key(KeyEvent.VK_1 + i % 2);
			final double[][] way = new double[40][];
			for (int k = 0; k < way.length; k++)
				way[k] = new double[] { 200 + 40 * k, 100 + 200 * i + 80 * Math.sin(k / 3.0) };
			hands.drag(imp, way);
			watch.time(i > 1);
		}
		rest(w);
		watch.time(false);
		hands.shot("large");
		hands.check("strokes over a large image", w.liveImage().labels().count() > 8 * 40 * 40);
		Hands.close(w);
		hands.press(Hands.window("Brushwood"), "Don't Save");
		gone();
	}

	// ---- ends

	/** Closes window, image or session at any moment of a stroke or of the work after it. */
	private void closings() throws Exception {
		final Random random = new Random(7);
		final ImagePlus original = IJ.openImage(data + "/nuclei/train/00.tif");
		for (int i = 0; i < CLOSINGS; i++) {
			final ImagePlus imp = original.duplicate();
			imp.setTitle("closing " + i);
			imp.show();
			IJ.run(imp, "Brushwood Segment...", "");
			Hands.waitFor("the window", () -> imp.getWindow() instanceof SegmentWindow);
			Hands.front(imp);
			final Truth truth = new Truth(data + "/nuclei/train/00_truth.tif");
			for (int k = 1; k <= 2; k++) {
				hands.key(KeyEvent.VK_0 + k);
				hands.drag(imp, truth.way(k, 0));
			}
			final boolean midStroke = random.nextBoolean();
			if (midStroke) {
				final double[][] way = truth.way(1, 0);
				hands.press(imp, way[0]);
				hands.moveTo(imp, way[1]);
			}
			IJ.wait(random.nextInt(700));
			end(imp, i % 3);
			gone();
		}
		hands.check(CLOSINGS + " sessions closed at any moment left nothing", true);
	}

	private void end(final ImagePlus imp, final int how) throws Exception {
		final Window w = imp.getWindow();
		imp.changes = false;
		if (how == 0) Hands.close(w);
		else new Thread(how == 1 ? imp::close : () -> IJ.runMacro("call(\"io.github.brushwood.Session.close\");"), "end")
			.start();
		Hands.waitFor("a question or the end", () -> Sessions.all().isEmpty() || question() != null);
		hands.release(); // a stroke may be under way
		if (question() != null) hands.press(question(), "Don't Save");
	}

	private static Window question() {
		return Hands.find(w -> Hands.title(w).equals("Brushwood"));
	}

	/** No session, no thread and no memory of ours. */
	private void gone() throws Exception {
		Hands.waitFor("no session", () -> Sessions.all().isEmpty());
		Hands.waitFor("no thread of ours: " + threads(), () -> threads().isEmpty());
		Hands.waitFor("no memory of the engine", () -> Engine.memoryInUse() == 0);
	}

	private static List<String> threads() {
		final List<String> names = new ArrayList<>();
		for (final Map.Entry<Thread, StackTraceElement[]> e : Thread.getAllStackTraces().entrySet()) {
			boolean ours = e.getKey().getName().startsWith("Brushwood");
			for (final StackTraceElement frame : e.getValue())
				ours |= frame.getClassName().startsWith("io.github.brushwood");
			if (ours && e.getKey() != Thread.currentThread()) names.add(e.getKey().getName());
		}
		return names;
	}

	// ---- windows

	private SegmentWindow open(final String path) throws Exception {
		return open(IJ.openImage(path));
	}

	private SegmentWindow open(final ImagePlus imp) throws Exception {
		imp.show();
		Hands.waitFor("the image is current", () -> WindowManager.getCurrentImage() == imp);
		IJ.doCommand("Brushwood Segment...");
		Hands.waitFor("the window of " + imp.getTitle(), () -> imp.getWindow() instanceof SegmentWindow);
		Hands.finished("Brushwood Segment...");
		Hands.front(imp);
		apart(imp);
		return (SegmentWindow) imp.getWindow();
	}

	/** The canvas covers nothing else in its window. */
	private void apart(final ImagePlus imp) throws Exception {
		final boolean apart = Hands.onEvents(() -> {
			for (final Component c : imp.getWindow().getComponents())
				if (c != imp.getCanvas() && c.getBounds().intersects(imp.getCanvas().getBounds())) return false;
			return new Rectangle(imp.getWindow().getSize()).contains(imp.getCanvas().getBounds());
		});
		hands.check("image, sliders and panel lie side by side", apart);
	}

	/** Until forest, view and report are up to date and painted. */
	private static void rest(final SegmentWindow w) throws Exception {
		Hands.settleEvents();
		if (!w.actions().updater().await(90000)) throw new IllegalStateException("no rest: " + w.actions().updater()
			.state().text);
		Hands.settleEvents();
	}
}
