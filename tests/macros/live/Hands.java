import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.ImageCanvas;

import java.awt.Button;
import java.awt.Component;
import java.awt.Container;
import java.awt.Dialog;
import java.awt.EventQueue;
import java.awt.Frame;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.Robot;
import java.awt.Toolkit;
import java.awt.Window;
import java.awt.event.InputEvent;
import java.awt.event.KeyEvent;
import java.awt.event.WindowEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

import javax.imageio.ImageIO;
import javax.swing.AbstractButton;
import javax.swing.JComponent;

/** Hands and eyes of a test: mouse, keys, windows, waiting, pictures; and its count of checks. */
final class Hands {

	private static final long PATIENCE_MS = 90000;

	private final Robot robot;
	private final File pictures;
	private int passed;
	private int failed;
	private int shots;

	Hands(final File pictures) throws Exception {
		this.pictures = pictures;
		pictures.mkdirs();
		robot = new Robot();
		robot.setAutoDelay(8);
	}

	// ---- checks

	void check(final String what, final boolean ok) {
		System.out.println((ok ? "ok " : "FAILED ") + what);
		if (ok) passed++;
		else failed++;
	}

	/** @return whether none failed */
	boolean report(final String name) {
		System.out.println(name + ": " + passed + " passed, " + failed + " failed");
		return failed == 0;
	}

	/** Waits for a condition, which is a check of its own. */
	void await(final String what, final Callable<Boolean> condition) throws Exception {
		waitFor(what, condition);
		check(what, true);
	}

	static void waitFor(final String what, final Callable<Boolean> condition) throws Exception {
		final long end = System.currentTimeMillis() + PATIENCE_MS;
		while (!condition.call()) {
			if (System.currentTimeMillis() > end) throw new IllegalStateException("waited in vain: " + what);
			IJ.wait(20);
		}
	}

	/** Waits until a command, which has a thread of its name, has done everything. */
	static void finished(final String command) throws Exception {
		waitFor("the end of " + command, () -> {
			for (final Thread thread : Thread.getAllStackTraces().keySet())
				if (thread.getName().equals(command)) return false;
			return true;
		});
	}

	/** A value that only the event thread knows. */
	static <T> T onEvents(final Callable<T> value) throws Exception {
		final List<T> got = new ArrayList<>();
		final Exception[] failure = new Exception[1];
		EventQueue.invokeAndWait(() -> {
			try {
				got.add(value.call());
			}
			catch (final Exception e) {
				failure[0] = e;
			}
		});
		if (failure[0] != null) throw failure[0];
		return got.get(0);
	}

	/** Lets the event thread finish what it has now. */
	static void settleEvents() throws Exception {
		for (int i = 0; i < 3; i++)
			EventQueue.invokeAndWait(() -> {});
	}

	// ---- windows

	static String title(final Window w) {
		return w instanceof Dialog ? String.valueOf(((Dialog) w).getTitle()) : w instanceof Frame ? String.valueOf(
			((Frame) w).getTitle()) : "";
	}

	/** The showing window that a test accepts, or null. */
	static Window find(final Predicate<Window> test) {
		for (final Window w : Window.getWindows())
			if (w.isShowing() && test.test(w)) return w;
		return null;
	}

	static Window window(final String title) throws Exception {
		return window("the window " + title, w -> title(w).startsWith(title));
	}

	static Window window(final String what, final Predicate<Window> test) throws Exception {
		waitFor(what, () -> find(test) != null);
		return find(test);
	}

	/** Makes a window the active one, which a window manager grants late. */
	static void front(final Window w) throws Exception {
		waitFor("in front: " + title(w), () -> {
			if (w.isActive()) return true;
			EventQueue.invokeAndWait(w::toFront);
			IJ.wait(80);
			return w.isActive();
		});
	}

	static void front(final ImagePlus imp) throws Exception {
		front(imp.getWindow());
		waitFor("current: " + imp.getTitle(), () -> WindowManager.getCurrentImage() == imp);
		EventQueue.invokeAndWait(() -> imp.getCanvas().requestFocusInWindow());
		waitFor("the canvas has the keys", () -> imp.getCanvas().isFocusOwner());
	}

	/** As its title bar's button. */
	static void close(final Window w) {
		Toolkit.getDefaultToolkit().getSystemEventQueue().postEvent(new WindowEvent(w, WindowEvent.WINDOW_CLOSING));
	}

	/** All components of a type inside a container that a test accepts, in order. */
	static <T extends Component> List<T> all(final Container in, final Class<T> type, final Predicate<T> test) {
		final List<T> found = new ArrayList<>();
		for (final Component c : in.getComponents()) {
			if (type.isInstance(c) && test.test(type.cast(c))) found.add(type.cast(c));
			if (c instanceof Container) found.addAll(all((Container) c, type, test));
		}
		return found;
	}

