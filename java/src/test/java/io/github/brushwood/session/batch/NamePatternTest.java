package io.github.brushwood.session.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Output;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.session.BrushwoodException;

import java.util.Arrays;
import java.util.Collections;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamePatternTest {

	@ParameterizedTest
	@CsvSource({ "{name}_{kind}.tif,a.tif,a_segmentation.tif", "{kind} of {name}.tiff,a.b.TIF,segmentation of a.b.tiff",
		"x{name}{name}.tif,.hidden,x.hidden.hidden.tif", "{name}_{kind}.TIF,{kind}$1.png,{kind}$1_segmentation.TIF",
		"{name}.tif,no suffix,no suffix.tif", " {name}-{kind}.btf ,ä 細.png,ä 細-segmentation.btf" })
	void placeholdersAreReplacedOnce(final String pattern, final String image, final String name) {
		assertEquals(name, new NamePattern(pattern, "names").name(image, Output.LABELS));
	}

	@Test
	void everyResultHasItsKind() {
		final StringBuilder names = new StringBuilder();
		for (final Output output : Output.values())
			names.append(new NamePattern("{kind}.tif", "names").name("a.tif", output)).append(' ');
		assertEquals("probabilities.tif segmentation.tif uncertainty.tif entropy.tif ", names.toString());
		assertEquals(ImageFormats.TIFF, new NamePattern(NamePattern.DEFAULT, "names").format());
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "''|is empty", "{name}/{kind}.tif|without folders",
		"..\\{name}.tif|without folders",
		"{name}_{Kind}.tif|unknown placeholder '{Kind}'", "{}{name}.tif|unknown placeholder '{}'",
		"{name}_{kind}|suffix of a format (.tif", "{name}.png|suffix of a format" })
	void mistakesAreNamed(final String pattern, final String message) {
		assertMessage(message, () -> new NamePattern(pattern, "names"));
	}

	@Test
	void severalImagesOrResultsNeedTheirPlaceholders() {
		final NamePattern kind = new NamePattern("{kind}.tif", "names");
		final NamePattern name = new NamePattern("{name}.tif", "names");
		kind.check(1, Arrays.asList(Output.values()));
		name.check(9, Collections.singletonList(Output.LABELS));
		assertMessage("needs {name}", () -> kind.check(2, Collections.singletonList(Output.LABELS)));
		assertMessage("needs {kind}", () -> name.check(1, Arrays.asList(Output.values())));
	}

	private static void assertMessage(final String part, final Executable call) {
		final String message = assertThrows(BrushwoodException.class, call).getMessage();
		assertTrue(message.contains(part) && message.contains("'names'") && message.endsWith("."), message);
	}
}
