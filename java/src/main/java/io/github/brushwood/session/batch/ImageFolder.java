package io.github.brushwood.session.batch;

import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.session.BrushwoodException;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** The images of a folder whose names fit a pattern. */
public final class ImageFolder {

	/** Ending of files that are being written. */
	private static final String PART = ".part";

	private final Path folder;
	private final Path results;
	private List<Pattern> patterns;
	private boolean recursive;

	/** @param results folder below it, perhaps, that is not searched; may be the same */
	public ImageFolder(final Path folder, final Path results) {
		this.folder = folder;
		this.results = results;
	}

	/** @param text file names with * and ?, separated by ';'; case does not matter */
	public void setPattern(final String text) {
		patterns = new ArrayList<>();
		for (final String glob : text.split(";"))
			if (!glob.trim().isEmpty()) patterns.add(matcher(glob.trim()));
		if (patterns.isEmpty()) throw new BrushwoodException("The file pattern is empty. Write for example *.tif;*.png.");
	}

	/** Whether to go into subfolders, but for links to folders. */
	public void setRecursive(final boolean on) {
		recursive = on;
	}

	public boolean isRecursive() {
		return recursive;
	}

	/**
	 * The files, and folders in OME-Zarr, in the order of their paths; hidden ones, other folders, devices and files being
	 * written are left out. Nothing within OME-Zarr is an image of its own.
	 *
	 * @throws BrushwoodException when a folder is missing or cannot be read
	 */
	public List<Path> list() {
		if (!Files.isDirectory(folder)) {
			throw new BrushwoodException("The input folder '" + folder + "' does not exist. Check the path.");
		}
		final List<Path> files = new ArrayList<>();
		try {
			final Path real = folder.toRealPath(); // a link that was given is followed
			Files.walkFileTree(real, EnumSet.noneOf(FileVisitOption.class), recursive ? Integer.MAX_VALUE : 1,
				new Visitor(real, files));
		}
		catch (final IOException e) {
			throw new BrushwoodException("The folder '" + folder + "' could not be listed (" + e +
				"). Check the rights of it and its subfolders.", e);
		}
		Collections.sort(files);
		return files;
	}

	private boolean wanted(final Path path, final BasicFileAttributes attributes) {
		// a link that leads nowhere is an image that fails
		final boolean file = attributes.isSymbolicLink() ? !Files.exists(path) || Files.isRegularFile(path) : attributes
			.isRegularFile();
		return fits(path) && (file || Files.isDirectory(path) && ImageFormats.of(path.toFile()) != null);
	}

	private boolean fits(final Path path) {
		final String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
		if (name.startsWith(".") || name.endsWith(PART)) return false;
		return patterns.stream().anyMatch(pattern -> pattern.matcher(name).matches());
	}

	private static Pattern matcher(final String glob) {
		final StringBuilder regex = new StringBuilder();
		for (final char c : glob.toLowerCase(Locale.ROOT).toCharArray()) {
			if (c == '*') regex.append(".*");
			else if (c == '?') regex.append('.');
			else regex.append(Pattern.quote(String.valueOf(c)));
		}
		return Pattern.compile(regex.toString(), Pattern.DOTALL);
	}

	/** Whether two names are those of one folder. */
	private static boolean same(final Path one, final Path other) {
		try {
			return Files.isSameFile(one, other);
		}
		catch (final IOException e) {
			return false; // the other does not exist yet
		}
	}

	/** Collects wanted files. */
	private final class Visitor extends SimpleFileVisitor<Path> {

		private final Path real;
		private final List<Path> files;

		Visitor(final Path real, final List<Path> files) {
			this.real = real;
			this.files = files;
		}

		/** By the name of the folder that was given. */
		private Path named(final Path path) {
			return folder.resolve(real.relativize(path));
		}

		@Override
		public FileVisitResult preVisitDirectory(final Path path, final BasicFileAttributes attributes) {
			if (path.equals(real)) return FileVisitResult.CONTINUE;
			final boolean image = ImageFormats.of(path.toFile()) != null;
			if (image && wanted(path, attributes)) files.add(named(path));
			return image || same(path, results) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
		}

		@Override
		public FileVisitResult visitFile(final Path path, final BasicFileAttributes attributes) {
			if (wanted(path, attributes)) files.add(named(path));
			return FileVisitResult.CONTINUE;
		}

		@Override
		public FileVisitResult visitFileFailed(final Path path, final IOException e) throws IOException {
			if (e instanceof NoSuchFileException) return FileVisitResult.CONTINUE; // deleted meanwhile
			throw e;
		}
	}
}
