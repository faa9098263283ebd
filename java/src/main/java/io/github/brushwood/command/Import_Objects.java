package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.io.FileInfo;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusAdapter;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.objects.LabelImage;
import io.github.brushwood.session.objects.LabelReader;
import io.github.brushwood.session.objects.ObjectChannel;
import io.github.brushwood.session.objects.ObjectFiles;
import io.github.brushwood.session.objects.ObjectStrokes;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.io.File;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Takes over the objects that Cellpose, StarDist or another program found. */
public final class Import_Objects extends BrushwoodCommand {

	private static final String LABELS = "labels";
	private static final String ANNOTATIONS = "annotations";
	private static final String CHANNEL = "channel";
	private static final int MOST_PIXELS = 1000;

	private static final String NAME = "Brushwood Import Objects...";
	private static final String SUMMARY =
		"Takes over objects from a label image (TIFF, PNG, OME-Zarr) or a set of ImageJ Rois, as Cellpose and StarDist " +
			"write them: as a label image, as annotations of the current image to train from, or as a further channel of it.";
	private static final Key FILE = Key.of(Kind.FILE, "file", "File", "",
		"Label image or RoiSet zip. Without it the one beside the image's file: Cellpose's NAME_cp_masks.png, " +
			"NAME_masks.tif, NAME_rois.zip and the like.").orFolder();
	private static final Key AS = Key.choice("as", "Import as",
		"labels: a label image with the calibration of the image; annotations: a training stroke in each object; channel: " +
			"a copy of the image with a further channel.", LABELS, ANNOTATIONS, CHANNEL);
	private static final Key IMAGE = Key.of(Kind.IMAGE, "image", "Image", "",
		"Title of the open image that the objects belong to; without it the current one. Label images open without any " +
			"image, too.");
	private static final Key OBJECTS = Key.of(Kind.CLASS, "class", "Annotations: class of objects", "objects",
		"With annotations: the class that the objects belong to; made when the image has none of that name.");
	private static final Key BACKGROUND = Key.of(Kind.CLASS, "background", "Annotations: background", "",
		"With annotations: the class of what lies far from all objects; none without it.");
	private static final Key ERODE = Key.of(Kind.INTEGER, "erode", "Annotations: rim left out (pixels)", "2",
		"With annotations: width of the rim that objects lose; the deepest pixels of small ones stay.");
	private static final Key MARGIN = Key.of(Kind.INTEGER, "margin", "Annotations: background from (pixels)", "4",
		"With annotations: how far from every object the background begins.");
	private static final Key VALUES = Key.choice("values", "Channel: values",
		"With channel: mask for 255 in objects and 0 outside; depth for the distance to the object's rim in pixels, 1 to " +
			"255.", "mask", "depth");
	private static final Spec SPEC = new Spec(NAME, SUMMARY, FILE, AS, IMAGE, OBJECTS, BACKGROUND, ERODE, MARGIN, VALUES);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	Options initial() {
		return new Options(SPEC).set("background", "background");
	}

	@Override
	public List<String> suggestions(final Key key) {
		if (key.kind() == Kind.IMAGE && WindowManager.getImageCount() > 1) return Arrays.asList(WindowManager
			.getImageTitles());
		if (key.kind() != Kind.CLASS || WindowManager.getCurrentImage() == null) return Collections.emptyList();
		return new Annotations(currentImage()).classes().names();
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final ImagePlus imp = target(options);
		final File file = file(options, imp);
		jobs.status("Reading " + file + "...");
		final LabelImage labels = imp == null ? LabelReader.read(jobs, file) : LabelReader.read(jobs, file, imp.getWidth(),
			imp.getHeight(), imp.getNSlices(), imp.getNFrames());
		for (final String note : labels.notes())
			IJ.log(SPEC.name() + ": " + note);
		final String as = options.text("as");
		if (as.equals(ANNOTATIONS)) annotate(options, imp, labels);
		else if (as.equals(CHANNEL)) show(ObjectChannel.append(imp, labels, ObjectChannel.Values.valueOf(options.text(
			"values").toUpperCase(Locale.ROOT))));
		else open(file, imp, labels);
		IJ.showStatus(labels.count() + " objects from " + file.getName());
	}

	/** @return null when label images are to be opened on their own */
	private static ImagePlus target(final Options options) {
		if (options.given("image")) return Measure_Objects.titled("image", options.text("image"));
		final ImagePlus current = WindowManager.getCurrentImage();
		return current != null || options.text("as").equals(LABELS) ? current : currentImage();
	}

	private static File file(final Options options, final ImagePlus imp) {
		if (options.given("file")) return new File(options.text("file"));
		final FileInfo info = imp == null ? null : imp.getOriginalFileInfo();
		if (info == null || info.directory == null || info.directory.isEmpty() || info.fileName == null) {
			throw new BrushwoodException("The image has no file beside which objects could be. Choose the file of the objects " +
				"(key 'file').");
		}
		return ObjectFiles.beside(new File(info.directory, info.fileName));
	}

	private static void open(final File file, final ImagePlus imp, final LabelImage labels) {
		final ImagePlus opened = labels.toImagePlus(file.getName());
		if (imp != null) ImagePlusAdapter.copyCalibration(imp, opened);
		show(opened);
	}

	private static void annotate(final Options options, final ImagePlus imp, final LabelImage labels) {
		final int erode = (int) options.integer("erode", 0, MOST_PIXELS);
		final int margin = (int) options.integer("margin", 0, MOST_PIXELS);
		final String objects = options.text("class").trim();
		final String background = options.text("background").trim();
		if (objects.equals(background)) {
			throw new BrushwoodException("Objects and background cannot both be of the class '" + objects +
				"'. Give two classes.");
		}
		final ObjectStrokes strokes = new ObjectStrokes(labels, erode, margin);
		final Annotations annotations = new Annotations(imp);
		final AnnotationClass far = background.isEmpty() ? null : annotations.define(background);
		strokes.addTo(annotations, annotations.define(objects), far);
	}
}
