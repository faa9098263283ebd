package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.gui.OvalRoi;
import ij.gui.Roi;

import io.github.brushwood.engine.Balance;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.Prediction;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.engine.Trainer;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.ForestKeys;
import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.options.Options;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import javax.imageio.ImageIO;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Macros in a real headless ImageJ: the examples of tests/macros, and everything that can go wrong. */
class HeadlessMacroTest {

	private static final Path EXAMPLES = new File("tests/macros").getAbsoluteFile().toPath();
	private static final Path NUCLEI = new File("tests/data/nuclei").getAbsoluteFile().toPath();

	@TempDir
	Path temporary;

	private Path folder;
	private HeadlessImageJ imagej;

	@BeforeEach
	void startImageJ() throws Exception {
		folder = Files.createDirectory(temporary.resolve("a folder [1]"));
		imagej = new HeadlessImageJ(temporary);
	}

	private Path macro(final String name, final String... lines) throws Exception {
		return Files.write(temporary.resolve(name + ".ijm"), String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
	}

	private String example(final String name, final Object... arguments) throws Exception {
		final List<String> lines = new ArrayList<>();
		for (final Object argument : arguments)
			lines.add(argument.toString());
		final String output = imagej.batch(EXAMPLES.resolve(name), String.join("\n", lines));
		assertTrue(output.trim().endsWith("done"), output);
		return output;
	}

	private static ImagePlus annotated(final ImagePlus imp) {
		final Annotations annotations = new Annotations(imp);
		annotations.add(annotations.define("ground"), new Roi(0, 0, 40, 4), 1, 1);
		annotations.add(annotations.define("disc"), new OvalRoi(9, 9, 7, 7), 1, 1);
		return imp;
	}

	private Path train(final ImagePlus imp) throws Exception {
		final Path model = folder.resolve("m.brushwood");
		final String path = Pictures.saveTiff(annotated(imp), folder);
		final String output = example("train_from_annotations.ijm", path, model);
		assertTrue(output.contains("Out-of-bag error"), output);
		return model;
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "24,1,1,1", "16,2,4,1", "32,1,1,2" })
	void macroResultsAreTheEnginesBytes(final int bits, final int c, final int z, final int t) throws Exception {
		final ImagePlus imp = Pictures.hyperstack("x y.tif", 48, 40, bits, c, z, t);
		final Path model = train(imp);
		final Path p = folder.resolve("p.tif");
		final Path l = folder.resolve("l.tif");
		final String output = example("apply.ijm", folder.resolve("x y.tif"), model, p, l);
		assertTrue(output.contains("classes 2 slices " + z + " frames " + t), output);
		assertPrediction(model, folder.resolve("x y.tif"), p, l);
		final ImagePlus labels = Pictures.open(l.toString());
		assertEquals(0.25, labels.getCalibration().pixelWidth, 1e-9);
		assertEquals(2.5, labels.getCalibration().frameInterval);
		if (labels.getStackSize() > 1) assertEquals(0.75, labels.getCalibration().pixelDepth);
	}

	@Test
	void resultsOfVirtualStacksGoToFiles() throws Exception {
		final ImagePlus imp = Pictures.hyperstack("v.tif", 48, 40, 16, 1, 4, 1);
		final Path model = train(imp);
		final String output = imagej.batch(macro("files", "run(\"TIFF Virtual Stack...\", \"open=[" + folder +
			"/v.tif]\");", "if (!is(\"Virtual Stack\")) exit(\"not virtual\");", apply("model=[" + model + "] output=both " +
				"file=[" + folder + "/new/{name}_{kind}.tif]"), "print(\"images \" + nImages);", "print(\"done\");"), "");
		assertTrue(output.trim().endsWith("images 1\ndone"), output);
		final Path made = folder.resolve("new");
		assertPrediction(model, folder.resolve("v.tif"), made.resolve("v_probabilities.tif"), made.resolve(
			"v_segmentation.tif"));
		assertTrue(output.contains("Brushwood Apply Model...: wrote " + made.resolve("v_segmentation.tif")), output);
	}

