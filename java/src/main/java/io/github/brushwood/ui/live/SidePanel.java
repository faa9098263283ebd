package io.github.brushwood.ui.live;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.Output;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.live.LiveSession;
import io.github.brushwood.session.live.LiveUpdater;
import io.github.brushwood.session.live.Show;

import java.awt.BorderLayout;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.Graphics;
import java.awt.Panel;
import java.awt.event.FocusAdapter;
import java.awt.event.FocusEvent;
import java.awt.event.KeyEvent;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

import javax.swing.ButtonGroup;
import javax.swing.Icon;
import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JMenuItem;
import javax.swing.JPanel;
import javax.swing.JPopupMenu;
import javax.swing.JProgressBar;
import javax.swing.JRootPane;
import javax.swing.JScrollPane;
import javax.swing.JSlider;
import javax.swing.JTextField;
import javax.swing.JToggleButton;
import javax.swing.KeyStroke;
import javax.swing.MenuSelectionManager;
import javax.swing.ScrollPaneConstants;
import javax.swing.SwingConstants;
import javax.swing.event.PopupMenuEvent;
import javax.swing.event.PopupMenuListener;
import javax.swing.text.JTextComponent;

/**
 * The panel beside the image. A heavyweight panel, as ImageJ's window paints no lightweight ones; Swing inside, with a
 * root pane of its own. On the event thread.
 */
final class SidePanel extends Panel {

	private static final long serialVersionUID = 1L;

	private static final int WIDTH = 262;
	private static final int VISIBLE_CLASSES = 5;
	private static final int LEAST_CLASSES = 3;
	private static final double CLASSES_SHARE = 0.7;
	private static final int VISIBLE_IMAGES = 3;
	private static final int LEAST_IMAGES = 2;
	private static final int STATE_LINES = 2;
	private static final int PERCENT = 100;
	private static final Color WARNING = new Color(0xB00020);

	/** What can be shown, as in the choice. */
	private enum Kind {
		PROBABILITIES("Probabilities", Show.Kind.PROBABILITIES), PROBABILITY("Probability of the class",
			Show.Kind.PROBABILITY), SEGMENTATION("Segmentation", Show.Kind.SEGMENTATION), UNCERTAINTY("Uncertainty",
				Show.Kind.UNCERTAINTY), FEATURE("Feature", Show.Kind.FEATURE), NOTHING("Nothing", Show.Kind.NOTHING);

		private final String text;
		private final Show.Kind kind;

		Kind(final String text, final Show.Kind kind) {
			this.text = text;
			this.kind = kind;
		}

		static Kind of(final Show.Kind kind) {
			return valueOf(kind.name());
		}

		@Override
		public String toString() {
			return text;
		}
	}

	private final transient SegmentWindow window;
	private final transient Desk desk;
	private final transient Steps steps;
	private final transient Map<Palette.Mode, JToggleButton> tools = new EnumMap<>(Palette.Mode.class);
	private final JSlider size = new JSlider(0, PERCENT);
	private final JTextField sizeField = new JTextField(3);
	private final ClassList classes;
	private final JComboBox<Kind> kinds = new JComboBox<>(Kind.values());
	private final JComboBox<String> features = new JComboBox<>();
	private final JSlider opacity = new JSlider(0, PERCENT);
	private final JSlider labelOpacity = new JSlider(0, PERCENT);
	private final JCheckBox live = new JCheckBox("Live");
	private final JProgressBar progress = new JProgressBar(0, PERCENT);
	private final JLabel state = new JLabel(" ");
	private final JButton undo;
	private final JButton redo;
	private final ImageList images;
	/** While components are set, not used. */
	private boolean refreshing;

	SidePanel(final SegmentWindow window) {
		super(new BorderLayout());
		this.window = window;
		desk = window.desk();
		steps = window.steps();
		classes = new ClassList(desk, steps);
		images = new ImageList(window);
		undo = Rows.button("undo", "Undo", "", steps::undo);
		redo = Rows.button("redo", "Redo", "", steps::redo);
		final JRootPane root = new Root();
		root.getContentPane().add(scrolled(rows()));
		root.getContentPane().add(footer(), BorderLayout.SOUTH);
		add(root, BorderLayout.CENTER);
		Rows.settle(root);
		refresh(EnumSet.allOf(Desk.Aspect.class));
	}

