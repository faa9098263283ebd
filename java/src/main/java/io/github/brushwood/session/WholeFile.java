package io.github.brushwood.session;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/** Writes files beside their target and renames them when whole, so that no half file has the final name. */
public final class WholeFile {

	/** Writes the content. */
	public interface Content {

		void writeTo(OutputStream out) throws IOException;
	}

	private WholeFile() {}

	/** @throws BrushwoodException naming the file when it cannot be written */
	public static void write(final String path, final Content content) {
		final Path target = new File(path).getAbsoluteFile().toPath();
		Path part = null;
		try {
			if (Files.isDirectory(target)) throw new IOException("it is a folder");
			if (!Files.isDirectory(target.getParent())) throw new IOException("its folder does not exist");
			part = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
			try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(part))) {
				content.writeTo(out);
			}
			Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
		}
		catch (final IOException e) {
			throw new BrushwoodException("The file '" + path + "' could not be written: " + reason(e) +
				". Check the folder, its rights and the free space.", e);
		}
		finally {
			delete(part);
		}
	}

	private static String reason(final IOException e) {
		final String kind = e.getClass() == IOException.class ? "" : e.getClass().getSimpleName() + " ";
		return kind + e.getMessage();
	}

	/** Does nothing once the file has been renamed. */
	private static void delete(final Path part) {
		try {
			if (part != null) Files.deleteIfExists(part);
		}
		catch (final IOException e) {
			// the message about the target matters more
		}
	}
}
