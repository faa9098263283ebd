package io.github.brushwood.session.live;

import com.google.gson.stream.JsonWriter;

import ij.ImagePlus;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.WholeFile;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.GregorianCalendar;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Reads and writes {@code .brushwood-session} files. Written beside the target and renamed when whole; the same session
 * gives the same bytes. A file from anywhere is data: every number is checked.
 * <p>
 * FORMAT, version 1: a zip of these entries in this order.
 * </p>
 * <ul>
 * <li>{@code session.json}, UTF-8: {@code format} "brushwood-session"; {@code version}; {@code classes} in the order
 * of their labels, each with {@code id} 1..255, {@code name} and {@code colour} #rrggbb; {@code features}, a feature
 * list or preset; {@code calibrated}; {@code forest}, all values of the training options by their macro keys; {@code
 * images}, each with {@code title}, {@code file} (absent when it was never saved; relative to the session file, with
 * '/', when it lies beside or below it; else absolute), {@code shape} such as "2048x2048x1 c2 t1 uint16", {@code
 * fingerprint} of size, type and pixels (16 hexadecimal digits, see {@code bw_image_fingerprint}) and {@code pixels},
 * the number of labelled ones. Other fields are errors.</li>
 * <li>{@code labels/1.bin}, {@code labels/2.bin}, ... of the images in their order, see {@link LabelCodec}.</li>
 * </ul>
 */
public final class SessionFile {

	public static final String SUFFIX = ".brushwood-session";

	private static final String FORMAT = "brushwood-session";
	private static final int VERSION = 1;
	private static final String JSON = "session.json";
	private static final int MAX_JSON = 16 << 20;
	private static final int MAX_IMAGES = 10000;
	private static final int MAX_TEXT = 1 << 16;

	/** An image as the file describes it. */
	static final class Described {

		final String title;
		/** As it is in the file; null for none. */
		final String file;
		final LiveImage.Identity identity;
		final long pixels;

		private Described(final JsonFields json) throws IOException {
			title = json.text("title", MAX_TEXT);
			file = json.has("file") ? json.text("file", MAX_TEXT) : null;
			final String fingerprint = json.text("fingerprint", 16);
			if (!fingerprint.matches("[0-9a-f]{16}")) throw new IOException("'" + fingerprint + "' is no fingerprint");
			identity = new LiveImage.Identity(json.text("shape", 200), Long.parseUnsignedLong(fingerprint, 16));
			pixels = json.whole("pixels", 0, Long.MAX_VALUE);
			json.checkNothingElse();
		}
	}

	/** What {@code session.json} says. */
	static final class Head {

		final AnnotationClasses classes = new AnnotationClasses();
		final LiveSettings settings;
		final List<Described> images = new ArrayList<>();

		private Head(final JsonFields json) throws IOException {
			if (!json.text("format", MAX_TEXT).equals(FORMAT)) throw new IOException("it is no session");
			final long version = json.whole("version", 1, Integer.MAX_VALUE);
			if (version != VERSION) {
				throw new IOException("it has version " + version + " of the format, but this Brushwood reads version " + VERSION +
					". A newer Brushwood may read it");
			}
			for (final JsonFields c : json.objects("classes", AnnotationClasses.MAX)) {
				final int id = (int) c.whole("id", 1, AnnotationClasses.MAX);
				classes.put(id, c.text("name", MAX_TEXT), AnnotationClass.parseColour(c.text("colour", 7)));
				c.checkNothingElse();
			}
			settings = new LiveSettings(json.text("features", MAX_TEXT), json.flag("calibrated"), ForestJson.read(json.object(
				"forest")));
			for (final JsonFields image : json.objects("images", MAX_IMAGES))
				images.add(new Described(image));
			json.checkNothingElse();
		}

		/** Which class ids there are, by id. */
		private boolean[] known() {
			final boolean[] known = new boolean[AnnotationClasses.MAX + 1];
			for (final AnnotationClass c : classes.list())
				known[c.id()] = true;
			return known;
		}
	}

	private SessionFile() {}

	// ---- writing

	/** A consistent snapshot of the session; images beside or below the file are named relative to it. */
	public static void write(final LiveSession session, final String path) {
		write(session.snapshot(), path, SessionFile::fileOf);
	}

	/** An image's file, also when it was saved to one since it joined the session. */
	static String fileOf(final LiveImage image) {
		final ImagePlus imp = image.image();
		return image.path() != null || imp == null ? image.path() : LiveImage.pathOf(imp);
	}

	/** @param fileOf absolute path of an image's file, null when it has none */
	static void write(final LiveSession.Snapshot session, final String path, final Function<LiveImage, String> fileOf) {
		final Path folder = new File(path).getAbsoluteFile().toPath().normalize().getParent();
		WholeFile.write(path, out -> {
			final ZipOutputStream zip = new ZipOutputStream(out);
			zip.putNextEntry(entry(JSON));
			writeHead(session, folder, fileOf, zip);
			for (int i = 0; i < session.labels.size(); i++) {
				zip.putNextEntry(entry(labels(i)));
				final DataOutputStream data = new DataOutputStream(zip);
				LabelCodec.write(session.labels.get(i), data);
				data.flush();
			}
			zip.finish();
		});
	}

	private static String labels(final int index) {
		return "labels/" + (index + 1) + ".bin";
	}

	/** The same time in every entry of every file, in any time zone. */
	private static ZipEntry entry(final String name) {
		final ZipEntry entry = new ZipEntry(name);
		entry.setTime(new GregorianCalendar(1980, Calendar.FEBRUARY, 1).getTimeInMillis());
		return entry;
	}

