package io.github.brushwood.session.objects;

import ij.ImagePlus;
import ij.ImageStack;
import ij.process.ImageProcessor;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusAdapter;
import io.github.brushwood.session.LabelColours;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The objects of an image: every pixel holds the number of its object, 0 where there is none. One channel. */
public final class LabelImage {

	/** Highest number of an object: a 32-bit float with the next one may stand for two whole numbers. */
	public static final int MAX = (1 << 24) - 1;
	/** Highest number in 16 bits. */
	public static final int MAX_16 = 0xFFFF;

	public final int width;
	public final int height;
	public final int slices;
	public final int frames;
	/** Each a short[], an int[] with higher numbers, or null where there is no object. */
	private final Object[] planes;
	private final List<String> notes = new ArrayList<>();
	private boolean planar;

	/** Without objects. */
	public LabelImage(final int width, final int height, final int slices, final int frames) {
		this.width = width;
		this.height = height;
		this.slices = slices;
		this.frames = frames;
		planes = new Object[slices * frames];
	}

	/**
	 * The objects of an ImageJ image.
	 *
	 * @param name for messages, such as "The label image 'a.tif'"
	 * @throws BrushwoodException when it has colours, several channels or values that are no numbers of objects
	 */
	public static LabelImage of(final ImagePlus imp, final String name) {
		if (imp.getBitDepth() == 24 || imp.getNChannels() > 1) throw channels(name, imp.getBitDepth() == 24 ? 3 : imp
			.getNChannels());
		final LabelImage labels = new LabelImage(imp.getWidth(), imp.getHeight(), imp.getNSlices(), imp.getNFrames());
		final double offset = ImagePlusAdapter.offset(imp);
		for (int t = 0; t < labels.frames; t++)
			for (int z = 0; z < labels.slices; z++) {
				final ImageProcessor ip = imp.getStack().getProcessor(imp.getStackIndex(1, z + 1, t + 1));
				labels.setPlane(z, t, numbers(ip.getPixels(), offset, name));
			}
		return labels;
	}

	/**
	 * Whole numbers of a plane's pixels.
	 *
	 * @param pixels byte[] or short[] (unsigned) or float[]
	 * @param offset of integers: the number that the pixel value 0 stands for
	 * @param name for messages
	 */
	static int[] numbers(final Object pixels, final double offset, final String name) {
		if (pixels instanceof float[]) return numbers((float[]) pixels, name);
		final byte[] bytes = pixels instanceof byte[] ? (byte[]) pixels : null;
		final short[] shorts = bytes == null ? (short[]) pixels : null;
		final int[] numbers = new int[bytes != null ? bytes.length : shorts.length];
		for (int i = 0; i < numbers.length; i++) {
			numbers[i] = (int) offset + (bytes != null ? bytes[i] & 0xFF : shorts[i] & MAX_16);
			if (numbers[i] < 0) throw notALabel(name, numbers[i]);
		}
		return numbers;
	}

	private static int[] numbers(final float[] pixels, final String name) {
		final int[] numbers = new int[pixels.length];
		for (int i = 0; i < numbers.length; i++) {
			final float value = pixels[i];
			if (!(value >= 0 && value <= MAX && value == (int) value)) throw notALabel(name, value);
			numbers[i] = (int) value;
		}
		return numbers;
	}

	private static BrushwoodException notALabel(final String name, final float value) {
		final String number = Float.isNaN(value) || Float.isInfinite(value) ? String.valueOf(value) : new BigDecimal(String
			.valueOf(value)).stripTrailingZeros().toPlainString();
		return new BrushwoodException(name + " holds the value " + number +
			". Objects are numbered by whole numbers from 1 to " + MAX + ", and 0 is the background. Of probabilities make " +
			"objects first, with Brushwood Label Objects.");
	}

	static BrushwoodException channels(final String name, final int channels) {
		return new BrushwoodException(name + " has " + channels +
			" channels. Objects are one channel of whole numbers, and 0 is the background; a picture in colours is none.");
	}

	/** Numbers of a slice, z and t from 0, row by row; a copy. */
	public int[] plane(final int z, final int t) {
		final Object plane = planes[t * slices + z];
		if (plane == null) return new int[width * height];
		return plane instanceof int[] ? ((int[]) plane).clone() : numbers(plane, 0, "");
	}