	/** Gives keys that mean nothing to the part that has the keyboard to the window, and to ImageJ. */
	private final class Root extends JRootPane {

		private static final long serialVersionUID = 1L;

		@Override
		protected boolean processKeyBinding(final KeyStroke stroke, final KeyEvent e, final int condition,
			final boolean pressed)
		{
			if (super.processKeyBinding(stroke, e, condition, pressed)) return true;
			if (MenuSelectionManager.defaultManager().getSelectedPath().length > 0) return false; // keys are for the menu
			final boolean typing = e.getComponent() instanceof JTextComponent;
			if (typing || condition != WHEN_ANCESTOR_OF_FOCUSED_COMPONENT) return false;
			window.passKey(e);
			return true;
		}
	}

	// ---- what is there

	private Rows rows() {
		final Rows rows = new Rows();
		rows.row(toolRow());
		rows.row(sizeRow());
		rows.section(heading("Classes"));
		rows.elastic(Rows.list(classes, VISIBLE_CLASSES, LEAST_CLASSES), CLASSES_SHARE);
		rows.row(Rows.even(Rows.button("addClass", "Add", "Adds a class", steps::addClass), Rows.button("removeClass",
			"Remove", "Removes the class with its labels", steps::removeClass), Rows.button("mergeClass", "Merge...",
				"Gives all labels of the class to another one", steps::mergeClass)));
		rows.row(Rows.button("addSelection", "Add selection to class",
			"Gives the pixels of ImageJ's selection to the class (A)", window::addSelection));
		showRows(rows);
		liveRows(rows);
		rows.section(heading("Images"));
		rows.elastic(Rows.list(images, VISIBLE_IMAGES, LEAST_IMAGES), 1 - CLASSES_SHARE);
		rows.row(Rows.even(menuButton("addImage", "Add...", "Adds open images or files", this::fillAddMenu), Rows.button(
			"removeImage", "Remove", "Takes the selected image out of the session", this::removeImage)));
		return rows;
	}

	/** What stays in sight however low the window is. */
	private Rows footer() {
		final Rows rows = new Rows();
		progress.setName("progress");
		state.setName("state");
		state.setVerticalAlignment(SwingConstants.TOP);
		state.setPreferredSize(new Dimension(0, STATE_LINES * state.getFontMetrics(state.getFont()).getHeight()));
		rows.row(progress);
		rows.row(state);
		rows.row(Rows.even(Rows.button("save", "Save", "Saves the session", steps::saveSession), menuButton("results",
			"Results", "Results as images and files, model, folders", this::fillResultMenu), menuButton("more", "More",
				"Session files, annotations and help", this::fillMoreMenu)));
		return rows;
	}

	private static JLabel heading(final String text) {
		return new JLabel(text);
	}

	private JPanel toolRow() {
		final ButtonGroup group = new ButtonGroup();
		return Rows.even(tool(group, Palette.Mode.BRUSH, "Brush", Icons.brush(),
			"Paints labels of the class (B); Shift + click: straight line"), tool(group, Palette.Mode.ERASER, "Eraser", Icons
				.eraser(), "Removes labels (E)"), tool(group, Palette.Mode.LINE, "Line", Icons.line(),
					"Draws a straight line (L)"), tool(group, Palette.Mode.IMAGEJ, "ImageJ", Icons.pointer(),
						"The mouse belongs to the tool in ImageJ's toolbar: selections, magnifier and others (S or Esc)"));
	}

	private JToggleButton tool(final ButtonGroup group, final Palette.Mode mode, final String text, final Icon icon,
		final String tip)
	{
		final JToggleButton button = Rows.dress(new JToggleButton(text, icon), mode.name().toLowerCase(), tip);
		button.setVerticalTextPosition(SwingConstants.BOTTOM);
		button.setHorizontalTextPosition(SwingConstants.CENTER);
		button.addActionListener(e -> desk.palette().setMode(mode));
		group.add(button);
		tools.put(mode, button);
		return button;
	}