	@Test
	void foldersAndRoiSets() throws Exception {
		final ImagePlus imp = Pictures.plane("b.tif", 48, 40, 8);
		final Path model = train(imp);
		new Annotations(imp).saveRois(folder.resolve("r.zip").toString());
		Pictures.saveTiff(Pictures.plane("plain.tif", 48, 40, 8), folder);
		final Path again = folder.resolve("again.brushwood");
		example("train_from_annotations.ijm", folder.resolve("plain.tif"), again, folder.resolve("r.zip"));
		final Path in = Files.createDirectories(folder.resolve("in/deep"));
		Pictures.saveTiff(Pictures.plane("c.tif", 48, 40, 8), in);
		final String output = example("batch_folder.ijm", model, folder.resolve("in"), folder.resolve("out"));
		assertTrue(output.contains("deep" + File.separator + "c.tif: done"), output);
		assertTrue(output.contains("1 done, 0 skipped, 0 failed"), output);
		final Path out = folder.resolve("out/deep");
		assertPrediction(model, in.resolve("c.tif"), out.resolve("c_probabilities.tif"), out.resolve(
			"c_segmentation.tif"));
		final String second = example("batch_folder.ijm", model, folder.resolve("in"), folder.resolve("out"));
		assertTrue(second.contains("0 done, 1 skipped, 0 failed"), second);
	}

	/** 2D, RGB, 16-bit 3D and two channels in 3D: a macro and the engine make the same model and pixels. */
	@ParameterizedTest
	@ValueSource(strings = { "nuclei", "histology", "embryo3d", "cells3d_2ch" })
	void bundledImages(final String task) throws Exception {
		final Path data = NUCLEI.resolveSibling(task);
		final String image = data.resolve("train/00.tif").toString();
		final String strokes = data.resolve("train/00_strokes.tif").toString();
		final Path model = folder.resolve("macro.brushwood");
		final Options options = new Options(new Train_Model().spec()).set("model", model.toString());
		options.set("features", "fast").set("images", image).set("labels", strokes);
		final String trained = imagej.batch(macro("train", "run(\"Brushwood Train Model...\", \"" + options + "\");",
			"print(\"done\");"), "");
		assertTrue(trained.trim().endsWith("done"), trained);
		assertArrayEquals(trainByEngine(image, strokes), Files.readAllBytes(model));
		final Path test = data.resolve("test/00.tif");
		example("apply.ijm", test, model, folder.resolve("p.tif"), folder.resolve("l.tif"));
		assertPrediction(model, test, folder.resolve("p.tif"), folder.resolve("l.tif"));
	}

	private byte[] trainByEngine(final String path, final String strokes) throws Exception {
		final Path file = folder.resolve("engine.brushwood");
		try (Job job = new Job();
			EngineImage image = EngineImage.read(job, path);
			EngineImage labels = EngineImage.read(job, strokes);
			Recipe recipe = Recipe.parse(job, "fast", image.info().channels, image.info().depth > 1 ? 3 : 2, image
				.info().spacingX, image.info().spacingY, image.info().spacingZ);
			Trainer trainer = Trainer.create(job, recipe))
		{
			trainer.add(job, image, labels);
			try (Model model = trainer.train(job, new TrainOptions())) {
				model.write(job, file.toString());
			}
		}
		return Files.readAllBytes(file);
	}

	@Test
	void nucleiAreCountedWithinTenPercent() throws Exception {
		final Path model = folder.resolve("nuclei.brushwood");
		final Options options = new Options(new Train_Model().spec()).set("model", model.toString());
		options.set("images", files("train/00.tif", "train/01.tif"));
		options.set("labels", files("train/00_strokes.tif", "train/01_strokes.tif"));
		final String trained = imagej.batch(macro("train", "run(\"Brushwood Train Model...\", \"" + options + "\");",
			"print(\"done\");"), "");
		assertTrue(trained.trim().endsWith("done"), trained);
		for (final String name : new String[] { "00", "01" }) {
			final ImagePlus instances = Pictures.open(NUCLEI.resolve("test/" + name + "_instances.tif").toString());
			final double truth = instances.getStatistics().max;
			final String output = example("count_nuclei.ijm", NUCLEI.resolve("test/" + name + ".tif"), model);
			final int count = Integer.parseInt(output.replaceAll("(?s).*count (\\d+).*", "$1"));
			System.out.println("nuclei " + name + ": " + count + " counted, " + (int) truth + " in the ground truth");
			assertEquals(truth, count, 0.1 * truth, name);
		}
	}

