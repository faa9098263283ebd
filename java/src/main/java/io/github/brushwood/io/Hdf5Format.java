package io.github.brushwood.io;

import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.Job;

import java.io.File;
import java.util.Arrays;
import java.util.List;

/** HDF5 as ilastik lays it out. */
final class Hdf5Format implements ImageFormat {

	@Override
	public String id() {
		return "hdf5";
	}

	@Override
	public String label() {
		return "HDF5";
	}

	@Override
	public List<String> suffixes() {
		return Arrays.asList(".h5", ".hdf5", ".hdf");
	}

	@Override
	public EngineImage open(final Job job, final File file, final ReadOptions options) {
		return EngineImage.of(job, new Hdf5Source(file, options));
	}

	@Override
	public EngineSink create(final Job job, final File file, final EngineImage outline, final WriteOptions options) {
		return EngineSink.of(job, outline, new Hdf5Sink(file, outline.info(), options));
	}
}
