package io.github.brushwood.session;

import ij.IJ;
import ij.ImagePlus;
import ij.VirtualStack;
import ij.process.ByteProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.ShortProcessor;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;

import java.awt.Color;
import java.awt.EventQueue;
import java.io.File;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An OME-Zarr image whose planes are read when somebody looks at them. The pixels of the slice that was read last stay,
 * in all its channels; the engine keeps some of the chunks. Changes of pixels are lost, as in all virtual stacks.
 */
final class ZarrStack extends VirtualStack {

	/** Frees what stacks that are gone had open. */
	private static final ReferenceQueue<ZarrStack> GONE = new ReferenceQueue<>();
	private static final Set<Files> OPEN = ConcurrentHashMap.newKeySet();
	private static final int MARGIN = 10;
	/** Thread of ImageJ's windows. */
	private static final String SLIDERS = "zSelector";

	/** The engine's image of a stack, opened again when somebody needs it after it was closed. */
	private static final class Files extends PhantomReference<ZarrStack> {

		private final String path;
		private EngineImage image;

		Files(final ZarrStack stack, final EngineImage image) {
			super(stack, GONE);
			path = stack.path;
			this.image = image;
			OPEN.add(this);
		}

		void read(final Job job, final Box box, final ByteBuffer to) {
			if (image == null) image = EngineImage.open(job, path);
			OPEN.add(this);
			image.read(job, box, to);
		}

		void close() {
			OPEN.remove(this);
			if (image != null) image.close();
			image = null;
		}
	}

	private final String path;
	private final ImageInfo info;
	private final Files files;
	/** Of each plane that is left, its number in the image: channels, then slices, then frames. */
	private final List<Integer> planes = new ArrayList<>();
	private final List<String> labels = new ArrayList<>();
	private final ByteBuffer pixels;
	/** What the pixels are: frame * depth + z; -1 for nothing. */
	private long slice = -1;

	/**
	 * @param path of the array or the image
	 * @param image of it, which now belongs to this
	 * @throws BrushwoodException when a slice is larger than Java's arrays can be
	 */
	ZarrStack(final String path, final EngineImage image) {
		super((int) image.info().width, (int) image.info().height, null, "");
		this.path = path;
		info = image.info();
		for (Reference<?> gone = GONE.poll(); gone != null; gone = GONE.poll())
			((Files) gone).close();
		files = new Files(this, image);
		final double bytes = (double) info.planeLength() * info.channels * info.type.size;
		if (bytes > Integer.MAX_VALUE - 8) {
			throw new BrushwoodException("A slice of '" + path + "' has " + (long) (bytes / 1e6) + " MB in all channels; " +
				"ImageJ shows at most 2147 MB. Open a smaller resolution.");
		}
		pixels = ByteBuffer.allocate((int) bytes).order(ByteOrder.nativeOrder());
		for (int i = 0; i < info.channels * info.depth * info.frames; i++) {
			planes.add(i);
			final String name = image.channelName(i % info.channels);
			labels.add(name.isEmpty() ? null : name);
		}
		setBitDepth(8 * info.type.size);
	}

	/** Frees what the engine keeps until somebody reads again. */
	synchronized void release() {
		files.close();
	}

	/**
	 * The same image for the engine, read directly, not plane by plane; the caller closes it.
	 *
	 * @return null when the window does not show the file as it is: with other dimensions, calibration or fewer planes
	 */
	EngineImage open(final Job job, final ImagePlus imp) {
		if (!isWhole() || !isAs(ImagePlusAdapter.info(imp))) return null;
		final EngineImage image = EngineImage.open(job, path);
		image.setName(job, imp.getTitle());
		return image;
	}

	/** Whether the planes are those of the file in its order. */
	private boolean isWhole() {
		if (planes.size() != info.channels * info.depth * info.frames) return false;
		for (int n = 1; n <= planes.size(); n++)
			if (translate(n) != n) return false;
		return true;
	}

	private boolean isAs(final ImageInfo shown) {
		final boolean flat = planes.size() == 1; // ImageJ keeps no distance of slices then
		return shown.hasShapeOf(info) && shown.depth == info.depth && shown.calibrated == info.calibrated &&
			shown.spacingX == info.spacingX && shown.spacingY == info.spacingY && (flat || shown.spacingZ == info.spacingZ) &&
			shown.unit.equals(info.unit) && shown.frameInterval == info.frameInterval;
	}

