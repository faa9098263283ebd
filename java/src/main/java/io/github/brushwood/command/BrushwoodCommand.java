package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.Macro;
import ij.WindowManager;
import ij.gui.Plot;
import ij.gui.PlotWindow;
import ij.plugin.PlugIn;
import ij.plugin.frame.Recorder;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.PredictOptions;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Spacing;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.HelpText;
import io.github.brushwood.ui.OptionDialog;

import java.awt.GraphicsEnvironment;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A menu entry. Options come from the macro, before any window class is touched, or else from a dialog; both are
 * checked against the command's table. Runs on the caller's thread until done. No exception reaches ImageJ but its own
 * signal that a macro was cancelled.
 */
public abstract class BrushwoodCommand implements PlugIn, OptionDialog.Source {

	private static final long ACTIVATION_MS = 700;
	private static final String MODEL = "model";

	static final Key THREADS = Key.of(Key.Kind.INTEGER, "threads", "Threads", "",
		"Threads to use; 0 for all. Without it the preference counts. Never changes a result.").inMacrosOnly();

	static final Key SPACING = Key.of(Key.Kind.TEXT, "spacing", "Voxel size z,y,x", "",
		"Voxel size z,y,x in place of the calibration, such as 2.5,1,1; only the ratios count.");

	static final Key UNREFINED = Key.flag("unrefined", "Without smoothing along edges",
		"Show the forest's own probabilities, without the smoothing along the image's structures that the model may ask " +
			"for.");

	static final Key MODEL_FILE = Key.required(Key.Kind.FILE, MODEL, "Model file",
		"Model file made by Brushwood Train Model.");

	static final String FEATURES_DOC =
		"A preset, or a list such as gaussian:0.3,0.7,1;hessian:1.6,3.5@2d of the features in the table below.";

	static final Key EXACT = Key.flag("exact", "Exact filters (slower)",
		"Compute every feature with full kernels in double precision, as the item exact in the feature list does.");

	/** The model of each kind that a command used last; offered by the next dialog. */
	private static final Map<String, String> LAST_MODELS = new ConcurrentHashMap<>();

	/** Name, text and keys. */
	public abstract Spec spec();

	/** Does the work and shows the result as the active image. */
	abstract void execute(Options options, Jobs jobs);

	/** Values the dialog starts with. */
	Options initial() {
		return new Options(spec());
	}

	@Override
	public List<String> suggestions(final Key key) {
		return Collections.emptyList();
	}

	@Override
	public String defaultOf(final Key key, final Options others) {
		return key.defaultValue();
	}

	/** What the dialog's help tells of: the keys as macros give them. */
	Spec documented() {
		return spec();
	}

	/** Whether there is a dialog; without one the keys are for macros. */
	boolean asks() {
		return !spec().keys().isEmpty();
	}

	/** Whether a macro without a window may leave out all options. */
	boolean worksWithoutOptions() {
		return false;
	}

	/** What the key 'model' holds: dialogs offer the last one of the same kind. */
	String modelKind() {
		return "pixels";
	}

	/** Called before the dialog; throws when it would be of no use. */
	void checkReady() {}

	@Override
	public final void run(final String arg) {
		final String macro = Macro.getOptions();
		String title = "Brushwood";
		try {
			AnnotationColours.install();
			title = spec().name();
			if (macro != null) perform(Options.parse(spec(), macro));
			else if (!asks()) perform(new Options(spec()));
			else interact();
		}
		catch (final RuntimeException | Error e) {
			if (macro == null && IJ.recording()) Recorder.disableCommandRecording();
			Failure.report(title, e);
		}
	}

