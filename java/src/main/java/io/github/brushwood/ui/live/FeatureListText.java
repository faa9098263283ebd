package io.github.brushwood.ui.live;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Dimension;
import java.util.function.Consumer;

import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.Timer;
import javax.swing.event.DocumentEvent;
import javax.swing.event.DocumentListener;

/** A field for a feature list, which tells what was typed once the typing pauses. */
final class FeatureListText extends JPanel {

	private static final long serialVersionUID = 1L;
	private static final int PAUSE_MS = 300;
	private static final int ROWS = 3;

	private final JTextArea area = new JTextArea(ROWS, 1);
	private final transient Consumer<String> typed;
	private final Timer pause;
	private boolean filling;

	/** @param typed receives what the user typed */
	FeatureListText(final Consumer<String> typed) {
		super(new BorderLayout());
		this.typed = typed;
		setAlignmentX(Component.LEFT_ALIGNMENT);
		area.setLineWrap(true);
		area.setName("feature list");
		area.getAccessibleContext().setAccessibleName("Feature list");
		add(new JScrollPane(area, JScrollPane.VERTICAL_SCROLLBAR_AS_NEEDED, JScrollPane.HORIZONTAL_SCROLLBAR_NEVER));
		pause = new Timer(PAUSE_MS, e -> typed.accept(area.getText()));
		pause.setRepeats(false);
		area.getDocument().addDocumentListener(new DocumentListener() {

			@Override
			public void insertUpdate(final DocumentEvent e) {
				if (!filling) pause.restart();
			}

			@Override
			public void removeUpdate(final DocumentEvent e) {
				if (!filling) pause.restart();
			}

			@Override
			public void changedUpdate(final DocumentEvent e) {
				// only the looks
			}
		});
	}

	@Override
	public Dimension getMaximumSize() {
		return new Dimension(Integer.MAX_VALUE, getPreferredSize().height);
	}

	/** Shows a list without telling. */
	void setText(final String list) {
		pause.stop();
		if (area.getText().equals(list)) return;
		filling = true;
		area.setText(list);
		area.setCaretPosition(0);
		filling = false;
	}

	/** Tells what was typed at once. */
	void flush() {
		if (!pause.isRunning()) return;
		pause.stop();
		typed.accept(area.getText());
	}

	/** No word any more. */
	void close() {
		pause.stop();
	}
}
