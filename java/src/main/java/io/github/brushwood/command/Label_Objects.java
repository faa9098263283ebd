package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.Roi;
import ij.macro.Interpreter;
import ij.plugin.frame.RoiManager;

import io.github.brushwood.engine.Measurements;
import io.github.brushwood.engine.ObjectOptions;
import io.github.brushwood.engine.ObjectOptions.Border;
import io.github.brushwood.engine.ObjectOutput;
import io.github.brushwood.engine.Splitting;
import io.github.brushwood.engine.Threshold;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.LabelFilesPattern;
import io.github.brushwood.session.LabelSettings;
import io.github.brushwood.session.Labelling;
import io.github.brushwood.session.ObjectSource;
import io.github.brushwood.session.Spacing;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.awt.GraphicsEnvironment;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Makes objects of probabilities. */
public final class Label_Objects extends BrushwoodCommand {

	/** What is shown, the one that becomes the active image last. */
	private static final List<ObjectOutput> IMAGES = Arrays.asList(ObjectOutput.MASK, ObjectOutput.CLASSES,
		ObjectOutput.LABELS);

	private static final long MOST_VOXELS = 1L << 40;
	private static final double MOST_SIGMA = 1000;
	private static final String OUTLINES = "outlines";
	private static final String MANAGER = "roi_manager";
	private static final String TABLE = "table";
	private static final String MORE = "Core, small objects, boundary and border";
	private static final String FILES = "Files";
	private static final String AUTO = "auto";
	private static final String THRESHOLD = "threshold";
	private static final String CORE_THRESHOLD = "core_threshold";
	private static final String EDGE = "edge";

	private Spec spec;

	@Override
	public Spec spec() {
		if (spec == null) {
			spec = new Spec("Brushwood Label Objects...",
				"Makes objects of the current image's probabilities, 32-bit with a channel per class as Brushwood Apply Model " +
					"makes them: smooths, thresholds, fills holes, splits what touches, and numbers the objects of each frame. " +
					"8-bit and 16-bit images count as probabilities whose largest value is 1, so that masks work as they are, and " +
					"so does an image of class numbers from Brushwood Apply Model. With a model the current image is classified " +
					"first. The label image is 16-bit while the numbers fit, else " +
					"32-bit.", keys(new ObjectOptions()));
		}
		return spec;
	}

	private static List<Key> keys(final ObjectOptions o) {
		final List<Key> keys = new ArrayList<>(mainKeys(o));
		keys.addAll(moreKeys(o));
		keys.addAll(fileKeys());
		keys.add(UNREFINED.under(FILES));
		keys.add(THREADS);
		return keys;
	}

	private static List<Key> mainKeys(final ObjectOptions o) {
		return Arrays.asList(Key.of(Kind.FILE, "model", "Model file", "",
			"Model to classify the image with first; without it the image holds probabilities or a mask."),
			Key.of(Kind.LIST, LabelSettings.CLASSES, "Classes of objects", "",
				"Names or numbers of the classes whose probabilities together are the foreground, separated by ';'. Without " +
					"it: all but the class named background, or else all but the first; the only channel of a mask."),
			choice("method", "Threshold method",
				"auto takes " + Options.plain(o.threshold()) + ", or half of it where objects are less sure than those painted " +
					"and so end more sharply there, unless a threshold is given. fixed takes the threshold given, or else " +
					Options.plain(o.threshold()) + "; otsu finds one between the two peaks of the smoothed foreground.",
				o.method()), Key.of(Kind.TEXT, THRESHOLD, "Threshold (blank = automatic)", "",
					"Probability from which on a pixel is foreground; above 0, at most 1. Without it the method chooses."),
			Key.of(Kind.TEXT, "smooth", "Smoothing (sigma)", Options.plain(o.sigma()),
				"Sigma of the Gaussian that smooths the probabilities, in pixels along x; 0 for none."),
			yesNo("fill", "Fill holes", "Background inside an object becomes part of it.", o.fillHoles()),
			Key.of(Kind.INTEGER, "min", "Smallest size (voxels)", String.valueOf(o.minSize()),
				"Smaller objects are left out."), Key.of(Kind.INTEGER, "max", "Largest size (0 = any)", String.valueOf(o
					.maxSize()), "Larger objects are left out; 0 for any size."),
			choice("split", "Split touching objects",
				"none leaves them together. The others are watersheds: distance of the distance to the background, " +
					"probability of the smoothed foreground, boundary along the class of 'boundary'. core makes one object of " +
					"each connected part of the core.", o.split()),
			Key.of(Kind.TEXT, "depth", "Depth of a split", Options.plain(o.depth()),
				"How deep the saddle between two peaks has to be for a split, as a share of the lower peak's height, 0 to 1: " +
					"more keeps more together."),
			Key.set("show", "Show", "What to make: the label image, the 8-bit mask, an 8-bit image of the objects' classes, " +
				"outlines over the source image, entries of the ROI Manager (one per object, slice and frame), or a table of " +
				"all measures in ImageJ's Results. Images are shown, or written where 'file' says.", "labels", "mask",
				"classes", OUTLINES, MANAGER, TABLE));
	}

