package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;

import org.junit.jupiter.api.Test;

/** Messages as the window shows them. */
class MessagesTest {

	@Test
	void longMessagesAreWrappedBetweenWords() {
		final String text = String.join(" ", Collections.nCopies(60, "sentence"));
		final String[] lines = Messages.wrap(text).split("\n");
		assertEquals(6, lines.length);
		for (final String line : lines)
			assertTrue(line.length() <= 90, line);
		assertEquals(text, String.join(" ", lines));
	}

	@Test
	void shortMessagesAndLongWordsStayWhole() {
		assertEquals("One line.", Messages.wrap("One line."));
		final String path = String.join("/", Collections.nCopies(40, "folder"));
		assertEquals("The file\n" + path + "\nis missing.", Messages.wrap("The file " + path + " is missing."));
	}
}
