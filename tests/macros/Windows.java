import ij.IJ;
import ij.ImageJ;
import ij.ImagePlus;
import ij.Prefs;
import ij.WindowManager;
import ij.gui.HTMLDialog;
import ij.gui.OvalRoi;
import ij.gui.Roi;
import ij.measure.ResultsTable;
import ij.plugin.frame.Recorder;
import ij.plugin.frame.RoiManager;
import ij.text.TextWindow;

import java.awt.AWTEvent;
import java.awt.Button;
import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.Color;
import java.awt.Component;
import java.awt.Container;
import java.awt.Dialog;
import java.awt.EventQueue;
import java.awt.Frame;
import java.awt.KeyboardFocusManager;
import java.awt.Label;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.Robot;
import java.awt.TextField;
import java.awt.Toolkit;
import java.awt.Window;
import java.awt.event.InputEvent;
import java.awt.event.ItemEvent;
import java.awt.event.ItemListener;
import java.awt.event.KeyEvent;
import java.awt.event.MouseEvent;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

import javax.imageio.ImageIO;
import javax.swing.JButton;
import javax.swing.JFileChooser;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JTextArea;
import javax.swing.JTextField;
import javax.swing.SwingUtilities;

import com.sun.management.OperatingSystemMXBean;

/**
 * Uses the plugin's windows as a person does, on the display it finds: menus, dialogs, help, recorder, Esc. Saves a
 * screenshot of every window.
 * <p>
 * Arguments: folder of test data, folder for screenshots, scratch folder.
 * </p>
 */
public final class Windows {

	private static final long PATIENCE_MS = 120000;
	/** What a window manager and the event thread need on a machine with time to spare. */
	private static final long REACTION_MS = 500;
	/** Esc stops a batch within this time. */
	private static final long ESC_MS = 2000;
	/** How much slower a machine may be that is busy with other things. */
	private static final int LOADED = 20;

	private final String data;
	private final File screenshots;
	private final String scratch;
	private final Robot robot;
	/** What the event thread has heard of the mouse and of the keys. */
	private final AtomicReference<Object> pointedAt = new AtomicReference<>();
	private final AtomicReference<Object> releasedOn = new AtomicReference<>();
	private final AtomicInteger releasedKeys = new AtomicInteger();
	private int passed;
	private int failed;
	private int shots;

	private Windows(final String... args) throws Exception {
		data = args[0] + "/nuclei/";
		screenshots = new File(args[1]);
		scratch = args[2];
		robot = new Robot();
		robot.setAutoDelay(20);
		Toolkit.getDefaultToolkit().addAWTEventListener(e -> {
			if (e.getID() == MouseEvent.MOUSE_ENTERED || e.getID() == MouseEvent.MOUSE_MOVED) pointedAt.set(e.getSource());
			if (e.getID() == MouseEvent.MOUSE_RELEASED) releasedOn.set(e.getSource());
		}, AWTEvent.MOUSE_EVENT_MASK | AWTEvent.MOUSE_MOTION_EVENT_MASK);
		// before all others, which may keep keys to themselves
		KeyboardFocusManager.getCurrentKeyboardFocusManager().addKeyEventDispatcher(e -> {
			if (e.getID() == KeyEvent.KEY_RELEASED) releasedKeys.incrementAndGet();
			return false;
		});
	}

	public static void main(final String... args) throws Exception {
		final Windows windows = new Windows(args);
		try {
			windows.run();
		}
		catch (final Throwable e) {
			e.printStackTrace(System.out);
			windows.shot("unexpected");
			windows.check("came to the end: " + e + "; windows: " + showing() + "; status line: " + status(), false);
		}
		System.out.println("windows: " + windows.passed + " passed, " + windows.failed + " failed");
		System.exit(windows.failed == 0 ? 0 : 1);
	}

	private void run() throws Exception {
		new ImageJ();
		new Recorder();
		annotate();
		reopen();
		manager();
		train();
		apply();
		suggest();
		showFeatures();
		validate();
		objects();
		folder();
		pickObjects();
		info();
		preferences();
		help();
		replay();
		cancel();
		stopFolder();
		saveZarr();
	}

	// ---- the commands

	private void annotate() throws Exception {
		IJ.doCommand("Brushwood Annotate");
		press(dialog("Brushwood Annotate"), "OK"); // there is no image
		finished("Brushwood Annotate");
		show(data + "train/00.tif").setRoi(60, 60, 12, 9);
		Dialog d = start("Brushwood Annotate");
		type(d, "Class", "back [ground]");
		shot("annotate");
		check("Annotate takes the selection by default", choice(d, "Annotate from").getSelectedItem().equals("selection"));
		help(d, "annotate-help");
		press(d, "OK");
		finished("Brushwood Annotate");
		check("the first annotation is there", current().getOverlay() != null && current().getOverlay().size() == 1);
		current().setRoi(new OvalRoi(100, 100, 10, 10));
		d = start("Brushwood Annotate");
		select(d, "Known ones", "back [ground]");
		check("a known class fills the field", field(d, "Class").getText().equals("back [ground]"));
		type(d, "Class", "nuclei");
		press(d, "OK");
		finished("Brushwood Annotate");
		check("the second annotation is there", current().getOverlay().size() == 2);
		d = start("Brushwood Annotate");
		check("the class used last comes first", field(d, "Class").getText().equals("nuclei"));
		press(d, "Cancel");
		finished("Brushwood Annotate");
		check("annotations have their class's colour", !current().getOverlay().get(0).getStrokeColor().equals(current()
			.getOverlay().get(1).getStrokeColor()));
		shot("annotated-image");
	}

	/** ImageJ's reader paints Rois by their group; the plugin gives them their class's colour again. */
	private void reopen() throws Exception {
		final String path = scratch + "/00.tif";
		final Color colour = current().getOverlay().get(1).getStrokeColor();
		IJ.saveAsTiff(current(), path);
		closeImage("00.tif");
		final Roi roi = show(path).getOverlay().get(1);
		check("an opened image has its annotations' groups", roi.getGroup() == 2);
		await("the colours of an opened image's annotations", () -> roi.getStrokeColor().equals(colour));
	}

