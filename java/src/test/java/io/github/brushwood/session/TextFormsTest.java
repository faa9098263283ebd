package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that users write or files keep: escapes, class lists, spacing, colours. */
class TextFormsTest {

	@Test
	void escapesRoundTripAnything() {
		final Random random = new Random(1);
		final String alphabet = "ab &{}[]\"\\;=\n\t\u00E4\u7D30\uD83D\uDE00x0";
		for (int i = 0; i < 5000; i++) {
			final StringBuilder text = new StringBuilder();
			for (int k = random.nextInt(12); k > 0; k--)
				text.appendCodePoint(alphabet.codePointAt(random.nextInt(alphabet.length() - 3)));
			final String escaped = Escape.encode(text.toString(), "\"[]\\");
			assertEquals(text.toString(), Escape.decode(escaped));
			assertTrue(escaped.matches("[ -~&&[^\"\\[\\]\\\\]]*"), escaped);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "plain", "a & b", "&{", "&{}", "&{zz}", "&{110000}", "50%", "&{1234567}" })
	void otherTextStaysAsItIs(final String text) {
		assertEquals(text, Escape.decode(text));
	}

	@Test
	void spacingIsWrittenZyx() {
		final Spacing spacing = Spacing.parse(" 2.5, 1,0.5");
		assertEquals(2.5, spacing.z);
		assertEquals(1, spacing.y);
		assertEquals(0.5, spacing.x);
		assertNull(Spacing.parse(" "));
	}

	@ParameterizedTest
	@ValueSource(strings = { "1,2", "1,2,3,4", "1,0,1", "1,-1,1", "a,b,c", "1,,1", "NaN,1,1", "Infinity,1,1" })
	void wrongSpacingIsNamed(final String text) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> Spacing.parse(text));
		assertTrue(e.getMessage().contains("'" + text + "'"), e.getMessage());
	}

	@Test
	void classListsComeWithAndWithoutColours() {
		final AnnotationClasses classes = AnnotationClasses.of(Arrays.asList("back ground", "nuclei#Ff0000", "#3"));
		assertEquals(Arrays.asList("back ground", "nuclei", "#3"), classes.names());
		assertEquals(AnnotationClasses.defaultColour(1), classes.at(1).rgb());
		assertEquals(0xFF0000, classes.at(2).rgb());
		assertEquals(classes.format(), AnnotationClasses.parse(classes.format()).format());
	}

	@Test
	void wrongClassListsAreRefused() {
		assertThrows(BrushwoodException.class, () -> AnnotationClasses.of(Arrays.asList("a", "a")));
		assertThrows(BrushwoodException.class, () -> AnnotationClasses.of(Collections.singletonList(" ")));
		assertThrows(BrushwoodException.class, () -> AnnotationClasses.parse("1 #00ff00"));
		assertThrows(BrushwoodException.class, () -> AnnotationClasses.parse("0 #00ff00 zero"));
		assertThrows(BrushwoodException.class, () -> AnnotationClasses.parse("1 red a"));
		assertThrows(BrushwoodException.class, () -> AnnotationClasses.parse("1 #00ff00 a\n1 #00ff00 b"));
		assertThrows(BrushwoodException.class, () -> new AnnotationClasses().add(String.join("", Collections.nCopies(64,
			"x"))));
	}

	@Test
	void thereAreAtMost255Classes() {
		final AnnotationClasses classes = new AnnotationClasses();
		classes.growTo(AnnotationClasses.MAX);
		assertEquals(255, classes.size());
		assertThrows(BrushwoodException.class, () -> classes.add("one more"));
	}
}
