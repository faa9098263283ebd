package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.objects.LabelImage;
import io.github.brushwood.session.objects.LabelReader;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Objects in and out in macros without a display. */
class ObjectsMacroTest {

	private static final Path NUCLEI = new File("tests/data/nuclei").getAbsoluteFile().toPath();
	private static final Path INTERCHANGE = NUCLEI.resolveSibling("interchange");
	private static final String IMAGE = "open(\"" + slashes(NUCLEI.resolve("train/00.tif")) + "\");";
	/** A label image of discs for the open image. */
	private static final String DISCS =
		"image = getTitle(); newImage(\"discs\", \"16-bit black\", getWidth(), getHeight(), 1); n = 0;" +
			"for (y = 20; y < getHeight() - 10; y += 40) for (x = 20; x < getWidth() - 10; x += 40) { n++; makeOval(x - 8, y " +
			"- 8, 16, 16); setColor(n); fill(); } run(\"Select None\");";

	@TempDir
	Path folder;

	private static String slashes(final Path path) {
		return path.toString().replace('\\', '/');
	}

	private String run(final String... lines) throws Exception {
		final Path macro = folder.resolve("m.ijm");
		Files.write(macro, (String.join("\n", lines) + "\nprint(\"done\");\n").getBytes(StandardCharsets.UTF_8));
		return new HeadlessImageJ(folder).batch(macro, "");
	}

	private static String in(final String options) {
		return "run(\"Brushwood Import Objects...\", \"" + options + "\");";
	}

	private static String out(final String options) {
		return "run(\"Brushwood Export Training Pairs...\", \"" + options + "\");";
	}

	private static LabelImage read(final Path file) {
		return LabelReader.read(Jobs.defaults(), file.toFile());
	}

	@Test
	void labelImagesOpenWithTheCalibrationOfTheImage() throws Exception {
		final Path made = folder.resolve("made.tif");
		final String output = run("newImage(\"i\", \"8-bit ramp\", 48, 40, 1); setVoxelSize(0.5, 0.5, 2, \"um\");", in(
			"file=[" + slashes(INTERCHANGE.resolve("cells_cp_masks.png")) + "]"),
			"getVoxelSize(w, h, d, unit); getStatistics(area, mean, min, max);",
			"print(\"opened \" + getTitle() + \" \" + bitDepth() + \" \" + w + \" \" + max);", "saveAs(\"Tiff\", \"" +
				slashes(made) + "\");");
		assertTrue(output.contains("opened cells_cp_masks.png 16 0.5 62814"), output);
		assertTrue(output.trim().endsWith("done"), output);
		assertArrayEquals(read(INTERCHANGE.resolve("cells_cp_masks.png")).plane(0, 0), read(made).plane(0,
			0));
	}

	/** Objects of another program, strokes of them, a model: without a hand in between. */
	@Test
	void modelsLearnFromImportedObjectsAtOnce() throws Exception {
		final Path masks = folder.resolve("im age_masks.tif");
		final Path model = folder.resolve("m.brushwood");
		final String output = run(IMAGE, "saveAs(\"Tiff\", \"" + slashes(folder.resolve("im age.tif")) + "\");", DISCS,
			"saveAs(\"Tiff\", \"" + slashes(masks) + "\"); close();", in(
				"as=annotations class=nuclei background=[back ground] erode=1 margin=3"), "print(\"strokes \" + Overlay.size);",
			"run(\"Brushwood Train Model...\", \"model=[" + slashes(model) + "] features=gaussian:1 trees=10\");");
		assertTrue(output.trim().endsWith("done"), output);
		assertEquals(1 + read(masks).count(), Integer.parseInt(output.replaceAll("(?s).*strokes (\\d+).*", "$1")), output);
		assertTrue(output.contains("back ground") && output.contains("nuclei"), output);
		assertTrue(Files.size(model) > 0);
	}

	@Test
	void theChannelIsAFeature() throws Exception {
		final String output = run(IMAGE, "run(\"16-bit\");", DISCS, "saveAs(\"Tiff\", \"" + slashes(folder.resolve(
			"discs.tif")) + "\"); close();", in("file=[" + slashes(folder.resolve("discs.tif")) + "] as=channel values=depth"),
			"getDimensions(w, h, c, z, t); Stack.setChannel(2); getStatistics(area, mean, min, max);",
			"print(\"channel \" + getTitle() + \" \" + c + \" \" + bitDepth() + \" \" + min + \" \" + max);");
		assertTrue(output.contains("channel 00.tif with objects 2 16 0 7"), output);
	}