	private void manager() {
		final RoiManager manager = new RoiManager();
		manager.addRoi(new Roi(5, 5, 9, 9));
		manager.addRoi(new Roi(200, 5, 9, 9));
		IJ.run("Brushwood Annotate", "class=nuclei from=manager");
		check("the ROI Manager's selections become annotations", current().getOverlay().size() == 4 && current()
			.getOverlay().get(3).getGroup() == 2);
		IJ.run("Brushwood Annotate", "clear class=nuclei");
		check("annotations of a class are removed", current().getOverlay().size() == 1);
		manager.close();
		current().setRoi(new OvalRoi(100, 100, 10, 10));
		IJ.run("Brushwood Annotate", "class=nuclei from=selection");
	}

	private void train() throws Exception {
		Dialog d = start("Brushwood Train Model...");
		press(d, "OK");
		final Dialog error = dialog("Brushwood Train Model...");
		shot("train-error");
		check("a message fits on the screen", error.getWidth() < 900);
		press(error, "OK");
		d = dialog("Brushwood Train Model");
		type(d, "Save model as", scratch + "/a model.brushwood");
		select(d, "Preset", "fast");
		check("a preset fills the features", field(d, "Features").getText().startsWith("gaussian:"));
		select(d, "Held-out check", "samples");
		shot("train");
		help(d, "train-help");
		moreOptions(d);
		final Window report = window("Brushwood model");
		check("the report is a window", report != null);
		shot("train-report");
		finished("Brushwood Train Model...");
		check("the model is saved", new File(scratch, "a model.brushwood").isFile());
		close(report);
	}

	/** The second page shows what the chosen forest does; only what differs is recorded. */
	private void moreOptions(final Dialog first) throws Exception {
		final String title = "Train Model: more options";
		tick(first, "More options...");
		press(first, "OK");
		final Dialog d = dialog(title);
		check("the second page shows the forest's values", field(d, "Trees").getText().matches("[0-9]+") && field(d,
			"Folds").getText().matches("[0-9]+") && choice(d, "Balance").getSelectedItem().matches("[a-z]+"));
		type(d, "Trees", "20");
		type(d, "Smoothing sigmas", "2,5"); // has no effect without autocontext: an error
		press(d, "OK");
		press(dialog("Brushwood Train Model..."), "OK");
		final Dialog again = dialog("Brushwood Train Model");
		check("after an error both pages keep their values", field(again, "Features").getText().startsWith("gaussian:") &&
			choice(again, "Held-out check").getSelectedItem().equals("samples"));
		press(again, "OK");
		final Dialog second = dialog(title);
		check("the second page keeps its values", field(second, "Trees").getText().equals("20") && field(second,
			"Smoothing sigmas").getText().equals("2,5"));
		type(second, "Smoothing sigmas", "1.6,3.5,10");
		shot("train-more");
		press(second, "OK");
	}

	/** A short list of features from the same image. */
	private void suggest() throws Exception {
		final Dialog d = start("Brushwood Suggest Features...");
		type(d, "Features", "gaussian:0.7,1.6,3.5;gradient:1.6;hessian:1.6");
		select(d, "Forest", "ilastik");
		shot("suggest");
		press(d, "OK");
		finished("Brushwood Suggest Features...");
		active("the diagram", "Suggested features");
		final ResultsTable steps = ResultsTable.getResultsTable("Suggested features: steps");
		check("the steps are a table", steps != null && steps.size() > 1 && steps.getValue("Features", 0) > steps.getValue(
			"Features", 1));
		check("the list is in the log", IJ.getLog().contains("Suggested features: "));
		shot("suggest-result");
		close(window("Suggested features: steps"));
		closeImage("Suggested features");
		close(window("Log"));
	}

	/** Against an open label image of the truth. */
	private void validate() throws Exception {
		show(data + "test/00_truth.tif");
		final ImagePlus image = show(data + "test/00.tif");
		bringToFront(image);
		final Dialog d = start("Brushwood Validate Model...");
		select(d, "Truth of the current image", "00_truth.tif");
		check("the truth is chosen from the open images", field(d, "Truth of the current image").getText().equals(
			"00_truth.tif"));
		type(d, "Save CSV as", scratch + "/scores.csv");
		shot("validate");
		help(d, "validate-help");
		press(d, "OK");
		finished("Brushwood Validate Model...");
		final String title = "Validation of a model.brushwood: ";
		active("the reliability diagram", title + "reliability");
		final ResultsTable classes = ResultsTable.getResultsTable(title + "classes");
		check("the classes are a table", classes != null && classes.size() == 2 && classes.getValue("IoU", 0) > 0.5 && classes
			.getStringValue("Class", 0).equals("back [ground]"));
		final ResultsTable confusion = ResultsTable.getResultsTable(title + "confusion matrix");
		check("the confusion matrix is a table", confusion != null && confusion.getValue("as nuclei", 1) == classes.getValue(
			"Truth", 1) - confusion.getValue("as back [ground]", 1));
		final ResultsTable summary = ResultsTable.getResultsTable(title + "summary");
		check("the summary is a table", summary != null && summary.getValue("Accuracy", 0) > 0.5);
		check("the scores are written", new File(scratch, "scores.csv").length() > 100);
		shot("validate-result");
		for (final String table : new String[] { "classes", "confusion matrix", "summary" })
			close(window(title + table));
		closeImage(title + "reliability");
		closeImage("00_truth.tif");
		image.close(); // the annotated image has the same title
		close(window("Log"));
	}

	private void apply() throws Exception {
		Dialog d = start("Brushwood Apply Model...");
		shot("apply");
		check("the model just trained is offered", field(d, "Model file").getText().equals(scratch +
			"/a model.brushwood"));
		type(d, "Model file", scratch + "/none.brushwood");
		tick(d, "labels");
		tick(d, "uncertainty");
		press(d, "OK");
		final Dialog error = dialog("Brushwood Apply Model...");
		shot("apply-error");
		press(error, "OK");
		d = dialog("Brushwood Apply Model");
		check("after an error the dialog keeps its values", field(d, "Model file").getText().endsWith("none.brushwood") &&
			checkbox(d, "labels").getState() && !checkbox(d, "entropy").getState());
		type(d, "Model file", scratch + "/a model.brushwood");
		press(d, "OK");
		finished("Brushwood Apply Model...");
		active("the label image", "Segmentation of 00.tif");
		check("the probabilities are shown too", WindowManager.getImage("Probabilities of 00.tif") != null);
		check("the uncertainty is shown too", WindowManager.getImage("Uncertainty of 00.tif") != null);
		shot("apply-results");
		closeImage("Segmentation of 00.tif");
		closeImage("Probabilities of 00.tif");
		closeImage("Uncertainty of 00.tif");
	}

