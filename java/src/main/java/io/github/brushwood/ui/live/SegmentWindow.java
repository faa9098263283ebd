package io.github.brushwood.ui.live;

import ij.IJ;
import ij.IJEventListener;
import ij.ImagePlus;
import ij.gui.GUI;
import ij.gui.ImageCanvas;
import ij.gui.ImageWindow;
import ij.gui.Roi;
import ij.gui.StackWindow;
import ij.gui.TextRoi;
import ij.gui.YesNoCancelDialog;
import ij.macro.Interpreter;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Messages;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.Show;

import java.awt.Dimension;
import java.awt.EventQueue;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.event.KeyEvent;
import java.awt.event.MouseWheelEvent;
import java.awt.event.WindowEvent;
import java.lang.reflect.InvocationTargetException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

import javax.swing.MenuSelectionManager;
import javax.swing.Timer;

/** An ordinary ImageJ window of one image of a session, with the painting canvas and the side panel. */
public final class SegmentWindow extends StackWindow {

	private static final long serialVersionUID = 1L;

	/** X11 repeats a held key as releases and presses; a release counts when no press follows within this time. */
	private static final int REPEAT_MS = 60;

	// no initialisers: the superclass' constructor calls methods of this class
	private transient Desk desk;
	private transient LiveImage image;
	private transient LiveCanvas live;
	private transient SidePanel side;
	private transient SideLayout sideLayout;
	private transient Steps steps;
	private transient PixelWatch watch;
	private transient IJEventListener toolListener;
	private transient Timer release;
	private transient AtomicBoolean closing;
	/** Magnification that ImageJ's Original Scale goes back to; 0 before the panel is there. */
	private transient double openedAt;
	private transient volatile boolean unasked;
	private transient volatile boolean byUser;

	/** Replaces the image's window; on the event thread. Closing the last window of a session closes the session. */
	public static SegmentWindow open(final Actions actions, final LiveImage image) {
		final Desk desk = Desk.of(actions);
		final SegmentWindow present = desk.windowOf(image);
		if (present != null) {
			present.toFront();
			return present;
		}
		final ImagePlus imp = image.image();
		if (imp == null) {
			throw new BrushwoodException("The image '" + image.title() + "' is not open. Open its file and add it to the " +
				"session again; its labels are kept.");
		}
		final int[] czt = { imp.getChannel(), imp.getSlice(), imp.getFrame() };
		final SegmentWindow window = new SegmentWindow(desk, image, new LiveCanvas(imp, image, desk));
		window.begin(czt);
		return window;
	}

	private SegmentWindow(final Desk desk, final LiveImage image, final LiveCanvas canvas) {
		super(image.image(), canvas);
		this.desk = desk;
		this.image = image;
		live = canvas;
		steps = new Steps(this);
		closing = new AtomicBoolean();
		side = new SidePanel(this);
		sideLayout = new SideLayout(this, canvas, side);
	}

	/** Adds the panel, fits onto the screen and shows. */
	private void begin(final int[] czt) {
		setLayout(sideLayout);
		add(side);
		live.attach(this);
		desk.add(this);
		place();
		setVisible(true);
		if (isHyperStack()) setPosition(czt[0], czt[1], czt[2]);
		else updateSliceSelector(); // ImageJ's slider begins at the first slice
		watch = new PixelWatch(imp, desk.background(), () -> desk.actions().updater().pixelsChanged(image));
		watch.start();
		toolListener = event -> {
			if (event == IJEventListener.TOOL_CHANGED) EventQueue.invokeLater(() -> desk.palette().setMode(
				Palette.Mode.IMAGEJ));
		};
		IJ.addEventListener(toolListener);
		live.requestFocusInWindow();
	}

	/** Zooms small images in and large ones out so that all is seen beside the panel, and moves onto the screen. */
	private void place() {
		final Rectangle screen = GUI.getMaxWindowBounds(this);
		final Dimension space = sideLayout.canvasSpace(sideLayout.preferredLayoutSize(this));
		final Dimension largest = sideLayout.canvasSpace(screen.getSize());
		double level = live.getMagnification();
		while (fits(ImageCanvas.getHigherZoomLevel(level), space.height, largest) && level < 8)
			level = ImageCanvas.getHigherZoomLevel(level);
		while (!fits(level, largest.height, largest) && ImageCanvas.getLowerZoomLevel(level) < level)
			level = ImageCanvas.getLowerZoomLevel(level);
		openedAt = level;
		if (level != live.getMagnification()) live.showAll(level);
		final Point at = getLocation();
		setLocation(screen.getLocation()); // all of the screen is there to be packed into
		pack();
		setLocation(Math.max(screen.x, Math.min(at.x, screen.x + screen.width - getWidth())), Math.max(screen.y, Math.min(
			at.y, screen.y + screen.height - getHeight())));
	}

	private boolean fits(final double level, final int height, final Dimension largest) {
		return imp.getHeight() * level <= height && imp.getWidth() * level <= largest.width;
	}

