package io.github.brushwood.session.live;

import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.Roi;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Exports;
import io.github.brushwood.session.ForestKeys;
import io.github.brushwood.session.ImageFiles;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.LabelFiles;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.Outputs;
import io.github.brushwood.session.Recipes;
import io.github.brushwood.session.Segmentation;
import io.github.brushwood.session.Spacing;

import java.awt.Rectangle;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * Everything that a user can do to a session, by window or by macro: one method per step, which checks, does it and
 * records it as the macro call that repeats it. The windows call nothing else to change a session. Slices and frames
 * count from 1 here, as users count them. Errors are BrushwoodExceptions with a sentence for the user. Any thread, but
 * what opens files or waits for the worker is not for the event thread (marked "slow").
 */
public final class Actions implements AutoCloseable {

	/** Takes the macro form of a step: method of {@code io.github.brushwood.Session} and its texts. */
	public interface Recording {

		Recording NONE = (method, arguments) -> {};

		void step(String method, String... arguments);
	}

	/** Tools, with the names that macros use (lower case). */
	public enum Tool {
		BRUSH, ERASER, LINE
	}

	/**
	 * A stroke while it is being drawn; on the thread that began it. Points are image coordinates; (0.5,0.5) is the centre
	 * of the first pixel.
	 */
	public interface Stroke {

		/** @return what to repaint */
		Rectangle to(double x, double y);

		/** Commits and records it. */
		void finish();

		/** Takes it back. */
		void abandon();
	}

	/** Version that no session has. */
	private static final long NEVER = -1;
	/** Between two looks at what the monitor says. */
	private static final long WAIT_MS = 100;

	private final LiveSession session;
	private final LiveUpdater updater;
	private final Recording recording;
	private final Autosave autosave;
	private volatile int threads;
	private volatile long memory;
	private volatile String file;
	private volatile long savedVersion;
	private volatile LiveImage selected;
	private volatile ImagePlus activeWhenSelected;
	/** The image that recorded steps act on. */
	private LiveImage recorded;
	private boolean closed;

	/** Takes over the session's updater: {@link #close} closes it. Autosaves to the usual folder. */
	public Actions(final LiveSession session, final LiveUpdater updater, final Recording recording) {
		this(session, updater, recording, new Autosave(session, null));
	}

	/** @param autosave null for none; else {@link #close} closes it */
	public Actions(final LiveSession session, final LiveUpdater updater, final Recording recording,
		final Autosave autosave)
	{
		this.session = session;
		this.updater = updater;
		this.recording = recording;
		this.autosave = autosave;
		savedVersion = session.version();
	}

	/**
	 * Limits of the work that is started here.
	 *
	 * @param maxThreads 0 for all
	 * @param budget in bytes; 0 for half of the free memory
	 */
	public Actions limits(final int maxThreads, final long budget) {
		threads = maxThreads;
		memory = budget;
		return this;
	}

	/** The session was read from a file; null when it was recovered and was never saved as it is. */
	public Actions readFrom(final String path) {
		file = path == null ? null : new File(path).getAbsolutePath();
		savedVersion = path == null ? NEVER : session.version();
		if (autosave != null && path != null) autosave.saved(savedVersion);
		return this;
	}

	public LiveSession session() {
		return session;
	}

	public LiveUpdater updater() {
		return updater;
	}

	/** Where the session was saved to or opened from; null for nowhere yet. */
	public String file() {
		return file;
	}

	// ---- the image that macros act on

	/** Makes an image the one that {@link #selected} gives until another image of the session becomes active. */
	public void select(final LiveImage image) {
		selected = image;
		activeWhenSelected = WindowManager.getCurrentImage();
	}

	/**
	 * The image that was selected last, by a macro or by activating its window; else the first one.
	 *
	 * @throws BrushwoodException when there is none
	 */
	public LiveImage selected() {
		final ImagePlus active = WindowManager.getCurrentImage();
		final LiveImage activated = active == null || active == activeWhenSelected ? null : session.imageOf(active);
		if (activated != null) return activated;
		final List<LiveImage> images = session.images();
		if (images.contains(selected)) return selected;
		if (!images.isEmpty()) return images.get(0);
		throw new BrushwoodException("The session has no image. Add one first.");
	}

