package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.OvalRoi;
import ij.gui.Overlay;
import ij.gui.PointRoi;
import ij.gui.Roi;
import ij.plugin.Duplicator;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Pictures;

import java.awt.Rectangle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class LiveSessionTest {

	/** Writes down what it hears. */
	private static final class Heard implements LiveSession.Listener {

		final List<String> events = new ArrayList<>();

		@Override
		public void labelsChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
			events.add("labels of " + image.title() + " " + z + " " + t + " " + (where == null ? "anywhere" : where.x + "," +
				where.y + "," + where.width + "," + where.height));
		}

		@Override
		public void classesChanged() {
			events.add("classes");
		}

		@Override
		public void imagesChanged() {
			events.add("images");
		}

		@Override
		public void settingsChanged() {
			events.add("settings");
		}

		@Override
		public void historyChanged() {
			events.add("history");
		}

		void assertHeard(final String... expected) {
			assertEquals(Arrays.asList(expected), events);
			events.clear();
		}
	}

	private static void paint(final LiveSession session, final LiveImage image, final AnnotationClass c, final Roi roi,
		final int z)
	{
		final LabelEdit edit = session.edit(image);
		edit.fill(roi, c == null ? 0 : c.id(), z, 0);
		session.commit(image, edit, "paint");
	}

	private static String refusal(final Executable action) {
		return assertThrows(BrushwoodException.class, action).getMessage();
	}

	private static void assertSays(final String message, final String... parts) {
		for (final String part : parts)
			assertTrue(message.contains(part), message);
		assertTrue(message.endsWith("."), message);
	}

	/** Everything that history restores. */
	private static String state(final LiveSession session) {
		final StringBuilder text = new StringBuilder(AnnotationClasses.copyOf(session.classes()).format());
		for (final LiveImage image : session.images())
			text.append(image.title()).append(' ').append(Arrays.hashCode(LabelMapTest.dense(image.labels()))).append(' ')
				.append(image.labels().count()).append('\n');
		return text.toString();
	}

	private static LiveSession session(final ImagePlus... images) {
		final LiveSession session = new LiveSession();
		for (final ImagePlus imp : images)
			session.addImage(imp);
		return session;
	}

	private static ImagePlus plane(final String title, final int size) {
		return Pictures.plane(title, size, size, 8);
	}

	// ---- classes

	@Test
	void startsWithTwoClassesInTheEnginesColours() {
		final LiveSession session = new LiveSession();
		assertEquals(2, session.classes().size());
		for (int i = 0; i < 2; i++) {
			final AnnotationClass c = session.classes().get(i);
			assertEquals("class " + (i + 1), c.name());
			assertEquals(Engine.classColour(i), c.rgb());
			assertEquals(i + 1, session.labelOfId()[c.id()]);
			assertTrue(session.isVisible(c));
		}
		assertNull(session.undoName());
		assertNull(session.redoName());
		session.undo();
		session.redo();
		assertEquals(2, session.classes().size());
	}

	@Test
	void classesAreFoundByNameOrListed() {
		final LiveSession session = new LiveSession();
		assertEquals(2, session.classNamed("class 2").id());
		assertSays(refusal(() -> session.classNamed("cell")), "'cell'", "class 1, class 2");
	}

	@Test
	void namesAreCheckedAndNothingChangesThen() {
		final LiveSession session = new LiveSession();
		final AnnotationClass first = session.classes().get(0);
		final long version = session.version();
		final Heard heard = new Heard();
		session.addListener(heard);
		assertSays(refusal(() -> session.renameClass(first, "class 2")), "'class 2'");
		assertSays(refusal(() -> session.renameClass(first, " ")), "name");
		assertSays(refusal(() -> session.addClass("class 2")), "'class 2'");
		assertSays(refusal(() -> session.mergeClasses(first, first)), "itself");
		final StringBuilder longName = new StringBuilder();
		for (int i = 0; i < 64; i++)
			longName.append('x');
		assertSays(refusal(() -> session.renameClass(first, longName.toString())), "63");
		assertSame(first, session.renameClass(first, " class  1 "));
		assertSame(first, session.recolourClass(first, first.rgb()));
		assertEquals(version, session.version());
		heard.assertHeard();
	}

	@Test
	void anEmptyNameIsTheNextFreeOne() {
		final LiveSession session = new LiveSession();
		assertEquals("class 3", session.addClass("").name());
		session.renameClass(session.classes().get(0), "class 4");
		assertEquals("class 5", session.addClass(" ").name());
	}

	@Test
	void thereAreAsManyClassesAsAModelHolds() {
		final LiveSession session = new LiveSession();
		while (session.classes().size() < Engine.maxClasses())
			session.addClass("");
		assertSays(refusal(() -> session.addClass("")), "" + Engine.maxClasses());
		session.removeClass(session.classes().get(100));
		assertEquals(101, session.addClass("again").id());
	}

	@Test
	void removedClassesAreGoneEverywhereAndComeBackWithUndo() {
		final LiveSession session = session(plane("a", 80), plane("b", 90));
		final AnnotationClass two = session.classes().get(1);
		final AnnotationClass three = session.recolourClass(session.addClass("three"), 0x123456);
		for (final LiveImage image : session.images()) {
			paint(session, image, two, new Roi(5, 5, 60, 60), 0);
			paint(session, image, three, new Roi(30, 30, 20, 20), 0);
		}
		final String before = state(session);
		final Heard heard = new Heard();
		session.addListener(heard);
		session.removeClass(two);
		heard.assertHeard("classes", "labels of a 0 0 5,5,60,60", "labels of b 0 0 5,5,60,60", "history");
		assertEquals(0, session.images().get(0).labels().count(two.id()));
		assertEquals(400, session.images().get(1).labels().count(three.id()));
		assertEquals(2, session.labelOfId()[three.id()]);
		assertSays(refusal(() -> session.renameClass(two, "x")), "'class 2'", "any more");
		session.undo();
		assertEquals(before, state(session));
		assertEquals("removal of class 2", session.redoName());
	}

	@Test
	void mergedClassesGiveTheirLabels() {
		final LiveSession session = session(plane("a", 80));
		final LiveImage image = session.images().get(0);
		final AnnotationClass one = session.classes().get(0);
		final AnnotationClass two = session.classes().get(1);
		paint(session, image, one, new Roi(0, 0, 10, 10), 0);
		paint(session, image, two, new Roi(20, 0, 10, 10), 0);
		final String before = state(session);
		session.mergeClasses(one, two);
		assertEquals(1, session.classes().size());
		assertEquals(200, image.labels().count(two.id()));
		assertEquals(1, session.labelOfId()[two.id()]);
		session.undo();
		assertEquals(before, state(session));
		session.redo();
		assertEquals(200, image.labels().count(two.id()));
	}

	@Test
	void visibilityIsNoStepAndEndsWithTheClass() {
		final LiveSession session = new LiveSession();
		final AnnotationClass two = session.classes().get(1);
		final long version = session.version();
		final Heard heard = new Heard();
		session.addListener(heard);
		session.setVisible(two, false);
		session.setVisible(two, false);
		heard.assertHeard("classes");
		assertFalse(session.isVisible(two));
		assertNull(session.undoName());
		assertEquals(version, session.version());
		session.removeClass(two);
		assertTrue(session.isVisible(session.addClass("new")));
	}

	// ---- labels and history

	@Test
	void aCommittedChangeIsAStepAndAnEmptyOneIsNot() {
		final LiveSession session = session(plane("a", 80));
		final LiveImage image = session.images().get(0);
		final Heard heard = new Heard();
		session.addListener(heard);
		final long version = session.version();
		final LabelEdit nothing = session.edit(image);
		nothing.stroke(-50, -50, -40, -40, 3, 1, 0, 0);
		session.commit(image, nothing, "nothing");
		assertNull(session.undoName());
		assertEquals(version, session.version());
		heard.assertHeard();
		final LabelEdit edit = session.edit(image);
		edit.fill(new Roi(3, 4, 5, 6), 1, 0, 0);
		session.commit(image, edit, "stroke of class 1");
		heard.assertHeard("labels of a 0 0 3,4,5,6", "history");
		assertEquals("stroke of class 1", session.undoName());
		assertTrue(session.version() > version);
		session.undo();
		heard.assertHeard("labels of a 0 0 3,4,5,6", "history");
		assertEquals("stroke of class 1", session.redoName());
		assertEquals(0, image.labels().count());
	}

	@Test
	void anAbandonedChangeLeavesNoTrace() {
		final LiveSession session = session(plane("a", 80));
		final LiveImage image = session.images().get(0);
		paint(session, image, session.classes().get(0), new Roi(0, 0, 30, 30), 0);
		final String before = state(session);
		final Heard heard = new Heard();
		session.addListener(heard);
		final LabelEdit edit = session.edit(image);
		edit.fill(new Roi(20, 20, 30, 30), 2, 0, 0);
		session.abandon(image, edit);
		assertEquals(before, state(session));
		heard.assertHeard("labels of a 0 0 20,20,30,30");
		session.undo();
		assertEquals(0, image.labels().count());
	}

	@Test
	void labelsOfAClassThatIsGoneAreNotKept() {
		final LiveSession session = session(plane("a", 80));
		final LiveImage image = session.images().get(0);
		final AnnotationClass gone = session.addClass("gone");
		session.removeClass(gone);
		paint(session, image, gone, new Roi(0, 0, 30, 30), 0);
		assertEquals(0, image.labels().count());
		assertEquals("removal of gone", session.undoName());
	}

	@Test
	void whileSomethingIsDrawnNothingElseTouchesLabels() {
		final LiveSession session = session(plane("a", 80));
		final LiveImage image = session.images().get(0);
		paint(session, image, session.classes().get(0), new Roi(0, 0, 30, 30), 0);
		final LabelEdit edit = session.edit(image);
		edit.fill(new Roi(20, 20, 30, 30), 2, 0, 0);
		final AnnotationClass one = session.classes().get(0);
		final AnnotationClass two = session.classes().get(1);
		for (final Executable action : Arrays.<Executable>asList(session::undo, session::redo, () -> session.edit(image),
			() -> session.removeClass(two), () -> session.mergeClasses(one, two)))
		{
			assertSays(refusal(action), "'a'", "Finish it first");
		}
		session.renameClass(one, "renamed");
		session.commit(image, edit, "stroke");
		session.undo();
		assertEquals(900, image.labels().count(1));
		assertThrows(IllegalStateException.class, () -> session.commit(image, edit, "again"));
	}

	@Test
	void aNewChangeEndsWhatCouldBeRedone() {
		final LiveSession session = session(plane("a", 80));
		final LiveImage image = session.images().get(0);
		paint(session, image, session.classes().get(0), new Roi(0, 0, 30, 30), 0);
		session.undo();
		assertNotNull(session.redoName());
		session.addClass("");
		assertNull(session.redoName());
		session.redo();
		assertEquals(0, image.labels().count());
	}

	@Test
	void aHundredStepsAreKept() {
		final LiveSession session = session(plane("a", 200));
		final LiveImage image = session.images().get(0);
		final List<String> states = new ArrayList<>();
		for (int i = 0; i < 120; i++) {
			states.add(state(session));
			paint(session, image, session.classes().get(i % 2), new OvalRoi(i, i / 2, 40, 30), 0);
		}
		for (int i = 119; i >= 20; i--) {
			session.undo();
			assertEquals(states.get(i), state(session));
		}
	}

	private static History.Step step(final LiveImage image, final int i) {
		final LabelEdit edit = image.labels().edit();
		final byte[] ids = new byte[128 * 128];
		new Random(i).nextBytes(ids);
		edit.paste(ids, new Rectangle(128, 128), 0, 0);
		return new History.Step("step " + i, null, null, Arrays.asList(new History.Part(image, edit.finish())));
	}

	private static LiveImage loose(final String title, final int size) {
		return new LiveImage(title, null, new LiveImage.Identity(size + "x" + size + "x1 c1 t1 uint8", title.hashCode()),
			new LabelMap(size, size, 1, 1), null);
	}

	/** A step needs some 16 KB. */
	@Test
	void historyIsBoundByMemoryButKeepsTheLatest() {
		for (final long memory : new long[] { 0, 1_200_000, 1L << 30 }) {
			final LiveImage image = loose("a", 128);
			final History history = new History(memory);
			for (int i = 0; i < History.MOST + 5; i++)
				history.add(step(image, i));
			int steps = 0;
			while (history.latest() != null) {
				assertEquals("step " + (History.MOST + 4 - steps++), history.latest().name);
				history.undo();
			}
			if (memory == 0) assertEquals(History.FEWEST, steps);
			else if (memory == 1L << 30) assertEquals(History.MOST, steps);
			else assertTrue(steps > History.FEWEST && steps < 80, "" + steps);
		}
	}

	/** Any change that a user can make. */
	private static void change(final Random random, final LiveSession session) {
		final List<AnnotationClass> all = session.classes();
		final AnnotationClass some = all.get(random.nextInt(all.size()));
		final AnnotationClass other = all.get(random.nextInt(all.size()));
		switch (random.nextInt(8)) {
			case 0:
				session.addClass("");
				break;
			case 1:
				if (all.size() > 2) session.removeClass(some);
				break;
			case 2:
				if (all.size() > 2 && some != other) session.mergeClasses(some, other);
				break;
			case 3:
				session.renameClass(some, "name " + random.nextInt(1000000));
				break;
			case 4:
				session.recolourClass(some, random.nextInt(1 << 24));
				break;
			default:
				final LiveImage image = session.images().get(random.nextInt(session.images().size()));
				final LabelEdit edit = session.edit(image);
				edit.stroke(random.nextInt(100), random.nextInt(100), random.nextInt(100), random.nextInt(100), 1 + random
					.nextInt(20), random.nextInt(4) == 0 ? 0 : some.id(), random.nextInt(3), 0);
				if (random.nextInt(6) == 0) session.abandon(image, edit);
				else session.commit(image, edit, "stroke");
		}
	}

	@Test
	void anySequenceOfStepsIsUndoneAndRedoneExactly() {
		for (int seed = 0; seed < 5; seed++) {
			final Random random = new Random(seed);
			final LiveSession session = session(Pictures.hyperstack("a", 100, 80, 8, 1, 3, 1), Pictures.hyperstack("b", 90,
				90, 8, 1, 3, 1));
			final List<String> states = new ArrayList<>();
			states.add(state(session));
			for (int i = 0; i < 90; i++) {
				final long version = session.version();
				change(random, session);
				final String now = state(session);
				if (now.equals(states.get(states.size() - 1))) continue;
				assertTrue(session.version() > version);
				states.add(now);
			}
			for (int i = states.size() - 2; i >= 0; i--) {
				session.undo();
				assertEquals(states.get(i), state(session));
			}
			assertNull(session.undoName());
			for (int i = 1; i < states.size(); i++) {
				session.redo();
				assertEquals(states.get(i), state(session));
			}
			assertNull(session.redoName());
		}
	}

	private static byte[] labels(final LiveSession session, final String title) {
		for (final LiveImage image : session.images())
			if (image.title().equals(title)) return LabelMapTest.dense(image.labels());
		throw new AssertionError(title);
	}

	@Test
	void removingAnImageTakesItsLabelsOutOfTheHistory() {
		final LiveSession session = session(plane("a", 80), plane("b", 90));
		final LiveImage a = session.images().get(0);
		final LiveImage b = session.images().get(1);
		final AnnotationClass two = session.classes().get(1);
		paint(session, b, two, new Roi(0, 0, 20, 20), 0);
		paint(session, a, two, new Roi(0, 0, 30, 30), 0);
		final byte[] painted = labels(session, "b");
		session.removeClass(two);
		paint(session, a, session.classes().get(0), new Roi(0, 0, 30, 30), 0);
		session.removeImage(a);
		assertEquals("removal of class 2", session.undoName());
		session.undo();
		assertArrayEquals(painted, labels(session, "b"));
		assertEquals(2, session.classes().size());
		assertEquals("paint", session.undoName());
		session.undo();
		assertEquals(0, b.labels().count());
		assertNull(session.undoName());
		session.removeImage(a);
	}

	@Test
	void whatWasUndoneOnAnImageThatLeftCannotBeRedone() {
		final LiveSession session = session(plane("a", 80), plane("b", 90));
		final LiveImage a = session.images().get(0);
		paint(session, session.images().get(1), session.classes().get(1), new Roi(0, 0, 20, 20), 0);
		paint(session, a, session.classes().get(1), new Roi(0, 0, 30, 30), 0);
		final byte[] painted = labels(session, "b");
		session.undo();
		session.undo();
		session.removeImage(a);
		session.redo();
		assertArrayEquals(painted, labels(session, "b"));
		assertNull(session.redoName());
	}

	@Test
	void anImageThatLeavesDuringAStrokeTakesTheStrokeAlong() {
		final LiveSession session = session(plane("a", 80), plane("b", 90));
		final LiveImage a = session.images().get(0);
		final LabelEdit edit = session.edit(a);
		edit.stroke(5, 5, 20, 20, 5, 1, 0, 0);
		session.removeImage(a);
		session.commit(a, edit, "stroke");
		session.abandon(a, edit);
		assertNull(session.undoName());
		assertSays(refusal(() -> session.edit(a)), "'a'");
		paint(session, session.images().get(0), session.classes().get(0), new Roi(0, 0, 5, 5), 0);
		assertEquals("paint", session.undoName());
	}

	@Test
	void oneListenersFailureDoesNotStopTheOthers() {
		final LiveSession session = new LiveSession();
		final List<String> failures = new ArrayList<>();
		IJ.setExceptionHandler(e -> failures.add(e.getMessage()));
		try {
			session.addListener(new LiveSession.Listener() {

				@Override
				public void classesChanged() {
					throw new IllegalArgumentException("broken");
				}
			});
			final Heard heard = new Heard();
			session.addListener(heard);
			session.addClass("");
			heard.assertHeard("classes", "history");
			session.removeListener(heard);
			session.addClass("");
			heard.assertHeard();
			assertEquals(Arrays.asList("broken", "broken"), failures);
		}
		finally {
			IJ.setExceptionHandler(null);
		}
	}

	@Test
	void listenersHearWithoutLocksHeld() throws InterruptedException {
		final LiveSession session = new LiveSession();
		final List<String> names = new ArrayList<>();
		session.addListener(new LiveSession.Listener() {

			@Override
			public void historyChanged() {
				final Thread other = new Thread(() -> names.add(session.undoName()));
				other.start();
				try {
					other.join(5000);
				}
				catch (final InterruptedException e) {
					Thread.currentThread().interrupt();
				}
			}
		});
		session.addClass("");
		assertEquals(Arrays.asList("new class"), names);
	}

	@Test
	void settingsChangeTheVersion() {
		final LiveSession session = new LiveSession();
		final Heard heard = new Heard();
		session.addListener(heard);
		final long version = session.version();
		session.setSettings(session.settings().withCalibrated(false));
		heard.assertHeard("settings");
		assertTrue(session.version() > version);
		assertFalse(session.settings().calibrated);
	}

	@Test
	void aSnapshotStaysAsItWas() {
		final LiveSession session = session(plane("a", 80));
		final LiveImage image = session.images().get(0);
		paint(session, image, session.classes().get(0), new Roi(0, 0, 30, 30), 0);
		final LiveSession.Snapshot snapshot = session.snapshot();
		final byte[] before = LabelMapTest.dense(image.labels());
		assertEquals(session.version(), snapshot.version);
		session.removeClass(session.classes().get(0));
		session.removeImage(image);
		assertEquals(2, snapshot.classes.size());
		assertArrayEquals(before, LabelMapTest.dense(snapshot.labels.get(0)));
	}

	// ---- images

	@Test
	void identityIsSizeTypeAndPixelsAlone() {
		final long memory = Engine.memoryInUse();
		final ImagePlus imp = Pictures.hyperstack("a", 40, 30, 16, 2, 5, 3);
		final LiveImage.Identity identity = LiveImage.Identity.of(imp);
		assertEquals("40x30x5 c2 t3 uint16", identity.shape);
		final ImagePlus copy = new Duplicator().run(imp);
		copy.setTitle("other");
		copy.getCalibration().pixelWidth = 77;
		assertEquals(identity, LiveImage.Identity.of(copy));
		copy.getStack().getProcessor(4).set(3, 3, 1);
		assertNotEquals(identity, LiveImage.Identity.of(copy));
		assertEquals("40x30x1 c3 t1 rgb", LiveImage.Identity.of(Pictures.plane("c", 40, 30, 24)).shape);
		assertEquals("40x30x1 c1 t1 float32", LiveImage.Identity.of(Pictures.plane("f", 40, 30, 32)).shape);
		assertEquals(memory, Engine.memoryInUse());
	}

	@Test
	void virtualStacksHaveTheIdentityOfTheirPixels(@TempDir final Path folder) {
		final ImagePlus imp = Pictures.hyperstack("v.tif", 40, 30, 8, 1, 40, 1);
		final ImagePlus virtual = IJ.openVirtual(Pictures.saveTiff(imp, folder));
		assertTrue(virtual.getStack().isVirtual());
		assertEquals(LiveImage.Identity.of(imp), LiveImage.Identity.of(virtual));
		virtual.close();
	}

	@Test
	void theSamePixelsAreRefused() {
		final LiveSession session = session(plane("a", 80));
		final ImagePlus first = session.images().get(0).image();
		final ImagePlus copy = new Duplicator().run(first);
		copy.setTitle("copy");
		assertSays(refusal(() -> session.addImage(first)), "'a'", "in the session already");
		assertSays(refusal(() -> session.addImage(copy)), "'copy'", "same pixels as 'a'");
		assertEquals(1, session.images().size());
		assertSame(session.images().get(0), session.imageOf(first));
		assertNull(session.imageOf(copy));
		assertNull(session.imageOf(null));
	}

	@Test
	void detachedImagesKeepTheirLabelsUntilTheirPixelsComeBack(@TempDir final Path folder) {
		final ImagePlus imp = plane("a.tif", 80);
		final LiveSession session = session(imp);
		final LiveImage image = session.images().get(0);
		assertNull(image.path());
		paint(session, image, session.classes().get(0), new Roi(0, 0, 5, 5), 0);
		final Heard heard = new Heard();
		session.addListener(heard);
		session.detach(image);
		session.detach(image);
		heard.assertHeard("images");
		assertNull(image.image());
		assertNull(session.imageOf(imp));
		final ImagePlus reopened = Pictures.open(Pictures.saveTiff(imp, folder));
		assertSame(image, session.addImage(reopened));
		heard.assertHeard("images");
		assertSame(reopened, image.image());
		assertEquals(folder.resolve("a.tif").toString(), image.path());
		assertEquals(25, image.labels().count());
		session.undo();
		assertEquals(0, image.labels().count());
	}

	@Test
	void imagesHaveToBeOfOneKind() {
		final LiveSession session = session(Pictures.hyperstack("two", 40, 30, 16, 2, 1, 3));
		for (final ImagePlus other : Arrays.asList(Pictures.plane("other", 40, 30, 16), Pictures.hyperstack("other",
				40, 30, 16, 3, 1, 1), Pictures.hyperstack("other", 40, 30, 16, 2, 5, 1), Pictures.plane("other", 40, 30, 24)))
		{
			assertSays(refusal(() -> session.addImage(other)), "'other'", "'two' is 2D with 2 channels");
		}
		session.addImage(Pictures.hyperstack("fine", 70, 20, 8, 2, 1, 1));
		assertEquals(2, session.images().size());
		final LiveSession colours = session(Pictures.plane("rgb", 40, 30, 24));
		assertSays(refusal(() -> colours.addImage(Pictures.hyperstack("other", 40, 30, 8, 3, 1, 1))), "2D with 3 channels",
			"2D in RGB colours");
	}

	private static ImagePlus annotated(final String title, final int size) {
		final ImagePlus imp = plane(title, size);
		final Annotations annotations = new Annotations(imp);
		annotations.recolour(annotations.define("nucleus"), 0x112233);
		annotations.add(annotations.classes().find("nucleus"), new OvalRoi(5, 5, 20, 20), 1, 1);
		annotations.add(annotations.define("ground"), new Roi(15, 15, 30, 10), 1, 1);
		annotations.add(annotations.define("ground"), new PointRoi(60, 61), 1, 1);
		return imp;
	}

	@Test
	void annotationsBecomeLabelsAndTheirClassesReplaceTheInitialOnes() {
		final ImagePlus imp = annotated("a", 80);
		imp.getOverlay().add(new Roi(1, 1, 5, 5));
		final byte[] expected = (byte[]) new Annotations(imp).toLabelImage("labels").getProcessor().getPixels();
		final LiveSession session = new LiveSession();
		final Heard heard = new Heard();
		session.addListener(heard);
		final LiveImage image = session.addImage(imp);
		heard.assertHeard("classes", "labels of a 0 0 5,5,56,57", "history", "images");
		assertEquals("[nucleus, ground]", session.classes().toString());
		assertEquals(0x112233, session.classes().get(0).rgb());
		assertArrayEquals(expected, image.labels().plane(0, 0));
		assertFalse(Annotations.has(imp));
		assertEquals(1, imp.getOverlay().size());
		assertEquals("annotations of a", session.undoName());
		session.undo();
		assertEquals("[class 1, class 2]", session.classes().toString());
		assertEquals(0, image.labels().count());
		session.redo();
		assertArrayEquals(expected, image.labels().plane(0, 0));
	}

	@Test
	void annotationsOfFurtherImagesJoinByName() {
		final LiveSession session = session(plane("first", 70));
		session.addClass("ground");
		final AnnotationClass ground = session.classNamed("ground");
		final ImagePlus imp = annotated("a", 80);
		final LiveImage image = session.addImage(imp);
		assertEquals("[class 1, class 2, ground, nucleus]", session.classes().toString());
		assertEquals(ground.rgb(), session.classNamed("ground").rgb());
		assertEquals(0x112233, session.classNamed("nucleus").rgb());
		assertEquals(301, image.labels().count(ground.id()));
		assertNull(imp.getOverlay());
		final String before = state(session);
		session.undo();
		session.undo();
		assertEquals("[class 1, class 2]", session.classes().toString());
		session.redo();
		session.redo();
		assertEquals(before, state(session));
		session.undo();
		session.removeImage(image);
		assertEquals("annotations of a", session.redoName());
		session.redo();
		assertEquals("[class 1, class 2, ground, nucleus]", session.classes().toString());
	}

	@Test
	void otherOverlaysAreLeftAlone() {
		final ImagePlus imp = plane("a", 80);
		final Overlay overlay = new Overlay(new Roi(1, 1, 5, 5));
		imp.setOverlay(overlay);
		session(imp);
		assertSame(overlay, imp.getOverlay());
		assertEquals(1, overlay.size());
		assertFalse(imp.changes);
	}

	@Test
	void anAnnotationOutsideLeavesSessionAndImageAsTheyWere() {
		final ImagePlus imp = annotated("a", 80);
		final Annotations annotations = new Annotations(imp);
		annotations.add(annotations.define("ground"), new Roi(500, 500, 5, 5), 1, 1);
		final LiveSession session = new LiveSession();
		assertSays(refusal(() -> session.addImage(imp)), "lies outside");
		assertTrue(session.images().isEmpty());
		assertEquals("[class 1, class 2]", session.classes().toString());
		assertEquals(4, imp.getOverlay().size());
	}

	@Test
	void annotationsJoinTheLabelsOfAMissingImage() {
		final ImagePlus imp = annotated("a", 80);
		final LabelMap labels = new LabelMap(80, 80, 1, 1);
		final LabelEdit edit = labels.edit();
		edit.fill(new Roi(0, 0, 10, 10), 2, 0, 0);
		edit.finish();
		final LiveSession session = new LiveSession();
		final LiveImage missing = session.addMissing("old name", "somewhere.tif", LiveImage.Identity.of(imp), labels);
		assertEquals("somewhere.tif", missing.path());
		assertSame(missing, session.addImage(imp));
		assertEquals("[class 1, class 2, nucleus, ground]", session.classes().toString());
		assertEquals(2, missing.labels().get(0, 0, 0, 0));
		assertEquals(session.classNamed("nucleus").id(), missing.labels().get(15, 10, 0, 0));
		session.undo();
		assertEquals(100, missing.labels().count());
		assertEquals(100, missing.labels().count(2));
		assertEquals("somewhere.tif", missing.path());
	}

	@Test
	void imagesOfMoreChannelsThanTheEngineTakesAreRefused() {
		final LiveSession session = new LiveSession();
		final ImagePlus imp = Pictures.hyperstack("a", 20, 20, 8, 65, 1, 1);
		final String message = assertThrows(EngineException.class, () -> session.addImage(imp)).getMessage();
		assertSays(message, "64 channels", "not 65");
		assertEquals(0, session.images().size());
		session.addImage(Pictures.hyperstack("b", 20, 20, 8, 64, 1, 1));
		assertEquals(1, session.images().size());
	}

	@Test
	void missingImagesHaveToFit() {
		final LiveSession session = session(plane("a", 80));
		paint(session, session.images().get(0), session.classes().get(0), new Roi(0, 0, 5, 5), 0);
		final LabelMap labels = new LabelMap(60, 50, 1, 1);
		for (final String shape : new String[] { "60x50x1 c1 t2 uint8", "50x60x1 c1 t1 uint8", "", "60x50x1 c1 t1 int64",
			"60x50x1 c0 t1 uint8" })
		{
			assertSays(refusal(() -> session.addMissing("m", null, new LiveImage.Identity(shape, 5), labels)), "'m'", "'" +
				shape + "'");
		}
		assertSays(refusal(() -> session.addMissing("m", null, new LiveImage.Identity("60x50x1 c2 t1 uint8", 5), labels)),
			"'m' is 2D with 2 channels");
		final LabelEdit edit = labels.edit();
		edit.fill(new Roi(0, 0, 10, 10), 7, 0, 0);
		edit.finish();
		assertSays(refusal(() -> session.addMissing("m", null, new LiveImage.Identity("60x50x1 c1 t1 uint8", 5), labels)),
			"'m'", "id 7");
		assertEquals("paint", session.undoName());
		while (session.classes().size() < 7)
			session.addClass("");
		session.addMissing("m", null, new LiveImage.Identity("60x50x1 c1 t1 uint8", 5), labels);
		assertNull(session.undoName());
		assertSays(refusal(() -> session.addMissing("n", null, new LiveImage.Identity("60x50x1 c1 t1 uint8", 5), labels)),
			"already");
	}

	@Test
	void addedLabelsBringTheirClassesInOneStep() {
		final LiveSession session = session(plane("a", 80));
		final LiveImage image = session.images().get(0);
		paint(session, image, session.classes().get(1), new Roi(0, 0, 20, 20), 0);
		final String before = state(session);
		final LabelMap labels = new LabelMap(80, 80, 1, 1);
		final LabelEdit edit = labels.edit();
		edit.fill(new Roi(10, 10, 20, 20), 1, 0, 0);
		edit.fill(new Roi(30, 10, 5, 5), 2, 0, 0);
		edit.finish();
		session.addLabels(image, AnnotationClasses.of(Arrays.asList("cell", "class 1")), labels, "import of x");
		assertEquals("[class 1, class 2, cell]", session.classes().toString());
		assertEquals(400, image.labels().count(3));
		assertEquals(25, image.labels().count(1));
		assertEquals("import of x", session.undoName());
		session.undo();
		assertEquals(before, state(session));
	}

	@Test
	void manyThreadsMayChangeASession() throws InterruptedException {
		final LiveSession session = session(plane("a", 80), plane("b", 90));
		final List<Thread> threads = new ArrayList<>();
		final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
		for (int i = 0; i < 3; i++) {
			final Random random = new Random(i);
			threads.add(new Thread(() -> {
				for (int step = 0; step < 200; step++) {
					try {
						if (random.nextInt(4) == 0) session.undo();
						else change(random, session);
					}
					catch (final BrushwoodException e) {
						// refused because another thread draws, or because it removed the class
					}
					catch (final Throwable e) {
						failures.add(e);
					}
				}
			}));
		}
		for (final Thread thread : threads)
			thread.start();
		for (final Thread thread : threads)
			thread.join();
		assertEquals(new ArrayList<>(), failures);
		while (session.undoName() != null)
			session.undo();
		for (final LiveImage image : session.images())
			assertEquals(0, image.labels().count());
		assertEquals("[class 1, class 2]", session.classes().toString());
	}

	@Test
	void anImageIsKnownByThePixelsThatItHasNow() {
		final LiveSession session = new LiveSession();
		final ImagePlus imp = Pictures.plane("a", 40, 30, 8);
		final LiveImage image = session.addImage(imp);
		final LiveImage other = session.addImage(Pictures.plane("b", 41, 30, 8));
		final LiveImage.Identity before = image.identity();
		final long version = session.version();
		session.identifyAgain(image);
		assertEquals(version, session.version(), "nothing changed");
		imp.getProcessor().invert();
		session.identifyAgain(image);
		assertEquals(LiveImage.Identity.of(imp), image.identity());
		assertTrue(session.version() > version, "a saved session is out of date");
		imp.setProcessor(Pictures.plane("x", 41, 30, 8).getProcessor());
		session.identifyAgain(image);
		assertEquals("40x30x1 c1 t1 uint8", image.identity().shape, "its labels would not fit");
		imp.setProcessor(Pictures.plane("x", 40, 30, 8).getProcessor());
		session.identifyAgain(image);
		assertEquals(before, image.identity());
		session.detach(other);
		session.identifyAgain(other);
		assertEquals("41x30x1 c1 t1 uint8", other.identity().shape);
	}
}
