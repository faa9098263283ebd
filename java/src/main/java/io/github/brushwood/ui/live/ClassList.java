package io.github.brushwood.ui.live;

import io.github.brushwood.session.AnnotationClass;

import java.awt.Color;
import java.awt.Component;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.Rectangle;
import java.awt.event.FocusAdapter;
import java.awt.event.FocusEvent;
import java.awt.event.KeyAdapter;
import java.awt.event.KeyEvent;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.util.Collections;
import java.util.List;

import javax.swing.DefaultListModel;
import javax.swing.Icon;
import javax.swing.JComponent;
import javax.swing.JList;
import javax.swing.JTextField;
import javax.swing.ListCellRenderer;
import javax.swing.ListSelectionModel;
import javax.swing.SwingUtilities;

/** The classes with swatch, eye, name and count of labelled pixels. A double click renames or recolours. */
final class ClassList extends JList<AnnotationClass> {

	private static final long serialVersionUID = 1L;

	private static final int GAP = 6;
	private static final int SWATCH = 14;
	private static final int EYE = 18;
	private static final int EYE_X = GAP + SWATCH + GAP;
	private static final int NAME_X = EYE_X + EYE + GAP;

	private final transient Desk desk;
	private final transient Steps steps;
	private final DefaultListModel<AnnotationClass> classes = new DefaultListModel<>();
	private boolean refreshing;
	private JTextField editor;

	ClassList(final Desk desk, final Steps steps) {
		this.desk = desk;
		this.steps = steps;
		setModel(classes);
		setName("classes");
		setSelectionMode(ListSelectionModel.SINGLE_SELECTION);
		setCellRenderer(new Row());
		setFixedCellHeight(Math.max(22, getFontMetrics(getFont()).getHeight() + 6));
		setFixedCellWidth(120);
		addListSelectionListener(e -> {
			if (!refreshing && getSelectedValue() != null) desk.palette().setClassId(getSelectedValue().id());
		});
		addMouseListener(new MouseAdapter() {

			@Override
			public void mousePressed(final MouseEvent e) {
				clicked(e);
			}
		});
		setToolTipText("");
	}

	void refresh() {
		refreshing = true;
		final List<AnnotationClass> now = desk.actions().session().classes();
		if (!now.equals(Collections.list(classes.elements()))) {
			classes.clear();
			for (final AnnotationClass c : now)
				classes.addElement(c);
		}
		setSelectedValue(desk.currentClass(), true);
		refreshing = false;
		repaint();
	}

	private void clicked(final MouseEvent e) {
		final int index = locationToIndex(e.getPoint());
		final Rectangle cell = index < 0 ? null : getCellBounds(index, index);
		if (cell == null || !cell.contains(e.getPoint()) || !SwingUtilities.isLeftMouseButton(e)) return;
		final AnnotationClass c = classes.get(index);
		if (e.getX() >= EYE_X - GAP / 2 && e.getX() < NAME_X - GAP / 2) steps.toggleVisible(c);
		else if (e.getClickCount() == 2 && e.getX() < EYE_X) steps.recolourClass(c);
		else if (e.getClickCount() == 2) edit(c, cell);
	}

	/** Puts a field over the name. */
	private void edit(final AnnotationClass c, final Rectangle cell) {
		endEdit(null);
		editor = new JTextField(c.name());
		editor.setName("className");
		editor.setBounds(NAME_X - 2, cell.y, cell.width - NAME_X, cell.height);
		editor.addActionListener(e -> endEdit(c));
		editor.addFocusListener(new FocusAdapter() {

			@Override
			public void focusLost(final FocusEvent e) {
				endEdit(c);
			}
		});
		editor.addKeyListener(new KeyAdapter() {

			@Override
			public void keyPressed(final KeyEvent e) {
				if (e.getKeyCode() == KeyEvent.VK_ESCAPE) endEdit(null);
			}
		});
		add(editor);
		editor.selectAll();
		editor.requestFocusInWindow();
		repaint();
	}

	/** @param c null when the name stays */
	private void endEdit(final AnnotationClass c) {
		final JTextField done = editor;
		editor = null;
		if (done == null) return;
		remove(done);
		repaint();
		steps.focusImage();
		if (c != null) steps.renameClass(c, done.getText());
	}

	@Override
	public String getToolTipText(final MouseEvent e) {
		final int index = locationToIndex(e.getPoint());
		if (index < 0 || !getCellBounds(index, index).contains(e.getPoint())) return null;
		if (e.getX() < EYE_X - GAP / 2) return "Double click: colour";
		if (e.getX() < NAME_X - GAP / 2) return "Shows or hides labels and results of the class";
		final String pick = index < 9 ? " (key " + (index + 1) + ")" : "";
		return String.format("%s: %,d labelled pixels. Click%s: strokes get this class; double click: rename", classes.get(
			index).name(), desk.count(classes.get(index)), pick);
	}

	/** A row; draws itself. */
	private final class Row extends JComponent implements ListCellRenderer<AnnotationClass> {

		private static final long serialVersionUID = 1L;

		private transient AnnotationClass shown;
		private boolean selected;
		private int index;
		private final transient Icon open = Icons.eye(true);
		private final transient Icon shut = Icons.eye(false);

		@Override
		public Component getListCellRendererComponent(final JList<? extends AnnotationClass> list,
			final AnnotationClass value, final int position, final boolean isSelected, final boolean hasFocus)
		{
			shown = value;
			selected = isSelected;
			index = position;
			setForeground(isSelected ? getSelectionForeground() : list.getForeground());
			return this;
		}

		@Override
		public Dimension getPreferredSize() {
			return new Dimension(120, getFixedCellHeight());
		}

		@Override
		protected void paintComponent(final Graphics g) {
			if (selected) {
				g.setColor(getSelectionBackground());
				g.fillRect(0, 0, getWidth(), getHeight());
			}
			final int middle = getHeight() / 2;
			g.setColor(shown.colour());
			g.fillRect(GAP, middle - SWATCH / 2, SWATCH, SWATCH);
			g.setColor(Color.DARK_GRAY);
			g.drawRect(GAP, middle - SWATCH / 2, SWATCH, SWATCH);
			final boolean visible = desk.actions().session().isVisible(shown);
			(visible ? open : shut).paintIcon(this, g, EYE_X, middle - EYE / 2);
			paintTexts(g);
		}

		private void paintTexts(final Graphics g) {
			g.setFont(ClassList.this.getFont().deriveFont(selected ? Font.BOLD : Font.PLAIN));
			final FontMetrics metrics = g.getFontMetrics();
			final int base = (getHeight() + metrics.getAscent() - metrics.getDescent()) / 2;
			final String count = String.format("%,d", desk.count(shown));
			final int right = getWidth() - GAP - metrics.stringWidth(count);
			g.setColor(getForeground());
			Texts.antialias(g);
			g.drawString(count, right, base);
			final String number = index < 9 ? (index + 1) + "  " : "";
			g.drawString(Texts.fit(number + shown.name(), metrics, right - GAP - NAME_X), NAME_X, base);
		}
	}
}
