package io.github.brushwood.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.Status;

import java.io.File;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HDF5 files of h5py against what their script says they hold. */
class Hdf5SourceTest {

	private static final long MIX = 0x9E3779B97F4A7C15L;

	private static Hdf5Source open(final String file, final String dataset, final String axes) {
		return new Hdf5Source(Hdf5Data.file(file), new ReadOptions().dataset(dataset).axes(axes));
	}

	private static List<Hdf5Dataset> datasets(final String name) {
		try (Hdf5File file = new Hdf5File(Hdf5Data.file(name))) {
			return file.datasets();
		}
	}

	private static String refusal(final String file, final String dataset, final String axes, final Status status) {
		final EngineException e = assertThrows(EngineException.class, () -> open(file, dataset, axes).close());
		assertEquals(status, e.status(), e.getMessage());
		assertTrue(e.getMessage().contains(file) && e.getMessage().endsWith("."), e.getMessage());
		return e.getMessage();
	}

	private static void assertMentions(final String message, final String... texts) {
		for (final String text : texts)
			assertTrue(message.contains(text), message);
	}

	private static void assertImage(final Hdf5Source source, final String axes, final int factor) {
		final ImageInfo info = source.info();
		assertEquals("tczyx".chars().mapToObj(a -> "" + Hdf5Data.length(axes, (char) a)).collect(Collectors.toList()),
			Arrays.asList("" + info.frames, "" + info.channels, "" + info.depth, "" + info.height, "" + info.width), axes);
		assertArrayEquals(Hdf5Data.values(axes, factor), Hdf5Data.numbers(source), axes);
	}

	@Test
	void everyOrderOfAxesOfTheTags() {
		final List<Hdf5Dataset> found = datasets("axes.h5");
		assertEquals(2 + 18 + 15 + 14, found.size());
		for (final Hdf5Dataset dataset : found) {
			assertEquals(dataset.path, "/" + dataset.axes);
			try (Hdf5Source source = open("axes.h5", dataset.path, "")) {
				assertEquals(PixelType.UINT8, source.info().type);
				assertFalse(source.info().rgb || source.info().calibrated);
				assertImage(source, dataset.axes, 1);
			}
		}
	}

	@Test
	void boxesEqualTheWhole() {
		final List<String> seen = new ArrayList<>();
		for (final String file : new String[] { "axes.h5", "layouts.h5", "indexes.h5" })
			for (final Hdf5Dataset dataset : datasets(file))
				try (Hdf5Source source = open(file, dataset.path, dataset.axes.equals("") ? "tzyxc" : "")) {
					assertBoxes(source);
					seen.add(dataset.path);
				}
		assertTrue(seen.containsAll(Arrays.asList("/contiguous", "/compact", "/b_tree", "/lzf", "/xy")), seen::toString);
	}

	private static void assertBoxes(final Hdf5Source source) {
		final ImageInfo info = source.info();
		final Random random = new Random(1);
		final int frame = random.nextInt(info.frames);
		final double[] whole = Hdf5Data.numbers(source, Box.of(info, frame));
		for (int i = 0; i < 20; i++) {
			final int x = random.nextInt((int) info.width);
			final int y = random.nextInt((int) info.height);
			final int z = random.nextInt((int) info.depth);
			final Box box = new Box(frame, x, y, z, x + 1 + random.nextInt((int) info.width - x), y + 1 + random.nextInt(
				(int) info.height - y), z + 1 + random.nextInt((int) info.depth - z));
			assertArrayEquals(part(whole, info, box), Hdf5Data.numbers(source, box), box::toString);
		}
	}

	private static double[] part(final double[] whole, final ImageInfo info, final Box box) {
		final List<Double> part = new ArrayList<>();
		for (int c = 0; c < info.channels; c++)
			for (long z = box.z0; z < box.z1; z++)
				for (long y = box.y0; y < box.y1; y++)
					for (long x = box.x0; x < box.x1; x++)
						part.add(whole[(int) (((c * info.depth + z) * info.height + y) * info.width + x)]);
		return part.stream().mapToDouble(Double::doubleValue).toArray();
	}

	@Test
	void theShapeProposesAxes() {
		final List<String> proposals = datasets("untagged.h5").stream().map(d -> d.path + " " + d.axes).sorted().collect(
			Collectors.toList());
		assertEquals(Arrays.asList("/2x3x4x5 tzyx", "/2x3x4x5x2 tzyxc", "/3x4x5 zyx", "/3x4x5x2 zyxc", "/4x5 yx",
			"/4x5x3 yxc"), proposals);
		try (Hdf5Source source = open("untagged.h5", "4x5x3", "")) {
			assertEquals(3, source.info().channels);
			assertEquals(5, source.info().width);
			assertFalse(source.info().rgb, "three channels are no colour image");
		}
	}

