package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.Roi;

import io.github.brushwood.engine.ObjectOptions;
import io.github.brushwood.session.Blobs;
import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.SmallModel;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** Label, measure and compare by macros in a real headless ImageJ. */
class ObjectMacroTest extends MacroFixture {

	private static final String LABEL = "Brushwood Label Objects...";
	private static final String MEASURE = "Brushwood Measure Objects...";
	private static final String COMPARE = "Brushwood Compare Segmentations...";

	private static Options label() {
		return new Options(new Label_Objects().spec());
	}

	private static Options measure() {
		return new Options(new Measure_Objects().spec());
	}

	private static Options compare() {
		return new Options(new Compare_Segmentations().spec());
	}

	/** The chain label, measure, filter; beside it ImageJ's own on the same mask. */
	@Test
	void aMaskIsLabelledMeasuredAndCountedAsByAnalyzeParticles() throws Exception {
		final String path = Pictures.saveTiff(Blobs.mask(150, 120, 5), folder);
		final Path zip = folder.resolve("outlines.zip");
		final Path csv = folder.resolve("m.csv");
		final Options plain = label().set("core_threshold", "0").set("smooth", "0").set("fill", "no").set("min", "0")
			.set("min_share", "0").set("split", "none");
		final String output = imagej.batch(macro("chain", open(path), "id = getImageID();", //
			run(LABEL, plain.set("show", "labels;outlines").set("rois", zip.toString())), //
			"print(\"active \" + getTitle() + \" \" + bitDepth());", "selectImage(id);", //
			"print(\"overlay \" + Overlay.size);", "selectWindow(\"Objects of blobs.tif\");", //
			run(MEASURE, measure().set("image", "blobs.tif").set("csv", csv.toString())), //
			"n = nResults; a = 0; p = 0;", //
			"for (i = 0; i < n; i++) { a += getResult(\"area\", i); p += getResult(\"perimeter\", i); }", //
			"print(\"ours \" + n + \" \" + a + \" \" + d2s(p, 3) + \" \" + getResult(\"mean\", 0));", //
			"selectImage(id); run(\"Remove Overlay\"); setThreshold(255, 255);", //
			"run(\"Set Measurements...\", \"area perimeter redirect=None decimal=3\");", //
			"run(\"Analyze Particles...\", \"display clear\");", "a = 0; p = 0;", //
			"for (i = 0; i < nResults; i++) { a += getResult(\"Area\", i); p += getResult(\"Perim.\", i); }", //
			"print(\"theirs \" + nResults + \" \" + a + \" \" + d2s(p, 3) + \" 255\");", "print(\"done\");"), "");
		assertDone(output);
		assertTrue(output.contains("active Objects of blobs.tif 16"), output);
		final String ours = output.replaceAll("(?s).*\nours ([^\r\n]*).*", "$1");
		assertEquals(output.replaceAll("(?s).*\ntheirs ([^\r\n]*).*", "$1"), ours);
		final int count = Integer.parseInt(ours.split(" ")[0]);
		assertTrue(count > 10);
		assertTrue(output.contains("overlay " + count), output);
		assertEquals(count + 1, Files.readAllLines(csv).size());
		assertTrue(Files.size(zip) > 1000);
	}

	/** With a model in one step, from windows and from file to file: the same objects. */
	@Test
	void aModelMakesObjectsInOneStep() throws Exception {
		final ImagePlus imp = Pictures.hyperstack("x y.tif", 96, 72, 8, 1, 3, 2);
		final String path = Pictures.saveTiff(imp, folder);
		final String model = SmallModel.write(imp, temporary.resolve("m.brushwood"));
		final Options options = label().set("classes", "disc").set("min", "5").set("connectivity", "8");
		final Path shown = folder.resolve("shown.tif");
		final Path table = folder.resolve("t.csv");
		final String output = imagej.batch(macro("model", open(path), //
			"run(\"Brushwood Apply Model...\", \"model=[" + model + "]\");", run(LABEL, options), //
			"saveAs(\"Tiff\", \"" + shown + "\"); run(\"Close All\");", open(path), //
			run(LABEL, label(options).set("model", model).set("show", "mask;classes;labels;table").set("csv", table
				.toString())), //
			"print(\"titles \" + nImages + \" \" + getTitle() + \" rows \" + nResults);", //
			"Stack.getDimensions(w, h, c, z, t); print(\"size \" + c + \" \" + z + \" \" + t); run(\"Close All\");", //
			run(LABEL, label(options).set("model", model).set("input", path).set("show", "labels;mask").set("file", folder +
				"/{name}-{kind}.tif")), //
			"print(\"open \" + nImages); print(\"done\");"), "");
		assertDone(output);
		assertTrue(output.contains("titles 4 Objects of x y.tif rows "), output);
		assertTrue(output.contains("size 1 3 2"), output);
		assertTrue(output.contains("open 0"), output);
		final ImagePlus one = Pictures.open(shown.toString());
		final ImagePlus two = Pictures.open(folder.resolve("x y-objects.tif").toString());
		assertEquals(6, one.getStackSize());
		for (int i = 1; i <= 6; i++)
			assertArrayEquals((short[]) one.getStack().getPixels(i), (short[]) two.getStack().getPixels(i), "plane " + i);
		assertEquals(0.25, two.getCalibration().pixelWidth, 1e-9);
		final List<String> lines = Files.readAllLines(table, StandardCharsets.UTF_8);
		assertTrue(lines.get(0).startsWith("label,frame,class,voxels"), lines.get(0));
		assertTrue(lines.get(1).contains(",disc,"), lines.get(1));
		assertTrue(output.contains("rows " + (lines.size() - 1)), output);
		try (Stream<Path> left = Files.list(folder)) {
			assertEquals(0, left.filter(p -> p.getFileName().toString().startsWith(".")).count(), "temporary files");
		}
	}

