import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.Prefs;
import ij.io.FileSaver;
import ij.io.Opener;
import ij.measure.Calibration;
import ij.process.ByteProcessor;
import ij.process.ColorProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.LUT;
import ij.process.ShortProcessor;
import java.awt.Color;
import java.io.File;
import java.io.PrintStream;
import java.util.zip.CRC32;

/**
 * Real ImageJ as the other side of the TIFF tests.
 *
 * <pre>
 * java TiffCheck read FILE...      one JSON line about each file as ImageJ's own reader opens it, or null
 * java TiffCheck write FOLDER      files saved by ImageJ, and one JSON line about each image before it was saved
 * </pre>
 */
public final class TiffCheck {

	private final PrintStream out;

	private TiffCheck(final PrintStream out) {
		this.out = out;
	}

	public static void main(final String[] arguments) throws Exception {
		System.setProperty("java.awt.headless", "true");
		// ImageJ's own messages must not mix with the answers.
		final TiffCheck check = new TiffCheck(new PrintStream(System.out, true, "UTF-8"));
		System.setOut(System.err);
		if (arguments[0].equals("read")) {
			for (int i = 1; i < arguments.length; i++)
				check.print(arguments[i], new Opener().openImage(arguments[i]));
		} else {
			check.writeAll(new File(arguments[1]), false);
			check.writeAll(new File(arguments[1]), true);
		}
		System.exit(0);
	}

	// -- what ImageJ sees --

	private void print(final String path, final ImagePlus imp) {
		if (imp == null) {
			out.println("null");
			return;
		}
		final Calibration cal = imp.getCalibration();
		final StringBuilder s = new StringBuilder("{");
		s.append("\"file\": ").append(quote(path));
		s.append(", \"bits\": ").append(imp.getBitDepth());
		s.append(", \"size\": [").append(imp.getNFrames()).append(", ").append(imp.getNSlices()).append(", ");
		s.append(imp.getNChannels()).append(", ").append(imp.getHeight()).append(", ").append(imp.getWidth()).append("]");
		s.append(", \"scaled\": ").append(cal.scaled());
		s.append(", \"spacing\": [").append(cal.pixelWidth).append(", ").append(cal.pixelHeight).append(", ");
		s.append(cal.pixelDepth).append("], \"unit\": ").append(quote(cal.getUnit()));
		s.append(", \"interval\": ").append(cal.frameInterval);
		s.append(", \"composite\": ").append(imp.isComposite()).append(", \"hyperstack\": ").append(imp.isHyperStack());
		s.append(", \"ranges\": ").append(ranges(imp));
		s.append(", \"crc\": ").append(crc(imp.getStack()));
		s.append(", \"labels\": [");
		for (int i = 1; i <= imp.getStackSize(); i++)
			s.append(i > 1 ? ", " : "").append(quote(label(imp, i)));
		out.println(s.append("]}"));
	}

	/** The label of the only slice lives in a property of the image. */
	private static String label(final ImagePlus imp, final int slice) {
		return imp.getStackSize() == 1 ? imp.getProp("Slice_Label") : imp.getStack().getSliceLabel(slice);
	}

	private static String ranges(final ImagePlus imp) {
		final StringBuilder s = new StringBuilder("[");
		for (int c = 1; c <= imp.getNChannels(); c++) {
			imp.setPosition(c, 1, 1);
			s.append(c > 1 ? ", [" : "[").append(imp.getDisplayRangeMin()).append(", ");
			s.append(imp.getDisplayRangeMax()).append("]");
		}
		return s.append("]").toString();
	}

	/** Over all slices; little-endian samples, colours as three bytes. */
	private static long crc(final ImageStack stack) {
		final CRC32 crc = new CRC32();
		for (int i = 1; i <= stack.getSize(); i++) {
			final Object pixels = stack.getPixels(i);
			if (pixels instanceof byte[])
				crc.update((byte[]) pixels);
			else if (pixels instanceof short[])
				for (final short v : (short[]) pixels)
					update(crc, v, 2);
			else if (pixels instanceof float[])
				for (final float v : (float[]) pixels)
					update(crc, Float.floatToRawIntBits(v), 4);
			else
				for (final int v : (int[]) pixels)
					update(crc, v >> 16 & 0xff | v & 0xff00 | (v & 0xff) << 16, 3);
		}
		return crc.getValue();
	}

	private static void update(final CRC32 crc, final int value, final int bytes) {
		for (int i = 0; i < bytes; i++)
			crc.update(value >> 8 * i & 0xff);
	}

