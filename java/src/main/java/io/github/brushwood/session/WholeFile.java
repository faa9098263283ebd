package io.github.brushwood.session;

import io.github.brushwood.engine.EngineException;
import io.github.brushwood.io.PartFile;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Writes files beside their target and renames them when whole, so that no half file has the final name. What a program
 * that was killed left of the same target is removed.
 */
public final class WholeFile {

	/** Writes the content. */
	public interface Content {

		void writeTo(OutputStream out) throws IOException;
	}

	private WholeFile() {}

	/** @throws BrushwoodException naming the file when it cannot be written */
	public static void write(final String path, final Content content) {
		try (PartFile part = begin(path)) {
			try (OutputStream out = new BufferedOutputStream(new Stream(part))) {
				content.writeTo(out);
			}
			part.finish();
		}
		catch (final IOException e) {
			throw new BrushwoodException("The file '" + path + "' could not be written: " + e.getMessage() +
				". Check the folder, its rights and the free space.", e);
		}
		catch (final EngineException e) {
			throw new BrushwoodException(e.getMessage(), e);
		}
	}

	/**
	 * Tries whether a file can be written, without making it.
	 *
	 * @throws BrushwoodException naming the file when it cannot
	 */
	public static void check(final String path) {
		try {
			begin(path).close();
		}
		catch (final EngineException e) {
			throw new BrushwoodException(e.getMessage(), e);
		}
	}

	private static PartFile begin(final String path) {
		return new PartFile(new File(path), 0, "");
	}

	/** Writes one byte behind the other. */
	private static final class Stream extends OutputStream {

		private final PartFile part;
		private long position;

		Stream(final PartFile part) {
			this.part = part;
		}

		@Override
		public void write(final int value) {
			write(new byte[] { (byte) value }, 0, 1);
		}

		@Override
		public void write(final byte[] bytes, final int from, final int count) {
			part.write(ByteBuffer.wrap(bytes, from, count), position);
			position += count;
		}
	}
}
