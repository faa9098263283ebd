package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.gui.OvalRoi;
import ij.gui.Roi;
import ij.process.ByteProcessor;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.engine.TrainOptions;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class ValidationTest {

	@TempDir
	Path folder;
	private ImagePlus imp;
	private String model;

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	@BeforeEach
	void train() {
		imp = annotated(Pictures.plane("a.tif", 48, 48, 8));
		final Training training = new Training("gaussian:0.7,1.6", new TrainOptions().trees(15), null,
			new AnnotationClasses());
		training.add(imp);
		model = folder.resolve("m.brushwood").toString();
		try (Model trained = training.train(Jobs.defaults()); Job job = new Job()) {
			trained.write(job, model);
		}
	}

	private static ImagePlus annotated(final ImagePlus image) {
		final Annotations annotations = new Annotations(image);
		annotations.add(annotations.define("ground"), new Roi(0, 0, 40, 4), 1, 1);
		annotations.add(annotations.define("disc"), new OvalRoi(9, 9, 7, 7), 1, 1);
		return image;
	}

	/** 1 = ground, 2 = disc at every pixel, as Pictures draws them. */
	private static ImagePlus truth(final String title) {
		final ByteProcessor ip = new ByteProcessor(48, 48);
		for (int y = 0; y < 48; y++)
			for (int x = 0; x < 48; x++)
				ip.set(x, y, Math.pow(x % 24 - 12, 2) + Math.pow(y % 24 - 12, 2) < 49 ? 2 : 1);
		return new ImagePlus(title, ip);
	}

	private Validation.Result run(final Validation validation) {
		return validation.run(Jobs.defaults());
	}

	private Validation validation() {
		return new Validation(model, null);
	}

	@Test
	void annotationsAreATruth() {
		final Validation validation = validation();
		validation.add(imp);
		final Scores s = run(validation).scores();
		assertEquals(160, s.ofClass(0).truth);
		assertEquals(160 + 37, s.pixels, 2);
		assertEquals(1, s.accuracy, 0.02, "on its own annotations");
	}

	@Test
	void windowsFilesAndFoldersGiveTheSame() throws IOException {
		final Validation windows = validation();
		windows.add(imp, truth("t.tif"));
		final Validation.Result expected = run(windows);
		assertEquals(48 * 48, expected.scores().pixels);
		assertTrue(expected.scores().accuracy > 0.9, expected.text());
		assertTrue(expected.text().contains("disc") && expected.text().contains("ground"), expected.text());
		assertEquals("disc", expected.classes().at(2).name());

		final Path images = Files.createDirectory(folder.resolve("images"));
		final Path labels = Files.createDirectory(folder.resolve("labels"));
		final Validation files = validation();
		files.add(Collections.singletonList(Pictures.saveTiff(Pictures.plane("x.tif", 48, 48, 8), images)), Collections
			.singletonList(Pictures.saveTiff(truth("x.tif"), labels)));
		assertEquals(expected.csv(), run(files).csv());

		Pictures.saveTiff(Pictures.plane("alone.tif", 48, 48, 8), images);
		final Validation folders = validation();
		folders.addFolders(images.toString(), labels.toString());
		assertEquals(1, folders.size());
		final Validation.Result result = run(folders);
		assertEquals(expected.csv(), result.csv());
		assertTrue(result.notes().get(0).contains("left out: 1"), result.notes().toString());
		result.writeCsv(folder.resolve("r.csv").toString());
		assertEquals(result.csv(), new String(Files.readAllBytes(folder.resolve("r.csv")), StandardCharsets.UTF_8));
	}

	/** Class names decide, not numbers. */
	@Test
	void namedTruthIsTranslated() {
		final ImagePlus named = truth("t.tif");
		final AnnotationClasses classes = AnnotationClasses.of(Arrays.asList("disc", "ground"));
		for (int i = 0; i < 48 * 48; i++)
			named.getProcessor().set(i, 3 - named.getProcessor().get(i));
		ClassColours.apply(named, classes);
		final Validation validation = validation();
		validation.add(imp, named);
		assertTrue(run(validation).scores().accuracy > 0.9);
	}

	@Test
	void whatDoesNotFitIsNamed() throws IOException {
		assertMessage("nothing to compare", () -> run(validation()));
		assertMessage("'b.tif' has no annotations", () -> validation().add(Pictures.plane("b.tif", 48, 48, 8)));
		assertMessage("2 images and 1 truth images", () -> validation().add(Arrays.asList("a", "b"), Collections
			.singletonList("c")));
		final Annotations other = new Annotations(imp);
		other.add(other.define("moss"), new Roi(40, 40, 4, 4), 1, 1);
		final Validation unknown = validation();
		unknown.add(imp);
		assertMessage("class 'moss', which the model does not know. Its classes: ground, disc", () -> run(unknown));
		final Validation empty = validation();
		empty.add(Pictures.plane("e.tif", 48, 48, 8), new ImagePlus("t", new ByteProcessor(48, 48)));
		assertMessage("truth is empty", () -> run(empty));
		final ImagePlus high = truth("h.tif");
		high.getProcessor().set(0, 0, 9);
		final Validation tooHigh = validation();
		tooHigh.add(Pictures.plane("e.tif", 48, 48, 8), high);
		assertThrows(EngineException.class, () -> run(tooHigh));
		final Path one = Files.createDirectory(folder.resolve("one"));
		final Path two = Files.createDirectory(folder.resolve("two"));
		assertMessage("has no images", () -> validation().addFolders(one.toString(), two.toString()));
		Pictures.saveTiff(truth("x.tif"), two);
		assertMessage("has no image named 'x'", () -> validation().addFolders(one.toString(), two.toString()));
		assertMessage("same folder", () -> validation().addFolders(two.toString(), two.toString()));
		assertMessage("none' does not exist", () -> validation().addFolders(folder + "/none", two.toString()));
	}

	@Test
	void theMonitorCancels() {
		final Validation validation = validation();
		validation.add(Pictures.plane("big.tif", 480, 480, 8), new ImagePlus("t", new ByteProcessor(480, 480)));
		final Monitor stop = new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return false;
			}

			@Override
			public void status(final String text) {
				assertFalse(text.isEmpty());
			}
		};
		assertThrows(CancelledException.class, () -> validation.run(new Jobs(0, 0, stop)));
	}

	private static void assertMessage(final String part, final Executable call) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, call);
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}
}
