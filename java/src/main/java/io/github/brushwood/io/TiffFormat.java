package io.github.brushwood.io;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.TiffOptions;

import java.io.File;
import java.util.Arrays;
import java.util.List;

/** TIFF and BigTIFF of any size, by the engine. */
final class TiffFormat implements ImageFormat {

	@Override
	public String id() {
		return "tiff";
	}

	@Override
	public String label() {
		return "TIFF";
	}

	@Override
	public List<String> suffixes() {
		return Arrays.asList(".tif", ".tiff", ".btf", ".tf8", ".tf2");
	}

	@Override
	public EngineImage open(final Job job, final File file, final ReadOptions options) {
		return EngineImage.open(job, file.getPath());
	}

	@Override
	public EngineSink create(final Job job, final File file, final EngineImage outline, final WriteOptions options) {
		final TiffOptions tiff = new TiffOptions().compression(options.compression()).pyramid(options.pyramid());
		return EngineSink.tiff(job, file.getPath(), outline, tiff);
	}
}
