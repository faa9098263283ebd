package io.github.brushwood.command;

import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.live.SessionFile;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

/** Opens a session that was saved. */
public final class Open_Session extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Open Session...",
		"Opens a session that was saved in the live window: classes, labels of all images, features and forest. Images are " +
			"found where they were, beside the session file, or among the open ones, and known by their pixels, so that a " +
			"file that was moved or renamed is found and another one of the same name is not taken for it.",
		Key.required(Kind.FILE, "file", "Session file", "Session to open.").withSuffix(SessionFile.SUFFIX));

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		LiveSessions.open(options.text("file"));
	}
}
