package io.github.brushwood;

import ij.ImagePlus;
import ij.gui.Roi;

import io.github.brushwood.command.Failure;
import io.github.brushwood.command.LiveSessions;
import io.github.brushwood.engine.Output;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Escape;
import io.github.brushwood.session.Outputs;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.Actions.Tool;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.LiveUpdater;
import io.github.brushwood.session.live.SessionFile;
import io.github.brushwood.session.live.Sessions;
import io.github.brushwood.session.live.Show;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * The live session for ImageJ macros: <code>call("io.github.brushwood.Session.train");</code>. Every function acts on
 * the session of the active image, else on the one opened last, and works without a display too. All arguments are
 * text, also numbers; <code>&amp;{e4}</code> stands for the character with that hexadecimal code. Slices and frames
 * count from 1. Functions give "" unless said otherwise. What fails is reported as by Brushwood's commands, and the
 * macro stops.
 */
public final class Session {

	private static final String TITLE = "Brushwood session";

	/** What a function does. */
	private interface Body {

		/** @return the function's value; null for "" */
		String run();
	}

	/** The same with the current session. */
	private interface Step {

		void run(Actions actions);
	}

	private Session() {}

	private static String value(final Body body) {
		try {
			final String value = body.run();
			return value == null ? "" : value;
		}
		catch (final RuntimeException | Error e) {
			Failure.reportCall(TITLE, e);
			return "";
		}
	}

	private static String step(final Step step) {
		return value(() -> {
			step.run(Sessions.current());
			return null;
		});
	}

	// ---- sessions and images

	/** Opens a session file, or starts a session with an open image (its title) or with an image file. */
	public static String open(final String what) {
		return value(() -> {
			final String name = text(what);
			if (name.endsWith(SessionFile.SUFFIX)) LiveSessions.open(name);
			else LiveSessions.start(image(name));
			return null;
		});
	}

	/** An open image by its title, or the image in a file. */
	private static ImagePlus image(final String what) {
		final ImagePlus titled = LiveSessions.openImageTitled(what);
		if (titled != null) return titled;
		if (new File(what).isFile()) return LiveSessions.openFile(what);
		throw new BrushwoodException("'" + what + "' is neither the title of an open image nor a file.");
	}

	/** Adds an open image and selects it. */
	public static String addImage(final String title) {
		return step(s -> {
			final ImagePlus imp = LiveSessions.openImageTitled(text(title));
			if (imp == null) throw new BrushwoodException("There is no open image '" + title + "'.");
			s.addImage(imp);
		});
	}

	/** Opens a file, adds it and selects it. */
	public static String addFile(final String path) {
		return step(s -> s.addFile(text(path)));
	}

	/** Takes an image out, by its title or #1, #2, ... */
	public static String removeImage(final String title) {
		return step(s -> s.removeImage(s.imageNamed(text(title))));
	}

	/** Selects the image that the next functions act on, by its title or #1, #2, ... */
	public static String selectImage(final String title) {
		return step(s -> s.select(s.imageNamed(text(title))));
	}

	/** Saves the session; "" for where it was saved before. */
	public static String save(final String path) {
		return step(s -> s.save(path.isEmpty() ? null : text(path)));
	}

	/** Closes the session and its windows; what was not saved is lost. */
	public static String close() {
		return step(LiveSessions::close);
	}

	// ---- classes

	/** @return the name "class N" of a class that is given none */
	public static String addClass(final String name) {
		return value(() -> {
			final String added = Sessions.current().addClass(text(name)).name();
			return name.isEmpty() ? added : ""; // a macro's log gets what a recorded call returns
		});
	}

	/** Removes a class with its labels. */
	public static String removeClass(final String name) {
		return step(s -> s.removeClass(text(name)));
	}

	/** Gives the labels of one class to another and removes it. */
	public static String mergeClasses(final String from, final String into) {
		return step(s -> s.mergeClasses(text(from), text(into)));
	}

	public static String renameClass(final String name, final String newName) {
		return step(s -> s.renameClass(text(name), text(newName)));
	}

	/** @param colour #rrggbb */
	public static String setClassColour(final String name, final String colour) {
		return step(s -> s.recolourClass(text(name), colour));
	}

	// ---- labels

	/**
	 * Draws a stroke on the selected image.
	 *
	 * @param tool brush, or line for one straight piece
	 * @param diameter in pixels
	 * @param points x,y;x,y;... in pixels; 0.5,0.5 is the centre of the first one
	 */
	public static String stroke(final String name, final String tool, final String diameter, final String points,
		final String z, final String t)
	{
		return step(s -> paint(s, s.session().classNamed(text(name)), tool, diameter, points, z, t));
	}

