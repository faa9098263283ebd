package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.gui.Roi;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.ObjectModel;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Picking without a window. */
class ObjectPickingTest {

	private static final int COUNT = 60;

	@TempDir
	Path folder;

	private static ObjectPicking open(final ImagePlus labels) {
		return ObjectPicking.open(Jobs.defaults(), new Measuring(labels));
	}

	private static AnnotationClass at(final ObjectPicking picking, final int label) {
		return picking.classes().get(label - 1);
	}

	/** The first objects, each of its class. */
	private static void pick(final ObjectPicking picking, final int count) {
		for (int i = 1; i <= count; i++)
			picking.pick(0, i, at(picking, Shapes.isBar(i) ? 2 : 1));
	}

	@Test
	void clicksTeachClasses() {
		final long before = Engine.memoryInUse();
		final ImagePlus labels = Shapes.labels("labels", COUNT, 2);
		try (ObjectPicking picking = open(labels)) {
			assertEquals(2, picking.classes().size());
			assertEquals(2 * COUNT, picking.count());
			assertEquals(7, picking.objectAt(Shapes.x(7), Shapes.y(7), 0, 1));
			assertEquals(0, picking.objectAt(0, 0, 0, 0));
			assertEquals(0, picking.objectAt(-1, 3, 0, 0));
			assertEquals(0, picking.objectAt(3, 3, 0, 2));
			assertNull(picking.classify(Jobs.defaults()));
			picking.pick(0, 1, at(picking, 1));
			assertNull(picking.classify(Jobs.defaults()), "one class is not enough");
			picking.pick(0, 1, at(picking, 1)); // none again
			pick(picking, 12);
			final ObjectPicking.Result result = picking.classify(Jobs.defaults());
			for (int i = 1; i <= COUNT; i++)
				for (int t = 0; t < 2; t++)
					assertEquals(Shapes.isBar(i) ? 2 : 1, result.label(picking.row(t, i)), "object " + i);
			assertEquals(COUNT, result.counts()[2]);
			assertTrue(result.error < 0.2, result.error + "");
			final ImagePlus image = picking.image(Jobs.defaults());
			assertEquals("Classes of labels", image.getTitle());
			assertEquals(2, image.getStack().getProcessor(2).get(Shapes.x(40), Shapes.y(40)));
			assertEquals("class 2", picking.table(Jobs.defaults()).classNames().get(1));
		}
		assertEquals(before, Engine.memoryInUse());
	}

	@Test
	void everythingCanBeUndone() {
		final ImagePlus labels = Shapes.labels("labels", COUNT, 1);
		try (ObjectPicking picking = open(labels)) {
			assertFalse(picking.undo());
			final List<String> start = picking.items();
			picking.pick(0, 5, at(picking, 1));
			picking.pick(0, 5, at(picking, 2)); // the class changes
			assertEquals("class 2", picking.examples().classOf(0, 5).name());
			picking.rename(at(picking, 2), "bar");
			picking.recolour(at(picking, 2), 0x123456);
			final AnnotationClass third = picking.addClass("third");
			picking.pick(0, 6, third);
			final List<String> full = picking.items();
			assertEquals("bar#123456:5", full.get(1));
			picking.remove(third);
			assertEquals(2, picking.classes().size());
			assertEquals(1, picking.examples().count());
			assertTrue(picking.undo());
			assertEquals(full, picking.items());
			assertEquals(full, ObjectExamples.of(labels).items());
			for (int i = 0; i < 6; i++)
				assertTrue(picking.undo());
			assertEquals(start, picking.items());
			assertFalse(picking.undo());
			for (int i = 0; i < 6; i++)
				assertTrue(picking.redo());
			assertEquals(full, picking.items());
			assertThrows(BrushwoodException.class, () -> picking.rename(at(picking, 2), "third"));
			assertEquals(full, picking.items());
			assertThrows(BrushwoodException.class, () -> picking.addClass("bar"));
			assertThrows(BrushwoodException.class, () -> picking.pick(0, COUNT + 1, at(picking, 1)));
			assertThrows(BrushwoodException.class, () -> picking.pick(0, 1, new AnnotationClass(9, "gone", 0)));
			assertTrue(picking.redo(), "what failed did not cut the history");
		}
	}

	/** The model is the one that the numbers of the picks teach; the picks come back with the image. */
	@Test
	void picksCanBeRepeatedAndAreKept() throws Exception {
		final ImagePlus labels = Shapes.labels("labels", COUNT, 1);
		final Path picked = folder.resolve("picked");
		final Path again = folder.resolve("again");
		final List<String> items;
		try (ObjectPicking picking = open(labels); Job job = new Job()) {
			pick(picking, 10);
			items = picking.items();
			try (ObjectModel model = picking.model(Jobs.defaults())) {
				model.write(job, picked.toString());
			}
		}
		final ObjectTraining training = new ObjectTraining(new AnnotationClasses());
		training.add(new Measuring(labels), ObjectExamples.parse(items));
		try (ObjectModel model = training.train(Jobs.defaults()); Job job = new Job()) {
			model.write(job, again.toString());
		}
		assertArrayEquals(Files.readAllBytes(picked), Files.readAllBytes(again));
		labels.getProcessor().setValue(0);
		labels.getProcessor().fill(new Roi(Shapes.x(10) - 1, Shapes.y(10) - 1, 15, 15));
		try (ObjectPicking picking = open(labels)) {
			assertEquals(9, picking.examples().count(), "of objects that are still there");
		}
	}

	@Test
	void masksGetNumbers() {
		try (ObjectPicking picking = open(Shapes.mask("mask", COUNT))) {
			assertEquals(COUNT, picking.count());
			assertEquals(1, picking.notes().size());
			assertEquals(40, picking.objectAt(Shapes.x(40), Shapes.y(40), 0, 0));
			assertEquals(40, picking.plane(0, 0).get(Shapes.x(40), Shapes.y(40)));
		}
	}

	@Test
	void withoutObjectsOrExamplesItIsTold() {
		final ImagePlus empty = Shapes.labels("empty", COUNT, 1);
		empty.getProcessor().setValue(0);
		empty.getProcessor().fill();
		assertMessage("'empty' has no objects", () -> open(empty));
		try (ObjectPicking picking = open(Shapes.labels("labels", COUNT, 1))) {
			assertMessage("Examples of two classes", () -> picking.image(Jobs.defaults()));
		}
	}

	private static void assertMessage(final String part, final Runnable work) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, work::run);
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}

	/** Clicks while forests grow, and the end in the middle of it. */
	@Test
	void threadsDoNotDisturbEachOther() throws Exception {
		final ObjectPicking picking = open(Shapes.labels("labels", COUNT, 1));
		pick(picking, 8);
		final ExecutorService thread = Executors.newSingleThreadExecutor();
		try {
			final Future<Integer> grown = thread.submit(() -> {
				int count = 0;
				for (int i = 0; i < 20; i++)
					if (picking.classify(Jobs.defaults()) != null) count++;
				return count;
			});
			for (int i = 9; i <= COUNT; i++) {
				picking.pick(0, i, at(picking, Shapes.isBar(i) ? 2 : 1));
				picking.image(Jobs.defaults());
			}
			assertEquals(20, grown.get());
		}
		finally {
			thread.shutdown();
			picking.close();
		}
		assertThrows(IllegalStateException.class, () -> picking.classify(Jobs.defaults()));
	}
}
