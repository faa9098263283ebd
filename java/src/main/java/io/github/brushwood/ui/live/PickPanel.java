package io.github.brushwood.ui.live;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.ObjectExamples;
import io.github.brushwood.session.ObjectPicking;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.GridLayout;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.util.Collections;
import java.util.List;

import javax.swing.BorderFactory;
import javax.swing.BoxLayout;
import javax.swing.DefaultListCellRenderer;
import javax.swing.DefaultListModel;
import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.ListSelectionModel;

/** What the window of picked objects shows: classes with counts, the error, buttons. */
final class PickPanel extends JPanel {

	private static final long serialVersionUID = 1L;

	private static final int LEAST_ROWS = 5;

	private final transient PickWindow window;
	private final DefaultListModel<AnnotationClass> classes = new DefaultListModel<>();
	private final JList<AnnotationClass> list = new JList<>(classes);
	private final JTextArea state = Widgets.wrapped("");
	private transient ObjectExamples examples = new ObjectExamples();
	private transient ObjectPicking.Result result;
	private transient int[] counts = {};
	private boolean refreshing;

	PickPanel(final PickWindow window) {
		super(new BorderLayout());
		this.window = window;
		final int room = Widgets.em(this) / 2;
		setBorder(BorderFactory.createEmptyBorder(room, room, room, room));
		((BorderLayout) getLayout()).setVgap(room);
		add(Widgets.wrapped("Click on objects: each becomes an example of the chosen class, or none if it was one."),
			BorderLayout.NORTH);
		add(new JScrollPane(list), BorderLayout.CENTER);
		add(below(room), BorderLayout.SOUTH);
		list.setName("pickClasses");
		list.setVisibleRowCount(LEAST_ROWS);
		list.setSelectionMode(ListSelectionModel.SINGLE_SELECTION);
		list.setCellRenderer(new Row());
		list.addListSelectionListener(e -> {
			if (!refreshing && list.getSelectedValue() != null) window.choose(list.getSelectedValue());
		});
		list.addMouseListener(new MouseAdapter() {

			@Override
			public void mouseClicked(final MouseEvent e) {
				if (e.getClickCount() == 2) window.renameClass();
			}
		});
	}

	private JComponent below(final int room) {
		final JPanel below = new JPanel();
		below.setLayout(new BoxLayout(below, BoxLayout.Y_AXIS));
		below.add(left(buttons(3, button("Add", "A new class", window::addClass), button("Rename...",
			"Another name for the chosen class; so does a double click on it", window::renameClass), button("Colour...",
				"Another colour for the chosen class", window::recolourClass), button("Remove",
					"Removes the chosen class with its examples; Undo brings it back", window::removeClass), button("Undo",
						"Takes the last click or change of classes back (" + Keys.MENU + "+Z)", window::undo), button("Redo",
							"Does again what was undone (" + Keys.MENU + "+Y)", window::redo))));
		final JCheckBox colours = new JCheckBox("Colour the objects by class", true);
		colours.addActionListener(e -> window.toggle());
		below.add(left(colours));
		state.setName("pickState");
		state.setRows(3);
		below.add(left(state));
		final JPanel results = buttons(2, button("Save Model...", "Writes the forest for Brushwood Classify Objects",
			window::saveModel), button("Class Image", "8-bit image of the objects' classes", window::showImage), button(
				"Table", "Measures and classes of all objects", window::showTable), button("Help", "What all this is",
					window::help));
		results.setBorder(BorderFactory.createEmptyBorder(room, 0, 0, 0));
		below.add(left(results));
		return below;
	}

	private static JComponent left(final JComponent component) {
		component.setAlignmentX(Component.LEFT_ALIGNMENT);
		return component;
	}

	private static JPanel buttons(final int columns, final JButton... all) {
		final JPanel panel = new JPanel(new GridLayout(0, columns));
		for (final JButton each : all)
			panel.add(each);
		return panel;
	}

	private static JButton button(final String text, final String tip, final Runnable action) {
		final JButton button = new JButton(text);
		button.setToolTipText(tip);
		button.setFocusable(false); // keys are the image's
		button.addActionListener(e -> action.run());
		return button;
	}

	/** What the last forest said; null for none. */
	ObjectPicking.Result result() {
		return result;
	}

	/** @param chosen class; may be null */
	void show(final ObjectExamples newExamples, final ObjectPicking.Result newResult, final AnnotationClass chosen) {
		examples = newExamples;
		result = newResult;
		counts = result == null ? new int[0] : result.counts();
		refreshing = true;
		final List<AnnotationClass> now = examples.classes().list();
		if (!now.equals(Collections.list(classes.elements()))) {
			classes.clear();
			for (final AnnotationClass c : now)
				classes.addElement(c);
		}
		list.setSelectedValue(chosen, true);
		refreshing = false;
		list.repaint();
		tell();
	}

	private void tell() {
		final StringBuilder text = new StringBuilder().append(examples.count()).append(examples.count() == 1
			? " example. " : " examples. ");
		if (result == null) text.append("Click on some objects of each class.");
		else if (Double.isNaN(result.error)) text.append("More examples are needed to tell the error.");
		else text.append("Error on examples that trees had not seen: ").append(Widgets.percent(result.error)).append(
			". Correct what is wrong by clicking on it.");
		state.setText(text.toString());
	}

	/** @param step that is running; null for none */
	void busy(final String step) {
		if (step == null) tell();
		else state.setText(step);
	}

	/** Swatch, number, name, examples and objects. */
	private final class Row extends DefaultListCellRenderer {

		private static final long serialVersionUID = 1L;

		@Override
		public Component getListCellRendererComponent(final JList<?> all, final Object value, final int index,
			final boolean selected, final boolean focus)
		{
			final AnnotationClass c = (AnnotationClass) value;
			final JLabel label = (JLabel) super.getListCellRendererComponent(all, value, index, selected, focus);
			final int number = result == null ? 0 : labelOf(c);
			label.setText((index < Keys.MAX_DIGIT ? (index + 1) + "  " : "    ") + c.name() + "   " + examples.count(c) +
				(examples.count(c) == 1 ? " example" : " examples") + (number == 0 ? "" : ", " + counts[number] +
					(counts[number] == 1 ? " object" : " objects")));
			label.setIcon(Widgets.swatch(label, c.colour()));
			return label;
		}

		/** A class that was changed since keeps its id. */
		private int labelOf(final AnnotationClass c) {
			return result.classes.label(result.classes.byId(c.id()));
		}
	}
}
