package io.github.brushwood.ui.live;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Container;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.GridLayout;
import java.awt.Insets;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import javax.swing.AbstractButton;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.Scrollable;
import javax.swing.text.JTextComponent;

/**
 * A column of rows, all as wide as it is; as wide as a scroll pane around it, and as high as long as its rows can be
 * that low or high.
 */
final class Rows extends JPanel implements Scrollable {

	private static final long serialVersionUID = 1L;

	private static final int GAP = 4;
	private static final int SECTION = 10;
	private static final int UNIT = 20;
	/** Labels are as wide, so that what they label is aligned. */
	private static final String WIDEST_LABEL = "Opacity";

	/** Distance above each row. */
	private final List<Integer> gaps = new ArrayList<>();
	/** Share in the height that is left over or missing, of rows that have one. */
	private final Map<Component, Double> shares = new HashMap<>();

	Rows() {
		super(null);
		setBorder(BorderFactory.createEmptyBorder(2, 2, 4, 6));
	}

	/** A row below the others. */
	void row(final Component component) {
		gaps.add(GAP);
		add(component);
	}

	/** A row with some distance to the ones above. */
	void section(final Component component) {
		gaps.add(gaps.isEmpty() ? 0 : SECTION);
		add(component);
	}

	/** A row that gets a share (0 to 1) of the height that is left over, and gives as much when height is missing. */
	void elastic(final Component component, final double share) {
		row(component);
		shares.put(component, share);
	}

	/** As low as it gets, which is what a scroll pane gives when its window is too low for that. */
	@Override
	public Dimension getPreferredSize() {
		return size(row -> shares.containsKey(row) ? row.getMinimumSize() : row.getPreferredSize());
	}

	/** With all that the rows want. */
	@Override
	public Dimension getPreferredScrollableViewportSize() {
		return size(Component::getPreferredSize);
	}

	private Dimension size(final Function<Component, Dimension> sizes) {
		final Insets insets = getInsets();
		int width = 0;
		int height = insets.top + insets.bottom;
		for (int i = 0; i < getComponentCount(); i++) {
			if (!getComponent(i).isVisible()) continue;
			final Dimension size = sizes.apply(getComponent(i));
			width = Math.max(width, size.width);
			height += gaps.get(i) + size.height;
		}
		return new Dimension(insets.left + width + insets.right, height);
	}

	/** @param spare height that is left over; negative when it is missing */
	private int height(final Component row, final int spare) {
		final int height = row.getPreferredSize().height;
		if (!shares.containsKey(row)) return height;
		if (spare > 0) return height + (int) (spare * shares.get(row));
		final double most = getPreferredScrollableViewportSize().height - getPreferredSize().height;
		final int least = row.getMinimumSize().height;
		return most > 0 ? Math.max(least, height + (int) Math.floor(spare * (height - least) / most)) : height;
	}

	@Override
	public void doLayout() {
		final Insets insets = getInsets();
		final int spare = getHeight() - getPreferredScrollableViewportSize().height;
		int y = insets.top;
		for (int i = 0; i < getComponentCount(); i++) {
			final Component row = getComponent(i);
			if (!row.isVisible()) continue;
			final int height = height(row, spare);
			y += gaps.get(i);
			row.setBounds(insets.left, y, getWidth() - insets.left - insets.right, height);
			y += height;
		}
	}

	@Override
	public int getScrollableUnitIncrement(final Rectangle visible, final int orientation, final int direction) {
		return UNIT;
	}

	@Override
	public int getScrollableBlockIncrement(final Rectangle visible, final int orientation, final int direction) {
		return Math.max(UNIT, visible.height - UNIT);
	}

	@Override
	public boolean getScrollableTracksViewportWidth() {
		return true;
	}

	/** The scroll bar is for what does not fit even with the lowest rows. */
	@Override
	public boolean getScrollableTracksViewportHeight() {
		return getParent() != null && getParent().getHeight() >= getPreferredSize().height;
	}

	/** A list that scrolls; it wants some rows, and never has fewer than others. */
	static JScrollPane list(final JList<?> list, final int wanted, final int least) {
		list.setVisibleRowCount(wanted);
		final JScrollPane scroll = new JScrollPane(list);
		final Insets insets = scroll.getInsets();
		final int height = list.getPreferredScrollableViewportSize().height * least / wanted;
		scroll.setMinimumSize(new Dimension(0, insets.top + height + insets.bottom));
		return scroll;
	}

	/** Components side by side, equally wide. */
	static JPanel even(final Component... components) {
		final JPanel panel = new JPanel(new GridLayout(1, components.length, GAP, 0));
		for (final Component component : components)
			panel.add(component);
		return panel;
	}

	/** A wide component between a label and something small. @param right may be null */
	static JPanel labelled(final String text, final JComponent wide, final JComponent right) {
		final JPanel panel = new JPanel(new BorderLayout(GAP, 0));
		final JLabel label = new JLabel(text);
		label.setLabelFor(wide);
		final FontMetrics metrics = label.getFontMetrics(label.getFont().deriveFont(Font.PLAIN));
		label.setPreferredSize(new Dimension(metrics.stringWidth(WIDEST_LABEL) + GAP, label.getPreferredSize().height));
		panel.add(label, BorderLayout.WEST);
		panel.add(wide, BorderLayout.CENTER);
		if (right != null) panel.add(right, BorderLayout.EAST);
		return panel;
	}

	static JButton button(final String name, final String text, final String tip, final Runnable action) {
		final JButton button = new JButton(text);
		button.addActionListener(e -> action.run());
		return dress(button, name, tip);
	}

	/** Name, help and small margins. */
	static <B extends AbstractButton> B dress(final B button, final String name, final String tip) {
		button.setName(name);
		button.setToolTipText(tip);
		button.setMargin(new Insets(2, 2, 2, 2));
		return button;
	}

	/**
	 * Plain letters in all parts, since some looks write everything in bold; and clicks leave the keyboard to the image,
	 * but in text fields.
	 */
	static void settle(final Container container) {
		for (final Component component : container.getComponents()) {
			if (component.getFont() != null) component.setFont(component.getFont().deriveFont(Font.PLAIN));
			if (component instanceof JComponent && !(component instanceof JTextComponent)) {
				((JComponent) component).setRequestFocusEnabled(false);
			}
			if (component instanceof Container) settle((Container) component);
		}
	}
}
