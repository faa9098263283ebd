package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.options.Options;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests by macros of commands for objects share: a headless ImageJ, and lines of macros. */
abstract class MacroFixture {

	@TempDir
	Path temporary;

	/** For images and results; its name has blanks and brackets. */
	Path folder;
	HeadlessImageJ imagej;

	@BeforeEach
	void startImageJ() throws Exception {
		folder = Files.createDirectory(temporary.resolve("a folder [1]"));
		imagej = new HeadlessImageJ(temporary);
	}

	Path macro(final String name, final String... lines) throws Exception {
		return Files.write(temporary.resolve(name + ".ijm"), String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
	}

	static String open(final String path) {
		return "open(\"" + path.replace('\\', '/') + "\");";
	}

	static String run(final String command, final Options options) {
		return "run(\"" + command + "\", \"" + options.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\");";
	}

	/** The macro came to its end, without a stack trace. */
	static void assertDone(final String output) {
		assertTrue(output.trim().endsWith("done") && !output.contains("\tat "), output);
	}

	/**
	 * Each macro ends with its message. One ImageJ lives through all of them.
	 *
	 * @param cases what a part of the message is, by macro
	 */
	void assertMistakesAreTold(final Map<String, String> cases) throws Exception {
		final List<Path> macros = new ArrayList<>();
		for (final String each : cases.keySet())
			macros.add(macro("case" + macros.size(), "run(\"Close All\");", each.replace(";run(", ";\nrun("),
				"print(\"NOT REACHED\");"));
		final String[] outputs = imagej.drive(macros).split("=== .*\n");
		int i = 1;
		for (final String expected : cases.values()) {
			assertTrue(outputs[i].contains(expected), expected + "\nprinted:\n" + outputs[i]);
			assertFalse(outputs[i].contains("NOT REACHED") || outputs[i].contains("\tat "), outputs[i]);
			i++;
		}
	}
}
