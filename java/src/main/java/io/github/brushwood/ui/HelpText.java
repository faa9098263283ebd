package io.github.brushwood.ui;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.engine.ForestPreset;
import io.github.brushwood.engine.MeasureRow;
import io.github.brushwood.engine.Preset;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Spec;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The help: a page whose tables of commands, keys, features and presets are made from the tables themselves. */
public final class HelpText {

	private static final String FOREST = "forest";
	private static final String MEASURES = "measures";
	private static final String PAGE = "/io/github/brushwood/help.html";

	/** How a feature list is written and what the columns of the features' table mean. */
	private static final String LIST_RULES =
		"<p>A feature list is made of items separated by ';', in any order: presets and features. A feature that takes a " +
			"number is written <code>id:number,number,...</code>, the others by their id alone; numbers are a sigma or a " +
			"radius in pixels along x. <code>@2d</code> and <code>@3d</code> behind an item choose its dimensions; without " +
			"them a stack gets 3D features and a single slice 2D ones. <code>@c1+3</code> limits an item to channels 1 and " +
			"3. Examples: <code>gaussian:0.3,0.7,1;hessian:1.6,3.5@2d</code> or " +
			"<code>balanced;median:2,4;stain_he</code>.</p>" +
			"<p>The item <code>exact</code>, or the switch of that name, makes every feature of the list exact: full " +
			"kernels in double precision in place of the fast ways, at several times the cost. Without it a feature is " +
			"within 0.5 % of its standard deviation (root mean square). A model keeps the way it was trained with.</p>" +
			"<p>In units, i is the intensity of the image and px a pixel along x. Features of RGB images read red, green " +
			"and blue together: the image has to be RGB, or have at least three channels, of which the first three count.</p>";

	private HelpText() {}

	/** The whole help as HTML. @param keys the table of the live window's keys, as a part of a page */
	public static String all(final List<Spec> commands, final String keys) {
		final StringBuilder sections = new StringBuilder();
		for (final Spec command : commands)
			sections.append(section(command));
		return page().replace("@commands@", sections).replace("@features@", features()).replace("@presets@", presets())
			.replace("@forests@", forests()).replace("@measures@", measures())
			.replace("@version@", escape(Engine.version())).replace("@keys@", keys)
			.replace("@engine@", escape(Engine.description()));
	}

	/** Help on one command as HTML. */
	public static String of(final Spec command) {
		final StringBuilder html = new StringBuilder("<html><body>").append(section(command));
		for (final Key key : command.keys()) {
			if (key.kind() != Key.Kind.FEATURES) continue;
			html.append(featureGuide());
		}
		if (command.find(MEASURES) != null) html.append("<h2>Measures</h2>").append(measures());
		if (command.find(FOREST) != null) html.append("<h2>Forests</h2>").append(forests());
		return html.append("<p>More: Plugins &gt; Brushwood &gt; Brushwood Help.</p></body></html>").toString();
	}

	/** Feature lists, all features and all presets, as a part of a page. */
	public static String featureGuide() {
		return "<h2>Features</h2>" + features() + "<h2>Presets</h2>" + presets();
	}

	/** The text of a page, for terminals. */
	public static String plain(final String html) {
		String text = html.replaceAll("(?s)<head>.*?</head>", "");
		final String[] parts = text.split("(?i)</?pre>"); // every second one is preformatted
		for (int i = 0; i < parts.length; i++)
			parts[i] = i % 2 == 0 ? parts[i].replaceAll("\\s+", " ") : "<p>" + parts[i].replace("\n", "<br>") + "<p>";
		text = String.join("", parts);
		text = text.replaceAll("(?i)<(h1|h2|p|table|/table)[^>]*>", "\n\n").replaceAll(
			"(?i)<(tr|br)[^>]*>", "\n  ").replaceAll("(?i)</t[dh]>", "  ").replaceAll("<[^>]+>", "");
		text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
		return text.replaceAll("(?m)^ +$", "").replaceAll("\n{3,}", "\n\n").trim();
	}

	private static String section(final Spec command) {
		final StringBuilder html = new StringBuilder("<h2>").append(escape(command.name())).append("</h2><p>").append(
			escape(command.summary())).append("</p>");
		if (command.keys().isEmpty()) return html.toString();
		html.append("<table border=1 cellspacing=0 cellpadding=3><tr><th>Macro key</th><th>Dialog</th><th>Meaning</th>");
		html.append("<th>Default</th></tr>");
		for (final Key key : command.keys())
			html.append(row("<code>" + key.id() + "</code>", escape(key.isMacroOnly() ? "" : key.label()), escape(key
				.doc()) + values(key), defaultOf(key)));
		return html.append("</table>").toString();
	}

