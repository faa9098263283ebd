package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.UUID;
import java.util.stream.Collectors;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {

	@TempDir
	Path folder;

	private Path target;

	@BeforeEach
	void choose() {
		target = folder.resolve("\u7D30 table.csv");
	}

	private void write(final String text) {
		WholeFile.write(target.toString(), out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
	}

	private String names() {
		return Arrays.stream(folder.toFile().list()).sorted().collect(Collectors.joining(" "));
	}

	private Path left(final String of, final long age) throws IOException {
		final Path part = Files.createFile(folder.resolve("." + of + "." + UUID.randomUUID() + ".part"));
		Files.setLastModifiedTime(part, FileTime.fromMillis(System.currentTimeMillis() - age));
		return part;
	}

	@Test
	void replacesWhatWasThere() throws IOException {
		write("first");
		write("second");
		assertEquals("second", new String(Files.readAllBytes(target), StandardCharsets.UTF_8));
		assertEquals("\u7D30 table.csv", names());
	}

	@Test
	void aFailureLeavesWhatWasThere() throws IOException {
		write("first");
		assertThrows(BrushwoodException.class, () -> WholeFile.write(target.toString(), out -> {
			out.write(1);
			throw new IOException("no space");
		}));
		assertThrows(IllegalStateException.class, () -> WholeFile.write(target.toString(), out -> {
			throw new IllegalStateException();
		}));
		assertEquals("first", new String(Files.readAllBytes(target), StandardCharsets.UTF_8));
		assertEquals("\u7D30 table.csv", names());
	}

	@Test
	void onlyWhatNobodyWritesAnyMoreIsRemoved() throws IOException {
		final String name = target.getFileName().toString();
		final Path deserted = left(name, 100_000);
		final Path young = left(name, 1000);
		final Path other = left("other.csv", 100_000);
		final Path busy = left(name, 100_000);
		try (FileChannel channel = FileChannel.open(busy, StandardOpenOption.WRITE)) {
			channel.lock();
			write("x");
		}
		assertTrue(Files.notExists(deserted));
		assertTrue(Files.exists(young) && Files.exists(other) && Files.exists(busy) && Files.exists(target), names());
	}

	@Test
	void longNamesFit() throws IOException {
		final char[] name = new char[240];
		Arrays.fill(name, 'x');
		target = folder.resolve(new String(name));
		write("x");
		assertEquals(1, Files.size(target));
	}

	@Test
	void tryingLeavesNothing() {
		WholeFile.check(target.toString());
		assertEquals("", names());
		assertThrows(BrushwoodException.class, () -> WholeFile.check(folder.toString()));
		assertThrows(BrushwoodException.class, () -> WholeFile.check(folder.resolve("none/x").toString()));
	}
}