	private void showFeatures() throws Exception {
		final Dialog d = start("Brushwood Show Features...");
		type(d, "Features", "gaussian:1;hessian:1.6");
		select(d, "Add feature", "median - Median");
		check("a chosen feature comes behind the others", field(d, "Features").getText().equals(
			"gaussian:1;hessian:1.6;median:2"));
		check("a changed list is no preset", choice(d, "Preset").getSelectedItem().equals("(as written)"));
		tick(d, "Exact filters (slower)");
		shot("features");
		help(d, "features-help");
		press(d, "OK");
		finished("Brushwood Show Features...");
		final ImagePlus features = active("the stack of features", "Features of 00.tif");
		check("one channel per feature", features.getNChannels() == 4);
		check("the features are exact", String.valueOf(features.getProperty("Info")).contains("Features: exact;"));
		shot("features-result");
		closeImage(features.getTitle());
	}

	/** From a raw image to objects, their outlines, their measures, and what differs from others. */
	private void objects() throws Exception {
		final ImagePlus image = show(data + "test/00.tif");
		bringToFront(image);
		Dialog d = start("Brushwood Label Objects...");
		type(d, "Model file", scratch + "/a model.brushwood");
		type(d, "Classes of objects", "nuclei");
		tick(d, "outlines");
		tick(d, "roi_manager");
		tick(d, "table");
		shot("objects");
		help(d, "objects-help");
		tick(d, "More options...");
		press(d, "OK");
		d = dialog("Label Objects: more options");
		shot("objects-more");
		press(d, "OK");
		finished("Brushwood Label Objects...");
		final ImagePlus labels = active("the image of objects", "Objects of 00.tif");
		final int count = (int) labels.getProcessor().getStats().max;
		check("there are objects: " + count, count > 3);
		check("outlines are over the image", image.getOverlay() != null && image.getOverlay().size() == count);
		check("the ROI Manager has them", RoiManager.getInstance() != null && RoiManager.getInstance().getCount() == count);
		check("the measures are ImageJ's Results", ResultsTable.getResultsTable().size() == count);
		shot("objects-result");
		bringToFront(image);
		IJ.run("In [+]", "");
		IJ.run("In [+]", "");
		shot("objects-outlines");
		RoiManager.getInstance().close();
		measureObjects(labels, count);
		compareObjects(labels);
		exportObjects(image);
		closeImage("Objects of 00.tif");
		image.changes = false;
		image.close();
		close(window("Results"));
		close(window("Log"));
	}

	private void measureObjects(final ImagePlus labels, final int count) throws Exception {
		bringToFront(labels);
		final Dialog d = start("Brushwood Measure Objects...");
		type(d, "Image of intensities", "00.tif");
		type(d, "Measures", "area;circularity;mean");
		type(d, "Save table as", scratch + "/objects.csv");
		shot("measure-objects");
		help(d, "measure-objects-help");
		press(d, "OK");
		finished("Brushwood Measure Objects...");
		final ResultsTable results = ResultsTable.getResultsTable();
		check("the rows were replaced", results.size() == count && results.columnExists("mean") && !results.columnExists(
			"feret_max"));
		check("the table is written", new File(scratch, "objects.csv").length() > 100);
	}

	private void compareObjects(final ImagePlus labels) throws Exception {
		final ImagePlus other = labels.duplicate();
		other.setTitle("others");
		other.getProcessor().setValue(0);
		other.getProcessor().fill(new Roi(0, 0, 60, other.getHeight()));
		other.show();
		bringToFront(other);
		final Dialog d = start("Brushwood Compare Segmentations...");
		type(d, "Truth", "Objects of 00.tif");
		tick(d, "Picture of the differences");
		shot("compare");
		press(d, "OK");
		finished("Brushwood Compare Segmentations...");
		active("the picture", "Differences of others");
		final ResultsTable matches = ResultsTable.getResultsTable("Comparison: objects");
		check("objects are missed, few are too many", matches != null && matches.size() == 10 && matches.getValue("missed",
			0) > 0 && matches.getValue("precision", 0) > 0.8);
		shot("compare-result");
		closeImage("Differences of others");
		closeImage("others");
		for (final String table : new String[] { ": confusion matrix", ": classes", ": objects", ": images" })
			close(window("Comparison" + table));
		close(window("Comparison"));
	}

	private void exportObjects(final ImagePlus image) throws Exception {
		bringToFront(image);
		final Dialog d = start("Brushwood Export Training Pairs...");
		check("the image's objects are offered", field(d, "Label image").getText().equals("Objects of 00.tif"));
		type(d, "Output folder", scratch + "/pairs");
		shot("export-pairs");
		press(d, "OK");
		finished("Brushwood Export Training Pairs...");
		check("a pair is written", new File(scratch, "pairs/00.tif").exists() && new File(scratch, "pairs/00_masks.tif")
			.exists());
	}

