package io.github.brushwood.ui.live;

import ij.IJ;
import ij.io.SaveDialog;

import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.WholeFile;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.LiveUpdater;
import io.github.brushwood.session.live.Report;
import io.github.brushwood.ui.ReportWindow;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Dialog.ModalityType;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.GridLayout;
import java.awt.Rectangle;
import java.awt.Toolkit;
import java.awt.Window;
import java.awt.datatransfer.StringSelection;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.BoxLayout;
import javax.swing.ButtonGroup;
import javax.swing.JButton;
import javax.swing.JComboBox;
import javax.swing.JDialog;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JRadioButton;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.Scrollable;
import javax.swing.SwingConstants;
import javax.swing.SwingUtilities;

/** What is known about the present forest, always current; not modal, one per session. */
public final class ReportDialog {

	private static final String NOTHING_YET = "There is no forest yet. Paint a few strokes of at least two classes.";
	private static final String FLATTERS = "Out of bag flatters: neighbouring pixels are alike, and trees that test a " +
		"pixel have learned from its neighbours. The held-out check keeps them together and is what to expect on pixels " +
		"that were not painted.";
	private static final float LARGE = 1.8f;
	/** On the event thread only. */
	private static final Map<Actions, ReportDialog> OPEN = new HashMap<>();

	/** Ways to hold out, as the user reads them. */
	private enum Choice {
		STROKES("whole strokes", Holdout.STROKES), BLOCKS("spatial blocks", Holdout.BLOCKS), IMAGES("whole images",
			Holdout.IMAGES), NONE("none", Holdout.NONE);

		private final String label;
		private final Holdout kind;

		Choice(final String label, final Holdout kind) {
			this.label = label;
			this.kind = kind;
		}

		@Override
		public String toString() {
			return label;
		}
	}

	private final JDialog dialog;
	private final Actions actions;
	private final JPanel warnings = new JPanel();
	private final JLabel summary = new JLabel(" ");
	private final JLabel outOfBag = figure();
	private final JLabel heldOut = figure();
	private final JTextArea heldOutNote = Widgets.wrapped("");
	private final JComboBox<Choice> holdout = new JComboBox<>(Choice.values());
	private final JRadioButton showOutOfBag = new JRadioButton("show below", true);
	private final JRadioButton showHeldOut = new JRadioButton("show below");
	private final ClassTable classes = new ClassTable();
	private final ConfusionTable confusion = new ConfusionTable();
	private final BarChart importances = new BarChart(Importances.MOST);
	private final JTextArea meaning = Widgets.wrapped("");
	private final JLabel message = new JLabel(" ");
	private final JButton copy = new JButton(Widgets.action("Copy", this::copy));
	private final JButton save = new JButton(Widgets.action("Save...", this::save));
	private final AtomicBoolean waiting = new AtomicBoolean();
	private final LiveUpdater.Listener listener;
	/** Of the report that is shown. */
	private List<String> shownWarnings = new ArrayList<>();
	private boolean filling;
	private boolean closed;

	/** Opens it, or brings it to the front; on the event thread. */
	public static void open(final Window owner, final SegmentWindow window) {
		final ReportDialog before = OPEN.get(window.actions());
		if (before != null) {
			before.dialog.toFront();
			return;
		}
		final ReportDialog opened = new ReportDialog(owner, window.actions());
		OPEN.put(window.actions(), opened);
		Widgets.place(opened.dialog, owner);
		opened.dialog.setVisible(true);
	}

	private ReportDialog(final Window owner, final Actions actions) {
		this.actions = actions;
		dialog = new JDialog(owner, "Brushwood: Report", ModalityType.MODELESS);
		dialog.setName("brushwood report");
		listener = new LiveUpdater.Listener() {

			@Override
			public void reportChanged() {
				if (waiting.compareAndSet(false, true)) SwingUtilities.invokeLater(ReportDialog.this::refresh);
			}
		};
		build();
		final Report report = actions.updater().report();
		if (report != null) select(report.holdout);
		refresh();
		actions.updater().addListener(listener);
	}