	private static String values(final Key key) {
		if (key.choices().isEmpty()) return "";
		final String how = key.kind() == Key.Kind.SET ? " Some of, separated by ';': " : " One of: ";
		return how + escape(String.join(", ", key.choices())) + ".";
	}

	private static String defaultOf(final Key key) {
		if (key.isRequired()) return "<b>required</b>";
		if (key.isFromPreset()) return "as the forest";
		return key.isFlag() ? "off" : escape(key.defaultValue());
	}

	private static String features() {
		final StringBuilder html = new StringBuilder(LIST_RULES);
		html.append("<table border=1 cellspacing=0 cellpadding=3><tr><th>Id</th><th>Feature</th>");
		html.append("<th>Images in 2D / 3D</th><th>Number</th><th>Unit</th><th>Definition</th><th>Source</th></tr>");
		for (final FeatureRow f : Engine.featureRows())
			html.append(row("<code>" + f.id + "</code>", escape(f.label), images(f), f.range(), escape(f.unit), escape(
				f.doc) + names(f), escape(f.source)));
		return html.append("</table>").toString();
	}

	private static String images(final FeatureRow f) {
		final String deep = f.outputs3d == 0 ? "slice by slice" : String.valueOf(f.outputs3d);
		return f.outputs2d + " / " + deep + (f.rgb ? ", RGB images only" : "");
	}

	private static String names(final FeatureRow f) {
		final String flat = String.join(", ", f.outputNames(2));
		final String deep = String.join(", ", f.outputNames(3));
		if (f.outputs(2) == 1 && f.outputs(3) == 1) return "";
		if (flat.equals(deep)) return escape(" Images: " + flat + ".");
		return escape(f.outputs(2) == 1 ? " In 3D: " + deep + "." : " In 2D: " + flat + "; in 3D: " + deep + ".");
	}

	private static String presets() {
		final StringBuilder html = new StringBuilder("<table border=1 cellspacing=0 cellpadding=3><tr><th>Id</th>" +
			"<th>Use</th><th>Features</th></tr>");
		for (final Preset p : Engine.presets())
			html.append(row("<code>" + p.id + "</code>", escape(p.doc), "<code>" + escape(p.features).replace(";",
				"; ") + "</code>"));
		return html.append("</table>").toString();
	}

	private static String forests() {
		final StringBuilder html = new StringBuilder("<table border=1 cellspacing=0 cellpadding=3><tr><th>Id</th>" +
			"<th>Forest</th><th>What it is</th></tr>");
		for (final ForestPreset p : Engine.forestPresets())
			html.append(row("<code>" + p.id + "</code>", escape(p.label), escape(p.doc)));
		return html.append("</table>").toString();
	}

	private static String measures() {
		final StringBuilder html = new StringBuilder("<table border=1 cellspacing=0 cellpadding=3><tr><th>Id</th>" +
			"<th>Group</th><th>Measure</th><th>In</th><th>Unit</th><th>Definition</th></tr>");
		for (final MeasureRow m : MeasureRow.all())
			html.append(row("<code>" + m.id + "</code>", "<code>" + m.group + "</code>", escape(m.label), m.in2d ? m.in3d
				? "2D, 3D" : "2D" : "3D", escape(m.unit), escape(m.definition) + channels(m)));
		return html.append("</table>").toString();
	}

	private static String channels(final MeasureRow m) {
		if (m.channels == MeasureRow.Channels.NONE) return "";
		final boolean image = m.channels == MeasureRow.Channels.IMAGE;
		return image ? " Of each channel of the image, such as <code>" + m.id + ":2</code>." : " Of each class.";
	}

	private static String row(final String... cells) {
		return "<tr><td>" + String.join("</td><td>", cells) + "</td></tr>";
	}

	private static String escape(final String text) {
		return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
	}

	private static String page() {
		try (InputStream in = HelpText.class.getResourceAsStream(PAGE)) {
			if (in == null) throw new IllegalStateException(PAGE + " is missing from the jar");
			final ByteArrayOutputStream out = new ByteArrayOutputStream();
			final byte[] buffer = new byte[8192];
			for (int n = in.read(buffer); n >= 0; n = in.read(buffer))
				out.write(buffer, 0, n);
			return new String(out.toByteArray(), StandardCharsets.UTF_8);
		}
		catch (final IOException e) {
			throw new IllegalStateException(PAGE + " cannot be read from the jar: " + e.getMessage(), e);
		}
	}
}
