package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.Session;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.engine.ForestPreset;
import io.github.brushwood.engine.MeasureRow;
import io.github.brushwood.engine.Preset;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.HelpText;
import io.github.brushwood.ui.live.LiveHelp;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

/** The tables of the commands against menu, dialogs and help. */
class CommandsTest {

	private static final Pattern ENTRY = Pattern.compile("Plugins>Brushwood, \"(Brushwood [^\"]+)\", ([\\w.]+)");

	private static List<String> menuEntries() throws Exception {
		final List<String> entries = new ArrayList<>();
		try (InputStream in = CommandsTest.class.getResourceAsStream("/plugins.config");
			BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)))
		{
			for (final String line : reader.lines().collect(Collectors.toList())) {
				final Matcher matcher = ENTRY.matcher(line);
				if (matcher.matches()) entries.add(matcher.group(1) + " = " + matcher.group(2));
				else assertTrue(line.isEmpty() || line.startsWith("#") || line.equals("Plugins>Brushwood, \"-\""), line);
			}
		}
		return entries;
	}

	@Test
	void theMenuHasExactlyTheCommands() throws Exception {
		final List<String> commands = new ArrayList<>();
		for (final BrushwoodCommand command : Commands.all())
			commands.add(command.spec().name() + " = " + command.getClass().getName());
		assertEquals(commands, menuEntries());
	}

	@Test
	void keysAreStableWordsAndDocumented() {
		for (final Spec spec : Commands.specs()) {
			assertFalse(spec.summary().isEmpty());
			final Set<String> seen = new HashSet<>();
			for (final Key key : spec.keys()) {
				assertTrue(key.id().matches("[a-z][a-z_]*"), key.id());
				assertTrue(seen.add(key.id()), key.id());
				assertTrue(key.doc().endsWith("."), spec.name() + " " + key.id());
				assertFalse(key.label().isEmpty());
			}
		}
	}

	private static String line(final String text, final String start) {
		for (final String line : text.split("\n"))
			if (line.startsWith(start)) return line;
		throw new AssertionError("no line starts with '" + start + "'");
	}

	/** Wherever features are chosen, exactness is, too. */
	@Test
	void exactFiltersAreRecordedAsASwitch() {
		int commands = 0;
		for (final BrushwoodCommand command : Commands.all()) {
			if (command.spec().find("features") == null) {
				assertNull(command.spec().find("exact"), command.spec().name());
				continue;
			}
			final Options options = new Options(command.spec()).setFlag("exact", true);
			assertEquals("exact", options.toString());
			assertEquals("exact;" + Engine.defaultPreset(), BrushwoodCommand.featureList(options));
			options.set("features", "hsb;median:2,4");
			assertEquals("features=hsb;median:2,4 exact", options.toString());
			assertEquals("exact;hsb;median:2,4", BrushwoodCommand.featureList(options));
			assertEquals("hsb;median:2,4", BrushwoodCommand.featureList(options.setFlag("exact", false)));
			commands++;
		}
		assertEquals(3, commands);
	}

	@Test
	void theHelpListsEveryFunctionOfLiveSessions() {
		final String html = HelpText.all(Commands.specs(), LiveHelp.keys());
		for (final Method method : Session.class.getMethods()) {
			if (method.getDeclaringClass() != Session.class) continue;
			final Matcher row = Pattern.compile("<td><code>" + method.getName() + "</code></td><td>([^<]*)</td>").matcher(html);
			assertTrue(row.find(), method.getName());
			final int arguments = row.group(1).isEmpty() ? 0 : row.group(1).split(",").length;
			assertEquals(method.getParameterCount(), arguments, method.getName());
			assertEquals(String.class, method.getReturnType(), method.getName());
		}
	}

	@Test
	void theHelpListsEveryCommandKeyFeatureAndPreset() {
		final String html = HelpText.all(Commands.specs(), LiveHelp.keys());
		final String plain = HelpText.plain(html);
		assertFalse(html.contains("@commands@") || html.contains("@features@") || html.contains("@presets@") || html
			.contains("@forests@") || html.contains("@version@") || html.contains("@keys@"));
		assertTrue(plain.contains("Goes where the forest is least sure"), "the live window's keys");
		for (final Spec spec : Commands.specs()) {
			assertTrue(plain.contains(spec.name()), spec.name());
			for (final Key key : spec.keys()) {
				assertTrue(plain.contains(key.id() + "  "), key.id());
				assertTrue(plain.contains(key.doc()), key.id());
				assertTrue(HelpText.of(spec).contains("<code>" + key.id() + "</code>"), key.id());
			}
		}
		for (final FeatureRow row : Engine.featureRows()) {
			final String line = line(plain, "  " + row.id + "  ");
			assertTrue(line.contains(row.label + "  ") && line.contains(row.doc), line);
			assertTrue(line.contains("  " + row.range() + "  " + row.unit + "  "), line);
			assertTrue(line.trim().endsWith(row.source), line);
			assertEquals(row.outputs3d == 0, line.contains(" / slice by slice"), line);
			if (row.outputs2d > 1) assertTrue(line.contains(String.join(", ", row.outputNames(2))), line);
			if (row.outputs(3) > 1) assertTrue(line.contains(String.join(", ", row.outputNames(3))), line);
		}
		for (final MeasureRow row : MeasureRow.all()) {
			final String line = line(plain, "  " + row.id + "  " + row.group + "  ");
			assertTrue(line.contains(row.label + "  ") && line.contains(row.definition), line);
			assertTrue(HelpText.of(new Measure_Objects().spec()).contains("<code>" + row.id + "</code>"), row.id);
		}
		assertTrue(plain.contains("The item exact"), "the help tells of exact lists");
		for (final Preset preset : Engine.presets())
			assertTrue(plain.contains(preset.doc), preset.id);
		for (final ForestPreset preset : Engine.forestPresets())
			assertTrue(plain.contains(preset.id + "  " + preset.label + "  " + preset.doc), preset.id);
		assertFalse(plain.matches("(?s).*(<[a-z/]|&(lt|gt|quot|amp);).*"), "markup in the plain text");
	}
}
