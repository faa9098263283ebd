package io.github.brushwood.session;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.Overlay;
import ij.gui.PointRoi;
import ij.gui.Roi;
import ij.io.RoiDecoder;
import ij.io.RoiEncoder;

import io.github.brushwood.engine.Job;
import io.github.brushwood.session.RoiPositions.Place;

import java.awt.Rectangle;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The annotations of an image: Rois in its overlay, each with the id of its class as a property (and the class's name
 * and colour, so that a file of Rois alone restores the classes), the id as ImageJ group (where ImageJ has group
 * colours), and a position on one slice and frame in all channels. The list of classes is a property of the image.
 * ImageJ saves all of it in TIFF files.
 * <p>
 * Where annotations overlap the later one wins.
 * </p>
 */
public final class Annotations {

	/** Property of a Roi: id of its class. */
	public static final String CLASS = "brushwood.class";
	private static final String NAME = "brushwood.class.name";
	private static final String COLOUR = "brushwood.class.colour";
	/** Property of the first Roi of a file: all classes of the image, with those that have no Roi. */
	private static final String ALL = ClassColours.PROPERTY;

	/** Without this file, as on a server, ImageJ logs a line for every Roi that gets a group. */
	private static final boolean HAS_GROUP_COLOURS = new File(String.valueOf(IJ.getDirectory("luts")), "glasbey.lut")
		.isFile();

	private final ImagePlus imp;
	private final AnnotationClasses classes;
	/** Highest number in the names of a class's Rois, by id; filled on the first use. */
	private final Map<Integer, Integer> numbers = new HashMap<>();

	/** Reads an image's annotations and gives them their colours, which ImageJ's reader replaces by the group's. */
	public Annotations(final ImagePlus imp) {
		this.imp = imp;
		classes = AnnotationClasses.parse(imp.getProp(ClassColours.PROPERTY));
		final List<Roi> rois = rois();
		for (final Roi roi : rois)
			dress(roi, classOf(roi));
		if (!rois.isEmpty()) imp.setProp(ClassColours.PROPERTY, classes.format());
	}

	/** Takes all annotations out of the overlay; the list of classes stays. Does not mark the image as changed. */
	public void release() {
		for (final Roi roi : rois())
			imp.getOverlay().remove(roi);
		if (imp.getOverlay() != null && imp.getOverlay().size() == 0) imp.setOverlay(null);
		imp.updateAndDraw();
	}

	/** Whether an image has annotations, without changing it. */
	public static boolean has(final ImagePlus imp) {
		return !annotated(imp).isEmpty();
	}

	public ImagePlus image() {
		return imp;
	}

	public AnnotationClasses classes() {
		return classes;
	}

	/** The annotations, the latest last. */
	public List<Roi> rois() {
		return annotated(imp);
	}

	/** Class of an annotation of this image. */
	public AnnotationClass classOf(final Roi roi) {
		final int id = id(roi);
		final AnnotationClass known = classes.byId(id);
		if (known != null) return known;
		final AnnotationClass named = named(roi);
		return named != null ? named : classes.put(id, "class " + id, AnnotationClasses.defaultColour(id));
	}

	/** The class with this name, made when there is none. */
	public AnnotationClass define(final String name) {
		final AnnotationClass c = classes.findOrAdd(name);
		store();
		return c;
	}

	/** @return the class that took its place */
	public AnnotationClass recolour(final AnnotationClass old, final int rgb) {
		return changed(old, classes.recolour(old, rgb));
	}

	/** @return the class that took its place */
	public AnnotationClass rename(final AnnotationClass old, final String name) {
		return changed(old, classes.rename(old, name));
	}

	/** Adds a copy of a Roi to a class on a slice and frame, 1-based; points with their own slices keep them. */
	public void add(final AnnotationClass c, final Roi roi, final int z, final int t) {
		append(c, copy(RoiRasterizer.supported(roi)), z, t);
		store();
	}

	/** Adds Rois that nobody else holds to a class on a slice and frame, 1-based. */
	public void addAll(final AnnotationClass c, final List<Roi> rois, final int z, final int t) {
		for (final Roi roi : rois)
			append(c, RoiRasterizer.supported(roi), z, t);
		store();
	}

