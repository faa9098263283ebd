package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Copies of the library beside one another, their threads, and how they go. */
class LibraryLifeTest {

	private static final String READS_PROC = "looks at the process through Linux's /proc";
	private static final int SLOWDOWN = Integer.getInteger("brushwood.test.slowdown", 1);
	private static final byte[] EXPECTED = new Workload(1).call();

	private final List<ExecutorService> executors = new ArrayList<>();

	@AfterEach
	void endThreads() {
		for (final ExecutorService executor : executors)
			executor.shutdownNow();
	}

	/** One thread with a name that its workers inherit. */
	private ExecutorService thread(final String name) {
		final ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, name));
		executors.add(executor);
		return executor;
	}

	@Test
	void copiesComputeAtOnce() throws Exception {
		try (PluginLoaders plugins = new PluginLoaders()) {
			final List<Future<byte[]>> results = new ArrayList<>();
			for (int copy = 0; copy < 2; copy++) {
				final ClassLoader loader = plugins.plugin();
				for (int threads = 1; threads <= 4; threads++)
					results.add(thread("copy").submit(PluginLoaders.workload(loader, threads)));
			}
			final byte[] own = new Workload(3).call();
			assertArrayEquals(EXPECTED, own);
			for (final Future<byte[]> result : results)
				assertArrayEquals(EXPECTED, result.get());
		}
	}

	@Test
	void moreThreadsThanProcessorsGiveTheSame() {
		assertArrayEquals(EXPECTED, new Workload(50).call());
	}

	/** Two threads that live on compute. */
	private WeakReference<ClassLoader> useAndDrop(final ExecutorService first, final ExecutorService second)
		throws Exception
	{
		try (PluginLoaders plugins = new PluginLoaders()) {
			final ClassLoader loader = plugins.plugin();
			final Future<byte[]> a = first.submit(PluginLoaders.workload(loader, 4));
			final Future<byte[]> b = second.submit(PluginLoaders.workload(loader, 3));
			assertArrayEquals(EXPECTED, first.submit(PluginLoaders.workload(loader, 2)).get());
			assertArrayEquals(EXPECTED, a.get());
			assertArrayEquals(EXPECTED, b.get());
			return new WeakReference<>(loader);
		}
	}

	/** Waits until a count is at most <code>most</code>, collecting garbage all the while. */
	private static long settled(final Counter counter, final long most) throws Exception {
		final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20L * SLOWDOWN);
		long count = counter.count();
		while (count > most && System.nanoTime() < end) {
			System.gc();
			Thread.sleep(20);
			count = counter.count();
		}
		return count;
	}

	private interface Counter {

		long count() throws IOException;
	}

	private static void assertCollected(final WeakReference<ClassLoader> loader) throws Exception {
		settled(() -> loader.get() == null ? 0 : 1, 0);
		assertNull(loader.get(), "the class loader is still alive");
	}

	@Test
	void classLoadersComeAndGo() throws Exception {
		final ExecutorService first = thread("first");
		final ExecutorService second = thread("second");
		for (int i = 0; i < 10; i++)
			assertCollected(useAndDrop(first, second));
		assertArrayEquals(EXPECTED, first.submit(new Workload(4)).get());
	}

	/** Three threads compute and end; nothing holds the loader any more. */
	private static void computeAndForget() throws Exception {
		try (PluginLoaders plugins = new PluginLoaders()) {
			final ClassLoader loader = plugins.plugin();
			final List<FutureTask<byte[]>> tasks = new ArrayList<>();
			for (int threads = 2; threads <= 4; threads++) {
				final FutureTask<byte[]> task = new FutureTask<>(PluginLoaders.workload(loader, threads));
				tasks.add(task);
				new Thread(task).start();
			}
			for (final FutureTask<byte[]> task : tasks)
				assertArrayEquals(EXPECTED, task.get());
		}
	}

	/** Their workers end in the library's code at the very moment. */
	@Test
	void classLoadersGoWithTheirThreads() throws Exception {
		for (int i = 0; i < 20; i++) {
			computeAndForget();
			System.gc();
		}
		assertArrayEquals(EXPECTED, new Workload(4).call());
	}

	/** GNU's runtime, one for all copies of development builds, keeps the pools of the two threads that live on. */
	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = READS_PROC)
	void workersEndWithTheClassLoader() throws Exception {
		final long most = Engine.openMp().startsWith("LLVM") ? 2 : 7;
		final ExecutorService first = thread("life-first");
		final ExecutorService second = thread("life-second");
		for (int i = 0; i < 5; i++) {
			assertCollected(useAndDrop(first, second));
			final long threads = settled(() -> processorTimes("life-").size(), most);
			assertTrue(threads <= most, threads + " threads");
		}
	}

	/** Processor time, in clock ticks, of each thread whose name begins so. */
	private static List<Long> processorTimes(final String name) throws IOException {
		final List<Long> times = new ArrayList<>();
		for (final File task : new File("/proc/self/task").listFiles()) {
			final Path stat = task.toPath().resolve("stat");
			if (!Files.exists(stat)) continue; // ended meanwhile
			final String text = new String(Files.readAllBytes(stat), StandardCharsets.US_ASCII);
			if (!text.substring(text.indexOf('(') + 1).startsWith(name)) continue;
			final String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
			times.add(Long.parseLong(fields[11]) + Long.parseLong(fields[12]));
		}
		return times;
	}

	/** Threads that wait for work leave the processors to others. */
	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = READS_PROC)
	void idleThreadsSleep() throws Exception {
		final ExecutorService executor = thread("idle");
		final List<Long> before;
		final List<Long> after;
		try (PluginLoaders plugins = new PluginLoaders()) { // a copy of its own, as copies keep workers of other threads
			assertArrayEquals(EXPECTED, executor.submit(PluginLoaders.workload(plugins.plugin(), 4)).get());
			before = processorTimes("idle");
			Thread.sleep(500);
			after = processorTimes("idle");
		}
		assertTrue(before.size() > 1, "a worker beside the thread that asks");
		final long ticks = sum(after) - sum(before);
		assertTrue(ticks <= 3, ticks + " ticks of 10 ms taken while there was nothing to do");
	}

	private static long sum(final List<Long> values) {
		return values.stream().mapToLong(Long::longValue).sum();
	}

	/** A Java of its own for a main method. */
	private static ProcessBuilder java(final String... arguments) {
		final List<String> command = new ArrayList<>();
		command.add(new File(System.getProperty("java.home"), "bin/java").getPath());
		command.addAll(Arrays.asList("-cp", PluginLoaders.fileOf(Engine.class) + File.pathSeparator + PluginLoaders.fileOf(
			Workload.class)));
		command.addAll(Arrays.asList(arguments));
		return new ProcessBuilder(command);
	}

	/** As when several Fijis are started at once. */
	@Test
	void javasShareATemporaryFolder(@TempDir final Path folder) throws Exception {
		final List<Process> processes = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			final ProcessBuilder builder = java("-Djava.io.tmpdir=" + folder, Workload.class.getName(), "" + 500 * SLOWDOWN,
				"7");
			processes.add(builder.redirectErrorStream(true).redirectOutput(folder.resolve(i + ".txt").toFile()).start());
		}
		for (int i = 0; i < processes.size(); i++) {
			assertTrue(processes.get(i).waitFor(60L * SLOWDOWN, TimeUnit.SECONDS));
			assertEquals(7, processes.get(i).exitValue());
			assertEquals(0, Files.size(folder.resolve(i + ".txt")));
		}
		final boolean sweptLater = Platform.current().fileName.endsWith(".dll");
		final int left = folder.toFile().list((dir, name) -> name.startsWith("brushwood-native-")).length;
		assertEquals(sweptLater ? processes.size() : 0, left);
	}

	@Test
	void javaEndsWhileJobsRun() throws Exception {
		for (int i = 0; i < 5; i++) {
			final File output = File.createTempFile("brushwood-exit", ".txt");
			output.deleteOnExit(); // Windows may hold it for a moment after the process ended
			final Process process = java(Workload.class.getName(), "" + (400 + 37 * i) * SLOWDOWN, "7").redirectErrorStream(
				true).redirectOutput(output).start();
			final boolean ended = process.waitFor(60L * SLOWDOWN, TimeUnit.SECONDS);
			process.destroyForcibly().waitFor();
			final String text = new String(Files.readAllBytes(output.toPath()), StandardCharsets.UTF_8);
			assertTrue(ended, "Java hangs at its end: " + text);
			assertEquals(7, process.exitValue(), text);
			assertEquals("", text);
		}
	}
}
