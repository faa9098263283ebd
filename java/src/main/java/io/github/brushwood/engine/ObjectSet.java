package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The objects of an image, frame by frame. An object has an id, unique in its frame, and an index in the order of ids.
 * Needs memory for the objects, not for the image.
 */
public final class ObjectSet extends Handle {

	private final ObjectReport report;
	private final boolean ofMask;
	private final long[] counts;

	/** Takes over the native objects. */
	private ObjectSet(final long address, final ObjectReport report, final boolean ofMask) {
		super("set of objects", address);
		this.report = report;
		this.ofMask = ofMask;
		counts = Native.objectsCounts(address);
	}

	/**
	 * Objects where the foreground is likely.
	 *
	 * @param probabilities one channel per class, FLOAT32 in 0..1, or integers of which the largest of the type is 1
	 * @param options null for the defaults
	 */
	public static ObjectSet label(final Job job, final EngineImage probabilities, final ObjectOptions options) {
		final ObjectOptions.Packed o = (options == null ? new ObjectOptions() : options).pack();
		final double[] report = new double[ObjectReport.COUNT];
		try (Use j = job.begin(); Use image = probabilities.useForPixels()) {
			final long address = Native.objectsLabel(j.address(), image.address(), o.foreground, o.core, o.whole, o.real,
				report);
			return new ObjectSet(address, new ObjectReport(report), false);
		}
	}

	/**
	 * The objects of a label image, or the connected parts of a mask.
	 *
	 * @param labels one channel of whole numbers below 2^24, 0 = background; a mask when it is UINT8 with no values but 0
	 *          and 255 and one 255 at least
	 */
	public static ObjectSet of(final Job job, final EngineImage labels) {
		final boolean[] mask = new boolean[1];
		try (Use j = job.begin(); Use image = labels.useForPixels()) {
			final long address = Native.objectsFromImage(j.address(), image.address(), mask);
			return new ObjectSet(address, null, mask[0]);
		}
	}

	/** Whether they are the connected parts of a mask. */
	public boolean isOfMask() {
		return ofMask;
	}

	/** How {@link #label} made them; null for others. */
	public ObjectReport report() {
		return report;
	}

	public int frames() {
		return counts.length;
	}

	/** Objects of a frame. */
	public long count(final int frame) {
		checkFrame(frame);
		return counts[frame];
	}

	/** Objects of all frames. */
	public long count() {
		long sum = 0;
		for (final long count : counts)
			sum += count;
		return sum;
	}

	/** Ids of a frame's objects, ascending. */
	public int[] ids(final int frame) {
		checkFrame(frame);
		try (Use objects = use()) {
			return Native.objectsIds(objects.address(), frame);
		}
	}

	/** Classes of a frame's objects in the order of ids, as unsigned bytes; 0 = none. */
	public byte[] classes(final int frame) {
		checkFrame(frame);
		try (Use objects = use()) {
			return Native.objectsClasses(objects.address(), frame);
		}
	}

	/** Names of classes 1, 2, ...; empty when objects have none. */
	public List<String> classNames() {
		final List<String> names = new ArrayList<>();
		try (Use objects = use()) {
			for (final byte[] name : Native.objectsClassNames(objects.address()))
				names.add(Native.text(name));
		}
		return Collections.unmodifiableList(names);
	}

	/**
	 * Gives every object a class.
	 *
	 * @param names of classes 1, 2, ...
	 * @param classes one per object, frame after frame; 0 = none
	 */
	public void setClasses(final Job job, final List<String> names, final byte[] classes) {
		if (classes.length != count()) {
			throw new IllegalArgumentException("There are " + count() + " objects, but " + classes.length + " classes.");
		}
		try (Use j = job.begin(); Use objects = useAlone()) {
			Native.objectsSetClasses(j.address(), objects.address(), Native.bytes(names), classes);
		}
	}

	/**
	 * Classes of the objects under paint, as examples of an {@link ObjectTrainer}.
	 *
	 * @param paint of the objects' size, one channel, 0 or the class 1..255; beside objects anything may be painted
	 * @return one per object as unsigned bytes, frame after frame; 0 = not painted
	 */
	public byte[] examples(final Job job, final EngineImage paint) {
		try (Use j = job.begin(); Use objects = use(); Use image = paint.useForPixels()) {
			return Native.objectsExamples(j.address(), objects.address(), image.address());
		}
	}

	/** What an image of the objects will be, without pixels: for the sink of {@link #write}. */
	public EngineImage outline(final Job job, final ObjectOutput output) {
		try (Use j = job.begin(); Use objects = use()) {
			return new EngineImage(Native.objectsOutline(j.address(), objects.address(), output.ordinal()));
		}
	}

	/** Hands an image of the objects to a sink that was made for its {@link #outline}; does not finish it. */
	public void write(final Job job, final ObjectOutput output, final EngineSink sink) {
		try (Use j = job.begin(); Use objects = use(); Use s = sink.useAlone()) {
			Native.objectsWrite(j.address(), objects.address(), output.ordinal(), s.address());
		}
	}

	/**
	 * Measures every object.
	 *
	 * @param image for intensities, as large as the objects' image; may be null
	 * @param probabilities for the mean probability of each class, another image than the first; may be null
	 * @param measures ids and groups separated by commas; "" = all that can be measured
	 * @param spacing size of a voxel along x, y, z in place of the objects' own; null for that
	 */
	public Measurements measure(final Job job, final EngineImage image, final EngineImage probabilities,
		final String measures, final double[] spacing)
	{
		if (image != null && image == probabilities) {
			throw new IllegalArgumentException("The image and the probabilities are the same object; give them one each.");
		}
		try (Use j = job.begin();
			Use objects = use();
			Use i = image == null ? null : image.useForPixels();
			Use p = probabilities == null ? null : probabilities.useForPixels())
		{
			final long address = Native.objectsMeasure(j.address(), objects.address(), i == null ? 0 : i.address(), p == null
				? 0 : p.address(), Native.bytes(measures), spacing);
			return new Measurements(address, allClasses(objects.address()), classNames());
		}
	}

	/** In the order of a table's rows. */
	private byte[] allClasses(final long address) {
		final byte[] all = new byte[Math.toIntExact(count())];
		int at = 0;
		for (int frame = 0; frame < counts.length; frame++) {
			final byte[] some = Native.objectsClasses(address, frame);
			System.arraycopy(some, 0, all, at, some.length);
			at += some.length;
		}
		return all;
	}

	private void checkFrame(final int frame) {
		if (frame < 0 || frame >= counts.length) {
			throw new IndexOutOfBoundsException("The frame " + frame + " is outside 0 to " + (counts.length - 1) + ".");
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.objectsFree(nativeAddress);
	}
}