	/** One ImageJ lives through all of these; each message names what is wrong, and its macro stops there. */
	@Test
	void failuresStopTheMacroAndNothingElse() throws Exception {
		final Path model = train(Pictures.plane("x.tif", 48, 40, 8));
		final String open = "open(\"" + folder + "/x.tif\");\n";
		final String plain = "newImage(\"plain\", \"8-bit\", 30, 20, 1);\n";
		final String annotate = "run(\"Brushwood Annotate\", \"class=c from=selection\");\n";
		final String m = "model=[" + model + "]";
		Files.write(folder.resolve("bad.brushwood"), "not a model".getBytes(StandardCharsets.UTF_8));
		Pictures.saveTruncated(folder.resolve("cut.tif"));
		Files.createDirectory(folder.resolve("empty"));
		final Map<String, String> cases = new LinkedHashMap<>();
		cases.put(open + apply("modell=x"), "Unknown key 'modell'");
		cases.put(open + apply("output=both"), "The key 'model' (Model file) is missing");
		cases.put(open + "run(\"Brushwood Apply Model...\");",
			"Keys: model (required), output, file, input, unrefined, spacing, threads");
		cases.put(open + apply(m + " output=all"), "[probabilities, labels, uncertainty, entropy]");
		cases.put(open + apply(m + " file=[" + folder + "/{name}_{kind}.doc]"), "{name}_{kind}.doc");
		cases.put(open + apply(m + " file=[" + folder + "/x.tif] output=labels"), "would replace the file");
		cases.put(open + apply(m + " threads=many"), "'threads' has to be a whole number");
		cases.put(open + apply(m + " spacing=1,2"), "three positive numbers");
		cases.put(open + apply("model=[" + folder + "/none.brushwood]"), "none.brushwood");
		cases.put(open + apply("model=[" + folder + "/bad.brushwood]"), "bad.brushwood");
		cases.put(apply(m), "There is no open image");
		cases.put("newImage(\"rgb\", \"RGB\", 30, 20, 1);" + apply(m), "3 channels");
		cases.put(plain + train("model=[" + folder + "/n.brushwood]"), "'plain' has no annotations");
		cases.put(plain + train("model=[" + folder + "/n.brushwood] open_images"), "No open image has annotations");
		cases.put(open + train("model=[" + folder + "/n.brushwood] features=gaussian:1;nonsense:2"), "nonsense");
		cases.put(open + train("model=[" + folder + "/no/such/n.brushwood]"), "n.brushwood");
		cases.put(open + train("model=[" + folder + "]"), "a folder [1]");
		cases.put(train("model=[" + folder + "/n.brushwood] images=[" + folder + "] labels=[" + folder + "/x.tif]"),
			"is a folder");
		cases.put(train("model=[" + folder + "/n.brushwood] images=[" + folder + "/cut.tif] labels=[" + folder +
			"/cut.tif]"), "cut.tif");
		cases.put(plain + "makeRectangle(1, 1, 5, 5);" + annotate + train("model=[" + folder + "/n.brushwood]"), "class");
		cases.put(plain + "makeRectangle(40, 3, 5, 5);" + annotate + train("model=[" + folder + "/n.brushwood]"),
			"'c 1' of class 'c' at x 40, y 3, slice 1, frame 1 lies outside the image 'plain'");
		cases.put(plain + annotate, "'plain' has no selection");
		cases.put(plain + "run(\"Brushwood Annotate\", \"class=c from=manager\");", "ROI Manager");
		cases.put(plain + "run(\"Brushwood Annotate\", \"colour=#ffffff\");", "(key 'colour') needs a class");
		cases.put(plain + "run(\"Brushwood Annotate\", \"class=c colour=red\");", "not 'red'");
		cases.put(plain + "run(\"Brushwood Annotate\", \"import=[" + folder + "/x.tif]\");", "They have to be the same");
		cases.put(folder("input=[" + folder + "/empty] output=[" + folder + "/out] " + m), "has no images that fit");
		cases.put(folder("input=[" + folder + "/none] output=[" + folder + "/out] " + m), "does not exist");
		cases.put(folder("input=[" + folder + "] output=[" + folder + "/out] " + m), "1 of 2 images failed. The first: " +
			"cut.tif");
		cases.put(plain + "run(\"Brushwood Show Features...\", \"features=gaussian\");", "gaussian");
		final String rgb = "needs an RGB image (three channels: red, green, blue)";
		for (final FeatureRow row : Engine.featureRows())
			if (row.rgb) cases.put(plain + "run(\"Brushwood Show Features...\", \"features=" + row.id + "\");", rgb);
		cases.put(open + train("model=[" + folder + "/n.brushwood] features=gaussian:1;hsb"), rgb);
		cases.put(plain + "run(\"Brushwood Show Features...\", \"features=median:11\");", "radius must be 1 to 10");
		cases.put(plain + "run(\"Brushwood Show Features...\", \"exact=maybe\");", "'exact' is a switch");
		cases.put("run(\"Brushwood Model Info\", \"model=[" + folder + "/bad.brushwood]\");", "bad.brushwood");
		cases.put("run(\"Brushwood Preferences...\", \"threads=-1\");", "'threads'");
		final String n = "model=[" + folder + "/n.brushwood] ";
		cases.put(open + train(n + "forest=oak"), "'forest' has to be one of [brushwood");
		cases.put(open + train(n + "mtry=some"), "'mtry' has to be a whole number of features, or sqrt, log2 or all");
		cases.put(open + train(n + "bootstrap=2"), "'bootstrap' has to be a number from 0 to 1");
		cases.put(open + train(n + "held_out=blocks folds=1"), "'folds'");
		cases.put(open + train(n + "folds=3"), "'folds' has no effect without 'held_out'");
		cases.put(open + train(n + "context_sigmas=2"), "'context_sigmas' has no effect without 'autocontext'");
		cases.put(open + train(n + "class_weights=1,2"), "'class_weights' has no effect without balance=custom");
		cases.put(open + train(n + "extra=2"), "'extra' is a switch");
		cases.put(open + suggest("tolerance=2"), "'tolerance' has to be a number from 0 to 1");
		cases.put(open + suggest("autocontext"), "Unknown key 'autocontext'");
		cases.put(plain + suggest("features=fast"), "'plain' has no annotations");
		cases.put(open + validate("csv=x"), "The key 'model' (Model file) is missing");
		cases.put(plain + validate(m), "'plain' has no annotations to compare with");
		cases.put(plain + validate(m + " truth_image=none"), "No open image has the title 'none'");
		cases.put(plain + validate(m + " truth_image=plain"), "'plain' is the current one itself");
		cases.put(plain + validate(m + " truth=[" + folder + "/x.tif]"), "0 images and 1 truth images");
		cases.put(plain + validate(m + " truth_folder=[" + folder + "]"), "'image_folder' (Image folder) is missing");
		cases.put(plain + "newImage(\"small\", \"8-bit\", 9, 9, 1); selectWindow(\"plain\");" + validate(m +
			" truth_image=small"), "9");
		cases.put(open + validate(m + " csv=[" + folder + "/no/such/r.csv]"), "r.csv' could not be written");

		final List<Path> macros = new ArrayList<>();
		for (final String text : cases.keySet())
			macros.add(macro("case" + macros.size(), text, "print(\"NOT REACHED\");"));
		macros.add(macro("alive", open + apply(m), "print(\"alive \" + getTitle());"));
		final String[] outputs = imagej.drive(macros).split("=== .*\n");
		assertEquals(macros.size(), outputs.length - 1, String.join("=== \n", outputs));
		int i = 1;
		for (final Map.Entry<String, String> entry : cases.entrySet()) {
			final String output = outputs[i++];
			assertTrue(output.contains(entry.getValue()), entry.getKey() + "\nprinted:\n" + output);
			assertFalse(output.contains("NOT REACHED"), entry.getKey() + "\nprinted:\n" + output);
			assertFalse(output.contains("\tat "), "a stack trace: " + output);
		}
		assertTrue(outputs[i].contains("alive Probabilities of x.tif"), outputs[i]);
		assertFalse(Files.exists(folder.resolve("n.brushwood")));
		assertEquals("[brushwood_batch.csv, x_probabilities.tif]", Arrays.stream(folder.resolve("out").toFile().list())
			.sorted().collect(Collectors.toList()).toString());
	}

