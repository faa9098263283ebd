package io.github.brushwood.ui.live;

import java.awt.Color;
import java.awt.Component;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.GraphicsConfiguration;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.Toolkit;
import java.awt.Window;
import java.awt.event.ActionEvent;
import java.awt.event.KeyEvent;
import java.awt.geom.Path2D;
import java.util.Locale;

import javax.swing.AbstractAction;
import javax.swing.Action;
import javax.swing.BorderFactory;
import javax.swing.Icon;
import javax.swing.JComponent;
import javax.swing.JDialog;
import javax.swing.JLabel;
import javax.swing.JTextArea;
import javax.swing.KeyStroke;
import javax.swing.MenuSelectionManager;
import javax.swing.UIManager;
import javax.swing.border.Border;
import javax.swing.text.View;

/** Small parts that the dialogs share. All sizes follow the font, so that they fit any scaling. */
final class Widgets {

	/** Of cells that are wrong, and of marks. */
	static final Color BAD = new Color(0xd55e00);
	/** Of bars and of cells that are right. */
	static final Color GOOD = new Color(0x0072b2);

	private Widgets() {}

	/** Height of a line of text in a component's font, the unit of all distances. */
	static int em(final Component component) {
		return component.getFontMetrics(component.getFont()).getHeight();
	}

	static JLabel heading(final String text) {
		final JLabel label = new JLabel(text);
		label.setFont(label.getFont().deriveFont(Font.BOLD));
		label.setAlignmentX(Component.LEFT_ALIGNMENT);
		return label;
	}

	/** Text that wraps, with the look of a label. */
	static JTextArea wrapped(final String text) {
		return new Wrapped(text);
	}

	/** Asks for the height that the text needs at the width it has. */
	private static final class Wrapped extends JTextArea {

		private static final long serialVersionUID = 1L;
		private static final int USUAL_EMS = 24;
		private static final int LEAST_EMS = 8;

		Wrapped(final String text) {
			super(text);
			final JLabel like = new JLabel();
			setFont(like.getFont());
			setForeground(like.getForeground());
			setEditable(false);
			setFocusable(false);
			setLineWrap(true);
			setWrapStyleWord(true);
			setOpaque(false);
			setBackground(new Color(0, true)); // some looks fill it nevertheless
			setBorder(BorderFactory.createEmptyBorder());
			setAlignmentX(Component.LEFT_ALIGNMENT);
		}

		@Override
		public Dimension getPreferredSize() {
			final int usual = USUAL_EMS * em(this);
			final View view = getUI().getRootView(this);
			view.setSize(getWidth() > 0 ? getWidth() : usual, Integer.MAX_VALUE);
			final int lines = (int) Math.ceil(view.getPreferredSpan(View.Y_AXIS));
			return new Dimension(usual, Math.max(lines, getRows() * getRowHeight()));
		}

		@Override
		public Dimension getMinimumSize() {
			return new Dimension(LEAST_EMS * em(this), getPreferredSize().height);
		}

		@Override
		public Dimension getMaximumSize() {
			return new Dimension(Integer.MAX_VALUE, getPreferredSize().height);
		}
	}

	/** "12,345" */
	static String count(final long number) {
		return String.format(Locale.ROOT, "%,d", number);
	}

	/** "3.2 %" of a share, which does not break at the end of a line; "-" where it is undefined. */
	static String percent(final double share) {
		return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f\u00a0%%", 100 * share);
	}

	/** "0.932"; "-" where it is undefined. */
	static String score(final double value) {
		return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
	}

	/** "1.3 GB" */
	static String bytes(final double bytes) {
		if (bytes < 1e6) return String.format(Locale.ROOT, "%.0f kB", Math.max(1, bytes / 1e3));
		return bytes < 1e9 ? String.format(Locale.ROOT, bytes < 1e7 ? "%.1f MB" : "%.0f MB", bytes / 1e6) : String.format(
			Locale.ROOT, "%.1f GB", bytes / 1e9);
	}

	/** Mixes two colours. @param share of the second, 0 to 1 */
	static Color mix(final Color a, final Color b, final double share) {
		return new Color(mix(a.getRed(), b.getRed(), share), mix(a.getGreen(), b.getGreen(), share), mix(a.getBlue(), b
			.getBlue(), share));
	}

	private static int mix(final int a, final int b, final double share) {
		return (int) Math.round(a + (b - a) * share);
	}

	/** Black or white, whichever reads better on a background. */
	static Color textOn(final Color background) {
		return luminance(background) > 0.179 ? Color.BLACK : Color.WHITE; // where both have the same contrast
	}

	/** For sentences about errors: {@link #BAD}, but dark or bright enough to read. */
	static Color errorOn(final Color background) {
		return luminance(background) > 0.179 ? new Color(0xa83a00) : new Color(0xff9a4d);
	}

	/** Relative luminance of sRGB, 0 to 1. */
	static double luminance(final Color c) {
		return 0.2126 * linear(c.getRed()) + 0.7152 * linear(c.getGreen()) + 0.0722 * linear(c.getBlue());
	}