	private static List<Key> moreKeys(final ObjectOptions o) {
		return Arrays.asList(Key.of(Kind.LIST, LabelSettings.CORE, "Core classes", "",
			"Names or numbers of the classes that make the core of objects, separated by ';'; without it the foreground's.")
			.under(MORE), Key.of(Kind.TEXT, CORE_THRESHOLD, "Core threshold (blank = automatic)", "",
				"Objects are kept where the core's probability reaches this somewhere; 0 for no core. With 'threshold' below " +
					"it this is a hysteresis. Without it: " + Options.plain(o.coreThreshold()) + " with an automatic threshold, " +
					"core classes or split=core, else none.").under(MORE),
			Key.of(Kind.TEXT, EDGE, "Share at the edge (blank = automatic)", "",
				"Unless nothing is split, objects end where the probability falls below this share of what a tenth of each " +
					"exceeds; 0 for the threshold alone. Without it: " + Options.plain(o.edge()) + " with an automatic " +
					"threshold, else 0.").under(MORE),
			Key.of(Kind.TEXT, "min_share", "Smallest share of the median size", Options.plain(o.minShare()),
				"Objects smaller than this share of the median object of their frame are left out; 0 for any.").under(MORE),
			Key.of(Kind.CLASS, LabelSettings.BOUNDARY, "Boundary class", "",
				"Name or number of the class between objects, for split=boundary.").under(MORE),
			yesNo("lines", "Leave lines between parts",
				"A line of background, one voxel wide, stays between the parts of what was split.", o.lines()).under(MORE),
			choice("border", "Objects at the border",
				"keep them, leave out those that touch the border in x or y (xy), or in z too (xyz).", o.border())
				.asSwitch("xy", "keep").under(MORE),
			Key.choice("connectivity", "Connectivity",
				"Neighbours of a voxel: 4 or 8 slice by slice, 6 or 26 in 3D; auto is 8 for single slices, else 26.", AUTO,
				"4", "8", "6", "26").under(MORE),
			Key.of(Kind.TEXT, "spacing", "Voxel size z,y,x", "",
				"Voxel size z,y,x in place of the calibration, such as 2.5,1,1; only the ratios count.").under(MORE));
	}

	private static List<Key> fileKeys() {
		return Arrays.asList(Key.of(Kind.FILE, "input", "Image file", "",
			"File to work on in place of the current image; TIFF, HDF5 and OME-Zarr of any size.").orFolder().under(FILES),
			Key.of(Kind.SAVE, "file", "Write images to", "",
				"Where to write images instead of showing them, for those larger than memory: a path with {name}, the " +
					"image's name without its suffix, and {kind}, one of objects, mask and object_classes, for example " +
					"/data/{name}_{kind}.tif. Folders are made when missing.").under(FILES),
			Key.of(Kind.SAVE, "csv", "Save table as", "", "CSV file of all measures of the objects.").withSuffix(".csv")
				.under(FILES), Key.of(Kind.SAVE, "rois", "Save outlines as", "",
					"Zip of the outlines, which the ROI Manager opens; also without a display.").withSuffix(".zip").under(FILES));
	}

	/** A key whose values are those of an enumeration, the engine's default first. */
	private static <E extends Enum<E>> Key choice(final String id, final String label, final String doc,
		final E first)
	{
		final Set<String> values = new LinkedHashSet<>();
		values.add(first.name().toLowerCase(Locale.ROOT));
		for (final E value : first.getDeclaringClass().getEnumConstants())
			values.add(value.name().toLowerCase(Locale.ROOT));
		return Key.choice(id, label, doc, values.toArray(new String[0]));
	}

	private static Key yesNo(final String id, final String label, final String doc, final boolean on) {
		return Key.choice(id, label, doc, on ? "yes" : "no", on ? "no" : "yes").asSwitch("yes", "no");
	}

	@Override
	boolean worksWithoutOptions() {
		return true;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final List<String> show = options.list("show");
		checkShow(options, show);
		final LabelFilesPattern files = options.given("file") ? new LabelFilesPattern(options.text("file"), images(show))
			: null;
		try (ObjectSource source = options.given("input") ? ObjectSource.of(options.text("input")) : ObjectSource.of(
			currentImage()))
		{
			final boolean model = options.given("model");
			jobs.status((model ? "Classifying " : "Labelling ") + source.name() + "...");
			if (model) source.classify(jobs.part(0, 0.6), options.text("model"), predictOptions(options), files == null ? null
				: files.folder());
			final Jobs rest = model ? jobs.part(0.6, 1) : jobs;
			try (Labelling labelling = Labelling.of(rest.part(0, 0.6), source, settings(options))) {
				for (final String note : source.notes())
					IJ.log(spec().name() + ": " + note);
				IJ.log(spec().name() + ": " + labelling.summary());
				deliver(options, rest.part(0.6, 1), labelling, files, show);
				IJ.showStatus(labelling.count());
			}
		}
	}

