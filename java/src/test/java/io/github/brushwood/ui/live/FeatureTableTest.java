package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.live.FeatureGrid;
import io.github.brushwood.session.live.FeatureGrid.Column;
import io.github.brushwood.session.live.FeatureGrid.Line;

import java.awt.Rectangle;
import java.awt.event.MouseEvent;
import java.awt.event.MouseListener;
import java.awt.event.MouseMotionListener;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The table without a screen, with the mouse's events made by hand. */
class FeatureTableTest {

	private final List<String> heard = new ArrayList<>();
	private FeatureGrid grid;
	private FeatureTable table;

	@BeforeEach
	void makeTable() {
		grid = FeatureGrid.parse("gaussian:1", 2, 3, false);
		final FeatureTable.Listener listener = new FeatureTable.Listener() {

			@Override
			public void cellsChanged() {
				heard.add("cells");
			}

			@Override
			public void shapeChanged() {
				heard.add("shape");
			}

			@Override
			public void chosen(final Line line, final Column column) {
				heard.add(line.feature.id + " " + column);
			}
		};
		table = new FeatureTable(grid, grid.groups().get(0), listener);
		table.setWidths(table.labelWidth(), table.cellWidth());
		table.setSize(table.getPreferredSize());
		table.doLayout();
	}

	/** Straight to the table's own listener: the look's one needs a screen. */
	private void mouse(final int type, final int row, final int column, final int dx) {
		final Rectangle cell = table.getCellRect(row, column, false);
		final MouseEvent event = new MouseEvent(table, type, 0, MouseEvent.BUTTON1_DOWN_MASK, (int) cell.getCenterX() + dx,
			(int) cell.getCenterY(), 1, false, MouseEvent.BUTTON1);
		for (final MouseListener listener : table.getMouseListeners()) {
			if (!listener.getClass().getName().startsWith(FeatureTable.class.getName())) continue;
			if (type == MouseEvent.MOUSE_PRESSED) listener.mousePressed(event);
			else if (type == MouseEvent.MOUSE_RELEASED) listener.mouseReleased(event);
			else ((MouseMotionListener) listener).mouseDragged(event);
		}
	}

	private void click(final int row, final int column, final int dx) {
		mouse(MouseEvent.MOUSE_PRESSED, row, column, dx);
		mouse(MouseEvent.MOUSE_RELEASED, row, column, dx);
	}

	@Test
	void boxesSwitch() {
		click(0, 3, 0);
		assertEquals("gaussian:0.7,1", grid.text());
		click(0, 3, 0);
		assertEquals("gaussian:1", grid.text());
		assertEquals("[cells, cells]", heard.toString());
	}

	@Test
	void dragSwitchesAllOnItsWayOnce() {
		mouse(MouseEvent.MOUSE_PRESSED, 1, 3, 0);
		mouse(MouseEvent.MOUSE_DRAGGED, 1, 4, 0);
		mouse(MouseEvent.MOUSE_DRAGGED, 2, 4, 0);
		mouse(MouseEvent.MOUSE_DRAGGED, 0, 4, 0);
		mouse(MouseEvent.MOUSE_RELEASED, 0, 4, 0);
		assertEquals("gaussian:1;laplacian:0.7,1;gradient:1", grid.text());
		assertEquals("[cells]", heard.toString());
	}

	@Test
	void besideTheBoxLooks() {
		click(0, 4, table.cellWidth() / 2 - 2);
		assertEquals("gaussian:1", grid.text());
		assertEquals("[gaussian 1]", heard.toString());
	}

	@Test
	void cellsThatAreNotAllowedDoNothing() {
		int row = 0;
		while (!grid.groups().get(0).lines().get(row).feature.id.equals("gabor"))
			row++;
		assertEquals(null, table.getValueAt(row, 2));
		click(row, 2, 0);
		assertEquals("gaussian:1", grid.text());
		assertEquals("[]", heard.toString());
	}

	@Test
	void keysSwitchAndTipsTell() {
		table.changeSelection(2, 4, false, false);
		table.getActionMap().get("switch").actionPerformed(null);
		assertEquals("gaussian:1;gradient:1", grid.text());
		assertTrue(table.getSelectedRow() == 2);
		final Rectangle cell = table.getCellRect(5, 4, false);
		final String tip = table.getToolTipText(new MouseEvent(table, MouseEvent.MOUSE_MOVED, 0, 0, (int) cell.getCenterX(),
			(int) cell.getCenterY(), 0, false));
		assertFalse(tip.isEmpty());
		assertTrue(tip.contains("hessian 1 3D eigenvalue 3 (channel 2)"), tip);
	}
}
