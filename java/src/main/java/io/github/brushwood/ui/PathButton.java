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
		button.addActionListener(e -> put(field, key, choose(key)));
		if (!key.takesFolders()) {
			FieldRow.beside(dialog, field, button);
			return;
		}
		final Button folder = new Button("Zarr");
		folder.addActionListener(e -> put(field, key, chooseFolder(key)));
		final Panel both = new Panel(new FlowLayout(FlowLayout.LEFT, 0, 0));
		both.add(button);
		both.add(folder);
		FieldRow.beside(dialog, field, both);
	}

	/** Windows paths with ImageJ's slashes, which need no escapes in macros. */
	static String slashes(final String path) {
		return File.separatorChar == '\\' ? path.replace('\\', '/') : path;
	}

	private static void put(final TextField field, final Key key, final String chosen) {
		if (chosen == null) return;
		final boolean append = key.kind() == Key.Kind.FILES && !field.getText().trim().isEmpty();
		field.setText((append ? field.getText().trim() + ";" : "") + slashes(chosen));
	}

	private static String chooseFolder(final Key key) {
		return new DirectoryChooser(key.label()).getDirectory();
	}

	private static String choose(final Key key) {
		switch (key.kind()) {
			case FOLDER:
				return chooseFolder(key);
			case SAVE:
				final SaveDialog save = new SaveDialog(key.label(), key.id(), key.suffix());
				return save.getFileName() == null ? null : save.getDirectory() + save.getFileName();
			default:
				return new OpenDialog(key.label()).getPath();
		}
	}
}
