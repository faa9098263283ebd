package io.github.brushwood.session;

import ij.CompositeImage;
import ij.ImagePlus;
import ij.ImageStack;
import ij.measure.Calibration;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;

import java.lang.reflect.Array;

/**
 * ImageJ images to engine images and back. An image goes over as the engine's TIFF reader would see its file: raw
 * values (indices of 8-bit colour, ImageJ's shifted values of signed 16-bit with their offset), spacing from the
 * calibration. Planes go one by one, so virtual stacks are never whole in memory on the Java side.
 */
public final class ImagePlusAdapter {

	private ImagePlusAdapter() {}

	/**
	 * A copy in the engine's memory, named after the title; the caller closes it.
	 *
	 * @throws BrushwoodException when the stack does not fit its dimensions
	 */
	public static EngineImage toEngine(final Job job, final ImagePlus imp) {
		checkDimensions(imp);
		final EngineImage image = EngineImage.create(job, info(imp));
		try {
			image.setName(job, imp.getTitle());
			image.setOffset(offset(imp));
			copyPlanes(job, imp, image);
			return image;
		}
		catch (RuntimeException | Error e) {
			image.close();
			throw e;
		}
	}

	/**
	 * A streamed image of the title and the pixels of an open one, which are read when somebody needs them: of a virtual
	 * stack of OME-Zarr directly from its folder. The caller closes it.
	 *
	 * @throws BrushwoodException when the stack does not fit its dimensions
	 */
	public static EngineImage stream(final Job job, final ImagePlus imp) {
		checkDimensions(imp);
		final EngineImage direct = imp.getStack() instanceof ZarrStack ? ((ZarrStack) imp.getStack()).open(job, imp) : null;
		if (direct == null) return EngineImage.of(job, new ImagePlusSource(imp));
		direct.setOffset(offset(imp));
		return direct;
	}

	/** The value that the pixel value 0 stands for; of calibrations of values, ImageJ's for signed 16 bits alone count. */
	public static double offset(final ImagePlus imp) {
		return imp.getBitDepth() == 16 && imp.getCalibration().isSigned16Bit() ? EngineImage.SIGNED : 0;
	}

	/**
	 * The engine's fingerprint of the pixels; reads only the slices that it needs.
	 *
	 * @throws BrushwoodException when the stack does not fit its dimensions
	 */
	public static long fingerprint(final Job job, final ImagePlus imp) {
		checkDimensions(imp);
		try (EngineImage image = EngineImage.createSparse(job, info(imp))) {
			final int depth = imp.getNSlices();
			for (final long slice : image.survey())
				putSlice(job, imp, image, (int) (slice / depth), (int) (slice % depth));
			return image.fingerprint(job);
		}
	}

	/** Of a plane; those of OME-Zarr fail when they cannot be read. */
	private static Object pixels(final ImageStack stack, final int index) {
		return stack instanceof ZarrStack ? ((ZarrStack) stack).plane(index) : stack.getProcessor(index).getPixels();
	}

	/** Puts all channels of a slice into a sparse image of the same size; frame and slice count from 0. */
	public static void putSlice(final Job job, final ImagePlus imp, final EngineImage image, final int t, final int z) {
		final int channels = image.info().rgb ? 1 : image.info().channels;
		for (int c = 0; c < channels; c++) {
			final Object pixels = pixels(imp.getStack(), imp.getStackIndex(c + 1, z + 1, t + 1));
			if (pixels instanceof int[]) image.putRgb(job, t, z, (int[]) pixels);
			else image.putPlane(job, t, c, z, pixels);
		}
	}

	/** Size, type and calibration as the engine's TIFF reader gives them for the same image in a file. */
	public static ImageInfo info(final ImagePlus imp) {
		final ImageInfo.Builder info = ImageInfo.builder(type(imp), imp.getWidth(), imp.getHeight());
		info.depth(imp.getNSlices()).frames(imp.getNFrames()).channels(imp.getNChannels());
		if (imp.getBitDepth() == 24) info.rgb(true);
		calibrate(info, imp.getCalibration(), imp.getStackSize() > 1);
		return info.build();
	}

	/**
	 * A new ImageJ image: a hyperstack in ImageJ's order with calibration and slice labels; several channels make a
	 * composite shown one channel at a time in grey.
	 */
	public static ImagePlus toImagePlus(final EngineImage image, final String title) {
		final ImageInfo info = image.info();
		final ImageStack stack = new ImageStack((int) info.width, (int) info.height);
		final int channels = info.rgb ? 1 : info.channels;
		for (int t = 0; t < info.frames; t++)
			for (int z = 0; z < info.depth; z++)
				for (int c = 0; c < channels; c++)
					stack.addSlice(image.planeLabel(t, c, z), plane(image, t, c, z));
		return image(title, stack, info, image.offset());
	}

	/**
	 * An image of planes in ImageJ's order.
	 *
	 * @param offset as {@link EngineImage#offset}
	 */
	static ImagePlus image(final String title, final ImageStack stack, final ImageInfo info, final double offset) {
		final int channels = info.rgb ? 1 : info.channels;
		final ImagePlus imp = new ImagePlus(title, stack);
		imp.setDimensions(channels, (int) info.depth, info.frames);
		calibrate(imp, info);
		if (offset == EngineImage.SIGNED && info.type == PixelType.UINT16) imp.getLocalCalibration()
			.setSigned16BitCalibration();
		return channels > 1 ? composite(imp) : hyperstack(imp);
	}

