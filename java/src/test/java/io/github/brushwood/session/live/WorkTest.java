package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.Preview;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.session.BrushwoodException;

import java.awt.Rectangle;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What makes the worker's steps stale. */
@Timeout(60)
class WorkTest {

	private final Work work = new Work(1, 1 << 20, fraction -> {});
	private final LiveImage image = new LiveImage("a", null, null, new LabelMap(1200, 600, 2, 1), null);

	private static boolean isCancelled(final Job job) {
		try (Job other = new Job();
			Recipe recipe = Recipe.parse(other, "gaussian:1", 1, 2, 1, 1, 1);
			EngineImage pixels = EngineImage.create(other, ImageInfo.builder(PixelType.UINT8, 8, 8).build());
			Preview preview = Preview.create(job, recipe, pixels, 0))
		{
			return false;
		}
		catch (final CancelledException e) {
			return true;
		}
	}

	private View view(final int x, final int z) {
		return new View(image, z, 0, new Rectangle(x, 0, 100, 100), Show.SEGMENTATION);
	}

	@Test
	void aPartThatLeavesTheViewIsNotFinished() {
		work.setView(view(0, 0));
		try (Work.Step step = work.step(Work.FOREST, new Part(image, 0, 0, 0, 0))) {
			work.setView(view(300, 0));
			assertFalse(isCancelled(step.job()), "it is in sight still");
			work.setView(view(600, 0));
			assertTrue(isCancelled(step.job()));
		}
		try (Work.Step step = work.step(Work.FOREST, new Part(image, 0, 0, 1, 0))) {
			work.setView(view(600, 1));
			assertTrue(isCancelled(step.job()));
		}
		try (Work.Step step = work.step(Work.FOREST)) {
			work.setView(view(0, 0));
			assertFalse(isCancelled(step.job()), "a forest is for any view");
		}
	}

	@Test
	void newsEndWhatTheyMakeStaleAndNothingElse() {
		try (Work.Step step = work.step(Work.BASE)) {
			work.raise(Work.LABELS | Work.VIEW | Work.REQUEST);
			assertFalse(isCancelled(step.job()));
			step.check();
			work.raise(Work.SETTINGS);
			assertTrue(isCancelled(step.job()));
			assertThrows(CancelledException.class, step::check);
		}
		assertThrows(CancelledException.class, () -> work.step(Work.FOREST));
		try (Work.Step step = work.step(Work.CLOSE)) {
			assertFalse(isCancelled(step.job()));
			work.close();
			assertTrue(isCancelled(step.job()));
		}
	}

	@Test
	void whatComesInWhileItSettlesIsWorkedOn() throws InterruptedException {
		work.raise(Work.LABELS);
		assertTrue(work.take());
		work.raise(Work.LABELS);
		work.settle();
		assertFalse(work.await(1), "there are news");
		assertTrue(work.take());
		work.settle();
		assertTrue(work.await(1));
		work.fail(new BrushwoodException("broken"));
		assertEquals("broken", assertThrows(BrushwoodException.class, () -> work.await(1)).getMessage());
		work.raise(Work.VIEW);
		work.settle();
		work.raise(Work.LABELS);
		assertFalse(work.await(1), "what failed is tried again");
		work.close();
		assertFalse(work.await(1));
		assertFalse(work.take());
		assertThrows(BrushwoodException.class, () -> work.ask(() -> null));
	}

	@Test
	void anUpdateThatWasAskedForOutlivesNews() throws InterruptedException {
		work.setLive(false);
		assertFalse(work.isWanted());
		work.updateOnce();
		assertTrue(work.take());
		work.raise(Work.LABELS);
		work.settle();
		assertTrue(work.isWanted(), "it is not done yet");
		assertTrue(work.take());
		work.settle();
		assertFalse(work.isWanted());
	}
}
