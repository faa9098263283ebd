package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Features, models and probabilities have the same bytes on every platform, compiler and processor. */
@ExtendWith(NoLeaks.class)
class GoldenBytesTest {

	/** Magic, format version, CRC and length of a model file; the engine's version comes next. */
	private static final int FRAME = 24;

	@TempDir
	Path folder;

	@Test
	void featuresOfAPlane() throws NoSuchAlgorithmException {
		assertEquals("8cba2a638008d5f9d43390e90f3fe4ed8f588b96c0144a0ebb705bc35aaa3cfc", features("thorough", 1));
	}

	@Test
	void featuresOfAStack() throws NoSuchAlgorithmException {
		assertEquals("47f37bf5b79f3b59724c4bbbf4d6d364189d54b5e0d6969f223cdcc68fa5cb1f", features("thorough", 6));
	}

	@Test
	void modelAndProbabilitiesOfAPlane() throws IOException, NoSuchAlgorithmException {
		final TrainOptions options = new TrainOptions().trees(30).seed(11).holdout(Holdout.SAMPLES, 3, 1).calibrate(true)
			.contextSigmas(1.6).refine(2);
		assertEquals(Arrays.asList("f7548507b4857cd8126e5e5a3df3ef931dc996862f3cd80e436bec5733af3f86",
			"4494530869cd83f31649a0cce84ff5e2c891c37c9aa1c2a6d2e92f7481ee2318"), training(1, options));
	}

	@Test
	void modelAndProbabilitiesOfAStack() throws IOException, NoSuchAlgorithmException {
		assertEquals(Arrays.asList("bd45a73615a52ca8965f1c8a54a4b869e9cd6616c57e312eed8a2b076599114e",
			"634ae7cdef443ed3c3d1c0adc94977a9ebc626d7a0da8d68c590f1879f8e28a2"), training(6, new TrainOptions().trees(30)
				.seed(11)));
	}

	private static String features(final String list, final int depth) throws NoSuchAlgorithmException {
		try (Job job = new Job(); Scene scene = Scene.create(72, 60, depth);
				Recipe recipe = Recipe.parse(job, list, 1, depth > 1 ? 3 : 2, 1, 1, 1);
				EngineImage features = recipe.computeFeatures(job, scene.image))
		{
			return digest(features);
		}
	}

	/** Digests of the model and of what it predicts. */
	private List<String> training(final int depth, final TrainOptions options) throws IOException,
		NoSuchAlgorithmException
	{
		final Path file = folder.resolve("model.brushwood");
		try (Job job = new Job(); Scene scene = Scene.create(72, 60, depth);
				Recipe recipe = Recipe.parse(job, "balanced", 1, depth > 1 ? 3 : 2, 1, 1, 1);
				Trainer trainer = Trainer.create(job, recipe))
		{
			trainer.add(job, scene.image, scene.labels);
			if (options.contextSigmas().length > 0) {
				trainer.prepareContext(job, options);
				trainer.addContext(job, 0, scene.image);
			}
			try (Model model = trainer.train(job, options);
					Prediction prediction = model.predict(job, scene.image, null, Output.PROBABILITIES))
			{
				model.write(job, file.toString());
				return Arrays.asList(digest(Files.readAllBytes(file)), digest(prediction.probabilities()));
			}
		}
	}

	/** Of all that comes behind the engine's version. */
	private static String digest(final byte[] model) throws NoSuchAlgorithmException {
		final int length = ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN).getInt(FRAME);
		final MessageDigest sha = MessageDigest.getInstance("SHA-256");
		sha.update(model, FRAME + 4 + length, model.length - FRAME - 4 - length);
		return hex(sha);
	}

	/** Of the values of all planes. */
	private static String digest(final EngineImage image) throws NoSuchAlgorithmException {
		final ImageInfo info = image.info();
		final float[] plane = new float[(int) info.planeLength()];
		final ByteBuffer bytes = ByteBuffer.allocate(4 * plane.length).order(ByteOrder.LITTLE_ENDIAN);
		final MessageDigest sha = MessageDigest.getInstance("SHA-256");
		for (int channel = 0; channel < info.channels; channel++) {
			for (int z = 0; z < info.depth; z++) {
				image.getPlane(0, channel, z, plane);
				bytes.asFloatBuffer().put(plane);
				sha.update(bytes.array());
			}
		}
		return hex(sha);
	}

	private static String hex(final MessageDigest sha) {
		final StringBuilder text = new StringBuilder();
		for (final byte b : sha.digest()) text.append(String.format("%02x", b));
		return text.toString();
	}
}
