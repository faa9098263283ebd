package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoLeaks.class)
class EngineImageTest {

	private static final ImageInfo HYPERSTACK = ImageInfo.builder(PixelType.UINT16, 7, 5).depth(3).channels(2).frames(4)
		.spacing(0.25, 0.25, 1.5, "um").frameInterval(2.5).build();

	@TempDir
	Path folder;
	private Job job;

	@BeforeEach
	void makeJob() {
		job = new Job();
	}

	@AfterEach
	void closeJob() {
		job.close();
	}

	private static byte[] randomBytes(final int length, final long seed) {
		final byte[] bytes = new byte[length];
		new Random(seed).nextBytes(bytes);
		return bytes;
	}

	private static short[] randomShorts(final int length, final long seed) {
		final short[] shorts = new short[length];
		final Random random = new Random(seed);
		for (int i = 0; i < length; i++) shorts[i] = (short) random.nextInt();
		return shorts;
	}

	private static float[] randomFloats(final int length, final long seed) {
		final float[] floats = new float[length];
		final Random random = new Random(seed);
		for (int i = 0; i < length; i++) floats[i] = (float) random.nextGaussian();
		floats[0] = Float.NaN;
		floats[1] = Float.NEGATIVE_INFINITY;
		return floats;
	}

	@Test
	void newImageIsZero() {
		try (EngineImage image = EngineImage.create(job, ImageInfo.builder(PixelType.FLOAT32, 3, 2).build())) {
			assertArrayEquals(new float[6], Scene.floatsOf(image, 0));
			assertEquals("", image.name());
			assertNull(image.planeLabel(0, 0, 0));
		}
	}

	@Test
	void infoComesBack() {
		try (EngineImage image = EngineImage.create(job, HYPERSTACK)) {
			assertSameInfo(HYPERSTACK, image.info());
		}
		final ImageInfo other = HYPERSTACK.toBuilder().calibrated(false).frameInterval(0).build();
		try (EngineImage image = EngineImage.create(job, other)) {
			assertSameInfo(other, image.info());
		}
		final ImageInfo unit = HYPERSTACK.toBuilder().spacing(1, 2, 3, "\u7d30 \ud83d\udd2c").build();
		try (EngineImage image = EngineImage.create(job, unit)) {
			assertSameInfo(unit, image.info());
		}
		assertArgument(() -> EngineImage.create(job, HYPERSTACK.toBuilder().spacing(1, 1, 1, new String(new char[40]).replace(
			"\0", "m")).build()));
	}

	private static void assertSameInfo(final ImageInfo expected, final ImageInfo actual) {
		assertEquals(expected.toString(), actual.toString());
		assertEquals(expected.rgb, actual.rgb);
		assertEquals(expected.calibrated, actual.calibrated);
		final double[] e = { expected.spacingX, expected.spacingY, expected.spacingZ, expected.frameInterval };
		final double[] a = { actual.spacingX, actual.spacingY, actual.spacingZ, actual.frameInterval };
		assertArrayEquals(e, a, 1e-9);
		assertEquals(expected.unit, actual.unit);
	}

	@Test
	void spacingIsReplaced() {
		try (EngineImage image = EngineImage.create(job, HYPERSTACK)) {
			image.setSpacing(job, 0.5, 0.25, 2);
			assertSameInfo(HYPERSTACK.toBuilder().spacing(0.5, 0.25, 2, "um").build(), image.info());
			assertArgument(() -> image.setSpacing(job, 1, 0, 1));
		}
	}

