package io.github.brushwood.session;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.ImageSource;
import io.github.brushwood.engine.Job;

import java.nio.ByteBuffer;

/** An image whose slices are frames, in ImageJ's order. */
final class SlicesAsFrames implements ImageSource {

	private final Job job = new Job();
	private final EngineImage image;
	private final ImageInfo info;
	private final int depth;

	private SlicesAsFrames(final EngineImage image) {
		this.image = image;
		depth = (int) image.info().depth;
		info = image.info().toBuilder().depth(1).frames(image.info().frames * depth).build();
	}

	/** @param image belongs to the result, and is closed when this method fails */
	static EngineImage of(final Job job, final EngineImage image) {
		return EngineImage.of(job, new SlicesAsFrames(image));
	}

	@Override
	public ImageInfo info() {
		return info;
	}

	@Override
	public String name() {
		return image.name();
	}

	@Override
	public double offset() {
		return image.offset();
	}

	@Override
	public void read(final Box box, final ByteBuffer to) {
		final int z = box.frame % depth;
		image.read(job, new Box(box.frame / depth, box.x0, box.y0, z, box.x1, box.y1, z + 1), to);
	}

	@Override
	public void close() {
		image.close();
		job.close();
	}
}
