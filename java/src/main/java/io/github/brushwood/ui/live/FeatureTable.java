package io.github.brushwood.ui.live;

import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.session.live.FeatureGrid;
import io.github.brushwood.session.live.FeatureGrid.Column;
import io.github.brushwood.session.live.FeatureGrid.Group;
import io.github.brushwood.session.live.FeatureGrid.Line;

import java.awt.BorderLayout;
import java.awt.Color;
import java.awt.Component;
import java.awt.FontMetrics;
import java.awt.GridLayout;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.event.KeyEvent;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.util.List;

import javax.swing.BorderFactory;
import javax.swing.ButtonGroup;
import javax.swing.JCheckBox;
import javax.swing.JLabel;
import javax.swing.JMenuItem;
import javax.swing.JPanel;
import javax.swing.JPopupMenu;
import javax.swing.JRadioButtonMenuItem;
import javax.swing.JTable;
import javax.swing.KeyStroke;
import javax.swing.ListSelectionModel;
import javax.swing.SwingConstants;
import javax.swing.UIManager;
import javax.swing.border.Border;
import javax.swing.event.ListSelectionEvent;
import javax.swing.table.AbstractTableModel;
import javax.swing.table.DefaultTableCellRenderer;
import javax.swing.table.DefaultTableColumnModel;
import javax.swing.table.TableCellRenderer;
import javax.swing.table.TableColumn;

/**
 * One group of a {@link FeatureGrid}: a box per feature and number. A click on the box, or the space bar, switches it;
 * a drag switches all boxes on its way; a click beside the box chooses the cell to look at. Column headings and cells
 * have menus.
 */
final class FeatureTable extends JTable {

	private static final long serialVersionUID = 1L;
	private static final int CHANNELS_IN_A_ROW = 8;

	/** Hears what the user does. */
	interface Listener {

		void cellsChanged();

		/** Lines or columns came, went or moved. */
		void shapeChanged();

		void chosen(Line line, Column column);
	}

	private final transient FeatureGrid grid;
	private final transient Group group;
	private final transient List<Column> columns;
	private final transient Listener listener;
	/** Number of table columns before the boxes. */
	private final int first;
	/** What a drag gives to the boxes on its way; null when there is no drag. */
	private transient Boolean dragged;

	FeatureTable(final FeatureGrid grid, final Group group, final Listener listener) {
		this.grid = grid;
		this.group = group;
		this.listener = listener;
		columns = group.columns();
		first = grid.channels() > 1 ? 2 : 1;
		setName("features by " + group.parameter);
		getAccessibleContext().setAccessibleName(getName());
		setAutoCreateColumnsFromModel(false);
		setModel(new Cells());
		setColumnModel(makeColumns());
		setAutoResizeMode(AUTO_RESIZE_OFF);
		setRowHeight(Widgets.em(this) * 3 / 2);
		setCellSelectionEnabled(true);
		setSelectionMode(ListSelectionModel.SINGLE_SELECTION);
		getTableHeader().setReorderingAllowed(false);
		getTableHeader().setResizingAllowed(false);
		listen();
	}

	Group group() {
		return group;
	}

	private DefaultTableColumnModel makeColumns() {
		final DefaultTableColumnModel model = new DefaultTableColumnModel();
		for (int i = 0; i < first + columns.size(); i++) {
			final TableColumn column = new TableColumn(i);
			column.setCellRenderer(i == 0 ? new LabelCell() : i < first ? new ChannelCell() : new BoxCell());
			column.setHeaderRenderer(i < first ? plainHeading() : new Heading());
			column.setHeaderValue(i == 0 ? "Feature" : i < first ? "Channels" : columns.get(i - first));
			model.addColumn(column);
		}
		return model;
	}

	/** In the look of the other headings. */
	private TableCellRenderer plainHeading() {
		return (table, value, selected, focused, row, column) -> {
			final Component c = getTableHeader().getDefaultRenderer().getTableCellRendererComponent(table, value, selected,
				focused, row, column);
			if (!(c instanceof JLabel)) return c;
			((JLabel) c).setHorizontalAlignment(SwingConstants.LEADING);
			final Border usual = UIManager.getBorder("TableHeader.cellBorder");
			((JLabel) c).setBorder(BorderFactory.createCompoundBorder(usual, Widgets.cellBorder(table)));
			return c;
		};
	}

	/** Width that the names need. */
	int labelWidth() {
		final FontMetrics metrics = getFontMetrics(getFont());
		int width = metrics.stringWidth("Feature");
		for (final Line line : group.lines())
			width = Math.max(width, metrics.stringWidth(line.feature.label));
		return width + Widgets.em(this) * 3 / 2;
	}

