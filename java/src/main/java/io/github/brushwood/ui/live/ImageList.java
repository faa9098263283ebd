package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.LiveImage;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Font;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.util.Collections;
import java.util.List;

import javax.swing.BorderFactory;
import javax.swing.DefaultListModel;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JPanel;
import javax.swing.ListCellRenderer;
import javax.swing.ListSelectionModel;

/** The images of the session; a double click shows one. */
final class ImageList extends JList<LiveImage> {

	private static final long serialVersionUID = 1L;

	private static final int GAP = 6;

	private final transient SegmentWindow window;
	private final DefaultListModel<LiveImage> images = new DefaultListModel<>();

	ImageList(final SegmentWindow window) {
		this.window = window;
		setModel(images);
		setName("images");
		setSelectionMode(ListSelectionModel.SINGLE_SELECTION);
		setCellRenderer(new Row());
		setFixedCellWidth(120);
		setToolTipText(""); // asks below
		addMouseListener(new MouseAdapter() {

			@Override
			public void mouseClicked(final MouseEvent e) {
				if (e.getClickCount() == 2 && getSelectedValue() != null) window.steps().showImage(getSelectedValue());
			}
		});
	}

	void refresh() {
		final List<LiveImage> now = window.actions().session().images();
		final LiveImage selected = getSelectedValue();
		if (!now.equals(Collections.list(images.elements()))) {
			images.clear();
			for (final LiveImage image : now)
				images.addElement(image);
			setSelectedValue(selected, false);
		}
		repaint();
	}

	@Override
	public String getToolTipText(final MouseEvent e) {
		final int index = locationToIndex(e.getPoint());
		if (index < 0 || !getCellBounds(index, index).contains(e.getPoint())) return null;
		final LiveImage image = images.get(index);
		return String.format("%s: %,d labelled pixels. %s", image.title(), image.labels().count(), image.image() == null
			? "Its pixels were not found: open the file and add it again" : "Double click: shows its window");
	}

	/** Title and count of labelled pixels; this window's image is bold, images without pixels are grey. */
	private final class Row extends JPanel implements ListCellRenderer<LiveImage> {

		private static final long serialVersionUID = 1L;

		private final JLabel title = new JLabel();
		private final JLabel count = new JLabel();

		Row() {
			super(new BorderLayout(GAP, 0));
			setBorder(BorderFactory.createEmptyBorder(1, GAP, 1, GAP));
			add(title, BorderLayout.CENTER);
			add(count, BorderLayout.EAST);
		}

		@Override
		public Component getListCellRendererComponent(final JList<? extends LiveImage> list, final LiveImage image,
			final int index, final boolean selected, final boolean focus)
		{
			final boolean missing = image.image() == null;
			title.setText(image.title() + (missing ? " (not open)" : ""));
			count.setText(String.format("%,d", image.labels().count()));
			setBackground(selected ? list.getSelectionBackground() : list.getBackground());
			for (final JLabel label : new JLabel[] { title, count }) {
				label.setFont(list.getFont().deriveFont(image == window.liveImage() ? Font.BOLD : Font.PLAIN));
				label.setForeground(selected ? list.getSelectionForeground() : list.getForeground());
				label.setEnabled(!missing);
			}
			return this;
		}
	}
}
