package io.github.brushwood.session.options;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Escape;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The text form of options: <code>key=value key=[value with spaces] flag</code>, as ImageJ macros write them.
 * <p>
 * A value may hold anything. What ImageJ's macro language or this syntax would misread (quotes, brackets, backslashes,
 * characters outside printable ASCII, and ';' inside an item of a list) is written as <code>&amp;{hex}</code>, its
 * Unicode code point in hexadecimal: <code>"</code> is <code>&amp;{22}</code>. Brackets that are balanced may also be
 * written as they are.
 * </p>
 */
public final class OptionText {

	private static final String ESCAPED = "\"[]\\";

	private OptionText() {}

	/**
	 * Splits options into keys and their still escaped values; flags have the value null.
	 *
	 * @throws BrushwoodException on a key that comes twice or a bracket that is not closed
	 */
	public static Map<String, String> split(final String text) {
		final Map<String, String> values = new LinkedHashMap<>();
		int at = skipSpaces(text, 0);
		while (at < text.length()) {
			final int keyEnd = endOfKey(text, at);
			final String key = text.substring(at, keyEnd);
			String value = null;
			int end = keyEnd;
			if (keyEnd < text.length() && text.charAt(keyEnd) == '=') {
				end = endOfValue(text, keyEnd + 1, key);
				value = unbracket(text.substring(keyEnd + 1, end));
			}
			if (key.isEmpty()) throw new BrushwoodException("The options hold a value without a key: '" + text.trim() +
				"'. Write key=value.");
			if (values.containsKey(key)) throw new BrushwoodException("The key '" + key +
				"' is given twice. Keep one of them.");
			values.put(key, value);
			at = skipSpaces(text, end);
		}
		return values;
	}

	/** Text in which every character that could be misread is escaped; {@link #decode} undoes it. */
	public static String encode(final String text) {
		return Escape.encode(text, ESCAPED);
	}

	/** As {@link #encode}, for one item of a list whose items are joined by ';'. */
	public static String encodeItem(final String text) {
		return Escape.encode(text, ESCAPED + ";");
	}

	/** Undoes {@link #encode} and {@link #encodeItem}; other text stays as it is. */
	public static String decode(final String text) {
		return Escape.decode(text);
	}

	private static int skipSpaces(final String text, final int from) {
		int at = from;
		while (at < text.length() && Character.isWhitespace(text.charAt(at)))
			at++;
		return at;
	}

	private static int endOfKey(final String text, final int from) {
		int at = from;
		while (at < text.length() && text.charAt(at) != '=' && !Character.isWhitespace(text.charAt(at)))
			at++;
		return at;
	}

	private static int endOfValue(final String text, final int from, final String key) {
		int at = from;
		if (at < text.length() && text.charAt(at) == '[') return endOfBracket(text, at, key);
		while (at < text.length() && !Character.isWhitespace(text.charAt(at)))
			at++;
		return at;
	}

	private static int endOfBracket(final String text, final int from, final String key) {
		int depth = 0;
		for (int at = from; at < text.length(); at++) {
			if (text.charAt(at) == '[') depth++;
			else if (text.charAt(at) == ']' && --depth == 0) return at + 1;
		}
		throw new BrushwoodException("The value of '" + key + "' starts with '[' and has no matching ']'.");
	}

	private static String unbracket(final String value) {
		return value.startsWith("[") ? value.substring(1, value.length() - 1) : value;
	}
}