	private void folder() throws Exception {
		final String command = "Brushwood Apply Model to Folder...";
		final File in = new File(scratch, "in");
		in.mkdirs();
		Files.copy(new File(data + "test/00.tif").toPath(), new File(in, "good.tif").toPath());
		Files.write(new File(in, "bad.tif").toPath(), new byte[100]);
		Dialog d = start(command);
		type(d, "Model file", scratch + "/a model.brushwood");
		type(d, "Input folder", in.getPath());
		type(d, "Output folder", scratch + "/out");
		tick(d, "labels");
		shot("folder");
		help(d, "folder-help");
		tick(d, "More options...");
		press(d, "OK");
		final String second = "Apply Model to Folder: more options";
		d = dialog(second);
		check("the second page shows the defaults", field(d, "Name pattern").getText().equals("{name}_{kind}.tif") &&
			choice(d, "Compression (TIFF)").getSelectedItem().equals("none") && choice(d, "Version (OME-Zarr)")
				.getSelectedItem().equals("0.4") && choice(d, "Codec (OME-Zarr)").getSelectedItem().equals("blosc"));
		type(d, "Name pattern", "{name}.tif");
		shot("folder-more");
		press(d, "OK");
		final Dialog early = dialog(command);
		check("a mistake is told before any work", !new File(scratch, "out").exists());
		press(early, "OK");
		press(dialog("Brushwood Apply Model to Folder"), "OK");
		d = dialog(second);
		type(d, "Name pattern", "{kind} of {name}.tif");
		press(d, "OK");
		final Dialog error = dialog(command);
		shot("folder-report");
		check("the good image is done", new File(scratch, "out/probabilities of good.tif").isFile() && new File(scratch,
			"out/segmentation of good.tif").isFile());
		final ResultsTable table = ResultsTable.getResultsTable("Brushwood Batch");
		check("the images are a table", table != null && table.size() == 2 && table.getStringValue("status", 0).equals(
			"failed") && table.getStringValue("file", 1).equals("good.tif"));
		check("the table has the classes' fractions", table != null && Math.abs(table.getValue("nuclei fraction", 1) + table
			.getValue("back [ground] fraction", 1) - 1) < 1e-9);
		check("the table is written too", new File(scratch, "out/brushwood_batch.csv").length() > 100);
		press(error, "OK");
		press(dialog("Brushwood Apply Model to Folder"), "Cancel");
		finished(command);
		close(window("Brushwood Batch"));
	}

	/** Esc in the middle of a folder: soon, without half files, and the same command goes on. */
	private void stopFolder() throws Exception {
		final File in = new File(scratch, "many");
		in.mkdirs();
		final ImagePlus big = IJ.createImage("0.tif", "8-bit noise", 2500, 2500, 1);
		final int count = 6;
		for (int i = 0; i < count; i++)
			IJ.saveAsTiff(big, in.getPath() + "/" + i + ".tif");
		final String out = scratch + "/many out";
		final Dialog d = start("Brushwood Apply Model to Folder...");
		type(d, "Model file", scratch + "/a model.brushwood");
		type(d, "Input folder", in.getPath());
		type(d, "Output folder", out);
		press(d, "OK");
		await("a status line that counts", () -> status().matches("[12]/6 [01]\\.tif, [0-9]+ %.*"));
		shot("folder-running");
		await("the first result", () -> new File(out, "0_probabilities.tif").isFile());
		front(IJ.getInstance());
		final long start = System.nanoTime();
		final long worked = worked();
		escape("the end of the batch by Esc", IJ.getInstance());
		stoppedSoon((System.nanoTime() - start) / 1000000, (worked() - worked) / 1000000);
		shot("folder-stopped");
		finished("Brushwood Apply Model to Folder...");
		final ResultsTable table = ResultsTable.getResultsTable("Brushwood Batch");
		final int done = table == null ? 0 : table.size();
		check("the table so far is shown: " + done + " rows", done > 0 && done < count);
		check("there are whole results and the table only", new File(out).list().length == done + 1);
		close(window("Brushwood Batch"));
		IJ.run("Brushwood Apply Model to Folder...", "model=[" + scratch + "/a model.brushwood] input=[" + in + "] output=[" +
			out + "]");
		final ResultsTable all = ResultsTable.getResultsTable("Brushwood Batch");
		check("the same command goes on", all.size() == count && all.getStringValue("status", done - 1).equals("skipped") &&
			all.getStringValue("status", done).equals("done") && new File(out).list().length == count + 1);
		close(window("Brushwood Batch"));
	}

	/** Where others keep the processors busy, what the process got of them counts. */
	private void stoppedSoon(final long took, final long worked) {
		check("Esc stopped the batch within two seconds: after " + took + " ms, " + worked + " ms of work", took < ESC_MS ||
			worked < ESC_MS && took < LOADED * ESC_MS);
	}

	/** The process' time on each of the processors on average, ns. */
	private static long worked() {
		return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / Runtime
			.getRuntime().availableProcessors();
	}

	/** Presses Esc in a window until the status line tells that work was cancelled. */
	private void escape(final String what, final Window w) throws Exception {
		await(what, () -> {
			front(w);
			key(KeyEvent.VK_ESCAPE);
			return soon(() -> status().contains("cancelled"), ESC_MS);
		});
	}

	/** An image becomes a folder, and one of its smaller resolutions an image again. */
	private void saveZarr() throws Exception {
		final String command = "Brushwood Save OME-Zarr...";
		final String folder = scratch + "/cells \u00fc [1].zarr";
		bringToFront(show(data + "train/01.tif"));
		final Dialog d = start(command);
		check("the usual ways to write are offered", choice(d, "Version (OME-Zarr)").getSelectedItem().equals("0.4") &&
			choice(d, "Codec (OME-Zarr)").getSelectedItem().equals("blosc") && choice(d, "Smaller resolutions")
				.getSelectedItem().equals("auto") && field(d, "Chunks x,y,z").getText().isEmpty());
		type(d, "Save as", folder);
		select(d, "Codec (OME-Zarr)", "zstd");
		type(d, "Chunks x,y,z", "64,64,1");
		shot("save-zarr");
		help(d, "save-zarr-help");
		press(d, "OK");
		finished(command);
		check("the folder is written", new File(folder, "0/.zarray").isFile() && new File(folder, "1/.zarray").isFile());
		closeImage("01.tif");
		openZarr(new File(folder));
		final String recorded = Recorder.getInstance().getText();
		check("saving OME-Zarr is recorded", recorded.contains("run(\"" + command + "\", \"folder=[" + scratch +
			"/cells &{fc} &{5b}1&{5d}.zarr] codec=zstd chunk=64,64,1\");"));
	}

