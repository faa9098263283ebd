package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;

import org.junit.jupiter.api.Test;

class KeysTest {

	@Test
	void everyKeyMeansOneThingAndIsInTheHelp() {
		final Set<String> names = new HashSet<>();
		for (final Keys.Key key : Keys.all()) {
			assertTrue(names.add(key.name), key.name + " twice");
			assertFalse(key.meaning.isEmpty(), key.name);
			final String row = key.isDigit() ? "1 to 9</b></td><td>Class" : key.name + "</b></td><td>" + key.meaning;
			assertTrue(Keys.html().contains("<b>" + row), key.name);
		}
		assertFalse(names.contains("H"), "held, not pressed");
	}
}