	private static String quote(final String text) {
		if (text == null)
			return "null";
		final StringBuilder s = new StringBuilder("\"");
		for (final char c : text.toCharArray())
			s.append(c >= ' ' && c < 127 && c != '"' && c != '\\' ? String.valueOf(c) : String.format("\\u%04x", (int) c));
		return s.append('"').toString();
	}

	// -- what ImageJ writes --

	private void writeAll(final File folder, final boolean littleEndian) {
		Prefs.intelByteOrder = littleEndian;
		final String suffix = littleEndian ? "_le.tif" : "_be.tif";
		save(folder, "hyperstack" + suffix, hyperstack());
		save(folder, "short" + suffix, calibrated(image(16, 1), 0.325, "cm"));
		save(folder, "inch" + suffix, calibrated(image(8, 1), 1.0 / 300, "inch"));
		save(folder, "microns_as_cm" + suffix, calibrated(image(8, 2), 0.00005, "cm"));
		save(folder, "float_stack" + suffix, calibrated(image(32, 5), 0.1, "nm"));
		save(folder, "rgb" + suffix, image(24, 1));
		save(folder, "rgb_stack" + suffix, image(24, 3));
		save(folder, "palette" + suffix, withLut(image(8, 3), LUT.createLutFromColor(Color.red)));
		save(folder, "inverted8" + suffix, inverted(image(8, 2)));
		save(folder, "inverted16" + suffix, inverted(image(16, 1)));
		save(folder, "signed16" + suffix, signed(image(16, 2)));
		save(folder, "rgb48" + suffix, colour48());
	}

	private void save(final File folder, final String name, final ImagePlus imp) {
		final String path = new File(folder, name).getPath();
		final FileSaver saver = new FileSaver(imp);
		final boolean saved = imp.getStackSize() > 1 ? saver.saveAsTiffStack(path) : saver.saveAsTiff(path);
		if (!saved)
			throw new IllegalStateException("ImageJ did not save " + path);
		print(path, imp);
	}

	private static ImageProcessor slice(final int bits, final int seed) {
		final int width = 19, height = 13;
		final ImageProcessor ip = bits == 8 ? new ByteProcessor(width, height)
			: bits == 16 ? new ShortProcessor(width, height)
			: bits == 24 ? new ColorProcessor(width, height) : new FloatProcessor(width, height);
		for (int i = 0; i < width * height; i++) {
			final int value = (i + 1) * 2654435 + seed * 40503;
			if (bits == 32)
				ip.setf(i, value / 1000f);
			else
				ip.set(i, bits == 24 ? value & 0xffffff | 0xff000000 : value & (1 << bits) - 1);
		}
		return ip;
	}

	private static ImagePlus image(final int bits, final int slices) {
		final ImageStack stack = new ImageStack(19, 13);
		for (int i = 0; i < slices; i++)
			stack.addSlice(null, slice(bits, i));
		return new ImagePlus("image", stack);
	}

	private static ImagePlus hyperstack() {
		final ImagePlus imp = image(16, 12);
		for (int i = 1; i <= 12; i++)
			imp.getStack().setSliceLabel(i % 5 == 0 ? null : "plane " + i + " \u00b5\u6a39", i);
		imp.setDimensions(2, 3, 2);
		imp.getCalibration().frameInterval = 2.5;
		imp.setOpenAsHyperStack(true);
		final ImagePlus composite = new CompositeImage(calibrated(imp, 0.161, "\u00b5m"), IJ.COMPOSITE);
		composite.getCalibration().pixelDepth = 0.7;
		return composite;
	}

	private static ImagePlus colour48() {
		final ImagePlus imp = image(16, 3);
		imp.getStack().setSliceLabel("Red", 1);
		imp.getStack().setSliceLabel("Green", 2);
		imp.getStack().setSliceLabel("Blue", 3);
		imp.setDimensions(3, 1, 1);
		return new CompositeImage(imp, IJ.COMPOSITE);
	}

	private static ImagePlus calibrated(final ImagePlus imp, final double size, final String unit) {
		final Calibration cal = imp.getCalibration();
		cal.pixelWidth = size;
		cal.pixelHeight = 2 * size;
		cal.pixelDepth = imp.getStackSize() > 1 ? 3 * size : 1;
		cal.setUnit(unit);
		return imp;
	}

	private static ImagePlus withLut(final ImagePlus imp, final LUT lut) {
		imp.setLut(lut);
		return imp;
	}

	private static ImagePlus inverted(final ImagePlus imp) {
		imp.getProcessor().invertLut();
		imp.getStack().setColorModel(imp.getProcessor().getColorModel());
		return imp;
	}

	private static ImagePlus signed(final ImagePlus imp) {
		imp.getCalibration().setSigned16BitCalibration();
		return imp;
	}
}
