package io.github.brushwood.ui;

import ij.IJ;
import ij.gui.HTMLDialog;
import ij.macro.Interpreter;
import ij.text.TextWindow;

import java.util.List;
import java.util.function.Function;

/** Shows texts in windows, or in the log (the terminal when headless) where windows would be in the way. */
public final class ReportWindow {

	private static final int WIDTH = 760;
	private static final int HEIGHT = 600;

	private ReportWindow() {}

	/** Lines of text. */
	public static void text(final String title, final String text) {
		if (hasWindows()) new TextWindow(title, text, WIDTH, HEIGHT);
		else IJ.log(title + "\n" + text);
	}

	/**
	 * A table; without windows nothing, since each row has been logged.
	 *
	 * @param headings separated by tabs, as the cells that <code>row</code> gives
	 */
	public static <T> void table(final String title, final String headings, final List<T> items,
		final Function<T, String> row)
	{
		if (!hasWindows()) return;
		final StringBuilder rows = new StringBuilder();
		for (final T item : items)
			rows.append(row.apply(item)).append('\n');
		new TextWindow(title, headings, rows.toString(), WIDTH, HEIGHT);
	}

	/** A page of {@link HelpText}. */
	public static void html(final String title, final String html) {
		if (hasWindows()) new HTMLDialog(title, html, false);
		else IJ.log(HelpText.plain(html));
	}

	private static boolean hasWindows() {
		return IJ.getInstance() != null && !Interpreter.isBatchMode();
	}
}
