package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images and results that are not in memory: sources and sinks of Java, files. */
@ExtendWith(NoLeaks.class)
class StreamTest {

	private static final class Broken extends RuntimeException {

		private static final long serialVersionUID = 1L;
	}

	@TempDir
	Path folder;
	private Job job;
	private EngineImage image;
	private Model model;

	@BeforeEach
	void makeModel() {
		job = new Job();
		try (Scene scene = Scene.create(70, 50, 1)) {
			model = scene.train(Scene.FEATURES, 5, 1);
		}
		image = EngineImage.create(job, ImageInfo.builder(PixelType.UINT8, 300, 201).depth(2).frames(2).spacing(0.5, 0.5, 2,
			"um").build());
		Scene.fillWithNoise(image);
	}

	@AfterEach
	void closeAll() {
		image.close();
		model.close();
		job.close();
	}

	private static ByteBuffer buffer(final ImageInfo info, final Box box) {
		return ByteBuffer.allocateDirect((int) (box.count() * info.channels * info.type.size));
	}

	private static byte[] bytes(final ByteBuffer buffer) {
		final byte[] bytes = new byte[buffer.remaining()];
		buffer.duplicate().get(bytes);
		return bytes;
	}

	// ---- sources

	@ParameterizedTest
	@CsvSource({ "UINT8,1", "UINT16,1", "FLOAT32,1", "UINT8,3", "UINT16,2" })
	void boxesOfASourceAreThoseOfTheImage(final PixelType type, final int channels) {
		final ImageInfo info = ImageInfo.builder(type, 13, 11).depth(5).frames(2).channels(channels).build();
		final ArrayImage source = new ArrayImage(info);
		new Random(1).nextBytes(source.pixels);
		final Box[] boxes = { Box.of(info, 1), new Box(0, 3, 2, 1, 9, 11, 4), new Box(1, 12, 0, 4, 13, 1, 5) };
		for (final int most : new int[] { Integer.MAX_VALUE, 1000, 100, 40, 1 }) {
			final ArrayImage same = new ArrayImage(info);
			System.arraycopy(source.pixels, 0, same.pixels, 0, source.pixels.length);
			try (EngineImage streamed = EngineImage.of(job, same, most)) {
				assertTrue(streamed.isStreamed());
				for (final Box box : boxes) {
					final ByteBuffer expected = buffer(info, box).order(ByteOrder.nativeOrder());
					final ByteBuffer direct = buffer(info, box);
					final ByteBuffer heap = ByteBuffer.allocate(direct.capacity() + 5);
					source.read(box, expected);
					expected.flip();
					heap.position(5);
					streamed.read(job, box, direct);
					streamed.read(job, box, heap);
					assertArrayEquals(bytes(expected), bytes(direct));
					assertArrayEquals(bytes(expected), bytes(heap));
					assertEquals(0, direct.position());
				}
				checkSizes(same, most);
			}
			assertEquals(1, same.closed);
		}
	}

	/** Parts are as large as allowed, at least one pixel of all channels. */
	private static void checkSizes(final ArrayImage source, final int most) {
		final int pixel = source.info.channels * source.info.type.size;
		for (final Box box : source.boxes)
			assertTrue(box.count() * pixel <= Math.max(most, pixel), box.toString());
	}