	/** Bundled truth: the numbers in log and CSV, the diagram as active image, and tables left out without a display. */
	@Test
	void validation() throws Exception {
		final Path model = folder.resolve("nuclei.brushwood");
		final Options options = new Options(new Train_Model().spec()).set("model", model.toString()).set("features", "fast");
		options.set("images", files("train/00.tif")).set("labels", files("train/00_strokes.tif")).set("classes",
			"background;nucleus").set("held_out", "strokes").set("trees", "30");
		final String trained = imagej.batch(macro("train", "run(\"Brushwood Train Model...\", \"" + options + "\");",
			"print(\"done\");"), "");
		assertTrue(trained.trim().endsWith("done") && trained.contains("Out-of-bag error") && trained.toLowerCase().contains(
			"held"), trained);
		final Path csv = folder.resolve("r.csv");
		final String output = example("validate.ijm", model, NUCLEI.resolve("test/00.tif"), NUCLEI.resolve(
			"test/00_truth.tif"), csv);
		assertTrue(output.contains("Validation of nuclei.brushwood: 65536 pixels, accuracy 0.9"), output);
		assertTrue(output.contains("active Validation of nuclei.brushwood: reliability"), output);
		final String text = new String(Files.readAllBytes(csv), StandardCharsets.UTF_8);
		assertTrue(text.contains("nucleus") && text.contains("background"), text);
		final String open = imagej.batch(macro("windows", "open(\"" + NUCLEI.resolve("test/00_truth.tif") + "\");",
			"open(\"" + NUCLEI.resolve("test/00.tif") + "\");", "run(\"Brushwood Validate Model...\", \"model=[" + model +
				"] truth_image=00_truth.tif csv=[" + folder.resolve("w.csv") + "]\");",
			"saveAs(\"PNG\", \"" + folder.resolve("plot.png") + "\");", "print(\"done\");"), "");
		assertTrue(open.trim().endsWith("done"), open);
		assertTrue(pixels(folder.resolve("plot.png"), Engine.classColour(0)) > 100, "line of the first class");
		assertTrue(pixels(folder.resolve("plot.png"), Engine.classColour(1)) > 100, "line of the second class");
		assertEquals(text, new String(Files.readAllBytes(folder.resolve("w.csv")), StandardCharsets.UTF_8));
	}

