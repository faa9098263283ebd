package io.github.brushwood.ui.live;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Preset;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ImagePlusAdapter;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.FeatureGrid;
import io.github.brushwood.session.live.FeatureGrid.Column;
import io.github.brushwood.session.live.FeatureGrid.Line;
import io.github.brushwood.session.live.LiveSession;
import io.github.brushwood.session.live.LiveSettings;
import io.github.brushwood.session.live.LiveUpdater;
import io.github.brushwood.ui.HelpText;
import io.github.brushwood.ui.ReportWindow;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Dialog.ModalityType;
import java.awt.FlowLayout;
import java.awt.Window;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Vector;
import java.util.concurrent.atomic.AtomicBoolean;

import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.BoxLayout;
import javax.swing.DefaultComboBoxModel;
import javax.swing.DefaultListCellRenderer;
import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JDialog;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JSplitPane;
import javax.swing.JTextArea;
import javax.swing.SwingUtilities;

/** The matrix of features and sigmas; not modal, one per session. */
public final class FeatureDialog {

	private static final String OWN_LIST = "(own list)";
	/** Of voxel sizes. */
	private static final MathContext DIGITS = new MathContext(4);
	/** On the event thread only. */
	private static final Map<Actions, FeatureDialog> OPEN = new HashMap<>();

	private final JDialog dialog;
	private final Actions actions;
	private final ImageInfo info;
	private final FeatureMatrix matrix;
	private final FeatureListText text;
	private final JComboBox<Object> presets = new JComboBox<>();
	private final JCheckBox calibrated = new JCheckBox("Sigmas follow the voxel size");
	private final JCheckBox exact = new JCheckBox("Exact");
	private final FeatureLook look;
	private final JTextArea cost = Widgets.wrapped("");
	private final JLabel message = new JLabel(" ");
	private final JButton apply = new JButton(Widgets.action("Apply", this::apply));
	private final JButton reset = new JButton(Widgets.action("Reset", this::load));
	private final JButton ok = new JButton(Widgets.action("OK", this::applyAndClose));
	private final CostEstimate estimate = new CostEstimate(this::showCost);
	private final AtomicBoolean refreshing = new AtomicBoolean();
	private final LiveSession.Listener sessionListener;
	private final LiveUpdater.Listener updaterListener;
	private FeatureGrid grid;
	/** The session's list in the engine's form, and its other setting. */
	private String applied = "";
	private boolean appliedCalibrated;
	/** While fields are filled by the program. */
	private boolean filling;
	/** The text is not a list; the tables show the last one that was. */
	private boolean wrongText;
	private boolean closed;

	/** Opens it, or brings it to the front; on the event thread. */
	public static void open(final Window owner, final SegmentWindow window) {
		final FeatureDialog before = OPEN.get(window.actions());
		if (before != null) {
			before.look.setWindow(window);
			before.dialog.toFront();
			return;
		}
		final FeatureDialog opened = new FeatureDialog(owner, window);
		OPEN.put(window.actions(), opened);
		Widgets.place(opened.dialog, owner);
		opened.dialog.setVisible(true);
	}

	private FeatureDialog(final Window owner, final SegmentWindow window) {
		actions = window.actions();
		info = ImagePlusAdapter.info(window.liveImage().image());
		dialog = new JDialog(owner, "Brushwood: Features", ModalityType.MODELESS);
		dialog.setName("brushwood features");
		matrix = new FeatureMatrix(new FeatureMatrix.Listener() {

			@Override
			public void gridChanged() {
				edited();
			}

			@Override
			public void chosen(final Line line, final Column column) {
				look.look(grid.names(line, column).get(0));
			}

			@Override
			public void refused(final String why) {
				say(why, true);
			}
		});
		text = new FeatureListText(this::textEdited);
		look = new FeatureLook(window, line -> say(line, false));
		sessionListener = new LiveSession.Listener() {

			@Override
			public void settingsChanged() {
				SwingUtilities.invokeLater(FeatureDialog.this::settingsChanged);
			}
		};
		updaterListener = new LiveUpdater.Listener() {

			@Override
			public void stateChanged(final LiveUpdater.State state) {
				if (refreshing.compareAndSet(false, true)) SwingUtilities.invokeLater(FeatureDialog.this::refreshImages);
			}
		};
		build();
		load();
		actions.session().addListener(sessionListener);
		actions.updater().addListener(updaterListener);
	}

	// ---- layout

	private void build() {
		final int em = Widgets.em(message);
		final JPanel content = new JPanel(new BorderLayout(0, em / 2));
		content.setBorder(BorderFactory.createEmptyBorder(em / 2, em * 2 / 3, em / 2, em * 2 / 3));
		content.add(top(em), BorderLayout.NORTH);
		content.add(middle(), BorderLayout.CENTER);
		content.add(bottom(em), BorderLayout.SOUTH);
		dialog.setContentPane(content);
		dialog.getRootPane().setDefaultButton(ok);
		dialog.setDefaultCloseOperation(JDialog.DISPOSE_ON_CLOSE);
		Widgets.closeOnEscape(dialog, dialog::dispose);
		dialog.addWindowListener(new WindowAdapter() {

			@Override
			public void windowClosed(final WindowEvent e) {
				closed();
			}
		});
	}

