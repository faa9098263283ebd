package io.github.brushwood.engine;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A private copy of the native library: each class loader needs a file of its own, in a folder that only this user can
 * enter. Where one place will not do (full, read-only, no programs allowed) the next one is tried.
 */
final class LibraryCopy {

	static final String FOLDER_PREFIX = "brushwood-native-";
	/** A younger folder may belong to a process that is just about to load from it. */
	private static final long SWEEP_AGE_MILLIS = 10 * 60 * 1000;

	private final String fileName;
	private final Original original;
	private final List<String> failures = new ArrayList<>();
	/** Whether no place would do. */
	private boolean hopeless;

	/** What is copied. */
	interface Original {

		InputStream open() throws IOException;
	}

	LibraryCopy(final String fileName, final Original original) {
		this.fileName = fileName;
		this.original = original;
	}

	/** Why places would not do, one text for each. */
	List<String> failures() {
		return failures;
	}

	/** Folders to unpack to: for temporary files, the user's cache, Fiji's own. */
	static Set<File> places() {
		final Set<File> places = new LinkedHashSet<>();
		places.add(new File(System.getProperty("java.io.tmpdir")).getAbsoluteFile());
		final File cache = Platform.cacheFolder(System.getProperty("os.name"), System.getProperty("user.home"),
			System::getenv);
		if (cache != null) places.add(cache);
		for (final File folder : NativeLoader.fijiFolders())
			if (folder.isDirectory()) places.add(folder);
		return places;
	}

	/** Loads from the first place that will do and gives it; null when none will. The first one is not created. */
	String load(final Set<File> places) {
		for (final File place : places) {
			if (!failures.isEmpty()) place.mkdirs();
			final String reason = tryPlace(place);
			if (reason == null) {
				sweep(place, fileName);
				return place.toString();
			}
			failures.add(reason);
			if (hopeless) break;
		}
		return null;
	}

	/** Null once loaded, else why not. */
	private String tryPlace(final File place) {
		Path folder = null;
		try {
			folder = Files.createTempDirectory(place.toPath(), FOLDER_PREFIX);
			final Path file = folder.resolve(fileName);
			try (InputStream in = original.open()) {
				Files.copy(in, file);
			}
			return tryFile(place, file);
		}
		catch (final IOException | RuntimeException e) {
			return place + " cannot be written (" + e + "); make room there, or choose another folder with " +
				"-Djava.io.tmpdir";
		}
		finally {
			if (folder != null) delete(folder.toFile(), folder.resolve(fileName).toFile());
		}
	}

	private String tryFile(final File place, final Path file) {
		try {
			System.load(file.toAbsolutePath().toString());
			return null;
		}
		catch (final LinkageError | RuntimeException e) {
			if (Files.exists(file)) {
				hopeless = !LoadFailure.isOfThePlace(e);
				return place + ": " + LoadFailure.reason(e);
			}
			return place + ": the library vanished before it was loaded (" + e.getMessage() +
				"); tell the virus scanner to let it pass";
		}
	}

	/** At once where a loaded file may be deleted; at exit elsewhere; what Windows keeps even then is swept later. */
	private static void delete(final File folder, final File file) {
		final boolean gone = file.delete() || !file.exists();
		if (gone && folder.delete()) return;
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
}