	private void openZarr(final File folder) throws Exception {
		final String command = "Brushwood Open OME-Zarr...";
		final boolean before = Prefs.useJFileChooser;
		Prefs.useJFileChooser = true;
		IJ.doCommand(command);
		final Dialog ask = dialog("Open OME-Zarr: choose the image's folder");
		EventQueue.invokeAndWait(() -> {
			chooser(ask).setSelectedFile(folder);
			chooser(ask).approveSelection();
		});
		Prefs.useJFileChooser = before;
		final Dialog d = dialog("Brushwood Open OME-Zarr");
		final Choice levels = choice(d, "Resolution");
		check("the resolutions are listed with their sizes: " + levels.getItem(1), levels.getItem(0).equals(
			"0: 256 x 256, 64 KB") && levels.getItem(1).equals("1: 128 x 128, 16 KB"));
		select(d, "Resolution", levels.getItem(1));
		select(d, "Pixels", "virtual");
		shot("open-zarr");
		help(d, "open-zarr-help");
		press(d, "OK");
		finished(command);
		final String title = folder.getName() + " level 1";
		final ImagePlus opened = active("a smaller resolution", title);
		check("it is a virtual stack of half the size", opened.getStack().isVirtual() && opened.getWidth() == 128);
		shot("opened-zarr");
		openedAgain(command, opened);
	}

	/** What the recorder wrote opens the same image. */
	private void openedAgain(final String command, final ImagePlus opened) throws Exception {
		final String title = opened.getTitle();
		final Object pixels = opened.getProcessor().getPixelsCopy();
		final String[] lines = Recorder.getInstance().getText().split("\n");
		final String statement = lines[lines.length - 1];
		System.out.println(statement);
		check("opening OME-Zarr is recorded", statement.startsWith("run(\"" + command + "\", \"folder=[") && statement
			.endsWith("] level=1 pixels=virtual\");"));
		closeImage(title);
		IJ.runMacro(statement);
		final ImagePlus again = active("the resolution by a macro", title);
		check("a macro opens the same pixels", Arrays.equals((byte[]) pixels, (byte[]) again.getProcessor().getPixels()));
		closeImage(title);
	}

	/** Objects of two classes by clicks: the biggest and the smallest nuclei. */
	private void pickObjects() throws Exception {
		final String command = "Brushwood Pick Object Classes";
		final ImagePlus labels = show(data + "test/00_instances.tif");
		final ImagePlus image = show(data + "test/00.tif");
		image.setTitle("nuclei.tif"); // the annotated image is called 00.tif too
		bringToFront(image);
		image.getWindow().setLocation(20, 150);
		EventQueue.invokeAndWait(() -> {
			image.getCanvas().zoomIn(0, 0);
			image.getCanvas().zoomIn(0, 0);
		});
		final Dialog ask = start(command);
		type(ask, "Label image", "00_instances.tif");
		type(ask, "Image of intensities", "nuclei.tif");
		shot("pick-dialog");
		help(ask, "pick-dialog-help");
		press(ask, "OK");
		finished(command);
		final Dialog d = dialog("Pick Object Classes: nuclei.tif");
		final int[] bySize = bySize(labels);
		final JTextArea state = named(d, "pickState", JTextArea.class);
		check("picking begins without examples", state.getText().startsWith("0 examples"));
		pick(image, labels, bySize, bySize.length - 4);
		await("four examples", () -> state.getText().startsWith("4 examples"));
		chooseClass(d, image, KeyEvent.VK_2);
		pick(image, labels, bySize, 0);
		await("the error of eight examples", () -> state.getText().startsWith("8 examples. Error on examples"));
		check("clicks make no selection", image.getRoi() == null);
		rename(d, "small");
		chooseClass(d, image, KeyEvent.VK_1);
		rename(d, "large");
		chooseClass(d, image, KeyEvent.VK_2);
		final JList<?> classes = named(d, "pickClasses", JList.class);
		check("the class has its new name", classes.getSelectedValue().toString().equals("small"));
		shot("pick-objects");
		clickObject(image, labels, bySize[0]);
		await("an example less", () -> state.getText().startsWith("7 examples"));
		front(image.getWindow());
		key(KeyEvent.VK_CONTROL, KeyEvent.VK_Z);
		await("the example back", () -> state.getText().startsWith("8 examples"));
		pushButton(d, "Add");
		await("a third class", () -> classes.getModel().getSize() == 3);
		pushButton(d, "Undo");
		await("two classes again", () -> classes.getModel().getSize() == 2);
		pushButton(d, "Class Image");
		await("the image of the classes", () -> WindowManager.getImage("Classes of 00_instances.tif") != null);
		finished("Brushwood Class Image"); // one step at a time
		final ImagePlus shown = WindowManager.getImage("Classes of 00_instances.tif");
		check("examples have their classes", classOf(shown, labels, bySize[0]) == 2 && classOf(shown, labels,
			bySize[bySize.length - 1]) == 1);
		pushButton(d, "Table");
		finished("Brushwood Table");
		final ResultsTable table = ResultsTable.getResultsTable();
		check("the table of the classes", table.size() == bySize.length && table.columnExists("class") && table
			.getStringValue("class", 0).matches("large|small"));
		close(window("Results"));
		final String model = saveModel(d);
		pickedAgain(shown, model);
		bringToFront(image);
		image.changes = false;
		image.close();
		await("the end of picking with its image", () -> !d.isShowing());
		check("the picks are kept with the label image", labels.getProp("brushwood.object.examples").contains(":") &&
			labels.changes);
		closeImage("00_instances.tif");
	}

	/** Gives the chosen class of the picking window another name. */
	private void rename(final Dialog d, final String name) throws Exception {
		final JList<?> classes = named(d, "pickClasses", JList.class);
		pushButton(d, "Rename...");
		final Dialog ask = dialog("Rename Class");
		final List<Component> all = new ArrayList<>();
		collect(ask, all);
		for (final Component c : all)
			if (c instanceof JTextField) EventQueue.invokeAndWait(() -> ((JTextField) c).setText(name));
		pushButton(ask, "OK");
		await("the name " + name, () -> String.valueOf(classes.getSelectedValue()).equals(name));
	}

	/** A digit on the image chooses a class. */
	private void chooseClass(final Dialog d, final ImagePlus image, final int digit) throws Exception {
		final JList<?> classes = named(d, "pickClasses", JList.class);
		front(image.getWindow());
		key(digit);
		await("the class that a digit chooses", () -> classes.getSelectedIndex() == digit - KeyEvent.VK_1);
	}

	private String saveModel(final Dialog d) throws Exception {
		final File file = new File(scratch, "picked.brushwood-objects");
		final boolean before = Prefs.useJFileChooser;
		Prefs.useJFileChooser = true;
		pushButton(d, "Save Model...");
		final Dialog ask = dialog("Save Model of Objects");
		EventQueue.invokeAndWait(() -> {
			chooser(ask).setSelectedFile(file);
			chooser(ask).approveSelection();
		});
		await("the model of objects", file::isFile);
		finished("Brushwood Save Model");
		Prefs.useJFileChooser = before;
		return file.getPath();
	}

