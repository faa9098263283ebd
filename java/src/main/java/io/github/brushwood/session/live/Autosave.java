package io.github.brushwood.session.live;

import ij.IJ;
import ij.ImagePlus;
import ij.Prefs;

import io.github.brushwood.engine.Compression;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusAdapter;
import io.github.brushwood.session.Jobs;

import java.awt.Rectangle;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * Writes a session into a folder of the user's a few seconds after each change, so that a crash loses only those. Each
 * session has a folder of its own there, with a file that is locked while the program runs; the folder of a session
 * without a lock is what a crash left. Images that were never saved to a file are kept with it (up to 512 MB). Nothing
 * is written before something is labelled.
 */
public final class Autosave implements AutoCloseable {

	/** What a crash left behind. */
	public static final class Left {

		public final File file;
		/** When it was written, milliseconds since 1970. */
		public final long time;
		/** Titles of its images. */
		public final List<String> images;
		public final long pixels;

		Left(final File file, final long time, final List<String> images, final long pixels) {
			this.file = file;
			this.time = time;
			this.images = images;
			this.pixels = pixels;
		}
	}

	private static final String SESSION = "session" + SessionFile.SUFFIX;
	private static final String LOCK = ".lock";
	/** From a change to its writing; the time between two writings is as long at least. */
	private static final long DELAY_MS = 3000;
	/** From a failure to the next attempt. */
	private static final long RETRY_MS = 30000;
	private static final long END_MS = 1000;
	private static final long MAX_KEPT = 512L << 20;
	/** Age after which a folder without a session is deleted. */
	private static final long STALE_MS = 24L * 3600 * 1000;
	/** Folders of this program's sessions: testing their locks would release them. */
	private static final Set<Path> OWN = Collections.synchronizedSet(new HashSet<>());

	private final LiveSession session;
	private final Path folder;
	private final Thread thread;
	private final LiveSession.Listener listener = new LiveSession.Listener() {

		@Override
		public void labelsChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
			changed();
		}

		@Override
		public void classesChanged() {
			changed();
		}

		@Override
		public void imagesChanged() {
			changed();
		}

