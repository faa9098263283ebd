package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.SmallModel;
import io.github.brushwood.session.options.Options;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Brushwood Apply Model to Folder in macros, in a real headless ImageJ. */
class FolderMacroTest {

	@TempDir
	Path temporary;

	private Path folder;
	private Path in;
	private Path out;
	private HeadlessImageJ imagej;

	@BeforeEach
	void files() throws Exception {
		folder = Files.createDirectory(temporary.resolve("a folder [1]"));
		in = Files.createDirectory(folder.resolve("in"));
		out = folder.resolve("out");
		imagej = new HeadlessImageJ(temporary);
		SmallModel.write(Pictures.plane("x.tif", 48, 40, 8), folder.resolve("m.brushwood"));
		Pictures.saveTiff(Pictures.plane("x.tif", 48, 40, 8), in);
		Pictures.saveTiff(Pictures.plane("y.tif", 48, 40, 8), in);
	}

	private Options options() {
		return new Options(new Apply_Model_To_Folder().spec()).set("model", folder.resolve("m.brushwood").toString()).set(
			"input", in.toString()).set("output", out.toString());
	}

	private Path macro(final String name, final String... lines) throws IOException {
		return Files.write(temporary.resolve(name + ".ijm"), String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
	}

	private static String run(final Options options) {
		return "run(\"Brushwood Apply Model to Folder...\", \"" + options + "\");";
	}

	private static String names(final Path folder) {
		final String[] names = folder.toFile().list();
		return names == null ? "none" : Arrays.stream(names).sorted().collect(Collectors.joining(" "));
	}

	@Test
	void everyKeyHasItsEffect() throws Exception {
		Files.createDirectories(in.resolve("sub"));
		Files.copy(in.resolve("x.tif"), in.resolve("sub/z.tif"));
		final Path csv = folder.resolve("my table.csv");
		final Options some = options().set("export", "both").set("names", "{kind} of {name}.tif").set("compression",
			"deflate").set("csv", csv.toString()).setFlag("recursive", true).set("pattern", "?.tif");
		final Options tiled = options().set("names", "{name}.tif").setFlag("pyramid", true).set("pattern", "x.*");
		final Options hdf5 = options().set("names", "{name}_{kind}.h5");
		final Options again = options().set("pattern", "*.h5").set("input", out.toString()).set("output", folder.resolve(
			"again").toString()).set("dataset", "exported_data").set("axes", "tzyxc");
		final String output = imagej.batch(macro("keys", run(some), run(tiled), run(hdf5), "print(\"done\");"), "");
		assertTrue(output.trim().endsWith("done"), output);
		assertEquals("brushwood_batch.csv probabilities of x.tif probabilities of y.tif segmentation of x.tif " +
			"segmentation of y.tif sub x.tif x_probabilities.h5 y_probabilities.h5", names(out));
		assertEquals("probabilities of z.tif segmentation of z.tif", names(out.resolve("sub")));
		final String[] rows = new String(Files.readAllBytes(csv), StandardCharsets.UTF_8).split("\n");
		assertEquals("file,status,seconds,disc fraction,ground fraction,message", rows[0]);
		assertEquals(4, rows.length);
		assertTrue(rows[1].startsWith("sub/z.tif,done,") && rows[3].startsWith("y.tif,done,"), rows[1]);
		assertTrue(output.contains("3 done, 0 skipped, 0 failed; table: " + csv), output);
		final String channels = imagej.batch(macro("again", run(again), "print(\"done\");"), "");
		assertFalse(channels.contains("done\n") && channels.trim().endsWith("done"), channels);
		assertTrue(channels.contains("2 of 2 images failed. The first: x_probabilities.h5: ") && channels.contains(
			"channel"), channels);
	}

	/** One ImageJ lives through all of these; nothing is made. */
	@Test
	void mistakesAreToldBeforeAnyWork() throws Exception {
		Files.write(folder.resolve("file"), new byte[1]);
		final Map<Options, String> cases = new LinkedHashMap<>();
		cases.put(options().set("names", "{kind}.tif"), "needs {name}");
		cases.put(options().set("names", "{name}.tif").set("export", "both"), "needs {kind}");
		cases.put(options().set("names", "{name}_{king}.tif"), "unknown placeholder '{king}'");
		cases.put(options().set("names", "{name}_{kind}.png"), "has to end with the suffix of a format (.tif");
		cases.put(options().set("names", "../{name}.tif"), "without folders");
		cases.put(options().set("names", "{name}.h5").set("compression", "zstd"), "Compression and pyramid are for TIFF");
		cases.put(options().set("output", folder.resolve("file").toString()), "could not be made");
		cases.put(options().set("csv", folder.resolve("none/t.csv").toString()), "t.csv' could not be written");
		cases.put(options().set("model", folder.resolve("none.brushwood").toString()), "none.brushwood");
		cases.put(options().set("output", in.toString()).set("names", "{name}.tif"), "replaced by its own result");
		final List<Path> macros = new ArrayList<>();
		for (final Options each : cases.keySet())
			macros.add(macro("case" + macros.size(), run(each), "print(\"NOT REACHED\");"));
		macros.add(macro("kind", run(options()).replace("\");", " export=all\");"), "print(\"NOT REACHED\");"));
		cases.put(options(), "has to be one of [probabilities, labels, uncertainty, entropy]");
		final String[] outputs = imagej.drive(macros).split("=== .*\n");
		int i = 1;
		for (final String expected : cases.values()) {
			assertTrue(outputs[i].contains(expected), expected + "\nprinted:\n" + outputs[i]);
			assertFalse(outputs[i].contains("NOT REACHED") || outputs[i].contains("\tat "), outputs[i]);
			i++;
		}
		assertEquals("x.tif y.tif", names(in));
		assertTrue(Files.notExists(out) || names(out).isEmpty(), names(out));
	}

	@Test
	void aBadFileFailsTheMacroAfterTheOthersAreDone() throws Exception {
		Pictures.saveTruncated(in.resolve("w.tif"));
		final String output = imagej.batch(macro("bad", run(options()), "print(\"NOT REACHED\");"), "");
		assertTrue(output.contains("1 of 3 images failed. The first: w.tif: ") && output.contains(
			"2 done, 0 skipped, 1 failed"), output);
		assertFalse(output.contains("NOT REACHED") || output.contains("\tat "), output);
		assertEquals("brushwood_batch.csv x_probabilities.tif y_probabilities.tif", names(out));
	}

	@Test
	void aCancelledCommandTellsSoAndGoesOnLater() throws IOException {
		final int[] calls = new int[1];
		final Monitor impatient = new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				calls[0]++;
				return fraction < 0.5;
			}

			@Override
			public void status(final String text) {
				// not looked at
			}
		};
		final Apply_Model_To_Folder command = new Apply_Model_To_Folder();
		assertThrows(CancelledException.class, () -> command.execute(options(), new Jobs(1, 0, impatient)));
		assertTrue(calls[0] > 0);
		assertEquals("brushwood_batch.csv x_probabilities.tif", names(out));
		final Path csv = out.resolve("brushwood_batch.csv");
		assertEquals(2, Files.readAllLines(csv).size());
		command.execute(options(), Jobs.defaults());
		assertEquals("brushwood_batch.csv x_probabilities.tif y_probabilities.tif", names(out));
		assertTrue(Files.readAllLines(csv).get(1).startsWith("x.tif,skipped,"), Files.readAllLines(csv).toString());
	}
}
