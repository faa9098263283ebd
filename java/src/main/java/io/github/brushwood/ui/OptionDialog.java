package io.github.brushwood.ui;

import ij.gui.GenericDialog;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.engine.Preset;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;

import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.FlowLayout;
import java.awt.Font;
import java.awt.Panel;
import java.awt.TextField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** A dialog with one field for each key of a command's table. */
public final class OptionDialog {

	private static final int WIDE = 36;
	private static final int NARROW = 14;
	private static final int HEADING_SIZE = 12;
	private static final String TEXT_AS_IT_IS = "(as written)";
	private static final String NOTHING_TO_ADD = "(choose)";
	private static final String NONE_CHOSEN = "none";
	private static final String MORE = "More options...";

	private final Options values;
	private final Source source;
	private final GenericDialog dialog;
	/** How to read each field. */
	private final Map<Key, Supplier<String>> readers = new LinkedHashMap<>();
	/** What the drop-down lists showed last. */
	private final Map<Key, String> lastChoice = new LinkedHashMap<>();
	/** How to fill fields whose value may follow a preset. */
	private final Map<Key, Consumer<String>> writers = new LinkedHashMap<>();

	/** What a dialog asks its command. */
	public interface Source {

		/** Values to offer for a key besides those of its table; empty for none. */
		List<String> suggestions(Key key);

		/** The value of a key that is not given, beside these values. */
		String defaultOf(Key key, Options others);
	}

	private OptionDialog(final Options values, final Source source, final String title) {
		this.values = values;
		this.source = source;
		dialog = new GenericDialog(title);
	}

	/**
	 * Shows the dialog and waits for the user. Keys with a heading are on a second page, which comes when asked for;
	 * without it they have their defaults.
	 *
	 * @param values what the fields show first
	 * @param help the page of the Help button
	 * @return the values of the fields, not checked; null when cancelled
	 */
	public static Options ask(final Options values, final Source source, final String help) {
		final OptionDialog first = new OptionDialog(values, source, title(values.spec().name()));
		boolean used = false;
		boolean two = false;
		for (final Key key : values.spec().keys()) {
			if (key.heading().isEmpty() && !key.isMacroOnly()) first.addField(key);
			two |= !key.heading().isEmpty();
			used |= !key.heading().isEmpty() && values.given(key.id());
		}
		final Checkbox more = two ? first.addMore(used) : null;
		final Options read = first.show(help);
		if (read == null || more == null || !more.getState()) return read;
		return askMore(read, values, source, help);
	}

	/** The second page. */
	private static Options askMore(final Options read, final Options before, final Source source, final String help) {
		for (final Key key : read.spec().keys())
			if (!key.heading().isEmpty() && before.given(key.id())) read.copy(key.id(), before);
		final OptionDialog second = new OptionDialog(read, source, title(read.spec().name()).replaceFirst("^Brushwood ",
			"") + ": more options");
		String heading = "";
		for (final Key key : read.spec().keys()) {
			if (key.heading().isEmpty()) continue;
			if (!key.heading().equals(heading)) second.addHeading(key.heading());
			heading = key.heading();
			second.addField(key);
		}
		final Options more = second.show(help);
		if (more == null) return null;
		for (final Key key : read.spec().keys())
			if (key.heading().isEmpty() && read.given(key.id())) more.copy(key.id(), read);
		return more;
	}

	private Options show(final String help) {
		dialog.addHelp(help);
		dialog.showDialog();
		return dialog.wasCanceled() ? null : read();
	}

	private Checkbox addMore(final boolean on) {
		dialog.addCheckbox(MORE, on);
		return (Checkbox) dialog.getCheckboxes().lastElement();
	}

	private void addHeading(final String heading) {
		dialog.addMessage(heading, new Font(Font.SANS_SERIF, Font.BOLD, HEADING_SIZE));
	}

	/** What a field shows for a key. */
	private String shown(final Key key) {
		if (key.isFlag()) return String.valueOf(values.given(key.id()) ? values.flag(key.id()) : Boolean.parseBoolean(
			source.defaultOf(key, values)));
		return values.given(key.id()) ? values.text(key.id()) : source.defaultOf(key, values);
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
		final Options others = dialogValues(read);
		for (final Key key : readers.keySet())
			if (key.isFromPreset() && readers.get(key).get().equals(source.defaultOf(key, others))) read.unset(key.id());
		return read;
	}

	/** The fields' values beside those that have no field here. */
	private Options dialogValues(final Options read) {
		final Options all = new Options(values.spec());
		for (final Key key : values.spec().keys()) {
			final Options from = readers.containsKey(key) ? read : values;
			if (from.given(key.id())) all.copy(key.id(), from);
		}
		return all;
	}

