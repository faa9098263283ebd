package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A batch that is killed at any moment leaves whole files under final names, and the next one goes on. */
class FolderBatchKillTest {

	private static final int KILLS = 5;
	private static final int IMAGES = 16;
	private static final String PART = ".part";

	@TempDir
	Path folder;

	private final List<String> command = new ArrayList<>();

	@Test
	void killedBatchesLeaveWholeFilesAndGoOn() throws Exception {
		final ImagePlus imp = Pictures.plane("0.tif", 700, 500, 8);
		final String model = SmallModel.write(imp, folder.resolve("m.brushwood"));
		final Path in = Files.createDirectory(folder.resolve("in"));
		final String first = Pictures.saveTiff(imp, in);
		for (int i = 1; i < IMAGES; i++)
			Files.copy(new File(first).toPath(), in.resolve(i + ".tif"));
		command.add(new File(System.getProperty("java.home"), "bin/java").getPath());
		final String library = System.getProperty("brushwood.library.file");
		if (library != null) command.add("-Dbrushwood.library.file=" + library);
		for (final String word : new String[] { "-Djava.awt.headless=true", "-XX:TieredStopAtLevel=1", "-cp", System
			.getProperty("java.class.path"), BatchProcess.class.getName(), model, in.toString() })
			command.add(word);
		final Path undisturbed = folder.resolve("undisturbed");
		final long work = milliseconds(start(undisturbed));
		final Map<String, byte[]> whole = results(undisturbed);
		assertEquals(2 * IMAGES, whole.size());

		final Path out = folder.resolve("out");
		final Random random = new Random(8);
		for (int i = 0; i < KILLS; i++) {
			kill(start(out), work / (2 * KILLS) + random.nextInt((int) work / KILLS));
			final Map<String, byte[]> some = results(out);
			some.forEach((name, bytes) -> assertArrayEquals(whole.get(name), bytes, name + " after a kill"));
			if (i == 0) assertTrue(some.size() < whole.size(), "killed too late");
			System.out.println("killed with " + some.size() + " of " + whole.size() + " files");
		}
		milliseconds(start(out));
		final Map<String, byte[]> all = results(out);
		assertEquals(whole.keySet(), all.keySet());
		all.forEach((name, bytes) -> assertArrayEquals(whole.get(name), bytes, name));
		for (final String name : out.toFile().list())
			assertTrue(!name.endsWith(PART) || name.startsWith("."), name + " was left"); // the table's go after a minute
	}

	/** Begins a batch; it is at work when this returns. */
	private Process start(final Path out) throws IOException {
		final List<String> words = new ArrayList<>(command);
		words.add(out.toString());
		final Process process = new ProcessBuilder(words).redirectError(folder.resolve("errors.txt").toFile()).start();
		final int begun = process.getInputStream().read();
		assertEquals('b', begun, this::errors);
		return process;
	}

	/** Time until it has ended well. */
	private long milliseconds(final Process process) throws Exception {
		final long begin = System.nanoTime();
		try (BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream(),
			StandardCharsets.UTF_8)))
		{
			for (String line = output.readLine(); line != null;) // a full pipe would stop it
				line = output.readLine();
		}
		assertEquals(0, process.waitFor(), this::errors);
		return (System.nanoTime() - begin) / 1_000_000;
	}

	private void kill(final Process process, final long milliseconds) throws Exception {
		Thread.sleep(milliseconds);
		process.destroyForcibly();
		assertTrue(process.waitFor(20, TimeUnit.SECONDS));
		process.getInputStream().close();
	}

	private String errors() {
		try {
			return new String(Files.readAllBytes(folder.resolve("errors.txt")), StandardCharsets.UTF_8);
		}
		catch (final IOException e) {
			return e.toString();
		}
	}

	/** The files that have final names, but the table. */
	private static Map<String, byte[]> results(final Path folder) throws IOException {
		final Map<String, byte[]> results = new TreeMap<>();
		final File[] files = folder.toFile().listFiles();
		if (files == null) return results;
		for (final File file : files) {
			final String name = file.getName();
			if (!name.endsWith(PART) && !name.equals(FolderBatch.TABLE)) results.put(name, Files.readAllBytes(file.toPath()));
		}
		return results;
	}
}