	private static JLabel figure() {
		final JLabel label = new JLabel("-");
		label.setFont(label.getFont().deriveFont(Font.BOLD, label.getFont().getSize2D() * LARGE));
		return label;
	}

	// ---- layout

	private void build() {
		final int em = Widgets.em(summary);
		final JPanel left = column();
		left.add(cards(em));
		left.add(Box.createVerticalStrut(em));
		left.add(classes);
		left.add(Box.createVerticalStrut(em));
		left.add(Widgets.heading("Confusion: painted as (rows), found to be (columns), pixels"));
		left.add(Box.createVerticalStrut(em / 3));
		left.add(confusion);
		left.add(Box.createVerticalGlue());
		final JPanel right = column();
		right.add(Widgets.heading("Most important features"));
		right.add(Box.createVerticalStrut(em / 3));
		right.add(meaning);
		right.add(Box.createVerticalStrut(em / 2));
		importances.setAlignmentX(Component.LEFT_ALIGNMENT);
		right.add(importances);
		right.add(Box.createVerticalGlue());
		final JPanel both = new JPanel(new BorderLayout(em * 3 / 2, 0));
		both.add(left, BorderLayout.CENTER);
		both.add(right, BorderLayout.EAST);
		final Page page = new Page(new BorderLayout(0, em / 2));
		page.add(top(em), BorderLayout.NORTH);
		page.add(both, BorderLayout.CENTER);
		page.setBorder(BorderFactory.createEmptyBorder(em * 2 / 3, em * 2 / 3, em / 2, em * 2 / 3));
		final JScrollPane pane = new JScrollPane(page);
		pane.setBorder(BorderFactory.createEmptyBorder());
		final JPanel content = new JPanel(new BorderLayout());
		content.add(pane, BorderLayout.CENTER);
		content.add(bottom(em), BorderLayout.SOUTH);
		dialog.setContentPane(content);
		dialog.setDefaultCloseOperation(JDialog.DISPOSE_ON_CLOSE);
		Widgets.closeOnEscape(dialog, dialog::dispose);
		dialog.addWindowListener(new WindowAdapter() {

			@Override
			public void windowClosed(final WindowEvent e) {
				closed();
			}
		});
	}

	private static JPanel column() {
		final JPanel panel = new JPanel();
		panel.setLayout(new BoxLayout(panel, BoxLayout.Y_AXIS));
		return panel;
	}

	private Component top(final int em) {
		warnings.setLayout(new BoxLayout(warnings, BoxLayout.Y_AXIS));
		warnings.setName("warnings");
		summary.setName("summary");
		final JPanel top = new JPanel(new BorderLayout(0, em / 3));
		top.add(warnings, BorderLayout.NORTH);
		top.add(summary, BorderLayout.CENTER);
		return top;
	}

	/** The two figures beside each other, and why they differ. */
	private Component cards(final int em) {
		final ButtonGroup shown = new ButtonGroup();
		for (final JRadioButton button : new JRadioButton[] { showOutOfBag, showHeldOut }) {
			shown.add(button);
			button.addActionListener(e -> refresh());
		}
		showOutOfBag.setName("tables out of bag");
		showHeldOut.setName("tables held out");
		outOfBag.setName("out-of-bag error");
		heldOut.setName("held-out error");
		holdout.setName("holdout");
		holdout.addActionListener(e -> {
			if (!filling) choose((Choice) holdout.getSelectedItem());
		});
		final JPanel cards = new JPanel(new GridLayout(1, 2, em, 0));
		cards.add(card(new JLabel("Out-of-bag error"), outOfBag, showOutOfBag, em));
		final JPanel name = new JPanel(new BorderLayout(em / 3, 0));
		name.add(new JLabel("Held-out error:"), BorderLayout.WEST);
		name.add(holdout, BorderLayout.CENTER);
		cards.add(card(name, heldOut, showHeldOut, em));
		heldOutNote.setName("held-out note");
		heldOutNote.setRows(3);
		final JPanel panel = new JPanel(new BorderLayout(0, em / 2));
		panel.add(cards, BorderLayout.NORTH);
		panel.add(heldOutNote, BorderLayout.CENTER);
		panel.setAlignmentX(Component.LEFT_ALIGNMENT);
		panel.setMaximumSize(new Dimension(Integer.MAX_VALUE, panel.getPreferredSize().height + em));
		return panel;
	}