	private static JFileChooser chooser(final Dialog d) {
		final List<Component> all = new ArrayList<>();
		collect(d, all);
		for (final Component c : all)
			if (c instanceof JFileChooser) return (JFileChooser) c;
		throw new IllegalStateException("no file chooser in " + title(d));
	}

	/** What was recorded gives the same image and the same model. */
	private void pickedAgain(final ImagePlus shown, final String model) throws Exception {
		await("the record of the model", () -> Recorder.getInstance().getText().contains("model=" + model));
		final byte[] pixels = ((byte[]) shown.getProcessor().getPixels()).clone();
		final byte[] before = Files.readAllBytes(new File(model).toPath());
		closeImage(shown.getTitle());
		final List<String> statements = new ArrayList<>();
		for (final String line : Recorder.getInstance().getText().split("\n"))
			if (line.startsWith("run(\"Brushwood Train Object Classes")) statements.add(line);
		System.out.println(String.join("\n", statements));
		check("picking is recorded", statements.size() == 3);
		IJ.runMacro(statements.get(0));
		final ImagePlus replayed = active("a replayed class image", "Classes of 00_instances.tif");
		check("a replayed class image is the same", Arrays.equals(pixels, (byte[]) replayed.getProcessor().getPixels()));
		closeImage("Classes of 00_instances.tif");
		new File(model).delete();
		IJ.runMacro(statements.get(2));
		check("a replayed training of objects gives the same model", Arrays.equals(before, Files.readAllBytes(new File(model)
			.toPath())));
		close(window("Brushwood model of objects"));
	}

	/** Numbers of objects, the smallest first. */
	private static int[] bySize(final ImagePlus labels) {
		final int[] sizes = new int[65536];
		for (int i = 0; i < labels.getProcessor().getPixelCount(); i++)
			sizes[labels.getProcessor().get(i)]++;
		sizes[0] = 0;
		return IntStream.range(1, sizes.length).filter(i -> sizes[i] > 0).boxed().sorted((a, b) -> sizes[a] - sizes[b])
			.mapToInt(Integer::intValue).toArray();
	}

	private void pick(final ImagePlus image, final ImagePlus labels, final int[] objects, final int from)
		throws Exception
	{
		for (int i = from; i < from + 4; i++)
			clickObject(image, labels, objects[i]);
	}

	/** The middle one of an object's pixels. */
	private static Point inside(final ImagePlus labels, final int object) {
		final List<Point> pixels = new ArrayList<>();
		for (int y = 0; y < labels.getHeight(); y++)
			for (int x = 0; x < labels.getWidth(); x++)
				if (labels.getProcessor().get(x, y) == object) pixels.add(new Point(x, y));
		return pixels.get(pixels.size() / 2);
	}

	private static int classOf(final ImagePlus classes, final ImagePlus labels, final int object) {
		final Point p = inside(labels, object);
		return classes.getProcessor().get(p.x, p.y);
	}

	private void clickObject(final ImagePlus image, final ImagePlus labels, final int object) throws Exception {
		final Point p = inside(labels, object);
		click(image.getCanvas(), () -> new Point(image.getCanvas().screenX(p.x), image.getCanvas().screenY(p.y)));
	}

	private static <T> T named(final Dialog d, final String name, final Class<T> type) {
		final List<Component> all = new ArrayList<>();
		collect(d, all);
		for (final Component c : all)
			if (type.isInstance(c) && name.equals(c.getName())) return type.cast(c);
		throw new IllegalStateException("nothing named " + name + " in " + title(d));
	}

	private void pushButton(final Dialog d, final String label) throws Exception {
		final List<Component> all = new ArrayList<>();
		collect(d, all);
		for (final Component c : all) {
			if (!(c instanceof JButton) || !((JButton) c).getText().equals(label)) continue;
			click(c);
			return;
		}
		throw new IllegalStateException("no button " + label + " in " + title(d));
	}

	private void info() throws Exception {
		final Dialog d = start("Brushwood Model Info");
		type(d, "Model file", scratch + "/a model.brushwood");
		shot("info");
		press(d, "OK");
		close(window("Brushwood model"));
		finished("Brushwood Model Info");
	}

	private void preferences() throws Exception {
		Dialog d = start("Brushwood Preferences...");
		type(d, "Threads (0 = all)", "1");
		shot("preferences");
		press(d, "OK");
		finished("Brushwood Preferences...");
		d = start("Brushwood Preferences...");
		check("preferences are kept", field(d, "Threads (0 = all)").getText().equals("1"));
		type(d, "Threads (0 = all)", "0");
		press(d, "OK");
		finished("Brushwood Preferences...");
	}

	private void help() throws Exception {
		IJ.doCommand("Brushwood Help");
		final Window w = window("Brushwood Help");
		shot("help");
		close(w);
		finished("Brushwood Help");
	}

