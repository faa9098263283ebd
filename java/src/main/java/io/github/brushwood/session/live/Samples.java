package io.github.brushwood.session.live;

import ij.ImagePlus;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Preview;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.engine.Trainer;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusAdapter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Feature list and trainer in step with the session: images in its order, those with labels and pixels only, so that
 * the samples are those of a training from scratch. For the worker's thread.
 */
final class Samples implements AutoCloseable {

	/** Labels of an image as they were last read. */
	private static final class Reading {

		private final long version;
		private final int[] labelOfId;
		private final LabelledPixels pixels;

		private Reading(final long version, final int[] labelOfId, final LabelledPixels pixels) {
			this.version = version;
			this.labelOfId = labelOfId;
			this.pixels = pixels;
		}
	}

	/** An image in the trainer. */
	private static final class Entry {

		private final LiveImage image;
		private final ImagePlus imp;
		/** What the trainer has. */
		private LabelledPixels given;
		/** Where it saw the pixels last. */
		private PixelSource source;

		private Entry(final LiveImage image) {
			this.image = image;
			imp = ImagePool.imp(image);
		}
	}

	private static final LabelledPixels NONE = new LabelledPixels(new long[0], new byte[0]);

	private final LiveSession session;
	private final ImagePool pool;
	private final Map<LiveImage, Reading> readings = new IdentityHashMap<>();
	private final List<Entry> entries = new ArrayList<>();
	private Recipe recipe;
	private String recipeKey = "";
	private boolean calibrated = true;
	private double[] spacing = { 1, 1, 1 };
	private long recipeVersion;
	private Shared<Trainer> trainer;
	private long revision;
	private List<AnnotationClass> classes = Collections.emptyList();
	private long[] pixelsOfLabel = new long[0];
	/** Classes by the names that the trainer has. */
	private List<AnnotationClass> named = Collections.emptyList();

	Samples(final LiveSession session, final ImagePool pool) {
		this.session = session;
		this.pool = pool;
	}

	// ---- feature list

	/** The feature list for the session's images; null while there are no pixels. */
	Recipe recipe() {
		return recipe;
	}

	/** Grows with every change of the feature list. */
	long recipeVersion() {
		return recipeVersion;
	}

	/** Voxel size along x, y, z that the list is for; only ratios count. */
	double[] spacing() {
		return spacing.clone();
	}

	boolean calibrated() {
		return calibrated;
	}

	/**
	 * Follows the session's settings: the first image with labels and pixels decides channels, dimensions and spacing,
	 * or the first with pixels while there are no labels.
	 *
	 * @return whether there is another list now
	 * @throws io.github.brushwood.engine.EngineException when the list is wrong
	 */
	boolean syncRecipe(final Work.Step step) {
		final LiveSettings settings = session.settings();
		final LiveImage first = first();
		if (first == null) return setRecipe(null, "", settings.calibrated);
		final ImageInfo info = ImagePlusAdapter.info(ImagePool.imp(first));
		final double[] voxel = settings.calibrated ? new double[] { info.spacingX, info.spacingY, info.spacingZ }
			: new double[] { 1, 1, 1 };
		final int dims = info.depth > 1 ? 3 : 2;
		final String key = settings.features + "\n" + info.channels + " " + dims + Arrays.toString(voxel) +
			settings.calibrated;
		if (key.equals(recipeKey)) return false;
		final Recipe now = Recipe.parse(step.job(), settings.features, info.channels, dims, voxel[0], voxel[1], voxel[2]);
		spacing = voxel;
		return setRecipe(now, key, settings.calibrated);
	}

	private LiveImage first() {
		LiveImage fallback = null;
		for (final LiveImage image : session.images()) {
			if (image.image() == null) continue;
			if (image.labels().count() > 0) return image;
			if (fallback == null) fallback = image;
		}
		return fallback;
	}

	private boolean setRecipe(final Recipe now, final String key, final boolean nowCalibrated) {
		if (now == null && recipe == null) return false;
		dropTrainer();
		pool.closePreviews();
		if (calibrated != nowCalibrated) pool.close();
		if (recipe != null) recipe.close();
		recipe = now;
		recipeKey = key;
		calibrated = nowCalibrated;
		recipeVersion++;
		return true;
	}

	// ---- labels

	/** The classes in the order of labels, when the labels were last read. */
	List<AnnotationClass> classes() {
		return classes;
	}

	/** Labelled pixels of label k at k - 1, as last read, of images with pixels; as long as the classes. */
	long[] pixelsOfLabel() {
		return pixelsOfLabel.clone();
	}

	long pixelCount() {
		return Arrays.stream(pixelsOfLabel).sum();
	}

	int classesWithLabels() {
		return (int) Arrays.stream(pixelsOfLabel).filter(count -> count > 0).count();
	}