	/** Size of a voxel, units, origin and times of <code>from</code>, without its density calibration. */
	public static void copyCalibration(final ImagePlus from, final ImagePlus to) {
		final Calibration cal = from.getCalibration().copy();
		cal.disableDensityCalibration();
		cal.setValueUnit(Calibration.DEFAULT_VALUE_UNIT);
		to.setCalibration(cal);
	}

	/** Pixels of one plane: byte[], short[], float[] or, in a colour image, int[]. */
	static Object plane(final EngineImage image, final int t, final int c, final int z) {
		final Object pixels = newPlane(image.info());
		if (pixels instanceof byte[]) image.getPlane(t, c, z, (byte[]) pixels);
		else if (pixels instanceof short[]) image.getPlane(t, c, z, (short[]) pixels);
		else if (pixels instanceof float[]) image.getPlane(t, c, z, (float[]) pixels);
		else image.getRgbPlane(t, z, (int[]) pixels);
		return pixels;
	}

	/** An array of zeros for one plane. */
	static Object newPlane(final ImageInfo info) {
		final int size = Math.toIntExact(info.planeLength());
		return info.rgb ? new int[size] : Array.newInstance(info.type.array().getComponentType(), size);
	}

	static void checkDimensions(final ImagePlus imp) {
		final int expected = imp.getNChannels() * imp.getNSlices() * imp.getNFrames();
		if (imp.getStackSize() == expected && expected > 0) return;
		throw new BrushwoodException("The image '" + imp.getTitle() + "' has " + imp.getStackSize() +
			" planes but its dimensions say " + expected + ". Set them with Image > Properties.");
	}

	private static PixelType type(final ImagePlus imp) {
		switch (imp.getBitDepth()) {
			case 8:
			case 24:
				return PixelType.UINT8;
			case 16:
				return PixelType.UINT16;
			default:
				return PixelType.FLOAT32;
		}
	}

	/** As the engine's TIFF reader (native/src/io/imagej_metadata.c) does from the file's description. */
	private static void calibrate(final ImageInfo.Builder info, final Calibration cal, final boolean stack) {
		final double depth = stack ? Math.abs(cal.pixelDepth) : 1; // a file of one plane does not keep it
		final String unit = cal.getUnit();
		final boolean real = !unit.trim().isEmpty() && !unit.equals("pixel") && !unit.equals("pixels");
		final boolean scaled = real || cal.pixelWidth != 1 || cal.pixelHeight != 1 || depth != 1;
		if (scaled && usable(cal.pixelWidth) && usable(cal.pixelHeight)) {
			final String name = unit.equals("\u00B5m") || unit.equals("\u03BCm") ? "um" : unit;
			info.spacing(cal.pixelWidth, cal.pixelHeight, usable(depth) ? depth : 1, real ? name : "pixel");
		}
		if (usable(cal.frameInterval)) info.frameInterval(cal.frameInterval * seconds(cal.getTimeUnit()));
	}

	private static boolean usable(final double size) {
		return size > 0 && size < 1e30;
	}

	private static double seconds(final String unit) {
		switch (unit) {
			case "ms":
			case "msec":
			case "millisecond":
			case "milliseconds":
				return 1e-3;
			case "us":
				return 1e-6;
			case "min":
			case "minute":
			case "minutes":
				return 60;
			case "h":
			case "hr":
			case "hrs":
			case "hour":
			case "hours":
				return 3600;
			default:
				return 1;
		}
	}

	private static void copyPlanes(final Job job, final ImagePlus imp, final EngineImage image) {
		final ImageStack stack = imp.getStack();
		final ImageInfo info = image.info();
		final int channels = info.rgb ? 1 : info.channels;
		for (int t = 0; t < info.frames; t++) {
			for (int z = 0; z < info.depth; z++) {
				for (int c = 0; c < channels; c++) {
					final int index = imp.getStackIndex(c + 1, z + 1, t + 1);
					setPlane(image, t, c, z, pixels(stack, index));
					final String label = stack.getSliceLabel(index);
					if (label != null) image.setPlaneLabel(job, t, c, z, label);
				}
			}
		}
	}

	private static void setPlane(final EngineImage image, final int t, final int c, final int z, final Object pixels) {
		if (pixels instanceof byte[]) image.setPlane(t, c, z, (byte[]) pixels);
		else if (pixels instanceof short[]) image.setPlane(t, c, z, (short[]) pixels);
		else if (pixels instanceof float[]) image.setPlane(t, c, z, (float[]) pixels);
		else image.setRgbPlane(t, z, (int[]) pixels);
	}

	private static void calibrate(final ImagePlus imp, final ImageInfo info) {
		final Calibration cal = new Calibration();
		cal.frameInterval = info.frameInterval;
		if (info.calibrated) {
			cal.pixelWidth = info.spacingX;
			cal.pixelHeight = info.spacingY;
			cal.pixelDepth = info.spacingZ;
			cal.setUnit(info.unit);
		}
		imp.setCalibration(cal);
	}

	private static ImagePlus composite(final ImagePlus imp) {
		final CompositeImage composite = new CompositeImage(imp, CompositeImage.GRAYSCALE);
		return hyperstack(composite);
	}

	private static ImagePlus hyperstack(final ImagePlus imp) {
		imp.setOpenAsHyperStack(imp.getNDimensions() > 3);
		return imp;
	}
}
