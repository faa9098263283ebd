package io.github.brushwood.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.Status;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written is what is read; and nothing that is not whole has its name. h5py's view is in tests/package. */
class Hdf5SinkTest {

	private static final ImageInfo INFO = ImageInfo.builder(PixelType.UINT16, 70, 50).depth(6).channels(3).frames(2)
		.spacing(0.25, 0.5, 2.5, "um").frameInterval(1.5).build();

	@TempDir
	Path folder;

	private File file(final String name) {
		return folder.resolve(name).toFile();
	}

	private List<String> files() throws IOException {
		try (Stream<Path> all = Files.list(folder)) {
			return all.map(path -> path.getFileName().toString()).sorted().collect(Collectors.toList());
		}
	}

	/** Different for every pixel, as far as the type reaches. */
	private static double value(final ImageInfo info, final int t, final int c, final long z, final long y, final long x) {
		final double index = (((t * 7 + c) * 11 + z) * 101 + y) * 103 + x;
		return info.type == PixelType.UINT8 ? index % 251 : info.type == PixelType.UINT16 ? index % 65521 : (float) (index /
			7);
	}

	private static ByteBuffer pixels(final ImageInfo info, final Box box) {
		final ByteBuffer pixels = ByteBuffer.allocateDirect((int) box.count() * info.channels * info.type.size).order(
			ByteOrder.nativeOrder());
		for (int c = 0; c < info.channels; c++)
			for (long z = box.z0; z < box.z1; z++)
				for (long y = box.y0; y < box.y1; y++)
					for (long x = box.x0; x < box.x1; x++) {
						final double value = value(info, box.frame, c, z, y, x);
						if (info.type == PixelType.UINT8) pixels.put((byte) value);
						else if (info.type == PixelType.UINT16) pixels.putShort((short) value);
						else pixels.putFloat((float) value);
					}
		pixels.flip();
		return pixels.order(ByteOrder.BIG_ENDIAN); // which a sink must not care about
	}

	/** Boxes that do not overlap and are the image, shuffled. */
	private static List<Box> boxes(final ImageInfo info, final long width, final long height, final long depth) {
		final List<Box> boxes = new ArrayList<>();
		for (int t = 0; t < info.frames; t++)
			for (long z = 0; z < info.depth; z += depth)
				for (long y = 0; y < info.height; y += height)
					for (long x = 0; x < info.width; x += width)
						boxes.add(new Box(t, x, y, z, Math.min(x + width, info.width), Math.min(y + height, info.height), Math.min(
							z + depth, info.depth)));
		Collections.shuffle(boxes, new Random(5));
		return boxes;
	}

	private void write(final File file, final ImageInfo info, final WriteOptions options, final List<Box> boxes) {
		try (Hdf5Sink sink = new Hdf5Sink(file, info, options)) {
			for (final Box box : boxes)
				sink.write(box, pixels(info, box));
			sink.finish();
		}
	}

	private static void assertHolds(final File file, final ImageInfo info, final String dataset) {
		try (Hdf5Source source = new Hdf5Source(file, new ReadOptions().dataset(dataset))) {
			assertEquals(info.toString(), source.info().toString());
			for (int t = 0; t < info.frames; t++) {
				final Box box = Box.of(info, t);
				final ByteBuffer expected = pixels(info, box).order(ByteOrder.nativeOrder());
				assertArrayEquals(Hdf5Data.numbers(info, expected, (int) box.count() * info.channels), Hdf5Data.numbers(source,
					box));
			}
		}
	}

	@Test
	void everyTypeComesBackFromBoxesInAnyOrder() throws IOException {
		for (final PixelType type : PixelType.values()) {
			final ImageInfo info = INFO.toBuilder().type(type).build();
			write(file(type + ".h5"), info, new WriteOptions(), boxes(info, 32, 16, 4));
			assertHolds(file(type + ".h5"), info, "/exported_data");
			write(file("whole.h5"), info, new WriteOptions(), boxes(info, 70, 50, 6));
			assertArrayEquals(Files.readAllBytes(file(type + ".h5").toPath()), Files.readAllBytes(file("whole.h5").toPath()),
				"the same bytes for any boxes");
		}
	}

