package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.io.FileSaver;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Compression;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.Prediction;
import io.github.brushwood.io.ReadOptions;
import io.github.brushwood.session.FolderBatch.Entry;
import io.github.brushwood.session.FolderBatch.State;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches over folders: what they make, what they leave alone, and everything that can be wrong with a file. */
class FolderBatchTest {

	private static final List<Output> LABELS = Collections.singletonList(Output.LABELS);
	private static final List<Output> BOTH = Arrays.asList(Output.PROBABILITIES, Output.LABELS);
	private static final List<Output> ALL = Arrays.asList(Output.values());

	@TempDir
	Path folder;

	private Path in;
	private Path out;

	@BeforeEach
	void folders() throws IOException {
		in = Files.createDirectory(folder.resolve("in put"));
		out = folder.resolve("out put");
	}

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	private String model(final ImagePlus imp) {
		return SmallModel.write(imp, folder.resolve("m.brushwood"));
	}

	/** A model and images like the one it was trained on. */
	private String modelAndImages(final String... names) throws IOException {
		final ImagePlus imp = Pictures.plane("x", 48, 40, 8);
		final String first = Pictures.saveTiff(imp, folder);
		for (final String name : names) {
			Files.createDirectories(in.resolve(name).getParent());
			Files.copy(new File(first).toPath(), in.resolve(name));
		}
		return model(imp);
	}

	// ---- results

