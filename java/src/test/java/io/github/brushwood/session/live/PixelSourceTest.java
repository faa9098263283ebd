package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.process.ByteProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.ShortProcessor;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusAdapter;
import io.github.brushwood.session.Pictures;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PixelSourceTest {

	private static final PixelSource.Check GO = fraction -> assertTrue(fraction >= 0 && fraction <= 1);

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,2,3,2", "32,1,4,1", "24,1,2,3" })
	void aSmallImageIsReadWhole(final int bits, final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 20, 10, bits, c, z, t);
		try (Job job = new Job();
			PixelSource source = PixelSource.open(job, imp, true, 1 << 20, GO);
			EngineImage expected = ImagePlusAdapter.toEngine(job, imp))
		{
			assertFalse(source.image().isSparse());
			assertEquals(expected.hash(), source.image().hash());
			assertEquals("a.tif", source.image().name());
			assertEquals(expected.info().spacingZ, source.image().info().spacingZ);
			assertEquals(20L * 10 * c * z * t * (bits == 24 ? 3 : bits / 8), source.bytes());
			source.need(job, Collections.singletonList(0L), 0, GO);
		}
	}

	@Test
	void withoutCalibrationVoxelsAreCubes() {
		try (Job job = new Job();
			PixelSource source = PixelSource.open(job, Pictures.hyperstack("a.tif", 8, 8, 8, 1, 2, 1), false, 1 << 20, GO))
		{
			assertEquals(1, source.image().info().spacingZ);
			assertEquals(1, source.image().info().spacingX);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 8, 16, 24, 32 })
	void slicesComeAndTheLongestUnusedGo(final int bits) {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 20, 10, bits, 1, 40, 2);
		final long slice = 20L * 10 * (bits == 24 ? 3 : bits / 8);
		try (Job job = new Job(); PixelSource source = PixelSource.open(job, imp, true, 0, GO)) {
			assertTrue(source.image().isSparse());
			assertEquals(0, source.bytes());
			source.need(job, Arrays.asList(3L, 41L), 3 * slice, GO);
			assertEquals(2 * slice, source.bytes());
			assertSame(imp, source, 41);
			source.need(job, Arrays.asList(3L, 5L), 3 * slice, GO);
			source.need(job, Collections.singletonList(79L), 3 * slice, GO);
			assertEquals(3 * slice, source.bytes());
			assertFalse(has(source, 41));
			for (final long there : new long[] { 3, 5, 79 })
				assertSame(imp, source, there);
			assertEquals(2 * slice, source.missing(Arrays.asList(3L, 4L, 6L)));
			source.drop(Collections.singleton(5L), slice);
			assertEquals(slice, source.bytes());
			assertSame(imp, source, 5);
		}
	}

	private static boolean has(final PixelSource source, final long slice) {
		final long depth = source.image().info().depth;
		return source.image().hasPlane((int) (slice / depth), 0, slice % depth);
	}

	private static void assertSame(final ImagePlus imp, final PixelSource source, final long slice) {
		assertTrue(has(source, slice));
		try (Job job = new Job(); EngineImage whole = ImagePlusAdapter.toEngine(job, imp)) {
			final int size = (int) whole.info().planeLength();
			final int frame = (int) (slice / 40);
			final long z = slice % 40;
			if (imp.getBitDepth() == 8) {
				assertArrayEquals((byte[]) PixelSource.plane(imp, 0, (int) z, frame), get(source.image(), frame, z, size));
			}
			else if (imp.getBitDepth() == 24) {
				final int[] expected = new int[size];
				final int[] actual = new int[size];
				whole.getRgbPlane(frame, z, expected);
				source.image().getRgbPlane(frame, z, actual);
				assertArrayEquals(expected, actual);
			}
			else if (imp.getBitDepth() == 16) {
				final short[] actual = new short[size];
				source.image().getPlane(frame, 0, z, actual);
				assertArrayEquals((short[]) PixelSource.plane(imp, 0, (int) z, frame), actual);
			}
			else {
				final float[] actual = new float[size];
				source.image().getPlane(frame, 0, z, actual);
				assertArrayEquals((float[]) PixelSource.plane(imp, 0, (int) z, frame), actual);
			}
		}
	}

	private static byte[] get(final EngineImage image, final int frame, final long z, final int size) {
		final byte[] actual = new byte[size];
		image.getPlane(frame, 0, z, actual);
		return actual;
	}

	@Test
	void slicesThatCannotFitAreRefused() {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 1024, 1024, 8, 1, 3, 1);
		try (Job job = new Job(); PixelSource source = PixelSource.open(job, imp, true, 0, GO)) {
			final String message = assertThrows(BrushwoodException.class, () -> source.need(job, Arrays.asList(0L, 1L, 2L),
				2 << 20, GO)).getMessage();
			assertTrue(message.contains("3 slices of 'a.tif'") && message.contains("3 MB") && message.contains("2 MB"), message);
			assertEquals(0, source.bytes());
		}
	}

	@Test
	void readingStopsWhenAsked() {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 20, 10, 8, 1, 40, 1);
		final List<Double> fractions = new ArrayList<>();
		final PixelSource.Check stop = fraction -> {
			fractions.add(fraction);
			if (fractions.size() == 3) throw new CancelledException("enough");
		};
		try (Job job = new Job()) {
			assertThrows(CancelledException.class, () -> PixelSource.open(job, imp, true, 1 << 20, stop));
			assertEquals(Arrays.asList(0.0, 1.0 / 40, 2.0 / 40), fractions);
		}
	}

	@Test
	void aSliceThatCouldBeReadInPartIsReadAgain() {
		final boolean[] broken = { true };
		final ij.ImageStack stack = new ij.ImageStack(20, 10) {

			@Override
			public ImageProcessor getProcessor(final int n) {
				if (broken[0] && n == 4) throw new IllegalStateException("unreadable");
				return super.getProcessor(n);
			}
		};
		for (int n = 1; n <= 6; n++)
			stack.addSlice("", Pictures.plane("p", 20, 10, 8).getProcessor());
		final ImagePlus imp = new ImagePlus("a.tif", stack);
		imp.setDimensions(2, 3, 1);
		try (Job job = new Job(); PixelSource source = PixelSource.open(job, imp, true, 0, GO)) {
			assertThrows(IllegalStateException.class, () -> source.need(job, Arrays.asList(0L, 1L), 10000, GO));
			assertEquals(2 * 20 * 10, source.bytes(), "the first slice alone");
			broken[0] = false;
			source.need(job, Arrays.asList(0L, 1L), 10000, GO);
			for (int c = 0; c < 2; c++)
				assertTrue(source.image().hasPlane(0, c, 1));
		}
	}

	// ---- statistics

	private static List<String> warnings(final ImageProcessor... planes) {
		final ij.ImageStack stack = new ij.ImageStack(planes[0].getWidth(), planes[0].getHeight());
		for (final ImageProcessor plane : planes)
			stack.addSlice("", plane);
		final ImagePlus imp = new ImagePlus("x.tif", stack);
		imp.setDimensions(planes.length, 1, 1);
		try (Job job = new Job(); PixelSource source = PixelSource.open(job, imp, true, 1 << 20, GO)) {
			return source.statistics().warnings("x.tif");
		}
	}

	@Test
	void saturatedAndConstantChannelsAreTold() {
		final byte[] bytes = new byte[1000];
		for (int i = 0; i < bytes.length; i++)
			bytes[i] = (byte) (i % 200);
		Arrays.fill(bytes, 0, 10, (byte) 255);
		assertEquals(Collections.emptyList(), warnings(new ByteProcessor(100, 10, bytes)));
		bytes[10] = (byte) 255;
		assertEquals(1, warnings(new ByteProcessor(100, 10, bytes)).size());
		assertTrue(warnings(new ByteProcessor(100, 10, bytes)).get(0).startsWith("'x.tif' is saturated: 1.1 %"));
		final short[] shorts = new short[1000];
		shorts[0] = 7;
		final List<String> two = warnings(new ShortProcessor(100, 10, shorts, null), new ShortProcessor(100, 10));
		assertEquals(1, two.size());
		assertTrue(two.get(0).startsWith("Channel 2 of 'x.tif' has the same value everywhere"), two.get(0));
		Arrays.fill(shorts, (short) 65535);
		shorts[0] = 0;
		assertTrue(warnings(new ShortProcessor(100, 10, shorts, null)).get(0).contains("99.9 %"));
		assertEquals(1, warnings(new FloatProcessor(10, 10)).size());
		assertEquals(0, warnings(Pictures.plane("f", 30, 30, 32).getProcessor()).size());
		assertEquals(0, warnings(Pictures.plane("c", 30, 30, 24).getProcessor()).size());
	}
}