	@Test
	void suggestedFeaturesCanBeUsed() throws Exception {
		final ImagePlus imp = Pictures.plane("x.tif", 48, 40, 8);
		Pictures.saveTiff(annotated(imp), folder);
		final String output = imagej.batch(macro("suggest", "open(\"" + folder + "/x.tif\");",
			"run(\"Brushwood Suggest Features...\", \"features=gaussian:0.7,1.6,3.5;hessian:1 trees=10 tolerance=0.02\");",
			"print(\"active \" + getTitle());", "saveAs(\"PNG\", \"" + folder.resolve("plot.png") + "\");",
			"print(\"done\");"), "");
		assertTrue(output.trim().endsWith("done"), output);
		assertTrue(output.contains("active Suggested features"), output);
		assertTrue(pixels(folder.resolve("plot.png"), 0x0072b2) > 50, "the line");
		assertTrue(pixels(folder.resolve("plot.png"), 0xd55e00) > 20, "the suggested point");
		final String list = output.replaceAll("(?s).*Suggested features: ([^\n]+)\n.*", "$1");
		try (Job job = new Job(); Recipe recipe = Recipe.parse(job, list, 1, 2, 1, 1, 1)) {
			assertTrue(output.contains("  " + recipe.count() + " features: error") && output.contains(", suggested"), output);
		}
	}

