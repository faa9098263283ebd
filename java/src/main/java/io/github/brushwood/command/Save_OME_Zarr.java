package io.github.brushwood.command;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.ZarrCodec;
import io.github.brushwood.engine.ZarrOptions;
import io.github.brushwood.engine.ZarrVersion;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.ZarrExport;
import io.github.brushwood.session.ZarrExport.Levels;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.io.File;
import java.util.Locale;

/** Writes the current image as OME-Zarr. */
public final class Save_OME_Zarr extends BrushwoodCommand {

	static final Key VERSION = Key.choice("version", "Version (OME-Zarr)",
		"Version of OME-Zarr: 0.4 is what most programs read, 0.5 is the newer one on Zarr 3.", "0.4", "0.5");
	static final Key CODEC = Key.choice("codec", "Codec (OME-Zarr)",
		"How chunks are compressed, always without loss: blosc is zstd behind a byte shuffle, raw is not compressed.",
		"blosc", "zstd", "gzip", "raw");
	private static final String SUFFIX = ".zarr";
	private static final long MOST_EDGE = 1 << 16;
	private static final Spec SPEC = new Spec("Brushwood Save OME-Zarr...",
		"Writes the current image as OME-Zarr with smaller resolutions, calibration and names of channels, the labels that " +
			"all slices of a channel share. RGB becomes three channels. A virtual stack is read part by part. OME-Zarr that " +
			"is there is replaced once the new one is whole.", Key.required(Kind.SAVE, "folder", "Save as",
				"Folder to write; .zarr is added where the name does not end so.").withSuffix(SUFFIX), VERSION, CODEC, Key
					.choice("levels", "Smaller resolutions",
						"mean averages voxels; nearest takes every second one, for numbers that are classes or objects; auto is " +
							"nearest for 8-bit and 16-bit images in colours, such as segmentations.", "auto", "mean", "nearest"), Key.of(
								Kind.TEXT, "chunk", "Chunks x,y,z", "",
								"Voxels of a chunk along x, y and z, such as 256,256,16; without it 128,128,32 of stacks and 512,512,1 of " +
									"single slices."), THREADS);

	@Override
	public Spec spec() {
		return SPEC;
	}

	@Override
	void checkReady() {
		currentImage();
	}

	@Override
	void execute(final Options options, final Jobs jobs) {
		final ImagePlus imp = currentImage();
		final String path = options.text("folder").replaceAll("[/\\\\]+$", "");
		final File file = new File(path.toLowerCase(Locale.ROOT).endsWith(SUFFIX) ? path : path + SUFFIX);
		jobs.status("Saving " + file + "...");
		ZarrExport.write(jobs, imp, file, new ZarrOptions().version(version(options)).codec(codec(options)), chunk(options),
			Levels.valueOf(options.text("levels").toUpperCase(Locale.ROOT)));
		IJ.showStatus("Saved " + file);
	}

	static ZarrVersion version(final Options options) {
		return options.text(VERSION.id()).equals("0.5") ? ZarrVersion.OME_05 : ZarrVersion.OME_04;
	}

	static ZarrCodec codec(final Options options) {
		return ZarrCodec.valueOf(options.text(CODEC.id()).toUpperCase(Locale.ROOT));
	}

	/** x, y, z; zeros when it is left to the engine. */
	private static long[] chunk(final Options options) {
		final long[] chunk = new long[3];
		if (!options.given("chunk")) return chunk;
		final double[] edges = options.numbers("chunk", 1, MOST_EDGE, 3);
		if (edges.length != 3 || edges[0] != Math.rint(edges[0]) || edges[1] != Math.rint(edges[1]) || edges[2] != Math.rint(
			edges[2]))
		{
			throw new BrushwoodException("The value of 'chunk' has to be three whole numbers, x, y and z, such as 256,256,16, " +
				"not '" + options.text("chunk") + "'.");
		}
		for (int axis = 0; axis < 3; axis++)
			chunk[axis] = (long) edges[axis];
		return chunk;
	}
}