	/** Reads the labels of all images with pixels. */
	void readLabels() {
		classes = new ArrayList<>(session.classes());
		final int[] labelOfId = session.labelOfId();
		readings.keySet().retainAll(session.images());
		for (final LiveImage image : session.images())
			read(image, labelOfId);
		count();
	}

	private void read(final LiveImage image, final int[] labelOfId) {
		final long version = image.labels().version();
		final Reading known = readings.get(image);
		if (known != null && known.version == version && Arrays.equals(known.labelOfId, labelOfId)) return;
		final LabelledPixels pixels = image.labels().pixels(labelOfId);
		final boolean same = known != null && same(known.pixels, pixels);
		readings.put(image, new Reading(version, labelOfId, same ? known.pixels : pixels));
	}

	private static boolean same(final LabelledPixels a, final LabelledPixels b) {
		return Arrays.equals(a.positions, b.positions) && Arrays.equals(a.labels, b.labels);
	}

	private void count() {
		final long[] counts = new long[classes.size()];
		for (final Map.Entry<LiveImage, Reading> entry : readings.entrySet()) {
			if (entry.getKey().image() == null) continue;
			for (final byte label : entry.getValue().pixels.labels)
				if ((label & 0xFF) <= counts.length) counts[(label & 0xFF) - 1]++;
		}
		pixelsOfLabel = counts;
	}

	/** Labels of an image as last read. */
	LabelledPixels pixels(final LiveImage image) {
		final Reading reading = readings.get(image);
		return reading == null ? NONE : reading.pixels;
	}

	/** Images with labels and pixels, in the session's order. */
	List<LiveImage> labelled() {
		final List<LiveImage> images = new ArrayList<>();
		for (final LiveImage image : session.images())
			if (image.image() != null && pixels(image).positions.length > 0) images.add(image);
		return images;
	}

	// ---- trainer

	/** Whether the trainer has what was last read. */
	boolean isCurrent() {
		final List<LiveImage> wanted = labelled();
		if (trainer == null || wanted.size() != entries.size()) return false;
		for (int i = 0; i < wanted.size(); i++)
			if (!holds(entries.get(i), wanted.get(i)) || entries.get(i).given != pixels(wanted.get(i))) return false;
		return true;
	}

	private static boolean holds(final Entry entry, final LiveImage image) {
		return entry.image == image && entry.imp == image.image();
	}

	/**
	 * Gives the trainer what was last read: new pixels of known images join it, another order or set of images makes a
	 * new one.
	 */
	void syncTrainer(final Work.Step step) {
		final List<LiveImage> wanted = labelled();
		if (trainer != null && (!isPrefix(wanted) || trainer.isLent() && !isCurrent())) dropTrainer();
		if (trainer == null) {
			final Trainer fresh = Trainer.create(step.job(), recipe);
			trainer = new Shared<>(fresh, fresh::close);
		}
		for (int i = 0; i < wanted.size(); i++) {
			step.check();
			if (i == entries.size()) add(step, wanted.get(i));
			if (entries.get(i).given != pixels(wanted.get(i))) update(step, i);
		}
	}

	private boolean isPrefix(final List<LiveImage> wanted) {
		if (entries.size() > wanted.size()) return false;
		for (int i = 0; i < entries.size(); i++)
			if (!holds(entries.get(i), wanted.get(i))) return false;
		return true;
	}

	/** Of an image that is not whole the pixels follow bit by bit. */
	private void add(final Work.Step step, final LiveImage image) {
		final PixelSource source = pool.source(step, image, calibrated);
		final Entry entry = new Entry(image);
		entry.given = source.image().isSparse() ? NONE : pixels(image);
		pool.need(step, image, source.survey());
		trainer.get().add(step.job(), source.image(), entry.given.positions, entry.given.labels);
		entry.source = source;
		entries.add(entry);
		revision++;
	}

	private void update(final Work.Step step, final int index) {
		final Entry entry = entries.get(index);
		final LabelledPixels now = pixels(entry.image);
		final PixelSource source = pool.source(step, entry.image, calibrated);
		if (source.image().isSparse()) {
			if (entry.source != source) meetAgain(step, index, source);
			bringSlices(step, index, source, now);
		}
		entry.source = source;
		give(step, index, source.image(), now);
	}

	/** The trainer knows pixels that were read again by the slices that stand for the image. */
	private void meetAgain(final Work.Step step, final int index, final PixelSource source) {
		pool.need(step, entries.get(index).image, source.survey());
		give(step, index, source.image(), entries.get(index).given);
	}

	private void give(final Work.Step step, final int index, final EngineImage image, final LabelledPixels now) {
		trainer.get().update(step.job(), index, image, now.positions, now.labels);
		entries.get(index).given = now;
		revision++;
	}

