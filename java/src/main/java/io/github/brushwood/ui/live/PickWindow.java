package io.github.brushwood.ui.live;

import ij.IJ;
import ij.ImageListener;
import ij.ImagePlus;
import ij.gui.Toolbar;
import ij.io.SaveDialog;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Measurements;
import io.github.brushwood.engine.ObjectModel;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.ObjectExamples;
import io.github.brushwood.session.ObjectPicking;
import io.github.brushwood.ui.ReportWindow;

import java.awt.Color;
import java.awt.EventQueue;
import java.awt.KeyEventDispatcher;
import java.awt.KeyboardFocusManager;
import java.awt.Window;
import java.awt.event.InputEvent;
import java.awt.event.KeyEvent;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.swing.JColorChooser;
import javax.swing.JDialog;
import javax.swing.JOptionPane;
import javax.swing.WindowConstants;
import javax.swing.text.JTextComponent;

/** The window beside an image in which objects are picked: what clicks, keys and buttons do. On the event thread. */
public final class PickWindow {

	private static final String TITLE = "Pick Object Classes";
	private static final Map<ImagePlus, PickWindow> OPEN = new HashMap<>();

	private final ImagePlus display;
	private final ObjectPicking picking;
	private final Host host;
	private final JDialog dialog;
	private final PickPanel panel;
	private final PickLayer layer;
	private final PickWorker worker;
	private final Errand errand;
	private final String toolBefore;
	private final ImageListener closed = new Closed();
	private final KeyEventDispatcher keys = this::takes;
	private int classId;
	private volatile boolean ended;

	/** What the window needs of the command that opens it. */
	public interface Host {

		Jobs jobs(Monitor monitor);

		/** Shows an image as the active one; off the event thread. */
		void show(ImagePlus imp);

		/** Shows a table; off the event thread. */
		void show(Measurements table);

		/**
		 * Records a statement that does from the picks what a button did.
		 *
		 * @param model file that was written; null for none
		 * @param show what was shown; null for nothing
		 */
		void record(List<String> picks, String model, String show);
	}

	private PickWindow(final ImagePlus display, final ObjectPicking picking, final Host host) {
		this.display = display;
		this.picking = picking;
		this.host = host;
		dialog = new JDialog(display.getWindow(), TITLE + ": " + display.getTitle(), JDialog.ModalityType.MODELESS);
		dialog.setName("pick");
		layer = new PickLayer(display, picking);
		panel = new PickPanel(this);
		errand = new Errand(() -> EventQueue.invokeLater(this::tellErrand));
		worker = new PickWorker(picking, host.jobs(Monitor.NONE), new PickWorker.Listener() {

			@Override
			public void grown(final ObjectPicking.Result result) {
				if (!ended) refresh(result);
			}

			@Override
			public void failed(final Throwable failure) {
				if (!ended) Problems.show(TITLE, failure);
			}
		});
		toolBefore = IJ.getToolName();
	}

	/** Opens the window on an image; one that is open on it is closed first. The window closes the session. */
	public static void open(final ImagePlus display, final ObjectPicking picking, final Host host) {
		final PickWindow before = OPEN.get(display);
		if (before != null) before.close();
		final PickWindow window = new PickWindow(display, picking, host);
		OPEN.put(display, window);
		window.begin();
	}

	/** The window of an image; null when it has none. */
	static PickWindow of(final ImagePlus imp) {
		return OPEN.get(imp);
	}

	private void begin() {
		dialog.setContentPane(panel);
		dialog.setDefaultCloseOperation(WindowConstants.DO_NOTHING_ON_CLOSE);
		dialog.addWindowListener(new WindowAdapter() {

			@Override
			public void windowClosing(final WindowEvent e) {
				close();
			}

			@Override
			public void windowClosed(final WindowEvent e) {
				close(); // ImageJ gave the image another window
			}
		});
		classId = picking.classes().get(0).id();
		refresh(null);
		Widgets.place(dialog, display.getWindow());
		dialog.setVisible(true);
		ImagePlus.addImageListener(closed);
		KeyboardFocusManager.getCurrentKeyboardFocusManager().addKeyEventDispatcher(keys);
		Toolbar.addPlugInTool(new PickTool());
		worker.changed();
	}

	/** Ends the session; the picks stay with the label image. */
	void close() {
		if (ended) return;
		ended = true;
		OPEN.remove(display, this);
		ImagePlus.removeImageListener(closed);
		KeyboardFocusManager.getCurrentKeyboardFocusManager().removeKeyEventDispatcher(keys);
		errand.end();
		worker.end();
		layer.remove();
		if (OPEN.isEmpty() && PickTool.NAME.equals(IJ.getToolName())) IJ.setTool(toolBefore);
		dialog.dispose();
	}

	/** The image went away, or the labels did. */
	private final class Closed implements ImageListener {

		@Override
		public void imageOpened(final ImagePlus imp) {
			// not one of ours
		}

		@Override
		public void imageClosed(final ImagePlus imp) {
			if (imp == display || imp == picking.source()) EventQueue.invokeLater(PickWindow.this::close);
		}

		@Override
		public void imageUpdated(final ImagePlus imp) {
			// the layer looks at the slice when it is painted
		}
	}

	// ---- clicks and keys