	private JPanel sizeRow() {
		size.setName("brushSize");
		sizeField.setName("brushSizeField");
		final String tip = "Brush diameter in pixels of the image ([ and ], or " + Keys.MENU + " + wheel)";
		size.setToolTipText(tip);
		sizeField.setToolTipText(tip);
		sizeField.setHorizontalAlignment(SwingConstants.RIGHT);
		size.addChangeListener(e -> {
			if (!refreshing) desk.palette().setSize((int) Math.round(Math.pow(Palette.MAX_SIZE, size.getValue() /
				(double) PERCENT)));
		});
		sizeField.addActionListener(e -> {
			typedSize();
			window.canvas().requestFocusInWindow();
		});
		sizeField.addFocusListener(new FocusAdapter() {

			@Override
			public void focusLost(final FocusEvent e) {
				typedSize();
			}
		});
		return Rows.labelled("Size", size, sizeField);
	}

	private void typedSize() {
		try {
			desk.palette().setSize((int) Math.round(Double.parseDouble(sizeField.getText().trim())));
		}
		catch (final NumberFormatException e) {
			sizeField.setText(String.valueOf(desk.palette().size()));
		}
	}

	private void showRows(final Rows rows) {
		kinds.setName("show");
		kinds.setToolTipText("What lies over the image (O: off and on; H held: hide)");
		kinds.addActionListener(e -> {
			if (!refreshing) desk.palette().setKind(((Kind) kinds.getSelectedItem()).kind);
		});
		features.setName("feature");
		features.setToolTipText("The feature to look at");
		features.setPrototypeDisplayValue("a feature");
		features.addActionListener(e -> {
			if (!refreshing && features.getSelectedIndex() >= 0) desk.palette().setFeature(features.getSelectedIndex());
		});
		kinds.addPopupMenuListener(new KeyboardLoan(kinds));
		features.addPopupMenuListener(new KeyboardLoan(features));
		rows.section(Rows.labelled("Show", kinds, null));
		rows.row(features);
		slider(opacity, "opacity", "Opacity of what lies over the image", value -> desk.palette().setOpacity(value));
		slider(labelOpacity, "labelOpacity", "Opacity of the inside of labelled areas; outlines stay", value -> desk
			.palette().setLabelOpacity(value));
		rows.row(Rows.labelled("Opacity", opacity, null));
		rows.row(Rows.labelled("Labels", labelOpacity, null));
	}

	private void slider(final JSlider slider, final String name, final String tip,
		final IntConsumer set)
	{
		slider.setName(name);
		slider.setToolTipText(tip);
		slider.addChangeListener(e -> {
			if (!refreshing) set.accept(slider.getValue());
		});
	}

	private void liveRows(final Rows rows) {
		Rows.dress(live, "live", "Learns from every stroke and refreshes what is in sight");
		live.addActionListener(e -> desk.actions().updater().setLive(live.isSelected()));
		final JButton update = Rows.button("update", "Update", "Brings forest and image up to date now", () -> desk
			.actions().updater().update());
		final JPanel row = new JPanel(new BorderLayout());
		row.add(live, BorderLayout.WEST);
		row.add(update, BorderLayout.EAST);
		rows.section(row);
		rows.row(Rows.even(undo, redo));
		rows.row(Rows.button("whereNext", "Where should I paint next?", "Goes where the forest is least sure (N)",
			steps::whereNext));
		rows.row(Rows.even(Rows.button("features", "Features...", "What the forest sees: features and sigmas",
			() -> FeatureDialog.open(window, window)), Rows.button("report", "Report...",
				"What is known about the forest: errors, features, warnings", () -> ReportDialog.open(window, window))));
	}

	private JScrollPane scrolled(final Rows rows) {
		final JScrollPane scroll = new JScrollPane(rows, ScrollPaneConstants.VERTICAL_SCROLLBAR_AS_NEEDED,
			ScrollPaneConstants.HORIZONTAL_SCROLLBAR_NEVER);
		scroll.setBorder(null);
		return scroll;
	}

	// ---- menus