	/** Width that the numbers need. */
	int cellWidth() {
		int width = Widgets.em(this) * 3;
		for (int i = first; i < getColumnCount(); i++)
			width = Math.max(width, heading(i).getPreferredSize().width);
		return width;
	}

	private Component heading(final int column) {
		final TableColumn c = getColumnModel().getColumn(column);
		return c.getHeaderRenderer().getTableCellRendererComponent(this, c.getHeaderValue(), false, false, -1, column);
	}

	void setWidths(final int label, final int cell) {
		setWidth(0, label);
		if (first > 1) setWidth(1, getFontMetrics(getFont()).stringWidth("Channels") + Widgets.em(this) * 3 / 2);
		for (int i = first; i < getColumnCount(); i++)
			setWidth(i, cell);
	}

	private void setWidth(final int column, final int width) {
		final TableColumn c = getColumnModel().getColumn(column);
		c.setMinWidth(width);
		c.setMaxWidth(width);
		c.setPreferredWidth(width);
		c.setWidth(width);
	}

	private void listen() {
		final MouseAdapter mouse = new MouseAdapter() {

			@Override
			public void mousePressed(final MouseEvent e) {
				if (!menu(e)) press(e);
			}

			@Override
			public void mouseDragged(final MouseEvent e) {
				drag(e);
			}

			@Override
			public void mouseReleased(final MouseEvent e) {
				if (dragged != null) listener.cellsChanged();
				dragged = null;
				menu(e);
			}
		};
		addMouseListener(mouse);
		addMouseMotionListener(mouse);
		getTableHeader().addMouseListener(new MouseAdapter() {

			@Override
			public void mousePressed(final MouseEvent e) {
				final int column = columnAtPoint(e.getPoint());
				if (column < first) return;
				final Rectangle cell = getTableHeader().getHeaderRect(column);
				columnMenu(columns.get(column - first)).show(getTableHeader(), cell.x, cell.y + cell.height);
			}
		});
		getInputMap().put(KeyStroke.getKeyStroke(KeyEvent.VK_SPACE, 0), "switch");
		getActionMap().put("switch", Widgets.action("Switch", this::switchSelected));
		getInputMap().put(KeyStroke.getKeyStroke(KeyEvent.VK_F10, KeyEvent.SHIFT_DOWN_MASK), "menu");
		getInputMap().put(KeyStroke.getKeyStroke(KeyEvent.VK_CONTEXT_MENU, 0), "menu");
		getActionMap().put("menu", Widgets.action("Menu", () -> {
			final Rectangle cell = getCellRect(getSelectedRow(), getSelectedColumn(), false);
			if (getSelectedRow() >= 0) showMenu(getSelectedRow(), getSelectedColumn(), new Point(cell.x, cell.y + cell.height));
		}));
	}

	/** Whether a point is on the box of its cell. */
	private boolean isOnBox(final Point p) {
		final int row = rowAtPoint(p);
		final int column = columnAtPoint(p);
		if (row < 0 || column < first || !lineAt(row).allows(columns.get(column - first))) return false;
		final Rectangle cell = getCellRect(row, column, false);
		return Math.abs(p.x - (int) cell.getCenterX()) <= getRowHeight() / 2;
	}

	private Line lineAt(final int row) {
		return group.lines().get(row);
	}

	private void press(final MouseEvent e) {
		final int row = rowAtPoint(e.getPoint());
		final int column = columnAtPoint(e.getPoint());
		if (row < 0 || e.getButton() != MouseEvent.BUTTON1) return;
		if (isOnBox(e.getPoint())) {
			dragged = !lineAt(row).isOn(columns.get(column - first));
			drag(e);
		}
		else if (column >= first) tell(row, column);
		else if (column == 1 && !lineAt(row).feature.rgb) {
			final Rectangle cell = getCellRect(row, column, false);
			channelMenu(lineAt(row)).show(this, cell.x, cell.y + cell.height);
		}
	}

	private void drag(final MouseEvent e) {
		if (dragged == null || !isOnBox(e.getPoint())) return;
		final int row = rowAtPoint(e.getPoint());
		lineAt(row).set(columns.get(columnAtPoint(e.getPoint()) - first), dragged);
		repaint();
	}

	private void switchSelected() {
		final int row = getSelectedRow();
		final int column = getSelectedColumn() - first;
		if (row < 0 || column < 0 || !lineAt(row).allows(columns.get(column))) return;
		lineAt(row).set(columns.get(column), !lineAt(row).isOn(columns.get(column)));
		repaint();
		listener.cellsChanged();
	}

