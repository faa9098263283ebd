package io.github.brushwood.session.objects;

import ij.ImagePlus;
import ij.ImageStack;
import ij.Prefs;
import ij.io.FileInfo;
import ij.io.FileSaver;
import ij.io.TiffEncoder;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.RoiSetFile;
import io.github.brushwood.session.WholeFile;

import java.io.File;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Writes images and their objects as the pairs of files that Cellpose and StarDist train from, and as sets of Rois. */
public final class TrainingPairs {

	/** Where the two files of a pair are. */
	public enum Layout {
		/** name.tif and name_masks.tif in one folder. */
		CELLPOSE("", "", "_masks"),
		/** images/name.tif and masks/name.tif. */
		STARDIST("images", "masks", ""),
		/** name_rois.zip for the ROI Manager, without the image; all slices and frames in one file. */
		ROIS("", "", "");

		private final String images;
		private final String masks;
		private final String ending;

		Layout(final String images, final String masks, final String ending) {
			this.images = images;
			this.masks = masks;
			this.ending = ending;
		}
	}

	/** Cellpose takes images whose names end like this for results of its own. */
	private static final String NO_IMAGE = ".*(_masks|_flows|_flows_[0-2]|_cellprob|_cp_output)";

	/** ImageJ has one byte order for all that it writes. */
	private static final Object BYTE_ORDER = new Object();

	private final File folder;
	private final Set<Layout> layouts;
	private boolean stacks;
	private boolean overwrite;
	private boolean skipEmpty;
	private int channel;
	/** Whose files these are, without the case of letters, which some file systems do not tell. */
	private final Set<String> claimed = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
	private int written;
	private int skipped;

	/** @param folder made when it does not exist */
	public TrainingPairs(final File folder, final Collection<Layout> layouts) {
		this.folder = folder;
		this.layouts = EnumSet.copyOf(layouts);
	}

	/** Whether the slices of a stack stay together; without it each is a pair. Frames are always apart. */
	public TrainingPairs stacks(final boolean on) {
		stacks = on;
		return this;
	}

	/** Whether files that exist are replaced; without it they are an error. */
	public TrainingPairs overwrite(final boolean on) {
		overwrite = on;
		return this;
	}

	/** Whether slices without objects are left out. */
	public TrainingPairs skipEmpty(final boolean on) {
		skipEmpty = on;
		return this;
	}

	/** The one channel to write, from 1; 0 for all. */
	public TrainingPairs channel(final int number) {
		channel = number;
		return this;
	}

	/** Whether images are needed; sets of Rois do without. */
	public boolean needsImages() {
		return layouts.contains(Layout.CELLPOSE) || layouts.contains(Layout.STARDIST);
	}

	/** Number of files so far. */
	public int written() {
		return written;
	}

	/** Number of slices or stacks without objects that were left out. */
	public int skipped() {
		return skipped;
	}

	/** One pair: what is in its files. */
	private static final class Piece {

		private final String name;
		private final int z0;
		private final int z1;
		private final int t;

		Piece(final String name, final int z0, final int z1, final int t) {
			this.name = name;
			this.z0 = z0;
			this.z1 = z1;
			this.t = t;
		}
	}

	/**
	 * Writes an image and its objects; nothing when one of the files exists and must not be replaced. The masks come
	 * first, so that no image is ever without.
	 *
	 * @param imp null when no layout needs it
	 * @param found as large as the image, or as many planes in another arrangement
	 * @param name what the files are called; characters that file names cannot have become _
	 */
	public void add(final ImagePlus imp, final LabelImage found, final String name) {
		if (imp == null && needsImages()) throw new BrushwoodException("The objects '" + name + "' have no image.");
		final LabelImage labels = imp == null ? found : LabelReader.fitted(found, "The label image of '" + imp.getTitle() +
			"'", imp.getWidth(), imp.getHeight(), imp.getNSlices(), imp.getNFrames());
		if (imp != null && channel > imp.getNChannels()) {
			throw new BrushwoodException("The image '" + imp.getTitle() + "' has " + imp.getNChannels() +
				" channels; there is no channel " + channel + ".");
		}
		final String clean = clean(name);
		final List<Piece> pieces = pieces(labels, clean);
		claim(files(pieces, clean));
		for (final Piece piece : pieces)
			write(imp, labels, piece);
		if (layouts.contains(Layout.ROIS)) writeRois(imp, labels, new File(folder, clean + "_rois.zip"));
	}

	private static String clean(final String name) {
		final String clean = name.replaceAll("[\\\\/:*?\"<>|\\p{Cntrl}]", "_").replaceAll("^[. ]+|[. ]+$", "");
		if (clean.isEmpty()) throw new BrushwoodException("'" + name + "' is no name for files. Give one with letters.");
		return clean;
	}

	private List<Piece> pieces(final LabelImage labels, final String name) {
		final List<Piece> pieces = new ArrayList<>();
		if (!needsImages()) return pieces;
		final int step = stacks ? labels.slices : 1;
		for (int t = 0; t < labels.frames; t++)
			for (int z = 0; z < labels.slices; z += step) {
				if (skipEmpty && labels.part(z, z + step, t, t + 1).highest() == 0) {
					skipped++;
					continue;
				}
				final String frame = labels.frames > 1 ? String.format(Locale.ROOT, "_t%03d", t + 1) : "";
				final String slice = labels.slices > 1 && !stacks ? String.format(Locale.ROOT, "_z%03d", z + 1) : "";
				pieces.add(new Piece(name + frame + slice, z, z + step, t));
			}
		return pieces;
	}