	/** Adds a copy of a Roi where it is. */
	public void add(final AnnotationClass c, final Roi roi) {
		final Place place = RoiPositions.of(roi, imp);
		add(c, roi, place.z, place.t);
	}

	/**
	 * Makes the current selection an annotation of the current slice and frame.
	 *
	 * @throws BrushwoodException when there is no selection
	 */
	public void addSelection(final AnnotationClass c) {
		final Roi roi = imp.getRoi();
		if (roi == null) {
			throw new BrushwoodException("The image '" + imp.getTitle() +
				"' has no selection. Draw one on it first, or take the ROI Manager's.");
		}
		add(c, roi, imp.getSlice(), imp.getFrame());
		imp.deleteRoi();
	}

	/**
	 * Removes annotations.
	 *
	 * @param c whose; null for all
	 * @return how many
	 */
	public int clear(final AnnotationClass c) {
		int removed = 0;
		for (final Roi roi : rois()) {
			if (c != null && classOf(roi) != c) continue;
			imp.getOverlay().remove(roi);
			removed++;
		}
		if (removed > 0) store();
		return removed;
	}

	/**
	 * Writes the annotations as a zip that the ROI Manager opens too.
	 *
	 * @throws BrushwoodException when there are none or the file cannot be written
	 */
	public void saveRois(final String path) {
		final List<Roi> rois = new ArrayList<>();
		for (final Roi roi : required())
			rois.add(copy(roi));
		rois.get(0).setProperty(ALL, Escape.encode(classes.format(), ""));
		RoiSetFile.write(rois, path);
	}

	/**
	 * Adds the Rois of a zip or .roi file at their positions. Rois that Brushwood saved bring their classes along.
	 *
	 * @param fallback name of the class of Rois that have none; "" if every Roi must have one
	 * @return how many
	 */
	public int loadRois(final String path, final String fallback) {
		final List<Roi> rois = RoiSetFile.read(path);
		for (final Roi roi : rois)
			merge(roi.getProperty(ALL));
		for (final Roi roi : rois) {
			final AnnotationClass c = roi.getProperty(CLASS) == null ? null : named(roi);
			if (c == null && fallback.isEmpty()) {
				throw new BrushwoodException("The Roi '" + roi.getName() + "' of '" + path +
					"' has no class. Give the class that such Rois belong to.");
			}
			roi.setProperty(ALL, null);
			final Place place = RoiPositions.of(roi, imp);
			append(c != null ? c : classes.findOrAdd(fallback), RoiRasterizer.supported(roi), place.z, place.t);
		}
		store();
		return rois.size();
	}

	/**
	 * Adds the connected regions of a label image; its classes are those its file names, else those of this image by
	 * their order.
	 *
	 * @return how many
	 */
	public int importLabels(final Job job, final String path) {
		final LabelPlanes labels = LabelPlanes.read(job, path);
		if (labels.width != imp.getWidth() || labels.height != imp.getHeight() || labels.depth != imp.getNSlices() ||
			labels.frames != imp.getNFrames())
		{
			throw new BrushwoodException(String.format(Locale.ROOT,
				"The label image '%s' is %d x %d with %d slices and %d frames; the image '%s' is %d x %d with %d slices " +
					"and %d frames. They have to be the same.", path, labels.width, labels.height, labels.depth,
				labels.frames, imp.getTitle(), imp.getWidth(), imp.getHeight(), imp.getNSlices(), imp.getNFrames()));
		}
		final AnnotationClass[] byLabel = classesOfLabels(path, labels.highest());
		int added = 0;
		for (int t = 1; t <= labels.frames; t++)
			for (int z = 1; z <= labels.depth; z++)
				for (final LabelRegions.Region region : LabelRegions.of(labels.plane(z - 1, t - 1), labels.width,
					labels.height))
				{
					append(byLabel[region.label], region.roi, z, t);
					added++;
				}
		store();
		return added;
	}