	/**
	 * An image of the session.
	 *
	 * @param name its title, or #1, #2, ... for the first, second, ... image
	 */
	public LiveImage imageNamed(final String name) {
		final List<LiveImage> images = session.images();
		final List<String> titles = new ArrayList<>();
		for (final LiveImage image : images) {
			if (image.title().equals(name)) return image;
			titles.add(image.title());
		}
		if (name.matches("#[0-9]{1,6}")) {
			final int number = Integer.parseInt(name.substring(1));
			if (number >= 1 && number <= images.size()) return images.get(number - 1);
		}
		throw new BrushwoodException("The session has no image '" + name + "'. Its images: " + String.join(", ", titles) +
			".");
	}

	/** What {@link #imageNamed} finds an image by: its title when no image before has the same. */
	private String nameOf(final LiveImage image) {
		return imageNamed(image.title()) == image ? image.title() : "#" + (1 + session.images().indexOf(image));
	}

	private void record(final String method, final String... arguments) {
		recording.step(method, arguments);
	}

	/** Records a step on an image. */
	private void record(final LiveImage image, final String method, final String... arguments) {
		synchronized (this) {
			if (recorded != image) recording.step("selectImage", nameOf(image));
			recorded = image;
		}
		recording.step(method, arguments);
	}

	// ---- classes

	/** @param name "" for "class N" */
	public AnnotationClass addClass(final String name) {
		final AnnotationClass added = session.addClass(name);
		record("addClass", added.name());
		return added;
	}

	public void removeClass(final String name) {
		session.removeClass(session.classNamed(name));
		record("removeClass", name);
	}

	public void mergeClasses(final String from, final String into) {
		final AnnotationClass source = session.classNamed(from);
		final AnnotationClass target = session.classNamed(into);
		if (source.id() == target.id()) {
			throw new BrushwoodException("The class '" + from + "' cannot be merged with itself. Choose another one.");
		}
		session.mergeClasses(source, target);
		record("mergeClasses", from, into);
	}

	public void renameClass(final String name, final String newName) {
		final AnnotationClass renamed = session.renameClass(session.classNamed(name), newName);
		record("renameClass", name, renamed.name());
	}

	/** @param hex #rrggbb */
	public void recolourClass(final String name, final String hex) {
		final AnnotationClass changed = session.recolourClass(session.classNamed(name), AnnotationClass.parseColour(hex));
		record("setClassColour", name, changed.hex());
	}

	/** Not recorded: it changes no model. */
	public void setVisible(final AnnotationClass c, final boolean on) {
		session.setVisible(c, on);
	}

	// ---- labels

	/**
	 * Begins a stroke.
	 *
	 * @param c null for the eraser
	 * @param tool LINE draws one straight piece from the first to the last point
	 */
	public Stroke stroke(final LiveImage image, final AnnotationClass c, final Tool tool, final double diameter,
		final double x, final double y, final int z, final int t)
	{
		checkPlace(image, z, t);
		final AnnotationClass painted = tool == Tool.ERASER ? null : c;
		final String shape = (tool == Tool.LINE ? tool : painted == null ? Tool.ERASER : Tool.BRUSH).name().toLowerCase(
			Locale.ROOT);
		final String step = painted == null ? "erasing" : "stroke of " + painted.name();
		return new PaintedStroke(session, image, painted == null ? 0 : painted.id(), step, tool == Tool.LINE, diameter, x, y,
			z - 1, t - 1, (width, points) -> {
				if (painted == null) record(image, "erase", shape, width, points, "" + z, "" + t);
				else record(image, "stroke", painted.name(), shape, width, points, "" + z, "" + t);
			});
	}

	/**
	 * Draws a whole stroke, as it was recorded.
	 *
	 * @param points "x,y;x,y;..."
	 */
	public void stroke(final LiveImage image, final AnnotationClass c, final Tool tool, final double diameter,
		final String points, final int z, final int t)
	{
		final double[][] all = PaintedStroke.parse(points);
		final Stroke stroke = stroke(image, c, tool, diameter, all[0][0], all[0][1], z, t);
		try {
			for (int i = 1; i < all.length; i++)
				stroke.to(all[i][0], all[i][1]);
		}
		catch (RuntimeException | Error e) {
			stroke.abandon();
			throw e;
		}
		stroke.finish();
	}

	/** Gives the pixels of a selection to a class, or to none when it is null. Recorded with the selection itself. */
	public void fill(final LiveImage image, final AnnotationClass c, final Roi roi, final int z, final int t) {
		fill(image, c, RoiText.encode(roi), z, t);
	}

