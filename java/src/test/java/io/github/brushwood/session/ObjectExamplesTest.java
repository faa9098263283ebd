package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;

class ObjectExamplesTest {

	@Test
	void textIsKept() {
		final List<String> items = Arrays.asList("round#112233:5,9@2", "a: b;c#445566:", "rod#778899:3,12,4@7");
		final ObjectExamples examples = ObjectExamples.parse(items);
		assertEquals(Arrays.asList("round", "a: b;c", "rod"), examples.classes().names());
		assertEquals(items, examples.items());
		assertEquals(5, examples.count());
		assertEquals(0, examples.count(examples.classes().at(2)));
		assertEquals("round", examples.classOf(1, 9).name());
		assertNull(examples.classOf(0, 9));
		assertEquals(0x778899, examples.classOf(6, 4).rgb());
	}

	@Test
	void imagesKeepThem() {
		final ImagePlus imp = Shapes.labels("s", 4, 1);
		assertNull(ObjectExamples.of(imp));
		final List<String> items = Arrays.asList("a;b \u00b5#112233:1", "c#445566:2,4");
		ObjectExamples.parse(items).keep(imp);
		assertTrue(imp.changes);
		assertEquals(items, ObjectExamples.of(imp).items());
	}

	@Test
	void coloursMayBeLeftOutAndCopiesAreTheirOwn() {
		final ObjectExamples examples = ObjectExamples.parse(Arrays.asList("round:1, 2", "rod:7", "none"));
		assertEquals(3, examples.count());
		assertEquals(3, examples.classes().size());
		assertEquals(AnnotationClasses.defaultColour(2), examples.classes().at(2).rgb());
		final ObjectExamples copy = examples.copy();
		copy.put(0, 7, null);
		copy.remove(copy.classes().at(1));
		assertEquals(0, copy.count());
		assertEquals(3, examples.count());
	}

	@Test
	void mistakesAreTold() {
		assertMessage("'x9' is no example of class 'round'", "round:x9");
		assertMessage("'5@0' is no example", "round:5@0");
		assertMessage("The object 5 is an example of 'round' and of 'rod'", "round:5", "rod:5");
		assertMessage("listed twice", "round:5", "round:6");
		assertMessage("A class needs a name", ":5");
	}

	private static void assertMessage(final String part, final String... items) {
		final List<String> list = items.length == 1 ? Collections.singletonList(items[0]) : Arrays.asList(items);
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> ObjectExamples.parse(list));
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}
}