	@Test
	void axesMayBeGiven() {
		try (Hdf5Source source = open("axes.h5", "tzyxc", " CXYZT ")) {
			assertEquals("2 4 5 3 2", source.info().channels + " " + source.info().height + " " + source.info().depth + " " +
				source.info().width + " " + source.info().frames, "x is the second axis, of length 3");
			assertEquals(Hdf5Data.value(1, 1, 2, 3, 4), Hdf5Data.numbers(source)[239]);
			assertEquals(Hdf5Data.value(0, 1, 0, 0, 0), Hdf5Data.numbers(source)[2 * 5 * 4 * 3], "t is the last axis");
		}
		final String shape = "2 x 3 x 4 x 5 x 2";
		assertMentions(refusal("axes.h5", "tzyxc", "tzyx", Status.ARGUMENT), "'tzyx'", shape, "4 axes, not 5");
		assertMentions(refusal("axes.h5", "tzyxc", "tzyxx", Status.ARGUMENT), "'x' twice", shape, "tzyxc");
		assertMentions(refusal("axes.h5", "tzyxc", "tzyxq", Status.ARGUMENT), "letter 'q'", shape);
		assertMentions(refusal("axes.h5", "/yx", "tz", Status.ARGUMENT), "lacks x or y", "4 x 5");
	}

	@Test
	void numbersBecomeThoseOfTheTiffReader() {
		for (final String order : new String[] { "little", "big" }) {
			for (final String kind : new String[] { "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8" })
				try (Hdf5Source source = open("types.h5", order + "/" + kind, "")) {
					final double[] found = Hdf5Data.numbers(source);
					for (int i = 0; i < found.length; i++)
						assertEquals(kind.charAt(0) == 'f' ? fraction(i) : integer(kind, i), found[i], order + kind + " " + i);
					assertEquals(kind.endsWith("1") ? PixelType.UINT8 : kind.matches("[ui]2") ? PixelType.UINT16
						: PixelType.FLOAT32, source.info().type);
					assertEquals(kind.equals("i2") ? -32768 : 0, source.offset());
				}
		}
	}

	private static double fraction(final int i) {
		return i == 18 ? Double.POSITIVE_INFINITY : i == 19 ? Double.NaN : (i - 10) / 4.0;
	}

	private static double integer(final String kind, final int i) {
		final int bits = 8 * (kind.charAt(1) - '0');
		final BigInteger all = BigInteger.valueOf(i * MIX).mod(BigInteger.ONE.shiftLeft(bits));
		final boolean negative = kind.charAt(0) == 'i' && all.testBit(bits - 1);
		final BigInteger value = negative ? all.subtract(BigInteger.ONE.shiftLeft(bits)) : all;
		if (bits == 8) return all.intValue();
		if (bits == 16) return kind.charAt(0) == 'i' ? value.intValue() + 32768 : value.intValue();
		return value.floatValue();
	}

	@Test
	void everyWayToStore() {
		for (final String name : new String[] { "contiguous", "compact", "chunked", "gzip", "gzip_shuffle", "lzf",
			"fletcher32", "volume/raw/data", "/volume/raw/data", "link" })
			try (Hdf5Source source = open("layouts.h5", name, "")) {
				assertEquals(PixelType.UINT16, source.info().type);
				assertImage(source, "tzyxc", 100);
			}
		int indexes = 0;
		for (final Hdf5Dataset dataset : datasets("indexes.h5"))
			try (Hdf5Source source = open("indexes.h5", dataset.path, "")) {
				assertImage(source, "tzyxc", 100);
				indexes++;
			}
		assertEquals(13, indexes);
	}

	private static int slices(final String name, final String dataset, final String axes) {
		try (Hdf5File file = new Hdf5File(Hdf5Data.file(name))) {
			return file.slicesTogether(new ReadOptions().dataset(dataset).axes(axes), 64);
		}
	}

	@Test
	void slicesThatAreStoredTogether() {
		assertEquals(2, slices("layouts.h5", "gzip", "tzyxc"));
		assertEquals(3, slices("layouts.h5", "gzip", "tyzxc"));
		assertEquals(1, slices("layouts.h5", "contiguous", "tzyxc"));
		assertEquals(64, slices("layouts.h5", "contiguous", "tyzxc"));
		assertEquals(1, slices("axes.h5", "yx", ""));
	}

