package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.CompositeImage;
import ij.ImagePlus;
import ij.gui.OvalRoi;
import ij.gui.Roi;
import ij.io.FileSaver;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.session.FolderBatch.Entry;
import io.github.brushwood.session.FolderBatch.State;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Applying models to images and folders. */
class PredictionTest {

	private static final List<Output> PROBABILITIES = Collections.singletonList(Output.PROBABILITIES);
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
		final Annotations annotations = new Annotations(imp);
		final AnnotationClass disc = annotations.recolour(annotations.define("disc"), 0xFF8800);
		annotations.add(annotations.define("ground"), new Roi(0, 0, 40, 4), 1, 1);
		annotations.add(disc, new OvalRoi(9, 9, 7, 7), 1, 1);
		final Training training = new Training("gaussian:0.7,1.6", new TrainOptions().trees(9), null,
			new AnnotationClasses());
		training.add(imp);
		final String path = folder.resolve("m.brushwood").toString();
		try (Model model = training.train(Jobs.defaults()); Job job = new Job()) {
			model.write(job, path);
		}
		return path;
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,2,3,2", "24,1,1,1", "32,1,4,1" })
	void resultsKeepDimensionsCalibrationAndLabels(final int bits, final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("x.tif", 48, 40, bits, c, z, t);
		final String model = model(imp);
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model, BOTH, null);
		final ImagePlus p = s.get(Output.PROBABILITIES);
		final ImagePlus l = s.get(Output.LABELS);
		assertEquals("Probabilities of x.tif", p.getTitle());
		assertEquals("Segmentation of x.tif", l.getTitle());
		assertArrayEquals(new int[] { 48, 40, 2, z, t }, p.getDimensions());
		assertArrayEquals(new int[] { 48, 40, 1, z, t }, l.getDimensions());
		for (final ImagePlus result : new ImagePlus[] { p, l }) {
			assertEquals(0.75, result.getCalibration().pixelDepth);
			assertEquals(imp.getCalibration().getUnit(), result.getCalibration().getUnit());
			assertEquals(2.5, result.getCalibration().frameInterval);
		}
		final String label = imp.getStack().getSliceLabel(imp.getStackIndex(1, z, t));
		assertEquals(label, l.getStack().getSliceLabel(l.getStackIndex(1, z, t)));
		assertEquals("ground: " + label, p.getStack().getSliceLabel(p.getStackIndex(2, z, t)));
	}

	@Test
	void labelsAndProbabilitiesShowTheClassColours() {
		final ImagePlus imp = Pictures.plane("x.tif", 48, 40, 8);
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model(imp), BOTH, null);
		assertEquals(0xFF8800, s.get(Output.LABELS).getProcessor().getColorModel().getRGB(1) & 0xFFFFFF);
		assertEquals(0, s.get(Output.LABELS).getProcessor().getColorModel().getRGB(0) & 0xFFFFFF);
		assertEquals(1, s.get(Output.LABELS).getProcessor().get(12, 12));
		assertEquals(2, s.get(Output.LABELS).getProcessor().get(0, 0));
		final CompositeImage p = (CompositeImage) s.get(Output.PROBABILITIES);
		assertEquals(0xFF8800, p.getChannelLut(1).getRGB(255) & 0xFFFFFF);
		assertEquals(0, p.getChannelLut(2).min);
		assertEquals(1, p.getChannelLut(2).max);
		assertEquals(1, p.getStack().getVoxel(12, 12, 0) + p.getStack().getVoxel(12, 12, 1), 1e-6);
	}

	@Test
	void onlyWhatWasAskedForIsMade() {
		final ImagePlus imp = Pictures.plane("x.tif", 48, 40, 8);
		final String model = model(imp);
		assertNull(Segmentation.of(Jobs.defaults(), imp, model, LABELS, null).get(Output.PROBABILITIES));
		assertNull(Segmentation.of(Jobs.defaults(), imp, model, PROBABILITIES, null).get(Output.LABELS));
	}

	@Test
	void uncertaintyAndEntropyFollowFromTheProbabilities() {
		final ImagePlus imp = Pictures.hyperstack("x.tif", 48, 40, 8, 1, 3, 1);
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model(imp), ALL, null);
		final List<String> titles = new ArrayList<>();
		for (final ImagePlus image : s.images())
			titles.add(image.getTitle());
		assertEquals(Arrays.asList("Entropy of x.tif", "Uncertainty of x.tif", "Probabilities of x.tif",
			"Segmentation of x.tif"), titles);
		final ImagePlus p = s.get(Output.PROBABILITIES);
		for (int i = 0; i < 48 * 40; i++) {
			final double first = p.getStack().getProcessor(p.getStackIndex(1, 2, 1)).getf(i);
			final double second = p.getStack().getProcessor(p.getStackIndex(2, 2, 1)).getf(i);
			final double entropy = -(first > 0 ? first * Math.log(first) : 0) - (second > 0 ? second * Math.log(second) : 0);
			assertEquals(1 - Math.abs(first - second), s.get(Output.UNCERTAINTY).getStack().getProcessor(2).getf(i), 1e-5);
			assertEquals(entropy / Math.log(2), s.get(Output.ENTROPY).getStack().getProcessor(2).getf(i), 1e-4);
		}
		assertEquals("plane 2", s.get(Output.UNCERTAINTY).getStack().getSliceLabel(2));
		assertEquals(0.75, s.get(Output.ENTROPY).getCalibration().pixelDepth);
		assertEquals(1, s.get(Output.ENTROPY).getDisplayRangeMax());
	}

	@Test
	void assumptionsAreReported() {
		final String model = model(Pictures.hyperstack("x.tif", 48, 40, 32, 1, 3, 1));
		final ImagePlus odd = Pictures.hyperstack("odd.tif", 48, 40, 32, 1, 3, 1);
		odd.setCalibration(null);
		odd.getStack().setVoxel(3, 3, 1, Double.NaN);
		odd.getStack().setVoxel(4, 3, 1, Double.POSITIVE_INFINITY);
		final List<String> notes = Segmentation.of(Jobs.defaults(), odd, model, LABELS, null).notes();
		assertEquals(2, notes.size(), notes.toString());
		assertTrue(notes.get(0).startsWith("2 NaN or infinite pixels of 'odd.tif'"), notes.toString());
		assertTrue(notes.get(1).contains("no calibration"), notes.toString());
		final ImagePlus flat = Pictures.plane("x.tif", 48, 40, 8);
		final String model2d = model(flat);
		final ImagePlus stack = Pictures.hyperstack("s.tif", 48, 40, 8, 1, 3, 1);
		assertTrue(Segmentation.of(Jobs.defaults(), stack, model2d, LABELS, null).notes().toString().contains(
			"slice by slice"));
	}

	@Test
	void otherChannelsAreAnError() {
		final String model = model(Pictures.plane("x.tif", 48, 40, 8));
		assertThrows(EngineException.class, () -> Segmentation.of(Jobs.defaults(), Pictures.plane("rgb.tif", 48, 40, 24),
			model, LABELS, null));
	}

	@Test
	void folderResultsAreThoseOfTheOpenImage() throws IOException {
		final ImagePlus imp = Pictures.hyperstack("x.tif", 48, 40, 16, 2, 3, 1);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		final List<Entry> entries = run(batch(model, "*.tif", BOTH));
		assertEquals("[x.tif: done]", entries.toString());
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model, BOTH, null);
		assertSamePlanes(s.get(Output.PROBABILITIES), out.resolve("x_probabilities.tif"));
		assertSamePlanes(s.get(Output.LABELS), out.resolve("x_segmentation.tif"));
		assertEquals(0.75, Pictures.open(out.resolve("x_segmentation.tif").toString()).getCalibration().pixelDepth);
	}

	@Test
	void aBadImageDoesNotStopTheRest() throws IOException {
		final ImagePlus imp = Pictures.plane("b.tif", 48, 40, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		Pictures.saveTruncated(in.resolve("a.tif"));
		Files.write(in.resolve("c.tif"), new byte[0]);
		Files.write(in.resolve("d.png"), "no image".getBytes("US-ASCII"));
		Pictures.saveTiff(Pictures.plane("e.tif", 48, 40, 24), in);
		new FileSaver(Pictures.plane("f", 48, 40, 8)).saveAsPng(in.resolve("f.png").toString());
		Files.write(in.resolve("g.txt"), "text".getBytes("US-ASCII"));
		final List<Entry> entries = run(batch(model, "*.tif;*.png", LABELS));
		assertEquals("a.tif FAILED b.tif DONE c.tif FAILED d.png FAILED e.tif FAILED f.png DONE", entries.stream().map(
			e -> e.file + " " + e.state).collect(Collectors.joining(" ")));
		for (final Entry e : entries)
			assertEquals(e.state == State.FAILED, !e.message.isEmpty(), e.toString());
		assertEquals(4, FolderBatch.count(entries, State.FAILED));
		assertEquals("b_segmentation.tif f_segmentation.tif", names(out));
	}

	@Test
	void resultsAreKeptOrReplacedByChoice() throws IOException {
		final ImagePlus imp = Pictures.plane("b.tif", 48, 40, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		run(batch(model, "*.tif", LABELS));
		final Path result = out.resolve("b_segmentation.tif");
		final byte[] first = Files.readAllBytes(result);
		Files.write(result, new byte[] { 1 });
		assertEquals(State.SKIPPED, run(batch(model, "*.tif", LABELS)).get(0).state);
		assertEquals(1, Files.size(result));
		assertEquals(State.DONE, run(batch(model, "*.tif", LABELS).overwrite(true)).get(0).state);
		assertArrayEquals(first, Files.readAllBytes(result));
		assertEquals(State.DONE, run(batch(model, "*.tif", BOTH)).get(0).state, "one of two results is missing");
	}

	@Test
	void everyOutputHasItsFileAndIsNoInput() throws IOException {
		final ImagePlus imp = Pictures.plane("b.tif", 48, 40, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		out = in;
		run(batch(model, "*.tif", ALL));
		assertEquals("b.tif b_entropy.tif b_probabilities.tif b_segmentation.tif b_uncertainty.tif", names(in));
		final Segmentation s = Segmentation.of(Jobs.defaults(), imp, model, ALL, null);
		assertSamePlanes(s.get(Output.UNCERTAINTY), in.resolve("b_uncertainty.tif"));
		assertSamePlanes(s.get(Output.ENTROPY), in.resolve("b_entropy.tif"));
		assertEquals("[b.tif: skipped: its results exist]", run(batch(model, "*.tif", ALL)).toString());
	}

	@Test
	void subfoldersAreMirrored() throws IOException {
		final ImagePlus imp = Pictures.plane("a.TIF", 48, 40, 8);
		final String model = model(imp);
		final Path deep = Files.createDirectories(in.resolve("x/y"));
		Pictures.saveTiff(imp, in);
		Pictures.saveTiff(imp, deep);
		assertEquals(1, run(batch(model, "*.tif", LABELS)).size());
		final List<Entry> entries = run(batch(model, "*.tif", LABELS).recursive(true));
		assertEquals(2, entries.size());
		assertEquals(State.SKIPPED, entries.get(0).state);
		assertTrue(Files.exists(out.resolve("x/y/a_segmentation.tif")));
	}

	@Test
	void resultsAreNotTakenForImages() throws IOException {
		final ImagePlus imp = Pictures.plane("a.tif", 48, 40, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		out = in;
		run(batch(model, "*.tif", BOTH));
		final List<Entry> again = run(batch(model, "*.tif", BOTH));
		assertEquals("[a.tif: skipped: its results exist]", again.toString());
	}

	@Test
	void imagesWithTheSameResultNameAreReported() throws IOException {
		final ImagePlus imp = Pictures.plane("a.tif", 48, 40, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		new FileSaver(Pictures.plane("a", 48, 40, 8)).saveAsPng(in.resolve("a.png").toString());
		final List<Entry> entries = run(batch(model, "*.tif;*.png", LABELS));
		assertEquals(State.DONE, entries.get(0).state);
		assertEquals(State.FAILED, entries.get(1).state);
		assertTrue(entries.get(1).message.contains("'a.png'"), entries.toString());
	}

	@Test
	void missingFoldersModelsAndImagesAreNamed() throws IOException {
		final String model = model(Pictures.plane("b.tif", 48, 40, 8));
		assertMessage("has no images that fit", () -> run(batch(model, "*.tif", LABELS)));
		assertMessage("pattern is empty", () -> batch(model, " ; ", LABELS));
		assertMessage("does not exist", () -> run(new FolderBatch(model, folder + "/none", out.toString(),
			LABELS)));
		Pictures.saveTiff(Pictures.plane("b.tif", 48, 40, 8), in);
		final EngineException e = assertThrows(EngineException.class, () -> run(batch(folder + "/none.brushwood", "*.tif",
			LABELS)));
		assertTrue(e.getMessage().contains("none.brushwood"), e.getMessage());
		assertFalse(Files.exists(out));
	}

	@Test
	void anOutputFolderThatCannotBeMadeFailsTheImages() throws IOException {
		final ImagePlus imp = Pictures.plane("a.tif", 48, 40, 8);
		final String model = model(imp);
		Pictures.saveTiff(imp, in);
		Files.write(out, new byte[0]);
		assertEquals(State.FAILED, run(batch(model, "*.tif", LABELS)).get(0).state);
	}

	private FolderBatch batch(final String model, final String pattern, final List<Output> outputs) {
		return new FolderBatch(model, in.toString(), out.toString(), outputs).pattern(pattern);
	}

	private static List<Entry> run(final FolderBatch batch) {
		final List<Entry> heard = new ArrayList<>();
		final List<Entry> entries = batch.run(Jobs.defaults(), heard::add);
		assertEquals(heard, entries);
		return entries;
	}

	private static String names(final Path folder) throws IOException {
		try (Stream<Path> files = Files.list(folder)) {
			return files.map(Path::toFile).map(File::getName).sorted().collect(Collectors.joining(" "));
		}
	}

	private static void assertSamePlanes(final ImagePlus imp, final Path path) {
		try (Job job = new Job(); EngineImage file = EngineImage.read(job, path.toString());
			EngineImage open = ImagePlusAdapter.toEngine(job, imp))
		{
			assertEquals(file.hash(), open.hash());
		}
	}

	private static void assertMessage(final String part, final Executable call) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, call);
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}
}
