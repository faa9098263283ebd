package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Predictions that grow block by block in OME-Zarr. */
@ExtendWith(NoLeaks.class)
class BlockJobTest {

	private static final String NAME = "r\u00f6te \u7ec6\u80de [1].zarr";

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
		image = EngineImage.create(job, ImageInfo.builder(PixelType.UINT8, 150, 101).depth(5).frames(2).spacing(0.5, 0.5, 2,
			"um").build());
		image.setName(job, "stack");
		Scene.fillWithNoise(image);
	}

	@AfterEach
	void closeAll() {
		image.close();
		model.close();
		job.close();
	}

	private Map<Output, String> paths(final String below, final Output... outputs) {
		final Map<Output, String> paths = new EnumMap<>(Output.class);
		for (final Output output : outputs)
			paths.put(output, folder.resolve(below).resolve(output + " " + NAME).toString());
		return paths;
	}

	private static BlockOptions small() {
		return new BlockOptions().chunk(32, 32, 2).block(64, 32, 4);
	}

	private static List<Long> indices(final BlockJob blocks) {
		return LongStream.range(0, blocks.info().blocks).boxed().collect(Collectors.toList());
	}

	/** Every file below a folder. */
	private static Map<String, String> files(final Path root) throws IOException {
		final Map<String, String> files = new TreeMap<>();
		try (Stream<Path> all = Files.walk(root)) {
			for (final Path file : all.filter(Files::isRegularFile).collect(Collectors.toList()))
				files.put(root.relativize(file).toString(), new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
		}
		return files;
	}

	private byte[] pixels(final EngineImage from, final int frame) {
		final Box all = Box.of(from.info(), frame);
		final byte[] bytes = new byte[(int) (all.count() * from.info().channels * from.info().type.size)];
		from.read(job, all, ByteBuffer.wrap(bytes));
		return bytes;
	}

	private void runAll(final BlockJob blocks, final Random order) {
		final List<Long> indices = indices(blocks);
		indices.addAll(indices.subList(0, 3));
		Collections.shuffle(indices, order);
		for (final long index : indices)
			blocks.run(job, index);
		assertEquals(0, blocks.finish(job));
	}

	@Test
	void blocksInAnyOrderAreThePredictionInMemory() throws IOException {
		Files.createDirectories(folder.resolve("a"));
		Files.createDirectories(folder.resolve("b"));
		for (final String below : new String[] { "a", "b" }) {
			try (BlockJob blocks = BlockJob.open(job, model, image, paths(below, Output.values()), small())) {
				runAll(blocks, new Random(below.hashCode()));
			}
		}
		assertEquals(files(folder.resolve("a")), files(folder.resolve("b")));
		try (Prediction expected = model.predict(job, image, null, Output.values())) {
			for (final Map.Entry<Output, String> path : paths("a", Output.values()).entrySet()) {
				try (EngineImage found = EngineImage.open(job, path.getValue())) {
					assertTrue(found.info().hasShapeOf(expected.get(path.getKey()).info()), found.info().toString());
					assertEquals("0.5 2.0 um", found.info().spacingX + " " + found.info().spacingZ + " " + found.info().unit);
					for (int t = 0; t < 2; t++)
						assertArrayEquals(pixels(expected.get(path.getKey()), t), pixels(found, t), path.toString());
				}
			}
		}
	}

	@Test
	void theBlocksAreTheImage() throws IOException {
		try (BlockJob blocks = BlockJob.open(job, model, image, paths("", Output.LABELS), small())) {
			final BlockInfo info = blocks.info();
			assertEquals("[3, 4, 2] [64, 32, 4] [32, 32, 2]", Arrays.toString(info.count()) + " " + Arrays.toString(info
				.size()) + " " + Arrays.toString(info.chunk()));
			assertEquals(2 * 3 * 4 * 2, info.blocks);
			assertTrue(info.margin()[0] > 3 && info.margin()[2] == 0 && info.bytes > 64 * 32 * 4, info.toString());
			assertEquals("48 blocks of 64 x 32 x 4 voxels", info.toString());
			final Set<String> seen = new HashSet<>();
			long voxels = 0;
			for (final long index : indices(blocks)) {
				final Box box = blocks.part(job, index);
				assertTrue(seen.add(box.toString()));
				voxels += box.count();
			}
			assertEquals(2 * 150 * 101 * 5, voxels);
			assertEquals("(128, 96, 4) to (150, 101, 5) of frame 1", blocks.part(job, 47).toString());
			long at = 0;
			for (int piece = 0; piece < 7; piece++) {
				final long[] range = blocks.piece(job, piece, 7);
				assertEquals(at, range[0]);
				at = range[1];
			}
			assertEquals(48, at);
			assertArrayEquals(blocks.piece(job, 0, 7), blocks.piece(job, 7, 7));
		}
	}

	@Test
	void whatIsThereStaysAndWhatIsMissingIsCounted() throws IOException {
		final Map<Output, String> paths = paths("", Output.LABELS, Output.PROBABILITIES);
		try (BlockJob blocks = BlockJob.open(job, model, image, paths, small())) {
			assertFalse(blocks.has(job, 5));
			assertTrue(blocks.run(job, 5));
			assertTrue(blocks.has(job, 5));
			assertFalse(blocks.run(job, 5));
			assertEquals(47, blocks.finish(job));
		}
		final PredictReport whole = model.predict(job, image, null).report();
		try (BlockJob again = BlockJob.open(job, model, image, paths, null)) {
			assertTrue(again.has(job, 5));
			assertArrayEquals(new long[] { 64, 32, 4 }, again.info().size());
			PredictReport sum = null;
			for (final long index : indices(again)) {
				final PredictReport one = again.make(job, index);
				if (index == 5) assertNull(one);
				else sum = sum == null ? one : sum.plus(one);
			}
			assertNotNull(sum);
			assertTrue(sum.sliceWise());
			assertEquals(LongStream.of(whole.classPixels()).sum() - again.part(job, 5).count(), LongStream.of(sum
				.classPixels()).sum());
			assertEquals(0, again.finish(job));
		}
		try (BlockJob over = BlockJob.open(job, model, image, paths, new BlockOptions().overwrite(true))) {
			assertTrue(over.run(job, 5));
		}
	}

	@Test
	void anotherRecipeIsRefused() {
		final Map<Output, String> paths = paths("", Output.LABELS);
		BlockJob.open(job, model, image, paths, small()).close();
		try (Scene scene = Scene.create(70, 50, 1); Model other = scene.train("gaussian:1", 3, 1)) {
			assertEquals(Status.MISMATCH, assertThrows(EngineException.class, () -> BlockJob.open(job, other, image, paths,
				small())).status());
		}
		try (Job own = new Job()) {
			assertEquals(Status.MISMATCH, assertThrows(EngineException.class, () -> BlockJob.open(own, model, image, paths,
				small().block(32, 32, 2))).status());
		}
		job.close();
		job = new Job();
	}

	@Test
	void wrongArgumentsAreRefused() {
		final Map<Output, String> paths = paths("", Output.LABELS);
		final List<Runnable> wrong = new ArrayList<>();
		for (final BlockOptions options : new BlockOptions[] { new BlockOptions().chunk(-1, 32, 1), new BlockOptions()
			.spacing(0, 1, 1) })
			wrong.add(() -> open(paths, options));
		wrong.add(() -> open(Collections.emptyMap(), null));
		wrong.add(() -> open(Collections.singletonMap(Output.LABELS, ""), null));
		for (final Runnable call : wrong)
			assertThrows(EngineException.class, call::run);
		try (BlockJob blocks = BlockJob.open(job, model, image, paths, small())) {
			for (final long index : new long[] { -1, 48, Long.MAX_VALUE })
				try (Job own = new Job()) {
					assertEquals(Status.ARGUMENT, assertThrows(EngineException.class, () -> blocks.run(own, index)).status());
				}
			try (Job own = new Job()) {
				assertThrows(EngineException.class, () -> blocks.piece(own, 3, 2));
			}
			assertTrue(blocks.run(job, 0));
		}
	}

	private void open(final Map<Output, String> paths, final BlockOptions options) {
		try (Job own = new Job()) {
			BlockJob.open(own, model, image, paths, options).close();
		}
	}

	/** A block that cannot be read costs itself alone. */
	@Test
	void aFailingBlockLeavesTheOthers() {
		final ImageInfo info = image.info();
		final long[] broken = { info.width - 1 };
		final ImageSource source = new ImageSource() {

			@Override
			public ImageInfo info() {
				return info;
			}

			@Override
			public String name() {
				return "broken";
			}

			@Override
			public void read(final Box box, final ByteBuffer to) {
				if (box.frame == 1 && box.x1 > broken[0]) throw new IllegalStateException("a bad chunk");
				final ByteBuffer bytes = ByteBuffer.allocate((int) box.count()).order(ByteOrder.nativeOrder());
				try (Job own = new Job()) {
					image.read(own, box, bytes);
				}
				to.put(bytes);
			}

			@Override
			public void close() {
				// nothing is open
			}
		};
		final Map<Output, String> paths = paths("", Output.LABELS);
		try (EngineImage streamed = EngineImage.of(job, source);
			BlockJob blocks = BlockJob.open(job, model, streamed, paths, small()))
		{
			int failed = 0;
			for (final long index : indices(blocks))
				try (Job own = new Job()) {
					blocks.run(own, index);
				}
				catch (final IllegalStateException e) {
					assertEquals("a bad chunk", e.getMessage());
					failed++;
				}
			assertTrue(failed > 0 && failed < 24, failed + " failed");
			assertEquals(failed, blocks.finish(job));
			broken[0] = info.width;
			runAll(blocks, new Random(1));
		}
		try (Prediction expected = model.predict(job, image, null, Output.LABELS);
			EngineImage found = EngineImage.read(job, paths.get(Output.LABELS)))
		{
			for (int t = 0; t < 2; t++)
				assertArrayEquals(pixels(expected.labels(), t), pixels(found, t));
		}
	}

	@Test
	void modelAndImageLiveAsLongAsTheJob() {
		final BlockJob blocks = BlockJob.open(job, model, image, paths("", Output.LABELS), small());
		assertThrows(IllegalStateException.class, () -> image.setSpacing(job, 1, 1, 1));
		model.close();
		image.close();
		assertThrows(IllegalStateException.class, () -> blocks.run(job, 0));
		assertEquals(48, blocks.finish(job));
		blocks.close();
		assertThrows(IllegalStateException.class, () -> blocks.has(job, 0));
	}

	@Test
	void cancelStopsABlockAndTheNextOneGoesOn() {
		try (BlockJob blocks = BlockJob.open(job, model, image, paths("", Output.PROBABILITIES), small())) {
			try (Job own = new Job()) {
				own.cancel();
				assertThrows(CancelledException.class, () -> blocks.run(own, 0));
			}
			assertFalse(blocks.has(job, 0));
			assertTrue(blocks.run(job, 0));
		}
	}

	/** The codes of the options reach the engine: versions and codecs differ in what they write. */
	@Test
	void versionsAndCodecsAreWritten() throws IOException {
		final Set<Map<String, String>> different = new HashSet<>();
		for (final ZarrVersion version : ZarrVersion.values())
			for (final ZarrCodec codec : ZarrCodec.values()) {
				final String below = version + "-" + codec;
				Files.createDirectory(folder.resolve(below));
				try (BlockJob blocks = BlockJob.open(job, model, image, paths(below, Output.LABELS), small().version(version)
					.codec(codec)))
				{
					blocks.run(job, 0);
				}
				final Map<String, String> files = files(folder.resolve(below));
				final String all = files.toString();
				assertEquals(version == ZarrVersion.OME_05, all.contains("\"zarr_format\":3") || all.contains(
					"\"zarr_format\": 3"), below);
				if (codec != ZarrCodec.RAW) assertTrue(all.contains(codec.name().toLowerCase()), below);
				assertTrue(different.add(files));
			}
	}
}