	/** Gives the keyboard to a menu while it is open: to its choice, or to the root pane as Swing wants it for menus. */
	private final class KeyboardLoan implements PopupMenuListener {

		private final JComponent owner;

		KeyboardLoan(final JComponent owner) {
			this.owner = owner;
		}

		@Override
		public void popupMenuWillBecomeVisible(final PopupMenuEvent e) {
			owner.requestFocusInWindow();
		}

		@Override
		public void popupMenuWillBecomeInvisible(final PopupMenuEvent e) {
			steps.focusImage();
		}

		@Override
		public void popupMenuCanceled(final PopupMenuEvent e) {}
	}

	/** Fills a menu when it is opened. */
	private interface Filling {

		void into(JPopupMenu menu);
	}

	private JButton menuButton(final String name, final String text, final String tip, final Filling filling) {
		final JButton button = Rows.dress(new JButton(text + " \u25be"), name, tip);
		button.addActionListener(e -> {
			final JPopupMenu menu = new JPopupMenu();
			filling.into(menu);
			menu.addPopupMenuListener(new KeyboardLoan(button.getRootPane()));
			menu.show(button, 0, button.getHeight());
		});
		return button;
	}

	private static void item(final JPopupMenu menu, final String text, final Runnable action) {
		final JMenuItem item = new JMenuItem(text);
		item.setFont(item.getFont().deriveFont(Font.PLAIN));
		item.addActionListener(e -> action.run());
		menu.add(item);
	}

	private void fillAddMenu(final JPopupMenu menu) {
		for (final ImagePlus imp : Steps.openImages(desk.actions()))
			item(menu, imp.getTitle(), () -> steps.addImage(imp));
		if (menu.getComponentCount() > 0) menu.addSeparator();
		item(menu, "Files...", steps::addFiles);
	}

	private void removeImage() {
		if (images.getSelectedValue() != null) steps.removeImage(images.getSelectedValue());
		else IJ.showStatus("Select the image in the list first");
	}

	private void fillResultMenu(final JPopupMenu menu) {
		item(menu, "Show probabilities", () -> steps.showResult(Output.PROBABILITIES));
		item(menu, "Show segmentation", () -> steps.showResult(Output.LABELS));
		item(menu, "Show uncertainty", () -> steps.showResult(Output.UNCERTAINTY));
		item(menu, "Show features", steps::showFeatures);
		menu.addSeparator();
		item(menu, "Save model...", steps::saveModel);
		item(menu, "Export results of all images...", steps::exportAll);
		item(menu, "Export features of all images...", steps::exportFeatures);
		item(menu, "Apply to folder...", steps::applyToFolder);
	}

	private void fillMoreMenu(final JPopupMenu menu) {
		item(menu, "Save session as...", steps::saveSessionAs);
		item(menu, "Open session...", Steps::openSession);
		menu.addSeparator();
		item(menu, "Import annotations...", steps::importAnnotations);
		item(menu, "Export annotations...", steps::exportAnnotations);
		item(menu, "Export annotations of all images...", steps::exportAllAnnotations);
		item(menu, "Clear labels of this image...", steps::clearLabels);
		menu.addSeparator();
		item(menu, "Help: keys and mouse", Steps::help);
	}

	// ---- what changed

	/** Looks again at what changed. */
	void refresh(final Set<Desk.Aspect> aspects) {
		refreshing = true;
		if (aspects.contains(Desk.Aspect.PALETTE)) refreshPalette();
		if (aspects.contains(Desk.Aspect.FEATURES)) refreshFeatures();
		final Set<Desk.Aspect> lists = EnumSet.of(Desk.Aspect.PALETTE, Desk.Aspect.CLASSES, Desk.Aspect.COUNTS);
		lists.retainAll(aspects);
		if (!lists.isEmpty()) classes.refresh();
		if (aspects.contains(Desk.Aspect.IMAGES) || aspects.contains(Desk.Aspect.COUNTS)) images.refresh();
		final Set<Desk.Aspect> states = EnumSet.of(Desk.Aspect.STATE, Desk.Aspect.ERRAND, Desk.Aspect.CLASSES,
			Desk.Aspect.COUNTS);
		states.retainAll(aspects);
		if (!states.isEmpty()) refreshState();
		if (aspects.contains(Desk.Aspect.HISTORY)) refreshHistory();
		refreshing = false;
	}

