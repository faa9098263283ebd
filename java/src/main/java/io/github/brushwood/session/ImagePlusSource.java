package io.github.brushwood.session;

import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.VirtualStack;
import ij.process.ImageProcessor;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.ImageSource;

import java.io.File;
import java.lang.ref.SoftReference;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An ImageJ image for the engine, with the values that {@link ImagePlusAdapter#toEngine} gives. Planes of stacks in
 * memory are read where they lie. Of virtual stacks a part of Java's memory keeps the planes that were read last, so
 * that boxes side by side do not open the same ones again.
 */
public final class ImagePlusSource implements ImageSource {

	/** Share of Java's free memory for planes of a virtual stack. */
	private static final int MEMORY_SHARE = 2;
	/** Virtual stacks are read by one thread at a time. */
	private static final Object READING = new Object();

	private final ImagePlus imp;
	private final ImageStack stack;
	private final ImageInfo info;
	private final Runnable close;
	/** Planes that are kept, at least one. */
	private final long room;
	/** By their index in the stack, the longest unused first. */
	private final Map<Integer, SoftReference<Object>> planes = new LinkedHashMap<>();

	/** @throws BrushwoodException when the stack does not fit its dimensions */
	public ImagePlusSource(final ImagePlus imp) {
		this(imp, () -> {});
	}

	/** @param close to be run when this is closed */
	public ImagePlusSource(final ImagePlus imp, final Runnable close) {
		this(imp, close, freeMemory() / MEMORY_SHARE);
	}

	private static long freeMemory() {
		final Runtime java = Runtime.getRuntime();
		return java.maxMemory() - java.totalMemory() + java.freeMemory();
	}

	/** @param memory bytes for planes of a virtual stack; one plane is kept in any case */
	ImagePlusSource(final ImagePlus imp, final Runnable close, final long memory) {
		ImagePlusAdapter.checkDimensions(imp);
		this.imp = imp;
		this.close = close;
		stack = imp.getStack();
		info = ImagePlusAdapter.info(imp);
		room = Math.max(1, memory / (info.planeLength() * (info.rgb ? Integer.BYTES : info.type.size)));
	}

	@Override
	public ImageInfo info() {
		return info;
	}

	@Override
	public String name() {
		return imp.getTitle();
	}

	@Override
	public double offset() {
		return ImagePlusAdapter.offset(imp);
	}

	@Override
	public String planeLabel(final int frame, final int channel, final int z) {
		final boolean colours = info.rgb && channel > 0; // ImageJ has one plane for all three
		return colours ? null : stack.getSliceLabel(imp.getStackIndex(channel + 1, z + 1, frame + 1));
	}

	@Override
	public void read(final Box box, final ByteBuffer to) {
		final PlaneRows rows = new PlaneRows(info, box, to.slice().order(ByteOrder.nativeOrder()));
		final int depth = (int) box.depth();
		final boolean backwards = startsAtEnd(box);
		for (int i = 0; i < depth; i++) {
			final int z = backwards ? depth - 1 - i : i;
			for (int c = 0; c < planesPerSlice(); c++)
				rows.read(c, z, plane(index(box.frame, c, box.z0 + z)));
		}
	}

	@Override
	public void close() {
		planes.clear();
		close.run();
	}

	private int planesPerSlice() {
		return info.rgb ? 1 : info.channels;
	}

	private int index(final int frame, final int channel, final long z) {
		return imp.getStackIndex(channel + 1, (int) z + 1, frame + 1);
	}

	/** Of a box with more planes than are kept, the box before left the last ones: those first, before they go. */
	private boolean startsAtEnd(final Box box) {
		return planes.containsKey(index(box.frame, 0, box.z1 - 1)) && !planes.containsKey(index(box.frame, 0, box.z0));
	}

	private Object plane(final int index) {
		if (!stack.isVirtual()) return checked(stack.getPixels(index), index);
		final SoftReference<Object> kept = planes.remove(index);
		final Object present = kept == null ? null : kept.get();
		if (present != null) {
			planes.put(index, kept);
			return present;
		}
		dropOld();
		final Object pixels = checked(readVirtual(index), index);
		planes.put(index, new SoftReference<>(pixels));
		return pixels;
	}

	/** Before another plane comes, so that there are never more than the room. */
	private void dropOld() {
		final Iterator<SoftReference<Object>> oldest = planes.values().iterator();
		while (planes.size() >= room && oldest.hasNext()) {
			oldest.next();
			oldest.remove();
		}
	}

	private Object readVirtual(final int index) {
		checkFile(index);
		final ImageProcessor processor;
		synchronized (READING) {
			processor = read(index);
		}
		if (processor == null) throw unreadable(index, "there are no pixels");
		if (processor.getWidth() != info.width || processor.getHeight() != info.height) {
			throw unreadable(index, "it has " + processor.getWidth() + " x " + processor.getHeight() + " pixels, the image " +
				info.width + " x " + info.height);
		}
		return processor.getPixels();
	}

	private ImageProcessor read(final int index) {
		IJ.redirectErrorMessages(true);
		try {
			return stack instanceof ZarrStack ? ((ZarrStack) stack).readProcessor(index) : stack.getProcessor(index);
		}
		catch (final BrushwoodException | EngineException e) {
			throw e;
		}
		catch (final RuntimeException e) {
			throw new BrushwoodException(message(index, e.toString()), e);
		}
		finally {
			IJ.redirectErrorMessages(false);
		}
	}

	/** ImageJ shows a text in place of a plane whose file is gone. */
	private void checkFile(final int index) {
		if (stack.getClass() != VirtualStack.class) return;
		final VirtualStack files = (VirtualStack) stack;
		final String folder = files.getDirectory();
		final String name = files.getFileName(index);
		if (folder == null || name == null || new File(folder, name).exists()) return;
		throw unreadable(index, "its file '" + name + "' does not exist");
	}

	private Object checked(final Object pixels, final int index) {
		if (pixels == null) throw unreadable(index, "there are no pixels");
		final Class<?> wanted = info.rgb ? int[].class : info.type.array();
		if (!wanted.isInstance(pixels)) {
			throw unreadable(index, "it holds " + pixels.getClass().getSimpleName() + ", the image " + wanted.getSimpleName());
		}
		if (Array.getLength(pixels) >= info.planeLength()) return pixels;
		throw unreadable(index, "it has only " + Array.getLength(pixels) + " pixels");
	}

	private BrushwoodException unreadable(final int index, final String why) {
		return new BrushwoodException(message(index, why));
	}

	private String message(final int index, final String why) {
		return "Slice " + index + " of '" + imp.getTitle() + "' could not be read: " + why +
			". Check that all slices have the image's size and type and that their files are there.";
	}
}
