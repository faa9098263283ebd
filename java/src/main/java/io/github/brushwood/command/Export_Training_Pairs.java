package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.ObjectOutput;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImageFiles;
import io.github.brushwood.session.ImagePlusAdapter;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Labelling;
import io.github.brushwood.session.batch.NamePattern;
import io.github.brushwood.session.objects.LabelImage;
import io.github.brushwood.session.objects.LabelReader;
import io.github.brushwood.session.objects.PairedFolders;
import io.github.brushwood.session.objects.TrainingPairs;
import io.github.brushwood.session.objects.TrainingPairs.Layout;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes images and label images for Cellpose and StarDist to train from. */
public final class Export_Training_Pairs extends BrushwoodCommand {

	private static final String STACKS = "stacks";
	private static final String FOLDERS = "Folders in place of open images";
	private static final int MOST_CHANNELS = 65535;

	private static final String NAME = "Brushwood Export Training Pairs...";
	private static final String SUMMARY =
		"Writes images and their objects as the pairs of files that Cellpose or StarDist train from, or the objects as a " +
			"RoiSet zip: the current image with an open label image, or the images of a folder with the label images or " +
			"RoiSets that are named after them. Label images are TIFF files of 16 bits.";
	private static final Key OUTPUT = Key.required(Kind.FOLDER, "output", "Output folder",
		"Folder to write to; made when it does not exist.");
	private static final Key LAYOUT = Key.set("layout", "Layout",
		"cellpose: NAME.tif and NAME_masks.tif; stardist: images/NAME.tif and masks/NAME.tif; rois: NAME_rois.zip for the " +
			"ROI Manager. Several are separated by ';'.", "cellpose", "stardist", "rois");
	private static final Key IMAGE = Key.of(Kind.IMAGE, "image", "Image", "",
		"Title of an open image; without it the current one.");
	private static final Key LABELS = Key.of(Kind.IMAGE, "labels", "Label image", "",
		"Title of the open label image of its objects.");
	private static final Key IMAGE_FOLDER = Key.of(Kind.FOLDER, "image_folder", "Image folder", "",
		"In place of open images: a folder of images.").under(FOLDERS);
	private static final Key LABEL_FOLDER = Key.of(Kind.FOLDER, "label_folder", "Label folder", "",
		"The folder of their label images or RoiSets, which have the same names, with another suffix or an ending such as " +
			"_cp_masks, _masks, _objects, _labels or _rois. Without it the image folder.").under(FOLDERS);
	private static final Key FILES = Key.of(Kind.TEXT, "name", "Name of files", "",
		"What the files of an open image are called; without it as the image.");
	private static final Key PLANES = Key.choice("planes", "Stacks as",
		"slices: every slice of a stack is a pair, NAME_z001 and so on; stacks: its slices stay together. Frames are " +
			"always apart, NAME_t001 and so on.", "slices", STACKS);
	private static final Key CHANNEL = Key.of(Kind.INTEGER, "channel", "Channel", "0",
		"The one channel to write, from 1; 0 for all.");
	private static final Key SKIP_EMPTY = Key.flag("skip_empty", "Leave out what has no objects",
		"Leave out slices, or stacks, without objects.");
	private static final Key OVERWRITE = Key.flag("overwrite", "Overwrite files",
		"Replace files that exist; without it they are an error.");
	private static final Spec SPEC = new Spec(NAME, SUMMARY, OUTPUT, LAYOUT, IMAGE, LABELS, FILES,
		PLANES, CHANNEL, SKIP_EMPTY, OVERWRITE, IMAGE_FOLDER, LABEL_FOLDER);

	@Override
	public Spec spec() {
		return SPEC;
	}

	/** With the objects of the current image when they are open under the name that Brushwood gave them. */
	@Override
	Options initial() {
		final ImagePlus imp = WindowManager.getCurrentImage();
		final String objects = imp == null ? "" : Labelling.title(ObjectOutput.LABELS, imp.getTitle());
		final boolean open = imp != null && WindowManager.getImage(objects) != null;
		return open ? new Options(SPEC).set("labels", objects) : new Options(SPEC);
	}

