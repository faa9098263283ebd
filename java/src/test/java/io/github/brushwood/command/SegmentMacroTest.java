package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.gui.OvalRoi;

import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.Autosave;
import io.github.brushwood.session.live.LabelEdit;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.LiveSession;
import io.github.brushwood.session.live.LiveUpdater;
import io.github.brushwood.session.options.OptionText;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Scanner;
import java.util.zip.ZipFile;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Live sessions by macro in a real headless ImageJ. */
class SegmentMacroTest {

	@TempDir
	Path temporary;

	private Path folder;
	private HeadlessImageJ imagej;

	@BeforeEach
	void startImageJ() throws Exception {
		folder = Files.createDirectory(temporary.resolve("a folder [1]"));
		imagej = new HeadlessImageJ(temporary);
		Pictures.saveTiff(Pictures.hyperstack("one image.tif", 96, 80, 8, 2, 3, 1), folder);
		Pictures.saveTiff(Pictures.hyperstack("other.tif", 80, 72, 8, 2, 3, 1), folder);
	}

	private String quoted(final String file) {
		return "\"" + folder.resolve(file) + "\"";
	}

	private static String call(final String method, final String... arguments) {
		return MacroRecording.call(method, arguments);
	}

	private Path macro(final String name, final String... lines) throws Exception {
		return Files.write(temporary.resolve(name + ".ijm"), String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
	}

	private String run(final String name, final String... lines) throws Exception {
		final List<String> all = new ArrayList<>(Arrays.asList(lines));
		all.add("print(\"done\");");
		return imagej.batch(macro(name, all.toArray(new String[0])), "");
	}

	private String succeed(final String name, final String... lines) throws Exception {
		final String output = run(name, lines);
		assertTrue(output.trim().endsWith("done"), output);
		return output;
	}

	private String[] painting() {
		return new String[] { "open(" + quoted("one image.tif") + ");", "run(\"Brushwood Segment...\");", call("renameClass",
			"class 1", "the \"ground\" \\"), call("stroke", "the \"ground\" \\", "brush", "4", "2,2;90,2;90,10", "1", "1"), call(
				"stroke", "class 2", "line", "3", "12,12;36,36", "2", "1"), call("erase", "eraser", "2", "40,0;40,9", "1", "1"),
			"makeOval(56, 8, 9, 9); setSlice(1);", call("addSelection", "class 2"), call("addFile", folder.resolve("other.tif")
				.toString()), call("stroke", "class 2", "brush", "3", "8,36;15,36", "3", "1"), call("undo"), call("redo"), call(
					"setFeatures", "gaussian:1,2;hessian:1@2d"), call("setForest", "trees=12 seed=4"), call("setLive", "false"),
			call("setShow", "probability", "class 2"), call("setOpacity", "0.5") };
	}

	private static String[] with(final String[] lines, final String... more) {
		final List<String> all = new ArrayList<>(Arrays.asList(lines));
		all.addAll(Arrays.asList(more));
		return all.toArray(new String[0]);
	}

	/** The forest is the one that the command makes from the exported labels. */
	@Test
	void aSessionWithoutADisplay() throws Exception {
		final String train = "model=[" + option("command.brushwood") + "] images=[" + option("one image.tif") + ";" + option(
			"other.tif") + "] labels=[" + option("l1.tif") + ";" + option("l2.tif") +
			"] features=gaussian:1,2;hessian:1@2d trees=12 seed=4";
		final String output = succeed("paint", with(painting(), call("selectImage", "one image.tif"),
			call("exportAnnotations", folder.resolve("l1.tif").toString()), call("selectImage", "#2"),
			call("exportAnnotations", folder.resolve("l2.tif").toString()),
			call("saveModel", folder.resolve("session.brushwood").toString()),
			call("save", folder.resolve("s.brushwood-session").toString()), printed("added", call("addClass", "")),
			call("undo"), call("selectImage", "one image.tif"), call("showResult", "probabilities;segmentation"),
			printed("active", "getTitle()"), printed("next", call("whereNext")),
			"if (indexOf(" + call("report").replace(";", "") + ", \"class 2\") < 0) exit(\"the report lacks a class\");",
			call("close"), "run(\"Brushwood Train Model...\", \"" + train + "\");"));
		assertTrue(output.contains("active Segmentation of one image.tif"), output);
		assertTrue(output.contains("added class 3"), output);
		assertTrue(output.matches("(?s).*next [0-9]+,[0-9]+,[1-3],1\\R.*"), output);
		assertFalse(Files.exists(temporary.resolve(".imagej/brushwood")), "no autosave without a display");
		assertArrayEquals(forest("command.brushwood"), forest("session.brushwood"));
	}

	/** A statement that prints the value of an expression. */
	private static String printed(final String what, final String expression) {
		return "print(\"" + what + " \" + " + expression.replaceAll(";$", "") + ");";
	}

	private String option(final String file) {
		return OptionText.encode(folder.resolve(file).toString());
	}

	private byte[] forest(final String file) throws Exception {
		return Files.readAllBytes(folder.resolve(file));
	}

	@Test
	void aSessionIsSavedAndOpened() throws Exception {
		succeed("save", with(painting(), call("saveModel", folder.resolve("a.brushwood").toString()), call("save", folder
			.resolve("s.brushwood-session").toString())));
		final Path moved = temporary.resolve("moved");
		Files.move(folder, moved);
		final String session = moved.resolve("s.brushwood-session").toString();
		final String output = succeed("open", "run(\"Brushwood Open Session...\", \"file=[" + session + "]\");", call(
			"saveModel", moved.resolve("b.brushwood").toString()), call("save", moved.resolve("t").toString()),
			call("exportResults", moved.resolve("results").toString(), "uncertainty"), call("close"),
			"run(\"Brushwood Segment...\", \"session=[" + session + "]\");", call("save", moved.resolve("u").toString()));
		assertFalse(output.contains("was found as") || output.contains("not found"), output);
		assertArrayEquals(Files.readAllBytes(moved.resolve("a.brushwood")), Files.readAllBytes(moved.resolve(
			"b.brushwood")));
		final byte[] saved = Files.readAllBytes(moved.resolve("s.brushwood-session"));
		assertArrayEquals(saved, Files.readAllBytes(moved.resolve("t.brushwood-session")));
		assertArrayEquals(saved, Files.readAllBytes(moved.resolve("u.brushwood-session")));
		final ImagePlus uncertainty = Pictures.open(moved.resolve("results/other_uncertainty.tif").toString());
		assertEquals(3, uncertainty.getNSlices());
	}

	/** What the recorder would write, run as a macro, makes the same model. */
	@Test
	void aRecordRunsAsAMacro() throws Exception {
		final List<String> record = new ArrayList<>();
		final LiveSession session = new LiveSession();
		final LiveImage image = session.addImage(Pictures.open(folder.resolve("one image.tif").toString()));
		final Actions actions = new Actions(session, new LiveUpdater(session, 2, 0), (method, arguments) -> record.add(
			MacroRecording.call(method, arguments)), null);
		try {
			actions.renameClass("class 1", "a \"b\" \\n c's \u00E4");
			actions.setFeatures("gaussian:1,2");
			actions.setForest("trees=9 seed=-3");
			final Actions.Stroke stroke = actions.stroke(image, session.classes().get(0), Actions.Tool.BRUSH, 5.4, 3.3, 70, 2,
				1);
			for (int i = 0; i < 3000; i++)
				stroke.to(3.3 + i * 0.03, 70 + 5 * Math.sin(i * 0.01));
			stroke.finish();
			actions.fill(image, session.classes().get(1), new OvalRoi(50, 10, 30, 21), 1, 1);
			actions.saveModel(Monitor.NONE, folder.resolve("recorded.brushwood").toString());
		}
		finally {
			actions.close();
		}
		final byte[] expected = forest("recorded.brushwood");
		Files.delete(folder.resolve("recorded.brushwood"));
		record.add(0, "open(" + quoted("one image.tif") + ");");
		record.add(1, "run(\"Brushwood Segment...\");");
		succeed("record", record.toArray(new String[0]));
		assertArrayEquals(expected, forest("recorded.brushwood"));
	}

	@Test
	void imagesJoinASessionOrStartAnother() throws Exception {
		final String output = succeed("join", "open(" + quoted("one image.tif") + ");", "run(\"Brushwood Segment...\");",
			"run(\"Brushwood Segment...\");", "open(" + quoted("other.tif") + ");",
			"run(\"Brushwood Segment...\", \"add\");", call("selectImage", "one image.tif"), call("stroke", "class 1", "brush",
				"3", "5.5,5.5", "1", "1"), call("save", folder.resolve("both").toString()), call("close"), "open(" + quoted(
					"other.tif") + ");", "run(\"Brushwood Segment...\");", call("save", folder.resolve("single").toString()), call(
						"open", folder.resolve("one image.tif").toString()), call("save", folder.resolve("third").toString()));
		assertFalse(output.contains("Brushwood session:"), output);
		assertTrue(json("both").contains("one image.tif") && json("both").contains("other.tif"), json("both"));
		assertTrue(json("both").contains("\"pixels\": 9"), json("both"));
		assertFalse(json("single").contains("one image.tif"), json("single"));
		assertFalse(json("third").contains("other.tif"), json("third"));
	}

	private String json(final String session) throws Exception {
		try (ZipFile zip = new ZipFile(folder.resolve(session + ".brushwood-session").toFile());
			Scanner scanner = new Scanner(zip.getInputStream(zip.getEntry("session.json")), "UTF-8"))
		{
			return scanner.useDelimiter("\\A").next();
		}
	}

	/** Without a display nothing is autosaved: what the crash left stays the only copy. */
	@Test
	void whatACrashLeftStaysUntilAllOfItIsKeptAgain() throws Exception {
		final File working = temporary.resolve("working").toFile();
		final LiveSession session = new LiveSession();
		final LiveImage image = session.addImage(Pictures.plane("never saved", 64, 64, 8));
		final Path crashed = Files.createDirectories(temporary.resolve("crashed/session"));
		try (Autosave autosave = new Autosave(session, working)) {
			final LabelEdit edit = session.edit(image);
			edit.stroke(5, 5, 20, 5, 3, session.classes().get(0).id(), 0, 0);
			session.commit(image, edit, "stroke");
			assertTrue(autosave.flush());
			for (final File file : working.listFiles()[0].listFiles((dir, name) -> !name.startsWith(".")))
				Files.copy(file.toPath(), crashed.resolve(file.getName()));
		}
		final Autosave.Left left = Autosave.leftBehind(crashed.getParent().toFile()).get(0);
		try (Actions recovered = LiveSessions.recover(left)) {
			assertEquals(image.labels().count(), recovered.session().images().get(0).labels().count());
			assertEquals(2, crashed.toFile().list().length);
		}
		assertEquals(1, Autosave.leftBehind(crashed.getParent().toFile()).size());
	}

	/** A message that names what is wrong; the macro stops; ImageJ goes on with the next one. */
	@Test
	void mistakesStopTheMacro() throws Exception {
		final String image = "open(" + quoted("one image.tif") + "); run(\"Brushwood Segment...\"); print(\"begun\");";
		final String after = "print(\"went on\");";
		final String[][] mistakes = { { call("close") + call("save", ""), "There is no open session" },
			{ call("stroke", "nobody", "brush", "3", "1,1", "1", "1"), "nobody" },
			{ call("stroke", "class 1", "brush", "wide", "1,1", "1", "1"), "diameter has to be a number" },
			{ call("stroke", "class 1", "pen", "3", "1,1", "1", "1"), "tool has to be one of brush, eraser, line, not 'pen'" },
			{ call("stroke", "class 1", "brush", "3", "1,1", "4", "1"), "slice 4, frame 1 is outside" },
			{ call("addSelection", "class 1"), "no selection" }, { call("train"), "class" },
			{ call("setFeatures", "nonsense:1"), "nonsense" }, { call("setLive", "perhaps"), "true or false" },
			{ call("showResult", "beauty"), "no result 'beauty'" }, { call("open", "nothing.tif"), "neither the title" },
			{ call("open", folder.resolve("x.brushwood-session").toString()), "does not exist" },
			{ call("undo"), "nothing to undo" }, { call("setShow", "feature", "x"), "no feature 'x'" } };
		final List<Path> macros = new ArrayList<>();
		for (int i = 0; i < mistakes.length; i++)
			macros.add(macro("mistake" + i, image, mistakes[i][0], after));
		final String[] outputs = imagej.drive(macros).split("=== ");
		assertTrue(outputs[outputs.length - 1].startsWith("end"), String.join("\n", outputs));
		for (int i = 0; i < mistakes.length; i++) {
			final String output = outputs[i + 1];
			assertTrue(output.contains("begun"), output);
			assertTrue(output.contains("Brushwood session: ") && output.contains(mistakes[i][1]), output);
			assertFalse(output.contains("went on") || output.contains("\tat ") || output.contains("Macro Error"), output);
		}
	}
}