	private List<File> files(final List<Piece> pieces, final String name) {
		final List<File> files = new ArrayList<>();
		for (final Piece piece : pieces) {
			if (layouts.contains(Layout.CELLPOSE) && piece.name.toLowerCase(Locale.ROOT).matches(NO_IMAGE)) {
				throw new BrushwoodException("Cellpose would not take '" + piece.name +
					".tif' for an image because of how its name ends. Give another name.");
			}
			for (final Layout layout : layouts)
				if (layout != Layout.ROIS) {
					files.add(mask(layout, piece));
					files.add(image(layout, piece));
				}
		}
		if (layouts.contains(Layout.ROIS)) files.add(new File(folder, name + "_rois.zip"));
		return files;
	}

	private File image(final Layout layout, final Piece piece) {
		return new File(new File(folder, layout.images), piece.name + ".tif");
	}

	private File mask(final Layout layout, final Piece piece) {
		return new File(new File(folder, layout.masks), piece.name + layout.ending + ".tif");
	}

	/** All or none. */
	private void claim(final List<File> files) {
		for (final File file : files) {
			if (claimed.contains(file.getPath())) {
				throw new BrushwoodException("Two images would be written to '" + file + "'. Rename one of them.");
			}
			if (!overwrite && file.exists()) {
				throw new BrushwoodException("The file '" + file +
					"' exists already. Choose another folder or name, or let it be overwritten (key 'overwrite').");
			}
		}
		for (final File file : files) {
			claimed.add(file.getPath());
			final File parent = file.getAbsoluteFile().getParentFile();
			if (parent.isDirectory() || parent.mkdirs() || parent.isDirectory()) continue;
			throw new BrushwoodException("The folder '" + parent + "' could not be made. Check the path and its rights.");
		}
	}

	private void write(final ImagePlus imp, final LabelImage labels, final Piece piece) {
		final LabelImage part = labels.part(piece.z0, piece.z1, piece.t, piece.t + 1);
		final ImagePlus masks = sixteenBits(part, piece.name).toImagePlus(piece.name);
		final ImagePlus image = image(imp, piece);
		masks.setCalibration(image.getCalibration().copy());
		masks.getCalibration().disableDensityCalibration();
		for (final Layout layout : layouts) {
			if (layout == Layout.ROIS) continue;
			writeTiff(masks, mask(layout, piece));
			writeTiff(image, image(layout, piece));
		}
	}

	/** Numbers stay where 16 bits hold them. */
	private static LabelImage sixteenBits(final LabelImage part, final String name) {
		if (part.highest() <= LabelImage.MAX_16) return part;
		final LabelImage renumbered = part.renumbered();
		if (renumbered.highest() <= LabelImage.MAX_16) return renumbered;
		throw new BrushwoodException("'" + name + "' has " + renumbered.highest() +
			" objects; a label image of 16 bits holds 65535. Cut the image into smaller ones.");
	}

	private ImagePlus image(final ImagePlus imp, final Piece piece) {
		final ImageStack stack = new ImageStack(imp.getWidth(), imp.getHeight());
		final int first = channel == 0 ? 1 : channel;
		final int last = channel == 0 ? imp.getNChannels() : channel;
		for (int z = piece.z0; z < piece.z1; z++)
			for (int c = first; c <= last; c++) {
				final int index = imp.getStackIndex(c, z + 1, piece.t + 1);
				stack.addSlice(imp.getStack().getSliceLabel(index), imp.getStack().getProcessor(index));
			}
		final ImagePlus image = new ImagePlus(piece.name, stack);
		image.setDimensions(last - first + 1, piece.z1 - piece.z0, 1);
		image.setOpenAsHyperStack(last > first);
		image.setCalibration(imp.getCalibration().copy());
		return image;
	}

	/** As ImageJ saves it, but whole or not at all, and in the byte order that Python's programs take without copying. */
	private void writeTiff(final ImagePlus imp, final File file) {
		final FileInfo info = imp.getFileInfo();
		info.description = new FileSaver(imp).getDescriptionString();
		info.sliceLabels = imp.getStackSize() > 1 ? imp.getStack().getSliceLabels() : null;
		synchronized (BYTE_ORDER) {
			final boolean before = Prefs.intelByteOrder;
			Prefs.intelByteOrder = true;
			try {
				WholeFile.write(file.getPath(), out -> new TiffEncoder(info).write(out));
			}
			finally {
				Prefs.intelByteOrder = before;
			}
		}
		written++;
	}

	private void writeRois(final ImagePlus imp, final LabelImage labels, final File file) {
		final boolean hyperstack = imp != null ? imp.isHyperStack() || imp.getNChannels() > 1 : labels.slices > 1 &&
			labels.frames > 1;
		if (labels.highest() == 0) {
			throw new BrushwoodException("There are no objects for '" + file + "': the label image is empty.");
		}
		RoiSetFile.write(RoiLabels.rois(labels, hyperstack), file.getPath());
		written++;
	}
}
