package io.github.brushwood.session.objects;

import ij.IJ;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.io.ImageFormat;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImageFiles;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.RoiSetFile;

import java.awt.image.Raster;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Reads the objects that Cellpose, StarDist, ImageJ and Brushwood write: label images (TIFF, PNG and whatever ImageJ
 * opens without loss) and sets of Rois (.zip, .roi). The numbers of objects are exactly those of the file.
 */
public final class LabelReader {

	private static final List<String> PICKLES = Arrays.asList(".npy", ".npz", ".pkl", ".pickle");
	private static final String PNG = ".png";
	private static final String SEG = "_seg.npy";

	private LabelReader() {}

	/** Whether a file is a set of Rois by its name, which needs the size of the image that they lie on. */
	public static boolean isRois(final String path) {
		final String lower = path.toLowerCase(Locale.ROOT);
		return lower.endsWith(".zip") || lower.endsWith(".roi");
	}

	/**
	 * Reads the objects of an image. What the user should know about the file goes to ImageJ's log.
	 *
	 * @param width of the image, and so on, in pixels
	 * @throws BrushwoodException naming the file and what does not fit
	 */
	public static LabelImage readLogged(final File file, final int width, final int height, final int slices,
		final int frames)
	{
		final LabelImage labels = read(Jobs.defaults(), file, width, height, slices, frames);
		for (final String note : labels.notes())
			IJ.log(note);
		return labels;
	}

	/**
	 * Reads the objects of an image. As many planes in another arrangement, such as pages that no metadata calls frames,
	 * count in ImageJ's order.
	 *
	 * @throws BrushwoodException naming the file and what does not fit
	 */
	public static LabelImage read(final Jobs jobs, final File file, final int width, final int height, final int slices,
		final int frames)
	{
		if (isRois(file.getName())) {
			checkReadable(file);
			final LabelImage labels = new LabelImage(width, height, slices, frames);
			RoiLabels.draw(RoiSetFile.read(file.getPath()), labels, "The file '" + file + "'");
			return labels;
		}
		return fitted(read(jobs, file), "The label image '" + file + "'", width, height, slices, frames);
	}

	/** Objects with the slices and frames of an image. */
	static LabelImage fitted(final LabelImage labels, final String name, final int width, final int height,
		final int slices, final int frames)
	{
		final boolean sameSize = labels.width == width && labels.height == height;
		if (sameSize && labels.slices == slices && labels.frames == frames) return labels;
		final boolean flat = labels.slices == 1 || labels.frames == 1;
		if (sameSize && flat && labels.slices * labels.frames == slices * frames) return labels.arranged(slices, frames);
		throw new BrushwoodException(String.format(Locale.ROOT,
			"%s is %d x %d with %d slices and %d frames; the image is %d x %d with %d slices and %d frames. They have to be " +
				"the same. Choose the image that the objects were found in.", name, labels.width, labels.height, labels.slices,
			labels.frames, width, height, slices, frames));
	}

	/**
	 * Reads a label image of any size.
	 *
	 * @throws BrushwoodException naming the file when it is none; Rois need an image
	 */
	public static LabelImage read(final Jobs jobs, final File file) {
		checkReadable(file);
		if (isRois(file.getName())) throw sizeless(file);
		final String name = "The label image '" + file + "'";
		final String lower = file.getName().toLowerCase(Locale.ROOT);
		if (lower.endsWith(PNG)) return png(file, name);
		if (lower.endsWith(".jpg") || lower.endsWith(".jpeg")) {
			throw new BrushwoodException("The file '" + file + "' is a JPEG, which changes the numbers of objects. Save label " +
				"images as TIFF or PNG.");
		}
		final ImageFormat format = ImageFormats.of(file);
		if (format != null && format != ImageFormats.TIFF && format != ImageFormats.ZARR) {
			throw new BrushwoodException("Objects are not read from '" + file +
				"'. Open it with Brushwood Open HDF5 and save the label image as TIFF.");
		}
		try (Job job = jobs.open(); EngineImage image = ImageFiles.read(job, file.getPath())) {
			return labels(image, name);
		}
	}

	private static LabelImage labels(final EngineImage image, final String name) {
		final ImageInfo info = image.info();
		final boolean pages = !info.rgb && info.depth == 1 && info.frames == 1; // several channels may be slices in truth
		if (info.rgb || info.channels > 1 && !pages) throw LabelImage.channels(name, info.channels);
		final int slices = (int) Math.max(info.depth, info.channels);
		final LabelImage labels = new LabelImage((int) info.width, (int) info.height, slices, info.frames);
		for (int t = 0; t < labels.frames; t++)
			for (int z = 0; z < slices; z++)
				labels.setPlane(z, t, LabelImage.numbers(plane(image, t, info.channels > 1 ? z : 0, info.channels > 1 ? 0 : z),
					image.offset(), name));
		return labels;
	}

