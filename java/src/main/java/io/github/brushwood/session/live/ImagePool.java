package io.github.brushwood.session.live;

import ij.ImagePlus;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Preview;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.session.ImagePlusAdapter;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Pixels of the images in use and the previews that read them, within a budget: images that nobody asked for longest go
 * when there is no room. For the worker's thread.
 */
final class ImagePool implements AutoCloseable {

	private static final class Entry {

		private final PixelSource source;
		/** Keeps feature values; null until needed. */
		private Preview viewing;
		/** Keeps none: for places that are passed once. */
		private Preview passing;

		private Entry(final PixelSource source) {
			this.source = source;
		}

		private void closeViewing() {
			if (viewing != null) viewing.close();
			viewing = null;
		}

		private void closePreviews() {
			closeViewing();
			if (passing != null) passing.close();
			passing = null;
		}

		private void close() {
			closePreviews();
			source.close();
		}
	}

	/** Slices read together are not the same number everywhere: room for a few more. */
	private static final double SPARE = 1.2;

	private final Memory memory;
	/** The longest unused first. */
	private final Map<LiveImage, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

	/** Bytes of slices that the features of an image read together; 0 while all images are whole. */
	private long atOnce;

	ImagePool(final Memory memory) {
		this.memory = memory;
	}

	/** The ImageJ image; work on one that has just been closed is stale. */
	static ImagePlus imp(final LiveImage image) {
		final ImagePlus imp = image.image();
		if (imp == null) throw new CancelledException("The image '" + image.title() + "' was closed.");
		return imp;
	}

	/** The image's pixels, read when they are not there yet. */
	PixelSource source(final Work.Step step, final LiveImage image, final boolean calibrated) {
		final ImagePlus imp = imp(image);
		final Entry known = entries.get(image);
		if (known != null && known.source.imp() == imp) return known.source;
		forget(image);
		final long bytes = PixelSource.bytes(ImagePlusAdapter.info(imp));
		if (bytes <= memory.whole) makeRoom(null, bytes);
		final PixelSource source = PixelSource.open(step.job(), imp, calibrated, memory.whole, step::check);
		entries.put(image, new Entry(source));
		share(source.size(source.survey()));
		return source;
	}

	/** Of all pixels. */
	private long planes() {
		return memory.planes(atOnce);
	}

	/** Of feature values. */
	private long features() {
		return memory.features(atOnce);
	}

	/** Whether the image's pixels are in the engine, wholly or in part. */
	boolean has(final LiveImage image) {
		return entries.containsKey(image);
	}

	/** The preview for what is in sight, which keeps feature values; only one image has one. */
	Preview viewing(final Work.Step step, final LiveImage image, final Recipe recipe, final boolean calibrated) {
		final PixelSource source = source(step, image, calibrated);
		if (source.image().isSparse()) passing(step, image, recipe, calibrated);
		for (final Map.Entry<LiveImage, Entry> other : entries.entrySet())
			if (other.getKey() != image) other.getValue().closeViewing();
		final Entry entry = entries.get(image);
		if (entry.viewing == null) {
			need(step, image, source.survey());
			entry.viewing = Preview.create(step.job(), recipe, source.image(), features());
		}
		return entry.viewing;
	}

	/** A preview that keeps nothing. */
	Preview passing(final Work.Step step, final LiveImage image, final Recipe recipe, final boolean calibrated) {
		final PixelSource source = source(step, image, calibrated);
		final Entry entry = entries.get(image);
		if (entry.passing == null) {
			need(step, image, source.survey());
			entry.passing = Preview.create(step.job(), recipe, source.image(), 0);
			share((long) (SPARE * together(entry)));
		}
		return entry.passing;
	}

	/** Bytes of the slices that the features of an image's middle read. */
	private static long together(final Entry entry) {
		final ImageInfo info = entry.source.image().info();
		final long[] lo = { 0, 0, info.depth / 2 };
		final long[] hi = { info.width, info.height, info.depth / 2 + 1 };
		return entry.source.size(slices(entry.passing, entry.source, 0, lo, hi));
	}

	/** Shares the memory anew when slices need more of it; what a preview keeps was meant for less. */
	private void share(final long bytes) {
		if (bytes <= atOnce) return;
		atOnce = bytes;
		for (final Entry entry : entries.values())
			entry.closeViewing();
	}

	/** Whether so many bytes of feature values of the image in view can be kept beside those that are. */
	boolean canKeep(final LiveImage image, final long bytes) {
		final Entry entry = entries.get(image);
		return entry != null && entry.viewing != null && entry.viewing.cachedBytes() + bytes <= features();
	}

	/** Numbers of the slices that a preview, or a trainer with its recipe, reads for a box of a frame. */
	static List<Long> slices(final Preview preview, final PixelSource source, final int frame, final long[] lo,
		final long[] hi)
	{
		final List<Long> numbers = new ArrayList<>();
		for (final long z : preview.slices(frame, lo, hi))
			numbers.add(frame * source.image().info().depth + z);
		return numbers;
	}

	/** Brings slices of an image in. */
	void need(final Work.Step step, final LiveImage image, final Collection<Long> slices) {
		final Entry entry = entries.get(image);
		makeRoom(image, entry.source.size(slices));
		entry.source.need(step.job(), slices, planes() - bytesBeside(image), step::check);
	}

	/** Whether slices fit beside nothing else. */
	boolean fits(final PixelSource source, final Collection<Long> slices) {
		return source.size(slices) <= planes();
	}

	/** Closes other images until there is room for so many bytes beside the rest. */
	private void makeRoom(final LiveImage keep, final long bytes) {
		for (final Iterator<Map.Entry<LiveImage, Entry>> i = entries.entrySet().iterator(); i.hasNext() && bytesBeside(
			keep) + bytes > planes();)
		{
			final Map.Entry<LiveImage, Entry> entry = i.next();
			if (entry.getKey() == keep) continue;
			final PixelSource source = entry.getValue().source;
			source.drop(Collections.<Long>emptySet(), Math.max(0, source.bytes() - (bytesBeside(keep) + bytes - planes())));
			if (bytesBeside(keep) + bytes <= planes()) return;
			entry.getValue().close();
			i.remove();
		}
	}

	private long bytesBeside(final LiveImage keep) {
		long bytes = 0;
		for (final Map.Entry<LiveImage, Entry> entry : entries.entrySet())
			if (entry.getKey() != keep) bytes += entry.getValue().source.bytes();
		return bytes;
	}

	/** What is known of the images in use, in no fixed order. */
	PixelStatistics statistics(final LiveImage image) {
		final Entry entry = entries.get(image);
		return entry == null ? null : entry.source.statistics();
	}

	/** Closes an image. */
	void forget(final LiveImage image) {
		final Entry entry = entries.remove(image);
		if (entry != null) entry.close();
	}

	/** Closes images that are not among these, or whose pixels are others now. */
	void retain(final List<LiveImage> images) {
		for (final LiveImage image : new ArrayList<>(entries.keySet()))
			if (!images.contains(image) || entries.get(image).source.imp() != image.image()) forget(image);
	}

	/** For another recipe. */
	void closePreviews() {
		atOnce = 0;
		for (final Entry entry : entries.values())
			entry.closePreviews();
	}

	@Override
	public void close() {
		for (final Entry entry : entries.values())
			entry.close();
		entries.clear();
	}
}
