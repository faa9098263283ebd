package io.github.brushwood.session;

import ij.gui.Roi;
import ij.io.RoiDecoder;
import ij.io.RoiEncoder;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** The zip files of Rois that ImageJ's ROI Manager reads and writes, without the manager's window. */
public final class RoiSetFile {

	private RoiSetFile() {}

	/** Writes them whole or not at all; two of the same name get different ones. */
	public static void write(final List<Roi> rois, final String path) {
		WholeFile.write(path, out -> {
			final ZipOutputStream zip = new ZipOutputStream(out);
			final Set<String> names = new HashSet<>();
			for (int i = 0; i < rois.size(); i++) {
				zip.putNextEntry(new ZipEntry(entryName(rois.get(i), i, names)));
				zip.write(RoiEncoder.saveAsByteArray(rois.get(i)));
				zip.closeEntry();
			}
			zip.finish();
		});
	}

	/**
	 * The Rois of a zip, or the one of a .roi file.
	 *
	 * @throws BrushwoodException naming the file when it holds none or something else
	 */
	public static List<Roi> read(final String path) {
		final File file = new File(path);
		if (!file.isFile()) throw new BrushwoodException("The file '" + path + "' does not exist. Check the path.");
		final List<Roi> rois = new ArrayList<>();
		try {
			if (path.endsWith(".roi")) rois.add(decode(Files.readAllBytes(file.toPath()), file.getName()));
			else readZip(file, rois);
		}
		catch (final IOException | RuntimeException e) {
			throw new BrushwoodException("The file '" + path + "' is not a set of ImageJ Rois: " + e.getMessage() + ".",
				e);
		}
		if (rois.isEmpty()) throw new BrushwoodException("The file '" + path + "' holds no Rois.");
		return rois;
	}

	private static void readZip(final File file, final List<Roi> rois) throws IOException {
		try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file.toPath()))) {
			for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry())
				if (entry.getName().endsWith(".roi")) rois.add(decode(bytes(zip), entry.getName()));
		}
	}

	private static Roi decode(final byte[] bytes, final String name) throws IOException {
		final Roi roi = new RoiDecoder(bytes, name).getRoi();
		if (roi == null) throw new IOException("'" + name + "' cannot be decoded");
		return roi;
	}

	private static byte[] bytes(final InputStream in) throws IOException {
		final ByteArrayOutputStream out = new ByteArrayOutputStream();
		final byte[] buffer = new byte[8192];
		for (int n = in.read(buffer); n >= 0; n = in.read(buffer))
			out.write(buffer, 0, n);
		return out.toByteArray();
	}

	/** Unique, without characters that file systems refuse. */
	private static String entryName(final Roi roi, final int index, final Set<String> taken) {
		final String name = roi.getName() == null ? "roi" : roi.getName().replaceAll("[^A-Za-z0-9._ -]", "_");
		final String plain = name.endsWith(".roi") ? name : name + ".roi";
		if (taken.add(plain)) return plain;
		final String numbered = plain.substring(0, plain.length() - 4) + "_" + (index + 1) + ".roi";
		return taken.add(numbered) ? numbered : (index + 1) + "_" + numbered;
	}
}
