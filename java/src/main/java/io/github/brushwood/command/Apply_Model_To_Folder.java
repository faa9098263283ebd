package io.github.brushwood.command;

import ij.IJ;

import io.github.brushwood.engine.Compression;
import io.github.brushwood.io.ReadOptions;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.FolderBatch;
import io.github.brushwood.session.FolderBatch.Entry;
import io.github.brushwood.session.FolderBatch.State;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Outputs;
import io.github.brushwood.session.batch.BatchTable;
import io.github.brushwood.session.batch.NamePattern;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;
import io.github.brushwood.ui.ReportWindow;

import java.util.Locale;

/** Classifies the images of a folder. */
public final class Apply_Model_To_Folder extends BrushwoodCommand {

	/** Title of the table's window. */
	static final String TABLE = "Brushwood Batch";

	private static final String COMPRESSION = "compression";
	private static final String RESULTS = "Result files";
	private static final String HDF5 = "Files of several images";

	private static final Spec SPEC = new Spec("Brushwood Apply Model to Folder...",
		"Classifies every image of a folder that fits a pattern and writes name_probabilities.tif, " +
			"name_segmentation.tif, name_uncertainty.tif or name_entropy.tif, as chosen. Memory does not depend on the size " +
			"of TIFF, HDF5 and OME-Zarr images. A bad image is reported and does not stop the rest; at the end the command " +
			"fails if any image did. Esc stops; started again, the command goes on where it was. The table '" + TABLE +
			"' tells what became of each image: status, seconds, fraction of the pixels of each class, message.",
		MODEL_FILE, Key.required(Kind.FOLDER, "input", "Input folder", "Folder of the images."),
		Key.required(Kind.FOLDER, "output", "Output folder",
			"Folder of the results, made when missing; subfolders are mirrored."),
		Key.of(Kind.TEXT, "pattern", "File pattern", FolderBatch.PATTERN,
			"Names of the images with * and ?, several separated by ';', such as *.tif;*.png, *.h5 or *.zarr (folders " +
				"in OME-Zarr). Case does not matter."),
		Key.set("export", "Export", "What to write for each image; 'both' is probabilities and labels.", Outputs.ids())
			.withAlias("both", "probabilities;labels"),
		Key.flag("recursive", "Search subfolders", "Go into subfolders too."),
		Key.flag("overwrite", "Overwrite results",
			"Make results again that exist; else their images are skipped, so that a stopped run goes on where it was."),
		UNREFINED, SPACING, Key.of(Kind.TEXT, "names", "Name pattern", NamePattern.DEFAULT,
			"Names of the results: {name} is the image's without its last suffix, {kind} is probabilities, segmentation, " +
				"uncertainty or entropy. The suffix decides the format: .tif for TIFF, .h5 for HDF5 as ilastik writes it, .zarr " +
				"for OME-Zarr, which grows block by block: started again, only missing blocks are made.")
			.under(RESULTS), Key.choice(COMPRESSION, "Compression (TIFF)",
				"How TIFF results are compressed, always without loss. Plain ImageJ opens zstd only with Bio-Formats.", "none",
				"lzw", "deflate", "zstd").under(RESULTS), Key.flag("pyramid", "Pyramid (TIFF)",
					"Add smaller copies for viewers such as QuPath; plain ImageJ opens such files only with Bio-Formats.").under(
						RESULTS), Save_OME_Zarr.VERSION.under(RESULTS), Save_OME_Zarr.CODEC.under(RESULTS), Key
							.of(Kind.SAVE, "csv", "Save table as", "",
							"CSV file of the table; without it " + FolderBatch.TABLE + " in the output folder.").withSuffix(".csv")
							.under(RESULTS), Key.of(Kind.TEXT, "dataset", "Dataset", "",
								"Path of the image inside HDF5 files and folders in OME-Zarr, such as /volume/data; may be left out when " +
									"there is only one.")
								.under(HDF5), Key.of(Kind.TEXT, "axes", "Axes", "",
									"Order of the axes in HDF5 files, slowest first, such as tzyxc; without it what the file says.").under(
										HDF5), THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final FolderBatch batch = batch(options);
		try {
			batch.run(jobs, entry -> IJ.log(entry.toString()));
		}
		finally {
			tell(batch);
		}
		final BatchTable table = batch.table();
		final int failed = table.count(State.FAILED);
		if (failed == 0) return;
		throw new BrushwoodException(failed + " of " + table.rows().size() + " images failed. The first: " + firstFailure(
			table));
	}

	private static FolderBatch batch(final Options options) {
		final FolderBatch batch = new FolderBatch(options.text("model"), options.text("input"), options.text("output"),
			Outputs.of(options.list("export")));
		batch.pattern(options.text("pattern")).recursive(options.flag("recursive")).overwrite(options.flag("overwrite"));
		batch.names(options.text("names")).compression(Compression.valueOf(options.text(COMPRESSION).toUpperCase(
			Locale.ROOT))).pyramid(options.flag("pyramid")).csv(options.text("csv"));
		batch.zarr(Save_OME_Zarr.version(options), Save_OME_Zarr.codec(options));
		batch.reading(new ReadOptions().dataset(options.text("dataset")).axes(options.text("axes")));
		return batch.options(predictOptions(options));
	}

	/** Table and summary, also of a batch that was stopped; nothing when it did not begin. */
	private static void tell(final FolderBatch batch) {
		final BatchTable table = batch.table();
		if (table.rows().isEmpty()) return;
		final String summary = table.summary();
		IJ.log(SPEC.name() + ": " + summary + "; table: " + batch.csvPath());
		IJ.showStatus(summary);
		ReportWindow.table(TABLE, table.resultsTable());
		ReportWindow.awaitActive(TABLE);
	}

	private static String firstFailure(final BatchTable table) {
		for (final Entry entry : table.rows())
			if (entry.state == State.FAILED) return entry.file + ": " + entry.message;
		return "";
	}
}
