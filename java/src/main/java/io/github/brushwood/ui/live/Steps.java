package io.github.brushwood.ui.live;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.io.DirectoryChooser;
import ij.io.OpenDialog;
import ij.io.SaveDialog;

import io.github.brushwood.engine.Output;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.LiveUpdater;
import io.github.brushwood.session.live.SessionFile;
import io.github.brushwood.ui.ReportWindow;

import java.awt.Color;
import java.awt.EventQueue;
import java.awt.FileDialog;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;

import javax.swing.JColorChooser;
import javax.swing.JOptionPane;

/** What the buttons, menus and keys of a window do: ask what is needed, then act. On the event thread. */
final class Steps {

	private static final String SAVE_SESSION = "Save Session";

	private final SegmentWindow window;

	Steps(final SegmentWindow window) {
		this.window = window;
	}

	private Actions actions() {
		return window.actions();
	}

	private boolean attempt(final String title, final Runnable step) {
		return window.desk().attempt(title, step);
	}

	/** Gives the keyboard back to the image. */
	void focusImage() {
		window.canvas().requestFocusInWindow();
	}

	// ---- history

	void undo() {
		attempt("Undo", () -> {
			if (actions().session().undoName() != null) actions().undo();
		});
	}

	void redo() {
		attempt("Redo", () -> {
			if (actions().session().redoName() != null) actions().redo();
		});
	}

	// ---- classes

	void addClass() {
		attempt("Add Class", () -> window.desk().palette().setClassId(actions().addClass("").id()));
	}

	void removeClass() {
		final AnnotationClass c = window.desk().currentClass();
		if (c == null) return;
		final long count = window.desk().count(c);
		final boolean sure = count == 0 || JOptionPane.showConfirmDialog(window, String.format(
			"Remove the class \"%s\" with its %,d labelled pixels in all images?", c.name(), count), "Remove Class",
			JOptionPane.OK_CANCEL_OPTION) == JOptionPane.OK_OPTION;
		if (sure) attempt("Remove Class", () -> actions().removeClass(c.name()));
	}

	void mergeClass() {
		final AnnotationClass c = window.desk().currentClass();
		final List<AnnotationClass> others = new ArrayList<>(actions().session().classes());
		others.remove(c);
		if (c == null || others.isEmpty()) return;
		final Object into = JOptionPane.showInputDialog(window, "Give all labels of \"" + c.name() + "\" to:", "Merge Class",
			JOptionPane.PLAIN_MESSAGE, null, others.toArray(), others.get(0));
		if (into == null) return;
		final AnnotationClass target = (AnnotationClass) into;
		if (attempt("Merge Class", () -> actions().mergeClasses(c.name(), target.name()))) {
			window.desk().palette().setClassId(target.id());
		}
	}

	void renameClass(final AnnotationClass c, final String name) {
		if (!name.equals(c.name())) attempt("Rename Class", () -> actions().renameClass(c.name(), name));
	}

	void recolourClass(final AnnotationClass c) {
		final Color chosen = JColorChooser.showDialog(window, "Colour of " + c.name(), c.colour());
		if (chosen == null) return;
		final String hex = String.format("#%06x", chosen.getRGB() & 0xFFFFFF);
		attempt("Colour of Class", () -> actions().recolourClass(c.name(), hex));
	}

	void toggleVisible(final AnnotationClass c) {
		actions().setVisible(c, !actions().session().isVisible(c));
	}

	// ---- labels

	void clearLabels() {
		final long count = window.liveImage().labels().count();
		if (count == 0) return;
		final int answer = JOptionPane.showConfirmDialog(window, String.format(
			"Remove all %,d labelled pixels of this image?", count), "Clear Labels", JOptionPane.OK_CANCEL_OPTION);
		if (answer == JOptionPane.OK_OPTION) attempt("Clear Labels", () -> actions().clearLabels(window.liveImage()));
	}

	void importAnnotations() {
		final String path = new OpenDialog("Import Annotations (label image or RoiSet)").getPath();
		if (path != null) slow("Import Annotations", monitor -> actions().importAnnotations(window.liveImage(), path));
	}

	void exportAnnotations() {
		final String path = save("Export Annotations (.tif label image or .zip of Rois)", baseName() + "_labels", ".tif");
		if (path != null) slow("Export Annotations", monitor -> actions().exportAnnotations(window.liveImage(), path));
	}

	void exportAllAnnotations() {
		final String folder = new DirectoryChooser("Folder for the annotations").getDirectory();
		if (folder != null) slow("Export All Annotations", monitor -> actions().exportAllAnnotations(folder));
	}

	// ---- results

	void whereNext() {
		slow("Where Next", monitor -> {
			final LiveUpdater.Place place = actions().whereNext(monitor);
			EventQueue.invokeLater(() -> jump(place));
		});
	}

	private void jump(final LiveUpdater.Place place) {
		attempt("Where Next", () -> SegmentWindow.open(actions(), place.image).show(place.x, place.y, place.z, place.t));
		IJ.showStatus(String.format("The forest is unsure here: %.0f %%", 100 * place.uncertainty));
	}

	void showResult(final Output output) {
		slow("Show Result", monitor -> show(actions().results(monitor, window.liveImage(), EnumSet.of(output))));
	}

	void showFeatures() {
		slow("Show Features", monitor -> show(Collections.singletonList(actions().features(monitor, window.liveImage()))));
	}

