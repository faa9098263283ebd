package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(120)
class HandleTest {

	/** Counts frees. */
	private static final class Counted extends Handle {

		final AtomicInteger freed = new AtomicInteger();

		Counted() {
			super("thing", 42);
		}

		@Override
		void free(final long nativeAddress) {
			assertEquals(42, nativeAddress);
			freed.incrementAndGet();
		}
	}

	@Test
	void useAfterCloseNamesTheObject() {
		final Scene scene = Scene.create(16, 16, 1);
		scene.close();
		final Job job = new Job();
		job.close();
		job.cancel(); // a late cancel is no mistake
		final IllegalStateException e = assertThrows(IllegalStateException.class, () -> scene.image.name());
		assertEquals("The image is closed.", e.getMessage());
		assertThrows(IllegalStateException.class, () -> scene.image.setPlane(0, 0, 0, new byte[256]));
		assertThrows(IllegalStateException.class, () -> EngineImage.create(job, scene.image.info()));
		assertThrows(IllegalStateException.class, job::progress);
		try (Job fresh = new Job(); Recipe recipe = Recipe.parse(fresh, "fast", 1, 2, 1, 1, 1)) {
			final Trainer trainer = Trainer.create(fresh, recipe);
			trainer.close();
			assertThrows(IllegalStateException.class, trainer::sampleCount);
			assertThrows(IllegalStateException.class, () -> recipe.computeFeatures(fresh, scene.image));
			recipe.close();
			assertEquals("The recipe is closed.",
				assertThrows(IllegalStateException.class, () -> recipe.name(0)).getMessage());
		}
	}

	@Test
	void closingTwiceFreesOnce() {
		final Counted thing = new Counted();
		thing.close();
		thing.close();
		assertEquals(1, thing.freed.get());
	}

	@Test
	void closeWaitsForRunningCallsAndRefusesNewOnes() throws Exception {
		final Counted thing = new Counted();
		final Handle.Use use = thing.use();
		final Thread closer = new Thread(thing::close, "closer");
		closer.start();
		while (closer.getState() != Thread.State.WAITING) Thread.sleep(1);
		closer.interrupt(); // must neither end the wait nor be lost
		assertThrows(IllegalStateException.class, thing::use);
		assertThrows(IllegalStateException.class, thing::useAlone);
		assertEquals(0, thing.freed.get());
		assertEquals(42, use.address());
		use.close();
		closer.join();
		assertEquals(1, thing.freed.get());
	}

	@Test
	void changesExcludeReads() throws Exception {
		final Counted thing = new Counted();
		final ExecutorService pool = Executors.newCachedThreadPool();
		try {
			final Handle.Use alone = thing.useAlone();
			final Future<?> reader = pool.submit(() -> thing.use().close());
			Thread.sleep(50);
			assertFalse(reader.isDone());
			alone.close();
			reader.get();
			final Handle.Use shared = thing.use();
			final Future<?> writer = pool.submit(() -> thing.useAlone().close());
			thing.use().close(); // reads share
			Thread.sleep(50);
			assertFalse(writer.isDone());
			shared.close();
			writer.get();
		}
		finally {
			pool.shutdown();
			thing.close();
		}
	}

	@Test
	void listenerNeverWaits() {
		final Counted thing = new Counted();
		final Handle.Use use = thing.use();
		assertTrue(Handle.tell(fraction -> {
			assertThrows(IllegalStateException.class, thing::useAlone);
			thing.close();
			return thing.freed.get() == 0;
		}, 0));
		use.close();
		assertEquals(1, thing.freed.get());
	}

	@Test
	void aPinnedObjectStaysUntilTheLastPinGoes() {
		final Counted thing = new Counted();
		final Handle.Pin first = thing.pin();
		final Handle.Pin second = thing.pin();
		assertThrows(IllegalStateException.class, thing::useAlone);
		thing.use().close(); // reading is fine
		first.close();
		first.close();
		assertThrows(IllegalStateException.class, thing::useAlone);
		thing.close(); // does not wait
		assertEquals(0, thing.freed.get());
		assertThrows(IllegalStateException.class, thing::use);
		assertThrows(IllegalStateException.class, thing::pin);
		second.close();
		assertEquals(1, thing.freed.get());
		thing.close();
		assertEquals(1, thing.freed.get());
	}

	@Test
	void anUnpinnedObjectChangesAgain() {
		final Counted thing = new Counted();
		thing.pin().close();
		thing.useAlone().close();
		thing.close();
		assertEquals(1, thing.freed.get());
	}

	/** Many threads use an image and a model while another closes both: a call works or says that they are closed. */
	@Test
	void closeRacesWithCalls() throws Exception {
		final ExecutorService pool = Executors.newFixedThreadPool(8);
		try {
			for (int round = 0; round < 30; round++) race(pool, round);
		}
		finally {
			pool.shutdown();
			assertTrue(pool.awaitTermination(60, TimeUnit.SECONDS));
		}
	}

	private static void race(final ExecutorService pool, final int round) throws Exception {
		final Scene scene = Scene.create(48, 48, 1);
		final Model model = scene.train("original;gaussian:1", 2, 1);
		final CountDownLatch start = new CountDownLatch(1);
		final List<Future<Integer>> users = new ArrayList<>();
		for (int i = 0; i < 6; i++) {
			final int which = i;
			users.add(pool.submit(() -> useUntilClosed(start, scene, model, which)));
		}
		final List<Future<?>> closers = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			closers.add(pool.submit(() -> {
				start.await();
				TimeUnit.MICROSECONDS.sleep(200 * round);
				scene.close();
				model.close();
				return null;
			}));
		}
		start.countDown();
		for (final Future<?> closer : closers) closer.get();
		for (final Future<Integer> user : users) user.get();
	}

	private static int useUntilClosed(final CountDownLatch start, final Scene scene, final Model model, final int which)
		throws Exception
	{
		final byte[] pixels = new byte[48 * 48];
		final List<Callable<?>> calls = new ArrayList<>();
		calls.add(() -> {
			try (Job job = new Job().threads(1)) {
				model.predict(job, scene.image, null, Output.PROBABILITIES, Output.LABELS).close();
			}
			return null;
		});
		calls.add(() -> {
			scene.image.getPlane(0, 0, 0, pixels);
			return scene.image.name();
		});
		calls.add(() -> {
			scene.image.setPlane(0, 0, 0, pixels);
			try (Job job = new Job()) {
				scene.image.setName(job, "changed");
			}
			return scene.image.hash() + model.className(1);
		});
		start.await();
		for (int count = 0;; count++) {
			try {
				calls.get(which % calls.size()).call();
			}
			catch (final IllegalStateException e) {
				assertTrue(e.getMessage().endsWith("is closed."), e.getMessage());
				return count;
			}
		}
	}
}