	/** @param roi ImageJ's .roi format in Base64, as the other one records it */
	public void fill(final LiveImage image, final AnnotationClass c, final String roi, final int z, final int t) {
		checkPlace(image, z, t);
		final Roi selection = RoiText.decode(roi);
		change(image, c == null ? "erasing" : "area of " + c.name(), edit -> edit.fill(selection, c == null ? 0 : c.id(),
			z - 1, t - 1));
		record(image, "fill", c == null ? "" : c.name(), roi, "" + z, "" + t);
	}

	/** Removes all labels of an image. */
	public void clearLabels(final LiveImage image) {
		change(image, "clearing of " + image.title(), LabelEdit::clear);
		record(image, "clearLabels");
	}

	public void undo() {
		if (session.undoName() == null) throw new BrushwoodException("There is nothing to undo.");
		session.undo();
		record("undo");
	}

	public void redo() {
		if (session.redoName() == null) throw new BrushwoodException("There is nothing to redo.");
		session.redo();
		record("redo");
	}

	/** Adds labels from a label image file or a RoiSet; slow. */
	public void importAnnotations(final LiveImage image, final String path) {
		final LabelFiles.Labels labels = LabelFiles.read(jobs(Monitor.NONE), path, frame(image));
		final AnnotationClasses classes = AnnotationClasses.copyOf(labels.hasNames() ? labels.classes().list() : session
			.classes());
		while (classes.size() < labels.classes().size())
			classes.add(classes.freeName());
		final byte[] ids = new byte[AnnotationClasses.MAX + 1];
		for (int label = 1; label <= labels.classes().size(); label++)
			ids[label] = (byte) classes.at(label).id();
		session.addLabels(image, classes, map(image.labels(), (z, t) -> labels.plane(z, t, ids)), "import of " + new File(
			path).getName());
		record(image, "importAnnotations", path);
	}

	private static LabelMap map(final LabelMap like, final LabelFiles.Planes planes) {
		final LabelMap map = like.blank();
		final LabelEdit edit = map.edit();
		final Rectangle all = new Rectangle(map.width(), map.height());
		for (int t = 0; t < map.frames(); t++)
			for (int z = 0; z < map.depth(); z++)
				edit.paste(planes.plane(z, t), all, z, t);
		edit.finish();
		return map;
	}

	/** Writes an image's labels as a label image (.tif) or as Rois (.zip), as Brushwood Annotate does; slow. */
	public void exportAnnotations(final LiveImage image, final String path) {
		writeAnnotations(image, path);
		record(image, "exportAnnotations", path);
	}

	private void writeAnnotations(final LiveImage image, final String path) {
		final LabelMap map = image.labels();
		LabelFiles.write(frame(image), session.classes(), (z, t) -> translated(map.plane(z, t), session.labelOfId()), path);
	}

	private static byte[] translated(final byte[] ids, final int[] labelOfId) {
		for (int i = 0; i < ids.length; i++)
			ids[i] = (byte) labelOfId[ids[i] & 0xFF];
		return ids;
	}

	private static LabelFiles.Frame frame(final LiveImage image) {
		final LabelMap map = image.labels();
		return new LabelFiles.Frame(image.title(), map.width(), map.height(), map.depth(), map.frames(), image.image());
	}

	/** Makes a change of an image's labels. */
	private interface Change {

		void apply(LabelEdit edit);
	}

	private void change(final LiveImage image, final String name, final Change change) {
		final LabelEdit edit = session.edit(image);
		try {
			change.apply(edit);
		}
		catch (RuntimeException | Error e) {
			session.abandon(image, edit);
			throw e;
		}
		session.commit(image, edit, name);
	}

	private static void checkPlace(final LiveImage image, final int z, final int t) {
		final LabelMap map = image.labels();
		if (z >= 1 && z <= map.depth() && t >= 1 && t <= map.frames()) return;
		throw new BrushwoodException("The image '" + image.title() + "' has " + map.depth() + " slices and " + map.frames() +
			" frames; slice " + z + ", frame " + t + " is outside.");
	}

	// ---- settings

	/** A feature list or preset; the engine checks it first. */
	public void setFeatures(final String list) {
		for (final LiveImage image : session.images()) {
			if (image.image() == null) continue;
			Recipes.check(jobs(Monitor.NONE), list, image.image(), spacing());
			break;
		}
		session.setSettings(session.settings().withFeatures(list));
		record("setFeatures", list);
	}