	/** Asks again, with the values kept, until the work is done or the dialog cancelled. */
	private void interact() {
		if (GraphicsEnvironment.isHeadless() || IJ.getInstance() == null) {
			if (worksWithoutOptions()) {
				perform(new Options(spec()));
				return;
			}
			throw new BrushwoodException("Without a window this command needs options. Keys: " + spec().keyList() + ".");
		}
		checkReady();
		Options values = withLastModel(initial());
		while (true) {
			values = OptionDialog.ask(values, this, HelpText.of(documented()));
			if (values == null) break;
			try {
				checkFilled(values);
				perform(values.check());
				record(values);
				return;
			}
			catch (final CancelledException e) {
				Failure.report(spec().name(), e);
				break;
			}
			catch (final RuntimeException | Error e) {
				Failure.report(spec().name(), e);
			}
		}
		Recorder.disableCommandRecording();
	}

	/** A file to write stays empty: the last model should not be lost by pressing OK; so does one that may be absent. */
	private Options withLastModel(final Options values) {
		final Key key = spec().find(MODEL);
		if (key == null || key.kind() != Key.Kind.FILE || !key.isRequired()) return values;
		return values.set(MODEL, LAST_MODELS.getOrDefault(modelKind(), ""));
	}

	/** Like {@link Options#check} in the words of the dialog. */
	private void checkFilled(final Options values) {
		for (final Key key : spec().keys())
			if (key.isRequired() && !values.given(key.id())) {
				throw new BrushwoodException("The field '" + key.label() + "' is empty. Fill it in.");
			}
	}

	private void perform(final Options options) {
		execute(options, new Jobs(threads(options), Settings.memory() << 20, new ImageJMonitor()));
		SlowJava.tell();
		if (spec().find(MODEL) != null && options.given(MODEL)) LAST_MODELS.put(modelKind(), options.text(MODEL));
		IJ.showProgress(1);
	}

	/** The feature list that the keys 'features' and 'exact' make together. */
	static String featureList(final Options options) {
		final String list = options.text("features");
		return options.flag(EXACT.id()) ? EXACT.id() + ";" + list : list;
	}

	/** What the keys 'spacing' and 'unrefined' say. */
	static PredictOptions predictOptions(final Options options) {
		final PredictOptions predict = new PredictOptions().unrefined(options.flag(UNREFINED.id()));
		final Spacing spacing = Spacing.parse(options.text(SPACING.id()));
		return spacing == null ? predict : predict.spacing(spacing.x, spacing.y, spacing.z);
	}

	private int threads(final Options options) {
		final boolean given = spec().keys().contains(THREADS) && options.given(THREADS.id());
		return given ? (int) options.integer(THREADS.id(), 0, Settings.MAX_THREADS) : Settings.threads();
	}

	/** Replaces what the dialog's fields recorded by the options under their stable keys. */
	private static void record(final Options options) {
		final String command = IJ.recording() ? Recorder.getCommand() : null;
		if (command == null) return;
		Recorder.setCommand(command);
		for (final Map.Entry<String, String> entry : options.escapedValues().entrySet()) {
			if (entry.getValue() == null) Recorder.recordOption(entry.getKey());
			else Recorder.recordOption(entry.getKey(), entry.getValue());
		}
	}

	/** Shows images one after the other, so that the last one is the active image even when windows come up late. */
	static void show(final ImagePlus... images) {
		for (final ImagePlus imp : images) {
			imp.show();
			final long end = System.currentTimeMillis() + ACTIVATION_MS;
			while (imp.getWindow() != null && !imp.getWindow().isActive() && System.currentTimeMillis() < end)
				IJ.wait(5);
			if (imp.getWindow() != null) WindowManager.setCurrentWindow(imp.getWindow());
		}
	}

	/** Shows a plot as the active image. */
	static void show(final Plot plot) {
		final PlotWindow window = plot.show();
		final long end = System.currentTimeMillis() + ACTIVATION_MS;
		while (window != null && !window.isActive() && System.currentTimeMillis() < end)
			IJ.wait(5);
		if (window != null) WindowManager.setCurrentWindow(window);
	}

	/** The active image. */
	static ImagePlus currentImage() {
		final ImagePlus imp = WindowManager.getCurrentImage();
		if (imp == null) throw new BrushwoodException("There is no open image. Open one first.");
		return imp;
	}
}
