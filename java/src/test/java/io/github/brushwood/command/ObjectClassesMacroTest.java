package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;

import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.Shapes;
import io.github.brushwood.session.options.Options;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

/** Classes of objects by macros in a real headless ImageJ. */
class ObjectClassesMacroTest extends MacroFixture {

	private static final String TRAIN = "Brushwood Train Object Classes...";
	private static final String CLASSIFY = "Brushwood Classify Objects...";
	private static final int COUNT = 60;
	private static final List<String> EXAMPLES = Arrays.asList("square#112233:1,3,5,7,9,11,13,15",
		"bar [thin]; long#445566:2,4,6,8,10,12,14,16");

	private static Options train() {
		return new Options(new Train_Object_Classes().spec());
	}

	private static Options classify() {
		return new Options(new Classify_Objects().spec());
	}

	/** Learnt on one image, applied to another; image and table say the same. */
	@Test
	void objectsAreLearntAndClassified() throws Exception {
		final String labels = Pictures.saveTiff(Shapes.labels("labels.tif", COUNT, 1), folder);
		final String mask = Pictures.saveTiff(Shapes.mask("mask.tif", COUNT), folder);
		final Path one = folder.resolve("one.brushwood-objects");
		final Path two = folder.resolve("two.brushwood-objects");
		final Path csv = folder.resolve("t.csv");
		final Path classes = folder.resolve("classes.tif");
		final String output = imagej.batch(macro("classes", open(labels), //
			run(TRAIN, train().set("model", one.toString()).set("examples", EXAMPLES).set("show", "report;classes;table")), //
			"print(\"active \" + getTitle() + \" \" + bitDepth() + \" \" + getValue(" + Shapes.x(40) + ", " + Shapes.y(40) +
				"));", //
			"print(\"row \" + nResults + \" \" + getResultString(\"class\", 39) + \" \" + getResult(\"label\", 39));", //
			open(mask), run(CLASSIFY, classify().set("model", one.toString()).set("csv", csv.toString())), //
			"saveAs(\"Tiff\", \"" + classes + "\");", "run(\"Close All\");", open(labels), //
			run(TRAIN, train().set("model", two.toString()).set("examples", EXAMPLES).set("labels", "labels.tif")), //
			"run(\"Brushwood Model Info\", \"model=[" + one + "]\");", "print(\"done\");"), "");
		assertDone(output);
		assertTrue(output.contains("active Classes of labels.tif 8 2"), output);
		assertTrue(output.contains("row 60 bar [thin]; long 40"), output);
		assertTrue(output.contains("60 objects in 'mask.tif': 30 of class 'square', 30 of class 'bar [thin]; long'."),
			output);
		assertTrue(output.contains("Out-of-bag error: 0.00 % of 16 examples"), output);
		assertTrue(output.contains("Most important measures"), output);
		assertEquals(2, output.split("Brushwood model for objects", -1).length - 2, "report and info");
		assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
		final ImagePlus image = Pictures.open(classes.toString());
		final List<String> lines = Files.readAllLines(csv, StandardCharsets.UTF_8);
		assertEquals(COUNT + 1, lines.size());
		for (int i = 1; i <= COUNT; i++) {
			final boolean bar = Shapes.isBar(i);
			assertEquals(bar ? 2 : 1, image.getProcessor().get(Shapes.x(i), Shapes.y(i)), "object " + i);
		}
		assertTrue(lines.get(2).startsWith("2,1,bar [thin]; long,"), lines.get(2));
	}

	/** One ImageJ lives through all of these. */
	@Test
	void mistakesAreTold() throws Exception {
		final String labels = Pictures.saveTiff(Shapes.labels("labels.tif", COUNT, 1), folder);
		final ImagePlus raw = Pictures.plane("raw.tif", Shapes.labels("x", COUNT, 1).getWidth(), Shapes.labels("x", COUNT, 1)
			.getHeight(), 16);
		final String values = Pictures.saveTiff(raw, folder);
		final String with = folder.resolve("with.brushwood-objects").toString();
		final Map<String, String> cases = new LinkedHashMap<>();
		cases.put(run(TRAIN, train().set("model", with)), "There is no open image");
		cases.put(open(labels) + run(TRAIN, train().set("model", with)), "'labels.tif' has no examples");
		cases.put(open(labels) + run(TRAIN, train().set("examples", "a:1;b:99")), "The example 99 of class 'b'");
		cases.put(open(labels) + run(TRAIN, train().set("examples", "a:1,2")), "Mark some objects of another one");
		cases.put(open(labels) + run(TRAIN, train().set("examples", EXAMPLES).set("rois", "labels.tif")),
			"goes with no 'rois'");
		cases.put(open(labels) + run(TRAIN, train().set("examples", EXAMPLES).set("image", Arrays.asList("a", "b"))),
			"names 2 images for 1 label image");
		cases.put(open(labels) + run(TRAIN, train().set("examples", EXAMPLES).set("measures", "arae")), "arae");
		cases.put(open(labels) + run(TRAIN, train().set("examples", EXAMPLES).set("measures", "centroid")), "positions");
		cases.put(open(values) + open(labels) + run(TRAIN, train().set("examples", EXAMPLES).set("image", "raw.tif").set(
			"measures", "mean;area").set("model", with)) + "print(\"\");" + run(CLASSIFY, classify().set("model", with)),
			"Give the image of intensities that belongs to 'labels.tif' (key 'image')");
		cases.put(open(labels) + run(CLASSIFY, classify().set("model", labels)), "labels.tif");
		cases.put(open(labels) + run(CLASSIFY, classify()), "Keys: model (required), labels, image");
		cases.put(open(labels) + run(CLASSIFY, classify().set("labels", "labels.tif")), "The key 'model'");
		cases.put(open(labels) + "run(\"" + TRAIN + "\");", "'labels.tif' has no examples");
		cases.put(open(labels) + run(CLASSIFY, classify().set("model", folder + "/none.brushwood-objects")), "none");
		cases.put(open(labels) + run("Brushwood Pick Object Classes", new Options(new Pick_Object_Classes().spec()).set(
			"labels", "labels.tif")), "whose key 'examples' lists objects by number");
		assertMistakesAreTold(cases);
		assertTrue(Files.exists(folder.resolve("with.brushwood-objects")), "the training with intensities worked");
	}
}