	public Actions actions() {
		return desk.actions();
	}

	public LiveImage liveImage() {
		return image;
	}

	/** Jumps to a place: slice and frame, from 0, and the pixel into the middle of the view; on the event thread. */
	public void show(final int x, final int y, final int z, final int t) {
		toFront();
		if (isHyperStack()) setPosition(imp.getChannel(), z + 1, t + 1);
		else imp.setSlice(imp.getStackIndex(1, z + 1, t + 1));
		final Rectangle view = new Rectangle(live.getSrcRect());
		view.setLocation(Math.max(0, Math.min(x - view.width / 2, imp.getWidth() - view.width)), Math.max(0, Math.min(y -
			view.height / 2, imp.getHeight() - view.height)));
		live.getSrcRect().setLocation(view.getLocation());
		live.ring(x, y);
	}

	/** Chooses what lies over the images of the session; on the event thread. */
	public void setShow(final Show show) {
		final Palette palette = desk.palette();
		if (show.kind == Show.Kind.PROBABILITY) palette.setClassId(show.index);
		if (show.kind == Show.Kind.FEATURE) palette.setFeature(show.index);
		else palette.setKind(show.kind);
	}

	/** Of what lies over the images, 0 to 1; on the event thread. */
	public void setOpacity(final double opacity) {
		desk.palette().setOpacity((int) Math.round(100 * opacity));
	}

	/** Closes all windows of a session, and so the session, without asking. Any thread. */
	public static void closeAll(final Actions actions) {
		for (final SegmentWindow window : Desk.windowsOf(actions)) {
			window.unasked = true;
			if (window.imp != null) window.imp.changes = false;
			window.close();
		}
	}

	/** Starts a slow step with progress and Esc; off the event thread. @return false when another one runs */
	boolean start(final String title, final Errand.Task task) {
		return desk.errand().start(title, task);
	}

	Desk desk() {
		return desk;
	}

	LiveCanvas canvas() {
		return live;
	}

	Steps steps() {
		return steps;
	}

	/** Gives the selection on the slice in sight to the chosen class. */
	void addSelection() {
		final Roi roi = imp.getRoi();
		if (roi == null) {
			IJ.showStatus("Make a selection first: S gives the mouse to ImageJ's selection tools");
			return;
		}
		final int[] place = live.place();
		desk.attempt("Add Selection", () -> {
			if (desk.currentClass() == null) throw new BrushwoodException("There is no class. Add one first.");
			desk.actions().fill(image, desk.currentClass(), roi, place[0] + 1, place[1] + 1);
		});
	}

	/** Looks again at what changed. */
	void refresh(final Set<Desk.Aspect> aspects) {
		side.refresh(aspects);
		if (aspects.contains(Desk.Aspect.PALETTE) || aspects.contains(Desk.Aspect.CLASSES)) live.repaint();
	}

	// ---- keys and wheel

	/** Whether a key event means something here and was dealt with. */
	boolean takes(final KeyEvent e) {
		if (desk == null || imp == null || imp.getRoi() instanceof TextRoi) return false;
		if (e.getKeyCode() == Keys.HOLD && e.getModifiersEx() == 0) {
			hold(e.getID());
			return true;
		}
		if (e.getID() == KeyEvent.KEY_PRESSED && e.getKeyCode() == KeyEvent.VK_ESCAPE) return escape();
		return e.getID() == KeyEvent.KEY_PRESSED && Keys.pressed(e, this);
	}

	/** A key from the side panel. */
	void passKey(final KeyEvent e) {
		if (takes(e) || ij == null) return;
		if (e.getID() == KeyEvent.KEY_PRESSED) ij.keyPressed(e);
		else if (e.getID() == KeyEvent.KEY_RELEASED) ij.keyReleased(e);
	}

	@Override
	protected void processKeyEvent(final KeyEvent e) {
		if (!takes(e)) super.processKeyEvent(e);
	}

	private void hold(final int event) {
		if (release == null) {
			release = new Timer(REPEAT_MS, e -> desk.palette().setHeld(false));
			release.setRepeats(false);
		}
		release.stop();
		if (event == KeyEvent.KEY_RELEASED) release.start();
		else desk.palette().setHeld(true);
	}

	/** @return false when ImageJ hears of the key too */
	private boolean escape() {
		final MenuSelectionManager menus = MenuSelectionManager.defaultManager();
		if (menus.getSelectedPath().length > 0) {
			menus.clearSelectedPath(); // menus of the panel, while the image has the keyboard
			return true;
		}
		if (live.abandonStroke()) live.labelsChanged(0, 0, null);
		else if (!desk.errand().cancel()) desk.palette().setMode(Palette.Mode.IMAGEJ);
		return false;
	}

	@Override
	public void mouseWheelMoved(final MouseWheelEvent e) {
		final boolean resize = desk != null && desk.palette().mode().paints() && !e.isShiftDown() && (e
			.isControlDown() || e.isAltDown() || e.isMetaDown());
		if (!resize) {
			super.mouseWheelMoved(e);
			return;
		}
		live.repaintCursor();
		desk.palette().stepSize(-e.getWheelRotation());
		live.repaintCursor();
	}

