package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

	@Test
	void sparsePlanesComeAndGo() {
		try (EngineImage image = EngineImage.createSparse(job, HYPERSTACK)) {
			assertTrue(image.isSparse());
			final long empty = Engine.memoryInUse();
			forEachPlane(HYPERSTACK, (t, c, z) -> {
				assertFalse(image.hasPlane(t, c, z));
				assertArgument(() -> image.getPlane(t, c, z, new short[35]));
				image.putPlane(job, t, c, z, randomShorts(35, t * 100 + c * 10 + z));
			});
			assertEquals(empty + 24 * 70, Engine.memoryInUse());
			forEachPlane(HYPERSTACK, (t, c, z) -> {
				final short[] back = new short[35];
				assertTrue(image.hasPlane(t, c, z));
				image.getPlane(t, c, z, back);
				assertArrayEquals(randomShorts(35, t * 100 + c * 10 + z), back);
				image.dropPlane(t, c, z);
				image.dropPlane(t, c, z);
				assertFalse(image.hasPlane(t, c, z));
			});
			assertEquals(empty, Engine.memoryInUse());
		}
	}

	@Test
	void sparsePlanesTakeEveryType() {
		final int length = 1031 * 1049; // large enough to be copied in several pieces
		final Object[] planes = { randomBytes(length, 1), randomShorts(length, 2), randomFloats(length, 3) };
		for (final PixelType type : PixelType.values()) {
			final ImageInfo info = ImageInfo.builder(type, 1031, 1049).build();
			final Object pixels = planes[type.ordinal()];
			try (EngineImage sparse = EngineImage.createSparse(job, info); EngineImage whole = EngineImage.create(job, info)) {
				sparse.putPlane(job, 0, 0, 0, pixels);
				assertNotEquals(whole.fingerprint(job), sparse.fingerprint(job));
				if (pixels instanceof byte[]) whole.setPlane(0, 0, 0, (byte[]) pixels);
				if (pixels instanceof short[]) whole.setPlane(0, 0, 0, (short[]) pixels);
				if (pixels instanceof float[]) whole.setPlane(0, 0, 0, (float[]) pixels);
				assertEquals(whole.fingerprint(job), sparse.fingerprint(job));
			}
		}
	}

	@Test
	void sparseColourPlanesAreSplit() {
		final int[] packed = new Random(4).ints(31 * 17).toArray();
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 31, 17).rgb(true).frames(2).build();
		try (EngineImage sparse = EngineImage.createSparse(job, info); EngineImage whole = EngineImage.create(job, info)) {
			whole.setRgbPlane(1, 0, packed);
			sparse.putRgb(job, 1, 0, packed);
			assertFalse(sparse.hasPlane(0, 0, 0));
			for (int c = 0; c < 3; c++) {
				final byte[] expected = new byte[31 * 17];
				final byte[] actual = new byte[31 * 17];
				whole.getPlane(1, c, 0, expected);
				sparse.getPlane(1, c, 0, actual);
				assertArrayEquals(expected, actual);
			}
			assertThrows(IllegalArgumentException.class, () -> sparse.putRgb(job, 1, 0, new int[3]));
		}
	}

	@Test
	void planesGoIntoSparseImagesOnly() {
		final Class<IllegalArgumentException> refused = IllegalArgumentException.class;
		try (EngineImage whole = EngineImage.create(job, HYPERSTACK);
			EngineImage sparse = EngineImage.createSparse(job, HYPERSTACK);
			Job first = new Job();
			Job second = new Job())
		{
			assertFalse(whole.isSparse());
			assertTrue(whole.hasPlane(3, 1, 2));
			assertArgument(() -> whole.putPlane(first, 0, 0, 0, new short[35]));
			assertThrows(refused, () -> sparse.putPlane(job, 0, 0, 0, new byte[35]));
			assertThrows(refused, () -> sparse.putPlane(job, 0, 0, 0, new short[36]));
			assertThrows(refused, () -> sparse.putPlane(job, 0, 0, 0, null));
			assertThrows(refused, () -> sparse.putRgb(job, 0, 0, new int[35]));
			assertThrows(IndexOutOfBoundsException.class, () -> sparse.putPlane(job, 0, 2, 0, new short[35]));
			assertThrows(IndexOutOfBoundsException.class, () -> sparse.dropPlane(0, 0, 3));
			assertThrows(IndexOutOfBoundsException.class, () -> sparse.hasPlane(-1, 0, 0));
			final EngineException e = assertThrows(EngineException.class, () -> sparse.write(second, folder.resolve("x.tif")
				.toString(), Compression.NONE));
			assertTrue(e.getMessage().contains("sparse image"), e.getMessage());
		}
		assertEquals(0, folder.toFile().list().length);
	}

	@Test
	void bridgeRefusesWrongPlanes() {
		final ImageInfo colour = ImageInfo.builder(PixelType.UINT8, 7, 5).rgb(true).build();
		try (EngineImage image = EngineImage.createSparse(job, HYPERSTACK);
			EngineImage rgb = EngineImage.createSparse(job, colour);
			Handle.Use use = image.use();
			Handle.Use useRgb = rgb.use())
		{
			final long address = use.address();
			for (final Object wrong : new Object[] { new byte[35], new short[34], "no array", null }) {
				withJob(j -> assertArgument(() -> Native.imagePut(j, address, 0, 0, 0, wrong)));
			}
			withJob(j -> assertArgument(() -> Native.imagePut(j, address, 4, 0, 0, new short[35])));
			withJob(j -> assertArgument(() -> Native.imagePutRgb(j, address, 0, 0, new int[35])));
			withJob(j -> assertArgument(() -> Native.imagePutRgb(j, useRgb.address(), 0, 0, new int[34])));
			withJob(j -> assertArgument(() -> Native.imagePutRgb(j, useRgb.address(), 0, 0, null)));
			withJob(j -> assertArgument(() -> Native.imagePutRgb(j, useRgb.address(), 0, 1, new int[35])));
			withJob(j -> assertArgument(() -> Native.imageFingerprint(j, 0)));
			assertArgument(() -> Native.imageSurvey(0));
			assertArgument(() -> Native.imageDrop(0, 0, 0, 0));
			assertArgument(() -> Native.imageHas(0, 0, 0, 0));
			assertFalse(Native.imageHas(address, 0, 0, 0));
			assertFalse(Native.imageHas(useRgb.address(), 0, 0, 0));
		}
	}

	/** A job serves no call after an error. */
	private static void withJob(final LongConsumer call) {
		try (Job own = new Job(); Handle.Use use = own.use()) {
			call.accept(use.address());
		}
	}

	/** What an object depends on must not change; a plane that comes or goes is no change. */
	@Test
	void sparsePlanesComeAndGoWhileOthersDependOnTheImage() {
		try (EngineImage image = EngineImage.createSparse(job, HYPERSTACK)) {
			final Handle.Pin pin = image.pin();
			image.putPlane(job, 0, 0, 0, randomShorts(35, 1));
			assertThrows(IllegalStateException.class, () -> image.setPlane(0, 0, 0, new short[35]));
			image.dropPlane(0, 0, 0);
			assertFalse(image.hasPlane(0, 0, 0));
			pin.close();
		}
	}

	@Test
	@Timeout(60)
	void planesWaitForRunningCalls() throws Exception {
		try (EngineImage image = EngineImage.createSparse(job, HYPERSTACK)) {
			final Handle.Use reader = image.use();
			final Thread writer = new Thread(() -> image.putPlane(job, 0, 0, 0, new short[35]));
			writer.start();
			while (writer.getState() != Thread.State.WAITING) Thread.sleep(1);
			assertFalse(image.hasPlane(0, 0, 0));
			reader.close();
			writer.join();
			assertTrue(image.hasPlane(0, 0, 0));
		}
	}

	@Test
	void theSurveyStandsForTheImage() {
		final ImageInfo info = HYPERSTACK.toBuilder().depth(20).frames(3).build();
		try (EngineImage whole = EngineImage.create(job, info); EngineImage sparse = EngineImage.createSparse(job, info)) {
			forEachPlane(info, (t, c, z) -> whole.setPlane(t, c, z, randomShorts(35, t * 1000 + c * 100 + z)));
			final long[] survey = sparse.survey();
			assertArrayEquals(survey, whole.survey());
			assertEquals(16, survey.length);
			for (final long slice : survey) {
				for (int c = 0; c < info.channels; c++) {
					final int t = (int) (slice / info.depth);
					final int z = (int) (slice % info.depth);
					try (Job own = new Job()) {
						assertArgument(() -> sparse.fingerprint(own));
					}
					sparse.putPlane(job, t, c, z, randomShorts(35, t * 1000 + c * 100 + z));
				}
			}
			assertEquals(whole.fingerprint(job), sparse.fingerprint(job));
			assertEquals(sparse.fingerprint(job), sparse.hash());
			assertNotEquals(whole.hash(), sparse.hash());
			whole.setName(job, "moved.tif");
			whole.setSpacing(job, 1, 2, 3);
			assertEquals(sparse.fingerprint(job), whole.fingerprint(job));
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
