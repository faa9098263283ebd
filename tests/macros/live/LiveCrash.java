import ij.IJ;
import ij.ImageJ;
import ij.WindowManager;

import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.Autosave;
import io.github.brushwood.session.live.LabelMap;
import io.github.brushwood.session.live.Sessions;
import io.github.brushwood.ui.live.SegmentWindow;

import java.awt.Window;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.List;

/**
 * Kills an ImageJ in the middle of a session and recovers it in another one.
 * <p>
 * Arguments: folder of test data, folder for screenshots; or, in the ImageJ that is killed, "paint" and the folder of
 * test data.
 * </p>
 */
public final class LiveCrash {

	/** What a crash may lose, and then some for a slow machine. */
	private static final long PROMISE_MS = 10000;
	private static final int STROKES = 8;

	private LiveCrash() {}

	public static void main(final String... args) throws Exception {
		if (args[0].equals("paint")) paint(args[1]);
		final Hands hands = new Hands(new File(args[1]));
		try {
			crash(hands, args[0]);
		}
		catch (final Throwable e) {
			e.printStackTrace(System.out);
			hands.shot("unexpected");
			hands.check("came to the end", false);
		}
		System.exit(hands.report("crash") ? 0 : 1);
	}

	// ---- the one that is killed

	/** Paints by macro and waits for its end. */
	private static void paint(final String data) throws Exception {
		new ImageJ();
		IJ.openImage(data + "/nuclei/train/00.tif").show();
		IJ.runMacro("run(\"Brushwood Segment...\");");
		for (int i = 0; i < STROKES; i++)
			stroke(i);
		System.out.println("painted " + state(Sessions.current()));
		if (System.in.read() < 0) System.exit(1);
		stroke(STROKES);
		System.out.println("late");
		Thread.sleep(Long.MAX_VALUE);
	}

	private static void stroke(final int i) {
		IJ.runMacro("call(\"io.github.brushwood.Session.stroke\", \"class " + (1 + i % 2) + "\", \"brush\", \"5\", \"20.5," +
			top(i) + ".5;80.5," + (top(i) + 5) + ".5\", \"1\", \"1\");");
	}

	/** Number and hash of the labels above the last stroke. */
	private static String state(final Actions actions) {
		final LabelMap labels = actions.session().images().get(0).labels();
		final byte[] ids = Arrays.copyOf(labels.plane(0, 0), labels.width() * (top(STROKES) - 5));
		int count = 0;
		for (final byte id : ids)
			if (id != 0) count++;
		return count + " " + Arrays.hashCode(ids);
	}

	/** Where a stroke begins, the highest of its points. */
	private static int top(final int i) {
		return 20 + 15 * i;
	}

	// ---- the one that recovers

	private static void crash(final Hands hands, final String data) throws Exception {
		final Process child = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Duser.home=" + System
			.getProperty("user.home"), "-Dplugins.dir=" + System.getProperty("plugins.dir"), "-cp", System.getProperty(
				"java.class.path"), "LiveCrash", "paint", data).redirectError(ProcessBuilder.Redirect.INHERIT).start();
		final BufferedReader from = new BufferedReader(new InputStreamReader(child.getInputStream()));
		final String painted = line(from, "painted ");
		hands.check("a session that is open was not left behind", Autosave.leftBehind(null).isEmpty());
		Thread.sleep(PROMISE_MS);
		child.getOutputStream().write('\n');
		child.getOutputStream().flush();
		line(from, "late");
		child.destroyForcibly();
		hands.check("the other ImageJ was killed", child.waitFor() == 137);
		final List<Autosave.Left> left = Autosave.leftBehind(null);
		hands.check("one session was left behind, of one image", left.size() == 1 && left.get(0).images.equals(Arrays
			.asList("00.tif")));
		hands.check("with all labels but the last stroke's", left.get(0).pixels >= Long.parseLong(painted.split(" ")[0]));
		recover(hands, painted);
	}

	private static void recover(final Hands hands, final String painted) throws Exception {
		new ImageJ();
		IJ.doCommand("Brushwood Segment...");
		final Window question = Hands.window("Brushwood Segment");
		hands.shot("recover");
		hands.press(question, "Recover");
		Hands.waitFor("the window", () -> WindowManager.getCurrentWindow() instanceof SegmentWindow);
		Hands.finished("Brushwood Segment...");
		final Actions actions = Sessions.current();
		hands.check("the labels are those that were painted before the last seconds", state(actions).equals(painted));
		hands.check("a recovered session is not saved yet", actions.isModified());
		IJ.runMacro("call(\"io.github.brushwood.Session.close\");");
		hands.check("a session that was closed is not offered again", Autosave.leftBehind(null).isEmpty());
	}

	private static String line(final BufferedReader from, final String start) throws Exception {
		for (String line = from.readLine(); line != null; line = from.readLine())
			if (line.startsWith(start)) return line.substring(start.length());
		throw new IllegalStateException("the other ImageJ ended too early");
	}
}
