package io.github.brushwood.io;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;

import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Status;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Which images a folder holds in Zarr: its own, those of groups below it, arrays. The engine reads the pixels. */
public final class ZarrFolder {

	private static final String ATTRIBUTES = ".zattrs";
	private static final String GROUP = ".zgroup";
	private static final String ARRAY = ".zarray";
	/** Of version 3. */
	private static final String BOTH = "zarr.json";
	/** Groups below groups, as in plates: row, column, field. */
	private static final int DEEPEST = 4;

	private final List<ZarrImage> found = new ArrayList<>();

	private ZarrFolder() {}

	/**
	 * The images in the order of their paths; an image's own labels come as images, too.
	 *
	 * @param folder a group or an array
	 * @throws EngineException when it holds none, or a file that describes it is damaged
	 */
	public static List<ZarrImage> images(final File folder) {
		final ZarrFolder search = new ZarrFolder();
		if (!folder.isDirectory()) {
			throw new EngineException(Status.IO, "The folder '" + folder + "' does not exist. Check the path.");
		}
		search.collect(folder, "", 0);
		if (search.found.isEmpty()) {
			throw new EngineException(Status.FORMAT, "The folder '" + folder + "' holds no image in Zarr. Choose the folder " +
				"of the image itself, whose name usually ends with .zarr.");
		}
		return search.found;
	}

	/**
	 * One of them.
	 *
	 * @param path within the folder; "" for the image itself, or else the only one
	 * @throws EngineException when there is none of that path, or several and none is named
	 */
	public static ZarrImage image(final File folder, final String path) {
		final List<ZarrImage> images = images(folder);
		final String wanted = path.replace('\\', '/').replaceAll("^/+|/+$", "");
		for (final ZarrImage image : images)
			if (image.path.equals(wanted)) return image;
		if (wanted.isEmpty() && images.size() == 1) return images.get(0);
		throw new EngineException(Status.FORMAT, "The folder '" + folder + "' holds " + (wanted.isEmpty()
			? "several images" : "no image '" + wanted + "'") + ". Name one of: " + names(images) + ".");
	}

	private static String names(final List<ZarrImage> images) {
		final int most = 20;
		final List<String> names = new ArrayList<>();
		for (final ZarrImage image : images.subList(0, Math.min(most, images.size())))
			names.add(image.path.isEmpty() ? "(nothing, for the image itself)" : image.path);
		return String.join(", ", names) + (images.size() > most ? ", ..." : "");
	}

	/** Whether a folder is Zarr, or empty. */
	static boolean mayBeReplaced(final File folder) {
		final String[] names = folder.list();
		return names != null && (names.length == 0 || isNode(folder));
	}

	/** Whether a folder is a result of Brushwood's that grew block by block. */
	public static boolean isGrown(final File folder) {
		final JsonObject node = read(new File(folder, BOTH));
		return object(node == null ? read(new File(folder, ATTRIBUTES)) : object(node, "attributes"), "brushwood") != null;
	}

	private static boolean isNode(final File folder) {
		for (final String name : Arrays.asList(BOTH, GROUP, ARRAY, ATTRIBUTES))
			if (new File(folder, name).isFile()) return true;
		return false;
	}

	private void collect(final File folder, final String path, final int depth) {
		final JsonObject node = read(new File(folder, BOTH));
		if (new File(folder, ARRAY).isFile() || "array".equals(text(node, "node_type"))) {
			found.add(new ZarrImage(path, Collections.singletonList(folder)));
			return;
		}
		final JsonObject attributes = object(node, "attributes");
		final JsonObject ome = object(attributes, "ome");
		final List<File> levels = levels(folder, node == null ? read(new File(folder, ATTRIBUTES)) : ome == null
			? attributes : ome);
		if (!levels.isEmpty()) found.add(new ZarrImage(path, levels));
		if (depth == DEEPEST) return;
		for (final File below : folders(folder))
			if (!levels.contains(below) && isNode(below)) collect(below, path.isEmpty() ? below.getName() : path + "/" + below
				.getName(), depth + 1);
	}

	private static List<File> folders(final File folder) {
		final File[] folders = folder.listFiles(File::isDirectory);
		if (folders == null) return Collections.emptyList();
		Arrays.sort(folders, (one, other) -> {
			final int lengths = one.getName().matches("\\d+") && other.getName().matches("\\d+") ? Integer.compare(one
				.getName().length(), other.getName().length()) : 0;
			return lengths != 0 ? lengths : one.getName().compareTo(other.getName());
		});
		return Arrays.asList(folders);
	}

	/** Of the first multiscale image that the attributes describe. */
	private static List<File> levels(final File folder, final JsonObject attributes) {
		final List<File> levels = new ArrayList<>();
		for (final JsonElement image : array(attributes, "multiscales")) {
			for (final JsonElement level : array(image, "datasets")) {
				final String path = text(level, "path");
				if (path != null) levels.add(new File(folder, path));
			}
			if (!levels.isEmpty()) break;
		}
		return levels;
	}

	/** Null when it is not there. */
	private static JsonObject read(final File file) {
		if (!file.isFile()) return null;
		try {
			final JsonElement root = JsonParser.parseString(new String(Files.readAllBytes(file.toPath()),
				StandardCharsets.UTF_8));
			if (root.isJsonObject()) return root.getAsJsonObject();
			throw new EngineException(Status.FORMAT, "The file '" + file + "' is damaged: it holds no JSON object.");
		}
		catch (final JsonParseException e) {
			throw new EngineException(Status.FORMAT, "The file '" + file + "' is damaged: it is not JSON.", e);
		}
		catch (final IOException e) {
			throw new EngineException(Status.IO, "The file '" + file + "' cannot be read (" + e + "). Check its rights.", e);
		}
	}

	private static JsonElement get(final JsonElement parent, final String name) {
		return parent == null || !parent.isJsonObject() ? null : parent.getAsJsonObject().get(name);
	}

	private static JsonObject object(final JsonElement parent, final String name) {
		final JsonElement found = get(parent, name);
		return found == null || !found.isJsonObject() ? null : found.getAsJsonObject();
	}

	private static JsonArray array(final JsonElement parent, final String name) {
		final JsonElement found = get(parent, name);
		return found == null || !found.isJsonArray() ? new JsonArray() : found.getAsJsonArray();
	}

	private static String text(final JsonElement parent, final String name) {
		final JsonElement found = get(parent, name);
		return found == null || !found.isJsonPrimitive() ? null : found.getAsString();
	}
}
