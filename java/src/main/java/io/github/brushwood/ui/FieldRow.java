package io.github.brushwood.ui;

import ij.gui.GenericDialog;

import java.awt.Component;
import java.awt.FlowLayout;
import java.awt.GridBagConstraints;
import java.awt.GridBagLayout;
import java.awt.Panel;
import java.awt.TextField;

/** Rows of a GenericDialog with something else than it offers beside the label. */
final class FieldRow {

	private FieldRow() {}

	/** Puts a component to the right of a field. */
	static void beside(final GenericDialog dialog, final TextField field, final Component component) {
		final Panel panel = new Panel(new FlowLayout(FlowLayout.LEFT, 0, 0));
		replace(dialog, field, panel);
		panel.add(field);
		panel.add(component);
	}

	/** Puts a component where a field is. */
	static void replace(final GenericDialog dialog, final TextField field, final Component component) {
		final GridBagLayout layout = (GridBagLayout) dialog.getLayout();
		final GridBagConstraints constraints = layout.getConstraints(field);
		dialog.remove(field);
		layout.setConstraints(component, constraints);
		dialog.add(component);
	}
}
