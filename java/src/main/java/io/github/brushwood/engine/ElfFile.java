package io.github.brushwood.engine;

import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Libraries of Linux, whose loader takes cut ones for good: the process would end where it reads beyond their end. */
final class ElfFile {

	private static final int MAGIC = 0x464c457f;
	/** 64 bits, little end first. */
	private static final int KIND = 0x0102;
	private static final int HEADER = 64;
	private static final int ROW = 56;
	private static final int LOADED = 1;

	private ElfFile() {}

	/** Whether a part that is to be loaded lies beyond the file's end; false for files of other kinds. */
	static boolean isCut(final File file) throws IOException {
		try (RandomAccessFile in = new RandomAccessFile(file, "r")) {
			if (in.length() < 4 || read(in, 0, 4).getInt(0) != MAGIC) return false;
			final ByteBuffer header = read(in, 0, HEADER);
			if (header.getShort(4) != KIND) return false;
			final long table = header.getLong(32);
			final int count = header.getShort(56) & 0xffff;
			final ByteBuffer rows = read(in, table, count * ROW);
			for (int at = 0; at < count * ROW; at += ROW)
				if (rows.getInt(at) == LOADED && rows.getLong(at + 8) + rows.getLong(at + 32) > in.length()) return true;
			return false;
		}
		catch (final EOFException e) {
			return true;
		}
	}

	private static ByteBuffer read(final RandomAccessFile in, final long position, final int size) throws IOException {
		final byte[] bytes = new byte[size];
		in.seek(position);
		in.readFully(bytes);
		return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
	}
}
