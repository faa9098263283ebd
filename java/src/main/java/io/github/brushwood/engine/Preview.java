package io.github.brushwood.engine;

import java.util.Arrays;
import java.util.Collection;
import java.util.stream.LongStream;

/**
 * Parts of an image classified again and again while the model changes: what is in view while someone paints. Feature
 * values stay in a cache, the least recently used go first. Results are the bytes of {@link Model#predict}.
 *
 * <p>While a preview is open its image cannot change, but a sparse one may gain and lose planes between calls. An image
 * that is closed before stays in memory until the preview is closed; calls that would read it are refused.
 *
 * <p>Calls run one after the other. A part is a box of a frame: {@code lo <= position < hi}, each x, y, z. One that is
 * not inside the image is refused with {@link Status#ARGUMENT}.
 */
public final class Preview extends Handle {

	/** In use during calls that read it: its planes must not come or go then. */
	private final EngineImage image;
	private final Pin pin;
	/** A copy, so that asking does not wait for a running call. */
	private volatile long cached;

	private Preview(final long address, final EngineImage image, final Pin pin) {
		super("preview", address);
		this.image = image;
		this.pin = pin;
	}

	/**
	 * @param recipe has to fit the image; may be closed afterwards
	 * @param cacheBytes for feature values beside the job's memory budget; 0 = none are kept
	 */
	public static Preview create(final Job job, final Recipe recipe, final EngineImage image, final long cacheBytes) {
		final Pin pin = image.pin();
		try (Use j = job.begin(); Use r = recipe.use(); Use i = image.use()) {
			return new Preview(Native.previewCreate(j.address(), r.address(), i.address(), cacheBytes), image, pin);
		}
		catch (RuntimeException | Error e) {
			pin.close();
			throw e;
		}
	}

	/**
	 * Classifies a part.
	 *
	 * @param model of the preview's feature list, without autocontext
	 * @param frame from 0
	 * @param outputs what to make: images of the part's extent
	 * @return the images alone; its report is empty
	 */
	public Prediction predict(final Job job, final Model model, final int frame, final long[] lo, final long[] hi,
		final Collection<Output> outputs)
	{
		final long[] images = new long[Output.values().length];
		try (Use j = job.begin(); Use preview = useAlone(); Use i = image.use(); Use m = model.use()) {
			try {
				Native.previewPredict(j.address(), preview.address(), m.address(), frame, lo, hi, Output.bits(outputs),
					images);
			}
			finally {
				cached = Native.previewCached(preview.address());
			}
		}
		return new Prediction(images, new long[3]);
	}

	/**
	 * Values of one feature in a part: FLOAT32, one channel, from the cache where they are in it.
	 *
	 * @param index in the recipe, from 0
	 * @param frame from 0
	 */
	public EngineImage feature(final Job job, final int index, final int frame, final long[] lo, final long[] hi) {
		try (Use j = job.begin(); Use preview = useAlone(); Use i = image.use()) {
			return new EngineImage(Native.previewFeature(j.address(), preview.address(), index, frame, lo, hi));
		}
	}

	/**
	 * The slices of the part's frame that {@link #predict}, {@link #feature} and a trainer for pixels in the part read:
	 * z, ascending.
	 *
	 * @throws IndexOutOfBoundsException when the part does not lie inside the image
	 */
	public long[] slices(final int frame, final long[] lo, final long[] hi) {
		checkPart(frame, lo, hi);
		try (Use preview = useAlone()) {
			final long[] found = Native.previewSlices(preview.address(), frame, lo, hi);
			return LongStream.concat(LongStream.range(found[0], found[1]), LongStream.of(found).skip(2)).sorted().toArray();
		}
	}

	private void checkPart(final int frame, final long[] lo, final long[] hi) {
		final ImageInfo info = image.info();
		final long[] size = { info.width, info.height, info.depth };
		boolean inside = frame >= 0 && frame < info.frames;
		for (int axis = 0; axis < 3; axis++)
			inside &= lo[axis] >= 0 && lo[axis] < hi[axis] && hi[axis] <= size[axis];
		if (inside) return;
		throw new IndexOutOfBoundsException("The part from " + Arrays.toString(lo) + " to " + Arrays.toString(hi) +
			" of frame " + frame + " is empty or not inside the image of " + Arrays.toString(size) + " pixels and " +
			info.frames + " frames.");
	}

	/** Bytes of feature values in the cache after the last call. */
	public long cachedBytes() {
		refuseClosed();
		return cached;
	}

	@Override
	void free(final long nativeAddress) {
		Native.previewFree(nativeAddress);
		pin.close();
	}
}