	/** Erases along a stroke. @param tool eraser, or line for one straight piece */
	public static String erase(final String tool, final String diameter, final String points, final String z,
		final String t)
	{
		return step(s -> paint(s, null, tool, diameter, points, z, t));
	}

	private static void paint(final Actions s, final AnnotationClass c, final String tool, final String diameter,
		final String points, final String z, final String t)
	{
		final Tool chosen = choice("tool", tool, Tool.values());
		if (c != null && chosen == Tool.ERASER) {
			throw new BrushwoodException("A stroke of a class takes the tool brush or line, not eraser.");
		}
		s.stroke(s.selected(), c, chosen, number("diameter", diameter, 0.25, 100000), points, whole("slice", z), whole(
			"frame", t));
	}

	/** Gives the current selection of the selected image to a class, in the image's current slice and frame. */
	public static String addSelection(final String name) {
		return step(s -> {
			final LiveImage image = s.selected();
			final AnnotationClass c = s.session().classNamed(text(name));
			final ImagePlus imp = image.image();
			final Roi roi = imp == null ? null : imp.getRoi();
			if (roi == null) throw new BrushwoodException("The image '" + image.title() + "' has no selection. Make one first.");
			s.fill(image, c, roi, imp.getSlice(), imp.getFrame());
		});
	}

	/**
	 * Gives the pixels of a selection to a class.
	 *
	 * @param name "" erases
	 * @param roi an ImageJ .roi file in Base64, as it is recorded
	 */
	public static String fill(final String name, final String roi, final String z, final String t) {
		return step(s -> s.fill(s.selected(), name.isEmpty() ? null : s.session().classNamed(text(name)), roi, whole("slice",
			z), whole("frame", t)));
	}

	/** Removes all labels of the selected image. */
	public static String clearLabels() {
		return step(s -> s.clearLabels(s.selected()));
	}

	public static String undo() {
		return step(Actions::undo);
	}

	public static String redo() {
		return step(Actions::redo);
	}

	/** Adds labels from a label image or a set of Rois to the selected image. */
	public static String importAnnotations(final String path) {
		return step(s -> s.importAnnotations(s.selected(), text(path)));
	}

	/** Writes the labels of the selected image as a label image (.tif) or a set of Rois (.zip). */
	public static String exportAnnotations(final String path) {
		return step(s -> s.exportAnnotations(s.selected(), text(path)));
	}

	// ---- settings

	/** @param features a preset or a feature list */
	public static String setFeatures(final String features) {
		return step(s -> s.setFeatures(text(features)));
	}

	/** @param on true when sigmas follow the voxel size, false when every voxel counts as a cube */
	public static String setCalibrated(final String on) {
		return step(s -> s.setCalibrated(bool("calibrated", on)));
	}

	/** @param options keys of Brushwood Train Model, such as <code>trees=200 seed=3</code>; those left out stay */
	public static String setForest(final String options) {
		return step(s -> s.setForest(text(options)));
	}

	/** @param on whether changes update the result by themselves */
	public static String setLive(final String on) {
		return step(s -> s.updater().setLive(bool("live", on)));
	}

	/**
	 * What lies over the image.
	 *
	 * @param kind nothing, probability, probabilities, segmentation, uncertainty or feature
	 * @param what class of a probability, name of a feature; else ""
	 */
	public static String setShow(final String kind, final String what) {
		return step(s -> LiveSessions.overlay(s, show(s, choice("kind", kind, Show.Kind.values()), what)));
	}

	private static Show show(final Actions s, final Show.Kind kind, final String what) {
		switch (kind) {
			case PROBABILITY:
				return Show.probability(s.session().classNamed(text(what)).id());
			case FEATURE:
				final List<String> names = s.featureNames();
				final int index = names.indexOf(text(what));
				if (index >= 0) return Show.feature(index);
				throw new BrushwoodException("There is no feature '" + what + "'. The features are " + String.join(", ", names) +
					".");
			case PROBABILITIES:
				return Show.PROBABILITIES;
			case SEGMENTATION:
				return Show.SEGMENTATION;
			case UNCERTAINTY:
				return Show.UNCERTAINTY;
			default:
				return Show.NOTHING;
		}
	}

	/** @param opacity of what lies over the image, 0 to 1 */
	public static String setOpacity(final String opacity) {
		return step(s -> LiveSessions.opacity(s, number("opacity", opacity, 0, 1)));
	}

	// ---- results

	/** Grows the forest and waits for it. */
	public static String train() {
		return step(s -> s.train(LiveSessions.monitor()));
	}

	public static String saveModel(final String path) {
		return step(s -> s.saveModel(LiveSessions.monitor(), text(path)));
	}

