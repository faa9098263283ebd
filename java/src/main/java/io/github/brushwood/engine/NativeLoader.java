package io.github.brushwood.engine;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Loads the native library: the file that {@value #OVERRIDE} names, else Fiji's {@code lib/<platform>}, else the copy
 * inside the jar, which is unpacked to a private folder. A library of another version than the jar's is refused.
 */
final class NativeLoader {

	static final String OVERRIDE = "brushwood.library.file";

	private static final String FOLDER_PREFIX = "brushwood-native-";
	/** A younger folder may belong to a process that is just about to load from it. */
	private static final long SWEEP_AGE_MILLIS = 10 * 60 * 1000;

	private static volatile boolean loaded;
	/** Why the one attempt failed. */
	private static EngineException failure;

	private NativeLoader() {}

	/** Loads the library once; after a failure every call throws a new exception with the same message. */
	static void load() {
		if (loaded) return;
		synchronized (NativeLoader.class) {
			if (loaded) return;
			if (failure == null) failure = attempt();
			if (failure != null) throw new EngineException(Status.INTERNAL, failure.getMessage(), failure);
			loaded = true;
		}
	}

	/** Null when the library is loaded. */
	private static EngineException attempt() {
		try {
			locateAndLoad();
			return null;
		}
		catch (final EngineException e) {
			return e;
		}
		catch (final IOException e) {
			return failed("The native library of Brushwood could not be unpacked to " + System.getProperty("java.io.tmpdir") +
				" (" + e + "); free some space there or choose another folder with -Djava.io.tmpdir.", e);
		}
		catch (final LinkageError | SecurityException e) {
			return failed("The native library of Brushwood could not be loaded (" + e.getMessage() + "); reinstall Brushwood " +
				"for this system, or set -D" + OVERRIDE + " to a library that fits it.", e);
		}
	}

	private static EngineException failed(final String message, final Throwable cause) {
		return new EngineException(Status.INTERNAL, message, cause);
	}

	private static void locateAndLoad() throws IOException {
		final String override = System.getProperty(OVERRIDE);
		if (override != null && !override.isEmpty()) {
			loadOverride(new File(override));
			return;
		}
		final Platform platform = Platform.current();
		for (final File file : fijiFiles(platform)) {
			if (file.isFile()) {
				loadFile(file);
				return;
			}
		}
		loadFromJar(platform);
	}

	private static void loadOverride(final File file) throws IOException {
		if (!file.isFile()) {
			throw failed("The system property " + OVERRIDE + " names " + file + ", which is no file; correct or remove it.",
				null);
		}
		loadFile(file);
	}

	private static List<File> fijiFiles(final Platform platform) {
		final List<File> roots = new ArrayList<>();
		for (final String property : new String[] { "fiji.dir", "imagej.dir", "plugins.dir" }) {
			final String value = System.getProperty(property);
			if (value != null && !value.isEmpty()) roots.add(new File(value).getAbsoluteFile());
		}
		final List<File> files = new ArrayList<>();
		for (final File root : roots) {
			files.add(platform.fijiFile(root));
			// plugins.dir is ImageJ's folder or the plugins folder in it
			if (root.getParentFile() != null) files.add(platform.fijiFile(root.getParentFile()));
		}
		return files;
	}

	/** Another class loader may hold the file, which the JVM allows only once: then a copy is loaded. */
	private static void loadFile(final File file) throws IOException {
		try {
			System.load(file.getAbsolutePath());
		}
		catch (final UnsatisfiedLinkError e) {
			if (!String.valueOf(e.getMessage()).contains("another classloader")) throw e;
			try (InputStream in = Files.newInputStream(file.toPath())) {
				loadCopy(in, file.getName());
			}
		}
	}

	private static void loadFromJar(final Platform platform) throws IOException {
		final String resource = "/natives/" + platform.jarName + "/" + platform.fileName;
		try (InputStream in = NativeLoader.class.getResourceAsStream(resource)) {
			if (in == null) {
				throw failed("This copy of Brushwood has no native library for " + platform + " (" + resource +
					" is not in the jar); install the jar made for this system, or set -D" + OVERRIDE + " to a library that " +
					"fits it.", null);
			}
			loadCopy(in, platform.fileName);
		}
	}

	/** Unpacks to a new folder that only this user can enter: each class loader needs a file of its own. */
	private static void loadCopy(final InputStream in, final String fileName) throws IOException {
		final File parent = new File(System.getProperty("java.io.tmpdir"));
		sweep(parent, fileName);
		final Path folder = Files.createTempDirectory(parent.toPath(), FOLDER_PREFIX);
		final Path file = folder.resolve(fileName);
		try {
			Files.copy(in, file);
			System.load(file.toAbsolutePath().toString());
		}
		finally {
			delete(folder.toFile(), file.toFile());
		}
	}

	/** At once where a loaded file may be deleted; at exit elsewhere; what Windows keeps even then is swept later. */
	private static void delete(final File folder, final File file) {
		final boolean deleted = file.delete() && folder.delete();
		if (deleted) return;
		folder.deleteOnExit(); // reverse order: the file goes first
		file.deleteOnExit();
	}

	/** Removes what earlier processes had to leave; a library in use refuses deletion. Follows no links. */
	static void sweep(final File parent, final String fileName) {
		final long limit = System.currentTimeMillis() - SWEEP_AGE_MILLIS;
		final File[] folders = parent.listFiles((dir, name) -> name.startsWith(FOLDER_PREFIX));
		if (folders == null) return;
		for (final File folder : folders) {
			if (!Files.isDirectory(folder.toPath(), LinkOption.NOFOLLOW_LINKS) || folder.lastModified() > limit) continue;
			new File(folder, fileName).delete();
			folder.delete();
		}
	}

	/** Throws unless the library's version is the jar's. */
	static void checkVersion(final String library) {
		final String jar = version();
		if (library.equals(jar)) return;
		throw failed("The native library is of Brushwood " + library + ", but the jar is of Brushwood " + jar +
			"; install both from the same release and remove the older one.", null);
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
