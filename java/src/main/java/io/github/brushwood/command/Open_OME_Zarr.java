package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.io.DirectoryChooser;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.io.ZarrFolder;
import io.github.brushwood.io.ZarrImage;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusSink;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.ZarrImages;
import io.github.brushwood.session.ZarrImages.Hold;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.HelpText;
import io.github.brushwood.ui.OptionDialog;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Opens an image of a folder in OME-Zarr. */
public final class Open_OME_Zarr extends BrushwoodCommand {

	private static final String NAME = "Brushwood Open OME-Zarr...";
	private static final String SUMMARY =
		"Opens an image of a folder in OME-Zarr, in one of its resolutions, with calibration and names of channels. " +
			"Versions 0.1 to 0.5 are read, also plain Zarr arrays, in raw, gzip, zlib, zstd, lz4 or blosc. Images that take " +
			"more than a quarter of ImageJ's memory become virtual stacks, whose planes are read when they are shown.";
	private static final String FOLDER_ID = "folder";
	private static final String IMAGE = "image";
	private static final String LEVEL = "level";
	private static final Key FOLDER = Key.required(Kind.FOLDER, FOLDER_ID, "OME-Zarr folder",
		"Folder of the image, whose name usually ends with .zarr.");
	private static final String IMAGE_DOC =
		"Path of the image within the folder, such as 0, A/1/0 or labels/nuclei, where it holds several.";
	private static final String LEVEL_DOC = "Resolution: 0 is the largest, 1 the next smaller one.";
	private static final Key HOLD = Key.choice("pixels", "Pixels",
		"memory reads all of them; virtual leaves them in the folder and reads a plane when it is shown, which changes " +
			"cannot be made to; auto is memory for images of at most a quarter of it.", "auto", "memory", "virtual");
	private static final Key PATH = Key.of(Kind.TEXT, IMAGE, "Image", "", IMAGE_DOC);
	private static final Spec SPEC = new Spec(NAME, SUMMARY, FOLDER, PATH, Key.of(Kind.INTEGER, LEVEL, "Resolution", "0",
		LEVEL_DOC), HOLD);

	/** With the resolutions of the image that was chosen before the dialog. */
	private Spec asking = SPEC;
	private String chosen = "";
	private String image = "";
	private final List<String> resolutions = new ArrayList<>();

	@Override
	public Spec spec() {
		return asking;
	}

	@Override
	Spec documented() {
		return SPEC;
	}

	/** Asks for the folder and the image, so that the dialog can list its resolutions. */
	@Override
	void checkReady() {
		chosen = new DirectoryChooser("Open OME-Zarr: choose the image's folder").getDirectory();
		if (chosen == null) throw new CancelledException("Cancelled.");
		final ZarrImage found = choose(ZarrFolder.images(new File(chosen)));
		image = found.path;
		for (final File level : found.levels())
			resolutions.add(resolutions.size() + ": " + describe(level));
		final Key inside = image.isEmpty() ? PATH.inMacrosOnly() : PATH;
		asking = new Spec(NAME, SUMMARY, FOLDER, inside, Key.choice(LEVEL, "Resolution", LEVEL_DOC, resolutions.toArray(
			new String[0])), HOLD);
	}

	private static ZarrImage choose(final List<ZarrImage> images) {
		if (images.size() == 1) return images.get(0);
		final List<String> names = new ArrayList<>();
		for (final ZarrImage each : images)
			names.add(each.toString());
		final Spec spec = new Spec(NAME, "The folder holds several images.", Key.choice(IMAGE, "Image", IMAGE_DOC, names
			.toArray(new String[0])));
		final Options answer = OptionDialog.ask(new Options(spec), new Open_OME_Zarr(), HelpText.of(SPEC));
		if (answer == null) throw new CancelledException("Cancelled.");
		return images.get(names.indexOf(answer.text(IMAGE)));
	}

	/** Such as "2048 x 1024 x 40, 3 channels, 160 MB". */
	private static String describe(final File level) {
		try (Job job = new Job(); EngineImage opened = EngineImage.open(job, level.getPath())) {
			final ImageInfo info = opened.info();
			final StringBuilder text = new StringBuilder(info.width + " x " + info.height);
			if (info.depth > 1) text.append(" x ").append(info.depth);
			if (info.channels > 1) text.append(", ").append(info.channels).append(" channels");
			if (info.frames > 1) text.append(", ").append(info.frames).append(" frames");
			return text + ", " + ImagePlusSink.size(ImagePlusSink.bytes(info));
		}
	}

	@Override
	Options initial() {
		return new Options(asking).set(FOLDER_ID, chosen).set(IMAGE, image);
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final File folder = new File(options.text(FOLDER_ID));
		final ZarrImage found = ZarrFolder.image(folder, options.text(IMAGE));
		final int level = level(options, found.levels().size());
		final Hold hold = Hold.valueOf(options.text(HOLD.id()).toUpperCase(Locale.ROOT));
		jobs.status("Opening " + folder + "...");
		final ImagePlus imp = ZarrImages.open(jobs, found.levels().get(level), hold, title(folder, found, level));
		show(imp);
		IJ.showStatus("Opened " + folder);
		if (options.given(LEVEL)) options.set(LEVEL, String.valueOf(level)); // what the recorder shall write
	}

	/** From the number that a macro gives, or from the line of the dialog. */
	private int level(final Options options, final int count) {
		final int listed = resolutions.indexOf(options.text(LEVEL));
		if (listed >= 0) return listed;
		final long level = options.integer(LEVEL, 0, Integer.MAX_VALUE);
		if (level < count) return (int) level;
		throw new BrushwoodException("The image has " + count + (count == 1 ? " resolution" : " resolutions") +
			"; 'level' counts from 0 to " + (count - 1) + ", and is " + level + ".");
	}

	private static String title(final File folder, final ZarrImage image, final int level) {
		final String inside = image.path.isEmpty() ? "" : " " + image.path.replace('/', ' ');
		return folder.getName() + inside + (level == 0 ? "" : " level " + level);
	}
}