	private static Component card(final Component name, final JLabel figure, final JRadioButton shown, final int em) {
		final JPanel panel = new JPanel(new BorderLayout(em / 2, em / 4));
		panel.setBorder(BorderFactory.createCompoundBorder(BorderFactory.createLineBorder(Widgets.hairline()), BorderFactory
			.createEmptyBorder(em / 2, em / 2, em / 2, em / 2)));
		final JPanel low = new JPanel(new BorderLayout());
		low.add(figure, BorderLayout.WEST);
		low.add(shown, BorderLayout.EAST);
		panel.add(name, BorderLayout.NORTH);
		panel.add(low, BorderLayout.CENTER);
		return panel;
	}

	private Component bottom(final int em) {
		final JPanel row = new JPanel();
		row.setLayout(new BoxLayout(row, BoxLayout.X_AXIS));
		row.setBorder(BorderFactory.createEmptyBorder(em / 3, em * 2 / 3, em / 2, em * 2 / 3));
		message.setName("message");
		row.add(new JButton(Widgets.action("Help", () -> ReportWindow.html("Brushwood: Report", LiveHelp.report()))));
		row.add(Box.createHorizontalStrut(em));
		row.add(message);
		row.add(Box.createHorizontalGlue());
		copy.setToolTipText("Copies the report as text.");
		for (final JButton button : new JButton[] { copy, save, new JButton(Widgets.action("Close", dialog::dispose)) }) {
			row.add(Box.createHorizontalStrut(em / 2));
			row.add(button);
		}
		return row;
	}

	/** As wide as its view; scrolls up and down, and sideways only when it gets too narrow. */
	private static final class Page extends JPanel implements Scrollable {

		private static final long serialVersionUID = 1L;
		private static final int MOST_HEIGHT_EMS = 44;
		/** Room for warnings that come later. */
		private static final int WARNING_EMS = 3;

		Page(final BorderLayout layout) {
			super(layout);
		}

		@Override
		public Dimension getPreferredScrollableViewportSize() {
			final Dimension size = getPreferredSize();
			final int em = Widgets.em(this);
			return new Dimension(size.width, Math.min(size.height + em * WARNING_EMS, em * MOST_HEIGHT_EMS));
		}

		@Override
		public int getScrollableUnitIncrement(final Rectangle visible, final int orientation, final int direction) {
			return Widgets.em(this);
		}

		@Override
		public int getScrollableBlockIncrement(final Rectangle visible, final int orientation, final int direction) {
			return visible.height;
		}

		@Override
		public boolean getScrollableTracksViewportWidth() {
			return getParent() != null && getParent().getWidth() >= getMinimumSize().width;
		}

		@Override
		public boolean getScrollableTracksViewportHeight() {
			return getParent() != null && getParent().getHeight() > getPreferredSize().height;
		}
	}

	// ---- contents

	private void select(final Holdout kind) {
		filling = true;
		for (final Choice choice : Choice.values())
			if (choice.kind == kind) holdout.setSelectedItem(choice);
		filling = false;
	}

	private void choose(final Choice choice) {
		actions.updater().setHoldout(choice.kind);
		refresh();
	}