	// ---- window

	/** Not before the panel is there: the superclass' constructor shows too early. */
	@Override
	@Deprecated
	@SuppressWarnings("deprecation")
	public void show() {
		if (side != null) super.show();
	}

	/** ImageJ packs on any thread, when it zooms. */
	@Override
	public void pack() {
		if (EventQueue.isDispatchThread()) super.pack();
		else EventQueue.invokeLater(() -> {
			if (!closed) super.pack();
		});
	}

	/** Space for the canvas in this window when it has a size. */
	Dimension canvasSpace(final Dimension size) {
		return sideLayout.canvasSpace(size);
	}

	/** How far the window may grow to the right and down. */
	Dimension largestSize() {
		final Rectangle screen = GUI.getMaxWindowBounds(this);
		return new Dimension(Math.max(getWidth(), screen.x + screen.width - getX()), Math.max(getHeight(), screen.y +
			screen.height - getY()));
	}

	@Override
	public double getInitialMagnification() {
		return openedAt > 0 ? openedAt : super.getInitialMagnification();
	}

	@Override
	public Rectangle getMaximumBounds() {
		return sideLayout == null ? super.getMaximumBounds() : GUI.getMaxWindowBounds(this);
	}

	@Override
	public void maximize() {
		setBounds(GUI.getMaxWindowBounds(this));
		live.fitToWindow();
		validate();
	}

	@Override
	public void setLocationAndSize(final int x, final int y, final int width, final int height) {
		setBounds(x, y, width, height);
		live.fitToWindow();
		validate();
	}

	@Override
	public void windowActivated(final WindowEvent e) {
		if (desk != null && !closed && !desk.isFront(this)) {
			desk.toFront(this);
			live.forgetView();
			live.repaint();
		}
		if (imp != null) super.windowActivated(e);
	}

	@Override
	public void windowDeactivated(final WindowEvent e) {
		if (desk != null) desk.palette().setHeld(false);
		super.windowDeactivated(e);
	}

	// ---- end

	/** Asks about unsaved labels even while a macro runs. */
	@Override
	public void windowClosing(final WindowEvent e) {
		byUser = true;
		super.windowClosing(e);
	}

	/** ImageJ calls this on any thread, also when the window is replaced or the image hidden. */
	@Override
	public boolean close() {
		if (desk == null || closed || !closing.compareAndSet(false, true)) return desk == null ? super.close() : closed;
		final boolean last = desk.windows().size() == 1;
		final ImagePlus mine = imp;
		if (last && !mayEnd() || !endWindow(mine)) {
			byUser = false;
			closing.set(false);
			return false;
		}
		if (last) desk.errand().end();
		EventQueue.invokeLater(this::left);
		if (!last) desk.actions().session().detach(image);
		else if (EventQueue.isDispatchThread()) new Thread(desk.actions()::close, "Brushwood close").start();
		else desk.actions().close();
		return true;
	}

	/** The worker may still read the image: its pixels stay until nobody holds them. */
	private boolean endWindow(final ImagePlus mine) {
		settle();
		mine.setIgnoreFlush(true);
		if (super.close()) return true;
		mine.setIgnoreFlush(false);
		return false;
	}

	/** A stroke that is being drawn when the window is closed is a stroke. */
	private void settle() {
		try {
			if (EventQueue.isDispatchThread()) live.settle();
			else EventQueue.invokeAndWait(live::settle);
		}
		catch (final InterruptedException e) {
			Thread.currentThread().interrupt();
		}
		catch (final InvocationTargetException e) {
			Messages.log(e.getCause());
		}
	}

	/** Asks what to do with a session that was not saved, unless a macro closes the window. */
	private boolean mayEnd() {
		final boolean macro = IJ.isMacro() && !byUser;
		final boolean asks = ij != null && !ij.quittingViaMacro() && !Interpreter.isBatchMode() && !macro && !unasked;
		if (!asks || !desk.actions().isModified()) return true;
		toFront();
		final YesNoCancelDialog dialog = new YesNoCancelDialog(this, "Brushwood", "Save the session with its classes and " +
			"labels?", "Save", "Don't Save");
		if (dialog.cancelPressed()) return false;
		return !dialog.yesPressed() || steps.saveBeforeEnd();
	}

	/** Its image left the session: shows it in an ordinary window again. */
	void release() {
		final ImagePlus mine = imp;
		if (mine == null) return;
		if (mine.getStackSize() > 1) new StackWindow(mine).updateSliceSelector(); // closes this one
		else new ImageWindow(mine);
	}

	private void left() {
		if (release != null) release.stop();
		watch.stop();
		IJ.removeEventListener(toolListener);
		desk.remove(this);
		if (desk.windows().isEmpty()) desk.leave();
		else for (final SegmentWindow other : desk.windows())
			if (desk.isFront(other)) other.canvas().repaint();
	}
}
