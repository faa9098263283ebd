package io.github.brushwood.session;

import ij.IJ;
import ij.ImagePlus;
import ij.io.FileInfo;
import ij.io.Opener;
import ij.io.TiffDecoder;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.io.ImageFormat;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.ReadOptions;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Opens image files. TIFF goes through the engine's reader, which also reads what ImageJ's cannot (BigTIFF, ZSTD,
 * tiles) and refuses truncated files that ImageJ would fill with black; its values are the same. Everything else goes
 * through ImageJ's Opener, so what the installed readers open works here too.
 */
public final class ImageFiles {

	private static final List<String> TIFF = ImageFormats.TIFF.suffixes();
	private static final List<String> IMAGE_IO = Arrays.asList(".png", ".jpg", ".jpeg", ".gif", ".bmp");

	private ImageFiles() {}

	/**
	 * Reads the whole image; the caller closes it.
	 *
	 * @throws BrushwoodException naming the file and the reason
	 */
	public static EngineImage read(final Job job, final String path) {
		final File file = checked(path);
		if (ImageFormats.of(file) == ImageFormats.ZARR || hasSuffix(file, TIFF)) return EngineImage.read(job, file
			.getPath());
		final ImagePlus imp = open(file);
		try {
			imp.setTitle(file.getName());
			return ImagePlusAdapter.toEngine(job, imp);
		}
		finally {
			imp.flush();
		}
	}

	/**
	 * Opens an image whose pixels are read when they are needed, where the file's kind allows it; the caller closes it.
	 * The formats of {@link ImageFormats} come first, then whatever ImageJ opens.
	 *
	 * @param options which image of the file
	 * @throws BrushwoodException naming the file and the reason
	 */
	public static EngineImage open(final Job job, final String path, final ReadOptions options) {
		final File file = checked(path);
		final ImageFormat format = ImageFormats.of(file);
		if (format != null) return format.open(job, file, options);
		final ImagePlus imp = open(file);
		imp.setTitle(file.getName());
		return EngineImage.of(job, new ImagePlusSource(imp, imp::flush));
	}

	/**
	 * Opens an image for ImageJ, without showing it; large ones in OME-Zarr as virtual stacks.
	 *
	 * @throws BrushwoodException naming the file and the reason
	 */
	public static ImagePlus openImage(final String path) {
		final File file = checked(path);
		if (ImageFormats.of(file) != ImageFormats.ZARR) return open(file);
		return ZarrImages.open(Jobs.defaults(), file, ZarrImages.Hold.AUTO, file.getName());
	}

	/** Whether a path leads to a file, or to a folder that is an image. */
	public static boolean exists(final File file) {
		return file.isFile() || file.isDirectory() && ImageFormats.of(file) != null;
	}

	/** False when a file is seen, without reading its pixels, to have another size or to be no image. */
	public static boolean mayHaveSize(final String path, final int width, final int height) {
		final File file = new File(path);
		try {
			if (file.isDirectory()) return zarrHasSize(path, width, height);
			if (hasSuffix(file, TIFF)) {
				final FileInfo[] infos = tiffInfo(file);
				return infos == null || infos.length == 0 || infos[0].width == width && infos[0].height == height;
			}
			if (hasSuffix(file, IMAGE_IO)) return sizeFits(file, width, height);
		}
		catch (final IOException | RuntimeException e) {
			return false;
		}
		return true;
	}

	private static boolean zarrHasSize(final String path, final int width, final int height) {
		try (Job job = new Job(); EngineImage image = EngineImage.open(job, path)) {
			return image.info().width == width && image.info().height == height;
		}
	}

	private static boolean sizeFits(final File file, final int width, final int height) throws IOException {
		try (ImageInputStream in = ImageIO.createImageInputStream(file)) {
			final Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
			if (!readers.hasNext()) return false;
			final ImageReader reader = readers.next();
			try {
				reader.setInput(in);
				return reader.getWidth(0) == width && reader.getHeight(0) == height;
			}
			finally {
				reader.dispose();
			}
		}
	}

	private static FileInfo[] tiffInfo(final File file) throws IOException {
		return new TiffDecoder(file.getAbsoluteFile().getParent() + File.separator, file.getName()).getTiffInfo();
	}

	/** Text that ImageJ stored in a TIFF's header under <code>key</code>, or null. */
	static String tiffProperty(final String path, final String key) {
		final File file = checked(path);
		if (!hasSuffix(file, TIFF)) return null;
		try {
			final FileInfo[] infos = tiffInfo(file);
			final String[] properties = infos == null ? null : infos[0].properties;
			for (int i = 0; properties != null && i + 1 < properties.length; i += 2)
				if (key.equals(properties[i])) return properties[i + 1];
		}
		catch (final IOException | RuntimeException e) {
			return null; // a TIFF that ImageJ cannot decode has no ImageJ properties
		}
		return null;
	}

	private static File checked(final String path) {
		final File file = new File(path);
		if (!file.exists()) throw new BrushwoodException("The file '" + path + "' does not exist. Check the path.");
		if (file.isDirectory() && ImageFormats.of(file) == null) {
			throw new BrushwoodException("'" + path + "' is a folder. Give the path of an image file, or of a folder in " +
				"OME-Zarr.");
		}
		if (!file.canRead()) throw new BrushwoodException("The file '" + path + "' may not be read. Check its rights.");
		return file;
	}

	private static ImagePlus open(final File file) {
		if (hasSuffix(file, IMAGE_IO)) checkDecodes(file);
		final Opener opener = new Opener();
		opener.setSilentMode(true);
		IJ.redirectErrorMessages(true);
		try {
			final ImagePlus imp = opener.openImage(file.getAbsoluteFile().getParent(), file.getName());
			if (imp != null) return imp;
		}
		catch (final RuntimeException e) {
			throw new BrushwoodException("The file '" + file + "' could not be opened: " + e.getMessage() + ".", e);
		}
		finally {
			IJ.redirectErrorMessages(false);
		}
		throw new BrushwoodException("The file '" + file + "' is not an image that ImageJ can open.");
	}

	/** ImageJ reports damage in these files with a dialog, so they are tried before. */
	private static void checkDecodes(final File file) {
		try {
			if (Files.size(file.toPath()) > 0 && ImageIO.read(file) != null) return;
		}
		catch (final IOException | RuntimeException e) {
			throw new BrushwoodException("The file '" + file + "' is damaged: " + e.getMessage() + ".", e);
		}
		throw new BrushwoodException("The file '" + file + "' is empty or not the kind of image its name says.");
	}

	private static boolean hasSuffix(final File file, final List<String> suffixes) {
		final String name = file.getName().toLowerCase(Locale.ROOT);
		for (final String suffix : suffixes)
			if (name.endsWith(suffix)) return true;
		return false;
	}
}
