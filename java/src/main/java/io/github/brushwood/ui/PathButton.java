package io.github.brushwood.ui;

import ij.gui.GenericDialog;
import ij.io.DirectoryChooser;
import ij.io.OpenDialog;
import ij.io.SaveDialog;

import io.github.brushwood.session.options.Key;

import java.awt.Button;
import java.awt.FlowLayout;
import java.awt.Panel;
import java.awt.TextField;
import java.io.File;

/** The Browse button beside a field for a path. */
final class PathButton {

	private PathButton() {}

	static void add(final GenericDialog dialog, final TextField field, final Key key) {
		final Button button = new Button("Browse");
		button.addActionListener(e -> browse(field, key));
		final Panel panel = new Panel(new FlowLayout(FlowLayout.LEFT, 0, 0));
		FieldRow.replace(dialog, field, panel);
		panel.add(field);
		panel.add(button);
	}

	/** Windows paths with ImageJ's slashes, which need no escapes in macros. */
	static String slashes(final String path) {
		return File.separatorChar == '\\' ? path.replace('\\', '/') : path;
	}

	private static void browse(final TextField field, final Key key) {
		final String chosen = choose(key);
		if (chosen == null) return;
		final boolean append = key.kind() == Key.Kind.FILES && !field.getText().trim().isEmpty();
		field.setText((append ? field.getText().trim() + ";" : "") + slashes(chosen));
	}

	private static String choose(final Key key) {
		switch (key.kind()) {
			case FOLDER:
				return new DirectoryChooser(key.label()).getDirectory();
			case SAVE:
				final SaveDialog save = new SaveDialog(key.label(), key.id(), key.suffix());
				return save.getFileName() == null ? null : save.getDirectory() + save.getFileName();
			default:
				return new OpenDialog(key.label()).getPath();
		}
	}
}
