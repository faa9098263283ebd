package io.github.brushwood.io;

import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Status;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A file that is written beside its target, at any place of it, and renamed when whole. It is locked meanwhile, so that
 * those that killed processes left are told from those in use, and removed.
 */
public final class PartFile implements AutoCloseable {

	private static final String SUFFIX = ".part";
	/** Of this process: to open and close one of them would release its lock. */
	private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();
	/** Characters of the target in the temporary name: file systems allow 255 bytes. */
	private static final int STEM = 50;
	private static final long FRESH_MS = 60_000; // its maker may be about to lock it

	private final File file;
	private final Path target;
	private final Path part;
	private FileChannel channel;
	private boolean finished;

	/**
	 * Begins the file.
	 *
	 * @param needed bytes that it will have
	 * @param otherwise what else to do when they do not fit on the disk; a sentence
	 * @throws EngineException naming the file, when it cannot be written or will not fit
	 */
	public PartFile(final File file, final long needed, final String otherwise) {
		this.file = file;
		target = file.getAbsoluteFile().toPath();
		part = target.resolveSibling(start(target) + UUID.randomUUID() + SUFFIX);
		try {
			if (Files.isDirectory(target)) throw new IOException("it is a folder");
			if (!Files.isDirectory(target.getParent())) throw new IOException("its folder does not exist");
			removeDead();
			checkRoom(needed, otherwise);
			OURS.add(part);
			channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
			lock(channel);
		}
		catch (final IOException e) {
			close();
			throw failure(e);
		}
	}

	/** Of the temporary names. */
	private static String start(final Path target) {
		final String name = target.getFileName().toString();
		return "." + name.substring(0, Math.min(name.length(), STEM)) + ".";
	}

	/** Does nothing where the file system knows no locks. */
	private static boolean lock(final FileChannel of) {
		try {
			return of.tryLock() != null;
		}
		catch (final IOException | OverlappingFileLockException e) {
			return false;
		}
	}

	private void removeDead() throws IOException {
		final String start = start(target);
		try (DirectoryStream<Path> parts = Files.newDirectoryStream(target.getParent(), path -> {
			final String name = path.getFileName().toString();
			return name.startsWith(start) && name.endsWith(SUFFIX) && name.length() == start.length() + 36 + SUFFIX.length();
		})) {
			for (final Path old : parts)
				removeIfDead(old);
		}
	}

	private static void removeIfDead(final Path old) {
		try {
			if (OURS.contains(old) || System.currentTimeMillis() - Files.getLastModifiedTime(old).toMillis() < FRESH_MS) return;
			final boolean dead;
			try (FileChannel channel = FileChannel.open(old, StandardOpenOption.WRITE)) {
				dead = lock(channel);
			}
			if (dead) Files.deleteIfExists(old);
		}
		catch (final IOException e) {
			// somebody else's: it does no harm
		}
	}

	/** A Files.getFileStore fails where the mounts are not known, as in some containers; 0 is also said of such. */
	private void checkRoom(final long needed, final String otherwise) {
		final long room = target.getParent().toFile().getUsableSpace();
		if (room == 0 || room >= needed) return;
		throw new EngineException(Status.IO, "The file '" + file + "' would take " + megabytes(needed) +
			", but its folder has room for " + megabytes(room) + ". Free some space or write to another disk. " + otherwise);
	}

	/** Such as "28800.0 MB". */
	static String megabytes(final double bytes) {
		return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
	}

	/** Writes all of a buffer. */
	public void write(final ByteBuffer bytes, final long position) {
		try {
			for (long at = position; bytes.hasRemaining();)
				at += channel.write(bytes, at);
		}
		catch (final IOException e) {
			throw failure(e);
		}
	}

	/** Gives it its name. */
	public void finish() {
		try {
			channel.force(true);
			Files.setLastModifiedTime(part, FileTime.fromMillis(System.currentTimeMillis())); // fresh while not locked
			channel.close();
			Files.move(part, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
			finished = true;
		}
		catch (final IOException e) {
			throw failure(e);
		}
	}

	private EngineException failure(final IOException e) {
		final String kind = e instanceof AccessDeniedException ? "access denied" : e instanceof NoSuchFileException
			? "no such folder" : e.getMessage();
		return new EngineException(Status.IO, "The file '" + file + "' could not be written: " + kind +
			". Check the folder, its rights and the free space.", e);
	}

	/** Removes what was not finished. */
	@Override
	public void close() {
		try {
			if (channel == null) return;
			channel.close();
			if (!finished) Files.deleteIfExists(part);
		}
		catch (final IOException e) {
			throw failure(e);
		}
		finally {
			OURS.remove(part);
		}
	}
}
