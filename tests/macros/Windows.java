import ij.IJ;
import ij.ImageJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.HTMLDialog;
import ij.gui.OvalRoi;
import ij.gui.Roi;
import ij.measure.ResultsTable;
import ij.plugin.frame.Recorder;
import ij.plugin.frame.RoiManager;
import ij.text.TextWindow;

import java.awt.Button;
import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.Color;
import java.awt.Component;
import java.awt.Container;
import java.awt.Dialog;
import java.awt.EventQueue;
import java.awt.Frame;
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
import java.io.File;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

import javax.imageio.ImageIO;
import javax.swing.JLabel;

/**
 * Uses the plugin's windows as a person does, on the display it finds: menus, dialogs, help, recorder, Esc. Saves a
 * screenshot of every window.
 * <p>
 * Arguments: folder of test data, folder for screenshots, scratch folder.
 * </p>
 */
public final class Windows {

	private static final long PATIENCE_MS = 30000;

	private final String data;
	private final File screenshots;
	private final String scratch;
	private final Robot robot;
	private int passed;
	private int failed;
	private int shots;

	private Windows(final String... args) throws Exception {
		data = args[0] + "/nuclei/";
		screenshots = new File(args[1]);
		scratch = args[2];
		robot = new Robot();
		robot.setAutoDelay(20);
	}

	public static void main(final String... args) throws Exception {
		final Windows windows = new Windows(args);
		try {
			windows.run();
		}
		catch (final Throwable e) {
			e.printStackTrace(System.out);
			windows.shot("unexpected");
			windows.check("came to the end", false);
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
		folder();
		info();
		preferences();
		help();
		replay();
		cancel();
		stopFolder();
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
		show(path);
		final Roi roi = current().getOverlay().get(1);
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
		check("the diagram is the active image", current().getTitle().equals("Suggested features"));
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
		select(d, "Open images", "00_truth.tif");
		check("the truth is chosen from the open images", field(d, "Truth of the current image").getText().equals(
			"00_truth.tif"));
		type(d, "Save CSV as", scratch + "/scores.csv");
		shot("validate");
		help(d, "validate-help");
		press(d, "OK");
		finished("Brushwood Validate Model...");
		final String title = "Validation of a model.brushwood: ";
		check("the reliability diagram is the active image", current().getTitle().equals(title + "reliability"));
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
		check("the labels are the active image", current().getTitle().equals("Segmentation of 00.tif"));
		check("the probabilities are shown too", WindowManager.getImage("Probabilities of 00.tif") != null);
		check("the uncertainty is shown too", WindowManager.getImage("Uncertainty of 00.tif") != null);
		IJ.wait(300);
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
		check("the features are the active image", current().getTitle().startsWith("Features of"));
		check("one channel per feature", current().getNChannels() == 4);
		check("the features are exact", String.valueOf(current().getProperty("Info")).contains("Features: exact;"));
		shot("features-result");
		closeImage(current().getTitle());
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
			choice(d, "Compression (TIFF)").getSelectedItem().equals("none"));
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
		await("the first result", () -> new File(out, "0_probabilities.tif").isFile());
		final String status = status();
		check("the status line counts: " + status, status.matches("[12]/6 [01]\\.tif, [0-9]+ %.*"));
		shot("folder-running");
		final long start = System.currentTimeMillis();
		await("the end of the batch by Esc", () -> {
			EventQueue.invokeAndWait(() -> {
				IJ.getInstance().toFront();
				IJ.getInstance().requestFocus();
			});
			robot.keyPress(KeyEvent.VK_ESCAPE);
			robot.keyRelease(KeyEvent.VK_ESCAPE);
			return status().contains("cancelled");
		});
		final long took = System.currentTimeMillis() - start;
		check("Esc stopped the batch within two seconds: " + took + " ms", took < 2000);
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
		IJ.wait(500);
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
		check("a replayed prediction is the active image", current().getTitle().equals("Segmentation of 00.tif"));
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
		await("the end by Esc", () -> {
			EventQueue.invokeAndWait(() -> {
				big.getWindow().toFront();
				big.getCanvas().requestFocus();
			});
			IJ.wait(200);
			robot.keyPress(KeyEvent.VK_ESCAPE);
			robot.keyRelease(KeyEvent.VK_ESCAPE);
			IJ.wait(100);
			return status().contains("cancelled");
		});
		System.out.println("cancelled after " + (System.currentTimeMillis() - start) + " ms");
		shot("cancelled");
		finished("Brushwood Apply Model...");
		check("a cancelled prediction makes no image", WindowManager.getImage("Probabilities of big") == null);
	}

	// ---- hands and eyes

	private ImagePlus show(final String path) {
		final ImagePlus imp = IJ.openImage(path);
		imp.show();
		return imp;
	}

	/** Windows that have just opened become active late. */
	private void bringToFront(final ImagePlus imp) throws Exception {
		await("the image " + imp.getTitle() + " in front", () -> {
			EventQueue.invokeAndWait(() -> imp.getWindow().toFront());
			return imp.getWindow().isFocused() && WindowManager.getCurrentImage() == imp;
		});
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
			return found[0] != null;
		});
		IJ.wait(200);
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
	private void tick(final Dialog d, final String label) {
		click(checkbox(d, label));
	}

	private static Checkbox checkbox(final Dialog d, final String label) {
		final List<Component> all = new ArrayList<>();
		collect(d, all);
		for (final Component c : all)
			if (c instanceof Checkbox && ((Checkbox) c).getLabel().trim().equals(label)) return (Checkbox) c;
		throw new IllegalStateException("no checkbox " + label + " in " + title(d));
	}

	private void press(final Dialog d, final String label) {
		d.toFront();
		final List<Component> all = new ArrayList<>();
		collect(d, all);
		for (final Component c : all) {
			if (!(c instanceof Button) || !((Button) c).getLabel().trim().equals(label.trim())) continue;
			click(c);
			return;
		}
		throw new IllegalStateException("no button " + label + " in " + title(d));
	}

	private void click(final Component c) {
		final Point p = c.getLocationOnScreen();
		robot.mouseMove(p.x + c.getWidth() / 2, p.y + c.getHeight() / 2);
		IJ.wait(100);
		robot.mousePress(InputEvent.BUTTON1_DOWN_MASK);
		robot.mouseRelease(InputEvent.BUTTON1_DOWN_MASK);
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
		IJ.wait(400);
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

	private void await(final String what, final Callable<Boolean> condition) throws Exception {
		final long end = System.currentTimeMillis() + PATIENCE_MS;
		while (System.currentTimeMillis() < end) {
			if (condition.call()) {
				check(what + " appeared", true);
				return;
			}
			IJ.wait(50);
		}
		throw new IllegalStateException("waited in vain for " + what);
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
