package io.github.brushwood.ui.live;

import java.awt.GraphicsEnvironment;
import java.awt.Toolkit;
import java.awt.event.InputEvent;
import java.awt.event.KeyEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** The keys of the live window, in one table that the help and the tooltips show. All others go to ImageJ. */
final class Keys {

	/** A key and what it does. */
	static final class Key {

		/** As people read it. */
		final String name;
		final String meaning;
		private final int code;
		private final char character;
		private final int modifiers;
		private final Consumer<SegmentWindow> action;

		private Key(final String name, final int code, final char character, final int modifiers, final String meaning,
			final Consumer<SegmentWindow> action)
		{
			this.name = name;
			this.code = code;
			this.character = character;
			this.modifiers = modifiers;
			this.meaning = meaning;
			this.action = action;
		}

		/** Whether it picks a class. */
		boolean isDigit() {
			return code > KeyEvent.VK_0 && code <= KeyEvent.VK_0 + MAX_DIGIT;
		}

		private boolean matches(final KeyEvent e) {
			if (character != 0) return e.getKeyChar() == character && !e.isControlDown() && !e.isMetaDown();
			return e.getKeyCode() == code && (e.getModifiersEx() & MODIFIERS) == modifiers;
		}
	}

	static final int HOLD = KeyEvent.VK_H;

	private static final int MODIFIERS = InputEvent.SHIFT_DOWN_MASK | InputEvent.CTRL_DOWN_MASK |
		InputEvent.META_DOWN_MASK | InputEvent.ALT_DOWN_MASK;
	private static final int SHIFT = InputEvent.SHIFT_DOWN_MASK;
	static final int MAX_DIGIT = 9;

	/** The modifier of menu shortcuts, as people read it. */
	static final String MENU = menuModifier() == InputEvent.META_DOWN_MASK ? "Cmd" : "Ctrl";

	private static final List<Key> TABLE = table();

	private Keys() {}

	private static List<Key> table() {
		final int menu = menuModifier();
		final List<Key> keys = new ArrayList<>();
		letter(keys, KeyEvent.VK_B, "Brush", w -> w.desk().palette().setMode(Palette.Mode.BRUSH));
		letter(keys, KeyEvent.VK_E, "Eraser", w -> w.desk().palette().setMode(Palette.Mode.ERASER));
		letter(keys, KeyEvent.VK_L, "Straight line", w -> w.desk().palette().setMode(Palette.Mode.LINE));
		letter(keys, KeyEvent.VK_S, "ImageJ's tool: selections, magnifier and all others", w -> w.desk().palette().setMode(
			Palette.Mode.IMAGEJ));
		character(keys, '[', "Smaller brush", w -> w.desk().palette().stepSize(-1));
		character(keys, ']', "Larger brush", w -> w.desk().palette().stepSize(1));
		for (int digit = 1; digit <= MAX_DIGIT; digit++) {
			final int position = digit;
			keys.add(new Key(String.valueOf(digit), KeyEvent.VK_0 + digit, '\0', 0, "Class " + digit, w -> w.desk().pickClass(
				position)));
		}
		letter(keys, KeyEvent.VK_A, "Gives the selection to the chosen class", SegmentWindow::addSelection);
		letter(keys, KeyEvent.VK_O, "Overlay off and on", w -> w.desk().palette().toggle());
		letter(keys, KeyEvent.VK_N, "Goes where the forest is least sure", w -> w.steps().whereNext());
		keys.add(new Key(MENU + "+Z", KeyEvent.VK_Z, '\0', menu, "Undo", w -> w.steps().undo()));
		keys.add(new Key(MENU + "+Shift+Z", KeyEvent.VK_Z, '\0', menu | SHIFT, "Redo", w -> w.steps().redo()));
		keys.add(new Key(MENU + "+Y", KeyEvent.VK_Y, '\0', menu, "Redo", w -> w.steps().redo()));
		return Collections.unmodifiableList(keys);
	}

	@SuppressWarnings("deprecation") // its successor came with Java 10
	private static int menuModifier() {
		if (GraphicsEnvironment.isHeadless()) return InputEvent.CTRL_DOWN_MASK;
		final int mask = Toolkit.getDefaultToolkit().getMenuShortcutKeyMask();
		return mask == InputEvent.META_MASK ? InputEvent.META_DOWN_MASK : InputEvent.CTRL_DOWN_MASK;
	}

	private static void letter(final List<Key> keys, final int code, final String meaning,
		final Consumer<SegmentWindow> action)
	{
		keys.add(new Key(String.valueOf((char) code), code, '\0', 0, meaning, action));
	}

	private static void character(final List<Key> keys, final char character, final String meaning,
		final Consumer<SegmentWindow> action)
	{
		keys.add(new Key(String.valueOf(character), 0, character, 0, meaning, action));
	}

	static List<Key> all() {
		return TABLE;
	}

	/** Does what a key that was pressed means here. @return whether it means something */
	static boolean pressed(final KeyEvent e, final SegmentWindow window) {
		for (final Key key : TABLE) {
			if (!key.matches(e)) continue;
			key.action.accept(window);
			return true;
		}
		return false;
	}

	/** The help's table of keys and mouse. */
	static String html() {
		final StringBuilder html = new StringBuilder("<table border=1 cellspacing=0 cellpadding=3>");
		for (final Key key : TABLE)
			if (!key.isDigit()) html.append(row(key.name, key.meaning));
		html.append(row("1 to " + MAX_DIGIT, "Class"));
		html.append(row("H", "Hides everything over the image while it is held"));
		html.append(row("Esc", "Takes back the stroke that is being drawn, or stops a slow step; else ImageJ's tool"));
		html.append(row("Drag", "Paints, erases or draws a line"));
		html.append(row("Shift + click", "Straight line from where the last stroke ended"));
		html.append(row(MENU + " + wheel, Alt + wheel", "Brush size; Shift + wheel zooms"));
		html.append(row("Space + drag", "Moves the image, as everywhere in ImageJ"));
		return html.append("</table>").toString();
	}

	private static String row(final String key, final String meaning) {
		return "<tr><td><b>" + key + "</b></td><td>" + meaning + "</td></tr>";
	}
}
