package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Brushwood Open HDF5 in macros without a display. */
class OpenHdf5MacroTest {

	/** Prints title, bit depth, width, height, channels, slices, frames, and a pixel: x, y, channel, slice, frame. */
	private static final String SHOW = "function show(x, y, c, z, t) { getDimensions(w, h, nc, nz, nt); " +
		"if (nc * nz * nt > 1) Stack.setPosition(c, z, t); getMinAndMax(low, high); print(\"image: \" + getTitle() + \" \" " +
		"+ bitDepth() + \" \" + w + \" \" + h + \" \" + nc + \" \" + nz + \" \" + nt + \" value \" + getPixel(x, y) + " +
		"\" range \" + low + \" \" + high); close(); }\n";

	@TempDir
	Path folder;

	private static String file(final String name) {
		return new File("tests/data/hdf5/" + name).getAbsolutePath().replace('\\', '/');
	}

	private String run(final String... lines) throws Exception {
		final Path macro = folder.resolve("open.ijm");
		Files.write(macro, (SHOW + String.join("\n", lines) + "\nprint(\"done\");\n").getBytes(StandardCharsets.UTF_8));
		return new HeadlessImageJ(folder).batch(macro, "");
	}

	private static String open(final String options) {
		return "run(\"Brushwood Open HDF5...\", \"" + options + "\");";
	}

	private static List<String> images(final String output) {
		final List<String> found = new ArrayList<>();
		for (final String line : output.split("\\R"))
			if (line.startsWith("image: ")) found.add(line.substring(7));
		return found;
	}

	@Test
	void imagesHaveTheirAxes() throws Exception {
		final Path odd = Files.copy(new File(file("probabilities.h5")).toPath(), folder.resolve("pro b'a.h5"),
			StandardCopyOption.REPLACE_EXISTING);
		final String output = run( //
			open("file=[" + odd.toString().replace('\\', '/') + "]"), "show(0, 1, 1, 1, 1);", //
			open("file=[" + file("axes.h5") + "] dataset=ctyxz"), "show(4, 3, 2, 3, 2);", //
			open("file=[" + file("axes.h5") + "] dataset=/xcy axes=YCX"), "show(3, 4, 1, 1, 1);", //
			open("file=[" + file("layouts.h5") + "] dataset=volume/raw/data"), "show(4, 3, 2, 3, 2);", //
			open("file=[" + file("sizes.h5") + "] dataset=micrometres"),
			"getVoxelSize(w, h, d, unit); print(w, h, d, unit);", "show(0, 0, 1, 1, 1);");
		assertTrue(output.trim().endsWith("done"), output);
		final List<String> images = images(output);
		assertEquals("pro b'a.h5 32 5 4 2 1 1 value 0.043 range 0 1", images.get(0).replaceAll("0\\.0429\\d*|0\\.0430*",
			"0.043"), output);
		assertTrue(images.get(1).startsWith("axes.h5 ctyxz 8 5 4 2 3 2 value 239 "), output);
		assertTrue(images.get(2).startsWith("axes.h5 xcy 8 4 5 2 1 1 value 38 "), output);
		assertTrue(images.get(3).startsWith("layouts.h5 volume raw data 16 5 4 2 3 2 value 23900 "), output);
		assertTrue(output.replace("microns", "um").replace("\u00b5m", "um").contains("0.25 0.5 2.5 um"), output);
	}

	@Test
	void mistakesStopTheMacroWithASentence() throws Exception {
		final String[][] mistakes = { { "axes=yx", "'file'" }, { "file=[" + file("absent.h5") + "]", "does not exist" }, {
			"file=[" + file("layouts.h5") + "]", "several images" }, { "file=[" + file("axes.h5") + "] dataset=tzyxc axes=zyx",
				"2 x 3 x 4 x 5 x 2" }, { "file=[" + file("gaps.h5") + "] dataset=huge",
				"The image 'gaps.h5 huge' needs 6705.5 GB of ImageJ's memory" }, { "file=[" + file("make.py") + "]", "make.py" } };
		for (final String[] mistake : mistakes) {
			final String output = run(open(mistake[0]));
			assertTrue(output.contains("Brushwood Open HDF5...: ") && output.contains(mistake[1]), output);
			assertFalse(output.contains("done") || output.contains("Exception"), output);
		}
	}
}