	@Test
	void pairsOfOpenImagesAndFolders() throws Exception {
		final Path pairs = folder.resolve("new/pairs");
		final String output = run(IMAGE, "run(\"Duplicate...\", \"title=again.tif\");", DISCS, "selectWindow(\"again.tif\");",
			out("output=[" + slashes(pairs) + "] layout=[cellpose;stardist;rois] labels=discs"), out("output=[" + slashes(folder
				.resolve("two")) + "] layout=stardist image_folder=[" + slashes(pairs) + "] label_folder=[" + slashes(pairs
					.resolve("masks")) + "]"), "selectWindow(\"discs\");", out("output=[" + slashes(pairs) +
						"] layout=rois name=only"));
		assertTrue(output.trim().endsWith("done"), output);
		assertTrue(output.contains("wrote 5 files") && output.contains("wrote 2 files") && output.contains("wrote 1 files"),
			output);
		final int[] plane = read(pairs.resolve("again_masks.tif")).plane(0, 0);
		assertArrayEquals(plane, read(folder.resolve("two/masks/again.tif")).plane(0, 0));
		assertArrayEquals(Files.readAllBytes(pairs.resolve("images/again.tif")), Files.readAllBytes(pairs.resolve(
			"again.tif")));
		assertArrayEquals(plane, LabelReader.read(Jobs.defaults(), pairs.resolve("only_rois.zip").toFile(), 256, 256, 1, 1)
			.plane(0, 0));
	}

	/** Files of other programs against one another: Rois take their size from the other file. */
	@Test
	void segmentationsOfOtherProgramsAreCompared() throws Exception {
		final String name = slashes(INTERCHANGE) + "/";
		final Path csv = folder.resolve("c.csv");
		final String output = run("run(\"Brushwood Compare Segmentations...\", \"kind=labels truth_files=[" + name +
			"cells_cp_masks.png;" + name + "cells_rois.zip] result_files=[" + name + "cells_cp_masks.tif;" + name +
			"grey8_cp_masks.png] csv=[" + slashes(csv) + "]\");");
		assertTrue(output.trim().endsWith("done"), output);
		final String scores = new String(Files.readAllBytes(csv), StandardCharsets.UTF_8);
		assertTrue(scores.contains("matching,cells_cp_masks.png,1,0.95,24,24,24,0,0,"), scores);
		assertTrue(scores.contains("matching,cells_rois.zip,1,0.7,24,24,24,0,0,"), scores); // IoU 35 / 48
		assertTrue(scores.contains("matching,cells_rois.zip,1,0.75,24,24,0,24,24,"), scores);
		final String npy = run("run(\"Brushwood Compare Segmentations...\", \"truth_files=[" + name +
			"cells_seg.npy] result_files=[" + name + "cells_cp_masks.tif]\");");
		assertTrue(npy.contains("--save_png"), npy);
		final String both = run("run(\"Brushwood Compare Segmentations...\", \"truth_files=[" + name +
			"cells_rois.zip] result_files=[" + name + "stars.zip]\");");
		assertTrue(both.contains("do not say how large"), both);
	}

	@Test
	void mistakesStopTheMacroWithASentence() throws Exception {
		final String npy = slashes(INTERCHANGE.resolve("cells_seg.npy"));
		final String png = slashes(INTERCHANGE.resolve("cells_cp_masks.png"));
		final String[][] mistakes = { { in("file=[" + npy + "]"), "--save_png" }, { IMAGE + in("file=[" + png + "]"),
			"48 x 40" }, { in("file=[" + png + "] as=channel"), "no open image" }, { in("as=labels"), "key 'file'" }, { IMAGE +
				in("image=absent file=x.tif"), "absent" }, { IMAGE + in("erode=1"), "00_cp_masks.png" }, { IMAGE + DISCS +
					"selectWindow(image);" + in("file=[" + png + "] as=annotations class=a background=a"), "48 x 40" }, {
						"newImage(\"i\", \"8-bit\", 48, 40, 1);" + in("file=[" + png + "] as=annotations class=a background=a"),
						"Give two classes" }, { "newImage(\"i\", \"8-bit\", 48, 40, 1);" + in("file=[" + png +
							"] as=annotations erode=-1"), "'erode'" }, { IMAGE + out("output=[" + slashes(folder) + "/o]"),
								"key 'labels'" }, { IMAGE + out("output=[" + slashes(folder) + "/o] labels=00.tif"), "both the image" }, {
									IMAGE + DISCS + "selectWindow(image);" + out("output=[" + slashes(folder) + "/o] labels=discs layout=x"),
									"layout" }, { out("output=[" + slashes(folder) + "/o] label_folder=[" + slashes(INTERCHANGE) + "]"),
										"key 'image_folder'" }, { IMAGE + "run(\"32-bit\"); run(\"Divide...\", \"value=7\"); rename(\"p\");" + IMAGE +
											out("output=[" + slashes(folder) + "/o] labels=p"), "holds the value" } };
		for (final String[] mistake : mistakes) {
			final String output = run(mistake[0]);
			assertTrue(output.contains(mistake[1]), mistake[0] + "\n" + output);
			assertFalse(output.contains("done") || output.contains("Exception"), output);
		}
		assertFalse(Files.exists(folder.resolve("o")));
	}
}