	private static Options label(final Options from) {
		final Options copy = label();
		for (final String id : from.escapedValues().keySet())
			copy.copy(id, from);
		return copy;
	}

	@Test
	void segmentationsAreCompared() throws Exception {
		final Path truth = Files.createDirectory(folder.resolve("truth"));
		final Path result = Files.createDirectory(folder.resolve("result"));
		final Path pictures = folder.resolve("pictures");
		final Path csv = folder.resolve("scores.csv");
		Pictures.saveTiff(Blobs.mask(80, 60, 1), truth);
		Pictures.saveTiff(Blobs.mask(80, 60, 1), result);
		final ImagePlus other = Blobs.mask(80, 60, 2);
		other.setTitle("other.tif");
		Pictures.saveTiff(other, truth);
		other.getProcessor().erode();
		Pictures.saveTiff(other, result);
		final String output = imagej.batch(macro("compare", open(truth + "/blobs.tif"), open(result + "/other.tif"), //
			run(COMPARE, compare().set("truth", "blobs.tif").setFlag("picture", true)), //
			"print(\"active \" + getTitle() + \" \" + bitDepth());", //
			run(COMPARE, compare().set("truth_folder", truth.toString()).set("result_folder", result.toString()).set("csv",
				csv.toString()).set("pictures", pictures.toString()).set("kind", "masks")), "print(\"done\");"), "");
		assertDone(output);
		assertTrue(output.contains("active Differences of other.tif 24"), output);
		assertTrue(output.contains("The images are taken for masks"), output);
		final String text = new String(Files.readAllBytes(csv), StandardCharsets.UTF_8);
		assertTrue(text.contains("blobs.tif") && text.contains("other.tif"), text);
		assertTrue(Files.exists(pictures.resolve("blobs_comparison.tif")) && Files.exists(pictures.resolve(
			"other_comparison.tif")));
	}

	/** One ImageJ lives through all of these. */
	@Test
	void mistakesAreTold() throws Exception {
		final String mask = Pictures.saveTiff(Blobs.mask(40, 30, 1), folder);
		final String rgb = Pictures.saveTiff(Pictures.plane("rgb.tif", 40, 30, 24), folder);
		final String floats = Pictures.saveTiff(Pictures.plane("floats.tif", 40, 30, 32), folder);
		final String small = Pictures.saveTiff(Pictures.plane("small.tif", 20, 30, 8), folder);
		final Map<String, String> cases = new LinkedHashMap<>();
		cases.put(run(LABEL, label()), "There is no open image");
		cases.put(open(rgb) + run(LABEL, label()), "'rgb.tif' is a colour image");
		cases.put(open(floats) + run(LABEL, label()), "floats.tif");
		cases.put(open(mask) + run(LABEL, label().set("classes", "cell")), "There is no class 'cell'");
		cases.put(open(mask) + run(LABEL, label().set("threshold", "2")), "'threshold' has to be a number from 0 to 1");
		cases.put(open(mask) + run(LABEL, label().set("threshold", "0")), "must be above 0");
		cases.put(open(mask) + run(LABEL, label().set("threshold", "0.5").set("method", "otsu")), "otsu finds its own");
		cases.put(open(mask) + run(LABEL, label().set("split", "boundary")), "boundary class");
		cases.put(open(mask) + run(LABEL, label().set("split", "core").set("core_threshold", "0")), "core threshold");
		cases.put(open(mask) + run(LABEL, label().set("show", "roi_manager")), "ROI Manager needs a display");
		cases.put(run(LABEL, label().set("input", mask).set("show", "outlines")), "Outlines are shown over an open image");
		cases.put(run(LABEL, label().set("input", mask).set("file", mask)), "would replace the file");
		cases.put(run(LABEL, label().set("input", folder + "/none.tif")), "none.tif' does not exist");
		cases.put(open(mask) + run(LABEL, label().set("model", mask)), "blobs.tif");
		cases.put(open(rgb) + run(MEASURE, measure()), "'rgb.tif' is a colour image");
		cases.put(open(floats) + run(MEASURE, measure()), "floats.tif");
		cases.put(open(small) + open(mask) + run(MEASURE, measure().set("image", "small.tif")), "of the same size");
		cases.put(open(mask) + run(MEASURE, measure().set("image", "none")), "No open image has the title 'none'");
		cases.put(open(mask) + run(MEASURE, measure().set("measures", "arae")), "arae");
		cases.put(run(COMPARE, compare()), "needs options. Keys: truth, result,");
		cases.put(run(COMPARE, compare().set("kind", "masks")), "There is nothing to compare");
		cases.put(open(small) + open(mask) + run(COMPARE, compare().set("truth", "small.tif")), "small.tif");
		cases.put(run(COMPARE, compare().set("truth_folder", folder.toString())), "'result_folder'");
		cases.put(run(COMPARE, compare().set("kind", "masks").setFlag("ignore_zero", true)), "'ignore_zero' goes with");
		assertMistakesAreTold(cases);
	}

