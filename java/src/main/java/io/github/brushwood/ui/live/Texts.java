package io.github.brushwood.ui.live;

import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Toolkit;
import java.util.Map;

/** Helps with texts that are drawn by hand. */
final class Texts {

	private Texts() {}

	/** As the desktop wants it. */
	static void antialias(final Graphics g) {
		final Map<?, ?> hints = (Map<?, ?>) Toolkit.getDefaultToolkit().getDesktopProperty("awt.font.desktophints");
		if (hints != null) ((Graphics2D) g).addRenderingHints(hints);
		else ((Graphics2D) g).setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING,
			RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
	}

	/** For HTML. */
	static String escape(final String text) {
		return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
	}

	/** Cut at the end, with three dots, when it is too wide. */
	static String fit(final String text, final FontMetrics metrics, final int width) {
		if (metrics.stringWidth(text) <= width) return text;
		int end = text.length();
		while (end > 0 && metrics.stringWidth(text.substring(0, end) + "...") > width)
			end--;
		return text.substring(0, end) + "...";
	}
}
