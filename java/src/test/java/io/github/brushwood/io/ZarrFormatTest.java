package io.github.brushwood.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.ZarrCodec;
import io.github.brushwood.engine.ZarrOptions;
import io.github.brushwood.engine.ZarrVersion;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images in OME-Zarr as a format like others. */
class ZarrFormatTest {

	@TempDir
	Path folder;

	private static byte[] pixels(final ImageInfo info) {
		final byte[] bytes = new byte[(int) (Box.of(info, 0).count() * info.channels * info.type.size)];
		new Random(5).nextBytes(bytes);
		for (int i = 3; info.type == PixelType.FLOAT32 && i < bytes.length; i += 4)
			bytes[i] = 0x3F; // no NaN
		return bytes;
	}

	/** A frame in a folder. */
	private static void write(final File file, final ImageInfo info, final ZarrOptions options) {
		try (Job job = new Job();
			EngineImage outline = EngineImage.createSparse(job, info);
			EngineSink sink = ImageFormats.ZARR.create(job, file, outline, new WriteOptions().zarr(options)))
		{
			sink.write(job, Box.of(info, 0), ByteBuffer.wrap(pixels(info)));
			sink.finish(job);
		}
	}

	private static void assertHolds(final File file, final String dataset, final ImageInfo info) {
		try (Job job = new Job();
			EngineImage image = ImageFormats.of(file).open(job, file, new ReadOptions().dataset(dataset)))
		{
			assertTrue(image.info().hasShapeOf(info), image.info().toString());
			final byte[] found = new byte[pixels(info).length];
			image.read(job, Box.of(info, 0), ByteBuffer.wrap(found));
			assertArrayEquals(pixels(info), found);
			assertEquals(file.getName(), image.name());
		}
	}

	private static ImageInfo info(final PixelType type) {
		return ImageInfo.builder(type, 150, 70).depth(3).channels(2).build();
	}

	@Test
	void typesVersionsAndCodecsComeBack() {
		for (final PixelType type : PixelType.values())
			for (final ZarrVersion version : ZarrVersion.values())
				for (final ZarrCodec codec : ZarrCodec.values()) {
					final File file = folder.resolve(type + "-" + version + "-" + codec + ".zarr").toFile();
					write(file, info(type), new ZarrOptions().version(version).codec(codec).chunk(32, 64, 2));
					assertHolds(file, "", info(type));
					assertHolds(file, "0", info(type));
					assertEquals(3, ZarrFolder.images(file).get(0).levels().size(), file.getName());
				}
	}

	@ParameterizedTest
	@ValueSource(strings = { "\u7ec6\u80de \u00e4 \ud83d\udd2c.zarr", "a b [1] #2 %20 'q' {x}.ome.zarr", "UPPER.ZARR",
		"con.aux .zarr", "-dash.zarr" })
	void namesMayBeOdd(final String name) throws IOException {
		final File file = Files.createDirectory(folder.resolve("f\u00f6lder ;,")).resolve(name).toFile();
		write(file, info(PixelType.UINT16), new ZarrOptions());
		assertSame(ImageFormats.ZARR, ImageFormats.of(file));
		assertHolds(file, "", info(PixelType.UINT16));
		assertArrayEquals(new String[] { name }, file.getParentFile().list(), "leftovers");
	}

	@Test
	void whatAFolderHoldsDecides() throws IOException {
		final File file = folder.resolve("a.zarr").toFile();
		write(file, info(PixelType.UINT8), new ZarrOptions());
		final File other = Files.move(file.toPath(), folder.resolve("no suffix")).toFile();
		assertSame(ImageFormats.ZARR, ImageFormats.of(other));
		assertHolds(other, "", info(PixelType.UINT8));
		assertSame(ImageFormats.ZARR, ImageFormats.of(new File(other, "0")));
		assertNull(ImageFormats.of(folder.toFile()));
		final File pretender = Files.write(folder.resolve("file.zarr"), new byte[1]).toFile();
		assertNull(ImageFormats.of(pretender));
		assertSame(ImageFormats.TIFF, ImageFormats.of(folder.resolve("x.tif").toFile()));
	}

