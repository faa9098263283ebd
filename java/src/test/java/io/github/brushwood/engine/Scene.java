package io.github.brushwood.engine;

import java.util.Random;

/** A synthetic image whose right half is brighter and coarser than its left, with strokes on both halves. */
final class Scene implements AutoCloseable {

	static final String FEATURES = "original;gaussian:1,1.6;gradient:1;hessian:1.6";

	final EngineImage image;
	final EngineImage labels;

	private Scene(final EngineImage image, final EngineImage labels) {
		this.image = image;
		this.labels = labels;
	}

	/** A UINT8 image of one channel. */
	static Scene create(final int width, final int height, final int depth) {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, width, height).depth(depth).build();
		try (Job job = new Job()) {
			final EngineImage image = EngineImage.create(job, info);
			final EngineImage labels = EngineImage.create(job, info);
			final Random random = new Random(7);
			for (int z = 0; z < depth; z++) {
				image.setPlane(0, 0, z, texture(width, height, random));
				labels.setPlane(0, 0, z, strokes(width, height));
			}
			image.setName(job, "scene");
			return new Scene(image, labels);
		}
	}

	private static byte[] texture(final int width, final int height, final Random random) {
		final byte[] pixels = new byte[width * height];
		for (int i = 0; i < pixels.length; i++) {
			final boolean right = i % width >= width / 2;
			pixels[i] = (byte) (right ? 130 + random.nextInt(80) : 60 + random.nextInt(50));
		}
		return pixels;
	}

	private static byte[] strokes(final int width, final int height) {
		final byte[] pixels = new byte[width * height];
		for (int y = height / 4; y < height * 3 / 4; y++) {
			pixels[y * width + width / 4] = 1;
			pixels[y * width + width * 3 / 4] = 2;
		}
		return pixels;
	}

	/** A small forest on {@link #FEATURES} or another list. */
	Model train(final String features, final int trees, final int threads) {
		try (Job job = new Job().threads(threads);
				Recipe recipe = Recipe.parse(job, features, image.info().channels, image.info().depth > 1 ? 3 : 2, 1, 1, 1);
				Trainer trainer = Trainer.create(job, recipe))
		{
			trainer.add(job, image, labels);
			return trainer.train(job, new TrainOptions().trees(trees).seed(5));
		}
	}

	/** Every value at random, always the same ones. */
	static void fillWithNoise(final EngineImage image) {
		final Random random = new Random(3);
		for (int t = 0; t < image.info().frames; t++)
			for (int c = 0; c < image.info().channels; c++)
				for (int z = 0; z < image.info().depth; z++) {
					final byte[] plane = new byte[(int) image.info().planeLength()];
					random.nextBytes(plane);
					image.setPlane(t, c, z, plane);
				}
	}

	static byte[] bytesOf(final EngineImage image, final int channel) {
		final byte[] pixels = new byte[(int) image.info().planeLength()];
		image.getPlane(0, channel, 0, pixels);
		return pixels;
	}

	static float[] floatsOf(final EngineImage image, final int channel) {
		final float[] pixels = new float[(int) image.info().planeLength()];
		image.getPlane(0, channel, 0, pixels);
		return pixels;
	}

	@Override
	public void close() {
		image.close();
		labels.close();
	}
}
