package io.github.brushwood.ui.live;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.FeatureSelection.Step;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.Report;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Dialog.ModalityType;
import java.awt.Dimension;
import java.awt.Window;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.util.Locale;
import java.util.function.Consumer;

import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.BoxLayout;
import javax.swing.JButton;
import javax.swing.JDialog;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JProgressBar;
import javax.swing.JScrollPane;
import javax.swing.JTable;
import javax.swing.JTextArea;
import javax.swing.SwingConstants;
import javax.swing.SwingUtilities;
import javax.swing.table.DefaultTableCellRenderer;
import javax.swing.table.DefaultTableModel;

/** Looks for a short feature list in the background, then shows the lists that were tried and offers the best one. */
final class SuggestDialog {

	/** Share of wrong samples that the suggested list may have more than the best. */
	private static final double TOLERANCE = 0.005;
	private static final int PROGRESS_STEPS = 1000;

	private final JDialog dialog;
	private final Actions actions;
	private final Consumer<String> use;
	private final JProgressBar bar = new JProgressBar(0, PROGRESS_STEPS);
	private final JLabel status = new JLabel("Comparing lists of features...");
	private final JPanel content = new JPanel(new BorderLayout());
	private volatile boolean cancelled;

	/** @param use receives the list when the user takes it */
	static void open(final Window owner, final Actions actions, final Consumer<String> use) {
		final SuggestDialog opened = new SuggestDialog(owner, actions, use);
		opened.dialog.setVisible(true);
		opened.start();
	}

	private SuggestDialog(final Window owner, final Actions actions, final Consumer<String> use) {
		this.actions = actions;
		this.use = use;
		dialog = new JDialog(owner, "Brushwood: Suggest Features", ModalityType.MODELESS);
		dialog.setName("brushwood suggest features");
		dialog.setDefaultCloseOperation(JDialog.DISPOSE_ON_CLOSE);
		dialog.addWindowListener(new WindowAdapter() {

			@Override
			public void windowClosed(final WindowEvent e) {
				cancelled = true;
			}
		});
		final int em = Widgets.em(status);
		content.setBorder(BorderFactory.createEmptyBorder(em, em, em * 2 / 3, em));
		status.setPreferredSize(new Dimension(em * 28, status.getPreferredSize().height));
		final JPanel work = new JPanel(new BorderLayout(0, em / 2));
		work.add(status, BorderLayout.NORTH);
		work.add(bar, BorderLayout.CENTER);
		content.add(work, BorderLayout.CENTER);
		content.add(buttons(new JButton(Widgets.action("Cancel", dialog::dispose))), BorderLayout.SOUTH);
		dialog.setContentPane(content);
		Widgets.closeOnEscape(dialog, dialog::dispose);
		dialog.pack();
		dialog.setLocationRelativeTo(owner);
	}

	private static Component buttons(final JButton... buttons) {
		final JPanel row = new JPanel();
		row.setLayout(new BoxLayout(row, BoxLayout.X_AXIS));
		final int em = Widgets.em(buttons[0]);
		row.setBorder(BorderFactory.createEmptyBorder(em * 2 / 3, 0, 0, 0));
		row.add(Box.createHorizontalGlue());
		for (final JButton button : buttons) {
			row.add(Box.createHorizontalStrut(em / 2));
			row.add(button);
		}
		return row;
	}

	private void start() {
		final Thread thread = new Thread(this::work, "brushwood-suggest");
		thread.setDaemon(true);
		thread.start();
	}

	private void work() {
		final Monitor monitor = new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				SwingUtilities.invokeLater(() -> bar.setValue((int) (PROGRESS_STEPS * fraction)));
				return !cancelled;
			}

