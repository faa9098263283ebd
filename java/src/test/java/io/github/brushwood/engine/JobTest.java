package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(120)
class JobTest {

	/** Sanitizers slow the engine down; scripts that use one say by how much. */
	private static final long LIMIT_MILLIS = 100L * Integer.getInteger("brushwood.test.slowdown", 1);
	/** Other processes may hold the machine for a moment; the engine's own delay shows in the best attempt. */
	private static final int ATTEMPTS = 5;

	@Test
	void refusesWrongSettings() {
		try (Job job = new Job()) {
			assertEquals(Status.ARGUMENT, assertThrows(EngineException.class, () -> job.threads(-1)).status());
		}
		try (Job job = new Job()) {
			assertEquals(Status.ARGUMENT, assertThrows(EngineException.class, () -> job.memoryBudget(-1)).status());
		}
	}

	@Test
	void cancelBeforeTheCallStopsIt() {
		try (Job job = new Job(); Scene scene = Scene.create(64, 64, 1); Model model = scene.train(Scene.FEATURES, 3, 1)) {
			job.cancel();
			final CancelledException e = assertThrows(CancelledException.class, () -> model.predict(job, scene.image, null,
				Output.PROBABILITIES, Output.LABELS));
			assertEquals(Status.CANCELLED, e.status());
		}
	}

	@Test
	void cancelEndsPredictionWithin100Millis() throws Exception {
		try (Scene scene = Scene.create(2048, 2048, 1); Model model = scene.train("balanced", 100, 0)) {
			assertCancelIsQuick(job -> model.predict(job, scene.image, null, Output.PROBABILITIES, Output.LABELS).close());
		}
	}

	@Test
	void cancelEndsFeaturesWithin100Millis() throws Exception {
		try (Job setup = new Job(); Scene scene = Scene.create(256, 256, 24);
				Recipe recipe = Recipe.parse(setup, "thorough", 1, 3, 1, 1, 1))
		{
			assertCancelIsQuick(job -> recipe.computeFeatures(job, scene.image).close());
		}
	}

	/** Before the first progress: while more than a gigabyte of output is set up. */
	@Test
	void cancelEndsTheStartWithin100Millis() throws Exception {
		try (Job setup = new Job(); Scene scene = Scene.create(2048, 2048, 1);
				Recipe recipe = Recipe.parse(setup, "thorough", 1, 2, 1, 1, 1))
		{
			assertCancelIsQuick(job -> recipe.computeFeatures(job, scene.image).close(), job -> true);
		}
	}

	@Test
	void cancelEndsTrainingWithin100Millis() throws Exception {
		try (Job setup = new Job(); Scene scene = Scene.create(400, 400, 1); EngineImage noise = noisyLabels(setup, scene);
				Recipe recipe = Recipe.parse(setup, "balanced", 1, 2, 1, 1, 1); Trainer trainer = Trainer.create(setup, recipe))
		{
			trainer.add(setup, scene.image, noise);
			final TrainOptions slow = new TrainOptions().trees(1000);
			assertCancelIsQuick(job -> trainer.train(job, slow).close());
			final TrainOptions folds = slow.copy().holdout(Holdout.SAMPLES, 5, 1);
			assertCancelIsQuick(job -> trainer.crossValidate(job, folds).close());
			assertCancelIsQuick(job -> trainer.selectFeatures(job, slow, 0.01));
		}
	}

	/** Every pixel labelled, without a relation to the image: slow to learn. */
	private static EngineImage noisyLabels(final Job job, final Scene scene) {
		final EngineImage labels = EngineImage.create(job, scene.labels.info());
		final byte[] pixels = new byte[(int) labels.info().planeLength()];
		for (int i = 0; i < pixels.length; i++) pixels[i] = (byte) (1 + (i * 2654435761L >>> 16 & 3));
		labels.setPlane(0, 0, 0, pixels);
		return labels;
	}

	private static void assertCancelIsQuick(final Consumer<Job> call) throws Exception {
		assertCancelIsQuick(call, job -> job.progress() > 0);
	}

	private static void assertCancelIsQuick(final Consumer<Job> call, final Predicate<Job> begun) throws Exception {
		long best = Long.MAX_VALUE;
		for (int i = 0; i < ATTEMPTS && best > LIMIT_MILLIS; i++) best = Math.min(best, millisToCancel(call, begun));
		assertTrue(best <= LIMIT_MILLIS, "milliseconds from cancel to return: " + best);
	}

