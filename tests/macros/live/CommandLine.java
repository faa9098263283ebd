import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.Output;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.live.Actions;
import io.github.brushwood.session.live.LiveImage;
import io.github.brushwood.session.live.LiveSettings;
import io.github.brushwood.session.live.ResultTile;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/** The program brushwood with a session's own images, labels, features and classes: what the session has to equal. */
final class CommandLine {

	private final String program;
	private final String scratch;
	private int runs;

	CommandLine(final String program, final String scratch) {
		this.program = program;
		this.scratch = scratch;
	}

	/** What the program makes of the session's annotations of one image. */
	final class Results {

		final byte[] model;
		final ImagePlus probabilities;
		final ImagePlus labels;

		private Results(final byte[] model, final ImagePlus probabilities, final ImagePlus labels) {
			this.model = model;
			this.probabilities = probabilities;
			this.labels = labels;
		}

		/** Whether whole images that the session makes have the same pixels. */
		boolean equalsResults(final Actions actions, final LiveImage image) {
			final List<ImagePlus> made = actions.results(Monitor.NONE, image, EnumSet.of(Output.PROBABILITIES,
				Output.LABELS));
			return made.size() == 2 && samePixels(made.get(0), probabilities) && samePixels(made.get(1), labels);
		}

		/** How many pixels of tiles are not as here; -1 when a tile is not final. */
		long wrongPixels(final List<ResultTile> tiles, final int z) {
			long wrong = 0;
			for (final ResultTile tile : tiles) {
				if (!tile.complete || tile.labels == null) return -1;
				for (int i = 0; i < tile.labels.length; i++)
					if (isWrong(tile, i, z)) wrong++;
			}
			return wrong;
		}

		private boolean isWrong(final ResultTile tile, final int i, final int z) {
			final int x = tile.x + i % tile.width;
			final int y = tile.y + i / tile.width;
			if (tile.labels[i] != labels.getStack().getProcessor(z + 1).get(x, y)) return true;
			for (int k = 0; k < tile.probabilities.length; k++) {
				final float p = probability(k + 1, x, y, z);
				if (Math.abs((tile.probabilities[k][i] & 0xFF) - 255 * p) > 0.51) return true;
			}
			return false;
		}

		float probability(final int label, final int x, final int y, final int z) {
			return probabilities.getStack().getProcessor(probabilities.getStackIndex(label, z + 1, 1)).getf(x, y);
		}
	}

	/**
	 * Trains and predicts.
	 *
	 * @param path of the image's file
	 */
	Results run(final Actions actions, final LiveImage image, final String path) throws Exception {
		final String stem = scratch + "/own" + ++runs;
		actions.exportAnnotations(image, stem + "_labels.tif");
		final LiveSettings settings = actions.session().settings();
		final List<String> train = new ArrayList<>(Arrays.asList("train", "--image", path, "--labels", stem + "_labels.tif",
			"--features", settings.features, "--out", stem + ".brushwood"));
		for (final AnnotationClass c : actions.session().classes())
			train.addAll(Arrays.asList("--class", c.name() + c.hex()));
		call(train);
		return new Results(Files.readAllBytes(Paths.get(stem + ".brushwood")), predict(stem, path, Output.PROBABILITIES),
			predict(stem, path, Output.LABELS));
	}

	private ImagePlus predict(final String stem, final String path, final Output kind) throws Exception {
		final String id = kind.name().toLowerCase(Locale.ROOT);
		final String out = stem + "_" + id + ".tif";
		call(Arrays.asList("predict", "--model", stem + ".brushwood", "--input", path, "--output", out, "--export", id));
		return IJ.openImage(out);
	}

	private void call(final List<String> arguments) throws Exception {
		final List<String> command = new ArrayList<>(arguments);
		command.add(0, program);
		final File log = new File(scratch, "program.log");
		final Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
		if (process.waitFor() == 0) return;
		throw new IllegalStateException(command + " failed: " + new String(Files.readAllBytes(log.toPath())));
	}

	static boolean samePixels(final ImagePlus a, final ImagePlus b) {
		if (a.getStackSize() != b.getStackSize() || a.getBitDepth() != b.getBitDepth()) return false;
		for (int i = 1; i <= a.getStackSize(); i++)
			if (!Arrays.deepEquals(new Object[] { a.getStack().getPixels(i) }, new Object[] { b.getStack().getPixels(i) })) {
				return false;
			}
		return true;
	}
}