	private static Object plane(final EngineImage image, final int t, final int c, final int z) {
		final int size = Math.toIntExact(image.info().planeLength());
		if (image.info().type == PixelType.UINT8) {
			final byte[] bytes = new byte[size];
			image.getPlane(t, c, z, bytes);
			return bytes;
		}
		if (image.info().type == PixelType.UINT16) {
			final short[] shorts = new short[size];
			image.getPlane(t, c, z, shorts);
			return shorts;
		}
		final float[] floats = new float[size];
		image.getPlane(t, c, z, floats);
		return floats;
	}

	/** The samples as they are stored; of grey ones of less than 8 bits ImageJ makes values from 0 to 255. */
	private static LabelImage png(final File file, final String name) {
		try (ImageInputStream in = ImageIO.createImageInputStream(file)) {
			final Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("png");
			final ImageReader reader = readers.next();
			try {
				reader.setInput(in);
				return labels(reader.read(0).getRaster(), name);
			}
			finally {
				reader.dispose();
			}
		}
		catch (final IOException | IllegalArgumentException | IllegalStateException | IndexOutOfBoundsException e) {
			throw new BrushwoodException("The file '" + file + "' is damaged or no PNG image: " + e.getMessage() +
				". Write it again.", e);
		}
	}

	private static LabelImage labels(final Raster raster, final String name) {
		if (raster.getNumBands() != 1) throw LabelImage.channels(name, raster.getNumBands());
		final int width = raster.getWidth();
		final LabelImage labels = new LabelImage(width, raster.getHeight(), 1, 1);
		final int[] numbers = new int[width * raster.getHeight()];
		for (int y = 0; y < raster.getHeight(); y++)
			System.arraycopy(raster.getSamples(0, y, width, 1, 0, (int[]) null), 0, numbers, y * width, width);
		labels.setPlane(0, 0, numbers);
		return labels;
	}

	/** What to say of Rois without an image. */
	public static BrushwoodException sizeless(final File file) {
		return new BrushwoodException("The Rois of '" + file +
			"' do not say how large their image is. Open the image that they were made of first.");
	}

	/** @throws BrushwoodException when a file is not there, or when it is a pickle */
	public static void checkReadable(final File file) {
		if (!file.exists()) throw new BrushwoodException("The file '" + file + "' does not exist. Check the path.");
		if (file.isDirectory() && !ImageFiles.exists(file)) {
			throw new BrushwoodException("'" + file + "' is a folder. Give the path of a file.");
		}
		if (file.isFile() && isPickle(file)) throw pickle(file);
	}

	/** By its name or by how NumPy arrays and Python's pickles begin. */
	private static boolean isPickle(final File file) {
		final String lower = file.getName().toLowerCase(Locale.ROOT);
		for (final String suffix : PICKLES)
			if (lower.endsWith(suffix)) return true;
		final byte[] start = new byte[6];
		try (InputStream in = Files.newInputStream(file.toPath())) {
			if (in.read(start) < start.length) return false;
		}
		catch (final IOException e) {
			throw new BrushwoodException("The file '" + file + "' cannot be read (" + e.getMessage() + "). Check its rights.",
				e);
		}
		final boolean numpy = (start[0] & 0xFF) == 0x93 && start[1] == 'N' && start[2] == 'U' && start[3] == 'M';
		return numpy || (start[0] & 0xFF) == 0x80 && start[1] >= 2 && start[1] <= 5;
	}

	/** What to do with files of Python, which can run programs when they are opened. */
	static BrushwoodException pickle(final File file) {
		if (file.getName().toLowerCase(Locale.ROOT).endsWith(SEG)) {
			return new BrushwoodException("The file '" + file + "' is Cellpose's own, a pickle of Python, which may run any " +
				"program when it is opened; it is not read. Export the masks: in Cellpose's window with File > Save masks as " +
				"PNG/tif, on the command line with --save_png or --save_tif, in Python with cellpose.io.save_masks. Then " +
				"import the file that ends with _cp_masks.png or _cp_masks.tif.");
		}
		return new BrushwoodException("The file '" + file + "' is one of NumPy or a pickle of Python, which is not read. " +
			"In Python, write the label image with tifffile.imwrite(\"labels.tif\", labels.astype(\"uint16\")).");
	}
}
