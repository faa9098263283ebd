package io.github.brushwood.ui;

import ij.gui.GenericDialog;

import io.github.brushwood.command.options.Key;
import io.github.brushwood.command.options.Options;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.engine.Preset;

import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.TextField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** A dialog with one field for each key of a command's table. */
public final class OptionDialog {

	private static final int WIDE = 36;
	private static final int NARROW = 14;
	private static final String TEXT_AS_IT_IS = "(as written)";
	private static final String NOTHING_TO_ADD = "(choose)";

	private final Options values;
	private final Function<Key, List<String>> suggestions;
	private final GenericDialog dialog;
	/** How to read each field. */
	private final Map<Key, Supplier<String>> readers = new LinkedHashMap<>();

	private OptionDialog(final Options values, final Function<Key, List<String>> suggestions) {
		this.values = values;
		this.suggestions = suggestions;
		dialog = new GenericDialog(title(values.spec().name()));
	}

	/**
	 * Shows the dialog and waits for the user.
	 *
	 * @param values what the fields show first
	 * @param suggestions values to offer for a key besides those of its table; empty for none
	 * @param help the page of the Help button
	 * @return the values of the fields, not checked; null when cancelled
	 */
	public static Options ask(final Options values, final Function<Key, List<String>> suggestions, final String help) {
		final OptionDialog d = new OptionDialog(values, suggestions);
		for (final Key key : values.spec().keys())
			if (!key.isMacroOnly()) d.addField(key);
		d.dialog.addHelp(help);
		d.dialog.showDialog();
		return d.dialog.wasCanceled() ? null : d.read();
	}

	/** Fields are read from their components: GenericDialog's getters would record keys made from the labels. */
	private Options read() {
		final Options read = new Options(values.spec());
		for (final Map.Entry<Key, Supplier<String>> reader : readers.entrySet()) {
			final Key key = reader.getKey();
			final String text = reader.getValue().get();
			if (key.isFlag()) read.setFlag(key.id(), Boolean.parseBoolean(text));
			else read.set(key.id(), text);
		}
		return read;
	}

	private void addField(final Key key) {
		switch (key.kind()) {
			case FLAG:
				addCheckbox(key);
				break;
			case CHOICE:
				addChoice(key);
				break;
			case FEATURES:
				addFeatures(key);
				break;
			case CLASS:
				addSuggested(key);
				break;
			case FILE:
			case FILES:
			case SAVE:
			case FOLDER:
				addPath(key);
				break;
			case LIST:
				addText(key, WIDE);
				break;
			default:
				addText(key, NARROW);
		}
	}

	private void addCheckbox(final Key key) {
		dialog.addCheckbox(key.label(), values.flag(key.id()));
		final Checkbox box = (Checkbox) dialog.getCheckboxes().lastElement();
		readers.put(key, () -> String.valueOf(box.getState()));
	}

	private void addChoice(final Key key) {
		dialog.addChoice(key.label(), key.choices().toArray(new String[0]), values.text(key.id()));
		final Choice choice = (Choice) dialog.getChoices().lastElement();
		readers.put(key, choice::getSelectedItem);
	}

	private TextField addText(final Key key, final int columns) {
		dialog.addStringField(key.label(), key.isList() ? listText(key) : values.text(key.id()), columns);
		final TextField field = (TextField) dialog.getStringFields().lastElement();
		readers.put(key, () -> field.getText().trim());
		return field;
	}

	private String listText(final Key key) {
		final List<String> items = new ArrayList<>();
		for (final String item : values.list(key.id()))
			items.add(item.replace(";", "&{3b}"));
		return String.join(";", items);
	}

	private void addPath(final Key key) {
		final TextField field = addText(key, WIDE);
		PathButton.add(dialog, field, key);
		readers.put(key, () -> PathButton.slashes(field.getText().trim()));
	}

	/** A field and a list of values to fill it with. */
	private void addSuggested(final Key key) {
		final TextField field = addText(key, NARROW);
		final List<String> offers = suggestions.apply(key);
		if (!offers.isEmpty()) addFiller("Known ones", offers, field, offer -> offer);
	}

	/** The feature list, filled from a preset and free to edit; an untouched preset is kept by its name. */
	private void addFeatures(final Key key) {
		final Map<String, String> presets = new LinkedHashMap<>();
		for (final Preset preset : Engine.presets())
			presets.put(preset.id, preset.features);
		final String text = values.text(key.id());
		final TextField field = addText(key, WIDE);
		field.setText(presets.getOrDefault(text, text));
		addFiller("Preset", new ArrayList<>(presets.keySet()), field, presets::get);
		addFeatureAdder(field);
		readers.put(key, () -> nameOf(presets, field.getText().trim()));
	}

	/** A list of all features; the chosen one comes behind the others in the field, to be edited there. */
	private void addFeatureAdder(final TextField field) {
		final List<FeatureRow> rows = Engine.featureRows();
		final List<String> items = new ArrayList<>();
		items.add(NOTHING_TO_ADD);
		for (final FeatureRow row : rows)
			items.add(row.id + " - " + row.label);
		dialog.addChoice("Add feature", items.toArray(new String[0]), NOTHING_TO_ADD);
		final Choice choice = (Choice) dialog.getChoices().lastElement();
		choice.addItemListener(e -> {
			if (choice.getSelectedIndex() == 0) return;
			final String list = field.getText().trim();
			final String item = rows.get(choice.getSelectedIndex() - 1).item();
			field.setText(list.isEmpty() || list.endsWith(";") ? list + item : list + ";" + item);
			choice.select(0);
		});
	}

	private static String nameOf(final Map<String, String> presets, final String features) {
		for (final Map.Entry<String, String> preset : presets.entrySet())
			if (preset.getValue().equals(features)) return preset.getKey();
		return features;
	}

	/** A list of values for a field; it shows which of them the field holds. */
	private void addFiller(final String label, final List<String> offers, final TextField field,
		final Function<String, String> text)
	{
		final String[] items = new String[offers.size() + 1];
		items[0] = TEXT_AS_IT_IS;
		for (int i = 0; i < offers.size(); i++)
			items[i + 1] = offers.get(i);
		final Supplier<String> shown = () -> {
			for (final String offer : offers)
				if (text.apply(offer).equals(field.getText().trim())) return offer;
			return TEXT_AS_IT_IS;
		};
		dialog.addChoice(label, items, shown.get());
		final Choice choice = (Choice) dialog.getChoices().lastElement();
		choice.addItemListener(e -> {
			if (choice.getSelectedIndex() > 0) field.setText(text.apply(choice.getSelectedItem()));
		});
		field.addTextListener(e -> choice.select(shown.get()));
	}

	private static String title(final String command) {
		return command.replaceAll("\\.+$", "");
	}
}