	private static void show(final List<ImagePlus> images) {
		for (final ImagePlus imp : images)
			imp.show();
	}

	void exportAll() {
		final EnumSet<Output> outputs = askOutputs("Export All Images");
		final String folder = outputs.isEmpty() ? null : new DirectoryChooser("Folder for the results").getDirectory();
		if (folder != null) slow("Export All Images", monitor -> actions().exportResults(monitor, folder, outputs));
	}

	void exportFeatures() {
		final String folder = new DirectoryChooser("Folder for the feature images").getDirectory();
		if (folder != null) slow("Export Features", monitor -> actions().exportFeatures(monitor, folder));
	}

	void applyToFolder() {
		final EnumSet<Output> outputs = askOutputs("Apply to Folder");
		final String input = outputs.isEmpty() ? null : new DirectoryChooser("Folder with images").getDirectory();
		final String output = input == null ? null : new DirectoryChooser("Folder for the results").getDirectory();
		if (output == null) return;
		slow("Apply to Folder", monitor -> actions().applyToFolder(monitor, input, output, outputs));
	}

	/** @return none when cancelled */
	private EnumSet<Output> askOutputs(final String title) {
		final OutputBoxes boxes = new OutputBoxes();
		final int answer = JOptionPane.showConfirmDialog(window, boxes, title, JOptionPane.OK_CANCEL_OPTION,
			JOptionPane.PLAIN_MESSAGE);
		return answer == JOptionPane.OK_OPTION ? boxes.chosen() : EnumSet.noneOf(Output.class);
	}

	void saveModel() {
		final String path = save("Save Model", baseName(), ".brushwood");
		if (path != null) slow("Save Model", monitor -> actions().saveModel(monitor, path));
	}

	// ---- images

	/** Open images that are in no session's window. */
	static List<ImagePlus> openImages(final Actions actions) {
		final List<ImagePlus> images = new ArrayList<>();
		final int[] ids = WindowManager.getIDList();
		for (int i = 0; ids != null && i < ids.length; i++) {
			final ImagePlus imp = WindowManager.getImage(ids[i]);
			if (imp != null && actions.session().imageOf(imp) == null) images.add(imp);
		}
		return images;
	}

	void addImage(final ImagePlus imp) {
		slow("Add Image", monitor -> {
			final LiveImage added = actions().addImage(imp);
			EventQueue.invokeLater(() -> showImage(added));
		});
	}

	void addFiles() {
		final FileDialog dialog = new FileDialog(window, "Add Image Files", FileDialog.LOAD);
		dialog.setMultipleMode(true);
		dialog.setVisible(true);
		final File[] files = dialog.getFiles();
		if (files.length == 0) return;
		slow("Add Image Files", monitor -> add(monitor, Arrays.asList(files)));
	}

	private void add(final Monitor monitor, final List<File> files) {
		for (int i = 0; i < files.size(); i++) {
			monitor.status("Adding " + files.get(i).getName());
			if (!monitor.progress((double) i / files.size())) return;
			actions().addFile(files.get(i).getPath());
		}
	}

	void removeImage(final LiveImage image) {
		final long count = image.labels().count();
		final int answer = JOptionPane.showConfirmDialog(window, String.format(
			"Take \"%s\" with its %,d labelled pixels out of the session? This cannot be undone.", image.title(), count),
			"Remove Image", JOptionPane.OK_CANCEL_OPTION);
		if (answer != JOptionPane.OK_OPTION) return;
		final SegmentWindow its = window.desk().windowOf(image);
		if (its != null && window.desk().windows().size() == 1) {
			attempt("Remove Image", () -> {
				throw new BrushwoodException("This is the session's last window. Open the window of another image first.");
			});
			return;
		}
		if (attempt("Remove Image", () -> actions().removeImage(image)) && its != null) its.release();
	}

	void showImage(final LiveImage image) {
		attempt("Show Image", () -> SegmentWindow.open(actions(), image));
	}

	// ---- session

	void saveSession() {
		final String path = actions().file() == null ? askSessionFile() : actions().file();
		if (path != null) slow(SAVE_SESSION, monitor -> actions().save(path));
	}

	void saveSessionAs() {
		final String path = askSessionFile();
		if (path != null) slow(SAVE_SESSION, monitor -> actions().save(path));
	}

	/** Saves and waits for it. @return false when it was cancelled or failed */
	boolean saveBeforeEnd() {
		final String path = actions().file() == null ? askSessionFile() : actions().file();
		return path != null && attempt(SAVE_SESSION, () -> actions().save(path));
	}

	private String askSessionFile() {
		return save(SAVE_SESSION, baseName(), SessionFile.SUFFIX);
	}

	/** A command of its own, as from the menu. */
	static void openSession() {
		IJ.doCommand("Brushwood Open Session...");
	}

	static void help() {
		ReportWindow.html("Brushwood: keys of the live window", LiveHelp.keysPage());
	}

	// ---- helpers

	private void slow(final String title, final Errand.Task task) {
		window.start(title, task);
	}

	private String baseName() {
		final String title = window.liveImage().title();
		final int dot = title.lastIndexOf('.');
		return dot > 0 ? title.substring(0, dot) : title;
	}

	private static String save(final String title, final String name, final String suffix) {
		final SaveDialog dialog = new SaveDialog(title, name, suffix);
		return dialog.getFileName() == null ? null : dialog.getDirectory() + dialog.getFileName();
	}
}
