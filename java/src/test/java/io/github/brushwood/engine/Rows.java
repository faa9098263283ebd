package io.github.brushwood.engine;

/** Images of a single row. */
final class Rows {

	private Rows() {}

	/** A UINT8 image of one channel. */
	static EngineImage of(final Job job, final int... values) {
		final EngineImage image = EngineImage.create(job, ImageInfo.builder(PixelType.UINT8, values.length, 1).build());
		final byte[] pixels = new byte[values.length];
		for (int i = 0; i < values.length; i++)
			pixels[i] = (byte) values[i];
		image.setPlane(0, 0, 0, pixels);
		return image;
	}
}
