package io.github.brushwood.ui;

import ij.IJ;
import ij.WindowManager;
import ij.gui.GUI;
import ij.gui.HTMLDialog;
import ij.macro.Interpreter;
import ij.measure.ResultsTable;
import ij.text.TextWindow;

import java.awt.Font;
import java.awt.Frame;
import java.awt.Rectangle;
import java.awt.Window;

/** Shows texts in windows, or in the log (the terminal when headless) where windows would be in the way. */
public final class ReportWindow {

	private static final long ACTIVATION_MS = 1000;
	private static final int FONT_SIZE = 12;
	private static final int WIDTH = 860;
	private static final int HEIGHT = 600;
	/** Of a table beside a window: its heading and a few rows. */
	private static final int LEAST_HEIGHT = 150;

	private ReportWindow() {}

	/** Lines of text. */
	public static void text(final String title, final String text) {
		if (!hasWindows()) {
			IJ.log(title + "\n" + text);
			return;
		}
		final TextWindow window = new TextWindow(title, "", WIDTH, HEIGHT);
		window.getTextPanel().setFont(new Font(Font.MONOSPACED, Font.PLAIN, FONT_SIZE), true);
		window.append(text);
		window.getTextPanel().scrollToTop();
	}

	/** A table of numbers, which macros can read; without windows nothing. */
	public static void table(final String title, final ResultsTable table) {
		if (hasWindows()) table.show(title);
	}

	/** Puts tables one below the other beside a window, on the side with more room; the window makes room if need be. */
	public static void arrange(final Window beside, final String... titles) {
		if (!hasWindows() || beside == null) return;
		final Rectangle screen = GUI.getMaxWindowBounds(beside);
		final Rectangle own = beside.getBounds();
		final int width = Math.min(WIDTH, screen.width - own.width);
		final boolean toRight = screen.x + screen.width - own.x - own.width > own.x - screen.x;
		final int left = toRight ? Math.min(own.x, screen.x + screen.width - own.width - width) : Math.max(own.x, screen.x +
			width);
		beside.setLocation(left, own.y);
		final int height = Math.min(Math.max(own.height / titles.length, LEAST_HEIGHT), screen.height / titles.length);
		final int top = Math.max(screen.y, Math.min(own.y, screen.y + screen.height - height * titles.length));
		for (int i = 0; i < titles.length; i++) {
			final Frame table = WindowManager.getFrame(titles[i]);
			if (table != null) table.setBounds(toRight ? left + own.width : left - width, top + i * height, width, height);
		}
	}

	/** A page of {@link HelpText}. */
	public static void html(final String title, final String html) {
		if (hasWindows()) new HTMLDialog(title, html, false).toFront(); // not behind the image's window
		else IJ.log(HelpText.plain(html));
	}

	/** Waits until a table's window is the active one, so that a message that follows does not end up behind it. */
	public static void awaitActive(final String title) {
		final Window window = hasWindows() ? WindowManager.getFrame(title) : null;
		final long end = System.currentTimeMillis() + ACTIVATION_MS;
		while (window != null && !window.isActive() && System.currentTimeMillis() < end)
			IJ.wait(5);
	}

	/** Whether windows can be shown and are wanted. */
	public static boolean hasWindows() {
		return IJ.getInstance() != null && !Interpreter.isBatchMode();
	}
}