	/** What the recorder wrote does the same again. */
	private void replay() throws Exception {
		final String recorded = Recorder.getInstance().getText();
		System.out.println(recorded);
		final String train = "run(\"Brushwood Train Model...\", \"model=[" + scratch +
			"/a model.brushwood] features=fast held_out=samples trees=20\");";
		final String apply = "run(\"Brushwood Apply Model...\", \"model=[" + scratch + "/a model.brushwood] " +
			"output=probabilities;labels;uncertainty\");";
		check("other commands are recorded", recorded.contains("run(\"Brushwood Model Info\", \"model=[" + scratch) &&
			recorded.contains("run(\"Brushwood Show Features...\", \"features=gaussian:1;hessian:1.6;median:2 exact\");\n") &&
			recorded.contains("run(\"Brushwood Help\");"));
		check("validating is recorded", recorded.contains("run(\"Brushwood Validate Model...\", \"model=[" + scratch +
			"/a model.brushwood] truth_image=00_truth.tif csv=" + scratch + "/scores.csv\");"));
		check("suggesting is recorded", recorded.contains("run(\"Brushwood Suggest Features...\", " +
			"\"features=gaussian:0.7,1.6,3.5;gradient:1.6;hessian:1.6 forest=ilastik\");"));
		check("objects are recorded", recorded.contains("run(\"Brushwood Label Objects...\", \"model=[" + scratch +
			"/a model.brushwood] classes=nuclei show=labels;outlines;roi_manager;table\");") && recorded.contains(
				"run(\"Brushwood Measure Objects...\", \"image=00.tif measures=area;circularity;mean csv=" + scratch) && recorded
					.contains("run(\"Brushwood Compare Segmentations...\", \"truth=[Objects of 00.tif] picture\");"));
		check("annotating is recorded", recorded.contains(
			"run(\"Brushwood Annotate\", \"class=[back &{5b}ground&{5d}] from=selection\");"));
		check("a command that had no image is not recorded", !recorded.contains("run(\"Brushwood Annotate\");"));
		check("training is recorded", recorded.contains(train));
		check("applying is recorded once, without the failed try", recorded.indexOf(apply) > 0 && !recorded.contains(
			"none.brushwood"));
		check("a cancelled dialog is not recorded", !recorded.contains("Brushwood Apply Model to Folder"));
		final byte[] before = Files.readAllBytes(new File(scratch, "a model.brushwood").toPath());
		IJ.runMacro(train + "\nselectWindow(\"00.tif\");\n" + apply);
		check("a replayed training gives the same model", Arrays.equals(before, Files.readAllBytes(new File(
			scratch, "a model.brushwood").toPath())));
		active("a replayed prediction", "Segmentation of 00.tif");
		final Window report = window("Brushwood model");
		if (report != null) close(report);
	}

	private void cancel() throws Exception {
		final ImagePlus big = IJ.createImage("big", "8-bit noise", 6000, 6000, 1);
		big.show();
		bringToFront(big);
		final Dialog d = start("Brushwood Apply Model...");
		type(d, "Model file", scratch + "/a model.brushwood");
		final long start = System.currentTimeMillis();
		press(d, "OK");
		await("the dialog to close", () -> !d.isShowing());
		escape("the end by Esc", big.getWindow());
		System.out.println("cancelled after " + (System.currentTimeMillis() - start) + " ms");
		shot("cancelled");
		finished("Brushwood Apply Model...");
		check("a cancelled prediction makes no image", WindowManager.getImage("Probabilities of big") == null);
	}

	// ---- hands and eyes

	private static ImagePlus show(final String path) throws Exception {
		final ImagePlus imp = IJ.openImage(path);
		imp.show();
		waitFor("the active image " + imp.getTitle(), () -> isActive(imp));
		return imp;
	}

	private void bringToFront(final ImagePlus imp) throws Exception {
		await("the image " + imp.getTitle() + " in front", () -> isActive(imp));
	}

	/** Windows that have just opened become active late. */
	private static boolean isActive(final ImagePlus imp) throws Exception {
		return imp.getWindow() != null && fronted(imp.getWindow()) && current() == imp;
	}

	/** The image that a command has made the active one. */
	private ImagePlus active(final String what, final String title) throws Exception {
		final ImagePlus[] found = new ImagePlus[1];
		await(what + " as the active image", () -> {
			found[0] = current();
			return found[0] != null && found[0].getTitle().equals(title);
		});
		return found[0];
	}

	private static ImagePlus current() {
		return WindowManager.getCurrentImage();
	}

	private static void closeImage(final String title) {
		final ImagePlus imp = WindowManager.getImage(title);
		imp.changes = false;
		imp.close();
	}

	/** Chooses a menu entry and waits for its dialog. */
	private Dialog start(final String command) throws Exception {
		IJ.doCommand(command);
		return dialog(command.replaceAll("\\.+$", ""));
	}

	/** A window that shows and whose title is this, or starts with it. */
	private Window window(final String title) throws Exception {
		final Window[] found = new Window[1];
		await("the window " + title, () -> {
			for (final Window w : Window.getWindows())
				if (w.isShowing() && title(w).equals(title)) found[0] = w;
			for (final Window w : Window.getWindows())
				if (found[0] == null && w.isShowing() && title(w).startsWith(title)) found[0] = w;
			return found[0] != null;
		});
		return found[0];
	}

	/** The dialog with exactly this title. */
	private Dialog dialog(final String title) throws Exception {
		final Dialog[] found = new Dialog[1];
		await("the dialog " + title, () -> {
			for (final Window w : Window.getWindows())
				if (w.isShowing() && w instanceof Dialog && title(w).equals(title)) found[0] = (Dialog) w;
			return found[0] != null && fronted(found[0]);
		});
		return found[0];
	}

	private static String title(final Window w) {
		return w instanceof Dialog ? String.valueOf(((Dialog) w).getTitle()) : w instanceof Frame ? String.valueOf(
			((Frame) w).getTitle()) : "";
	}

	private static void collect(final Container c, final List<Component> all) {
		for (final Component child : c.getComponents()) {
			all.add(child);
			if (child instanceof Container) collect((Container) child, all);
		}
	}

	/** The component of a type that follows a label. */
	private static <T> T after(final Dialog d, final String label, final Class<T> type) {
		final List<Component> all = new ArrayList<>();
		collect(d, all);
		// fields with a Browse button are added last, so the place on the screen decides
		Label wanted = null;
		for (final Component c : all)
			if (c instanceof Label && ((Label) c).getText().trim().replaceAll(":$", "").equals(label)) wanted = (Label) c;
		if (wanted == null) throw new IllegalStateException("no label " + label);
		for (final Component c : all)
			if (type.isInstance(c) && Math.abs(middle(c) - middle(wanted)) < 12) return type.cast(c);
		throw new IllegalStateException("nothing beside " + label);
	}

	private static int middle(final Component c) {
		return c.getLocationOnScreen().y + c.getHeight() / 2;
	}

	private static TextField field(final Dialog d, final String label) {
		return after(d, label, TextField.class);
	}

	private static Choice choice(final Dialog d, final String label) {
		return after(d, label, Choice.class);
	}

	private static void type(final Dialog d, final String label, final String text) throws Exception {
		final TextField field = field(d, label);
		EventQueue.invokeAndWait(() -> field.setText(text));
	}

