package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {

	private static final Spec SPEC = new Spec("Brushwood Test...", "", Key.required(Kind.FILE, "model", "Model", ""), Key
		.of(Kind.TEXT, "name", "Name", "none", ""), Key.of(Kind.INTEGER, "count", "Count", "3", ""), Key.choice("output",
			"Output", "", "first", "second"), Key.flag("both", "Both", ""), Key.of(Kind.FILES, "files", "Files", "", ""));

	private static Options parse(final String text) {
		return Options.parse(SPEC, text);
	}

	@Test
	void valuesFlagsAndDefaults() {
		final Options o = parse("model=[/a b/m.brushwood] both output=second files=[x y.tif;z.tif] ");
		assertEquals("/a b/m.brushwood", o.text("model"));
		assertEquals("second", o.text("output"));
		assertEquals("none", o.text("name"));
		assertEquals(3, o.integer("count", 0, 10));
		assertTrue(o.flag("both"));
		assertEquals(Arrays.asList("x y.tif", "z.tif"), o.list("files"));
		assertFalse(parse("model=m").flag("both"));
		assertFalse(parse("model=m both=false").flag("both"));
		assertEquals("none", parse("model=m name=[]").text("name"));
	}

	@Test
	void bracketsInsideBracketsCountAsText() {
		assertEquals("/a [1]/m [b [c]].x", parse("model=[/a [1]/m [b [c]].x] both").text("model"));
		assertEquals("C:\\dir\\m", parse("model=C:\\dir\\m").text("model"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "modell=m|Unknown key 'modell'", "both|The key 'model' (Model) is missing",
		"model=|The key 'model' (Model) is missing", "model|'model' needs a value", "model=m output=third|[first, second]",
		"model=m both=maybe|'both' is a switch", "model=[m|no matching ']'", "model=m model=n|given twice",
		"model=m =x|without a key", "model=m Both|Unknown key 'Both'" })
	void whatIsWrongIsNamed(final String text, final String part) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> parse(text));
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}

	@Test
	void unknownKeysListTheKnownOnes() {
		final String message = assertThrows(BrushwoodException.class, () -> parse("x=1")).getMessage();
		assertTrue(message.endsWith("Keys of Brushwood Test...: model (required), name, count, output, both, files."),
			message);
	}

	@ParameterizedTest
	@CsvSource({ "count=x", "count=1.5", "count=-1", "count=11", "count=99999999999999999999" })
	void wrongNumbersAreNamed(final String text) {
		final Options o = parse("model=m " + text);
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> o.integer("count", 0, 10));
		assertTrue(e.getMessage().contains("'count'") && e.getMessage().contains("0 to 10"), e.getMessage());
	}

	@Test
	void anythingSurvivesTheRecorder() {
		final Random random = new Random(4);
		final String alphabet = "ab  &{}[]\"'\\;=,/:\u00E4\u7D30x0";
		for (int i = 0; i < 5000; i++) {
			final String value = "v" + text(random, alphabet) + "v";
			final List<String> files = new ArrayList<>();
			for (int k = random.nextInt(4); k > 0; k--)
				files.add("f" + text(random, alphabet) + "f");
			final Options o = new Options(SPEC).set("model", value).set("files", files).setFlag("both", random
				.nextBoolean());
			final String recorded = o.toString();
			assertTrue(recorded.matches("[ -~&&[^\"\\\\]]*"), recorded);
			final Options replayed = parse(recorded);
			assertEquals(value, replayed.text("model"));
			assertEquals(files, replayed.list("files"));
			assertEquals(o.flag("both"), replayed.flag("both"));
			assertEquals(recorded, replayed.toString());
		}
	}

	@Test
	void defaultsAreNotRecorded() {
		assertEquals("model=m", new Options(SPEC).set("model", "m").set("name", "none").set("count", "3").set("output",
			"first").toString());
	}

	// ---- keys that follow a preset, switches with values, lists of choices

	private static final Spec FOREST = new Spec("Brushwood Forest...", "", Key.flag("extra", "Extra", "").fromPreset(), Key
		.choice("balance", "Balance", "", "none", "classes", "custom").asSwitch("classes", "none").fromPreset(), Key.of(
			Kind.INTEGER, "importance", "Importance", "", "").asSwitch("5", "0").fromPreset(), Key.set("output", "Output", "",
				"first", "second", "third").withAlias("both", "first;second"), Key.of(Kind.TEXT, "sigmas", "Sigmas", "", ""));

	private static Options forest(final String text) {
		return Options.parse(FOREST, text);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "balance|balance=classes", "balance=true|balance=classes",
		"balance=false|balance=none", "balance=custom|balance=custom", "importance|importance=5",
		"importance=7|importance=7", "importance=false|importance=0", "extra|extra", "extra=false|extra=false",
		"output=both|output=first;second", "output=[third; first]|output=third;first", "output=first|''" })
	void everyWayToWriteAValueIsRecordedInOne(final String text, final String recorded) {
		assertEquals(recorded, forest(text).toString());
		assertEquals(recorded, forest(recorded).toString());
	}

	@Test
	void aSwitchOfAPresetIsOnOffOrAbsent() {
		assertFalse(forest("").given("extra"));
		assertTrue(forest("extra=false").given("extra"));
		assertFalse(forest("extra=false").flag("extra"));
		assertTrue(forest("extra").flag("extra"));
		assertFalse(forest("extra").unset("extra").given("extra"));
		assertEquals("first", forest("").text("output"));
		assertEquals(Arrays.asList("first"), forest("").list("output"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "balance=some|'balance' has to be one of [none, classes, custom], not 'some'",
		"output=first;fourth|'output' has to be one of [first, second, third], or several", "extra=2|'extra' is a switch",
		"sigmas|'sigmas' needs a value" })
	void wrongChoicesAreNamed(final String text, final String part) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> forest(text));
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}

	@Test
	void listsOfNumbersTakeAnySeparator() {
		final double[] expected = { 1.6, 3.5, 10 };
		assertArrayEquals(expected, forest("sigmas=1.6,3.5,10").numbers("sigmas", 0.3, 100, 3));
		assertArrayEquals(expected, forest("sigmas=[1.6; 3.5 10]").numbers("sigmas", 0.3, 100, 3));
		for (final String wrong : new String[] { "1,x", "0.1", "101", "1,2,3,4", "NaN", "," }) {
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> forest("sigmas=[" + wrong + "]")
				.numbers("sigmas", 0.3, 100, 3), wrong);
			assertTrue(e.getMessage().contains("'sigmas'"), e.getMessage());
		}
	}

	private static String text(final Random random, final String alphabet) {
		final StringBuilder text = new StringBuilder();
		for (int k = random.nextInt(10); k > 0; k--)
			text.append(alphabet.charAt(random.nextInt(alphabet.length())));
		return text.toString();
	}
}
