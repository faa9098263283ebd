package io.github.brushwood.session;

import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.io.FileInfo;
import ij.io.FileSaver;
import ij.io.TiffEncoder;
import ij.measure.Calibration;
import ij.process.ByteProcessor;
import ij.process.ColorProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.ShortProcessor;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Synthetic images: a textured ground with brighter discs, the same for the same size. */
public final class Pictures {

	private Pictures() {}

	/** One plane of 8, 16, 32 or (RGB) 24 bits. */
	public static ImagePlus plane(final String title, final int width, final int height, final int bits) {
		return new ImagePlus(title, processor(width, height, bits, 1));
	}

	/** A calibrated hyperstack with slice labels. */
	public static ImagePlus hyperstack(final String title, final int width, final int height, final int bits,
		final int channels, final int slices, final int frames)
	{
		final ImageStack stack = new ImageStack(width, height);
		for (int i = 1; i <= channels * slices * frames; i++)
			stack.addSlice("plane " + i, processor(width, height, bits, i));
		final ImagePlus imp = new ImagePlus(title, stack);
		imp.setDimensions(channels, slices, frames);
		calibrate(imp);
		if (channels == 1) {
			imp.setOpenAsHyperStack(imp.getNDimensions() > 3);
			return imp;
		}
		final CompositeImage composite = new CompositeImage(imp, CompositeImage.COMPOSITE);
		composite.setOpenAsHyperStack(true);
		return composite;
	}

	/** Not a multiple of anything, and different along each axis. */
	public static void calibrate(final ImagePlus imp) {
		final Calibration cal = imp.getCalibration();
		cal.pixelWidth = 0.25;
		cal.pixelHeight = 0.25;
		cal.pixelDepth = 0.75;
		cal.setUnit("um");
		cal.frameInterval = 2.5;
	}

	/** As ImageJ saves it. */
	public static String saveTiff(final ImagePlus imp, final Path folder) {
		final String path = folder.resolve(imp.getTitle()).toString();
		if (!new FileSaver(imp).saveAsTiff(path)) throw new IllegalStateException("not saved: " + path);
		return path;
	}

	/** As ImageJ opens it. */
	public static ImagePlus open(final String path) {
		final ImagePlus imp = IJ.openImage(path);
		if (imp == null) throw new IllegalStateException("not opened: " + path);
		return imp;
	}

	/** A TIFF cut off in the middle of its pixels. */
	public static void saveTruncated(final Path path) throws IOException {
		final ImagePlus imp = plane("t", 64, 64, 8);
		final FileInfo info = imp.getFileInfo();
		info.description = new FileSaver(imp).getDescriptionString();
		try (OutputStream out = Files.newOutputStream(path)) {
			new TiffEncoder(info).write(out);
		}
		final byte[] whole = Files.readAllBytes(path);
		Files.write(path, Arrays.copyOf(whole, whole.length / 2));
	}

	private static ImageProcessor processor(final int width, final int height, final int bits, final int seed) {
		final ImageProcessor ip = bits == 8 ? new ByteProcessor(width, height) : bits == 16 ? new ShortProcessor(width,
			height) : bits == 32 ? new FloatProcessor(width, height) : new ColorProcessor(width, height);
		final Random random = new Random(seed);
		for (int y = 0; y < height; y++)
			for (int x = 0; x < width; x++)
				set(ip, x, y, (inDisc(x, y) ? 150 : 50) + random.nextInt(40));
		return ip;
	}

	private static boolean inDisc(final int x, final int y) {
		final int dx = x % 24 - 12;
		final int dy = y % 24 - 12;
		return dx * dx + dy * dy < 49;
	}

	private static void set(final ImageProcessor ip, final int x, final int y, final int value) {
		if (ip instanceof ColorProcessor) ip.set(x, y, value << 16 | value / 2 << 8 | 255 - value);
		else if (ip instanceof FloatProcessor) ip.setf(x, y, value / 7f);
		else ip.set(x, y, ip instanceof ShortProcessor ? value * 200 : value);
	}
}