	@Test
	void rowsThatExceedTheBufferAndImagesOfOnePixel() {
		final ImageInfo wide = ImageInfo.builder(PixelType.FLOAT32, 150_000, 2).channels(3).build();
		write(file("wide.h5"), wide, new WriteOptions(), boxes(wide, 150_000, 2, 1));
		assertHolds(file("wide.h5"), wide, "");
		final ImageInfo point = ImageInfo.builder(PixelType.UINT8, 1, 1).build();
		write(file("point.h5"), point, new WriteOptions(), boxes(point, 1, 1, 1));
		assertHolds(file("point.h5"), point, "");
	}

	@Test
	void axesAndSizesAreKept() {
		write(file("a.h5"), INFO, new WriteOptions(), boxes(INFO, 70, 50, 6));
		try (Hdf5Source source = new Hdf5Source(file("a.h5"), new ReadOptions())) {
			final ImageInfo info = source.info();
			assertEquals("0.25 0.5 2.5 um 1.5", info.spacingX + " " + info.spacingY + " " + info.spacingZ + " " + info.unit +
				" " + info.frameInterval);
		}
		try (Hdf5File opened = new Hdf5File(file("a.h5"))) {
			assertEquals("[/exported_data (2 x 6 x 50 x 70 x 3, uint16)]", opened.datasets().toString());
			assertEquals("tzyxc", opened.datasets().get(0).axes);
		}
		final ImageInfo furlongs = INFO.toBuilder().spacing(1, 2, 3, "furlong").build();
		write(file("b.h5"), furlongs, new WriteOptions(), boxes(INFO, 70, 50, 6));
		try (Hdf5Source source = new Hdf5Source(file("b.h5"), new ReadOptions())) {
			assertEquals("3.0 furlong", source.info().spacingZ + " " + source.info().unit);
		}
		final ImageInfo plain = INFO.toBuilder().calibrated(false).build();
		write(file("c.h5"), plain, new WriteOptions(), boxes(INFO, 70, 50, 6));
		try (Hdf5Source source = new Hdf5Source(file("c.h5"), new ReadOptions())) {
			assertEquals(false, source.info().calibrated);
		}
	}

	@Test
	void theDatasetMayLieInGroups() {
		final ImageInfo info = INFO.toBuilder().depth(1).frames(1).build();
		for (final String path : new String[] { "/volume/raw \u00e4/data", "x" }) {
			write(file("g.h5"), info, new WriteOptions().dataset(path), boxes(info, 70, 50, 1));
			assertHolds(file("g.h5"), info, path);
		}
		for (final String path : new String[] { "", "/", "a//b", "a/", "a/../b", ".", "a\nb" }) {
			final EngineException e = assertThrows(EngineException.class, () -> write(file("h.h5"), info, new WriteOptions()
				.dataset(path), Collections.emptyList()));
			assertEquals(Status.ARGUMENT, e.status(), path);
			assertTrue(e.getMessage().contains("h.h5"), e.getMessage());
		}
		assertEquals(false, file("h.h5").exists());
	}

	@Test
	void nothingIsLeftUnlessFinished() throws IOException {
		Files.write(file("old.h5").toPath(), new byte[] { 1, 2, 3 });
		try (Hdf5Sink sink = new Hdf5Sink(file("old.h5"), INFO, new WriteOptions())) {
			sink.write(Box.of(INFO, 0), pixels(INFO, Box.of(INFO, 0)));
			assertEquals(2, files().size());
			assertEquals(3, file("old.h5").length());
		}
		assertEquals(Arrays.asList("old.h5"), files());
		assertEquals(3, file("old.h5").length());
		write(file("old.h5"), INFO, new WriteOptions(), boxes(INFO, 70, 50, 6));
		assertHolds(file("old.h5"), INFO, "");
		assertEquals(Arrays.asList("old.h5"), files());
	}