	private static double linear(final int value) {
		final double v = value / 255.0;
		return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
	}

	/** A square in a colour, as high as text. */
	static Icon swatch(final Component on, final Color colour) {
		final int size = Math.max(8, em(on) * 2 / 3);
		return new Drawn(size, size, (g, c) -> {
			g.setColor(colour);
			g.fillRect(0, 0, size, size);
			g.setColor(mix(c.getForeground(), c.getBackground(), 0.5));
			g.drawRect(0, 0, size - 1, size - 1);
		});
	}

	/** The mark of something that opens a menu. */
	static Icon arrow(final Component on) {
		final int size = Math.max(6, em(on) / 2);
		return new Drawn(size, size, (g, c) -> {
			final Path2D path = new Path2D.Double();
			path.moveTo(0, size * 0.25);
			path.lineTo(size, size * 0.25);
			path.lineTo(size * 0.5, size * 0.8);
			path.closePath();
			g.setColor(mix(c.getForeground(), c.getBackground(), 0.3));
			g.fill(path);
		});
	}

	/** A triangle with an exclamation mark. */
	static Icon warning(final Component on) {
		final int size = em(on);
		return new Drawn(size, size, (g, c) -> {
			final Path2D path = new Path2D.Double();
			path.moveTo(size * 0.5, size * 0.06);
			path.lineTo(size * 0.98, size * 0.94);
			path.lineTo(size * 0.02, size * 0.94);
			path.closePath();
			g.setColor(new Color(0xf0b400));
			g.fill(path);
			g.setColor(Color.BLACK);
			final int bar = Math.max(1, Math.round(size * 0.12f));
			g.fillRect((size - bar) / 2, Math.round(size * 0.36f), bar, Math.round(size * 0.28f));
			g.fillRect((size - bar) / 2, Math.round(size * 0.72f), bar, bar);
		});
	}

	/** Room at the sides of a table's cells. */
	static Border cellBorder(final Component on) {
		final int room = em(on) / 4;
		return BorderFactory.createEmptyBorder(0, room, 0, room);
	}

	/** A line between rows, in the colour of the look. */
	static Color hairline() {
		final Color colour = UIManager.getColor("Table.gridColor");
		return colour != null ? colour : Color.LIGHT_GRAY;
	}

	/** Escape closes an open menu, else the dialog. */
	static void closeOnEscape(final JDialog dialog, final Runnable close) {
		dialog.getRootPane().getInputMap(JComponent.WHEN_IN_FOCUSED_WINDOW).put(KeyStroke.getKeyStroke(KeyEvent.VK_ESCAPE,
			0), "close");
		dialog.getRootPane().getActionMap().put("close", action("Close", () -> {
			final MenuSelectionManager menus = MenuSelectionManager.defaultManager();
			if (menus.getSelectedPath().length > 0) menus.clearSelectedPath();
			else close.run();
		}));
	}

	static Action action(final String name, final Runnable run) {
		return new AbstractAction(name) {

			private static final long serialVersionUID = 1L;

			@Override
			public void actionPerformed(final ActionEvent e) {
				run.run();
			}
		};
	}

	/** Packs a dialog, keeps it on the screen and puts it beside its owner where there is room. */
	static void place(final JDialog dialog, final Window owner) {
		dialog.pack();
		final GraphicsConfiguration where = owner != null ? owner.getGraphicsConfiguration() : dialog
			.getGraphicsConfiguration();
		final Rectangle screen = where.getBounds();
		final java.awt.Insets in = Toolkit.getDefaultToolkit().getScreenInsets(where);
		screen.setBounds(screen.x + in.left, screen.y + in.top, screen.width - in.left - in.right, screen.height - in.top -
			in.bottom);
		final Dimension size = new Dimension(Math.min(dialog.getWidth(), screen.width), Math.min(dialog.getHeight(),
			screen.height));
		dialog.setSize(size);
		dialog.setLocationRelativeTo(owner);
		if (owner == null) return;
		final int right = owner.getX() + owner.getWidth();
		final int left = owner.getX() - size.width;
		int x = Math.max(screen.x, screen.x + screen.width - size.width);
		if (right + size.width <= screen.x + screen.width) x = right;
		else if (left >= screen.x) x = left;
		final int y = Math.max(screen.y, Math.min(owner.getY(), screen.y + screen.height - size.height));
		dialog.setLocation(x, y);
	}

	/** What an icon draws, with the origin at its top left corner. */
	private interface Drawing {

		void draw(Graphics2D g, Component on);
	}

	private static final class Drawn implements Icon {

		private final int width;
		private final int height;
		private final Drawing drawing;

		Drawn(final int width, final int height, final Drawing drawing) {
			this.width = width;
			this.height = height;
			this.drawing = drawing;
		}

		@Override
		public void paintIcon(final Component c, final Graphics graphics, final int x, final int y) {
			final Graphics2D g = (Graphics2D) graphics.create();
			g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
			g.translate(x, y);
			drawing.draw(g, c);
			g.dispose();
		}

		@Override
		public int getIconWidth() {
			return width;
		}

		@Override
		public int getIconHeight() {
			return height;
		}
	}
}
