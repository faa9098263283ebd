package io.github.brushwood.session;

/**
 * Text for places that only keep plain ASCII: a character that could be misread becomes <code>&amp;{hex}</code>, its
 * Unicode code point in hexadecimal. For example <code>"</code> is <code>&amp;{22}</code>.
 */
public final class Escape {

	private Escape() {}

	/**
	 * Escapes everything outside printable ASCII, the characters of <code>special</code>, and an ampersand that would
	 * read as an escape.
	 */
	public static String encode(final String text, final String special) {
		final StringBuilder out = new StringBuilder();
		for (int at = 0; at < text.length();) {
			final int c = text.codePointAt(at);
			final boolean ambiguous = text.startsWith("&{", at);
			if (c < ' ' || c > '~' || ambiguous || special.indexOf(c) >= 0) {
				out.append("&{").append(Integer.toHexString(c)).append('}');
			}
			else out.append((char) c);
			at += Character.charCount(c);
		}
		return out.toString();
	}

	/** Undoes {@link #encode}; other text stays as it is. */
	public static String decode(final String text) {
		final StringBuilder out = new StringBuilder();
		int at = 0;
		while (at < text.length()) {
			final int end = escapeEnd(text, at);
			if (end > 0) out.appendCodePoint(Integer.parseInt(text.substring(at + 2, end), 16));
			else out.append(text.charAt(at));
			at = end > 0 ? end + 1 : at + 1;
		}
		return out.toString();
	}

	/** Index of the brace that closes an escape starting at <code>at</code>, or -1. */
	private static int escapeEnd(final String text, final int at) {
		if (!text.startsWith("&{", at)) return -1;
		final int end = text.indexOf('}', at);
		if (end <= at + 2 || end > at + 8) return -1;
		for (int i = at + 2; i < end; i++)
			if (Character.digit(text.charAt(i), 16) < 0) return -1;
		return Character.isValidCodePoint(Integer.parseInt(text.substring(at + 2, end), 16)) ? end : -1;
	}
}