			@Override
			public void status(final String text) {
				SwingUtilities.invokeLater(() -> status.setText(text));
			}
		};
		try {
			final FeatureSelection found = actions.suggestFeatures(monitor, TOLERANCE);
			final Report report = actions.updater().report();
			SwingUtilities.invokeLater(() -> showResult(found, report));
		}
		catch (final CancelledException e) {
			SwingUtilities.invokeLater(dialog::dispose);
		}
		catch (final RuntimeException e) {
			SwingUtilities.invokeLater(() -> showFailure(e.getMessage() != null ? e.getMessage() : e.toString()));
		}
	}

	private void showFailure(final String why) {
		if (cancelled) return;
		final JTextArea text = Widgets.wrapped(why);
		text.setName("failure");
		text.setColumns(40);
		text.setRows(3);
		replace(text, new JButton(Widgets.action("Close", dialog::dispose)));
	}

	private void replace(final Component middle, final JButton... buttons) {
		content.removeAll();
		content.add(middle, BorderLayout.CENTER);
		content.add(buttons(buttons), BorderLayout.SOUTH);
		dialog.getRootPane().setDefaultButton(buttons[0]);
		dialog.pack();
	}

	private void showResult(final FeatureSelection found, final Report report) {
		if (cancelled) return;
		final int em = Widgets.em(status);
		final JPanel middle = new JPanel(new BorderLayout(em, em / 2));
		middle.add(Widgets.wrapped(summary(found)), BorderLayout.NORTH);
		final JPanel left = new JPanel(new BorderLayout(0, em / 2));
		left.add(new StepPlot(found.steps()), BorderLayout.NORTH);
		left.add(stepTable(found, em), BorderLayout.CENTER);
		middle.add(left, BorderLayout.CENTER);
		if (report != null && !report.importances.isEmpty()) middle.add(importances(report, em), BorderLayout.EAST);
		final JButton take = new JButton(Widgets.action("Use this list", () -> {
			use.accept(found.features());
			dialog.dispose();
		}));
		middle.add(list(found, em), BorderLayout.SOUTH);
		replace(middle, take, new JButton(Widgets.action("Close", dialog::dispose)));
		Widgets.place(dialog, dialog.getOwner());
	}

	/** What was found, in a sentence. */
	static String summary(final FeatureSelection found) {
		Step chosen = null;
		Step best = null;
		for (final Step s : found.steps()) {
			if (s.chosen) chosen = s;
			if (best == null || s.error < best.error) best = s;
		}
		if (chosen == null) return "No list was compared.";
		return String.format(Locale.ROOT,
			"%d of %d feature images do about as well as the best list: %.2f\u00a0%% of the samples are wrong, with " +
				"the best list (%d) %.2f\u00a0%%. Up to %.1f\u00a0%% more was allowed.", chosen.features, found.steps().get(
					0).features, 100 * chosen.error, best.features, 100 * best.error, 100 * TOLERANCE);
	}

	private static Component stepTable(final FeatureSelection found, final int em) {
		final DefaultTableModel model = new DefaultTableModel(new Object[] { "Feature images", "Wrong samples", "" }, 0) {

			private static final long serialVersionUID = 1L;

			@Override
			public boolean isCellEditable(final int row, final int column) {
				return false;
			}
		};
		int chosen = 0;
		for (final Step s : found.steps()) {
			if (s.chosen) chosen = model.getRowCount();
			model.addRow(new Object[] { s.features, String.format(Locale.ROOT, "%.2f %%", 100 * s.error), s.chosen ? "suggested"
				: "" });
		}
		final JTable table = new JTable(model);
		table.setName("steps");
		table.setRowHeight(em * 5 / 4);
		final DefaultTableCellRenderer right = new DefaultTableCellRenderer();
		right.setHorizontalAlignment(SwingConstants.RIGHT);
		for (int i = 0; i < 2; i++)
			table.getColumnModel().getColumn(i).setCellRenderer(right);
		table.setRowSelectionInterval(chosen, chosen);
		table.setPreferredScrollableViewportSize(new Dimension(em * 20, em * 10));
		final JScrollPane pane = new JScrollPane(table);
		final int row = chosen;
		SwingUtilities.invokeLater(() -> table.scrollRectToVisible(table.getCellRect(row, 0, true)));
		return pane;
	}

	private static Component importances(final Report report, final int em) {
		final BarChart chart = new BarChart(1);
		chart.setBars(Importances.bars(report.importances));
		final JPanel panel = new JPanel(new BorderLayout(0, em / 2));
		panel.add(Widgets.heading("Most important features of the present forest"), BorderLayout.NORTH);
		panel.add(chart, BorderLayout.CENTER);
		return panel;
	}

	private static Component list(final FeatureSelection found, final int em) {
		final JTextArea area = new JTextArea(found.features(), 3, 1);
		area.setName("suggested list");
		area.setEditable(false);
		area.setLineWrap(true);
		final JPanel panel = new JPanel(new BorderLayout(0, em / 4));
		panel.add(Widgets.heading("Suggested list"), BorderLayout.NORTH);
		panel.add(new JScrollPane(area, JScrollPane.VERTICAL_SCROLLBAR_AS_NEEDED, JScrollPane.HORIZONTAL_SCROLLBAR_NEVER),
			BorderLayout.CENTER);
		return panel;
	}
}