	@Test
	void whatKilledProcessesLeftIsRemoved() throws IOException {
		final String start = ".out.h5.";
		final Path dead = Files.createFile(folder.resolve(start + UUID.randomUUID() + ".part"));
		final Path fresh = Files.createFile(folder.resolve(start + UUID.randomUUID() + ".part"));
		final Path used = Files.createFile(folder.resolve(start + UUID.randomUUID() + ".part"));
		final Path other = Files.createFile(folder.resolve(".other.h5." + UUID.randomUUID() + ".part"));
		for (final Path path : new Path[] { dead, used, other })
			Files.setLastModifiedTime(path, FileTime.fromMillis(System.currentTimeMillis() - 3_600_000));
		try (FileChannel channel = FileChannel.open(used, StandardOpenOption.WRITE)) {
			channel.lock();
			write(file("out.h5"), INFO, new WriteOptions(), boxes(INFO, 70, 50, 6));
		}
		final List<String> expected = Stream.of(fresh, used, other).map(path -> path.getFileName().toString()).collect(
			Collectors.toList());
		expected.add("out.h5");
		Collections.sort(expected);
		assertEquals(expected, files());
	}

	@Test
	void whatDoesNotFitIsRefusedAtOnce() throws IOException {
		final EngineException limited = assertThrows(EngineException.class, () -> new Hdf5Sink(file("a.h5"), INFO,
			new WriteOptions().memory(100_000)));
		assertEquals(Status.MEMORY, limited.status());
		final ImageInfo huge = ImageInfo.builder(PixelType.FLOAT32, 1_000_000, 1_000_000).depth(100_000).build();
		final EngineException full = assertThrows(EngineException.class, () -> new Hdf5Sink(file("a.h5"), huge,
			new WriteOptions()));
		assertEquals(Status.IO, full.status());
		assertTrue(full.getMessage().contains("400000000000.0 MB"), full.getMessage());
		for (final EngineException e : new EngineException[] { limited, full })
			assertTrue(e.getMessage().contains("a.h5") && e.getMessage().contains("MB") && e.getMessage().contains(
				"BigTIFF") && e.getMessage().contains(".tif."), e.getMessage());
		final ImageInfo beyond = ImageInfo.builder(PixelType.FLOAT32, 4_000_000_000L, 4_000_000_000L).build();
		assertEquals(Status.MEMORY, assertThrows(EngineException.class, () -> new Hdf5Sink(file("a.h5"), beyond,
			new WriteOptions())).status());
		assertEquals(Collections.emptyList(), files());
	}

	@Test
	void placesThatCannotBeWrittenAreTold() throws IOException {
		Files.createDirectory(folder.resolve("dir.h5"));
		for (final File file : new File[] { file("dir.h5"), file("absent/a.h5") }) {
			final EngineException e = assertThrows(EngineException.class, () -> new Hdf5Sink(file, INFO,
				new WriteOptions()));
			assertEquals(Status.IO, e.status());
			assertTrue(e.getMessage().contains(file.getPath()) && e.getMessage().contains("folder"), e.getMessage());
		}
		assertEquals(Arrays.asList("dir.h5"), files());
	}

	@Test
	void longNamesAndOddOnes() {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 3, 2).build();
		final char[] name = new char[240];
		Arrays.fill(name, 'n');
		for (final String odd : new String[] { new String(name), "a b'c\u00fc\u4e2d", "%s {x}[1]" }) {
			write(file(odd + ".h5"), info, new WriteOptions(), boxes(info, 3, 2, 1));
			assertHolds(file(odd + ".h5"), info, "");
		}
	}
}
