package io.github.brushwood.io;

import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Status;

import java.io.File;
import java.util.Arrays;
import java.util.List;

/** OME-Zarr in folders of this computer, by the engine; the folder is the image's file. */
final class ZarrFormat implements ImageFormat {

	@Override
	public String id() {
		return "zarr";
	}

	@Override
	public String label() {
		return "OME-Zarr";
	}

	@Override
	public List<String> suffixes() {
		return Arrays.asList(".zarr", ".ome.zarr");
	}

	@Override
	public boolean isFolder() {
		return true;
	}

	/** The options' dataset is the path of an image or of an array within the folder. */
	@Override
	public EngineImage open(final Job job, final File file, final ReadOptions options) {
		final String inside = options.dataset().replaceAll("^[/\\\\]+", "");
		final EngineImage image = EngineImage.open(job, inside.isEmpty() ? file.getPath() : new File(file, inside)
			.getPath());
		if (!inside.isEmpty()) image.setName(job, file.getName());
		return image;
	}

	@Override
	public EngineSink create(final Job job, final File file, final EngineImage outline, final WriteOptions options) {
		if (file.exists() && !ZarrFolder.mayBeReplaced(file)) {
			throw new EngineException(Status.IO, "'" + file + "' is there and holds something else than Zarr, which would be " +
				"lost. Choose another name, or remove it.");
		}
		return EngineSink.zarr(job, file.getPath(), outline, options.zarr());
	}
}
