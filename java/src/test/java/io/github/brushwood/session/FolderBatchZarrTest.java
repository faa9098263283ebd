package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.ZarrCodec;
import io.github.brushwood.engine.ZarrOptions;
import io.github.brushwood.engine.ZarrVersion;
import io.github.brushwood.session.FolderBatch.Entry;
import io.github.brushwood.session.FolderBatch.State;
import io.github.brushwood.session.ZarrExport.Levels;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders in OME-Zarr as images and as results of Apply Model to Folder. */
class FolderBatchZarrTest {

	private static final List<Output> BOTH = Arrays.asList(Output.PROBABILITIES, Output.LABELS);

	@TempDir
	Path folder;
	private Path in;
	private Path out;
	private ImagePlus imp;
	private String model;

	@BeforeEach
	void images() throws IOException {
		in = Files.createDirectory(folder.resolve("in put"));
		out = folder.resolve("out \u00e4");
		imp = Pictures.hyperstack("\u7ec6 a.tif", 300, 130, 8, 1, 2, 3);
		model = SmallModel.write(imp, folder.resolve("m.brushwood"));
	}

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	private void save(final String name) {
		ZarrExport.write(Jobs.defaults(), imp, in.resolve(name).toFile(), new ZarrOptions().chunk(64, 64, 1), new long[] { 64,
			64, 1 }, Levels.MEAN);
	}

	private FolderBatch batch(final String pattern, final String names) {
		return new FolderBatch(model, in.toString(), out.toString(), BOTH).pattern(pattern).names(names);
	}

	private static List<Entry> run(final FolderBatch batch) {
		return batch.run(Jobs.defaults(), entry -> {});
	}

	private static Map<String, String> files(final Path root) throws IOException {
		final Map<String, String> files = new TreeMap<>();
		try (Stream<Path> all = Files.walk(root)) {
			for (final Path file : all.filter(Files::isRegularFile).collect(Collectors.toList()))
				if (!file.toString().endsWith(".csv")) files.put(root.relativize(file).toString(), new String(Files.readAllBytes(
					file), StandardCharsets.ISO_8859_1));
		}
		return files;
	}

	private void assertIsPrediction(final Path result, final Output output) {
		final ImagePlus expected = Segmentation.of(Jobs.defaults(), imp, model, BOTH, null).get(output);
		final ImagePlus found = ImageFiles.openImage(result.toString());
		assertEquals(expected.getStackSize(), found.getStackSize());
		for (int i = 1; i <= expected.getStackSize(); i++)
			assertTrue(Arrays.deepEquals(new Object[] { expected.getStack().getPixels(i) }, new Object[] { found.getStack()
				.getPixels(i) }), result + " plane " + i);
	}

	@Test
	void foldersInAreImagesAndFoldersOutAreSkippedNextTime() throws IOException {
		save("\u7ec6 a.zarr");
		Files.createDirectory(in.resolve("sub"));
		save("sub/b.zarr");
		final FolderBatch batch = batch("*.zarr", "{name}_{kind}.zarr").recursive(true);
		assertEquals("[sub/b.zarr: done, \u7ec6 a.zarr: done]", run(batch).toString().replace('\\', '/'));
		assertIsPrediction(out.resolve("\u7ec6 a_probabilities.zarr"), Output.PROBABILITIES);
		assertIsPrediction(out.resolve("sub/b_segmentation.zarr"), Output.LABELS);
		final Map<String, String> before = files(out);
		for (final Entry entry : run(batch))
			assertEquals(State.SKIPPED, entry.state, entry.toString());
		assertEquals(before, files(out));
		assertFalse(before.keySet().toString().contains(".part"), before.keySet().toString());
	}

	@Test
	void formatsMix() throws IOException {
		save("a.zarr");
		Pictures.saveTiff(imp, in);
		Pictures.saveTiff(imp, in.resolve("a.zarr")); // is no image of its own
		assertEquals("[a.zarr: done]", run(batch("*.zarr", "{name}_{kind}.tif").recursive(true)).toString());
		assertIsPrediction(out.resolve("a_segmentation.tif"), Output.LABELS);
		assertEquals("[\u7ec6 a.tif: done]", run(batch("*.tif", "{name}_{kind}.zarr").recursive(true).zarr(
			ZarrVersion.OME_05, ZarrCodec.GZIP)).toString());
		assertIsPrediction(out.resolve("\u7ec6 a_segmentation.zarr"), Output.LABELS);
		assertTrue(Files.exists(out.resolve("\u7ec6 a_segmentation.zarr/zarr.json")));
	}