	/**
	 * Classifies the whole selected image and shows the results; the last one becomes the active image.
	 *
	 * @param outputs some of probabilities, segmentation (or labels), uncertainty and entropy, separated by ';'
	 */
	public static String showResult(final String outputs) {
		return step(s -> LiveSessions.show(s.results(LiveSessions.monitor(), s.selected(), outputs(outputs))));
	}

	/** Classifies all images of the session into files named as by Brushwood Apply Model to Folder. */
	public static String exportResults(final String folder, final String outputs) {
		return step(s -> s.exportResults(LiveSessions.monitor(), text(folder), outputs(outputs)));
	}

	/** Writes all feature images of each image of the session into a folder. */
	public static String exportFeatures(final String folder) {
		return step(s -> s.exportFeatures(LiveSessions.monitor(), text(folder)));
	}

	/** Writes the labels of each image of the session into a folder, as label images. */
	public static String exportAllAnnotations(final String folder) {
		return step(s -> s.exportAllAnnotations(text(folder)));
	}

	/** Classifies all TIFF images of a folder with the present forest. */
	public static String applyToFolder(final String input, final String output, final String outputs) {
		return step(s -> s.applyToFolder(LiveSessions.monitor(), text(input), text(output), outputs(outputs)));
	}

	/** Shows all feature images of the selected image. */
	public static String showFeatures() {
		return step(s -> LiveSessions.show(Collections.singletonList(s.features(LiveSessions.monitor(), s.selected()))));
	}

	/**
	 * Looks for a short feature list.
	 *
	 * @param tolerance how much worse than the best list it may be, as a share of wrong samples, such as 0.005
	 * @return the list, which {@link #setFeatures} takes
	 */
	public static String suggestFeatures(final String tolerance) {
		return value(() -> Sessions.current().suggestFeatures(LiveSessions.monitor(), number("tolerance", tolerance, 0, 1))
			.features());
	}

	/**
	 * Where the forest is least sure, another place each time; its image becomes the selected one.
	 *
	 * @return x,y,z,t: x and y from 0 as ImageJ counts pixels, slice and frame from 1
	 */
	public static String whereNext() {
		return value(() -> {
			final Actions s = Sessions.current();
			final LiveUpdater.Place place = s.whereNext(LiveSessions.monitor());
			s.select(place.image);
			return place.x + "," + place.y + "," + (place.z + 1) + "," + (place.t + 1);
		});
	}

	/** @return what is known about the present forest, as text */
	public static String report() {
		return value(() -> Sessions.current().report(LiveSessions.monitor()).text());
	}

	// ---- arguments

	/** Undoes what the recorder does to characters outside ASCII. */
	private static String text(final String argument) {
		return Escape.decode(argument);
	}

	private static List<Output> outputs(final String text) {
		final List<String> ids = new ArrayList<>();
		for (final String item : text.toLowerCase(Locale.ROOT).split("[;,|]")) {
			final String id = item.trim().equals("segmentation") ? "labels" : item.trim();
			if (!Arrays.asList(Outputs.ids()).contains(id)) {
				throw new BrushwoodException("There is no result '" + item + "'. There are probabilities, segmentation, " +
					"uncertainty and entropy.");
			}
			if (!ids.contains(id)) ids.add(id);
		}
		return Outputs.of(ids);
	}

	private static <T extends Enum<T>> T choice(final String what, final String text, final T[] values) {
		final List<String> names = new ArrayList<>();
		for (final T value : values) {
			if (value.name().equalsIgnoreCase(text.trim())) return value;
			names.add(value.name().toLowerCase(Locale.ROOT));
		}
		throw new BrushwoodException("The " + what + " has to be one of " + String.join(", ", names) + ", not '" + text +
			"'.");
	}

	private static boolean bool(final String what, final String text) {
		if (text.equals("true") || text.equals("1")) return true;
		if (text.equals("false") || text.equals("0")) return false;
		throw new BrushwoodException("'" + what + "' has to be true or false, not '" + text + "'.");
	}

	private static int whole(final String what, final String text) {
		final double value = number(what, text, 1, Integer.MAX_VALUE);
		if (value == Math.rint(value)) return (int) value;
		throw new BrushwoodException("The " + what + " has to be a whole number from 1, not '" + text + "'.");
	}

	private static double number(final String what, final String text, final double min, final double max) {
		try {
			final double value = Double.parseDouble(text.trim());
			if (value >= min && value <= max) return value;
		}
		catch (final NumberFormatException e) {
			// reported below
		}
		throw new BrushwoodException("The " + what + " has to be a number from " + (min == (long) min ? "" + (long) min
			: "" + min) + " to " + (long) max + ", not '" + text + "'.");
	}
}