	public void setCalibrated(final boolean on) {
		session.setSettings(session.settings().withCalibrated(on));
		record("setCalibrated", "" + on);
	}

	/** Forest options by the keys of Brushwood Train Model, such as "trees=200 seed=3"; those left out stay. */
	public void setForest(final String options) {
		final LiveSettings settings = session.settings();
		session.setSettings(settings.withTraining(ForestKeys.change(settings.training(), options)));
		record("setForest", options);
	}

	/** The settings' forest options in the form {@link #setForest} takes. */
	public String forestOptions() {
		return ForestKeys.format(session.settings().training());
	}

	// ---- images

	/** Adds an open image; slow. */
	public LiveImage addImage(final ImagePlus imp) {
		final LiveImage image = session.addImage(imp);
		record("addImage", imp.getTitle());
		selectNew(image);
		return image;
	}

	/** Opens a file and adds it, without showing it; slow. */
	public LiveImage addFile(final String path) {
		final ImagePlus imp = ImageFiles.openImage(path);
		try {
			final LiveImage image = session.addImage(imp);
			record("addFile", path);
			selectNew(image);
			return image;
		}
		catch (RuntimeException | Error e) {
			imp.flush();
			throw e;
		}
	}

	/** Images that were added are selected, in macros too. */
	private synchronized void selectNew(final LiveImage image) {
		select(image);
		recorded = image;
	}

	public void removeImage(final LiveImage image) {
		final String name = nameOf(image);
		session.removeImage(image);
		record("removeImage", name);
	}

	// ---- results; all slow

	/** Grows the forest now and waits for it. */
	public void train(final Monitor monitor) {
		updater.withModel(jobs(monitor), model -> null);
		record("train");
	}

	public void saveModel(final Monitor monitor, final String path) {
		final Jobs jobs = jobs(monitor);
		updater.withModel(jobs, model -> {
			try (Job job = jobs.open()) {
				model.write(job, path);
			}
			return null;
		});
		record("saveModel", path);
	}

	/**
	 * Classifies a whole image.
	 *
	 * @return one image per output, not shown
	 */
	public List<ImagePlus> results(final Monitor monitor, final LiveImage image, final Collection<Output> outputs) {
		final Jobs jobs = jobs(monitor);
		final ImagePlus imp = pixels(image);
		final Segmentation result = updater.withModel(jobs, model -> {
			jobs.status("Classifying " + imp.getTitle() + "...");
			return Segmentation.of(jobs, imp, model, title(), outputs, predictOptions());
		});
		record(image, "showResult", Outputs.text(outputs));
		return Arrays.asList(result.images());
	}

	/** Classifies all images of the session and writes the outputs into a folder, named as Apply to Folder does. */
	public void exportResults(final Monitor monitor, final String folder, final Collection<Output> outputs) {
		final Jobs jobs = jobs(monitor);
		final List<ImagePlus> images = allPixels();
		updater.withModel(jobs, model -> {
			Exports.write(jobs, images, model, predictOptions(), outputs, folder);
			return null;
		});
		record("exportResults", folder, Outputs.text(outputs));
	}

	/** Writes all feature images of each image of the session into a folder; slow. */
	public void exportFeatures(final Monitor monitor, final String folder) {
		Exports.features(jobs(monitor), allPixels(), session.settings().features, spacing(), folder);
		record("exportFeatures", folder);
	}

	/** Writes the labels of each image of the session, also without pixels, into a folder as label images; slow. */
	public void exportAllAnnotations(final String folder) {
		final List<LiveImage> images = session.images();
		final List<String> titles = new ArrayList<>();
		for (final LiveImage image : images)
			titles.add(image.image() == null ? image.title() : image.image().getTitle());
		final List<String> stems = Exports.stems(titles, folder);
		for (int i = 0; i < images.size(); i++)
			writeAnnotations(images.get(i), stems.get(i) + "_annotations.tif");
		record("exportAllAnnotations", folder);
	}

	/** Classifies all images of a folder with the present forest, as Brushwood Apply Model to Folder. */
	public void applyToFolder(final Monitor monitor, final String input, final String output,
		final Collection<Output> outputs)
	{
		final Jobs jobs = jobs(monitor);
		updater.withModel(jobs, model -> {
			Exports.folder(jobs, model, predictOptions(), input, output, outputs);
			return null;
		});
		record("applyToFolder", input, output, Outputs.text(outputs));
	}