	@Test
	void resultsAreThoseOfTheOpenImage() throws IOException {
		final ImagePlus imp = Pictures.hyperstack("x.tif", 48, 40, 16, 2, 3, 1);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		assertEquals("[x.tif: done]", run(batch(model, "*.tif", BOTH)).toString());
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model, BOTH, null);
		assertSamePlanes(s.get(Output.PROBABILITIES), out.resolve("x_probabilities.tif"));
		assertSamePlanes(s.get(Output.LABELS), out.resolve("x_segmentation.tif"));
		assertEquals(0.75, Pictures.open(out.resolve("x_segmentation.tif").toString()).getCalibration().pixelDepth);
	}

	@Test
	void everyOutputHasItsFileAndIsNoInput() throws IOException {
		final ImagePlus imp = Pictures.plane("b.tif", 48, 40, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		out = in;
		run(batch(model, "*.tif", ALL));
		assertEquals("b.tif b_entropy.tif b_probabilities.tif b_segmentation.tif b_uncertainty.tif brushwood_batch.csv",
			names(in));
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model, ALL, null);
		assertSamePlanes(s.get(Output.UNCERTAINTY), in.resolve("b_uncertainty.tif"));
		assertSamePlanes(s.get(Output.ENTROPY), in.resolve("b_entropy.tif"));
		assertEquals("[b.tif: skipped: Its results exist.]", run(batch(model, "*.tif", ALL)).toString());
	}

	@Test
	void resultsAreNotTakenForImagesThroughALink() throws IOException {
		final String model = modelAndImages("a.tif");
		out = Files.createSymbolicLink(folder.resolve("link"), in);
		run(batch(model, "*.tif", BOTH));
		assertEquals("[a.tif: skipped: Its results exist.]", run(batch(model, "*.tif", BOTH)).toString());
	}

	@Test
	void resultsAreKeptOrReplacedByChoice() throws IOException {
		final String model = modelAndImages("b.tif");
		run(batch(model, "*.tif", LABELS));
		final Path result = out.resolve("b_segmentation.tif");
		final byte[] first = Files.readAllBytes(result);
		Files.write(result, new byte[] { 1 });
		assertEquals(State.SKIPPED, run(batch(model, "*.tif", LABELS)).get(0).state);
		assertEquals(1, Files.size(result));
		assertEquals(State.DONE, run(batch(model, "*.tif", LABELS).overwrite(true)).get(0).state);
		assertArrayEquals(first, Files.readAllBytes(result));
		assertEquals(State.DONE, run(batch(model, "*.tif", BOTH)).get(0).state, "one of two results is missing");
		Files.write(result, new byte[0]);
		assertEquals(State.DONE, run(batch(model, "*.tif", LABELS)).get(0).state, "an empty file is no result");
		assertArrayEquals(first, Files.readAllBytes(result));
	}

	@Test
	void subfoldersAreMirroredUnderEveryPattern() throws IOException {
		final String model = modelAndImages("a.TIF", "x/y/a.tif", "x/b.tiff");
		assertEquals(1, run(batch(model, "*.tif", LABELS)).size());
		final List<Entry> entries = run(batch(model, "*.tif;*.tiff", LABELS).recursive(true));
		assertEquals("a.TIF SKIPPED x/b.tiff DONE x/y/a.tif DONE", states(entries));
		assertTrue(Files.exists(out.resolve("x/y/a_segmentation.tif")));
		run(batch(model, "*.tif", BOTH).recursive(true).names("{kind} of {name}.TIFF"));
		assertEquals("probabilities of a.TIFF segmentation of a.TIFF", names(out.resolve("x/y"), "of"));
	}

	@Test
	void imagesWithTheSameResultNameAreReported() throws IOException {
		final String model = modelAndImages("a.tif", "b.tif", "sub/a.tif");
		new FileSaver(Pictures.plane("a", 48, 40, 8)).saveAsPng(in.resolve("a.png").toString());
		for (int i = 0; i < 2; i++) {
			final List<Entry> entries = run(batch(model, "*.tif;*.png", LABELS).recursive(true));
			assertEquals("a.png " + (i == 0 ? "DONE" : "SKIPPED") + " a.tif FAILED b.tif " + (i == 0 ? "DONE" : "SKIPPED") +
				" sub/a.tif " + (i == 0 ? "DONE" : "SKIPPED"), states(entries));
			assertTrue(entries.get(1).message.contains("'a.png'"), entries.toString());
		}
	}

	@Test
	void compressionAndPyramidReachTheFiles() throws IOException {
		final ImagePlus imp = Pictures.plane("a.tif", 700, 600, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		run(batch(model, "*.tif", LABELS).names("{name}_plain.tif"));
		run(batch(model, "*.tif", LABELS).names("{name}_small.tif").compression(Compression.DEFLATE));
		run(batch(model, "*.tif", LABELS).names("{name}_levels.tif").pyramid(true));
		final long plain = Files.size(out.resolve("a_plain.tif"));
		assertTrue(Files.size(out.resolve("a_small.tif")) < plain / 4, "compressed");
		assertTrue(Files.size(out.resolve("a_levels.tif")) > plain * 5 / 4, "with smaller copies");
		assertEquals(hash(out.resolve("a_plain.tif")), hash(out.resolve("a_small.tif")));
		assertEquals(hash(out.resolve("a_plain.tif")), hash(out.resolve("a_levels.tif")));
	}

	@Test
	void hdf5ByTheSuffix() throws IOException {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 48, 40, 8, 1, 3, 1);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		run(batch(model, "*.tif", BOTH));
		run(batch(model, "*.tif", BOTH).names("{name}_{kind}.h5"));
		for (final String kind : new String[] { "a_probabilities", "a_segmentation" })
			assertArrayEquals(pixels(out.resolve(kind + ".tif")), pixels(out.resolve(kind + ".h5")), kind);
		assertMessage("Compression and pyramid are for TIFF", () -> run(batch(model, "*.tif", LABELS).names("{name}.h5")
			.pyramid(true)));
		assertMessage("Compression and pyramid are for TIFF", () -> run(batch(model, "*.tif", LABELS).names("{name}.h5")
			.compression(Compression.LZW)));
	}

	@Test
	void hdf5ImagesByDatasetAndAxes() throws IOException {
		final ImagePlus imp = Pictures.plane("a.tif", 48, 40, 8);
		final String model = model(imp);
		final Path whole = Files.createDirectory(folder.resolve("whole"));
		Pictures.saveTiff(imp, in);
		run(batch(model, "*.tif", Collections.singletonList(Output.PROBABILITIES)).names("{name}.h5"));
		Files.move(out.resolve("a.h5"), whole.resolve("a.h5"));
		in = whole;
		final ReadOptions wrong = new ReadOptions().dataset("/none");
		final Entry failed = run(batch(model, "*.h5", LABELS).reading(wrong)).get(0);
		assertEquals(State.FAILED, failed.state);
		assertTrue(failed.message.contains("none"), failed.message);
		// two classes are two channels, which the model does not take
		final Entry channels = run(batch(model, "*.h5", LABELS).reading(new ReadOptions().dataset("exported_data"))).get(0);
		assertTrue(channels.message.contains("channel"), channels.toString());
		final Entry axes = run(batch(model, "*.h5", LABELS).reading(new ReadOptions().axes("tq"))).get(0);
		assertTrue(axes.state == State.FAILED && axes.message.contains("tq"), axes.toString());
	}

	// ---- what is wrong with files

	@Test
	void aBadImageDoesNotStopTheRest() throws IOException {
		final String model = modelAndImages("b.tif", "z.tif");
		Pictures.saveTruncated(in.resolve("a.tif"));
		Files.write(in.resolve("c.tif"), new byte[0]);
		Files.write(in.resolve("d.png"), "no image".getBytes(StandardCharsets.US_ASCII));
		Pictures.saveTiff(Pictures.plane("e.tif", 48, 40, 24), in);
		new FileSaver(Pictures.plane("f", 48, 40, 8)).saveAsPng(in.resolve("f.png").toString());
		Files.write(in.resolve("g.txt"), "text".getBytes(StandardCharsets.US_ASCII));
		Files.createDirectory(in.resolve("h.tif"));
		Files.createSymbolicLink(in.resolve("i.tif"), in.resolve("nowhere"));
		final List<Entry> entries = run(batch(model, "*.tif;*.png", LABELS));
		assertEquals("a.tif FAILED b.tif DONE c.tif FAILED d.png FAILED e.tif FAILED f.png DONE i.tif FAILED z.tif DONE",
			states(entries));
		for (final Entry e : entries) {
			assertEquals(e.state == State.FAILED, !e.message.isEmpty(), e.toString());
			assertEquals(e.state == State.DONE, e.hasFractions());
			assertTrue(e.message.isEmpty() || e.message.contains(e.file) || e.file.equals("e.tif"), e.toString());
		}
		assertEquals(5, FolderBatch.count(entries, State.FAILED));
		assertEquals("b_segmentation.tif brushwood_batch.csv f_segmentation.tif z_segmentation.tif", names(out));
	}

	@Test
	void everyCutOfAFileFailsCleanly() throws IOException {
		final String model = modelAndImages("whole.tif");
		final byte[] whole = Files.readAllBytes(in.resolve("whole.tif"));
		for (int i = 1; i < 24; i++)
			Files.write(in.resolve("cut" + i + ".tif"), Arrays.copyOf(whole, whole.length * i / 24));
		final List<Entry> entries = run(batch(model, "*.tif", BOTH));
		assertEquals(23, FolderBatch.count(entries, State.FAILED), entries.toString());
		assertEquals("brushwood_batch.csv whole_probabilities.tif whole_segmentation.tif", names(out));
	}

	@Test
	void oddNames() throws IOException {
		final String[] odd = { "two  spaces .tif", "q\"uote's.tif", "[br]a{ck}et$1.tif", "\u00E4\u00F6 \u7D30\u80DE.tif",
			"a;b,c.tif", "=1+1.tif", "{kind}.tif", "100%25&{22}.tif", "new\nline.tif" };
		final String model = modelAndImages(odd);
		final List<Entry> entries = run(batch(model, "*.tif", LABELS));
		assertEquals(odd.length, FolderBatch.count(entries, State.DONE), entries.toString());
		for (final String name : odd)
			assertTrue(Files.exists(out.resolve(name.replaceFirst("\\.tif$", "_segmentation.tif"))), name);
		final String csv = csv(out);
		assertTrue(csv.contains("\n\"q\"\"uote's.tif\",done,") && csv.contains("\n'=1+1.tif,done,") && csv.contains(
			"\n\"new\nline.tif\",done,") && csv.contains("\n\u00E4\u00F6 \u7D30\u80DE.tif,done,"), csv);
	}

	@Test
	void aFileThatVanishesFailsAlone() throws IOException {
		final String model = modelAndImages("a.tif", "b.tif", "c.tif");
		final List<Entry> heard = new ArrayList<>();
		final List<Entry> entries = batch(model, "*.tif", LABELS).run(Jobs.defaults(), entry -> {
			heard.add(entry);
			if (heard.size() == 1) in.resolve("b.tif").toFile().delete();
		});
		assertEquals("a.tif DONE b.tif FAILED c.tif DONE", states(entries));
		assertTrue(entries.get(1).message.contains("does not exist"), entries.toString());
	}

	/** ImageJ's readers of other kinds of files throw what they like. */
	@ParameterizedTest
	@ValueSource(strings = { "java.lang.StackOverflowError", "java.lang.OutOfMemoryError",
		"java.lang.NoClassDefFoundError", "java.lang.IllegalStateException" })
	void whateverAReaderThrowsIsAFailureOfItsFile(final String kind) throws IOException {
		final String model = modelAndImages("a.tif", "c.tif");
		final String odd = "b." + kind + ".thrown";
		Files.write(in.resolve(odd), new byte[200]);
		final List<Entry> entries = run(batch(model, "*.tif;*.thrown", LABELS));
		assertEquals("a.tif DONE " + odd + " FAILED c.tif DONE", states(entries));
		final String message = entries.get(1).message;
		assertTrue(message.contains(kind.contains("Memory") ? "not enough memory" : kind.contains("Overflow")
			? "thrown by a reader" : "not an image that ImageJ can open"), message);
		assertTrue(message.endsWith("."), message);
	}

	// ---- what is wrong with options

	@Test
	void mistakesAreToldBeforeAnyWork() throws IOException {
		final String model = modelAndImages("a.tif", "b.tif");
		assertMessage("has no images that fit", () -> run(batch(model, "*.jpg", LABELS)));
		assertMessage("pattern is empty", () -> batch(model, " ; ", LABELS));
		assertMessage("nothing to write", () -> batch(model, "*.tif", Collections.emptyList()));
		assertMessage("does not exist", () -> run(new FolderBatch(model, folder + "/none", out.toString(), LABELS)));
		assertMessage("needs {name}", () -> run(batch(model, "*.tif", LABELS).names("{kind}.tif")));
		assertMessage("needs {kind}", () -> run(batch(model, "*.tif", BOTH).names("{name}.tif")));
		assertMessage("suffix of a format", () -> batch(model, "*.tif", LABELS).names("{name}.jpg"));
		final EngineException e = assertThrows(EngineException.class, () -> run(batch(folder + "/none.brushwood", "*.tif",
			LABELS)));
		assertTrue(e.getMessage().contains("none.brushwood"), e.getMessage());
		assertFalse(Files.exists(out));
		assertMessage("r.csv' could not be written", () -> run(batch(model, "*.tif", LABELS).csv(folder +
			"/none/r.csv")));
		assertMessage("it is a folder", () -> run(batch(model, "*.tif", LABELS).csv(folder.toString())));
		assertEquals("", names(out));
	}

	@Test
	void imagesAreNotReplacedByTheirOwnResults() throws IOException {
		final String model = modelAndImages("a.tif");
		final byte[] before = Files.readAllBytes(in.resolve("a.tif"));
		out = in;
		assertMessage("a.tif' would be replaced by its own result", () -> run(batch(model, "*.tif", LABELS).names(
			"{name}.tif").overwrite(true)));
		assertArrayEquals(before, Files.readAllBytes(in.resolve("a.tif")));
		out = folder.resolve("out put");
		assertEquals("[a.tif: done]", run(batch(model, "*.tif", LABELS).names("{name}.tif")).toString());
	}

	/** A file in place of a folder binds everybody, also those who may write everywhere. */
	@Test
	void anOutputFolderThatCannotBeWrittenIsToldBeforeAnyWork() throws IOException {
		final String model = modelAndImages("a.tif", "sub/b.tif");
		Files.write(out, new byte[0]);
		assertMessage("could not be made", () -> run(batch(model, "*.tif", LABELS)));
		Files.delete(out);
		Files.createDirectory(out);
		Files.write(out.resolve("sub"), new byte[0]);
		final List<Entry> entries = run(batch(model, "*.tif", LABELS).recursive(true));
		assertEquals("a.tif DONE sub/b.tif FAILED", states(entries));
		assertTrue(entries.get(1).message.contains("could not be made"), entries.toString());
		Files.createDirectory(out.resolve("a_probabilities.tif"));
		final Entry blocked = run(batch(model, "*.tif", BOTH)).get(0);
		assertTrue(blocked.message.contains("a_probabilities.tif") && blocked.message.contains("folder"), blocked.message);
	}

	// ---- the table

	@Test
	void theTableHasFractionsSecondsAndMessages() throws IOException {
		final String model = modelAndImages("a.tif");
		Pictures.saveTruncated(in.resolve("b.tif"));
		final Path csv = folder.resolve("table of mine.csv");
		final FolderBatch batch = batch(model, "*.tif", LABELS).csv(csv.toString());
		final Entry entry = run(batch).get(0);
		final long[] pixels;
		try (Job job = new Job();
			Model m = Model.read(job, model);
			EngineImage image = EngineImage.read(job, in.resolve("a.tif").toString());
			Prediction prediction = m.predict(job, image, null))
		{
			pixels = prediction.report().classPixels();
		}
		assertEquals(48 * 40, pixels[0] + pixels[1]);
		assertEquals(pixels[0] / 1920.0, entry.fraction(0));
		assertTrue(entry.seconds > 0 && entry.seconds < 60, entry.seconds + " s");
		final String[] lines = new String(Files.readAllBytes(csv), StandardCharsets.UTF_8).split("\n");
		assertEquals("file,status,seconds,disc fraction,ground fraction,message", lines[0]);
		assertTrue(lines[1].matches("a\\.tif,done,\\d+\\.\\d{3}," + String.format("%.6f,%.6f", pixels[0] / 1920.0, pixels[1] /
			1920.0) + ","), lines[1]);
		assertTrue(lines[2].matches("b\\.tif,failed,\\d+\\.\\d{3},,,.*b\\.tif.*"), lines[2]);
		assertEquals(3, lines.length);
		assertEquals("a_segmentation.tif", names(out));
		assertEquals(2, batch.table().resultsTable().size());
	}

	// ---- progress and cancel

	/** Stops at a fraction of the work and keeps what it is told. */
	private static final class Stop implements Monitor {

		private final double at;
		private double last;
		private final List<String> told = new ArrayList<>();

		Stop(final double at) {
			this.at = at;
		}

		@Override
		public boolean progress(final double fraction) {
			assertTrue(fraction >= last - 1e-9 && fraction <= 1, last + " then " + fraction);
			last = fraction;
			return fraction < at;
		}

		@Override
		public void status(final String text) {
			told.add(text);
		}
	}

	@ParameterizedTest
	@ValueSource(doubles = { 0, 0.1, 0.35, 0.5, 0.62, 0.85, 0.999 })
	void aCancelledBatchLeavesWholeFilesAndGoesOn(final double at) throws IOException {
		final ImagePlus imp = Pictures.plane("a.tif", 500, 300, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		for (final String name : new String[] { "b.tif", "c.tif", "d.tif" })
			Files.copy(in.resolve("a.tif"), in.resolve(name));
		final Path undisturbed = folder.resolve("undisturbed");
		run(new FolderBatch(model, in.toString(), undisturbed.toString(), BOTH));
		final FolderBatch batch = batch(model, "*.tif", BOTH);
		final List<Entry> heard = new ArrayList<>();
		assertThrows(CancelledException.class, () -> batch.run(new Jobs(1, 0, new Stop(at)), heard::add));
		assertTrue(heard.size() < 4);
		assertEquals(heard, batch.table().rows());
		assertEquals(heard.size() + 1, csv(out).split("\n").length);
		final Map<String, byte[]> whole = contents(undisturbed);
		final Map<String, byte[]> some = contents(out);
		assertEquals(2 * heard.size(), some.size(), some.keySet() + " after " + heard);
		some.forEach((name, bytes) -> assertArrayEquals(whole.get(name), bytes, name));
		assertEquals(heard.size(), FolderBatch.count(run(batch), State.SKIPPED));
		final Map<String, byte[]> all = contents(out);
		assertEquals(whole.keySet(), all.keySet());
		all.forEach((name, bytes) -> assertArrayEquals(whole.get(name), bytes, name));
	}

	@Test
	void progressCountsOnlyWhatThereIsToDo() throws IOException {
		final String model = modelAndImages("a.tif", "c.tif");
		run(batch(model, "*.tif", LABELS));
		Files.copy(in.resolve("a.tif"), in.resolve("b.tif"));
		final Stop monitor = new Stop(2);
		batch(model, "*.tif", LABELS).run(new Jobs(1, 0, monitor), entry -> {});
		assertEquals("1/3 a.tif, 0 %", monitor.told.get(0));
		assertEquals(1, monitor.last, 1e-9);
	}

	// ---- many

	@Test
	void twoBatchesShareAFolder() throws Exception {
		final String[] names = new String[40];
		for (int i = 0; i < names.length; i++)
			names[i] = "image" + i + ".tif";
		final String model = modelAndImages(names);
		final Path undisturbed = folder.resolve("undisturbed");
		run(new FolderBatch(model, in.toString(), undisturbed.toString(), BOTH));
		final List<CompletableFuture<Integer>> batches = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			final boolean overwrite = i == 0;
			batches.add(CompletableFuture.supplyAsync(() -> FolderBatch.count(batch(model, "*.tif", BOTH).overwrite(
				overwrite).run(new Jobs(1, 0, Monitor.NONE), entry -> {}), State.FAILED)));
		}
		for (final CompletableFuture<Integer> each : batches)
			assertEquals(0, each.get());
		final Map<String, byte[]> expected = contents(undisturbed);
		final Map<String, byte[]> made = contents(out);
		assertEquals(expected.keySet(), made.keySet());
		made.forEach((name, bytes) -> assertArrayEquals(expected.get(name), bytes, name));
		assertEquals(names.length + 1, csv(out).split("\n").length);
	}

	@Test
	void manySmallImagesKeepMemoryAndFilesFlat() throws IOException {
		final int count = 1500; // their paths are all that is kept
		final String model = model(Pictures.plane("x", 48, 40, 8));
		final String small = Pictures.saveTiff(Pictures.plane("small", 24, 24, 8), folder);
		for (int i = 0; i < count; i++)
			Files.copy(new File(small).toPath(), in.resolve(i + ".tif"));
		final long[] heap = new long[2];
		final int[] files = new int[2];
		final int[] at = new int[1];
		final long engine = Engine.memoryInUse();
		final List<Entry> entries = batch(model, "*.tif", LABELS).run(new Jobs(1, 0, Monitor.NONE), entry -> {
			at[0]++;
			if (at[0] != 300 && at[0] != count) return;
			heap[at[0] / count] = heap();
			files[at[0] / count] = openFiles();
		});
		assertEquals(count, FolderBatch.count(entries, State.DONE));
		assertEquals(engine, Engine.memoryInUse());
		assertTrue(heap[1] < heap[0] + (3 << 20), heap[0] + " then " + heap[1] + " bytes of heap");
		assertTrue(files[1] <= files[0] + 3, files[0] + " then " + files[1] + " open files");
		System.out.println(count + " images: heap " + (heap[0] >> 10) + " then " + (heap[1] >> 10) + " KiB, " + files[0] +
			" then " + files[1] + " open files");
	}

	private static long heap() {
		final Runtime runtime = Runtime.getRuntime();
		for (int i = 0; i < 3; i++)
			System.gc();
		return runtime.totalMemory() - runtime.freeMemory();
	}

	private static int openFiles() {
		final String[] open = new File("/proc/self/fd").list();
		return open == null ? 0 : open.length;
	}

	// ---- help

	private FolderBatch batch(final String model, final String pattern, final List<Output> outputs) {
		return new FolderBatch(model, in.toString(), out.toString(), outputs).pattern(pattern);
	}

	private static List<Entry> run(final FolderBatch batch) {
		final List<Entry> heard = new ArrayList<>();
		final List<Entry> entries = batch.run(Jobs.defaults(), heard::add);
		assertEquals(heard, entries);
		return entries;
	}

	private static String states(final List<Entry> entries) {
		return entries.stream().map(e -> e.file.replace('\\', '/') + " " + e.state).collect(Collectors.joining(" "));
	}

	private static String names(final Path folder) throws IOException {
		return names(folder, "");
	}

	private static String names(final Path folder, final String part) throws IOException {
		try (Stream<Path> files = Files.list(folder)) {
			return files.map(Path::toFile).map(File::getName).filter(name -> name.contains(part)).sorted().collect(Collectors
				.joining(" "));
		}
	}

	private static String csv(final Path folder) throws IOException {
		return new String(Files.readAllBytes(folder.resolve(FolderBatch.TABLE)), StandardCharsets.UTF_8);
	}

	/** All files of a folder but the table. */
	private static Map<String, byte[]> contents(final Path folder) throws IOException {
		final Map<String, byte[]> contents = new TreeMap<>();
		for (final File file : folder.toFile().listFiles())
			if (!file.getName().equals(FolderBatch.TABLE)) contents.put(file.getName(), Files.readAllBytes(file.toPath()));
		return contents;
	}

	private static byte[] pixels(final Path file) {
		try (Job job = new Job(); EngineImage image = ImageFiles.open(job, file.toString(), new ReadOptions())) {
			final ImageInfo info = image.info();
			final int bytes = info.type == PixelType.UINT8 ? 1 : 4;
			final ByteBuffer pixels = ByteBuffer.allocate((int) (info.planeLength() * info.depth * info.channels * bytes));
			image.read(job, Box.of(info, 0), pixels);
			return pixels.array();
		}
	}

	private static long hash(final Path file) {
		try (Job job = new Job(); EngineImage image = EngineImage.read(job, file.toString())) {
			return image.hash();
		}
	}

	private static void assertSamePlanes(final ImagePlus imp, final Path path) {
		try (Job job = new Job(); EngineImage open = ImagePlusAdapter.toEngine(job, imp)) {
			assertEquals(hash(path), open.hash());
		}
	}

	private static void assertMessage(final String part, final Executable call) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, call);
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}
}