	@Test
	void gapsInHdf5sListsOfChunks() {
		final double[] expected = Hdf5Data.values("tzyxc", 100);
		Arrays.fill(expected, 0, expected.length / 2, 7);
		for (final String name : new String[] { "fixed_array", "fixed_array_gzip", "b_tree" })
			try (Hdf5Source source = open("gaps.h5", name, "")) {
				assertArrayEquals(expected, Hdf5Data.numbers(source), name);
			}
		try (Hdf5Source source = open("gaps.h5", "unwritten", "")) {
			assertTrue(Arrays.stream(Hdf5Data.numbers(source)).allMatch(value -> value == 7));
		}
		assertMentions(refusal("gaps.h5", "extensible_array", "", Status.FORMAT), "'/extensible_array'", "never written",
			"save it anew");
	}

	@Test
	void chunksThatDoNotShrinkAndThoseThatAreNotThere() {
		try (Hdf5Source source = open("layouts.h5", "lzf_noise", "")) {
			final double[] found = Hdf5Data.numbers(source, Box.of(source.info(), 1));
			final int index = Hdf5Data.value(1, 1, 2, 1, 3);
			assertEquals(index * MIX >>> 32 & 0xffff, (long) found[((1 * 3 + 2) * 4 + 1) * 5 + 3]);
		}
		try (Hdf5Source source = open("layouts.h5", "missing_chunks", "")) {
			final double[] expected = Hdf5Data.values("tzyxc", 100);
			Arrays.fill(expected, 0, expected.length / 2, 7);
			assertArrayEquals(expected, Hdf5Data.numbers(source));
		}
		try (Hdf5Source source = open("layouts.h5", "unwritten", "")) {
			assertTrue(Arrays.stream(Hdf5Data.numbers(source)).allMatch(value -> value == 9));
		}
	}

	@Test
	void everyDatasetIsListedOnce() {
		final List<String> paths = datasets("layouts.h5").stream().map(d -> d.path).sorted().collect(Collectors.toList());
		assertEquals(Arrays.asList("/chunked", "/compact", "/contiguous", "/fletcher32", "/gzip", "/gzip_shuffle", "/lzf",
			"/lzf_noise", "/missing_chunks", "/unwritten", "/volume/raw/data"), paths);
		assertEquals("/volume/raw/data (2 x 3 x 4 x 5 x 2, uint16)", datasets("layouts.h5").stream().filter(
			d -> d.path.endsWith("data")).findFirst().get().toString());
	}

	@Test
	void whatIsNoImageIsRefused() {
		assertMentions(refusal("odd.h5", "text", "", Status.FORMAT), "text", "a single value", "no image");
		for (final String name : new String[] { "number", "line", "six_axes", "nothing", "truth", "pairs" }) {
			assertMentions(refusal("odd.h5", name, "", Status.FORMAT), "'" + name + "'", "no image", "/scale_offset (4 x 5");
			assertFalse(datasets("odd.h5").stream().anyMatch(d -> d.path.equals("/" + name) && d.isImage()), name);
		}
		assertMentions(refusal("odd.h5", "not/there", "", Status.ARGUMENT), "no dataset 'not/there'", "/line (4, uint8)");
		assertMentions(refusal("layouts.h5", "volume", "", Status.ARGUMENT), "no dataset 'volume'");
		assertMentions(refusal("layouts.h5", "nowhere", "", Status.FORMAT), "nowhere");
		assertMentions(refusal("layouts.h5", "elsewhere", "", Status.FORMAT), "elsewhere");
		assertMentions(refusal("layouts.h5", "", "", Status.ARGUMENT), "several images", "/gzip (2 x 3 x 4 x 5 x 2, uint16)");
		assertFalse(refusal("odd.h5", "", "", Status.ARGUMENT).contains("/text"));
	}

	@Test
	void filtersThatAreNotSupportedAreNamed() {
		assertMentions(refusal("odd.h5", "scale_offset", "", Status.FORMAT), "'/scale_offset'", "id=6", "gzip");
	}