	private void refreshPalette() {
		final Palette palette = desk.palette();
		tools.get(palette.mode()).setSelected(true);
		size.setValue((int) Math.round(PERCENT * Math.log(palette.size()) / Math.log(Palette.MAX_SIZE)));
		if (!sizeField.isFocusOwner()) sizeField.setText(String.valueOf(palette.size()));
		kinds.setSelectedItem(Kind.of(palette.kind()));
		features.setVisible(palette.kind() == Show.Kind.FEATURE);
		if (palette.feature() < features.getItemCount()) features.setSelectedIndex(palette.feature());
		opacity.setValue(palette.opacity());
		opacity.setEnabled(palette.kind() != Show.Kind.NOTHING);
		labelOpacity.setValue(palette.labelOpacity());
	}

	private void refreshFeatures() {
		final List<String> names = desk.actions().updater().featureNames();
		if (names.size() == features.getItemCount()) {
			boolean same = true;
			for (int i = 0; i < names.size(); i++)
				same &= names.get(i).equals(features.getItemAt(i));
			if (same) return;
		}
		features.removeAllItems();
		for (final String name : names)
			features.addItem(name);
		if (desk.palette().feature() < names.size()) features.setSelectedIndex(desk.palette().feature());
	}

	private void refreshState() {
		final LiveUpdater updater = desk.actions().updater();
		final LiveUpdater.State now = updater.state();
		final String errand = desk.errand().text();
		final boolean failed = errand == null && now.phase == LiveUpdater.Phase.FAILED;
		final String text = errand != null ? errand + " (Esc stops)" : now.phase == LiveUpdater.Phase.WAITING ? hint(
			now.text) : now.text;
		state.setText("<html><body style='width: " + (WIDTH - 70) + "px'>" + Texts.escape(text) + "</body></html>");
		state.setToolTipText(text);
		state.setForeground(failed ? WARNING : live.getForeground());
		final boolean idle = now.phase == LiveUpdater.Phase.IDLE || now.phase == LiveUpdater.Phase.WAITING;
		final double done = errand != null ? desk.errand().progress() : idle ? 0 : now.progress;
		progress.setValue((int) (PERCENT * done));
		live.setSelected(updater.isLive());
	}

	/** What to paint first, while fewer than two classes have labels; else the text. */
	private String hint(final String text) {
		AnnotationClass empty = null;
		int labelled = 0;
		for (final AnnotationClass c : desk.actions().session().classes()) {
			if (desk.count(c) > 0) labelled++;
			else if (empty == null) empty = c;
		}
		if (labelled > 1 || !desk.actions().updater().isLive()) return text;
		if (empty == null) return "Add a class and draw a few strokes of it.";
		final int position = desk.actions().session().classes().indexOf(empty) + 1;
		final String pick = position <= Keys.MAX_DIGIT ? " (key " + position + ")" : "";
		final String name = Texts.fit(empty.name(), state.getFontMetrics(state.getFont()), WIDTH / 2);
		return labelled == 0 ? "Draw a few strokes where you are sure of " + name + "." : "Now pick " + name + pick +
			" and draw a few strokes.";
	}

	private void refreshHistory() {
		final LiveSession session = desk.actions().session();
		final String before = session.undoName();
		final String after = session.redoName();
		undo.setEnabled(before != null);
		redo.setEnabled(after != null);
		undo.setToolTipText(before == null ? "Nothing to undo" : "Undo " + before + " (" + Keys.MENU + "+Z)");
		redo.setToolTipText(after == null ? "Nothing to redo" : "Redo " + after + " (" + Keys.MENU + "+Shift+Z)");
	}

	// ---- as a component

	@Override
	public Dimension getPreferredSize() {
		return new Dimension(WIDTH, super.getPreferredSize().height);
	}

	/** Without clearing, which would flicker. */
	@Override
	public void update(final Graphics g) {
		paint(g);
	}
}