	/** Moving with the keys looks at the cell as a click does. */
	@Override
	public void changeSelection(final int row, final int column, final boolean toggle, final boolean extend) {
		final boolean byKey = java.awt.EventQueue.getCurrentEvent() instanceof KeyEvent;
		super.changeSelection(row, column, toggle, extend);
		if (byKey && column >= first && row >= 0) tell(row, column);
	}

	@Override
	public void valueChanged(final ListSelectionEvent e) {
		super.valueChanged(e);
		repaint();
	}

	private void tell(final int row, final int column) {
		if (lineAt(row).allows(columns.get(column - first))) listener.chosen(lineAt(row), columns.get(column - first));
	}

	private boolean menu(final MouseEvent e) {
		if (!e.isPopupTrigger()) return false;
		final int row = rowAtPoint(e.getPoint());
		if (row < 0) return false;
		showMenu(row, columnAtPoint(e.getPoint()), e.getPoint());
		return true;
	}

	private void showMenu(final int row, final int column, final Point at) {
		super.changeSelection(row, column, false, false);
		final Line line = lineAt(row);
		final JPopupMenu menu = column >= first ? columnMenu(columns.get(column - first)) : new JPopupMenu();
		if (column >= first && line.allows(columns.get(column - first))) menu.insert(Widgets.action("Show on the image",
			() -> tell(row, column)), 0);
		menu.add(Widgets.action("Use at all numbers", () -> setAll(line, true)));
		menu.add(Widgets.action("Use at none", () -> setAll(line, false)));
		if (grid.channels() > 1 && !line.feature.rgb) addLineItems(menu, line);
		menu.show(this, at.x, at.y);
	}

	private void addLineItems(final JPopupMenu menu, final Line line) {
		menu.addSeparator();
		menu.add(Widgets.action("Add a line with other channels", () -> {
			grid.addLine(line);
			listener.shapeChanged();
		}));
		final JMenuItem remove = menu.add(Widgets.action("Remove this line", () -> {
			grid.removeLine(line);
			listener.shapeChanged();
		}));
		remove.setEnabled(group.lines().stream().filter(other -> other.feature == line.feature).count() > 1);
	}

	private void setAll(final Line line, final boolean on) {
		for (final Column column : columns)
			line.set(column, on);
		repaint();
		listener.cellsChanged();
	}

	private JPopupMenu columnMenu(final Column column) {
		final JPopupMenu menu = new JPopupMenu();
		if (grid.dims() == 3 && !group.parameter.isEmpty()) addDims(menu, column);
		menu.add(Widgets.action("Use all in this column", () -> setAll(column, true)));
		menu.add(Widgets.action("Use none in this column", () -> setAll(column, false)));
		if (!group.parameter.isEmpty()) menu.add(Widgets.action("Remove " + group.parameter + " " + column, () -> {
			grid.removeColumn(group, column);
			listener.shapeChanged();
		}));
		return menu;
	}

	private void addDims(final JPopupMenu menu, final Column column) {
		final ButtonGroup choice = new ButtonGroup();
		for (int dims = 2; dims <= 3; dims++) {
			final int wanted = dims;
			final JMenuItem item = new JRadioButtonMenuItem(Widgets.action(dims == 2 ? "2D, slice by slice" : "3D", () -> {
				grid.setDims(group, column, wanted);
				listener.shapeChanged();
			}));
			item.setSelected(column.dims == dims);
			choice.add(item);
			menu.add(item);
		}
		menu.addSeparator();
	}

	private void setAll(final Column column, final boolean on) {
		for (final Line line : group.lines())
			line.set(column, on);
		repaint();
		listener.cellsChanged();
	}

	/** Boxes for the channels; the last one that is on stays on. */
	private JPopupMenu channelMenu(final Line line) {
		final JPopupMenu menu = new JPopupMenu();
		final JPanel boxes = new JPanel(new GridLayout(0, Math.min(CHANNELS_IN_A_ROW, grid.channels())));
		boxes.setBorder(BorderFactory.createEmptyBorder(4, 4, 4, 4));
		for (int i = 0; i < grid.channels(); i++) {
			final long bit = 1L << i;
			final JCheckBox box = new JCheckBox(String.valueOf(i + 1), (line.channels() & bit) != 0);
			box.addActionListener(e -> {
				final long mask = line.channels() ^ bit;
				box.setSelected(mask == 0 || (mask & bit) != 0);
				if (mask == 0) return;
				line.setChannels(mask);
				repaint();
				listener.cellsChanged();
			});
			boxes.add(box);
		}
		final JLabel title = new JLabel("Channels of " + line.feature.label);
		title.setBorder(BorderFactory.createEmptyBorder(4, 8, 0, 8));
		title.setAlignmentX(LEFT_ALIGNMENT);
		boxes.setAlignmentX(LEFT_ALIGNMENT);
		menu.add(title);
		menu.add(boxes);
		return menu;
	}

