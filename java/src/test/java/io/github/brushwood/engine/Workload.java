package io.github.brushwood.engine;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;

/** A whole use of the engine, for class loaders and processes of their own: bytes that depend on everything. */
public final class Workload implements Callable<byte[]> {

	private final int threads;

	public Workload(final int threads) {
		this.threads = threads;
	}

	@Override
	public byte[] call() {
		final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (Scene scene = Scene.create(160, 120, 1);
				Model model = scene.train(Scene.FEATURES, 8, threads);
				Job job = new Job().threads(threads);
				Prediction prediction = model.predict(job, scene.image, null, Output.PROBABILITIES))
		{
			for (final float value : Scene.floatsOf(prediction.probabilities(), 0))
				bytes.write(ByteBuffer.allocate(4).putFloat(value).array(), 0, 4);
		}
		return bytes.toByteArray();
	}

	/** Ends this process, by an exit of the given code, while two threads of Java compute. */
	public static void main(final String[] arguments) throws InterruptedException {
		Engine.version(); // the library is there before the end is near
		for (int i = 0; i < 2; i++) {
			final Thread thread = new Thread(Workload::computeForEver);
			thread.setDaemon(true);
			thread.start();
		}
		Thread.sleep(Integer.parseInt(arguments[0]));
		System.exit(Integer.parseInt(arguments[1]));
	}

	private static void computeForEver() {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 1500, 1500).build();
		try (Job job = new Job().threads(3);
				EngineImage image = EngineImage.create(job, info);
				Recipe recipe = Recipe.parse(job, "gaussian:1,2,5;hessian:1,3", 1, 2, 1, 1, 1))
		{
			while (true)
				recipe.computeFeatures(job, image).close();
		}
	}
}
