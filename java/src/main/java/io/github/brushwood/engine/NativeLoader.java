package io.github.brushwood.engine;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/**
 * Loads the native library: the file that {@value #OVERRIDE} names, else Fiji's {@code lib/<platform>}, else the copy
 * inside the jar, which is unpacked to a private folder. A library of another version than the jar's is refused; one in
 * Fiji's folder that cannot be used is passed over.
 */
final class NativeLoader {

	static final String OVERRIDE = "brushwood.library.file";

	private static final double MILLIS = 1e-6;

	private static volatile Loaded loaded;
	/** Why the one attempt failed. */
	private static EngineException failure;

	/** The library in use. */
	static final class Loaded {

		/** Where it came from. */
		final String source;
		/** What was found on the way, in sentences. */
		final List<String> notes;
		/** What finding, unpacking and loading it took. */
		final double millis;

		private Loaded(final String source, final List<String> notes, final double millis) {
			this.source = source;
			this.notes = notes;
			this.millis = millis;
		}
	}

	/** What was found on the way, in sentences. */
	private final List<String> notes = new ArrayList<>();

	private NativeLoader() {}

	/** Loads the library once; after a failure every call throws a new exception with the same message. */
	static Loaded load() {
		if (loaded != null) return loaded;
		synchronized (NativeLoader.class) {
			if (loaded == null && failure == null) attempt();
			if (failure != null) throw new EngineException(Status.INTERNAL, failure.getMessage(), failure);
			return loaded;
		}
	}

	static boolean isLoaded() {
		return loaded != null;
	}

	private static void attempt() {
		final long start = System.nanoTime();
		final NativeLoader loader = new NativeLoader();
		try {
			final String source = loader.locateAndLoad();
			loaded = new Loaded(source, loader.notes, (System.nanoTime() - start) * MILLIS);
		}
		catch (final EngineException e) {
			failure = e;
		}
	}

	private static EngineException failed(final String message, final Throwable cause) {
		return new EngineException(Status.INTERNAL, message, cause);
	}

	/** Where the library came from. */
	private String locateAndLoad() {
		final String override = System.getProperty(OVERRIDE);
		if (override != null && !override.isEmpty()) return loadOverride(new File(override));
		final Platform platform = Platform.current();
		for (final File file : fijiFiles(platform)) {
			if (!file.isFile()) continue;
			final String reason = tryFile(file);
			if (reason == null) return file.toString();
			notes.add("The library " + file + " was passed over (" + reason + "); remove it or install Brushwood anew.");
		}
		return loadFromJar(platform);
	}

	private static String loadOverride(final File file) {
		if (!file.isFile()) {
			throw failed("The system property " + OVERRIDE + " names " + file + ", which is no file; correct or remove it.",
				null);
		}
		final String reason = tryFile(file);
		if (reason == null) return file.toString();
		throw failed("The system property " + OVERRIDE + " names " + file + ", which cannot be used (" + reason +
			"); correct or remove it.", null);
	}

	/** Null once loaded, else why not. Another class loader may hold the file, which the JVM allows only once: a copy. */
	private static String tryFile(final File file) {
		try {
			if (ElfFile.isCut(file)) return "its end is missing";
			System.load(file.getAbsolutePath());
			return null;
		}
		catch (final IOException e) {
			return "it cannot be read, " + e.getMessage();
		}
		catch (final LinkageError | RuntimeException e) {
			if (!LoadFailure.isHeldByAnotherClassLoader(e)) return LoadFailure.reason(e);
		}
		return load(new LibraryCopy(file.getName(), () -> Files.newInputStream(file.toPath())));
	}

	/** Null once loaded, else why no place will do. */
	private static String load(final LibraryCopy copy) {
		final String folder = copy.load(LibraryCopy.places());
		return folder == null ? String.join("; ", copy.failures()) : null;
	}

	private String loadFromJar(final Platform platform) {
		final String resource = "/natives/" + platform.jarName + "/" + platform.fileName;
		final URL url = NativeLoader.class.getResource(resource);
		if (url == null) {
			throw failed("This copy of Brushwood has no native library for " + platform + " (" + resource +
				" is not in the jar); " + platform.advice + passedOver(), null);
		}
		final LibraryCopy copy = new LibraryCopy(platform.fileName, () -> NativeLoader.class
			.getResourceAsStream(resource));
		final String folder = copy.load(LibraryCopy.places());
		if (folder == null) {
			throw failed("The native library of Brushwood could not be loaded: " + String.join("; ", copy.failures()) +
				"." + passedOver(), null);
		}
		for (final String reason : copy.failures())
			notes.add("The library was unpacked to " + folder + ", as another place would not do: " + reason + ".");
		return url + ", unpacked to " + folder;
	}

	/** The notes as an end of a message. */
	private String passedOver() {
		return notes.isEmpty() ? "" : " " + String.join(" ", notes);
	}

	private static Set<File> fijiFiles(final Platform platform) {
		final Set<File> files = new LinkedHashSet<>();
		for (final File root : fijiFolders())
			files.add(platform.fijiFile(root));
		return files;
	}

	/** Folders that may be Fiji's or ImageJ's own. */
	static Set<File> fijiFolders() {
		final Set<File> roots = new LinkedHashSet<>();
		for (final String property : new String[] { "fiji.dir", "imagej.dir", "plugins.dir" }) {
			final String value = System.getProperty(property);
			if (value == null || value.isEmpty()) continue;
			final File folder = new File(value).getAbsoluteFile();
			// plugins.dir is ImageJ's folder or the plugins folder in it; what surrounds the others may be anybody's
			final boolean inside = property.equals("plugins.dir") && folder.getName().equals("plugins");
			roots.add(inside && folder.getParentFile() != null ? folder.getParentFile() : folder);
		}
		return roots;
	}

	/** Throws unless the library's version is the jar's. */
	static void checkVersion(final String library) {
		final String jar = version();
		if (library.equals(jar)) return;
		throw failed("it is of Brushwood " + library + ", but the jar is of Brushwood " + jar, null);
	}

	/** The jar's version. */
	static String version() {
		final Properties properties = new Properties();
		try (InputStream in = NativeLoader.class.getResourceAsStream("brushwood.properties")) {
			if (in == null) throw failed("The jar of Brushwood lacks brushwood.properties; reinstall it.", null);
			properties.load(in);
		}
		catch (final IOException e) {
			throw failed("The jar of Brushwood is damaged (" + e.getMessage() + "); reinstall it.", e);
		}
		return properties.getProperty("version");
	}
}