	private static void writeHead(final LiveSession.Snapshot session, final Path folder,
		final Function<LiveImage, String> fileOf, final OutputStream out) throws IOException
	{
		final Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
		final JsonWriter json = new JsonWriter(text);
		json.setIndent("  ");
		json.beginObject();
		json.name("format").value(FORMAT).name("version").value(VERSION);
		json.name("classes").beginArray();
		for (final AnnotationClass c : session.classes) {
			json.beginObject().name("id").value(c.id()).name("name").value(c.name()).name("colour").value(c.hex());
			json.endObject();
		}
		json.endArray();
		json.name("features").value(session.settings.features).name("calibrated").value(session.settings.calibrated);
		json.name("forest");
		ForestJson.write(json, session.settings.training());
		json.name("images").beginArray();
		for (int i = 0; i < session.images.size(); i++)
			writeImage(json, session.images.get(i), fileOf, folder, session.labels.get(i).count());
		json.endArray().endObject();
		json.flush();
	}

	private static void writeImage(final JsonWriter json, final LiveImage image, final Function<LiveImage, String> fileOf,
		final Path folder, final long pixels) throws IOException
	{
		final String file = fileOf.apply(image);
		json.beginObject().name("title").value(image.title());
		if (file != null) json.name("file").value(relative(folder, file));
		json.name("shape").value(image.identity().shape);
		json.name("fingerprint").value(String.format(Locale.ROOT, "%016x", image.identity().fingerprint));
		json.name("pixels").value(pixels).endObject();
	}

	/** Relative with '/' when a file lies in the folder or below. */
	private static String relative(final Path folder, final String file) {
		final Path path = new File(file).getAbsoluteFile().toPath().normalize();
		if (!path.startsWith(folder)) return path.toString();
		final List<String> names = new ArrayList<>();
		for (final Path name : folder.relativize(path))
			names.add(name.toString());
		return String.join("/", names);
	}

	// ---- reading

	/**
	 * A new session from a file. Images are looked for among those that are open, where the file says, and beside the
	 * session file (also under another name); found ones have the right identity. Others stay without pixels.
	 *
	 * @param open images that are open already
	 * @param opener opens an image file; null when it cannot
	 * @param notes receives sentences about images that were not found or had moved
	 * @throws BrushwoodException naming the file and what is wrong with it
	 */
	public static LiveSession read(final String path, final List<ImagePlus> open,
		final Function<String, ImagePlus> opener, final List<String> notes)
	{
		return read(path, new ImageFinder(path, open, opener, notes), false);
	}

	/** @param kept whether images beside the file were kept with it because they have no other file */
	static LiveSession read(final String path, final ImageFinder finder, final boolean kept) {
		final List<LabelMap> labels = new ArrayList<>();
		final Head head = read(path, labels);
		try {
			final LiveSession session = new LiveSession(head.classes, head.settings);
			for (int i = 0; i < labels.size(); i++)
				add(session, head.images.get(i), labels.get(i), finder, kept);
			return session;
		}
		catch (final BrushwoodException e) {
			throw damaged(path, e);
		}
	}

	private static void add(final LiveSession session, final Described image, final LabelMap labels,
		final ImageFinder finder, final boolean kept)
	{
		final boolean own = kept && image.file != null && !new File(image.file).isAbsolute();
		final String file = image.file == null ? null : finder.absolute(image.file);
		final LiveImage added = session.addMissing(image.title, own ? null : file, image.identity, labels);
		finder.find(added, file, own);
	}

	/** Classes, settings and images of a file, without labels. */
	static Head readHead(final String path) {
		return read(path, null);
	}

	/** @param labels receives those of each image; null for the head alone */
	private static Head read(final String path, final List<LabelMap> labels) {
		final File file = new File(path);
		if (!file.isFile()) throw new BrushwoodException("The file '" + path + "' does not exist. Check the path.");
		try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(Files.newInputStream(file.toPath())))) {
			next(zip, JSON);
			final Head head = new Head(JsonFields.parse(text(zip)));
			if (labels == null) return head;
			final long[] budget = { Runtime.getRuntime().maxMemory() / 2 };
			for (final Described image : head.images) {
				next(zip, labels(labels.size()));
				final LabelMap map = LabelCodec.read(new DataInputStream(new BufferedInputStream(zip)), head.known(), budget);
				if (map.count() != image.pixels) throw new IOException("the number of labelled pixels differs");
				if (!image.identity.fits(map)) throw new IOException("the shape '" + image.identity.shape +
					"' does not fit its labels");
				labels.add(map);
			}
			if (zip.getNextEntry() != null) throw new IOException("there is more behind the labels");
			return head;
		}
		catch (final IOException | BrushwoodException | IllegalArgumentException | IllegalStateException e) {
			throw damaged(path, e);
		}
	}

	private static BrushwoodException damaged(final String path, final Exception cause) {
		final String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
		return new BrushwoodException("The file '" + path + "' is not a session that can be read: " + reason.replaceAll(
			"\\.$", "") + ".", cause);
	}

	private static void next(final ZipInputStream zip, final String name) throws IOException {
		final ZipEntry entry = zip.getNextEntry();
		if (entry == null) throw new IOException("it is no zip file, or cut off before '" + name + "'");
		if (!entry.getName().equals(name)) throw new IOException("it has '" + entry.getName() + "' in place of '" + name +
			"'");
	}

	/** The rest of an entry as UTF-8. */
	private static String text(final ZipInputStream zip) throws IOException {
		final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		final byte[] buffer = new byte[8192];
		for (int n = zip.read(buffer); n >= 0; n = zip.read(buffer)) {
			bytes.write(buffer, 0, n);
			if (bytes.size() > MAX_JSON) throw new IOException("'" + JSON + "' is too long");
		}
		return StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(bytes
			.toByteArray())).toString();
	}
}
