package io.github.brushwood.ui.live;

import io.github.brushwood.engine.Output;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;

import javax.swing.BoxLayout;
import javax.swing.JCheckBox;
import javax.swing.JLabel;
import javax.swing.JPanel;

/** Asks which results to make. */
final class OutputBoxes extends JPanel {

	private static final long serialVersionUID = 1L;

	private final transient Map<Output, JCheckBox> boxes = new EnumMap<>(Output.class);

	OutputBoxes() {
		setLayout(new BoxLayout(this, BoxLayout.Y_AXIS));
		add(new JLabel("Results to write:"));
		box(Output.PROBABILITIES, "Probabilities", true);
		box(Output.LABELS, "Segmentation", false);
		box(Output.UNCERTAINTY, "Uncertainty", false);
		box(Output.ENTROPY, "Entropy", false);
	}

	private void box(final Output output, final String text, final boolean on) {
		final JCheckBox box = new JCheckBox(text, on);
		boxes.put(output, box);
		add(box);
	}

	EnumSet<Output> chosen() {
		final EnumSet<Output> chosen = EnumSet.noneOf(Output.class);
		for (final Map.Entry<Output, JCheckBox> entry : boxes.entrySet())
			if (entry.getValue().isSelected()) chosen.add(entry.getKey());
		return chosen;
	}
}
