package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.Roi;
import ij.plugin.frame.RoiManager;

import io.github.brushwood.engine.Job;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.awt.GraphicsEnvironment;
import java.util.Collections;
import java.util.List;

/** Turns selections into annotations of a class, and moves annotations between image, Rois and label image. */
public final class Annotate extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Annotate",
		"Turns the selection, or the ROI Manager's, into annotations of a class. Classes and annotations live in the " +
			"image's overlay and are saved in its TIFF file. Of several keys, load_rois and import come first, then class, " +
			"colour, rename, clear and from, and at last save_rois and export.",
		Key.of(Kind.CLASS, "class", "Class", "", "Name of a class; made when the image has none of that name."),
		Key.of(Kind.COLOUR, "colour", "Colour #rrggbb", "", "Its colour as #rrggbb; new classes get one of their own."),
		Key.choice("from", "Annotate from", "What becomes annotations of the class.", "none", "selection", "manager"),
		Key.of(Kind.TEXT, "rename", "Rename to", "", "New name of the class."),
		Key.flag("clear", "Remove its annotations",
			"Remove the annotations of the class, or all when no class is given."),
		Key.of(Kind.FILE, "load_rois", "Load Rois", "",
			"Add the Rois of a RoiSet zip or .roi file. Those that Brushwood saved bring their classes; others go to " +
				"'class'."),
		Key.of(Kind.FILE, "import", "Import labels", "",
			"Add the connected regions of a label image: 0 = unlabelled, 1, 2, ... = classes.").orFolder(),
		Key.of(Kind.SAVE, "save_rois", "Save Rois", "",
			"Write all annotations as a RoiSet zip, which the ROI Manager opens too.").withSuffix(".zip"),
		Key.of(Kind.SAVE, "export", "Export labels", "",
			"Write all annotations as a label image: 8-bit TIFF, class 1, 2, ... in the order of the list.")
			.withSuffix(".tif"));

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void checkReady() {
		currentImage();
	}

	@Override
	Options initial() {
		final ImagePlus imp = currentImage();
		final Options options = new Options(SPEC).set("class", likelyClass(new Annotations(imp)));
		return imp.getRoi() == null ? options : options.set("from", "selection");
	}

	/** The latest annotation's class, since strokes of a class come in a row; else the first class, or "". */
	private static String likelyClass(final Annotations annotations) {
		final List<Roi> rois = annotations.rois();
		if (!rois.isEmpty()) return annotations.classOf(rois.get(rois.size() - 1)).name();
		return annotations.classes().size() > 0 ? annotations.classes().at(1).name() : "";
	}

	@Override
	public List<String> suggestions(final Key key) {
		if (key.kind() != Kind.CLASS) return Collections.emptyList();
		return new Annotations(currentImage()).classes().names();
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final Annotations annotations = new Annotations(currentImage());
		if (options.given("load_rois")) annotations.loadRois(options.text("load_rois"), options.text("class"));
		if (options.given("import")) importLabels(annotations, options.text("import"), jobs);
		AnnotationClass c = options.given("class") ? annotations.define(options.text("class")) : null;
		if (options.given("colour")) c = annotations.recolour(required(c, "colour"), colour(options.text("colour")));
		if (options.given("rename")) c = annotations.rename(required(c, "rename"), options.text("rename"));
		if (options.flag("clear")) annotations.clear(c);
		annotate(annotations, c, options.text("from"));
		if (options.given("save_rois")) annotations.saveRois(options.text("save_rois"));
		if (options.given("export")) annotations.exportLabels(options.text("export"));
		IJ.showStatus("Annotations: " + annotations.rois().size() + ", classes: " + annotations.classes().size());
	}

	private static int colour(final String text) {
		return AnnotationClass.parseColour(text);
	}

	private static void importLabels(final Annotations annotations, final String path, final Jobs jobs) {
		try (Job job = jobs.open()) {
			annotations.importLabels(job, path);
		}
	}

	private static void annotate(final Annotations annotations, final AnnotationClass c, final String from) {
		if (from.equals("selection")) annotations.addSelection(required(c, "from"));
		if (from.equals("manager")) {
			for (final Roi roi : managerRois())
				annotations.add(required(c, "from"), roi);
		}
	}

	private static AnnotationClass required(final AnnotationClass c, final String key) {
		if (c != null) return c;
		throw new BrushwoodException("'" + SPEC.find(key).label() + "' (key '" + key +
			"') needs a class. Give the name of one in 'Class' (key 'class').");
	}

	private static Roi[] managerRois() {
		final RoiManager manager = GraphicsEnvironment.isHeadless() ? null : RoiManager.getInstance2();
		if (manager == null || manager.getCount() == 0) {
			throw new BrushwoodException("The ROI Manager is not open or empty. Add selections to it first, or load a " +
				"RoiSet with 'Load Rois' (key 'load_rois').");
		}
		return manager.getRoisAsArray();
	}
}
