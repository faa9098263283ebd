package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Engine;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The preferences of threads from a macro to the engine, and what the engine tells of itself. */
class PreferencesMacroTest {

	private static final String FEATURES = "run(\"Brushwood Show Features...\", \"features=gaussian:2\");" +
		"getStatistics(area, mean); print(\"mean \" + mean); close();";

	@TempDir
	Path folder;

	private String run(final String... lines) throws Exception {
		final Path macro = folder.resolve("preferences.ijm");
		Files.write(macro, (String.join("\n", lines) + "\nprint(\"done\");\n").getBytes(StandardCharsets.UTF_8));
		return new HeadlessImageJ(folder).batch(macro, "");
	}

	@Test
	void engineIsDescribed() throws Exception {
		final String output = run("run(\"Brushwood Preferences...\", \"engine\");", "run(\"Brushwood Help\");");
		for (final String word : new String[] { "Instructions: " + Engine.simd(), Engine.openMp(), "Loaded from: " })
			assertEquals(3, output.split(Pattern.quote(word), -1).length, "twice: " + word + " in\n" + output);
		assertTrue(output.trim().endsWith("done"), output);
	}

	@Test
	void anyNumberOfThreadsGivesTheSame() throws Exception {
		final StringBuilder macro = new StringBuilder("newImage(\"noise\", \"8-bit ramp\", 200, 200, 1);\n");
		for (final int threads : new int[] { 1, 3, 1024, 0 })
			macro.append("run(\"Brushwood Preferences...\", \"threads=").append(threads).append("\");\n").append(FEATURES)
				.append('\n');
		final String output = run(macro.toString());
		final Matcher means = Pattern.compile("mean ([0-9.]+)").matcher(output);
		int count = 0;
		String first = null;
		for (; means.find(); count++) {
			if (first == null) first = means.group(1);
			assertEquals(first, means.group(1), output);
		}
		assertEquals(4, count, output);
	}

	@Test
	void tooManyThreadsAreRefused() throws Exception {
		final String output = run("run(\"Brushwood Preferences...\", \"threads=1025\");");
		assertTrue(output.contains("'threads'") && output.contains("1024") && !output.contains("done"), output);
	}
}