	private static void checkShow(final Options options, final List<String> show) {
		if (options.given("input") && show.contains(OUTLINES)) {
			throw new BrushwoodException("Outlines are shown over an open image, but 'input' names a file. Open it, or " +
				"write the outlines into a file with 'rois'.");
		}
		if (show.contains(MANAGER) && GraphicsEnvironment.isHeadless()) {
			throw new BrushwoodException("ImageJ's ROI Manager needs a display. Write the outlines into a file with 'rois' " +
				"instead; the ROI Manager opens it.");
		}
	}

	private static List<ObjectOutput> images(final List<String> show) {
		final List<ObjectOutput> images = new ArrayList<>();
		for (final ObjectOutput output : IMAGES)
			if (show.contains(output.name().toLowerCase(Locale.ROOT))) images.add(output);
		return images;
	}

	private static boolean blank(final Options options, final String key) {
		return options.text(key).trim().isEmpty();
	}

	/** How objects are told from the background and from one another; a threshold that is given is taken as it is. */
	private static ObjectOptions threshold(final Options options) {
		final Threshold method = value(options, "method", Threshold.class);
		final boolean chosen = blank(options, THRESHOLD);
		if (!chosen && method == Threshold.OTSU) {
			throw new BrushwoodException("The key 'threshold' is for method=fixed; otsu finds its own.");
		}
		final ObjectOptions o = new ObjectOptions(chosen ? method : Threshold.FIXED).split(value(options, "split",
			Splitting.class));
		if (!chosen) o.threshold(options.number(THRESHOLD, 0, 1));
		if (!blank(options, CORE_THRESHOLD)) o.coreThreshold(options.number(CORE_THRESHOLD, 0, 1));
		else if (o.split() == Splitting.CORE || options.given(LabelSettings.CORE))
			o.coreThreshold(new ObjectOptions().coreThreshold());
		return blank(options, EDGE) ? o : o.edge(options.number(EDGE, 0, 1));
	}

	private static LabelSettings settings(final Options options) {
		final ObjectOptions o = threshold(options);
		o.sigma(options.number("smooth", 0, MOST_SIGMA)).depth(options.number("depth", 0, 1));
		o.fillHoles(options.text("fill").equals("yes")).lines(options.text("lines").equals("yes"));
		o.minSize(options.integer("min", 0, MOST_VOXELS)).maxSize(options.integer("max", 0, MOST_VOXELS));
		o.minShare(options.number("min_share", 0, 1));
		o.border(value(options, "border", Border.class));
		final String connectivity = options.text("connectivity");
		o.connectivity(connectivity.equals(AUTO) ? 0 : Integer.parseInt(connectivity));
		final Spacing spacing = Spacing.parse(options.text("spacing"));
		if (spacing != null) o.spacing(spacing.x, spacing.y, spacing.z);
		return new LabelSettings(o).classes(options.list(LabelSettings.CLASSES)).core(options.list(LabelSettings.CORE))
			.boundary(options.text(LabelSettings.BOUNDARY));
	}

	private static <E extends Enum<E>> E value(final Options options, final String key, final Class<E> type) {
		return Enum.valueOf(type, options.text(key).toUpperCase(Locale.ROOT));
	}

	/** Files come first: what fails then leaves no windows. */
	private void deliver(final Options options, final Jobs jobs, final Labelling labelling,
		final LabelFilesPattern files, final List<String> show)
	{
		final boolean outlines = show.contains(OUTLINES) || show.contains(MANAGER) || options.given("rois");
		final List<Roi> rois = outlines ? labelling.rois(jobs.part(0, 0.4)) : new ArrayList<>();
		if (options.given("rois")) Labelling.write(rois, options.text("rois"));
		if (options.given("csv") || show.contains(TABLE)) measure(options, jobs.part(0.4, 0.7), labelling, show);
		if (files != null) write(jobs.part(0.7, 1), labelling, files);
		if (show.contains(OUTLINES)) labelling.overlay(rois);
		if (show.contains(MANAGER)) manage(rois);
		if (files == null) {
			final List<ImagePlus> shown = new ArrayList<>();
			for (final ObjectOutput output : images(show))
				shown.add(labelling.image(jobs.part(0.7, 1), output));
			show(shown.toArray(new ImagePlus[0]));
		}
	}

	private static void measure(final Options options, final Jobs jobs, final Labelling labelling,
		final List<String> show)
	{
		try (Measurements table = labelling.measure(jobs)) {
			if (options.given("csv")) Measure_Objects.write(jobs, table, options.text("csv"));
			if (show.contains(TABLE)) Measure_Objects.show(table);
		}
	}

	private void write(final Jobs jobs, final Labelling labelling, final LabelFilesPattern files) {
		for (final Map.Entry<ObjectOutput, File> entry : files.of(labelling).entrySet()) {
			labelling.write(jobs, entry.getKey(), entry.getValue());
			IJ.log(spec().name() + ": wrote " + entry.getValue());
		}
	}

	/** Adds Rois to the ROI Manager, which in batch mode has no window. */
	private static void manage(final List<Roi> rois) {
		RoiManager manager = RoiManager.getInstance2();
		if (manager == null) manager = Interpreter.isBatchMode() ? new RoiManager(true) : RoiManager.getRoiManager();
		for (final Roi roi : rois)
			manager.addRoi(roi);
	}
}