	/** Whether it comes from this folder or one below it. */
	boolean isIn(final File folder) {
		return new File(path).getAbsoluteFile().toPath().normalize().startsWith(folder.getAbsoluteFile().toPath()
			.normalize());
	}

	/**
	 * A plane.
	 *
	 * @param n from 1
	 * @return a copy: byte[], short[] or float[]
	 * @throws EngineException naming the file that cannot be read
	 */
	synchronized Object plane(final int n) {
		final int index = planes.get(translate(n) - 1);
		read(index / info.channels);
		final Object plane = ImagePlusAdapter.newPlane(info);
		final Box box = new Box(0, 0, 0, 0, info.width, info.height, 1);
		pixels.clear();
		new PlaneRows(info, box, pixels.duplicate().order(ByteOrder.nativeOrder())).write(index % info.channels, 0, plane);
		return plane;
	}

	private void read(final int wanted) {
		if (wanted == slice) return;
		slice = -1;
		final int z = (int) (wanted % info.depth);
		final Box box = new Box((int) (wanted / info.depth), 0, 0, z, info.width, info.height, z + 1L);
		pixels.clear();
		try (Job job = new Job()) {
			files.read(job, box, pixels);
		}
		slice = wanted;
	}

	/** A plane that cannot be read is told and shown as a text where it is only looked at; else this fails. */
	@Override
	public ImageProcessor getProcessor(final int n) {
		if (n < 1 || n > size()) throw new IllegalArgumentException("Argument out of range: " + n);
		try {
			return readProcessor(n);
		}
		catch (final EngineException | IllegalStateException e) {
			if (!isToShow()) throw e;
			IJ.log(e.getMessage());
			return text(e.getMessage());
		}
	}

	/** Whether the window asks: by the event queue, or the thread of its sliders. */
	private static boolean isToShow() {
		return EventQueue.isDispatchThread() || Thread.currentThread().getName().equals(SLIDERS);
	}

	/** A plane; fails when it cannot be read. */
	ImageProcessor readProcessor(final int n) {
		return processor(plane(n));
	}

	private ImageProcessor processor(final Object plane) {
		if (info.type == PixelType.UINT8) return new ByteProcessor(getWidth(), getHeight(), (byte[]) plane);
		if (info.type == PixelType.UINT16) return new ShortProcessor(getWidth(), getHeight(), (short[]) plane, null);
		return new FloatProcessor(getWidth(), getHeight(), (float[]) plane);
	}

	private ImageProcessor text(final String message) {
		final ImageProcessor shown = processor(ImagePlusAdapter.newPlane(info));
		shown.setColor(Color.white);
		shown.setAntialiasedText(false);
		shown.drawString(Messages.wrapped(new BrushwoodException(message)), MARGIN, 3 * MARGIN);
		return shown;
	}

	@Override
	public Object getPixels(final int n) {
		return getProcessor(n).getPixels();
	}

	@Override
	public int size() {
		return planes.size();
	}

	@Override
	public int getSize() {
		return planes.size();
	}

	@Override
	public int getBitDepth() {
		return 8 * info.type.size;
	}

	@Override
	public String getSliceLabel(final int n) {
		return labels.get(translate(n) - 1);
	}

	@Override
	public void setSliceLabel(final String label, final int n) {
		labels.set(translate(n) - 1, label);
	}

	@Override
	public synchronized void deleteSlice(final int n) {
		planes.remove(n - 1);
		labels.remove(n - 1);
	}

	@Override
	public synchronized void reduce(final int factor) {
		if (factor < 2 || planes.size() < factor) return;
		final int left = planes.size() / factor;
		for (int i = 0; i < left; i++) {
			planes.set(i, planes.get(i * factor));
			labels.set(i, labels.get(i * factor));
		}
		planes.subList(left, planes.size()).clear();
		labels.subList(left, labels.size()).clear();
	}

	@Override
	public String getDirectory() {
		return null;
	}

	@Override
	public String getFileName(final int n) {
		return path;
	}
}
