package io.github.brushwood.session;

import ij.ImageListener;
import ij.ImagePlus;
import ij.ImageStack;
import ij.io.FileInfo;
import ij.process.ImageProcessor;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;

import java.io.File;

/** Opens OME-Zarr for ImageJ. */
public final class ZarrImages {

	/** Where the pixels of an open image are. */
	public enum Hold {
		/** In memory when they take at most a quarter of it. */
		AUTO,
		/** In ImageJ's memory. */
		MEMORY,
		/** In the file: a virtual stack, whose planes are read when they are shown. */
		VIRTUAL
	}

	private static final int MEMORY_SHARE = 4;
	/** As deep as chunks usually are. */
	private static final int DEPTH = 32;

	static {
		ImagePlus.addImageListener(new Closing());
	}

	private ZarrImages() {}

	/**
	 * Opens an image, without showing it: calibrated, channels named in the slices' labels.
	 *
	 * @param folder of the image, for its largest resolution; or the array of another one
	 * @throws BrushwoodException when it does not fit Java's memory but shall
	 */
	public static ImagePlus open(final Jobs jobs, final File folder, final Hold hold, final String title) {
		final EngineImage image;
		try (Job job = jobs.open()) {
			image = EngineImage.open(job, folder.getPath());
		}
		boolean kept = false;
		try (Job job = jobs.open()) {
			kept = hold == Hold.VIRTUAL || hold == Hold.AUTO && isLarge(image.info());
			final ImagePlus imp = kept ? virtual(image, folder, title) : StreamedCopy.of(jobs, job, image, DEPTH, title);
			if (!kept) nameChannels(image, imp);
			rememberFile(imp, folder);
			return imp;
		}
		catch (RuntimeException | Error e) {
			kept = false;
			throw e;
		}
		finally {
			if (!kept) image.close();
		}
	}

	/** Whether it takes more than a quarter of Java's memory. */
	public static boolean isLarge(final ImageInfo info) {
		return ImagePlusSink.bytes(info) > (double) Runtime.getRuntime().maxMemory() / MEMORY_SHARE;
	}

	private static ImagePlus virtual(final EngineImage image, final File folder, final String title) {
		ImagePlusSink.checkSize(image.info(), title);
		final double offset = image.offset();
		final ZarrStack stack = new ZarrStack(folder.getPath(), image);
		final ImagePlus imp = ImagePlusAdapter.image(title, stack, image.info(), offset);
		final ImageProcessor first = imp.getProcessor();
		if (first.getBitDepth() == 32 && first.getStats().min >= 0 && first.getStats().max <= 1) {
			StreamedCopy.showFromZeroToOne(imp);
		}
		return imp;
	}

	private static void nameChannels(final EngineImage image, final ImagePlus imp) {
		final ImageStack stack = imp.getStack();
		for (int i = 1; i <= stack.getSize(); i++) {
			final String name = image.channelName((i - 1) % image.info().channels);
			if (!name.isEmpty()) stack.setSliceLabel(name, i);
		}
	}

	/** So that sessions find it again, and results do not replace it. */
	private static void rememberFile(final ImagePlus imp, final File folder) {
		final File file = folder.getAbsoluteFile();
		final FileInfo info = imp.getFileInfo();
		info.fileFormat = FileInfo.UNKNOWN; // ImageJ itself can neither revert to it nor save into it
		info.directory = file.getParent() + File.separator;
		info.fileName = file.getName();
		imp.setFileInfo(info);
	}

	/** Frees what a stack keeps when its window is closed. */
	private static final class Closing implements ImageListener {

		@Override
		public void imageClosed(final ImagePlus imp) {
			if (imp.getStack() instanceof ZarrStack) ((ZarrStack) imp.getStack()).release();
		}

		@Override
		public void imageOpened(final ImagePlus imp) {
			// nothing to do
		}

		@Override
		public void imageUpdated(final ImagePlus imp) {
			// nothing to do
		}
	}
}