	/** Every option of the forest at once, then what older macros wrote, in one ImageJ. */
	@Test
	void forestKeysReachTheModel() throws Exception {
		final ImagePlus imp = Pictures.plane("x.tif", 48, 40, 8);
		Pictures.saveTiff(annotated(imp), folder);
		final String open = "open(\"" + folder + "/x.tif\");";
		final String all = "forest=ilastik trees=8 mtry=log2 max_depth=6 min_leaf=2 bootstrap=0.8 extra balance=custom " +
			"class_weights=1,2 stroke_balance=0.5 seed=3 held_out=samples folds=3 calibrate importance=2 autocontext " +
			"context_sigmas=1.6,4 refine=3";
		final String output = imagej.batch(macro("keys", open, train("model=[" + folder +
			"/a.brushwood] features=gaussian:1 " + all), train("model=[" + folder +
				"/b.brushwood] features=gaussian:1 trees=5 mtry=0 max_depth=0 min_leaf=1 balance"),
			"run(\"Brushwood Apply Model...\", \"model=[" + folder + "/a.brushwood] output=entropy;uncertainty\");",
			"print(\"active \" + getTitle() + \" \" + bitDepth);", "print(\"done\");"), "");
		assertTrue(output.trim().endsWith("done"), output);
		assertTrue(output.contains("active Uncertainty of x.tif 32"), output);
		try (Job job = new Job();
			Model a = Model.read(job, folder.resolve("a.brushwood").toString());
			Model b = Model.read(job, folder.resolve("b.brushwood").toString()))
		{
			final TrainOptions expected = ForestKeys.options(Options.parse(new Train_Model().spec(), "model=m " + all));
			final TrainOptions kept = a.trainOptions();
			assertEquals(expected.trees() + " " + expected.mtry() + " " + expected.maxDepth() + " " + expected.minLeaf() + " " +
				expected.bootstrap() + " " + expected.extra() + " " + expected.balance() + " " + expected.strokeBalance() + " " +
				expected.seed() + " " + expected.holdout() + " " + expected.folds() + " " + expected.calibrate() + " " + expected
					.importance(), kept.trees() + " " + kept.mtry() + " " + kept.maxDepth() + " " + kept.minLeaf() + " " + kept
						.bootstrap() + " " + kept.extra() + " " + kept.balance() + " " + kept.strokeBalance() + " " + kept.seed() +
						" " + kept.holdout() + " " + kept.folds() + " " + kept.calibrate() + " " + kept.importance());
			assertArrayEquals(new double[] { 1.6, 4 }, kept.contextSigmas());
			assertEquals(3, kept.refine());
			assertEquals(Balance.CLASSES, b.trainOptions().balance());
			assertEquals(5, b.trainOptions().trees());
		}
	}

	@Test
	void recordedOptionsReplayOddPaths() throws Exception {
		final Path odd = Files.createDirectory(folder.resolve("q\"uote's [bra]ck]et; \u00E4\u7D30 &{22} 100%"));
		final ImagePlus imp = annotated(Pictures.plane("x.tif", 48, 40, 8));
		final String image = Pictures.saveTiff(imp, odd);
		final String labels = odd.resolve("l;1.tif").toString();
		new Annotations(imp).exportLabels(labels);
		final String model = odd.resolve("m \"1\".brushwood").toString();
		final Options train = new Options(new Train_Model().spec()).set("model", model).set("features", "gaussian:1,2");
		train.set("images", Collections.singletonList(image)).set("labels", Collections.singletonList(
			labels));
		final Options apply = new Options(new Apply_Model().spec()).set("model", model).set("output", "labels");
		final String output = imagej.batch(macro("odd", "run(\"Brushwood Train Model...\", \"" + train + "\");",
			"newImage(\"new\", \"8-bit\", 30, 20, 1);", "run(\"Brushwood Apply Model...\", \"" + apply + "\");",
			"print(getTitle());", "print(\"done\");"), "");
		assertTrue(output.contains("Segmentation of new\ndone"), output);
		assertTrue(new File(model).isFile());
	}

	@Test
	void otherCommands() throws Exception {
		final Path model = train(Pictures.hyperstack("x.tif", 48, 40, 8, 1, 3, 1));
		final String output = imagej.batch(macro("other", "run(\"Brushwood Help\");", "open(\"" + folder + "/x.tif\");",
			"run(\"Brushwood Show Features...\", \"features=gaussian:1,2;hessian:1@2d\");",
			"getDimensions(w, h, c, z, t); print(getTitle() + \" \" + c + \" \" + z + \" \" + bitDepth);",
			"Stack.setPosition(2, 3, 1); print(getInfo(\"slice.label\"));", "run(\"Brushwood Model Info\", \"model=[" +
				model + "] json\");", "run(\"Brushwood Preferences...\", \"threads=2 memory=512\");", "selectWindow(\"x.tif\");",
			"run(\"Brushwood Apply Model...\", \"model=[" + model + "] output=labels threads=1\");",
			"setThreshold(2, 2); run(\"Convert to Mask\", \"method=Default background=Dark\");",
			"print(is(\"binary\") + \" \" + nSlices);", "print(\"done\");"), "");
		assertTrue(output.trim().endsWith("done"), output);
		assertTrue(output.contains("Features of x.tif 4 3 32"), output);
		assertTrue(output.contains("gaussian 2 3D"), output);
		assertTrue(output.contains("\"classes\""), output);
		assertTrue(output.contains("1 3\n"), output);
		assertTrue(output.contains("Brushwood Apply Model to Folder..."), output);
	}