	static <T extends Component> T one(final Container in, final Class<T> type, final Predicate<T> test,
		final String what) throws Exception
	{
		final List<T> found = onEvents(() -> all(in, type, c -> c.isShowing() && test.test(c)));
		if (found.isEmpty()) throw new IllegalStateException("there is no " + what + " in " + title(in instanceof Window
			? (Window) in : null));
		return found.get(0);
	}

	/** The button with this text, tooltip or accessible name. */
	static AbstractButton button(final Container in, final String text) throws Exception {
		return one(in, AbstractButton.class, b -> text.equals(b.getText()) || text.equals(b.getToolTipText()) || text.equals(
			b.getAccessibleContext().getAccessibleName()), "button " + text);
	}

	/** The component that its owner named. */
	static JComponent named(final Container in, final String name) throws Exception {
		return one(in, JComponent.class, c -> name.equals(c.getName()), "component " + name);
	}

	static Rectangle onScreen(final Component c) {
		return new Rectangle(c.getLocationOnScreen(), c.getSize());
	}

	/** Presses a button of one of ImageJ's dialogs. */
	void press(final Window dialog, final String label) throws Exception {
		front(dialog);
		click(one(dialog, Button.class, b -> b.getLabel().trim().equals(label), "button " + label));
	}

	// ---- mouse

	void move(final Component c, final double x, final double y) {
		final Point at = c.getLocationOnScreen();
		robot.mouseMove((int) Math.round(at.x + x), (int) Math.round(at.y + y));
	}

	void click(final Component c) {
		click(c, c.getWidth() / 2.0, c.getHeight() / 2.0, 1);
	}

	void click(final Component c, final double x, final double y, final int times) {
		move(c, x, y);
		robot.waitForIdle();
		for (int i = 0; i < times; i++) {
			robot.mousePress(InputEvent.BUTTON1_DOWN_MASK);
			robot.mouseRelease(InputEvent.BUTTON1_DOWN_MASK);
		}
		robot.waitForIdle();
	}

	/** Draws with the left button through points {x, y} of the image, pixel centres. */
	void drag(final ImagePlus imp, final double[]... points) throws Exception {
		press(imp, points[0]);
		for (final double[] p : points)
			moveTo(imp, p);
		release();
	}

	void press(final ImagePlus imp, final double[] point) throws Exception {
		moveTo(imp, point);
		robot.waitForIdle();
		robot.mousePress(InputEvent.BUTTON1_DOWN_MASK);
	}

	void moveTo(final ImagePlus imp, final double[] point) {
		final ImageCanvas canvas = imp.getCanvas();
		move(canvas, canvas.screenXD(point[0] + 0.5), canvas.screenYD(point[1] + 0.5));
	}

	void release() {
		robot.mouseRelease(InputEvent.BUTTON1_DOWN_MASK);
		robot.waitForIdle();
	}

	void wheel(final int notches) {
		robot.mouseWheel(notches);
		robot.waitForIdle();
	}

	// ---- keys

	void key(final int... codes) {
		for (final int code : codes)
			robot.keyPress(code);
		for (int i = codes.length - 1; i >= 0; i--)
			robot.keyRelease(codes[i]);
		robot.waitForIdle();
	}

	void keyDown(final int code) {
		robot.keyPress(code);
		robot.waitForIdle();
	}

	void keyUp(final int code) {
		robot.keyRelease(code);
		robot.waitForIdle();
	}

	/** Lower case letters, digits and spaces. */
	void type(final String text) {
		for (final char c : text.toCharArray())
			key(KeyEvent.getExtendedKeyCodeForChar(c));
	}

	// ---- eyes

	BufferedImage screen(final Rectangle where) {
		robot.waitForIdle();
		return robot.createScreenCapture(where);
	}

	/** What is on the screen where an image is. */
	BufferedImage canvas(final ImagePlus imp) throws Exception {
		settleEvents();
		return screen(onScreen(imp.getCanvas()));
	}

	/** The whole screen into the folder of pictures. */
	void shot(final String name) throws Exception {
		save(new Rectangle(Toolkit.getDefaultToolkit().getScreenSize()), new File(pictures, String.format("%02d-%s.png",
			++shots, name)));
	}

	/** One window. */
	void picture(final Window w, final File file) throws Exception {
		save(w.getBounds(), file);
	}

	/** At the screen's own resolution, whatever the user interface is scaled by. */
	private void save(final Rectangle where, final File file) throws Exception {
		settleEvents();
		IJ.wait(300); // the window manager draws by itself
		final List<java.awt.Image> variants = robot.createMultiResolutionScreenCapture(where).getResolutionVariants();
		ImageIO.write((BufferedImage) variants.get(variants.size() - 1), "png", file);
	}
}