	private static void select(final Dialog d, final String label, final String item) throws Exception {
		final Choice choice = choice(d, label);
		EventQueue.invokeAndWait(() -> {
			choice.select(item);
			for (final ItemListener l : choice.getItemListeners())
				l.itemStateChanged(new ItemEvent(choice, ItemEvent.ITEM_STATE_CHANGED, item, ItemEvent.SELECTED));
		});
	}

	/** Clicks a checkbox. */
	private void tick(final Dialog d, final String label) throws Exception {
		click(checkbox(d, label));
	}

	private static Checkbox checkbox(final Dialog d, final String label) {
		final List<Component> all = new ArrayList<>();
		collect(d, all);
		for (final Component c : all)
			if (c instanceof Checkbox && ((Checkbox) c).getLabel().trim().equals(label)) return (Checkbox) c;
		throw new IllegalStateException("no checkbox " + label + " in " + title(d));
	}

	private void press(final Dialog d, final String label) throws Exception {
		final List<Component> all = new ArrayList<>();
		collect(d, all);
		for (final Component c : all) {
			if (!(c instanceof Button) || !((Button) c).getLabel().trim().equals(label.trim())) continue;
			click(c);
			return;
		}
		throw new IllegalStateException("no button " + label + " in " + title(d));
	}

	private void click(final Component c) throws Exception {
		click(c, () -> new Point(c.getWidth() / 2, c.getHeight() / 2));
	}

	/** Clicks where a component is, once the mouse is really over it; ends when the event thread has done what follows. */
	private void click(final Component c, final Callable<Point> where) throws Exception {
		waitFor("the mouse over " + c, () -> {
			final Window w = c instanceof Window ? (Window) c : SwingUtilities.getWindowAncestor(c);
			front(w);
			final Point at = c.getLocationOnScreen();
			final Point p = where.call();
			pointedAt.set(null);
			robot.mouseMove(at.x + p.x + 1, at.y + p.y);
			robot.mouseMove(at.x + p.x, at.y + p.y);
			if (soon(() -> pointedAt.get() == c && at.equals(c.getLocationOnScreen()), REACTION_MS)) return true;
			EventQueue.invokeAndWait(w::toFront);
			return false;
		});
		releasedOn.set(null);
		robot.mousePress(InputEvent.BUTTON1_DOWN_MASK);
		robot.mouseRelease(InputEvent.BUTTON1_DOWN_MASK);
		waitFor("the click on " + c, () -> releasedOn.get() == c);
		settle();
	}

	/** Presses keys together in the active window, and waits until it has heard of them. */
	private void key(final int... codes) throws Exception {
		final int before = releasedKeys.get();
		for (final int code : codes)
			robot.keyPress(code);
		for (int i = codes.length - 1; i >= 0; i--)
			robot.keyRelease(codes[i]);
		waitFor("the keys " + Arrays.toString(codes), () -> releasedKeys.get() >= before + codes.length);
		settle();
	}

	/** Lets the event thread do what it has now, and what that leads to. */
	private static void settle() throws Exception {
		for (int i = 0; i < 3; i++)
			EventQueue.invokeAndWait(() -> {});
	}

	/** Makes a window the active one, which a window manager grants late. */
	private static void front(final Window w) throws Exception {
		waitFor("the front for " + title(w), () -> fronted(w));
	}

	/** Asks again only after a while: late requests would take the front from the windows that follow. */
	private static boolean fronted(final Window w) throws Exception {
		if (w.isFocused()) return true;
		EventQueue.invokeAndWait(w::toFront);
		return soon(w::isFocused, REACTION_MS);
	}

	/** Opens a dialog's help and closes it. */
	private void help(final Dialog d, final String name) throws Exception {
		press(d, "Help");
		final HTMLDialog[] page = new HTMLDialog[1];
		await("the help of " + title(d), () -> {
			for (final Window w : Window.getWindows())
				if (w.isShowing() && w instanceof HTMLDialog) page[0] = (HTMLDialog) w;
			return page[0] != null;
		});
		shot(name);
		close(page[0]);
	}

	private static void close(final Window w) throws Exception {
		EventQueue.invokeAndWait(() -> {
			if (w instanceof TextWindow) ((TextWindow) w).close(false);
			else w.dispose();
		});
	}

	/** Waits until a command has done everything, recording included. */
	private void finished(final String command) throws Exception {
		await("the end of " + command, () -> {
			for (final Thread thread : Thread.getAllStackTraces().keySet())
				if (thread.getName().equals(command)) return false;
			return true;
		});
	}

	/** The text of ImageJ's status line, which has no getter. */
	private static String status() {
		try {
			final Field f = ImageJ.class.getDeclaredField("statusLine");
			f.setAccessible(true);
			return ((JLabel) f.get(IJ.getInstance())).getText();
		}
		catch (final ReflectiveOperationException e) {
			throw new IllegalStateException(e);
		}
	}

	/** Waits for a condition, which is a check of its own. */
	private void await(final String what, final Callable<Boolean> condition) throws Exception {
		waitFor(what, condition);
		check(what + " appeared", true);
	}

	private static void waitFor(final String what, final Callable<Boolean> condition) throws Exception {
		if (!soon(condition, PATIENCE_MS)) throw new IllegalStateException("waited in vain for " + what);
	}

	/** Whether a condition comes true within a time, ms. */
	private static boolean soon(final Callable<Boolean> condition, final long patience) throws Exception {
		final long end = System.nanoTime() + patience * 1000000;
		while (!condition.call()) {
			if (System.nanoTime() > end) return false;
			IJ.wait(20);
		}
		return true;
	}

	/** Titles of the windows there are; the active one in brackets. */
	private static List<String> showing() {
		final List<String> titles = new ArrayList<>();
		for (final Window w : Window.getWindows())
			if (w.isShowing()) titles.add(w.isFocused() ? "[" + title(w) + "]" : title(w));
		return titles;
	}

	private void check(final String what, final boolean ok) {
		System.out.println((ok ? "ok " : "FAILED ") + what);
		if (ok) passed++;
		else failed++;
	}

	private void shot(final String name) throws Exception {
		IJ.wait(300); // to be painted
		final Rectangle screen = new Rectangle(Toolkit.getDefaultToolkit().getScreenSize());
		final File file = new File(screenshots, String.format("%02d-%s.png", ++shots, name));
		ImageIO.write(robot.createScreenCapture(screen), "png", file);
	}
}