	@Override
	public String getToolTipText(final MouseEvent e) {
		final int row = rowAtPoint(e.getPoint());
		final int column = columnAtPoint(e.getPoint()) - first;
		if (row < 0) return null;
		final FeatureRow f = lineAt(row).feature;
		if (column == -first) return "<html><b>" + f.label + "</b><br>" + f.doc.replace("<", "&lt;") + "<br>Unit: " + f.unit +
			(f.hasSigma ? "; " + f.range() : "") + (f.source.isEmpty() ? "" : "<br>" + f.source) + "</html>";
		if (column < 0) return f.rgb ? "Reads red, green and blue together."
			: "Channels that the feature reads; click to choose.";
		if (!lineAt(row).allows(columns.get(column))) return f.label + " takes " + f.range() + ".";
		return String.join(", ", grid.names(lineAt(row), columns.get(column)));
	}

	private final class Cells extends AbstractTableModel {

		private static final long serialVersionUID = 1L;

		@Override
		public int getRowCount() {
			return group.lines().size();
		}

		@Override
		public int getColumnCount() {
			return first + columns.size();
		}

		@Override
		public Object getValueAt(final int row, final int column) {
			final Line line = lineAt(row);
			if (column == 0) return line.feature.label;
			if (column < first) return line.channelText();
			final Column c = columns.get(column - first);
			return line.allows(c) ? line.isOn(c) : null;
		}
	}

	private static final class LabelCell extends DefaultTableCellRenderer {

		private static final long serialVersionUID = 1L;

		@Override
		public Component getTableCellRendererComponent(final JTable table, final Object value, final boolean selected,
			final boolean focused, final int row, final int column)
		{
			super.getTableCellRendererComponent(table, value, false, false, row, column);
			setBorder(Widgets.cellBorder(table));
			return this;
		}
	}

	private final class ChannelCell extends DefaultTableCellRenderer {

		private static final long serialVersionUID = 1L;

		@Override
		public Component getTableCellRendererComponent(final JTable table, final Object value, final boolean selected,
			final boolean focused, final int row, final int column)
		{
			super.getTableCellRendererComponent(table, value, false, false, row, column);
			setBorder(Widgets.cellBorder(table));
			setIcon(lineAt(row).feature.rgb ? null : Widgets.arrow(table));
			setHorizontalTextPosition(LEADING);
			return this;
		}
	}

	/** A box; nothing where the feature does not take the number. */
	private static final class BoxCell extends JCheckBox implements TableCellRenderer {

		private static final long serialVersionUID = 1L;
		private final JLabel none = new JLabel();

		BoxCell() {
			setHorizontalAlignment(CENTER);
			setBorderPainted(true);
			none.setOpaque(true);
		}

		@Override
		public Component getTableCellRendererComponent(final JTable table, final Object value, final boolean selected,
			final boolean focused, final int row, final int column)
		{
			final Color back = selected ? table.getSelectionBackground() : table.getBackground();
			none.setBackground(Widgets.mix(back, table.getForeground(), 0.08));
			if (value == null) return none;
			setSelected((Boolean) value);
			setBackground(back);
			setForeground(table.getForeground());
			setBorder(BorderFactory.createEmptyBorder());
			return this;
		}
	}

	/** The number, and below it the dimensions where there is a choice. */
	private final class Heading extends JPanel implements TableCellRenderer {

		private static final long serialVersionUID = 1L;
		private final JLabel number = new JLabel("", SwingConstants.CENTER);
		private final JLabel dims = new JLabel("", SwingConstants.CENTER);

		Heading() {
			super(new BorderLayout());
			setBorder(UIManager.getBorder("TableHeader.cellBorder"));
			add(number, BorderLayout.CENTER);
			if (grid.dims() == 3 && !group.parameter.isEmpty()) add(dims, BorderLayout.SOUTH);
			final JLabel last = getComponentCount() > 1 ? dims : number;
			last.setIcon(Widgets.arrow(number));
			last.setHorizontalTextPosition(SwingConstants.LEADING);
		}

		@Override
		public Component getTableCellRendererComponent(final JTable table, final Object value, final boolean selected,
			final boolean focused, final int row, final int column)
		{
			final Column c = (Column) value;
			number.setText(group.parameter.isEmpty() ? "use" : c.toString());
			dims.setText(c.dims + "D");
			number.setFont(getTableHeader().getFont());
			dims.setFont(getTableHeader().getFont());
			setBackground(getTableHeader().getBackground());
			setForeground(getTableHeader().getForeground());
			return this;
		}
	}
}