	@Test
	void emptyAndFullMasksAreFine() throws Exception {
		final ImagePlus empty = Blobs.mask(40, 30, 1);
		empty.getProcessor().setValue(0);
		empty.getProcessor().fill();
		final ImagePlus full = Blobs.mask(40, 30, 1);
		full.setTitle("full.tif");
		full.getProcessor().setValue(255);
		full.getProcessor().fill();
		final String output = imagej.batch(macro("ends", open(Pictures.saveTiff(empty, folder)), run(LABEL, label().set(
			"show", "labels;outlines;table")), "getStatistics(a, m, min, max); print(\"empty \" + max + \" \" + nResults);", //
			open(Pictures.saveTiff(full, folder)), run(LABEL, label().set("show", "labels;outlines;table")), //
			"getStatistics(a, m, min, max); print(\"full \" + max + \" \" + nResults); print(\"done\");"), "");
		assertDone(output);
		assertTrue(output.contains("empty 0 0") && output.contains("full 1 1"), output);
	}

	/** What is above it and connected is an object, whatever level its pixels reach; without one, a core is asked for. */
	@Test
	void aGivenThresholdDecides() throws Exception {
		final ImagePlus soft = IJ.createImage("soft.tif", "8-bit black", 60, 40, 1);
		soft.getProcessor().setValue(140);
		soft.getProcessor().fill(new Roi(5, 5, 20, 20));
		soft.getProcessor().setValue(250);
		soft.getProcessor().fill(new Roi(35, 5, 20, 20));
		final String path = Pictures.saveTiff(soft, folder);
		final String statistics = "getStatistics(a, m, min, max); print(max + \" objects\"); close();";
		final String output = imagej.batch(macro("given", open(path), run(LABEL, label().set("threshold", "0.5")), statistics,
			run(LABEL, label().set("method", "fixed")), statistics, run(LABEL, label().set("threshold", "0.5").set(
				"core_threshold", "0.77")), statistics, run(LABEL, label()), statistics, "print(\"done\");"), "");
		assertDone(output);
		assertEquals(Arrays.asList("2 objects", "2 objects", "1 objects", "1 objects"), Arrays.stream(output.split("\r?\n"))
			.filter(line -> line.matches("[0-9] objects")).collect(Collectors.toList()), output);
	}

	@Test
	void theDialogShowsTheEnginesDefaults() {
		final Spec spec = new Label_Objects().spec();
		final ObjectOptions defaults = new ObjectOptions();
		assertEquals(Options.plain(defaults.sigma()), spec.find("smooth").defaultValue());
		for (final String key : new String[] { "core_threshold", "edge" }) {
			final double value = key.equals("edge") ? defaults.edge() : defaults.coreThreshold();
			assertEquals("", spec.find(key).defaultValue());
			assertTrue(spec.find(key).doc().contains(Options.plain(value)), spec.find(key).doc());
		}
		assertEquals(Options.plain(defaults.minShare()), spec.find("min_share").defaultValue());
		assertEquals(String.valueOf(defaults.minSize()), spec.find("min").defaultValue());
		assertEquals(defaults.split().name().toLowerCase(Locale.ROOT), spec.find("split").defaultValue());
		assertEquals(defaults.fillHoles() ? "yes" : "no", spec.find("fill").defaultValue());
		assertEquals(5, spec.find("split").choices().size());
		for (final Key key : spec.keys())
			assertFalse(key.isRequired(), key.id());
		assertEquals("border=xy lines=yes", Options.parse(spec, "border lines").toString().replaceAll("(.*) (.*)",
			defaults.lines() ? "border=xy lines=yes" : "$2 $1"));
	}
}
