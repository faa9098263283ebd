package io.github.brushwood.session.live;

import com.sun.management.OperatingSystemMXBean;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a live session shares out its memory; bytes. */
final class Memory {

	/** With less it could hold no view. */
	private static final long LEAST = 32L << 20;
	private static final Path MEMINFO = Paths.get("/proc/meminfo");
	private static final Path LIMIT = Paths.get("/sys/fs/cgroup/memory.max");
	private static final Path USED = Paths.get("/sys/fs/cgroup/memory.current");
	private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d+) kB");

	/** The largest image to be held as a whole. */
	final long whole;
	/** What engine calls need while they run. */
	final long scratch;
	/** Results, on Java's heap. */
	final long tiles;
	private final long all;

	/** @param budget for all of it; 0 for half of the free memory */
	Memory(final long budget) {
		all = Math.max(LEAST, budget > 0 ? budget : free() / 2);
		whole = all / 4;
		scratch = all / 8;
		tiles = Math.min(all / 16, Runtime.getRuntime().maxMemory() / 4);
	}

	/**
	 * Pixels of all images. 3D features of wide slices need many of them at once, which leaves less for their values.
	 *
	 * @param atOnce bytes of slices that some feature reads together; 0 when images are whole
	 */
	long planes(final long atOnce) {
		return Math.max(all / 8 * 3, Math.min(all / 4 * 3, atOnce));
	}

	/** Values of features for the view: the rest. */
	long features(final long atOnce) {
		return all - all / 16 - scratch - planes(atOnce);
	}

	/** What the system, or this process's share of it, could give. */
	private static long free() {
		final long limit = number(LIMIT);
		final long left = limit < 0 ? Long.MAX_VALUE : Math.max(0, limit - Math.max(0, number(USED)));
		return Math.min(left, available());
	}

	/** The page cache is free for the taking. */
	private static long available() {
		for (final String line : lines(MEMINFO)) {
			final Matcher m = AVAILABLE.matcher(line);
			if (m.matches()) return Long.parseLong(m.group(1)) << 10;
		}
		return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getFreePhysicalMemorySize();
	}

	/** -1 when there is none, or no limit. */
	private static long number(final Path file) {
		final List<String> lines = lines(file);
		return lines.isEmpty() || !lines.get(0).matches("[0-9]{1,18}") ? -1 : Long.parseLong(lines.get(0));
	}

	/** None on other systems than Linux. */
	private static List<String> lines(final Path file) {
		try {
			return Files.isReadable(file) ? Files.readAllLines(file, StandardCharsets.US_ASCII) : Collections.emptyList();
		}
		catch (final IOException e) {
			return Collections.emptyList();
		}
	}
}