		@Override
		public void settingsChanged() {
			changed();
		}
	};
	/** Guards what the two threads share; the one that writes holds {@link #writing}. */
	private final Object state = new Object();
	private boolean changed;
	private boolean closed;
	private final Object writing = new Object();
	private FileChannel lock;
	private long written = -1;
	private boolean failed;
	private final Map<LiveImage, String> kept = new HashMap<>();
	/** Of the pixels that were kept. */
	private final Map<LiveImage, LiveImage.Identity> keptAs = new HashMap<>();
	private long keptBytes;

	/** Starts watching. @param folder null for the usual one */
	public Autosave(final LiveSession session, final File folder) {
		this.session = session;
		this.folder = root(folder).resolve(UUID.randomUUID().toString());
		changed = true;
		thread = new Thread(this::watch, "Brushwood autosave");
		thread.setDaemon(true);
		session.addListener(listener);
		thread.start();
	}

	private static Path root(final File folder) {
		final File root = folder != null ? folder : new File(Prefs.getPrefsDir(), "brushwood/autosave");
		return root.getAbsoluteFile().toPath().normalize();
	}

	private void changed() {
		synchronized (state) {
			changed = true;
			state.notifyAll();
		}
	}

	/** The thread: waits for a change, then a little for more, then writes. */
	private void watch() {
		try {
			while (true) {
				synchronized (state) {
					while (!changed && !closed)
						state.wait();
					pause(DELAY_MS, false);
					if (closed) return;
					changed = false;
				}
				if (!flush()) retry();
			}
		}
		catch (final InterruptedException e) {
			// nobody interrupts it but the end of the program
		}
	}

	/** Waits, with the lock on the state. @param orChanged but no longer than to the next change */
	private void pause(final long milliseconds, final boolean orChanged) throws InterruptedException {
		final long end = System.nanoTime() + milliseconds * 1000000;
		for (long left = milliseconds; left > 0 && !closed && !(orChanged && changed); left = (end - System.nanoTime()) /
			1000000)
			state.wait(left);
	}

	/** A disk may be full, or a file open elsewhere, for a while. */
	private void retry() throws InterruptedException {
		synchronized (state) {
			pause(RETRY_MS, true);
			changed = true;
		}
	}

	/**
	 * Writes now, if something changed. A failure is shown in the status line and tried again after a while.
	 *
	 * @return whether a crash would lose nothing now
	 */
	public boolean flush() {
		synchronized (writing) {
			try {
				write();
				failed = false;
			}
			catch (final IOException | RuntimeException | OutOfMemoryError e) {
				if (!failed) IJ.showStatus("Brushwood cannot autosave: " + e.getMessage());
				failed = true;
			}
			return !failed;
		}
	}

	/** The session as it was at a version is in a file of the user's: a crash would lose nothing until it changes. */
	void saved(final long version) {
		synchronized (writing) {
			if (written > version) return; // what was painted while the file was being written
			written = version;
			if (lock != null) folder.resolve(SESSION).toFile().delete();
		}
	}

	private void write() throws IOException {
		final LiveSession.Snapshot snapshot = session.snapshot();
		if (snapshot.version == written || isClosed()) return;
		if (lock == null && isEmpty(snapshot)) return;
		open();
		final RuntimeException missing = keep(snapshot.images);
		SessionFile.write(snapshot, folder.resolve(SESSION).toString(), image -> kept.containsKey(image) ? kept.get(
			image) : SessionFile.fileOf(image));
		if (missing != null) throw missing;
		written = snapshot.version;
	}

	/** The labels are written even when some pixels cannot be. @return why they cannot; null when they all are */
	private RuntimeException keep(final List<LiveImage> images) {
		RuntimeException failure = null;
		for (final LiveImage image : images) {
			try {
				keep(image);
			}
			catch (final RuntimeException e) {
				failure = e;
			}
		}
		return failure;
	}

	private boolean isClosed() {
		synchronized (state) {
			return closed;
		}
	}

	private static boolean isEmpty(final LiveSession.Snapshot snapshot) {
		for (final LabelMap labels : snapshot.labels)
			if (labels.count() > 0) return false;
		return true;
	}

	/** Makes and locks the folder. */
	private void open() throws IOException {
		if (lock != null) return;
		Files.createDirectories(folder);
		OWN.add(folder);
		final FileChannel channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE,
			StandardOpenOption.WRITE);
		try {
			channel.lock();
			lock = channel;
		}
		finally {
			if (lock == null) channel.close();
		}
	}

	/** Writes an image that has no file of its own into the folder: once, and again when its pixels are others. */
	private void keep(final LiveImage image) {
		final ImagePlus imp = image.image();
		final LiveImage.Identity identity = image.identity();
		if (SessionFile.fileOf(image) != null || imp == null || identity.equals(keptAs.get(image))) return;
		final boolean first = !kept.containsKey(image);
		final long bytes = (long) imp.getWidth() * imp.getHeight() * imp.getStackSize() * imp.getBytesPerPixel();
		if (first && keptBytes + bytes > MAX_KEPT) return;
		final String file = first ? folder.resolve("image" + (kept.size() + 1) + ".tif").toString() : kept.get(image);
		try (Job job = Jobs.defaults().open(); EngineImage pixels = ImagePlusAdapter.toEngine(job, imp)) {
			pixels.write(job, file, Compression.NONE);
		}
		kept.put(image, file);
		keptAs.put(image, identity);
		if (first) keptBytes += bytes;
	}

	/** Stops and deletes its file. */
	@Override
	public void close() {
		synchronized (state) {
			if (closed) return;
			closed = true;
			state.notifyAll();
		}
		session.removeListener(listener);
		synchronized (writing) {
			if (lock != null) {
				release(lock);
				delete(folder);
				OWN.remove(folder);
			}
		}
		try {
			thread.join(END_MS);
		}
		catch (final InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	private static void release(final FileChannel channel) {
		try {
			channel.close();
		}
		catch (final IOException e) {
			// the lock ends with the program
		}
	}

	/** Deletes a session's folder; what cannot be deleted stays. */
	private static void delete(final Path folder) {
		final File[] files = folder.toFile().listFiles(File::isFile);
		for (final File file : files == null ? new File[0] : files)
			file.delete();
		folder.toFile().delete();
	}

	// ---- what crashes left

	/** Sessions that crashed, the latest first. @param folder null for the usual one */
	public static List<Left> leftBehind(final File folder) {
		final List<Left> all = new ArrayList<>();
		final File[] folders = root(folder).toFile().listFiles(File::isDirectory);
		for (final File each : folders == null ? new File[0] : folders) {
			final Left left = left(each.toPath());
			if (left != null) all.add(left);
		}
		all.sort((a, b) -> Long.compare(b.time, a.time));
		return all;
	}

	/** Null for a session that is in use, that cannot be read, or that was never written. */
	private static Left left(final Path folder) {
		final File file = folder.resolve(SESSION).toFile();
		if (!file.isFile()) tidy(folder);
		if (!file.isFile() || isInUse(folder)) return null;
		try {
			final SessionFile.Head head = SessionFile.readHead(file.getPath());
			final List<String> titles = new ArrayList<>();
			long pixels = 0;
			for (final SessionFile.Described image : head.images) {
				titles.add(image.title);
				pixels += image.pixels;
			}
			return new Left(file, file.lastModified(), titles, pixels);
		}
		catch (final BrushwoodException e) {
			return null;
		}
	}

	/** What a crash left of a session that was saved. */
	private static void tidy(final Path folder) {
		final boolean stale = System.currentTimeMillis() - folder.toFile().lastModified() > STALE_MS;
		if (stale && Files.exists(folder.resolve(LOCK)) && !isInUse(folder)) delete(folder);
	}

	private static boolean isInUse(final Path folder) {
		final Path file = folder.resolve(LOCK);
		if (OWN.contains(folder)) return true;
		if (!Files.exists(file)) return false;
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
			return lock == null;
		}
		catch (final IOException | OverlappingFileLockException e) {
			return true;
		}
	}

	/**
	 * The session that a crash left. Images that were kept with it are as unsaved as they were.
	 *
	 * @param open images that are open already
	 * @param opener opens an image file; null when it cannot
	 * @param notes receives sentences about images that were not found or had moved
	 */
	public static LiveSession recover(final Left left, final List<ImagePlus> open,
		final Function<String, ImagePlus> opener, final List<String> notes)
	{
		final String file = left.file.getPath();
		return SessionFile.read(file, new ImageFinder(file, open, opener, notes), true);
	}

	/** Whether all images that were kept with it are open in the session that was made of it. */
	public static boolean isUsedUp(final Left left, final LiveSession recovered) {
		final File[] kept = left.file.getAbsoluteFile().getParentFile().listFiles((dir, name) -> name.endsWith(".tif"));
		final long open = recovered.images().stream().filter(i -> i.image() != null && i.path() == null).count();
		return kept == null || kept.length <= open;
	}

	/** Deletes what a crash left. */
	public static void discard(final Left left) {
		final Path folder = left.file.getAbsoluteFile().toPath().normalize().getParent();
		if (!isInUse(folder)) delete(folder);
	}
}