	/**
	 * Takes new pixels slice by slice: those of as many slices at once as their surroundings fit into memory. The last
	 * ones are left to the caller, with their surroundings there.
	 */
	private void bringSlices(final Work.Step step, final int index, final PixelSource source, final LabelledPixels now) {
		final Entry entry = entries.get(index);
		final Preview preview = pool.passing(step, entry.image, recipe, calibrated);
		final Set<Long> taken = new LinkedHashSet<>();
		Set<Long> around = new LinkedHashSet<>();
		for (final long slice : freshSlices(entry, source.image().info(), now)) {
			final List<Long> more = around(preview, source, slice);
			final Set<Long> both = new LinkedHashSet<>(around);
			both.addAll(more);
			if (!around.isEmpty() && !pool.fits(source, both)) {
				pool.need(step, entry.image, around);
				give(step, index, source.image(), restrict(now, entry, source.image().info(), taken));
				both.clear();
				both.addAll(more);
			}
			around = both;
			taken.add(slice);
		}
		pool.need(step, entry.image, around);
	}

	private static List<Long> around(final Preview preview, final PixelSource source, final long slice) {
		final ImageInfo info = source.image().info();
		final long z = slice % info.depth;
		return ImagePool.slices(preview, source, (int) (slice / info.depth), new long[] { 0, 0, z }, new long[] {
			info.width, info.height, z + 1 });
	}

	private static Set<Long> freshSlices(final Entry entry, final ImageInfo info, final LabelledPixels now) {
		final Set<Long> slices = new LinkedHashSet<>();
		for (final long position : now.positions)
			if (Arrays.binarySearch(entry.given.positions, position) < 0) slices.add(position / info.planeLength());
		return slices;
	}

	/** Those of the new pixels that the trainer has or that lie in the slices. */
	private static LabelledPixels restrict(final LabelledPixels now, final Entry entry, final ImageInfo info,
		final Set<Long> slices)
	{
		final long[] positions = new long[now.positions.length];
		final byte[] labels = new byte[positions.length];
		int count = 0;
		for (int i = 0; i < positions.length; i++) {
			final long position = now.positions[i];
			if (!slices.contains(position / info.planeLength()) && Arrays.binarySearch(entry.given.positions, position) < 0)
				continue;
			positions[count] = position;
			labels[count++] = now.labels[i];
		}
		return new LabelledPixels(Arrays.copyOf(positions, count), Arrays.copyOf(labels, count));
	}

	/** Names and colours of the classes that have labels. */
	void nameClasses(final Work.Step step) {
		final List<AnnotationClass> wanted = modelClasses();
		if (wanted.equals(named)) return;
		takeBack(step);
		for (int k = 0; k < wanted.size(); k++)
			trainer.get().setClass(step.job(), k, wanted.get(k).name(), wanted.get(k).rgb());
		named = wanted;
	}

	/** Makes another trainer if someone has borrowed this one, which is about to change. */
	void takeBack(final Work.Step step) {
		if (!trainer.isLent()) return;
		dropTrainer();
		syncTrainer(step);
	}

	/** Those that a model will have: up to the last one with labels. */
	List<AnnotationClass> modelClasses() {
		return new ArrayList<>(classes.subList(0, Math.min(classes.size(), trainer.get().classCount())));
	}

	/** Grows with every change of the trainer's samples. */
	long revision() {
		return revision;
	}

	/** The trainer after {@link #syncTrainer}. */
	Trainer trainer() {
		return trainer.get();
	}

	/** The same, kept as it is until the borrower closes it. */
	Shared<Trainer> lend() {
		return trainer.hold();
	}

	/** Images in the trainer, in its order. */
	List<LiveImage> images() {
		final List<LiveImage> images = new ArrayList<>();
		for (final Entry entry : entries)
			images.add(entry.image);
		return images;
	}

	/** All pixels of an image. */
	EngineImage whole(final Work.Step step, final LiveImage image) {
		final PixelSource source = pool.source(step, image, calibrated);
		if (!source.image().isSparse()) return source.image();
		throw new BrushwoodException("Autocontext needs the whole image '" + image.title() +
			"' in memory, and it is too large. Give ImageJ more memory, or train without autocontext.");
	}

	void dropTrainer() {
		if (trainer != null) trainer.close();
		trainer = null;
		entries.clear();
		named = Collections.emptyList();
		revision++;
	}

	/** An image's pixels are others now. */
	void forget(final LiveImage image) {
		pool.forget(image);
		for (final Entry entry : entries) {
			if (entry.image != image) continue;
			dropTrainer();
			return;
		}
	}

	@Override
	public void close() {
		dropTrainer();
		if (recipe != null) recipe.close();
		recipe = null;
		recipeKey = "";
	}
}
