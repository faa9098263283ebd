package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;
import ij.io.OpenDialog;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.io.Hdf5Dataset;
import io.github.brushwood.io.Hdf5File;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.ReadOptions;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.StreamedCopy;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.io.File;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Opens an image of an HDF5 file. */
public final class Open_HDF5 extends BrushwoodCommand {

	private static final String NAME = "Brushwood Open HDF5...";
	private static final String SUMMARY =
		"Opens an image of an HDF5 file, such as ilastik's inputs and exports. The order of the axes comes from the " +
			"dataset's attribute axistags, or else from its shape: 2 axes are yx, 3 zyx (yxc when the last is at most 4), 4 " +
			"tzyx (zyxc when the last is at most 4), 5 tzyxc. Numbers become those that ImageJ has for a TIFF of the same " +
			"type.";
	private static final String DATASET = "dataset";
	private static final int DEPTH = 64;
	private static final String AXES = "axes";
	private static final Key FILE = Key.required(Kind.FILE, "file", "HDF5 file", "File to open.").withSuffix(".h5");
	private static final Key ORDER = Key.of(Kind.TEXT, AXES, "Order of axes", "",
		"Order of the dataset's axes, slowest first, in the letters t, z, y, x, c, such as tzyxc; empty for what the file " +
			"says or its shape suggests.");
	private static final String DATASET_DOC =
		"Path of the dataset in the file, such as exported_data; may be left out when there is only one image.";
	private static final Spec SPEC = new Spec(NAME, SUMMARY, FILE, Key.of(Kind.TEXT, DATASET, "Dataset", "",
		DATASET_DOC), ORDER);

	/** With the datasets of the file that was chosen before the dialog. */
	private Spec asking = SPEC;
	private final Map<String, Hdf5Dataset> offered = new LinkedHashMap<>();
	private String chosen = "";

	@Override
	public Spec spec() {
		return asking;
	}

	@Override
	Spec documented() {
		return SPEC;
	}

	/** Asks for the file, so that the dialog can list its datasets. */
	@Override
	void checkReady() {
		final OpenDialog dialog = new OpenDialog("Open HDF5", "");
		if (dialog.getPath() == null) throw new CancelledException("Cancelled.");
		chosen = dialog.getPath();
		try (Hdf5File file = new Hdf5File(new File(chosen))) {
			for (final Hdf5Dataset dataset : file.images())
				offered.put(dataset + ", " + dataset.axes, dataset);
		}
		asking = new Spec(NAME, SUMMARY, FILE, Key.choice(DATASET, "Dataset", DATASET_DOC, offered.keySet().toArray(
			new String[0])), ORDER);
	}

	@Override
	Options initial() {
		final Options options = new Options(asking).set("file", chosen);
		return offered.size() == 1 ? options.set(AXES, offered.values().iterator().next().axes) : options;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final String path = options.text("file");
		final String dataset = dataset(options.text(DATASET));
		jobs.status("Opening " + path + "...");
		final ReadOptions read = new ReadOptions().dataset(dataset).axes(options.text(AXES));
		final ImagePlus imp;
		try (Job job = jobs.open(); EngineImage image = ImageFormats.HDF5.open(job, new File(path), read)) {
			imp = StreamedCopy.of(jobs, job, image, slicesTogether(path, read), title(path, dataset));
		}
		show(imp);
		IJ.showStatus("Opened " + path);
		if (asking != SPEC && offered.size() > 1) options.set(DATASET, dataset); // what the recorder shall write
	}

	/** The path of what the dialog offered, "" for the only one; or of what a macro gave. */
	private String dataset(final String text) {
		final Hdf5Dataset listed = offered.get(text);
		if (listed == null) return text;
		return offered.size() == 1 ? "" : listed.path;
	}

	private static int slicesTogether(final String path, final ReadOptions read) {
		try (Hdf5File file = new Hdf5File(new File(path))) {
			return file.slicesTogether(read, DEPTH);
		}
	}

	private static String title(final String path, final String dataset) {
		final List<String> names = new ArrayList<>();
		for (final String name : dataset.split("/"))
			if (!name.isEmpty()) names.add(name);
		final String file = new File(path).getName();
		return names.isEmpty() ? file : file + " " + String.join(" ", names);
	}
}