	@Test
	void wrongTagsAreToldAndAxesHelp() {
		assertMentions(refusal("odd.h5", "no_json", "", Status.FORMAT), "axistags", "4 x 5", "JSON", "axes=yx");
		assertMentions(refusal("odd.h5", "short_tags", "", Status.FORMAT), "axistags", "1 axes, not 2");
		assertMentions(refusal("odd.h5", "unknown_axis", "", Status.FORMAT), "axistags", "letter 'n'");
		try (Hdf5Source source = open("odd.h5", "no_json", "yx")) {
			assertImage(source, "yx", 1);
		}
	}

	private static String sizes(final String dataset) {
		try (Hdf5Source source = open("sizes.h5", dataset, "")) {
			final ImageInfo info = source.info();
			return info.calibrated + " " + info.spacingX + " " + info.spacingY + " " + info.spacingZ + " " + info.unit + " " +
				info.frameInterval;
		}
	}

	@Test
	void sizesOfVoxels() {
		assertEquals("true 0.25 0.5 2.5 um 0.0", sizes("micrometres"));
		assertEquals("true 2.0 2.0 3.0 nm 1.5", sizes("tags"));
		assertEquals("true 0.25 0.5 1.0 um 0.0", sizes("flat"));
		assertEquals("true 0.25 0.5 2.5 um 0.0", sizes("both"));
		assertEquals("false 1.0 1.0 1.0 pixel 0.0", sizes("nonsense"));
	}

	@Test
	void probabilitiesOfIlastik() {
		try (Hdf5Source source = open("probabilities.h5", "", "")) {
			assertEquals("5 x 4 x 1, 2 channels, 1 frames, FLOAT32", source.info().toString());
			assertEquals("probabilities.h5", source.name());
			final double[] found = Hdf5Data.numbers(source);
			for (int i = 0; i < 20; i++)
				assertEquals(1, found[i] + found[20 + i]);
			assertEquals(11 / 256.0, found[5]);
		}
	}

	@Test
	void filesThatAreNoneAreTold(@TempDir final Path folder) throws IOException {
		final Path empty = Files.createFile(folder.resolve("empty.h5"));
		final Path text = Files.write(folder.resolve("text.h5"), new byte[3000]);
		for (final Path path : new Path[] { empty, text, folder, folder.resolve("absent.h5") }) {
			final EngineException e = assertThrows(EngineException.class, () -> new Hdf5File(path.toFile()).close());
			assertMentions(e.getMessage(), path.toString(), ".");
		}
		assertEquals(0, openFiles(folder));
	}

	/** Linux tells; elsewhere a file that is open cannot be removed, which the temporary folder's end shows. */
	private static long openFiles(final Path folder) throws IOException {
		final Path handles = new File("/proc/self/fd").toPath();
		if (!Files.isDirectory(handles)) return 0;
		try (Stream<Path> all = Files.list(handles)) {
			return all.filter(handle -> {
				try {
					return Files.readSymbolicLink(handle).startsWith(folder);
				}
				catch (final IOException e) {
					return false; // closed meanwhile
				}
			}).count();
		}
	}

	/** Cut off or changed anywhere: pixels or a sentence, and the file is free afterwards. */
	@Test
	void damageEndsInASentence(@TempDir final Path folder) throws IOException {
		final Random random = new Random(3);
		int refused = 0;
		for (final String name : new String[] { "layouts.h5", "indexes.h5", "probabilities.h5" }) {
			final byte[] whole = Files.readAllBytes(Hdf5Data.file(name).toPath());
			final Path file = folder.resolve(name);
			for (int i = 0; i < 60; i++) {
				final byte[] bytes = i % 2 == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
				for (int flips = i % 2 * 40; flips > 0; flips--)
					bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
				Files.write(file, bytes);
				refused += readAll(file.toFile());
			}
		}
		assertTrue(refused > 50, "" + refused);
		assertEquals(0, openFiles(folder));
	}

	/** Returns how many datasets, or the file, were refused. */
	private static int readAll(final File file) {
		final List<Hdf5Dataset> found;
		try (Hdf5File opened = new Hdf5File(file)) {
			found = opened.datasets();
		}
		catch (final EngineException e) {
			assertMentions(e.getMessage(), file.getPath());
			return 1;
		}
		int refused = 0;
		for (final Hdf5Dataset dataset : found)
			try (Hdf5Source source = new Hdf5Source(file, new ReadOptions().dataset(dataset.path))) {
				final ImageInfo info = source.info();
				if (info.planeLength() * info.depth * info.channels < 100_000) Hdf5Data.numbers(source, Box.of(info, 0));
			}
			catch (final EngineException e) {
				assertMentions(e.getMessage(), file.getPath());
				refused++;
			}
		return refused;
	}
}