	@Test
	void existingOnesAreReplacedButNothingElseIs() throws IOException {
		final File file = folder.resolve("a.zarr").toFile();
		write(file, info(PixelType.UINT16), new ZarrOptions());
		write(file, info(PixelType.UINT8), new ZarrOptions());
		assertHolds(file, "", info(PixelType.UINT8));
		final Path precious = Files.createDirectory(folder.resolve("b.zarr")).resolve("thesis.txt");
		Files.write(precious, new byte[1]);
		final EngineException refused = assertThrows(EngineException.class, () -> write(precious.getParent().toFile(), info(
			PixelType.UINT8), new ZarrOptions()));
		assertTrue(refused.getMessage().contains("b.zarr"), refused.getMessage());
		assertTrue(Files.exists(precious));
		final File taken = Files.write(folder.resolve("c.zarr"), new byte[1]).toFile();
		assertThrows(EngineException.class, () -> write(taken, info(PixelType.UINT8), new ZarrOptions()));
		assertEquals(1, taken.length());
	}

	@Test
	void whatIsNotFinishedLeavesNothing() {
		final ImageInfo info = info(PixelType.UINT8);
		final File file = folder.resolve("a.zarr").toFile();
		try (Job job = new Job();
			EngineImage outline = EngineImage.createSparse(job, info);
			EngineSink sink = ImageFormats.ZARR.create(job, file, outline, new WriteOptions()))
		{
			sink.write(job, Box.of(info, 0), ByteBuffer.wrap(pixels(info)));
			assertFalse(file.exists());
		}
		assertArrayEquals(new String[0], folder.toFile().list());
	}

	// ---- what folders hold

	private static List<String> paths(final File root) {
		final List<String> paths = new ArrayList<>();
		for (final ZarrImage image : ZarrFolder.images(root))
			paths.add(image.path + ":" + image.levels().size());
		return paths;
	}

	@ParameterizedTest
	@ValueSource(strings = { "OME_04", "OME_05" })
	void imagesOfAFolderAreListed(final String version) throws IOException {
		final File root = folder.resolve("many.zarr").toFile();
		final ZarrOptions options = new ZarrOptions().version(ZarrVersion.valueOf(version));
		final boolean third = version.equals("OME_05");
		Files.createDirectories(root.toPath());
		Files.write(root.toPath().resolve(third ? "zarr.json" : ".zgroup"), (third
			? "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}" : "{\"zarr_format\":2}").getBytes());
		for (final String name : new String[] { "2", "10" })
			write(new File(root, "x" + name + ".zarr"), info(PixelType.UINT8), options);
		for (final String name : new String[] { "2", "10" })
			Files.move(new File(root, "x" + name + ".zarr").toPath(), new File(root, name).toPath(),
				StandardCopyOption.ATOMIC_MOVE);
		assertEquals("[2:3, 10:3]", paths(root).toString());
		assertEquals("[:1]", paths(new File(root, "2/0")).toString());
		assertHolds(root, "10", info(PixelType.UINT8));
		assertEquals("10", ZarrFolder.image(root, "/10/").path);
		final EngineException several = assertThrows(EngineException.class, () -> ZarrFolder.image(root, ""));
		assertTrue(several.getMessage().contains("several") && several.getMessage().contains("2, 10"), several.getMessage());
		assertThrows(EngineException.class, () -> assertHolds(root, "", info(PixelType.UINT8)));
		final EngineException absent = assertThrows(EngineException.class, () -> ZarrFolder.image(root, "7"));
		assertTrue(absent.getMessage().contains("no image '7'"), absent.getMessage());
	}

	@Test
	void foldersWithoutImagesAndDamagedOnesAreTold() throws IOException {
		final Path empty = Files.createDirectory(folder.resolve("empty.zarr"));
		assertTrue(assertThrows(EngineException.class, () -> ZarrFolder.images(empty.toFile())).getMessage().contains(
			"holds no image"));
		assertTrue(assertThrows(EngineException.class, () -> ZarrFolder.images(new File(empty.toFile(), "x"))).getMessage()
			.contains("does not exist"));
		for (final String text : new String[] { "{\"multiscales\": [", "[]", "" }) {
			Files.write(empty.resolve(".zattrs"), text.getBytes());
			assertTrue(assertThrows(EngineException.class, () -> ZarrFolder.images(empty.toFile())).getMessage().contains(
				".zattrs"), text);
		}
		for (final String text : new String[] { "{\"multiscales\": 3}", "{\"multiscales\": [{\"datasets\": [{}, 5]}]}" }) {
			Files.write(empty.resolve(".zattrs"), text.getBytes());
			assertThrows(EngineException.class, () -> ZarrFolder.images(empty.toFile()), text);
		}
	}
}