	/** Copies the numbers of a slice, 0..{@link #MAX}. */
	public void setPlane(final int z, final int t, final int[] numbers) {
		int highest = 0;
		for (final int number : numbers)
			highest = Math.max(highest, number);
		planes[t * slices + z] = highest == 0 ? null : highest <= MAX_16 ? shorts(numbers) : numbers.clone();
	}

	private static short[] shorts(final int[] numbers) {
		final short[] shorts = new short[numbers.length];
		for (int i = 0; i < shorts.length; i++)
			shorts[i] = (short) numbers[i];
		return shorts;
	}

	/** Highest number, 0 without objects. */
	public int highest() {
		int highest = 0;
		for (int i = 0; i < planes.length; i++) {
			if (planes[i] == null) continue;
			for (final int number : plane(i % slices, i / slices))
				highest = Math.max(highest, number);
		}
		return highest;
	}

	/** How many different numbers above 0 there are. */
	public int count() {
		final boolean[] seen = new boolean[highest() + 1];
		int count = 0;
		for (int i = 0; i < planes.length; i++) {
			if (planes[i] == null) continue;
			for (final int number : plane(i % slices, i / slices)) {
				if (number > 0 && !seen[number]) count++;
				seen[number] = true;
			}
		}
		return count;
	}

	/** The same planes, in ImageJ's order, as other slices and frames; their product has to be the same. */
	LabelImage arranged(final int newSlices, final int newFrames) {
		final LabelImage other = new LabelImage(width, height, newSlices, newFrames);
		System.arraycopy(planes, 0, other.planes, 0, planes.length);
		other.notes.addAll(notes);
		return other;
	}

	/** Some planes of it: slices and frames from 0, the second ones not included. */
	LabelImage part(final int z0, final int z1, final int t0, final int t1) {
		final LabelImage part = new LabelImage(width, height, z1 - z0, t1 - t0);
		for (int t = t0; t < t1; t++)
			for (int z = z0; z < z1; z++)
				part.planes[(t - t0) * part.slices + z - z0] = planes[t * slices + z];
		return part;
	}

	/** The same objects with the numbers 1..n in the order of the numbers that they have. */
	LabelImage renumbered() {
		final int[] to = new int[highest() + 1];
		for (int t = 0; t < frames; t++)
			for (int z = 0; z < slices; z++)
				for (final int number : plane(z, t))
					to[number] = 1;
		to[0] = 0;
		for (int i = 1, next = 0; i < to.length; i++)
			if (to[i] > 0) to[i] = ++next;
		final LabelImage result = new LabelImage(width, height, slices, frames);
		for (int t = 0; t < frames; t++)
			for (int z = 0; z < slices; z++) {
				final int[] plane = plane(z, t);
				Arrays.setAll(plane, i -> to[plane[i]]);
				result.setPlane(z, t, plane);
			}
		return result;
	}

	/** Whether every object lies on one of several slices, as its part of that slice: nothing is known across slices. */
	public boolean isPlanar() {
		return planar;
	}

	void setPlanar(final boolean on) {
		planar = on;
	}

	/** What the user should know about how it was read. */
	public List<String> notes() {
		return notes;
	}

	/** An ImageJ image of 16 bits, or of 32-bit floats where numbers are higher, in colours that tell neighbours apart. */
	public ImagePlus toImagePlus(final String title) {
		final int highest = highest();
		final ImageStack stack = new ImageStack(width, height);
		for (int i = 0; i < planes.length; i++)
			stack.addSlice(null, highest <= MAX_16 ? planes[i] == null ? new short[width * height] : ((short[]) planes[i])
				.clone() : floats(plane(i % slices, i / slices)));
		final ImagePlus imp = new ImagePlus(title, stack);
		imp.setDimensions(1, slices, frames);
		imp.setOpenAsHyperStack(imp.getNDimensions() > 3);
		LabelColours.apply(imp, highest);
		return imp;
	}

	private static float[] floats(final int[] numbers) {
		final float[] floats = new float[numbers.length];
		for (int i = 0; i < floats.length; i++)
			floats[i] = numbers[i];
		return floats;
	}
}