	@Override
	public List<String> suggestions(final Key key) {
		if (key.kind() != Kind.IMAGE || WindowManager.getImageCount() == 0) return Collections.emptyList();
		return Arrays.asList(WindowManager.getImageTitles());
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final List<Layout> layouts = new ArrayList<>();
		for (final String layout : options.list("layout"))
			layouts.add(Layout.valueOf(layout.toUpperCase(Locale.ROOT)));
		final TrainingPairs pairs = new TrainingPairs(new File(options.text("output")), layouts).stacks(options.text("planes")
			.equals(STACKS)).skipEmpty(options.flag("skip_empty")).overwrite(options.flag("overwrite")).channel((int) options
				.integer("channel", 0, MOST_CHANNELS));
		if (options.given("image_folder") || options.given("label_folder")) addFolders(options, jobs, pairs);
		else addOpenImages(options, pairs);
		final String empty = pairs.skipped() > 0 ? "; " + pairs.skipped() + " without objects were left out" : "";
		IJ.log(SPEC.name() + ": wrote " + pairs.written() + " files to " + options.text("output") + empty);
	}

	private static void addOpenImages(final Options options, final TrainingPairs pairs) {
		if (!options.given("labels") && pairs.needsImages()) {
			throw new BrushwoodException("There is no label image. Choose the one of the image's objects (key 'labels'), " +
				"or give folders (keys 'image_folder' and 'label_folder').");
		}
		final ImagePlus labels = options.given("labels") ? Measure_Objects.titled("labels", options.text("labels"))
			: currentImage();
		ImagePlus imp = null;
		if (options.given("image")) imp = Measure_Objects.titled("image", options.text("image"));
		else if (pairs.needsImages()) imp = currentImage();
		if (imp == labels) {
			throw new BrushwoodException("'" + labels.getTitle() + "' is both the image and its label image. Choose the image " +
				"(key 'image'), or make it the current one.");
		}
		final LabelImage objects = LabelImage.of(labels, "The label image '" + labels.getTitle() + "'");
		final String title = imp != null ? imp.getTitle() : labels.getTitle();
		pairs.add(imp, objects, options.given("name") ? options.text("name") : NamePattern.stem(title));
	}

	/** Goes on with the next pair after a failure, and fails in the end. */
	private static void addFolders(final Options options, final Jobs jobs, final TrainingPairs pairs) {
		if (!options.given("image_folder")) {
			throw new BrushwoodException("The label folder needs the folder of its images (key 'image_folder').");
		}
		if (options.given("name") || options.given("image") || options.given("labels")) {
			throw new BrushwoodException("With folders the files are called as the images; leave out 'name', 'image' and " +
				"'labels'.");
		}
		final File images = new File(options.text("image_folder"));
		final PairedFolders found = new PairedFolders(images, options.given("label_folder") ? new File(options.text(
			"label_folder")) : images);
		if (found.alone() > 0) IJ.log(SPEC.name() + ": " + found.alone() + " images without objects were left out");
		final List<String> failures = new ArrayList<>();
		int done = 0;
		for (final Map.Entry<File, File> pair : found.pairs().entrySet()) {
			jobs.status("Writing " + pair.getKey().getName() + "...");
			jobs.step((double) done++ / found.pairs().size());
			try {
				addFiles(jobs, pairs, pair.getKey(), pair.getValue());
			}
			catch (final CancelledException e) {
				throw e;
			}
			catch (final BrushwoodException | EngineException e) {
				failures.add(e.getMessage());
			}
		}
		if (failures.isEmpty()) return;
		throw new BrushwoodException(failures.size() + " of " + found.pairs().size() + " pairs failed, " + pairs.written() +
			" files were written. " + String.join(" ", failures));
	}

	private static void addFiles(final Jobs jobs, final TrainingPairs pairs, final File image, final File objects) {
		final ImagePlus imp;
		try (Job job = jobs.open(); EngineImage engine = ImageFiles.read(job, image.getPath())) {
			imp = ImagePlusAdapter.toImagePlus(engine, image.getName());
		}
		pairs.add(imp, LabelReader.read(jobs, objects, imp.getWidth(), imp.getHeight(), imp.getNSlices(), imp.getNFrames()),
			NamePattern.stem(image.getName()));
	}
}