	private static long millisToCancel(final Consumer<Job> call, final Predicate<Job> begun) throws Exception {
		try (Job job = new Job()) {
			final FutureTask<Void> task = new FutureTask<>(() -> call.accept(job), null);
			new Thread(task, "cancelled").start();
			do Thread.sleep(20);
			while (!begun.test(job) && !task.isDone());
			assertFalse(task.isDone(), "the work must outlast the wait");
			final long start = System.nanoTime();
			job.cancel();
			final ExecutionException e = assertThrows(ExecutionException.class, task::get);
			final long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
			assertSame(CancelledException.class, e.getCause().getClass(), String.valueOf(e.getCause()));
			return millis;
		}
	}

	@Test
	void listenerHearsProgressOnTheCallingThread() {
		final List<Double> heard = Collections.synchronizedList(new ArrayList<>());
		final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
		try (Job job = new Job().threads(2); Scene scene = Scene.create(1024, 1024, 1);
				Model model = scene.train(Scene.FEATURES, 10, 0))
		{
			job.progress(fraction -> {
				heard.add(fraction);
				threads.add(Thread.currentThread());
				return true;
			});
			model.predict(job, scene.image, new PredictOptions().tile(64), Output.PROBABILITIES).close();
			assertFalse(heard.isEmpty());
			for (int i = 0; i < heard.size(); i++) {
				assertTrue(heard.get(i) >= (i == 0 ? 0 : heard.get(i - 1)) && heard.get(i) <= 1, heard.toString());
				assertSame(Thread.currentThread(), threads.get(i));
			}
			assertEquals(1, job.progress(), 1e-3);
			heard.clear();
			job.progress(null);
			model.predict(job, scene.image, null, Output.PROBABILITIES).close();
			assertTrue(heard.isEmpty());
		}
	}

	@Test
	void listenerThatReturnsFalseCancels() {
		try (Job job = new Job().threads(1); Scene scene = Scene.create(256, 256, 1);
				Model model = scene.train(Scene.FEATURES, 10, 0))
		{
			job.progress(fraction -> false);
			assertThrows(CancelledException.class, () -> model.predict(job, scene.image, new PredictOptions().tile(64),
				Output.PROBABILITIES, Output.LABELS));
		}
	}

	@Test
	void listenersExceptionCancelsAndComesBack() {
		final class Odd extends RuntimeException {

			private static final long serialVersionUID = 1L;
		}
		final Odd odd = new Odd();
		final int[] calls = new int[1];
		try (Job job = new Job().threads(1); Scene scene = Scene.create(256, 256, 1);
				Model model = scene.train(Scene.FEATURES, 10, 0))
		{
			job.progress(fraction -> {
				calls[0]++;
				throw odd;
			});
			assertSame(odd, assertThrows(Odd.class, () -> model.predict(job, scene.image, new PredictOptions().tile(64),
				Output.PROBABILITIES, Output.LABELS)));
			assertEquals(1, calls[0]);
		}
	}

	@Test
	void listenerMayUseAndCloseWhatIsRunning() {
		final Scene scene = Scene.create(256, 256, 1);
		final Model model = scene.train(Scene.FEATURES, 10, 0);
		try (Job job = new Job().threads(1)) {
			job.progress(fraction -> {
				assertThrows(IllegalStateException.class, () -> model.describeText(job), "the job is busy");
				if (fraction < 0.5) assertEquals("scene", scene.image.name());
				else scene.close(); // does not wait for the call it is in
				model.close();
				return true;
			});
			try (Prediction prediction = model.predict(job, scene.image, new PredictOptions().tile(64), Output.LABELS)) {
				assertEquals(256, prediction.labels().info().width);
			}
			assertThrows(IllegalStateException.class, () -> model.className(0));
			assertThrows(IllegalStateException.class, () -> scene.image.name());
		}
	}

	@Test
	void jobServesOneCallAtATime() throws Exception {
		final CountDownLatch running = new CountDownLatch(1);
		final CountDownLatch go = new CountDownLatch(1);
		try (Job job = new Job().threads(1); Job other = new Job(); Scene scene = Scene.create(128, 128, 1);
				Model model = scene.train(Scene.FEATURES, 3, 1))
		{
			job.progress(fraction -> {
				running.countDown();
				try {
					return go.await(60, TimeUnit.SECONDS);
				}
				catch (final InterruptedException e) {
					return false;
				}
			});
			final FutureTask<Void> task = new FutureTask<>(() -> model.predict(job, scene.image, null, Output.PROBABILITIES)
				.close(), null);
			new Thread(task, "first call").start();
			assertTrue(running.await(60, TimeUnit.SECONDS));
			assertThrows(IllegalStateException.class, () -> model.describeText(job));
			assertFalse(model.describeText(other).isEmpty());
			go.countDown();
			task.get();
			assertFalse(model.describeText(job).isEmpty());
		}
	}
}
