package io.github.brushwood.session;

import io.github.brushwood.io.ZarrFolder;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.UUID;

/** Removes results in OME-Zarr that shall be made anew. */
final class ZarrRemoval {

	private ZarrRemoval() {}

	/**
	 * Removes results, which leave their names at once; those that are not there are fine.
	 *
	 * @throws BrushwoodException when one is none of Brushwood's, before any is removed; or cannot be removed
	 */
	static void remove(final Collection<Path> results) {
		for (final Path result : results)
			if (Files.exists(result) && !ZarrFolder.isGrown(result.toFile())) {
				throw new BrushwoodException("'" + result + "' was not made block by block by Brushwood, and is not replaced. " +
					"Remove it, or choose another name.");
			}
		for (final Path result : results)
			if (Files.exists(result)) remove(result);
	}

	private static void remove(final Path result) {
		try {
			final Path away = result.resolveSibling("." + UUID.randomUUID() + ".part");
			Files.move(result, away);
			delete(away);
		}
		catch (final IOException e) {
			throw new BrushwoodException("'" + result + "' could not be removed (" + e + "). Check its rights, and that no " +
				"other program has it open.", e);
		}
	}

	private static void delete(final Path folder) throws IOException {
		Files.walkFileTree(folder, new SimpleFileVisitor<Path>() {

			@Override
			public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes) throws IOException {
				Files.delete(file);
				return FileVisitResult.CONTINUE;
			}

			@Override
			public FileVisitResult postVisitDirectory(final Path visited, final IOException e) throws IOException {
				if (e != null) throw e;
				Files.delete(visited);
				return FileVisitResult.CONTINUE;
			}
		});
	}
}
