package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Component;

import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JScrollPane;
import javax.swing.JViewport;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RowsTest {

	private static final int WIDTH = 200;
	private static final int ROW = 20;

	private final Rows rows = new Rows();
	private final JScrollPane classes = list(5, 3);
	private final JScrollPane images = list(3, 2);
	private final JViewport viewport = new JViewport();

	private static JScrollPane list(final int wanted, final int least) {
		final JList<String> list = new JList<>();
		list.setFixedCellHeight(ROW);
		return Rows.list(list, wanted, least);
	}

	@BeforeEach
	void fill() {
		rows.row(new JLabel("above"));
		rows.elastic(classes, 0.7);
		rows.elastic(images, 0.3);
		viewport.setView(rows);
	}

	/** Lays out as a scroll pane of some height does. */
	private void layOut(final int height) {
		viewport.setSize(WIDTH, height);
		rows.setSize(WIDTH, rows.getScrollableTracksViewportHeight() ? height : rows.getPreferredSize().height);
		rows.doLayout();
	}

	private static int bottom(final Component c) {
		return c.getY() + c.getHeight();
	}

	@Test
	void listsHaveTheRowsTheyWant() {
		layOut(rows.getPreferredScrollableViewportSize().height);
		assertEquals(5 * ROW, classes.getHeight() - classes.getInsets().top - classes.getInsets().bottom);
		assertEquals(3 * ROW, images.getHeight() - images.getInsets().top - images.getInsets().bottom);
	}

	@Test
	void listsShareTheRoomThatIsLeftOver() {
		layOut(rows.getPreferredScrollableViewportSize().height + 100);
		assertEquals(classes.getPreferredSize().height + 70, classes.getHeight());
		assertEquals(images.getPreferredSize().height + 30, images.getHeight());
	}

	@Test
	void listsGiveWayButNotBelowTheirLeastRows() {
		final int least = rows.getPreferredSize().height;
		assertEquals(rows.getPreferredScrollableViewportSize().height - 3 * ROW, least);
		for (int height = least; height < rows.getPreferredScrollableViewportSize().height; height++) {
			layOut(height);
			assertTrue(rows.getScrollableTracksViewportHeight());
			assertTrue(bottom(images) + rows.getInsets().bottom <= height, "all is seen");
			assertTrue(classes.getHeight() >= 3 * ROW && images.getHeight() >= 2 * ROW);
		}
		layOut(least - 1);
		assertFalse(rows.getScrollableTracksViewportHeight());
		assertEquals(classes.getMinimumSize().height, classes.getHeight(), "scrolled lists are low");
	}
}