	/** Every row of the table at its default, of a colour image and of a stack of them: each image under its name. */
	@Test
	void everyFeatureIsShown() throws Exception {
		Pictures.saveTiff(Pictures.plane("2.tif", 34, 30, 24), folder);
		Pictures.saveTiff(Pictures.hyperstack("3.tif", 34, 30, 24, 1, 4, 1), folder);
		final StringBuilder items = new StringBuilder();
		for (final FeatureRow row : Engine.featureRows())
			items.append(items.length() == 0 ? "\"" : ", \"").append(row.item()).append('"');
		final String output = imagej.batch(macro("features", "items = newArray(" + items + ");",
			"for (dims = 2; dims <= 3; dims++) {", "  open(\"" + folder + "/\" + dims + \".tif\"); image = getImageID();",
			"  for (i = 0; i < items.length; i++) {", "    selectImage(image);",
			"    run(\"Brushwood Show Features...\", \"features=\" + items[i]);", "    getDimensions(w, h, c, z, t);",
			"    for (k = 1; k <= c; k++) {", "      Stack.setPosition(k, z, 1); getStatistics(area, mean, min, max);",
			"      varies = max - min > 0 && max - min < 1e6;",
			"      print(w, h, z, t, bitDepth, varies, getInfo(\"slice.label\"));", "    }", "    close();", "  }",
			"  print(\"end of \" + dims);", "}", "print(\"done\");"), "");
		assertTrue(output.trim().endsWith("done"), output);
		final StringBuilder expected = new StringBuilder();
		for (int dims = 2; dims <= 3; dims++) {
			for (final FeatureRow row : Engine.featureRows())
				for (final String name : planes(row, dims))
					expected.append(dims == 2 ? "34 30 1 1 32 1 " : "34 30 4 1 32 1 ").append(name).append('\n');
			expected.append("end of ").append(dims).append('\n');
		}
		assertEquals(expected + "done", output.trim());
	}

	/** Labels of a feature's planes of an RGB image. */
	private static List<String> planes(final FeatureRow row, final int dims) {
		final List<String> planes = new ArrayList<>();
		final String deep = dims == 3 && row.outputs3d > 0 ? " 3D" : " 2D";
		final String scale = row.hasSigma ? row.item().substring(row.id.length()).replace(':', ' ') + deep : "";
		for (int channel = 1; channel <= (row.rgb ? 1 : 3); channel++)
			for (final String name : row.outputNames(dims))
				planes.add(row.id + scale + (name.isEmpty() ? "" : " " + name) + (row.rgb ? "" : " (channel " + channel +
					")"));
		return planes;
	}

	/** How many pixels of a picture have a colour. */
	private static int pixels(final Path path, final int rgb) throws Exception {
		final BufferedImage image = ImageIO.read(path.toFile());
		int count = 0;
		for (int y = 0; y < image.getHeight(); y++)
			for (int x = 0; x < image.getWidth(); x++)
				if ((image.getRGB(x, y) & 0xFFFFFF) == rgb) count++;
		return count;
	}

	private static String apply(final String options) {
		return "run(\"Brushwood Apply Model...\", \"" + options + "\");";
	}

	private static String train(final String options) {
		return "run(\"Brushwood Train Model...\", \"" + options + "\");";
	}

	private static String suggest(final String options) {
		return "run(\"Brushwood Suggest Features...\", \"" + options + "\");";
	}

	private static String validate(final String options) {
		return "run(\"Brushwood Validate Model...\", \"" + options + "\");";
	}

	private static String folder(final String options) {
		return "run(\"Brushwood Apply Model to Folder...\", \"" + options + "\");";
	}

	private static List<String> files(final String... names) {
		final List<String> files = new ArrayList<>();
		for (final String name : names)
			files.add(NUCLEI.resolve(name).toString());
		return files;
	}

	private static void assertPrediction(final Path model, final Path image, final Path probabilities,
		final Path labels)
	{
		try (Job job = new Job();
			Model m = Model.read(job, model.toString());
			EngineImage i = EngineImage.read(job, image.toString());
			Prediction prediction = m.predict(job, i, null, Output.PROBABILITIES, Output.LABELS);
			EngineImage p = EngineImage.read(job, probabilities.toString());
			EngineImage l = EngineImage.read(job, labels.toString()))
		{
			assertEquals(prediction.probabilities().hash(), p.hash());
			assertEquals(prediction.labels().hash(), l.hash());
		}
	}
}