	/** Shows the newest report. */
	private void refresh() {
		waiting.set(false);
		if (closed) return;
		final Report report = actions.updater().report();
		copy.setEnabled(report != null);
		save.setEnabled(report != null);
		if (report == null) {
			summary.setText(NOTHING_YET);
			setText(heldOutNote, FLATTERS);
			showHeldOut.setEnabled(false);
			return;
		}
		showWarnings(report.warnings);
		long pixels = 0;
		for (final long n : report.pixels)
			pixels += n;
		summary.setText(Widgets.count(pixels) + " labelled pixels in " + Widgets.count(report.strokes) + " strokes, " +
			Widgets.count(report.featureCount) + " feature images");
		showFigures(report);
		final Scores shown = showHeldOut.isSelected() ? report.heldOut : report.outOfBag;
		classes.show(report.classes, report.pixels, shown);
		confusion.show(report.classes, shown);
		importances.setBars(Importances.bars(report.importances));
		setText(meaning, Importances.meaning(report.importances));
	}

	private void showFigures(final Report report) {
		final Choice chosen = (Choice) holdout.getSelectedItem();
		final boolean current = report.holdout == chosen.kind;
		outOfBag.setText(error(report.outOfBag));
		final boolean has = current && report.heldOut != null && report.heldOut.pixels > 0;
		heldOut.setText(has ? error(report.heldOut) : "-");
		showHeldOut.setEnabled(has);
		if (!has && showHeldOut.isSelected()) showOutOfBag.setSelected(true);
		String note = FLATTERS;
		if (chosen == Choice.NONE) note = "No held-out check. " + FLATTERS;
		else if (!has) note = (current && !report.heldOutNote.isEmpty() ? report.heldOutNote : "Checking " + chosen.label +
			"...") + " " + FLATTERS;
		setText(heldOutNote, note);
	}

	/** Lays out anew only where there is something new. */
	private static void setText(final JTextArea area, final String text) {
		if (!area.getText().equals(text)) area.setText(text);
	}

	private static String error(final Scores scores) {
		return scores == null || scores.pixels == 0 ? "-" : Widgets.percent(1 - scores.accuracy);
	}

	private void showWarnings(final List<String> sentences) {
		if (sentences.equals(shownWarnings)) return;
		shownWarnings = new ArrayList<>(sentences);
		warnings.removeAll();
		final int em = Widgets.em(summary);
		for (final String sentence : sentences) {
			final JPanel row = new JPanel(new BorderLayout(em / 2, 0));
			final JLabel icon = new JLabel(Widgets.warning(summary));
			icon.setVerticalAlignment(SwingConstants.TOP);
			icon.getAccessibleContext().setAccessibleName("Warning");
			row.add(icon, BorderLayout.WEST);
			row.add(Widgets.wrapped(sentence), BorderLayout.CENTER);
			row.setBorder(BorderFactory.createEmptyBorder(0, 0, em / 4, 0));
			warnings.add(row);
		}
		warnings.revalidate();
		warnings.repaint();
	}

	// ---- text

	private void copy() {
		final Report report = actions.updater().report();
		if (report == null) return;
		Toolkit.getDefaultToolkit().getSystemClipboard().setContents(new StringSelection(report.text()), null);
		message.setText("Copied.");
	}

	private void save() {
		final Report report = actions.updater().report();
		if (report == null) return;
		final SaveDialog ask = new SaveDialog("Save the report", "report", ".txt");
		if (ask.getFileName() == null) return;
		final File file = new File(ask.getDirectory(), ask.getFileName());
		final byte[] text = report.text().getBytes(StandardCharsets.UTF_8);
		new Thread(() -> write(file, text), "brushwood-save-report").start();
	}

	private void write(final File file, final byte[] text) {
		try {
			WholeFile.write(file.getPath(), out -> out.write(text));
			SwingUtilities.invokeLater(() -> message.setText("Saved as " + file.getName() + "."));
		}
		catch (final BrushwoodException e) {
			SwingUtilities.invokeLater(() -> IJ.error("Brushwood", e.getMessage()));
		}
	}

	private void closed() {
		if (closed) return;
		closed = true;
		OPEN.remove(actions);
		actions.updater().removeListener(listener);
	}
}
