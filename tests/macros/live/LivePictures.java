import ij.IJ;
import ij.ImageJ;
import ij.ImagePlus;
import ij.WindowManager;

import io.github.brushwood.session.live.LabelMap;
import io.github.brushwood.ui.live.FeatureDialog;
import io.github.brushwood.ui.live.ReportDialog;
import io.github.brushwood.ui.live.SegmentWindow;

import java.awt.EventQueue;
import java.awt.Window;
import java.io.File;

/**
 * Pictures of the live window, its dialogs and a result, for the documentation and to look at.
 * <p>
 * Arguments: folder of test data, folder for the pictures.
 * </p>
 */
public final class LivePictures {

	private static final String API = "io.github.brushwood.Session.";

	private final String data;
	private final File folder;
	private final Hands hands;

	private LivePictures(final String... args) throws Exception {
		data = args[0];
		folder = new File(args[1]);
		hands = new Hands(folder);
	}

	public static void main(final String... args) throws Exception {
		int status = 0;
		try {
			new LivePictures(args).run();
		}
		catch (final Throwable e) {
			e.printStackTrace(System.out);
			status = 1;
		}
		System.exit(status);
	}

	private void run() throws Exception {
		new ImageJ();
		final SegmentWindow nuclei = session("nuclei");
		call("renameClass", "class 1", "background");
		call("renameClass", "class 2", "nucleus");
		rest(nuclei);
		picture("window", nuclei);
		dialogs(nuclei);
		result(nuclei);
		call("close");
		final SegmentWindow cells = session("cells3d_2ch");
		call("setShow", "segmentation", "");
		rest(cells);
		picture("channels", cells);
	}

	/** A session with the strokes of a task, in a large window. */
	private SegmentWindow session(final String task) throws Exception {
		final ImagePlus imp = IJ.openImage(data + "/" + task + "/train/00.tif");
		imp.show();
		IJ.runMacro("run(\"Brushwood Segment...\");");
		call("importAnnotations", data + "/" + task + "/train/00_strokes.tif");
		final SegmentWindow w = (SegmentWindow) imp.getWindow();
		Hands.front(imp);
		final int most = mostLabels(w.liveImage().labels());
		Hands.onEvents(() -> {
			imp.setPosition(1, most, 1);
			return null;
		});
		rest(w);
		return w;
	}

	/** The slice, from 1, with the most labels. */
	private static int mostLabels(final LabelMap labels) {
		int best = 1;
		int most = 0;
		for (final int[] zt : labels.planes()) {
			int count = 0;
			for (final byte id : labels.plane(zt[0], zt[1]))
				if (id != 0) count++;
			if (count > most) best = zt[0] + 1;
			most = Math.max(most, count);
		}
		return best;
	}

	private void dialogs(final SegmentWindow w) throws Exception {
		EventQueue.invokeAndWait(() -> FeatureDialog.open(w, w));
		final Window features = Hands.window("the features", x -> x != w && x.isActive());
		IJ.wait(3000); // the cost is measured
		picture("features", features);
		EventQueue.invokeAndWait(features::dispose);
		EventQueue.invokeAndWait(() -> ReportDialog.open(w, w));
		final Window report = Hands.window("the report", x -> x != w && x.isActive());
		rest(w);
		picture("report", report);
		EventQueue.invokeAndWait(report::dispose);
	}

	private void result(final SegmentWindow w) throws Exception {
		call("showResult", "probabilities;segmentation");
		final ImagePlus segmentation = WindowManager.getCurrentImage();
		Hands.waitFor("the result", () -> segmentation.getWindow().isShowing());
		picture("result", segmentation.getWindow());
		for (final int id : WindowManager.getIDList())
			if (WindowManager.getImage(id) != w.getImagePlus()) WindowManager.getImage(id).close();
		Hands.front(w.getImagePlus());
	}

	private void picture(final String name, final Window w) throws Exception {
		Hands.front(w);
		hands.move(w, 3, 3);
		hands.picture(w, new File(folder, "live-" + name + ".png"));
		System.out.println("made live-" + name + ".png");
	}

	private static void call(final String method, final String... arguments) {
		final StringBuilder macro = new StringBuilder("call(\"" + API + method + '"');
		for (final String argument : arguments)
			macro.append(", \"").append(argument).append('"');
		IJ.runMacro(macro.append(");").toString());
	}

	private static void rest(final SegmentWindow w) throws Exception {
		Hands.settleEvents();
		if (!w.actions().updater().await(90000)) throw new IllegalStateException("no rest");
		Hands.settleEvents();
	}
}
