package io.github.brushwood.ui;

import io.github.brushwood.command.options.Key;
import io.github.brushwood.command.options.Spec;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.engine.Preset;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** The help: a page whose tables of commands, keys, features and presets are made from the tables themselves. */
public final class HelpText {

	private static final String PAGE = "/io/github/brushwood/help.html";

	private HelpText() {}

	/** The whole help as HTML. */
	public static String all(final List<Spec> commands) {
		final StringBuilder sections = new StringBuilder();
		for (final Spec command : commands)
			sections.append(section(command));
		return page().replace("@commands@", sections).replace("@features@", features()).replace("@presets@", presets())
			.replace("@version@", escape(Engine.version()));
	}

	/** Help on one command as HTML. */
	public static String of(final Spec command) {
		final StringBuilder html = new StringBuilder("<html><body>").append(section(command));
		for (final Key key : command.keys()) {
			if (key.kind() != Key.Kind.FEATURES) continue;
			html.append("<h2>Features</h2>").append(features()).append("<h2>Presets</h2>").append(presets());
		}
		return html.append("<p>More: Plugins &gt; Brushwood &gt; Brushwood Help.</p></body></html>").toString();
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
		return key.choices().isEmpty() ? "" : " One of: " + escape(String.join(", ", key.choices())) + ".";
	}

	private static String defaultOf(final Key key) {
		if (key.isRequired()) return "<b>required</b>";
		return key.isFlag() ? "off" : escape(key.defaultValue());
	}

	private static String features() {
		final StringBuilder html = new StringBuilder("<table border=1 cellspacing=0 cellpadding=3><tr><th>Id</th>" +
			"<th>Feature</th><th>Images in 2D / 3D</th><th>Sigma</th><th>Definition</th></tr>");
		for (final FeatureRow f : Engine.featureRows()) {
			final String sigma = f.hasSigma ? String.format(Locale.ROOT, "%s to %s", f.sigmaMin, f.sigmaMax) : "none";
			html.append(row("<code>" + f.id + "</code>", escape(f.label), f.outputs2d + " / " + f.outputs3d, sigma, escape(
				f.doc)));
		}
		return html.append("</table>").toString();
	}

	private static String presets() {
		final StringBuilder html = new StringBuilder("<table border=1 cellspacing=0 cellpadding=3><tr><th>Id</th>" +
			"<th>Use</th><th>Features</th></tr>");
		for (final Preset p : Engine.presets())
			html.append(row("<code>" + p.id + "</code>", escape(p.doc), "<code>" + escape(p.features).replace(";",
				"; ") + "</code>"));
		return html.append("</table>").toString();
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