	@Test
	void namesAndLabelsOfASourceAreTheImages() {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT16, 4, 3).depth(2).channels(2).spacing(1, 2, 3, "um").build();
		try (EngineImage streamed = EngineImage.of(job, new ArrayImage(info))) {
			assertEquals("array", streamed.name());
			assertEquals("first", streamed.channelName(0));
			assertEquals("", streamed.channelName(1));
			assertNull(streamed.planeLabel(0, 1, 0));
			assertEquals("slice 1", streamed.planeLabel(0, 1, 1));
			assertEquals(2, streamed.info().spacingY);
			assertFalse(streamed.isSparse());
			assertThrows(IndexOutOfBoundsException.class, () -> streamed.channelName(2));
			streamed.setChannelName(job, 1, "second");
			assertEquals("second", streamed.channelName(1));
		}
	}

	@Test
	void badBoxesAndBuffersAreRefused() {
		final ByteBuffer room = ByteBuffer.allocateDirect(10000);
		final Box[] wrong = { new Box(2, 0, 0, 0, 1, 1, 1), new Box(-1, 0, 0, 0, 1, 1, 1), new Box(0, 0, 0, 0, 301, 1, 1),
			new Box(0, -1, 0, 0, 1, 1, 1), new Box(0, 5, 0, 0, 5, 1, 1), new Box(0, 0, 0, 1, 1, 1, 3) };
		for (final Box box : wrong)
			assertThrows(IllegalArgumentException.class, () -> image.read(job, box, room), box.toString());
		final Box box = new Box(0, 0, 0, 0, 100, 100, 2);
		final IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> image.read(job, box, room));
		assertTrue(e.getMessage().contains("needs 20000 bytes; the buffer has 10000"), e.getMessage());
		final Box pixel = new Box(0, 0, 0, 0, 1, 1, 1);
		assertThrows(IllegalArgumentException.class, () -> image.read(job, pixel, room.asReadOnlyBuffer()));
		assertThrows(NullPointerException.class, () -> image.read(job, pixel, null));
		assertThrows(NullPointerException.class, () -> EngineImage.of(job, null));
		image.read(job, pixel, room); // nothing of this harms the job
	}

	@Test
	void sparseImagesAreReadWhereTheyHavePlanes() {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 4, 3).depth(2).build();
		try (EngineImage sparse = EngineImage.createSparse(job, info)) {
			sparse.putPlane(job, 0, 0, 1, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 });
			final ByteBuffer two = ByteBuffer.allocateDirect(2);
			sparse.read(job, new Box(0, 1, 1, 1, 3, 2, 2), two);
			assertArrayEquals(new byte[] { 6, 7 }, bytes(two));
			assertThrows(EngineException.class, () -> sparse.read(job, new Box(0, 0, 0, 0, 1, 1, 1), two));
		}
	}

	@Test
	void aSourceIsClosedOnceEvenWithoutAnImage() {
		final ArrayImage source = new ArrayImage(ImageInfo.builder(PixelType.UINT8, 2, 2).build());
		final EngineImage streamed = EngineImage.of(job, source);
		streamed.close();
		streamed.close();
		assertEquals(1, source.closed);
		final ArrayImage odd = new ArrayImage(ImageInfo.builder(PixelType.UINT8, 2, 0).build());
		assertThrows(EngineException.class, () -> EngineImage.of(job, odd));
		assertEquals(1, odd.closed);
		assertThrows(EngineException.class, () -> EngineImage.of(job, source)); // the job failed before
		assertEquals(2, source.closed);
		try (Job closed = new Job()) {
			closed.close();
			assertThrows(IllegalStateException.class, () -> EngineImage.of(closed, source));
		}
		assertEquals(3, source.closed);
	}

	@Test
	void whatClosingThrowsComesOutOfClose() {
		final ArrayImage source = new ArrayImage(ImageInfo.builder(PixelType.UINT8, 2, 2).build());
		final Broken broken = new Broken();
		source.atClose = () -> {
			throw broken;
		};
		final EngineImage streamed = EngineImage.of(job, source);
		assertSame(broken, assertThrows(Broken.class, streamed::close));
		streamed.close();
		final ArrayImage odd = new ArrayImage(ImageInfo.builder(PixelType.UINT8, 2, 0).build());
		odd.atClose = source.atClose;
		final EngineException e = assertThrows(EngineException.class, () -> EngineImage.of(job, odd));
		assertSame(broken, e.getSuppressed()[0]); // the first reason counts more
	}

	@Test
	void aSourceCannotWaitForItsImage() {
		final ArrayImage source = ArrayImage.of(image);
		final EngineImage streamed = EngineImage.of(job, source);
		source.before = () -> {
			assertThrows(IllegalStateException.class, () -> streamed.setName(job, "x"));
			streamed.close();
			assertEquals(0, source.closed); // it is in use
		};
		streamed.read(job, new Box(0, 0, 0, 0, 2, 1, 1), ByteBuffer.allocate(2));
		assertEquals(1, source.closed);
		assertThrows(IllegalStateException.class, streamed::name);
	}

	// ---- predictions

	private static Map<Output, EngineSink> sinks(final Model model, final EngineImage image,
		final Function<EngineImage, EngineSink> maker)
	{
		final Map<Output, EngineSink> sinks = new EnumMap<>(Output.class);
		try (Job job = new Job()) {
			for (final Output output : Output.values()) {
				try (EngineImage outline = model.outline(job, image, output)) {
					sinks.put(output, maker.apply(outline));
				}
			}
		}
		return sinks;
	}

	private static void close(final Map<Output, EngineSink> sinks) {
		for (final EngineSink sink : sinks.values())
			sink.close();
	}

	/** Predicts into arrays. */
	private Map<Output, ArrayImage> streamed(final EngineImage from, final PredictOptions options, final int most) {
		final Map<Output, ArrayImage> results = new EnumMap<>(Output.class);
		for (final Output output : Output.values()) {
			try (EngineImage outline = model.outline(job, from, output)) {
				results.put(output, new ArrayImage(outline.info()));
			}
		}
		final Map<Output, EngineSink> sinks = new EnumMap<>(Output.class);
		for (final Map.Entry<Output, ArrayImage> entry : results.entrySet()) {
			try (EngineImage outline = model.outline(job, from, entry.getKey())) {
				sinks.put(entry.getKey(), EngineSink.of(job, outline, entry.getValue(), most));
			}
		}
		final PredictReport report = model.predict(job, from, options, sinks);
		try (Prediction expected = model.predict(job, image, null)) {
			assertArrayEquals(expected.report().classPixels(), report.classPixels());
			assertEquals(expected.report().sliceWise(), report.sliceWise());
		}
		for (final EngineSink sink : sinks.values())
			sink.finish(job);
		close(sinks);
		return results;
	}

	private void assertPredicted(final Map<Output, ArrayImage> results) {
		try (Prediction expected = model.predict(job, image, null, Output.values())) {
			for (final Output output : Output.values()) {
				final ArrayImage result = results.get(output);
				assertArrayEquals(ArrayImage.of(expected.get(output)).pixels, result.pixels, output.name());
				assertEquals(1, result.finished);
				assertEquals(1, result.closed);
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "0,2147483647", "40,2147483647", "64,5000", "0,777" })
	void aSourceGivesTheBytesOfAnImageInMemory(final int tile, final int most) {
		final ArrayImage source = ArrayImage.of(image);
		try (EngineImage streamed = EngineImage.of(job, source, most)) {
			assertPredicted(streamed(streamed, new PredictOptions().tile(tile), most));
		}
		assertEquals(1, source.closed);
	}

	@Test
	void allThatAModelCanDoIsStreamed() {
		model.close();
		try (Scene scene = Scene.create(70, 50, 1);
				Recipe recipe = Recipe.parse(job, "gaussian:1", 1, 2, 1, 1, 1);
				Trainer trainer = Trainer.create(job, recipe))
		{
			final TrainOptions options = new TrainOptions().trees(6).maxDepth(6).extra(true).seed(3).holdout(Holdout.SAMPLES, 3,
				32).calibrate(true).contextSigmas(1.6, 4).refine(3);
			trainer.add(job, scene.image, scene.labels);
			trainer.prepareContext(job, options);
			trainer.addContext(job, 0, scene.image);
			model = trainer.train(job, options);
		}
		try (EngineImage streamed = EngineImage.of(job, ArrayImage.of(image), 3000)) {
			assertPredicted(streamed(streamed, new PredictOptions().tile(50), 3000));
		}
	}

	@Test
	void anImageInMemoryMayBeStreamed() {
		assertPredicted(streamed(image, null, Integer.MAX_VALUE));
	}

	@ParameterizedTest
	@EnumSource(TiffLayout.class)
	void filesGiveTheBytesOfAnImageInMemory(final TiffLayout layout) {
		for (final Compression compression : Compression.values()) {
			final String path = folder.resolve(layout + "-" + compression + ".tif").toString();
			write(image, path, new TiffOptions().layout(layout).compression(compression));
			try (EngineImage open = EngineImage.open(job, path); EngineImage read = EngineImage.read(job, path)) {
				assertTrue(open.isStreamed());
				assertEquals(image.hash(), read.hash());
				assertEquals(read.info().toString(), open.info().toString());
				assertEquals(0.5, open.info().spacingX);
				assertPredicted(streamed(open, new PredictOptions().tile(48), Integer.MAX_VALUE));
			}
		}
	}

	/** Box by box, from buffers of both kinds. */
	private void write(final EngineImage from, final String path, final TiffOptions options) {
		final ImageInfo info = from.info();
		try (EngineSink sink = EngineSink.tiff(job, path, from, options)) {
			assertEquals(info.toString(), sink.info().toString());
			for (int t = 0; t < info.frames; t++)
				for (int z = 0; z < info.depth; z++) {
					final Box box = new Box(t, 0, 0, z, info.width, info.height, z + 1);
					final ByteBuffer pixels = z == 0 ? buffer(info, box) : ByteBuffer.allocate(buffer(info, box).capacity());
					from.read(job, box, pixels);
					sink.write(job, box, z == 0 ? pixels : pixels.asReadOnlyBuffer());
				}
			assertFalse(new File(path).exists());
			sink.finish(job);
		}
		assertTrue(new File(path).isFile());
	}

	@Test
	void outlinesTellWhatResultsWillBe() {
		try (EngineImage p = model.outline(job, image, Output.PROBABILITIES);
				EngineImage l = model.outline(job, image, Output.LABELS))
		{
			assertEquals("300 x 201 x 2, 2 channels, 2 frames, FLOAT32", p.info().toString());
			assertEquals("300 x 201 x 2, 1 channels, 2 frames, UINT8", l.info().toString());
			assertEquals(model.className(1), p.channelName(1));
			assertEquals(2, p.info().spacingZ);
			assertTrue(p.isSparse());
			assertFalse(p.hasPlane(0, 0, 0));
		}
	}

	// ---- failures

	private void assertNothingLeft() {
		assertEquals(0, folder.toFile().list().length, String.join(", ", folder.toFile().list()));
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 5 })
	void whatASourceThrowsComesOut(final int box) {
		final ArrayImage source = ArrayImage.of(image);
		final Broken broken = new Broken();
		source.before = () -> {
			if (source.boxes.size() == box) throw broken;
		};
		try (Job own = new Job().memoryBudget(8 << 20); EngineImage streamed = EngineImage.of(own, source, 20000)) {
			final Map<Output, EngineSink> sinks = sinks(model, streamed, outline -> EngineSink.tiff(job, folder.resolve(
				outline.info().type + "" + outline.info().channels + ".tif").toString(), outline, null));
			assertSame(broken, assertThrows(Broken.class, () -> model.predict(own, streamed, new PredictOptions().tile(32),
				sinks)));
			assertEquals(box, source.boxes.size()); // it is not asked again
			final EngineException later = assertThrows(EngineException.class, () -> model.predict(own, streamed, null, sinks));
			assertEquals(Status.IO, later.status());
			close(sinks);
		}
		assertEquals(1, source.closed);
		assertNothingLeft();
	}

	@Test
	void errorsOfASourceComeOutToo() {
		final ArrayImage source = ArrayImage.of(image);
		final OutOfMemoryError error = new OutOfMemoryError("none left");
		source.before = () -> {
			throw error;
		};
		try (EngineImage streamed = EngineImage.of(job, source)) {
			assertSame(error, assertThrows(OutOfMemoryError.class, () -> streamed.read(job, new Box(0, 0, 0, 0, 1, 1, 1),
				ByteBuffer.allocate(1))));
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "write", "finish", "close" })
	void whatASinkThrowsComesOut(final String where) {
		final Broken broken = new Broken();
		final Runnable fail = () -> {
			throw broken;
		};
		final ArrayImage result;
		final EngineSink sink;
		try (EngineImage outline = model.outline(job, image, Output.LABELS)) {
			result = new ArrayImage(outline.info());
			sink = EngineSink.of(job, outline, result);
		}
		if (where.equals("write")) result.before = fail;
		if (where.equals("finish")) result.atFinish = fail;
		if (where.equals("close")) result.atClose = fail;
		assertSame(broken, assertThrows(Broken.class, () -> {
			try (EngineSink closing = sink) {
				model.predict(job, image, null, Collections.singletonMap(Output.LABELS, closing));
				closing.finish(job);
			}
		}));
		sink.close();
		assertEquals(1, result.closed);
		assertEquals(where.equals("write") ? 0 : 1, result.finished);
	}

	@Test
	void sinksAreClosedWithoutHavingBeenMade() {
		final ArrayImage other = new ArrayImage(ImageInfo.builder(PixelType.UINT8, 300, 201).build());
		try (EngineImage outline = model.outline(job, image, Output.LABELS)) {
			final IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> EngineSink.of(job, outline,
				other));
			assertTrue(e.getMessage().contains("300 x 201 x 1"), e.getMessage());
			assertEquals(1, other.closed);
			final ArrayImage right = new ArrayImage(outline.info());
			outline.close();
			assertThrows(IllegalStateException.class, () -> EngineSink.of(job, outline, right));
			assertEquals(1, right.closed);
			assertThrows(IllegalStateException.class, () -> EngineSink.tiff(job, folder.resolve("x.tif").toString(), outline,
				null));
		}
		assertNothingLeft();
	}

	@Test
	void sinksOfOtherImagesAreRefused() {
		final ImageInfo small = ImageInfo.builder(PixelType.UINT8, 3, 3).build();
		try (EngineImage outline = EngineImage.createSparse(job, small);
				EngineSink sink = EngineSink.of(job, outline, new ArrayImage(small)))
		{
			assertThrows(IllegalArgumentException.class, () -> sink.write(job, new Box(0, 0, 0, 0, 4, 1, 1), ByteBuffer
				.allocate(4)));
			final Map<Output, EngineSink> both = new EnumMap<>(Output.class);
			both.put(Output.LABELS, sink);
			both.put(Output.ENTROPY, sink);
			assertThrows(IllegalArgumentException.class, () -> model.predict(job, image, null, both));
			both.remove(Output.ENTROPY);
			assertEquals(Status.MISMATCH, assertThrows(EngineException.class, () -> model.predict(job, image, null, both))
				.status());
		}
	}

	@Test
	void cancelLeavesNothing() {
		final ArrayImage source = ArrayImage.of(image);
		final double[] heard = new double[1];
		try (Job own = new Job().progress(fraction -> {
			heard[0] = fraction;
			return source.boxes.size() < 3;
		}); EngineImage streamed = EngineImage.of(own, source, 20000)) {
			final Map<Output, EngineSink> sinks = sinks(model, streamed, outline -> EngineSink.tiff(job, folder.resolve(
				outline.info().type + "" + outline.info().channels + ".tif").toString(), outline, null));
			assertThrows(CancelledException.class, () -> model.predict(own, streamed, new PredictOptions().tile(32), sinks));
			assertTrue(heard[0] < 1);
			close(sinks);
		}
		assertEquals(1, source.closed);
		assertNothingLeft();
	}

	@Test
	void sinksInUseLiveUntilTheCallEnds() {
		final ArrayImage result;
		final EngineSink sink;
		try (EngineImage outline = model.outline(job, image, Output.LABELS)) {
			result = new ArrayImage(outline.info());
			sink = EngineSink.of(job, outline, result);
		}
		result.before = sink::close;
		model.predict(job, image, null, Collections.singletonMap(Output.LABELS, sink));
		assertEquals(1, result.closed);
		assertThrows(IllegalStateException.class, () -> sink.finish(job));
		assertEquals(0, result.finished);
	}

	/** Jobs that failed are of no more use, so that each call has its own. */
	private static void assertRefused(final Consumer<Job> call) {
		try (Job own = new Job()) {
			final EngineException e = assertThrows(EngineException.class, () -> call.accept(own));
			assertEquals(Status.ARGUMENT, e.status(), e.getMessage());
		}
	}

	@Test
	void whatNeedsPixelsInMemoryRefusesStreams() {
		final String path = folder.resolve("x.tif").toString();
		try (EngineImage streamed = EngineImage.of(job, ArrayImage.of(image));
				EngineImage labels = EngineImage.create(job, image.info());
				Recipe recipe = Recipe.parse(job, "gaussian:1", 1, 2, 1, 1, 1);
				Trainer trainer = Trainer.create(job, recipe);
				Assessment assessment = Assessment.create(job, 2))
		{
			final byte[] plane = new byte[300 * 201];
			plane[7] = 1;
			labels.setPlane(0, 0, 0, plane);
			assertRefused(own -> streamed.write(own, path, Compression.NONE));
			assertRefused(own -> streamed.setPlane(0, 0, 0, new byte[300 * 201]));
			assertRefused(own -> streamed.getPlane(0, 0, 0, new byte[300 * 201]));
			assertRefused(own -> streamed.putPlane(own, 0, 0, 0, new byte[300 * 201]));
			assertRefused(own -> streamed.fingerprint(own));
			assertRefused(own -> recipe.computeFeatures(own, streamed).close());
			assertRefused(own -> trainer.add(own, streamed, labels));
			assertRefused(own -> trainer.add(own, streamed, new long[] { 5 }, new byte[] { 1 }));
			assertRefused(own -> trainer.add(own, image, streamed));
			assertRefused(own -> Preview.create(own, recipe, streamed, 1 << 20).close());
			assertRefused(own -> assessment.add(own, streamed, labels, null));
			assertRefused(own -> model.predict(own, streamed, null, Output.LABELS).close());
			assertEquals(0, streamed.hash());
			assertFalse(streamed.hasPlane(0, 0, 0));
			streamed.dropPlane(0, 0, 0);
		}
		assertNothingLeft();
	}

	@Test
	void closedSourcesAreForgotten() throws InterruptedException {
		final WeakReference<ArrayImage> source = new WeakReference<>(ArrayImage.of(image));
		EngineImage.of(job, source.get()).close();
		for (int i = 0; i < 100 && source.get() != null; i++) {
			System.gc();
			Thread.sleep(10);
		}
		assertNull(source.get());
	}
}