	/** Writes the annotations as a label image in the classes' colours; class k has label k. */
	public void exportLabels(final String path) {
		required();
		LabelPlanes.write(toLabelImage("Labels of " + imp.getTitle()), path);
	}

	/** The annotations as an 8-bit image; class k has label k. */
	public ImagePlus toLabelImage(final String title) {
		final ImagePlus labels = rasterise(classes).toImagePlus(title, classes);
		ImagePlusAdapter.copyCalibration(imp, labels);
		return labels;
	}

	/** Gives the pixels of an annotation to its class. */
	public interface Painter {

		/**
		 * @param point index of the one point of a multi-point Roi, or {@link RoiRasterizer#ALL_POINTS}
		 * @param z slice, and t frame, from 0
		 * @return false when the Roi lies wholly outside the image
		 */
		boolean paint(Roi roi, int point, AnnotationClass c, int z, int t);
	}

	/**
	 * Paints all annotations, the latest last, on every slice and frame where they are.
	 *
	 * @throws BrushwoodException naming an annotation that lies outside the image
	 */
	public void paint(final Painter painter) {
		for (final Roi roi : rois()) {
			if (!RoiPositions.isPointwise(roi)) {
				paint(painter, roi, RoiRasterizer.ALL_POINTS, RoiPositions.of(roi, imp));
				continue;
			}
			for (int i = 0; i < roi.getFloatPolygon().npoints; i++)
				paint(painter, roi, i, RoiPositions.ofPoint((PointRoi) roi, i, imp));
		}
	}

	private void paint(final Painter painter, final Roi roi, final int point, final Place place) {
		final AnnotationClass c = classOf(roi);
		boolean inside = place.within(imp);
		for (int t = 1; t <= imp.getNFrames() && inside; t++)
			for (int z = 1; z <= imp.getNSlices() && inside; z++)
				if (place.covers(z, t)) inside = painter.paint(roi, point, c, z - 1, t - 1);
		if (!inside) throw outside(roi, place);
	}

	/**
	 * The annotations as labels.
	 *
	 * @param all classes in the order of their labels; those of this image are found in it by name
	 * @throws BrushwoodException naming an annotation that lies outside the image
	 */
	LabelPlanes rasterise(final AnnotationClasses all) {
		final LabelPlanes labels = new LabelPlanes(imp.getWidth(), imp.getHeight(), imp.getNSlices(), imp.getNFrames());
		final Rectangle where = new Rectangle(labels.width, labels.height);
		paint((roi, point, c, z, t) -> RoiRasterizer.draw(roi, point, (byte) all.label(all.find(c.name())), labels.plane(z,
			t), where));
		return labels;
	}

	private BrushwoodException outside(final Roi roi, final Place place) {
		final Rectangle r = roi.getBounds();
		return new BrushwoodException(String.format(Locale.ROOT,
			"The annotation '%s' of class '%s' at x %d, y %d, %s lies outside the image '%s' (%d x %d, %d slices, %d " +
				"frames). Move or remove it.", roi.getName(), classOf(roi).name(), r.x, r.y, place, imp.getTitle(), imp
				.getWidth(), imp.getHeight(), imp.getNSlices(), imp.getNFrames()));
	}

	private List<Roi> required() {
		final List<Roi> rois = rois();
		if (rois.isEmpty()) {
			throw new BrushwoodException("The image '" + imp.getTitle() +
				"' has no annotations. Add some with Brushwood Annotate first.");
		}
		return rois;
	}

	private AnnotationClass[] classesOfLabels(final String path, final int highest) {
		final AnnotationClasses named = AnnotationClasses.parse(ImageFiles.tiffProperty(path, ClassColours.PROPERTY));
		if (named.size() > 0) classes.mergeAll(named);
		else classes.growTo(highest);
		named.growTo(named.size() > 0 ? highest : 0);
		final AnnotationClass[] byLabel = new AnnotationClass[highest + 1];
		for (int k = 1; k <= highest; k++)
			byLabel[k] = named.size() > 0 ? classes.findOrAdd(named.at(k).name()) : classes.at(k);
		return byLabel;
	}