	private Component top(final int em) {
		final Vector<Object> choices = new Vector<>(Engine.presets());
		choices.add(OWN_LIST);
		presets.setModel(new DefaultComboBoxModel<>(choices));
		presets.setMaximumRowCount(choices.size());
		presets.setRenderer(new PresetCell());
		presets.setName("preset");
		presets.addActionListener(e -> presetChosen());
		calibrated.setName("calibrated");
		calibrated.setToolTipText("On: sigma and radius are pixels along x, and as long in the other directions. Off: they " +
			"are pixels in every direction.");
		calibrated.addActionListener(e -> edited());
		exact.setName("exact");
		exact.setToolTipText("Full kernels in double precision in place of the fast ways, at several times the cost.");
		exact.addActionListener(e -> {
			grid.setExact(exact.isSelected());
			edited();
		});
		final JPanel row = new JPanel(new FlowLayout(FlowLayout.LEADING, 0, 0));
		row.add(new JLabel("Preset "));
		row.add(presets);
		row.add(Box.createHorizontalStrut(em));
		row.add(exact);
		row.add(Box.createHorizontalStrut(em));
		row.add(calibrated);
		row.add(new JLabel(" (" + voxel() + ")"));
		return row;
	}

	/** Size of a voxel for people. */
	private String voxel() {
		if (!info.calibrated) return "the image has none: 1 x 1" + (info.depth > 1 ? " x 1" : "") + " pixel";
		final String plane = number(info.spacingX) + " x " + number(info.spacingY);
		return (info.depth > 1 ? plane + " x " + number(info.spacingZ) : plane) + " " + info.unit;
	}

	private static String number(final double value) {
		return new BigDecimal(value).round(DIGITS).stripTrailingZeros().toPlainString();
	}

	private Component middle() {
		final JScrollPane left = new JScrollPane(matrix);
		left.setBorder(BorderFactory.createEmptyBorder());
		final JSplitPane split = new JSplitPane(JSplitPane.HORIZONTAL_SPLIT, left, look);
		split.setResizeWeight(1);
		split.setBorder(BorderFactory.createEmptyBorder());
		return split;
	}

	private Component bottom(final int em) {
		final JPanel panel = new JPanel();
		panel.setLayout(new BoxLayout(panel, BoxLayout.Y_AXIS));
		cost.setName("cost");
		cost.setRows(2);
		message.setName("message");
		message.setAlignmentX(Component.LEFT_ALIGNMENT);
		panel.add(Widgets.heading("As text, for macros and the command line"));
		panel.add(Box.createVerticalStrut(em / 4));
		panel.add(text);
		panel.add(Box.createVerticalStrut(em / 2));
		panel.add(cost);
		panel.add(Box.createVerticalStrut(em / 4));
		panel.add(message);
		panel.add(Box.createVerticalStrut(em / 4));
		panel.add(buttons(em));
		return panel;
	}

	private Component buttons(final int em) {
		final JButton help = new JButton(Widgets.action("Help", () -> ReportWindow.html("Brushwood: Features", LiveHelp
			.features())));
		final JButton suggest = new JButton(Widgets.action("Suggest features...", () -> SuggestDialog.open(dialog, actions,
			this::use)));
		final JPanel row = new JPanel();
		row.setLayout(new BoxLayout(row, BoxLayout.X_AXIS));
		row.setAlignmentX(Component.LEFT_ALIGNMENT);
		row.add(help);
		row.add(Box.createHorizontalStrut(em / 2));
		row.add(suggest);
		row.add(Box.createHorizontalStrut(em));
		row.add(Box.createHorizontalGlue());
		reset.setToolTipText("Back to the list in use.");
		for (final JComponent button : Arrays.asList(reset, apply, ok, new JButton(Widgets.action("Cancel",
			dialog::dispose))))
		{
			row.add(Box.createHorizontalStrut(em / 2));
			row.add(button);
		}
		return row;
	}

	/** A preset's label, with what it is good for as its tip. */
	private static final class PresetCell extends DefaultListCellRenderer {

		private static final long serialVersionUID = 1L;

		@Override
		public Component getListCellRendererComponent(final JList<?> list, final Object value, final int index,
			final boolean selected, final boolean focused)
		{
			final Preset preset = value instanceof Preset ? (Preset) value : null;
			super.getListCellRendererComponent(list, preset != null ? preset.label : value, index, selected, focused);
			setToolTipText(preset != null ? preset.doc : null);
			return this;
		}
	}

	// ---- the session's list and the edited one

	/** Takes over what the session has. */
	private void load() {
		final LiveSettings settings = actions.session().settings();
		appliedCalibrated = settings.calibrated;
		filling = true;
		calibrated.setSelected(appliedCalibrated);
		filling = false;
		try {
			applied = FeatureGrid.canonical(settings.features, info.channels, dims());
			setList(settings.features);
			text.setText(grid.text());
			say(" ", false);
		}
		catch (final EngineException e) {
			applied = "";
			setGrid(new FeatureGrid(info.channels, dims(), info.rgb));
			text.setText(settings.features);
			say(e.getMessage(), true);
		}
		refreshImages();
		changed();
	}