	@Test
	void bytePlanesComeBack() {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 13, 11).depth(2).channels(2).frames(2).build();
		try (EngineImage image = EngineImage.create(job, info)) {
			forEachPlane(info, (t, c, z) -> image.setPlane(t, c, z, randomBytes(143, t * 100 + c * 10 + z)));
			forEachPlane(info, (t, c, z) -> {
				final byte[] back = new byte[143];
				image.getPlane(t, c, z, back);
				assertArrayEquals(randomBytes(143, t * 100 + c * 10 + z), back);
			});
		}
	}

	@Test
	void shortPlanesComeBack() {
		try (EngineImage image = EngineImage.create(job, HYPERSTACK)) {
			forEachPlane(HYPERSTACK, (t, c, z) -> image.setPlane(t, c, z, randomShorts(35, t * 100 + c * 10 + z)));
			forEachPlane(HYPERSTACK, (t, c, z) -> {
				final short[] back = new short[35];
				image.getPlane(t, c, z, back);
				assertArrayEquals(randomShorts(35, t * 100 + c * 10 + z), back);
			});
		}
	}

	/** Large enough to be copied in several pieces. */
	@Test
	void largeFloatPlaneComesBack() {
		final int width = 1031;
		final int height = 1049;
		final float[] pixels = randomFloats(width * height, 3);
		try (EngineImage image = EngineImage.create(job, ImageInfo.builder(PixelType.FLOAT32, width, height).build())) {
			image.setPlane(0, 0, 0, pixels);
			assertArrayEquals(pixels, Scene.floatsOf(image, 0));
		}
	}

	@Test
	void colourPlanesAreSplitAndJoined() {
		final int width = 1031;
		final int height = 1049;
		final int[] packed = new Random(4).ints(width * height).toArray();
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, width, height).rgb(true).build();
		try (EngineImage image = EngineImage.create(job, info)) {
			image.setRgbPlane(0, 0, packed);
			final byte[][] planes = { Scene.bytesOf(image, 0), Scene.bytesOf(image, 1), Scene.bytesOf(image, 2) };
			for (int i = 0; i < packed.length; i++) {
				for (int c = 0; c < 3; c++) {
					final byte expected = (byte) (packed[i] >> (16 - 8 * c));
					if (expected != planes[c][i]) throw new AssertionError("pixel " + i + " channel " + c);
				}
			}
			final int[] back = new int[packed.length];
			image.getRgbPlane(0, 0, back);
			for (int i = 0; i < packed.length; i++) packed[i] |= 0xFF000000;
			assertArrayEquals(packed, back);
		}
	}

	@Test
	void wrongArraysAndIndicesAreRefused() {
		try (EngineImage image = EngineImage.create(job, HYPERSTACK)) {
			final Class<IllegalArgumentException> refused = IllegalArgumentException.class;
			assertThrows(refused, () -> image.setPlane(0, 0, 0, new byte[35]));
			assertThrows(refused, () -> image.getPlane(0, 0, 0, new float[35]));
			assertThrows(refused, () -> image.setPlane(0, 0, 0, new short[34]));
			assertThrows(refused, () -> image.setPlane(0, 0, 0, (short[]) null));
			assertThrows(refused, () -> image.setRgbPlane(0, 0, new int[35]));
			assertThrows(IndexOutOfBoundsException.class, () -> image.setPlane(4, 0, 0, new short[35]));
			assertThrows(IndexOutOfBoundsException.class, () -> image.getPlane(0, -1, 0, new short[35]));
			assertThrows(IndexOutOfBoundsException.class, () -> image.planeLabel(0, 0, 3));
		}
	}

	/** The bridge checks again, whatever the Java side did. */
	@Test
	void bridgeRefusesWrongArguments() {
		try (EngineImage image = EngineImage.create(job, HYPERSTACK); Handle.Use use = image.use()) {
			final long address = use.address();
			assertArgument(() -> Native.imageSetPlane(address, 0, 0, 0, new byte[35]));
			assertArgument(() -> Native.imageSetPlane(address, 0, 0, 0, "no array"));
			assertArgument(() -> Native.imageGetPlane(address, 0, 0, 0, null));
			assertArgument(() -> Native.imageGetPlane(address, 0, 0, 0, new short[34]));
			assertArgument(() -> Native.imageGetPlane(address, 0, 2, 0, new short[35]));
			assertArgument(() -> Native.imageSetRgb(address, 0, 0, new int[35]));
			assertArgument(() -> Native.imageHash(0));
			assertArgument(() -> Native.imageRead(0, new byte[0]));
			assertArgument(() -> Native.featureTexts(-1));
			assertArgument(() -> Native.presetTexts(99));
		}
	}

	private static void assertArgument(final org.junit.jupiter.api.function.Executable call) {
		assertEquals(Status.ARGUMENT, assertThrows(EngineException.class, call).status());
	}

	@Test
	void impossibleSizesAreRefused() {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 0, 5).build();
		assertArgument(() -> EngineImage.create(job, info));
	}

	@Test
	void tooLargeImageIsAnErrorAndNotTheEnd() {
		final ImageInfo info = ImageInfo.builder(PixelType.FLOAT32, 2000000000, 2000000000).depth(3).frames(100).build();
		final EngineException e = assertThrows(EngineException.class, () -> EngineImage.create(job, info));
		assertEquals(Status.MEMORY, e.status());
	}

	@Test
	void namesKeepEveryCharacter() {
		final String name = "Zelle \u00e4 \u7d30\u80de \ud83d\udd2c \u00b5m";
		try (EngineImage image = EngineImage.create(job, HYPERSTACK)) {
			image.setName(job, name);
			image.setPlaneLabel(job, 3, 1, 2, name + " 2");
			assertEquals(name, image.name());
			assertEquals(name + " 2", image.planeLabel(3, 1, 2));
			assertNull(image.planeLabel(0, 0, 0));
			assertArgument(() -> image.setName(job, "a\0b"));
		}
	}

	@Test
	void hashFollowsPixels() {
		try (EngineImage one = EngineImage.create(job, HYPERSTACK); EngineImage two = EngineImage.create(job, HYPERSTACK)) {
			assertEquals(one.hash(), two.hash());
			two.setPlane(3, 1, 2, randomShorts(35, 1));
			assertNotEquals(one.hash(), two.hash());
		}
	}

	@ParameterizedTest
	@EnumSource(Compression.class)
	void tiffKeepsPixelsAndCalibration(final Compression compression) {
		final String path = folder.resolve("Zelle \u7d30\u80de \ud83d\udd2c " + compression + ".tif").toString();
		try (EngineImage image = EngineImage.create(job, HYPERSTACK)) {
			forEachPlane(HYPERSTACK, (t, c, z) -> image.setPlane(t, c, z, randomShorts(35, t * 100 + c * 10 + z)));
			image.setPlaneLabel(job, 0, 0, 0, "first");
			image.write(job, path, compression);
			try (EngineImage back = EngineImage.read(job, path)) {
				assertSameInfo(HYPERSTACK, back.info());
				assertEquals(image.hash(), back.hash());
				assertEquals("first", back.planeLabel(0, 0, 0));
				assertEquals(new File(path).getName(), back.name());
			}
		}
		assertEquals(1, folder.toFile().list().length, "nothing but the result");
	}

	@Test
	void tiffKeepsColour() {
		final String path = folder.resolve("colour.tif").toString();
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 16, 8).rgb(true).build();
		try (EngineImage image = EngineImage.create(job, info)) {
			image.setRgbPlane(0, 0, new Random(1).ints(128).toArray());
			image.write(job, path, Compression.LZW);
			try (EngineImage back = EngineImage.read(job, path)) {
				assertTrue(back.info().rgb);
				assertEquals(image.hash(), back.hash());
			}
		}
	}

	@Test
	void missingFileIsNamed() {
		final String path = folder.resolve("missing \u00e9.tif").toString();
		final EngineException e = assertThrows(EngineException.class, () -> EngineImage.read(job, path));
		assertEquals(Status.IO, e.status());
		assertTrue(e.getMessage().contains("missing \u00e9.tif"), e.getMessage());
	}

	@Test
	void damagedFileIsAFormatError() throws IOException {
		final Path path = folder.resolve("damaged.tif");
		final byte[] bytes = new byte[200];
		Arrays.fill(bytes, (byte) 'x');
		Files.write(path, bytes);
		final EngineException e = assertThrows(EngineException.class, () -> EngineImage.read(job, path.toString()));
		assertEquals(Status.FORMAT, e.status());
		assertTrue(e.getMessage().contains("damaged.tif"), e.getMessage());
	}

	@Test
	void failedWriteLeavesNothing() {
		final Path path = folder.resolve("no such folder").resolve("x.tif");
		try (EngineImage image = EngineImage.create(job, HYPERSTACK)) {
			final EngineException e = assertThrows(EngineException.class, () -> image.write(job, path.toString(),
				Compression.NONE));
			assertEquals(Status.IO, e.status());
		}
		assertEquals(0, folder.toFile().list().length);
	}

	private interface PlaneAction {

		void run(int frame, int channel, int z);
	}

	private static void forEachPlane(final ImageInfo info, final PlaneAction action) {
		for (int t = 0; t < info.frames; t++) {
			for (int c = 0; c < info.channels; c++) {
				for (int z = 0; z < info.depth; z++) action.run(t, c, z);
			}
		}
	}
}
