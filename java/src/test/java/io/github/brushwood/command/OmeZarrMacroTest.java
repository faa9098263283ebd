package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.SmallModel;
import io.github.brushwood.session.options.Options;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import org.junit.jupiter.api.Test;

/** Brushwood Open OME-Zarr and Save OME-Zarr in macros without a display, and other commands on such images. */
class OmeZarrMacroTest extends MacroFixture {

	private static final String OPEN = "Brushwood Open OME-Zarr...";
	private static final String SAVE = "Brushwood Save OME-Zarr...";

	/** Prints title, bit depth, dimensions, whether it is virtual, voxel size, and a pixel of the last plane. */
	private static final String SHOW = "function show() { getDimensions(w, h, nc, nz, nt); getVoxelSize(x, y, z, unit); " +
		"if (nc * nz * nt > 1) Stack.setPosition(nc, nz, nt); print(\"image: \" + getTitle() + \" \" + bitDepth() " +
		"+ \" \" + w + \" \" + h + \" \" + nc + \" \" + nz + \" \" + nt + \" \" + is(\"Virtual Stack\") + \" \" + " +
		"x + \" \" + z + \" \" + unit.length + \" \" + getPixel(7, 5)); close(); }\n";

	private Options save(final String name) {
		return new Options(new Save_OME_Zarr().spec()).set("folder", folder.resolve(name).toString());
	}

	private Options open(final Path path) {
		return new Options(new Open_OME_Zarr().spec()).set("folder", path.toString());
	}

	private Path picture() {
		return folder.resolve(Pictures.saveTiff(Pictures.hyperstack("p.tif", 150, 90, 16, 2, 3, 2), folder));
	}

	@Test
	void imagesAreSavedAndOpened() throws Exception {
		final Path tiff = picture();
		final Path zarr = folder.resolve("\u7ec6 b'c.zarr");
		final String output = imagej.batch(macro("all", SHOW, //
			open(tiff.toString()), run(SAVE, save("\u7ec6 b'c")), "show();", //
			run(OPEN, open(zarr)), "show();", //
			run(OPEN, open(zarr).set("pixels", "virtual")), "show();", //
			run(OPEN, open(zarr).set("level", "1")), "show();", //
			run(OPEN, open(zarr.resolve("0")).set("pixels", "virtual")), "show();", //
			open(tiff.toString()), run(SAVE, save("five").set("version", "0.5").set("codec", "gzip").set("chunk", "64,32,2").set(
				"levels", "mean")), "close();", run(OPEN, open(folder.resolve("five.zarr"))), "show();", //
			"print(\"done\");"), "");
		assertDone(output);
		final String same = " 16 150 90 2 3 2 ";
		final String[] expected = { "p.tif" + same + "0", zarr.getFileName() + same + "0", zarr.getFileName() + same + "1",
			zarr.getFileName() + " level 1 16 75 45 2 3 2 0 0.5", "0" + same + "1", "five.zarr" + same + "0" };
		String pixel = null;
		int at = 0;
		for (final String line : output.split("\\R")) {
			if (!line.startsWith("image: ")) continue;
			assertTrue(line.startsWith("image: " + expected[at]), line + " for " + expected[at]);
			final String value = line.substring(line.lastIndexOf(' '));
			pixel = pixel == null ? value : pixel;
			assertTrue(at == 3 || value.equals(pixel), output);
			at++;
		}
		assertTrue(at == expected.length, output);
		assertTrue(Files.exists(folder.resolve("five.zarr/zarr.json")));
	}

	private Options apply(final String model) {
		return new Options(new Apply_Model().spec()).set("model", model).set("input", folder.resolve("x.zarr").toString())
			.set("output", "both");
	}

	@Test
	void modelsAreAppliedToFoldersAndWriteThem() throws Exception {
		final String model = SmallModel.write(Pictures.plane("x.tif", 48, 40, 8), folder.resolve("m.brushwood"));
		final String tiff = Pictures.saveTiff(Pictures.plane("x.tif", 48, 40, 8), folder);
		final Options apply = apply(model);
		final Options files = apply(model).set("file", folder.resolve("{name} {kind}.zarr").toString());
		final Options batch = new Options(new Apply_Model_To_Folder().spec()).set("model", model).set("input", folder
			.toString()).set("output", folder.resolve("out").toString()).set("pattern", "x.zarr").set("names",
				"{name}_{kind}.zarr").set("version", "0.5").set("codec", "raw");
		final String output = imagej.batch(macro("apply", SHOW, open(tiff), run(SAVE, save("x.zarr")), "close();", //
			run("Brushwood Apply Model...", apply), "show(); show();", //
			run("Brushwood Apply Model...", files), //
			run("Brushwood Apply Model to Folder...", batch), run("Brushwood Apply Model to Folder...", batch), //
			run(OPEN, open(folder.resolve("x segmentation.zarr"))), "show();", //
			run(OPEN, open(folder.resolve("out/x_probabilities.zarr"))), "show();", "print(\"done\");"), "");
		assertDone(output);
		assertTrue(output.contains("image: Segmentation of x.zarr 8 48 40 1 1 1 0") && output.contains(
			"image: Probabilities of x.zarr 32 48 40 2 1 1 0"), output);
		assertTrue(output.contains("image: x segmentation.zarr 8 48 40 1 1 1 0") && output.contains(
			"image: x_probabilities.zarr 32 48 40 2 1 1 0"), output);
		assertTrue(output.contains("1 done, 0 skipped, 0 failed") && output.contains("0 done, 1 skipped, 0 failed"), output);
	}

	@Test
	void mistakesStopTheMacroWithASentence() throws Exception {
		final String tiff = open(picture().toString());
		final Path zarr = folder.resolve("p.zarr");
		assertDone(imagej.batch(macro("make", tiff, run(SAVE, save("p")), run(SAVE, save("many/a")), run(SAVE, save(
			"many/b")), "print(\"done\");"), ""));
		Files.write(folder.resolve("many/.zgroup"), "{\"zarr_format\":2}".getBytes());
		Files.createDirectory(folder.resolve("taken.zarr"));
		Files.write(folder.resolve("taken.zarr/thesis.txt"), new byte[1]);
		final Map<String, String> cases = new LinkedHashMap<>();
		cases.put("run(\"" + OPEN + "\", \"level=0\");", "'folder'");
		cases.put(run(OPEN, open(folder.resolve("absent.zarr"))), "does not exist");
		cases.put(run(OPEN, open(temporary.resolve("ImageJ"))), "holds no image");
		cases.put(run(OPEN, open(zarr).set("level", "9")), "'level' counts from 0 to");
		cases.put(run(OPEN, open(zarr).set("image", "labels/x")), "no image 'labels/x'");
		cases.put(run(OPEN, open(folder.resolve("many"))), "several images");
		cases.put(run(SAVE, save("q")), "There is no open image");
		cases.put(tiff + run(SAVE, save("taken")), "taken.zarr");
		cases.put(tiff + run(SAVE, save("q").set("chunk", "64,64")), "'chunk'");
		cases.put(tiff + run(SAVE, save("q").set("levels", "nearest")), "levels=mean");
		cases.put(run(OPEN, open(zarr).set("pixels", "virtual")) + run(SAVE, save("p")), "still come from");
		assertMistakesAreTold(cases);
		assertTrue(Files.exists(folder.resolve("taken.zarr/thesis.txt")));
	}
}