	private static List<Roi> annotated(final ImagePlus imp) {
		final List<Roi> rois = new ArrayList<>();
		final Overlay overlay = imp.getOverlay();
		for (int i = 0; overlay != null && i < overlay.size(); i++)
			if (overlay.get(i).getProperty(CLASS) != null) rois.add(overlay.get(i));
		return rois;
	}

	private static int id(final Roi roi) {
		final String text = roi.getProperty(CLASS).trim();
		if (text.matches("[0-9]{1,3}")) return Integer.parseInt(text);
		throw new BrushwoodException("The Roi '" + roi.getName() + "' has the property " + CLASS + " with the value '" +
			text + "', which is not the number of a class.");
	}

	/** The class by the name that the Roi carries, made when the image has none of that name; null without a name. */
	private AnnotationClass named(final Roi roi) {
		final String name = roi.getProperty(NAME);
		if (name == null) return classes.byId(id(roi));
		final AnnotationClass known = classes.find(Escape.decode(name));
		if (known != null) return known;
		final String colour = roi.getProperty(COLOUR);
		final int rgb = colour == null ? AnnotationClasses.defaultColour(id(roi)) : AnnotationClass.parseColour(colour);
		return classes.insert(id(roi), Escape.decode(name), rgb);
	}

	private void merge(final String escapedList) {
		if (escapedList != null) classes.mergeAll(AnnotationClasses.parse(Escape.decode(escapedList)));
	}

	private AnnotationClass changed(final AnnotationClass old, final AnnotationClass now) {
		for (final Roi roi : rois()) {
			if (id(roi) != old.id()) continue;
			final String name = roi.getName();
			if (name != null && name.startsWith(old.name() + " ")) {
				roi.setName(now.name() + name.substring(old.name().length()));
			}
			dress(roi, now);
		}
		store();
		return now;
	}

	/** Adds the Roi itself; {@link #store} has to follow. */
	private void append(final AnnotationClass c, final Roi roi, final int z, final int t) {
		RoiPositions.set(roi, imp, z, t);
		final boolean known = Escape.encode(c.name(), "\\").equals(roi.getProperty(NAME));
		if (roi.getName() == null || !known) roi.setName(c.name() + " " + nextNumber(c));
		dress(roi, c);
		if (imp.getOverlay() == null) imp.setOverlay(new Overlay());
		imp.getOverlay().add(roi);
	}

	private int nextNumber(final AnnotationClass c) {
		final Integer last = numbers.get(c.id());
		final int next = 1 + (last != null ? last : highestNumber(c));
		numbers.put(c.id(), next);
		return next;
	}

	private int highestNumber(final AnnotationClass c) {
		int highest = 0;
		for (final Roi roi : rois()) {
			final String name = String.valueOf(roi.getName());
			if (name.matches(Pattern.quote(c.name()) + " [0-9]{1,9}")) {
				highest = Math.max(highest, Integer.parseInt(name.substring(c.name().length() + 1)));
			}
		}
		return highest;
	}

	/** Writes class, group and colour on a Roi; the colour last, because the group brings its own. */
	private static void dress(final Roi roi, final AnnotationClass c) {
		roi.setProperty(CLASS, String.valueOf(c.id()));
		roi.setProperty(NAME, Escape.encode(c.name(), "\\"));
		roi.setProperty(COLOUR, c.hex());
		if (HAS_GROUP_COLOURS && roi.getGroup() != c.id()) roi.setGroup(c.id());
		roi.setStrokeColor(c.colour());
	}

	private void store() {
		imp.setProp(ClassColours.PROPERTY, classes.format());
		imp.changes = true;
		imp.updateAndDraw();
	}

	/** Through ImageJ's own format: a Roi's clone would share its properties. */
	private static Roi copy(final Roi roi) {
		try {
			return new RoiDecoder(RoiEncoder.saveAsByteArray(roi), roi.getName()).getRoi();
		}
		catch (final IOException e) {
			throw new BrushwoodException("The selection '" + roi.getName() + "' cannot be stored: " + e.getMessage() + ".",
				e);
		}
	}
}