	/** All feature images of an image as a stack, not shown. */
	public ImagePlus features(final Monitor monitor, final LiveImage image) {
		final Jobs jobs = jobs(monitor);
		final ImagePlus imp = pixels(image);
		jobs.status("Computing features of " + imp.getTitle() + "...");
		final ImagePlus features = Recipes.show(jobs, imp, session.settings().features, spacing());
		record(image, "showFeatures");
		return features;
	}

	/** @param tolerance as a share of wrong samples, such as 0.005; the list is not taken over: {@link #setFeatures} */
	public FeatureSelection suggestFeatures(final Monitor monitor, final double tolerance) {
		return updater.suggestFeatures(monitor, tolerance);
	}

	/** @throws BrushwoodException when no place is left, or there are too few labels */
	public LiveUpdater.Place whereNext(final Monitor monitor) {
		final LiveUpdater.Place place = updater.whereNext(monitor);
		if (place != null) return place;
		throw new BrushwoodException("No place is left that is away from labels and was not shown yet. Paint another " +
			"stroke to begin anew.");
	}

	/** Names of the images of the feature list as it is set now, which the worker may not have read yet. */
	public List<String> featureNames() {
		for (final LiveImage image : session.images()) {
			final ImagePlus imp = image.image();
			if (imp != null) return Recipes.names(jobs(Monitor.NONE), session.settings().features, imp, spacing());
		}
		return updater.featureNames();
	}

	/**
	 * What is known about the forest, with the present labels.
	 *
	 * @throws BrushwoodException when there are too few labels
	 */
	public Report report(final Monitor monitor) {
		updater.update();
		while (!updater.await(WAIT_MS))
			if (isClosed() || !monitor.progress(updater.state().progress)) throw new CancelledException("Cancelled.");
		final Report report = updater.report();
		if (report == null) throw new BrushwoodException("There is no report yet: " + updater.state().text);
		return report;
	}

	private synchronized boolean isClosed() {
		return closed;
	}

	private Jobs jobs(final Monitor monitor) {
		return new Jobs(threads, memory, monitor);
	}

	/** In place of the images' own; null for that. */
	private Spacing spacing() {
		return session.settings().calibrated ? null : new Spacing(1, 1, 1);
	}

	private PredictOptions predictOptions() {
		final Spacing spacing = spacing();
		final PredictOptions options = new PredictOptions();
		return spacing == null ? options : options.spacing(spacing.x, spacing.y, spacing.z);
	}

	private List<ImagePlus> allPixels() {
		final List<ImagePlus> images = new ArrayList<>();
		for (final LiveImage image : session.images())
			images.add(pixels(image));
		if (images.isEmpty()) throw new BrushwoodException("The session has no image. Add one first.");
		return images;
	}

	private static ImagePlus pixels(final LiveImage image) {
		final ImagePlus imp = image.image();
		if (imp != null) return imp;
		throw new BrushwoodException("The pixels of '" + image.title() + "' are missing. Open the image" + (image
			.path() == null ? "" : " (it was " + image.path() + ")") + " and add it to the session, or remove it.");
	}

	/** What results name as their model. */
	private String title() {
		return file == null ? "forest of an unsaved session" : "forest of the session " + file;
	}

	// ---- files; slow

	/** Saves the session; null for where it was saved before. */
	public void save(final String path) {
		if (path == null && file == null) {
			throw new BrushwoodException("The session was not saved yet. Give the file to save it to.");
		}
		final String target = path == null ? file : new File(path.endsWith(SessionFile.SUFFIX) ? path
			: path + SessionFile.SUFFIX).getAbsolutePath();
		final long version = session.version();
		SessionFile.write(session, target);
		file = target;
		savedVersion = version;
		if (autosave != null) autosave.saved(version);
		record("save", target);
	}

	/** Writes the autosave now. @return false when there is none, or it could not be written */
	public boolean autosave() {
		return autosave != null && autosave.flush();
	}

	/** Whether something changed since it was saved or opened. */
	public boolean isModified() {
		return session.version() != savedVersion;
	}

	/** Ends worker and autosave, and deletes the autosave: the user has saved or does not want to. */
	@Override
	public void close() {
		synchronized (this) {
			if (closed) return;
			closed = true;
		}
		Sessions.remove(this);
		record("close");
		try {
			if (autosave != null) autosave.close(); // first: the program may be about to end
		}
		finally {
			updater.close();
		}
	}
}