	/** What Esc left goes on, with the bytes of a run in one go; also when a chunk was lost. */
	@Test
	void stoppedResultsGoOn() throws IOException {
		save("a.zarr");
		final FolderBatch batch = batch("*.zarr", "{name}_{kind}.zarr");
		run(batch);
		final Map<String, String> whole = files(out);
		out = folder.resolve("again");
		final FolderBatch again = batch("*.zarr", "{name}_{kind}.zarr");
		assertThrows(CancelledException.class, () -> again.run(new Jobs(1, 0, stopping(0.5)), entry -> {}));
		final Map<String, String> some = files(out);
		assertTrue(some.size() > 8 && some.size() < whole.size(), some.keySet().toString());
		final Entry entry = run(again).get(0);
		assertEquals(State.DONE, entry.state, entry.toString());
		assertTrue(entry.message.contains("blocks of its results were there"), entry.toString());
		assertFalse(entry.hasFractions());
		assertEquals(whole, files(out));
		assertEquals(State.SKIPPED, run(again).get(0).state);
		final String lost = whole.keySet().stream().filter(name -> name.matches("a_segm.*[/\\\\]0[/\\\\]0[/\\\\].*"))
			.findFirst().get();
		Files.delete(out.resolve(lost));
		assertEquals(State.DONE, run(again).get(0).state);
		assertEquals(whole, files(out));
	}

	private static Monitor stopping(final double at) {
		return new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return fraction < at;
			}

			@Override
			public void status(final String text) {
				// nobody is listening
			}
		};
	}

	@Test
	void anotherModelIsRefusedUnlessResultsAreReplaced() throws IOException {
		save("a.zarr");
		run(batch("*.zarr", "{name}_{kind}.zarr"));
		final ImagePlus other = Pictures.plane("y", 60, 50, 8);
		for (int i = 0; i < 60 * 50; i++)
			other.getProcessor().set(i, 255 - other.getProcessor().get(i));
		model = SmallModel.write(other, folder.resolve("other.brushwood"));
		final Entry refused = run(batch("*.zarr", "{name}_{kind}.zarr")).get(0);
		assertEquals(State.FAILED, refused.state);
		assertTrue(refused.message.contains("a_"), refused.message);
		assertEquals(State.DONE, run(batch("*.zarr", "{name}_{kind}.zarr").overwrite(true)).get(0).state);
		assertIsPrediction(out.resolve("a_segmentation.zarr"), Output.LABELS);
		assertEquals("a_probabilities.zarr a_segmentation.zarr brushwood_batch.csv", String.join(" ", Arrays.stream(out
			.toFile().list()).sorted().toArray(String[]::new)));
		assertEquals(State.DONE, run(batch("*.zarr", "{name}_{kind}.zarr").overwrite(true)).get(0).state);
	}

	@Test
	void foreignFoldersAreNeverRemoved() throws IOException {
		save("a.zarr");
		final Path precious = Files.createDirectories(out.resolve("a_segmentation.zarr")).resolve("thesis.txt");
		Files.write(precious, new byte[1]);
		assertEquals(State.FAILED, run(batch("*.zarr", "{name}_{kind}.zarr").overwrite(true)).get(0).state);
		assertTrue(Files.exists(precious));
		ZarrExport.write(Jobs.defaults(), imp, out.resolve("a_probabilities.zarr").toFile(), new ZarrOptions(), new long[3],
			Levels.MEAN);
		assertEquals(State.FAILED, run(batch("*.zarr", "{name}_{kind}.zarr").overwrite(true)).get(0).state);
		assertTrue(new File(out.toFile(), "a_probabilities.zarr/0").isDirectory());
	}

	/** One image's damage costs one block of one image. */
	@Test
	void aDamagedChunkCostsItsBlocks() throws IOException {
		save("a.zarr");
		save("b.zarr");
		final Path chunk;
		try (Stream<Path> all = Files.walk(in.resolve("a.zarr/0/2"))) {
			chunk = all.filter(Files::isRegularFile).findFirst().get();
		}
		final byte[] good = Files.readAllBytes(chunk);
		Files.write(chunk, new byte[5]);
		final List<Entry> entries = run(batch("*.zarr", "{name}_{kind}.zarr"));
		assertEquals("FAILED DONE", entries.get(0).state + " " + entries.get(1).state);
		assertTrue(entries.get(0).message.contains(" blocks failed") && entries.get(0).message.contains(chunk.toString()),
			entries.get(0).message);
		Files.write(chunk, good);
		assertEquals(State.DONE, run(batch("*.zarr", "{name}_{kind}.zarr")).get(0).state);
		assertIsPrediction(out.resolve("a_probabilities.zarr"), Output.PROBABILITIES);
	}

	@Test
	void optionsOfOtherFormatsAreRefused() {
		save("a.zarr");
		assertThrows(BrushwoodException.class, () -> run(batch("*.zarr", "{name}_{kind}.zarr").pyramid(true)));
		assertThrows(BrushwoodException.class, () -> run(batch("*.zarr", "{name}_{kind}.tif").zarr(ZarrVersion.OME_05,
			ZarrCodec.BLOSC)));
		out = in;
		assertThrows(BrushwoodException.class, () -> run(new FolderBatch(model, in.toString(), in.toString(), Arrays.asList(
			Output.LABELS)).pattern("*.zarr").names("{name}.zarr")));
	}
}
