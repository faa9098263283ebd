package io.github.brushwood.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFormatsTest {

	@Test
	void theEndingOfTheNameDecides() {
		for (final String name : new String[] { "a.tif", "a.b.TIFF", "a.btf", "x.tf8", "x.tf2", "/f.h5/a.tif" })
			assertSame(ImageFormats.TIFF, ImageFormats.byName(name), name);
		for (final String name : new String[] { "a.h5", "A.HDF5", "a.hdf", "{name}_{kind}.h5" })
			assertSame(ImageFormats.HDF5, ImageFormats.byName(name), name);
		for (final String name : new String[] { "a.png", "h5", "tif", "", "a.h5.txt", "a.ilp" })
			assertNull(ImageFormats.byName(name), name);
	}

	@Test
	void theListHasNothingTwice() {
		final Set<String> seen = new HashSet<>();
		for (final ImageFormat format : ImageFormats.all()) {
			assertTrue(seen.add(format.id()) && seen.add(format.label()), format.id());
			for (final String suffix : format.suffixes()) {
				assertTrue(seen.add(suffix), suffix);
				assertSame(format, ImageFormats.byName("name" + suffix));
			}
		}
	}

	/** Every format keeps pixels, size and calibration of what goes through it. */
	@Test
	void whatIsWrittenIsRead(@TempDir final Path folder) {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT16, 40, 30).depth(3).channels(2).frames(2).spacing(0.5, 0.5,
			2, "um").frameInterval(3).build();
		for (final ImageFormat format : ImageFormats.all()) {
			final File file = folder.resolve("a" + format.suffixes().get(0)).toFile();
			try (Job job = new Job(); EngineImage outline = EngineImage.createSparse(job, info)) {
				try (EngineSink sink = format.create(job, file, outline, new WriteOptions())) {
					for (int t = 0; t < 2; t++)
						sink.write(job, Box.of(info, t), pixels(info, t));
					sink.finish(job);
				}
				assertHolds(job, format, file, info);
			}
		}
	}

	private static void assertHolds(final Job job, final ImageFormat format, final File file, final ImageInfo info) {
		try (EngineImage image = format.open(job, file, new ReadOptions())) {
			final ImageInfo read = image.info();
			assertEquals(info.toString(), read.toString());
			assertEquals("0.5 0.5 2.0 um 3.0", read.spacingX + " " + read.spacingY + " " + read.spacingZ + " " + read.unit +
				" " + read.frameInterval, format.id());
			assertEquals(file.getName(), image.name());
			for (int t = 0; t < 2; t++) {
				final ByteBuffer found = ByteBuffer.allocate(pixels(info, t).capacity());
				image.read(job, Box.of(info, t), found);
				assertTrue(Arrays.equals(pixels(info, t).array(), found.array()), format.id());
			}
		}
	}

	private static ByteBuffer pixels(final ImageInfo info, final int frame) {
		final byte[] bytes = new byte[(int) Box.of(info, frame).count() * info.channels * info.type.size];
		new Random(frame).nextBytes(bytes);
		return ByteBuffer.wrap(bytes);
	}
}
