package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.plugin.frame.Recorder;

import io.github.brushwood.engine.Measurements;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Measuring;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.ObjectPicking;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.live.PickWindow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Opens the window in which objects are given classes by clicks. */
public final class Pick_Object_Classes extends BrushwoodCommand {

	private static final Spec SPEC = new Spec("Brushwood Pick Object Classes",
		"Teaches classes of objects by clicks: click on some objects of each class, and a forest that learns from their " +
			"measures colours all others, again after every click. Works on the current image, a label image or a mask; with " +
			"an image of intensities the objects are shown and clicked on there. The window saves the model for Brushwood " +
			"Classify Objects, and shows an image and a table of the classes; each of these is recorded as a call of " +
			"Brushwood Train Object Classes that a macro can repeat, also without a display.", keys());

	private static List<Key> keys() {
		final List<Key> keys = new ArrayList<>(ObjectKeys.images());
		keys.add(ObjectKeys.MEASURES_KEY);
		keys.add(ObjectKeys.SPACING_KEY);
		return keys;
	}

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void checkReady() {
		currentImage();
	}

	@Override
	public List<String> suggestions(final Key key) {
		return ObjectKeys.titles(key);
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		if (!LiveSessions.hasWindows()) {
			throw new BrushwoodException("Objects are picked in a window, which needs a display and no batch mode. Macros " +
				"learn by Brushwood Train Object Classes, whose key 'examples' lists objects by number.");
		}
		final Measuring measuring = ObjectKeys.measuring(options);
		final ImagePlus display = options.given(ObjectKeys.IMAGE) ? Measure_Objects.titled(ObjectKeys.IMAGE, options.text(
			ObjectKeys.IMAGE)) : measuring.source();
		if (display.getWindow() == null) {
			throw new BrushwoodException("The image '" + display.getTitle() + "' has no window. Show it first.");
		}
		final ObjectPicking picking = ObjectPicking.open(jobs, measuring);
		for (final String note : picking.notes())
			IJ.log(SPEC.name() + ": " + note);
		final Options training = training(options, measuring.source());
		LiveWindows.onEventThread(() -> PickWindow.open(display, picking, new Host(training)));
	}

	/** What a statement that trains has to say of the images. */
	private static Options training(final Options options, final ImagePlus labels) {
		final Options training = new Options(new Train_Object_Classes().spec()).set(ObjectKeys.LABELS, Arrays.asList(
			labels.getTitle()));
		for (final String key : Arrays.asList(ObjectKeys.IMAGE, ObjectKeys.PROBABILITIES))
			if (options.given(key)) training.set(key, Arrays.asList(options.text(key)));
		if (options.given(ObjectKeys.MEASURES)) training.set(ObjectKeys.MEASURES, options.list(ObjectKeys.MEASURES));
		if (options.given(ObjectKeys.SPACING)) training.set(ObjectKeys.SPACING, options.text(ObjectKeys.SPACING));
		return training;
	}

	/** Shows and records for the window. */
	private static final class Host implements PickWindow.Host {

		private final Options training;

		Host(final Options training) {
			this.training = training;
		}

		@Override
		public Jobs jobs(final Monitor monitor) {
			return new Jobs(Settings.threads(), Settings.memory() << 20, monitor);
		}

		@Override
		public void show(final ImagePlus imp) {
			BrushwoodCommand.show(imp);
		}

		@Override
		public void show(final Measurements table) {
			Measure_Objects.show(table);
		}

		@Override
		public void record(final List<String> picks, final String model, final String show) {
			if (!IJ.recording()) return;
			final Options options = new Options(training.spec());
			if (model != null) options.set("model", model.replace('\\', '/'));
			for (final String key : training.escapedValues().keySet())
				options.copy(key, training);
			options.set(Train_Object_Classes.EXAMPLES, picks).set(Train_Object_Classes.SHOW, show == null ? "report" : show);
			final String call = "(\"" + Train_Object_Classes.NAME + "\", \"" + Recorder.fixString(options.toString()) +
				"\");\n";
			Recorder.recordString((Recorder.scriptMode() ? "IJ.run" : "run") + call);
		}
	}
}