	private int dims() {
		return info.depth > 1 ? 3 : 2;
	}

	/** @throws EngineException when it is not a feature list */
	private void setList(final String list) {
		final FeatureGrid parsed = FeatureGrid.parse(list, info.channels, dims(), info.rgb);
		if (grid != null) parsed.offerColumnsOf(grid);
		setGrid(parsed);
	}

	private void setGrid(final FeatureGrid newGrid) {
		grid = newGrid;
		matrix.setGrid(grid);
		exact.setSelected(grid.isExact());
	}

	private void settingsChanged() {
		if (closed) return;
		if (!isDirty()) load();
		else {
			final LiveSettings settings = actions.session().settings();
			appliedCalibrated = settings.calibrated;
			try {
				applied = FeatureGrid.canonical(settings.features, info.channels, dims());
			}
			catch (final EngineException e) {
				applied = "";
			}
			changed();
		}
	}

	private boolean isDirty() {
		return calibrated.isSelected() != appliedCalibrated || !canonical().equals(applied);
	}

	/** Of the edited list; "" when it is empty. */
	private String canonical() {
		return grid.text().isEmpty() ? "" : FeatureGrid.canonical(grid.text(), info.channels, dims());
	}

	private void presetChosen() {
		if (filling || !(presets.getSelectedItem() instanceof Preset)) return;
		final Preset preset = (Preset) presets.getSelectedItem();
		setList(grid.isExact() ? "exact;" + preset.id : preset.id);
		edited();
		say(preset.doc, false);
	}

	/** The tables or boxes were changed. */
	private void edited() {
		if (filling) return;
		text.setText(grid.text());
		say(" ", false);
		changed();
	}

	private void textEdited(final String list) {
		try {
			setList(list);
			say(" ", false);
			changed();
		}
		catch (final EngineException e) {
			wrongText = true;
			say(e.getMessage(), true);
			apply.setEnabled(false);
			ok.setEnabled(false);
			reset.setEnabled(true);
		}
	}

	/** Brings up to date what depends on the edited list. */
	private void changed() {
		if (closed) return;
		final boolean empty = grid.text().isEmpty();
		final boolean dirty = isDirty();
		wrongText = false;
		filling = true;
		final Preset preset = grid.preset();
		presets.setSelectedItem(preset == null ? OWN_LIST : Engine.presets().stream().filter(p -> p.id.equals(preset.id))
			.findFirst().map(this::inList).orElse(OWN_LIST));
		filling = false;
		apply.setEnabled(dirty && !empty);
		ok.setEnabled(!empty);
		reset.setEnabled(dirty);
		if (empty) {
			cost.setText("No features are chosen.");
			return;
		}
		cost.setText(Widgets.count(grid.images().size()) + " feature images. Measuring the time they take...");
		estimate.ask(canonical(), calibrated.isSelected() ? info : info.toBuilder().calibrated(false).build());
	}

	/** The combo box's own object of a preset. */
	private Object inList(final Preset preset) {
		for (int i = 0; i < presets.getItemCount(); i++) {
			final Object item = presets.getItemAt(i);
			if (item instanceof Preset && ((Preset) item).id.equals(preset.id)) return item;
		}
		return OWN_LIST;
	}

	private void showCost(final CostEstimate.Cost c) {
		if (closed) return;
		cost.setText(c == null ? "" : c.text(info));
	}

	private boolean apply() {
		text.flush();
		if (wrongText) return false;
		try {
			final String list = canonical();
			if (!list.equals(applied)) actions.setFeatures(grid.shortText());
			applied = list;
			if (calibrated.isSelected() != appliedCalibrated) actions.setCalibrated(calibrated.isSelected());
			appliedCalibrated = calibrated.isSelected();
		}
		catch (final BrushwoodException | EngineException e) {
			say(e.getMessage(), true);
			return false;
		}
		text.setText(grid.text());
		changed();
		return true;
	}

	private void applyAndClose() {
		text.flush();
		if (!wrongText && (!isDirty() || apply())) dialog.dispose();
	}

	/** A suggested list becomes the session's. */
	private void use(final String list) {
		try {
			actions.setFeatures(list);
			load();
		}
		catch (final BrushwoodException | EngineException e) {
			say(e.getMessage(), true);
		}
	}

	/** The list of images follows the updater's. */
	private void refreshImages() {
		refreshing.set(false);
		if (!closed) look.setNames(actions.updater().featureNames());
	}

	private void say(final String what, final boolean bad) {
		message.setForeground(bad ? Widgets.errorOn(dialog.getContentPane().getBackground()) : cost.getForeground());
		message.setText(what);
		message.setToolTipText(what.trim().isEmpty() ? null : what);
	}

	private void closed() {
		if (closed) return;
		closed = true;
		OPEN.remove(actions);
		look.restore();
		actions.session().removeListener(sessionListener);
		actions.updater().removeListener(updaterListener);
		text.close();
		estimate.close();
	}
}
