package io.github.brushwood.command;

import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.HelpText;
import io.github.brushwood.ui.ReportWindow;
import io.github.brushwood.ui.live.LiveHelp;

/** Shows how everything works. */
public final class Brushwood_Help extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Help", "Shows how everything works, with all features and keys.");

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		ReportWindow.html(SPEC.name(), HelpText.all(Commands.specs(), LiveHelp.keys()));
	}
}