	/** A click on a pixel of the slice and frame in sight. */
	void click(final int x, final int y) {
		final int frame = display.getFrame() - 1;
		final int object = picking.objectAt(x, y, display.getSlice() - 1, frame);
		if (object == 0) {
			IJ.showStatus("There is no object here");
			return;
		}
		step("Pick", () -> picking.pick(frame, object, current()));
	}

	/** The class that clicks give. */
	AnnotationClass current() {
		final List<AnnotationClass> all = picking.classes();
		for (final AnnotationClass c : all)
			if (c.id() == classId) return c;
		return all.isEmpty() ? null : all.get(0);
	}

	void choose(final AnnotationClass c) {
		classId = c.id();
	}

	/** Changes the picks or their classes, and what is shown of them. */
	private void step(final String title, final Runnable change) {
		if (ended) return; // while a dialog asked
		try {
			change.run();
		}
		catch (final RuntimeException e) {
			Problems.show(title, e);
		}
		refresh(panel.result());
		worker.changed();
	}

	private void refresh(final ObjectPicking.Result result) {
		final ObjectExamples examples = picking.examples();
		panel.show(examples, result, current());
		layer.show(examples, result);
	}

	/** Whether a key means something here: digits choose classes, others undo and redo. */
	private boolean takes(final KeyEvent e) {
		final Window on = KeyboardFocusManager.getCurrentKeyboardFocusManager().getFocusedWindow();
		final boolean ours = on != null && (on == dialog || on == display.getWindow());
		if (!ours || e.getComponent() instanceof JTextComponent) return false;
		final int digit = digit(e);
		final int code = e.getKeyCode();
		final boolean menu = e.isControlDown() || e.isMetaDown();
		final boolean history = menu && (code == KeyEvent.VK_Z || code == KeyEvent.VK_Y);
		if (digit == 0 && !history) return false;
		if (e.getID() != KeyEvent.KEY_PRESSED) return true; // ImageJ must not hear of the rest of it either
		if (digit > 0) chooseNumber(digit);
		else if (code == KeyEvent.VK_Y || e.isShiftDown()) redo();
		else undo();
		return true;
	}

	/** 0 for other keys. */
	private static int digit(final KeyEvent e) {
		final int modifiers = InputEvent.CTRL_DOWN_MASK | InputEvent.META_DOWN_MASK | InputEvent.ALT_DOWN_MASK;
		final int digit = e.getID() == KeyEvent.KEY_TYPED ? e.getKeyChar() - '0' : e.getKeyCode() - KeyEvent.VK_0;
		return (e.getModifiersEx() & modifiers) == 0 && digit >= 1 && digit <= Keys.MAX_DIGIT ? digit : 0;
	}

	private void chooseNumber(final int number) {
		final List<AnnotationClass> all = picking.classes();
		if (number > all.size()) return;
		choose(all.get(number - 1));
		refresh(panel.result());
	}

	// ---- buttons

	void addClass() {
		step("Add Class", () -> classId = picking.addClass(picking.freeName()).id());
	}

	void renameClass() {
		final AnnotationClass c = current();
		final Object name = c == null ? null : JOptionPane.showInputDialog(dialog, "Name:", "Rename Class",
			JOptionPane.PLAIN_MESSAGE, null, null, c.name());
		if (name != null && !name.equals(c.name())) step("Rename Class", () -> picking.rename(c, name.toString()));
	}

	void recolourClass() {
		final AnnotationClass c = current();
		final Color chosen = c == null ? null : JColorChooser.showDialog(dialog, "Colour of " + c.name(), c.colour());
		if (chosen != null) step("Colour of Class", () -> picking.recolour(c, chosen.getRGB() & 0xFFFFFF));
	}

	/** Undo brings it back. */
	void removeClass() {
		final AnnotationClass c = current();
		if (c != null) step("Remove Class", () -> picking.remove(c));
	}

	void undo() {
		step("Undo", picking::undo);
	}

	void redo() {
		step("Redo", picking::redo);
	}

	void toggle() {
		layer.toggle();
	}

	/** Asks for a file, and saves the forest. */
	void saveModel() {
		final SaveDialog ask = new SaveDialog("Save Model of Objects", "objects", ".brushwood-objects");
		if (ask.getFileName() == null) return;
		final String path = ask.getDirectory() + ask.getFileName();
		start("Save Model", monitor -> {
			final Jobs jobs = host.jobs(monitor);
			try (Job job = jobs.open(); ObjectModel model = picking.model(jobs)) {
				model.write(job, path);
			}
			host.record(picking.items(), path, null);
			IJ.showStatus("Saved " + path);
		});
	}

	void showImage() {
		start("Class Image", monitor -> {
			final ImagePlus made = picking.image(host.jobs(monitor));
			host.record(picking.items(), null, "classes");
			host.show(made);
		});
	}

	void showTable() {
		start("Table", monitor -> {
			host.show(picking.table(host.jobs(monitor)));
			host.record(picking.items(), null, "table");
		});
	}

	void help() {
		ReportWindow.html("Brushwood " + TITLE, LiveHelp.picking());
	}

	private void start(final String title, final Errand.Task task) {
		errand.start(title, monitor -> {
			try {
				task.run(monitor);
			}
			catch (final IllegalStateException e) {
				if (!ended) throw e; // else the window was closed meanwhile
			}
		});
	}

	private void tellErrand() {
		if (!ended) panel.busy(errand.text());
	}
}