	/** Fields that show what a preset says follow it. */
	private void follow(final Key chosen, final String text) {
		final Options before = new Options(values.spec()).set(chosen.id(), lastChoice.get(chosen));
		final Options after = new Options(values.spec()).set(chosen.id(), text);
		lastChoice.put(chosen, text);
		for (final Map.Entry<Key, Consumer<String>> writer : writers.entrySet()) {
			final Key key = writer.getKey();
			final boolean untouched = readers.get(key).get().equals(source.defaultOf(key, before));
			if (key.isFromPreset() && untouched) writer.getValue().accept(source.defaultOf(key, after));
		}
	}

	private void addField(final Key key) {
		switch (key.kind()) {
			case FLAG:
				addCheckbox(key);
				break;
			case CHOICE:
				addChoice(key);
				break;
			case SET:
				addChoices(key);
				break;
			case FEATURES:
				addFeatures(key);
				break;
			case CLASS:
				addSuggested(key, "Known ones");
				break;
			case IMAGE:
				addImage(key);
				break;
			case FILE:
			case FILES:
			case SAVE:
			case FOLDER:
				addPath(key);
				break;
			case LIST:
				addList(key);
				break;
			default:
				addText(key, key.defaultValue().length() < NARROW ? NARROW : WIDE);
		}
	}

	private void addCheckbox(final Key key) {
		dialog.addCheckbox(key.label(), Boolean.parseBoolean(shown(key)));
		final Checkbox box = (Checkbox) dialog.getCheckboxes().lastElement();
		readers.put(key, () -> String.valueOf(box.getState()));
	}

	private void addChoice(final Key key) {
		dialog.addChoice(key.label(), key.choices().toArray(new String[0]), shown(key));
		final Choice choice = (Choice) dialog.getChoices().lastElement();
		readers.put(key, choice::getSelectedItem);
		writers.put(key, choice::select);
		lastChoice.put(key, choice.getSelectedItem());
		if (!key.isFromPreset()) choice.addItemListener(e -> follow(key, choice.getSelectedItem()));
	}

	/** A checkbox for each value, in one row. */
	private void addChoices(final Key key) {
		final List<String> on = values.list(key.id());
		final List<Checkbox> boxes = new ArrayList<>();
		final Panel row = new Panel(new FlowLayout(FlowLayout.LEFT, 0, 0));
		for (final String item : key.choices()) {
			boxes.add(new Checkbox(item, on.contains(item)));
			row.add(boxes.get(boxes.size() - 1));
		}
		FieldRow.replace(dialog, addText(key, NARROW), row);
		readers.put(key, () -> {
			final List<String> chosen = new ArrayList<>();
			for (final Checkbox box : boxes)
				if (box.getState()) chosen.add(box.getLabel());
			return chosen.isEmpty() ? NONE_CHOSEN : String.join(";", chosen);
		});
	}

	private TextField addText(final Key key, final int columns) {
		dialog.addStringField(key.label(), key.isList() && values.given(key.id()) ? listText(key) : shown(key), columns);
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
	private void addSuggested(final Key key, final String label) {
		final TextField field = addText(key, NARROW);
		final List<String> offers = source.suggestions(key);
		if (!offers.isEmpty()) addFiller(label, offers, field, offer -> offer);
	}

	/** A field for a title, beside it a list of the open images, whose first item empties the field. */
	private void addImage(final Key key) {
		final TextField field = addText(key, NARROW);
		final List<String> titles = source.suggestions(key);
		if (titles.isEmpty()) return;
		final Choice choice = new Choice();
		choice.add(NOTHING_TO_ADD);
		for (final String title : titles)
			choice.add(title);
		final Runnable follow = () -> choice.select(1 + titles.indexOf(field.getText().trim()));
		follow.run();
		choice.addItemListener(e -> field.setText(choice.getSelectedIndex() == 0 ? "" : choice.getSelectedItem()));
		field.addTextListener(e -> follow.run());
		FieldRow.beside(dialog, field, choice);
	}

	/** A field, beside it a list of items where the command suggests some. */
	private void addList(final Key key) {
		final TextField field = addText(key, WIDE);
		final List<String> offers = source.suggestions(key);
		if (offers.isEmpty()) return;
		final List<String> items = new ArrayList<>();
		for (final String offer : offers)
			items.add(offer.replace(";", "&{3b}"));
		addFiller("Open images", items, field, item -> item);
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
