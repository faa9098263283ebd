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
import ij.VirtualStack;
import ij.gui.Roi;
import ij.process.ImageProcessor;
import ij.process.ShortProcessor;

import io.github.brushwood.engine.Assessment;
import io.github.brushwood.engine.Balance;
import io.github.brushwood.engine.CancelledException;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Model;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.Prediction;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.engine.Trainer;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.Pictures;

import java.awt.Rectangle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LiveUpdaterTest {

	@TempDir
	Path folder;

	@AfterEach
	void nothingIsLeft() {
		assertEquals(0, Engine.memoryInUse());
		assertFalse(Painting.isWorkerAlive());
	}

	// ---- results

	/** Every tile of the view against the prediction of the whole image. */
	private static void assertTilesRight(final Painting p, final View view) {
		final List<ResultTile> tiles = p.updater.tiles(view);
		final boolean[] covered = new boolean[view.image.labels().width() * view.image.labels().height()];
		final int channels = p.updater.withModel(Jobs.defaults(), Model::classCount);
		final float[][] whole = new float[channels + 1][];
		final byte[] labels = whole(p, view, whole);
		for (final ResultTile tile : tiles) {
			assertTrue(tile.complete);
			cover(tile, covered, view.image.labels().width());
			assertEquals(channels, tile.probabilities.length);
			for (int k = 0; k < channels; k++)
				assertPart(whole[k], tile, tile.probabilities[k], view);
			assertPart(whole[channels], tile, tile.uncertainty, view);
			assertPart(labels, tile, view);
		}
		for (int y = view.visible.y; y < view.visible.y + view.visible.height; y++)
			for (int x = view.visible.x; x < view.visible.x + view.visible.width; x++)
				assertTrue(covered[y * view.image.labels().width() + x], x + "," + y);
	}

	private static void cover(final ResultTile tile, final boolean[] covered, final int width) {
		for (int y = tile.y; y < tile.y + tile.height; y++) {
			for (int x = tile.x; x < tile.x + tile.width; x++) {
				assertFalse(covered[y * width + x], "tiles overlap");
				covered[y * width + x] = true;
			}
		}
	}

	/** Probabilities of all classes, then uncertainty. */
	private static byte[] whole(final Painting p, final View view, final float[][] into) {
		final int size = view.image.labels().width() * view.image.labels().height();
		final byte[] labels = new byte[size];
		p.updater.withModel(Jobs.defaults(), model -> {
			try (Job job = new Job();
				EngineImage image = p.pixels(job, view.image);
				Prediction all = model.predict(job, image, null, Output.PROBABILITIES, Output.LABELS, Output.UNCERTAINTY))
			{
				for (int k = 0; k < into.length; k++) {
					into[k] = new float[size];
					final boolean last = k == into.length - 1;
					(last ? all.get(Output.UNCERTAINTY) : all.probabilities()).getPlane(view.t, last ? 0 : k, view.z, into[k]);
				}
				all.labels().getPlane(view.t, 0, view.z, labels);
			}
			return null;
		});
		return labels;
	}

	private static void assertPart(final float[] whole, final ResultTile tile, final byte[] part, final View view) {
		final int width = view.image.labels().width();
		for (int y = 0; y < tile.height; y++)
			for (int x = 0; x < tile.width; x++)
				assertEquals((byte) (int) (whole[(tile.y + y) * width + tile.x + x] * 255f + 0.5f), part[y * tile.width + x]);
	}

	private static void assertPart(final byte[] whole, final ResultTile tile, final View view) {
		final int width = view.image.labels().width();
		for (int y = 0; y < tile.height; y++)
			for (int x = 0; x < tile.width; x++)
				assertEquals(whole[(tile.y + y) * width + tile.x + x], tile.labels[y * tile.width + x]);
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,2,3,2", "32,1,4,1", "24,1,1,3" })
	void modelAndTilesAreThoseOfATrainingInOneGo(final int bits, final int c, final int z, final int t) {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.hyperstack("a.tif", 60, 52, bits, c, z, t));
			p.look(image, z - 1, t - 1);
			p.paint(image, z - 1, t - 1);
			p.settle();
			p.stroke(image, 2, 44, 44, 50, 50, 0, 0);
			p.stroke(image, 0, 12, 12, 13, 13, z - 1, t - 1);
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertTilesRight(p, Painting.view(image, z - 1, t - 1));
			assertEquals(0, p.heard.failures.size());
		}
	}

	@Test
	void severalPartsMakeAView() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("wide.tif", 1100, 530, 8));
			p.paint(image, 0, 0);
			p.look(image, 0, 0);
			p.settle();
			assertEquals(6, p.updater.tiles(Painting.view(image, 0, 0)).size());
			assertTilesRight(p, Painting.view(image, 0, 0));
			final View corner = new View(image, 0, 0, new Rectangle(1030, 515, 10, 5), Show.SEGMENTATION);
			assertEquals(1, p.updater.tiles(corner).size());
			assertEquals(0, p.updater.tiles(new View(image, 0, 0, corner.visible, Show.NOTHING)).size());
		}
	}

	@Test
	void whatIsInSightOfAPartComesFirst() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("wide.tif", 1100, 900, 8));
			p.paint(image, 0, 0);
			final View view = new View(image, 0, 0, new Rectangle(300, 400, 300, 200), Show.PROBABILITIES);
			p.updater.setView(view);
			p.settle();
			assertTilesRight(p, view);
			for (final Rectangle tile : new ArrayList<>(p.heard.tiles).subList(0, 4))
				assertTrue(tile.width < 300 && tile.height <= 128, tile.toString());
			p.stroke(image, 1, 400, 500, 420, 510, 0, 0);
			final View moved = new View(image, 0, 0, new Rectangle(200, 300, 500, 500), Show.PROBABILITIES);
			p.updater.setView(moved);
			p.settle();
			assertTilesRight(p, moved);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "holdout", "importance", "calibrate", "calibrate held out", "context", "extra", "balance",
		"spacing" })
	void modelHasAllThatTheOptionsAskFor(final String what) {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.hyperstack("a.tif", 48, 48, 16, 1, 3, 1));
			p.paint(image, 1, 0);
			final TrainOptions o = p.session.settings().training();
			if (what.equals("holdout")) o.holdout(Holdout.STROKES, 3, 32);
			if (what.equals("importance")) o.importance(2);
			if (what.startsWith("calibrate")) o.calibrate(true);
			if (what.endsWith("held out")) o.holdout(Holdout.SAMPLES, 2, 32);
			if (what.equals("context")) o.contextSigmas(1, 2);
			if (what.equals("extra")) o.extra(true).seed(5);
			if (what.equals("balance")) o.balance(Balance.CLASSES).strokeBalance(0.5);
			p.session.setSettings(p.session.settings().withTraining(o).withCalibrated(!what.equals("spacing")));
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder), what);
			p.stroke(image, 1, 40, 40, 44, 46, 2, 0);
			assertArrayEquals(p.expected(folder), p.model(folder), what + " after another stroke");
		}
	}

	@Test
	void autocontextLeavesTheLiveForestAlone() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			final TrainOptions o = p.session.settings().training().contextSigmas(1);
			final long seed = o.seed();
			p.session.setSettings(p.session.settings().withTraining(o));
			p.settle();
			final byte[] tile = p.updater.tiles(Painting.view(image, 0, 0)).get(0).labels;
			assertArrayEquals(p.expected(folder), p.model(folder));
			p.session.setSettings(p.session.settings().withTraining(o.contextSigmas(1, 2)));
			assertArrayEquals(p.expected(folder), p.model(folder));
			p.session.setSettings(p.session.settings().withTraining(o.seed(7)));
			p.session.setSettings(p.session.settings().withTraining(o.seed(seed).contextSigmas(new double[0])));
			p.settle();
			assertArrayEquals(tile, p.updater.tiles(Painting.view(image, 0, 0)).get(0).labels);
		}
	}

	@Test
	void featureTilesAreTheFeature() {
		try (Painting p = new Painting(); Job job = new Job()) {
			final LiveImage image = p.add(Pictures.hyperstack("a.tif", 60, 52, 16, 2, 3, 1));
			p.updater.setLive(false);
			p.updater.setView(new View(image, 1, 0, new Rectangle(60, 52), Show.feature(3)));
			p.settle();
			try (EngineImage pixels = p.pixels(job, image);
				Recipe recipe = p.recipe(job, pixels.info());
				EngineImage features = recipe.computeFeatures(job, pixels))
			{
				assertEquals(recipe.count(), p.updater.featureNames().size());
				assertEquals(recipe.name(3), p.updater.featureNames().get(3));
				final float[] expected = new float[60 * 52];
				features.getPlane(0, 3, 1, expected);
				final List<ResultTile> tiles = p.updater.tiles(new View(image, 1, 0, new Rectangle(60, 52), Show.feature(3)));
				assertEquals(1, tiles.size());
				assertArrayEquals(expected, tiles.get(0).feature);
			}
		}
	}

	// ---- following changes

	@Test
	void scrollingNeedsNoOtherForest() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.hyperstack("a.tif", 60, 52, 16, 1, 6, 2));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			final long version = p.updater.tiles(Painting.view(image, 0, 0)).get(0).version;
			final long forests = p.heard.count(LiveUpdater.Phase.LEARNING);
			p.look(image, 5, 1);
			p.settle();
			assertTilesRight(p, Painting.view(image, 5, 1));
			p.look(image, 0, 0);
			p.settle();
			assertEquals(version, p.updater.tiles(Painting.view(image, 0, 0)).get(0).version);
			assertEquals(forests, p.heard.count(LiveUpdater.Phase.LEARNING));
		}
	}

	@Test
	void whatIsPaintedWhileTheWorkerIsBusyIsOneUpdate() throws InterruptedException {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 200, 200, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			final CountDownLatch busy = new CountDownLatch(1);
			final CountDownLatch go = new CountDownLatch(1);
			p.updater.addListener(new LiveUpdater.Listener() {

				@Override
				public void stateChanged(final LiveUpdater.State state) {
					if (state.phase == LiveUpdater.Phase.LEARNING) {
						busy.countDown();
						awaitQuietly(go);
					}
				}
			});
			final long before = p.heard.count(LiveUpdater.Phase.LEARNING);
			p.stroke(image, 1, 50, 50, 60, 60, 0, 0);
			assertTrue(busy.await(1, TimeUnit.MINUTES));
			for (int i = 0; i < 50; i++)
				p.stroke(image, 1 + i % 2, 50 + i, 60, 70 + i, 100, 0, 0);
			go.countDown();
			p.settle();
			assertEquals(before + 2, p.heard.count(LiveUpdater.Phase.LEARNING));
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertTilesRight(p, Painting.view(image, 0, 0));
		}
	}

	private static void awaitQuietly(final CountDownLatch latch) {
		try {
			assertTrue(latch.await(1, TimeUnit.MINUTES));
		}
		catch (final InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	@Test
	void manyQuickStrokesEndWithTheLast() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 600, 300, 16));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			final Random random = new Random(3);
			for (int i = 0; i < 60; i++) {
				final int x = random.nextInt(590);
				final int y = random.nextInt(290);
				p.stroke(image, random.nextInt(3), x, y, x + 10, y + 10, 0, 0);
				if (i % 7 == 0) p.updater.setView(new View(image, 0, 0, new Rectangle(x, y, 10, 10), Show.SEGMENTATION));
			}
			p.look(image, 0, 0);
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertTilesRight(p, Painting.view(image, 0, 0));
			assertTrue(p.heard.count(LiveUpdater.Phase.LEARNING) <= 65);
		}
	}

	/** Every forest is stale before its first tree has grown. */
	@Test
	void whoeverPaintsFasterThanForestsGrowSeesSomething() throws InterruptedException {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			final AtomicInteger strokes = new AtomicInteger();
			final CountDownLatch enough = new CountDownLatch(1);
			p.updater.addListener(new LiveUpdater.Listener() {

				@Override
				public void stateChanged(final LiveUpdater.State state) {
					if (state.phase != LiveUpdater.Phase.LEARNING || enough.getCount() == 0) return;
					final int n = strokes.incrementAndGet();
					p.stroke(image, 1 + n % 2, n % 60, 50, n % 60, 60, 0, 0);
					if (n >= 200) enough.countDown();
				}

				@Override
				public void tilesChanged(final LiveImage changed, final int z, final int t, final Rectangle where) {
					enough.countDown();
				}
			});
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			assertTrue(enough.await(Painting.PATIENCE, TimeUnit.MILLISECONDS));
			assertTrue(strokes.get() < 200, "no tile after " + strokes + " strokes");
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
		}
	}

	@Test
	void aStrokeCountsWhenItIsCommitted() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.hyperstack("a.tif", 60, 60, 8, 1, 2, 1));
			p.paint(image, 0, 0);
			p.settle();
			final byte[] before = p.model(folder);
			final LabelEdit edit = p.session.edit(image);
			edit.stroke(50, 2, 50, 50, 6, p.at(2).id(), 0, 0);
			p.look(image, 1, 0);
			p.settle();
			assertArrayEquals(before, p.model(folder));
			p.session.commit(image, edit, "stroke");
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertFalse(Arrays.equals(before, p.model(folder)));
		}
	}

	@Test
	void undoGivesTheSameModel() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.paint(image, 0, 0);
			final byte[] before = p.model(folder);
			p.stroke(image, 2, 50, 50, 60, 60, 0, 0);
			final byte[] after = p.model(folder);
			assertFalse(Arrays.equals(before, after));
			p.session.undo();
			assertArrayEquals(before, p.model(folder));
			p.session.redo();
			assertArrayEquals(after, p.model(folder));
		}
	}

	@Test
	void undoingAllLabelsTakesTheForestAway() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			assertNotNull(p.updater.report());
			while (p.session.undoName() != null)
				p.session.undo();
			p.settle();
			assertEquals(LiveUpdater.Phase.WAITING, p.updater.state().phase);
			assertEquals("Paint at least two classes.", p.updater.state().text);
			assertEquals(0, p.updater.tiles(Painting.view(image, 0, 0)).size());
			assertNull(p.updater.report());
			assertThrows(BrushwoodException.class, () -> p.model(folder));
		}
	}

	@Test
	void labelsThatDoNotCountAreSpokenOf() {
		try (Painting p = new Painting()) {
			final LiveImage a = p.add(Pictures.plane("a.tif", 64, 64, 8));
			final LiveImage b = p.add(Pictures.plane("b.tif", 80, 64, 8));
			p.look(a, 0, 0);
			p.stroke(a, 1, 10, 10, 20, 10, 0, 0);
			p.stroke(b, 2, 10, 10, 20, 10, 0, 0);
			p.settle();
			assertNotNull(p.updater.report());
			p.session.detach(b);
			p.settle();
			assertEquals("Paint at least two classes, or open 'b.tif' again.", p.updater.state().text);
		}
	}

	@Test
	void namesAndColoursChangeTheModelButNotTheTiles() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			final ResultTile before = p.updater.tiles(Painting.view(image, 0, 0)).get(0);
			p.session.renameClass(p.at(1), "ground");
			p.session.recolourClass(p.at(2), 0x123456);
			p.settle();
			assertSame(before, p.updater.tiles(Painting.view(image, 0, 0)).get(0));
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertEquals("ground #123456", p.updater.withModel(Jobs.defaults(), model -> model.className(0) + String.format(
				" #%06x", model.classColour(1))));
			assertEquals("ground", p.updater.report().classes.get(0).name());
		}
	}

	@Test
	void classesComeGoAndMerge() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.session.addClass("third");
			p.session.addClass("fourth");
			p.paint(image, 0, 0);
			p.stroke(image, 3, 50, 50, 60, 60, 0, 0);
			p.stroke(image, 4, 50, 30, 60, 40, 0, 0);
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
			final int[] ids = p.updater.tiles(Painting.view(image, 0, 0)).get(0).classIds;
			p.session.removeClass(p.at(2));
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertArrayEquals(new int[] { ids[0], ids[2], ids[3] }, p.updater.tiles(Painting.view(image, 0, 0)).get(
				0).classIds);
			assertTilesRight(p, Painting.view(image, 0, 0));
			p.session.mergeClasses(p.at(3), p.at(1));
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertTilesRight(p, Painting.view(image, 0, 0));
		}
	}

	@Test
	void theSamePixelsOfOtherClassesAreOtherTiles() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			p.updater.setLive(false);
			p.session.removeClass(p.at(2));
			p.session.removeClass(p.at(1));
			for (final String name : new String[] { "first", "second", "third" })
				p.session.addClass(name);
			p.session.removeClass(p.at(1)); // leaves other ids
			p.paint(image, 0, 0);
			p.updater.setLive(true);
			p.settle();
			assertArrayEquals(new int[] { p.at(1).id(), p.at(2).id() }, p.updater.tiles(Painting.view(image, 0, 0)).get(
				0).classIds);
			assertArrayEquals(p.expected(folder), p.model(folder));
		}
	}

	@Test
	void imagesComeGoAndLoseTheirPixels() {
		try (Painting p = new Painting()) {
			final ImagePlus second = Pictures.hyperstack("b.tif", 70, 50, 16, 2, 3, 1);
			final LiveImage a = p.add(Pictures.hyperstack("a.tif", 60, 52, 16, 2, 4, 1));
			final LiveImage b = p.add(second);
			p.look(b, 1, 0);
			p.paint(b, 1, 0);
			final byte[] one = p.model(folder);
			assertArrayEquals(p.expected(folder), one);
			p.paint(a, 2, 0);
			assertArrayEquals(p.expected(folder), p.model(folder));
			p.settle();
			assertTilesRight(p, Painting.view(b, 1, 0));
			p.session.detach(b);
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertFalse(Arrays.equals(one, p.model(folder)));
			p.session.addImage(second);
			p.session.removeImage(a);
			assertArrayEquals(one, p.model(folder));
			p.settle();
			assertTilesRight(p, Painting.view(b, 1, 0));
		}
	}

	@Test
	void aClosedImageTakesNoMemory() {
		try (Painting p = new Painting()) {
			final LiveImage a = p.add(Pictures.plane("a.tif", 64, 64, 8));
			final LiveImage b = p.add(Pictures.plane("b.tif", 1024, 700, 8));
			p.paint(a, 0, 0);
			p.settle();
			final long before = Engine.memoryInUse();
			p.look(b, 0, 0);
			p.settle();
			assertTrue(Engine.memoryInUse() > before + 1024 * 700);
			p.session.detach(b);
			p.settle();
			assertTrue(Engine.memoryInUse() < before + 1024 * 700, Engine.memoryInUse() + " bytes after " + before);
		}
	}

	@Test
	void otherPixelsAreReadAgain() {
		try (Painting p = new Painting()) {
			final ImagePlus imp = Pictures.plane("a.tif", 64, 64, 8);
			final LiveImage image = p.add(imp);
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			final LiveImage.Identity before = image.identity();
			imp.getProcessor().invert();
			p.updater.pixelsChanged(image);
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertTilesRight(p, Painting.view(image, 0, 0));
			assertEquals(LiveImage.Identity.of(imp), image.identity(), "it is found again by the pixels it has");
			assertNotEquals(before, image.identity());
		}
	}

	@Test
	void settingsMakeAnotherForest() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.hyperstack("a.tif", 60, 52, 16, 1, 5, 1));
			p.look(image, 2, 0);
			p.paint(image, 2, 0);
			p.settle();
			p.session.setSettings(p.session.settings().withFeatures("gaussian:1;laplacian:1.6@2d"));
			p.settle();
			assertEquals(2, p.updater.featureNames().size());
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertTilesRight(p, Painting.view(image, 2, 0));
			p.session.setSettings(p.session.settings().withTraining(new TrainOptions().trees(9).seed(4).refine(0)));
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
			assertTilesRight(p, Painting.view(image, 2, 0));
		}
	}

	@Test
	void liveOffWaitsForUpdate() {
		try (Painting p = new Painting()) {
			p.updater.setLive(false);
			assertFalse(p.updater.isLive());
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			assertEquals(0, p.heard.count(LiveUpdater.Phase.LEARNING));
			assertEquals(LiveUpdater.Phase.WAITING, p.updater.state().phase);
			p.updater.update();
			p.settle();
			assertEquals(1, p.heard.count(LiveUpdater.Phase.LEARNING));
			assertTilesRight(p, Painting.view(image, 0, 0));
			p.stroke(image, 1, 50, 50, 60, 60, 0, 0);
			p.settle();
			assertEquals(1, p.heard.count(LiveUpdater.Phase.LEARNING));
			p.updater.setLive(true);
			p.settle();
			assertEquals(2, p.heard.count(LiveUpdater.Phase.LEARNING));
		}
	}

	// ---- failures

	@Test
	void aWrongFeatureListFailsOnceAndTheNextChangeGoesOn() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			p.session.setSettings(p.session.settings().withFeatures("gausian:1"));
			final RuntimeException e = assertThrows(EngineException.class, () -> p.updater.await(Painting.PATIENCE));
			assertTrue(e.getMessage().contains("gausian"), e.getMessage());
			assertEquals(LiveUpdater.Phase.FAILED, p.updater.state().phase);
			assertEquals(e.getMessage(), p.updater.state().text);
			p.updater.setView(null);
			assertThrows(EngineException.class, () -> p.updater.await(Painting.PATIENCE));
			assertEquals(1, p.heard.failures.size());
			assertThrows(EngineException.class, () -> p.model(folder));
			p.session.setSettings(p.session.settings().withFeatures(Painting.FEATURES));
			p.look(image, 0, 0);
			p.settle();
			assertTilesRight(p, Painting.view(image, 0, 0));
		}
	}

	/** A stack whose planes cannot be read from some moment on. */
	private static final class Broken extends VirtualStack {

		private final AtomicBoolean broken = new AtomicBoolean();
		private final Error error;

		private Broken(final Error error) {
			super(64, 64, null, null);
			this.error = error;
			addSlice("1");
		}

		@Override
		public ImageProcessor getProcessor(final int n) {
			if (broken.get() && error != null) throw error;
			return broken.get() ? null : Pictures.plane("p", 64, 64, 16).getProcessor();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void unreadablePixelsAreReported(final boolean memory) {
		try (Painting p = new Painting()) {
			final Broken stack = new Broken(memory ? new OutOfMemoryError("no room") : null);
			p.updater.setLive(false);
			final LiveImage image = p.add(new ImagePlus("broken.tif", stack));
			p.settle();
			stack.broken.set(true);
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.updater.setLive(true);
			final RuntimeException e = assertThrows(BrushwoodException.class, () -> p.updater.await(Painting.PATIENCE));
			assertTrue(e.getMessage().contains(memory ? "not enough memory (no room)" : "plane 1 of 'broken.tif'"), e
				.getMessage());
			stack.broken.set(false);
			p.updater.update();
			p.settle();
			assertTilesRight(p, Painting.view(image, 0, 0));
		}
	}

	@Test
	void aListenerThatFailsIsAloneWithIt() {
		final Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
		final AtomicReference<Throwable> seen = new AtomicReference<>();
		Thread.setDefaultUncaughtExceptionHandler((thread, e) -> seen.set(e));
		try (Painting p = new Painting()) {
			p.updater.addListener(new LiveUpdater.Listener() {

				@Override
				public void tilesChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
					throw new IllegalArgumentException("on purpose");
				}
			});
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			assertEquals("on purpose", seen.get().getMessage());
			assertEquals(0, p.heard.failures.size());
		}
		finally {
			Thread.setDefaultUncaughtExceptionHandler(handler);
		}
	}

	// ---- larger than memory

	/** Planes that are nowhere but made when asked for. */
	private static final class Endless extends VirtualStack {

		private final AtomicInteger reading = new AtomicInteger();
		private final AtomicInteger clashes = new AtomicInteger();

		private Endless(final int size, final int depth) {
			super(size, size, null, null);
			for (int i = 0; i < depth; i++)
				addSlice(String.valueOf(i));
		}

		@Override
		public ImageProcessor getProcessor(final int n) {
			if (reading.incrementAndGet() > 1) clashes.incrementAndGet();
			final int width = getWidth();
			final short[] pixels = new short[width * getHeight()];
			for (int i = 0; i < pixels.length; i++)
				pixels[i] = (short) (500 + 400 * ((i % width / 16 + i / width / 16 + n / 4) % 2) + (i * 7919 + n * 31) % 97);
			reading.decrementAndGet();
			return new ShortProcessor(width, getHeight(), pixels, null);
		}

		@Override
		public int getBitDepth() {
			return 16;
		}
	}

	@Test
	void aVirtualStackIsScrolledWithinTheBudget() {
		final long budget = 64L << 20;
		final Endless stack = new Endless(512, 400);
		final ImagePlus imp = new ImagePlus("endless.tif", stack);
		imp.setDimensions(1, 400, 1);
		final AtomicReference<Long> most = new AtomicReference<>(0L);
		try (Painting p = new Painting(budget)) {
			final LiveImage image = p.add(imp);
			p.updater.addListener(new LiveUpdater.Listener() {

				@Override
				public void tilesChanged(final LiveImage i, final int z, final int t, final Rectangle where) {
					most.accumulateAndGet(Engine.memoryInUse(), Math::max);
				}
			});
			p.stroke(image, 1, 10, 10, 200, 12, 3, 0);
			p.stroke(image, 2, 10, 100, 200, 104, 200, 0);
			p.stroke(image, 1, 10, 200, 200, 204, 399, 0);
			for (int z = 0; z < 400; z += 57) {
				p.look(image, z, 0);
				p.stroke(image, 1 + z % 2, 30, 300, 200, 304, z, 0);
				p.settle();
				assertEquals(1, p.updater.tiles(Painting.view(image, z, 0)).size());
			}
			assertTrue(most.get() > 0 && most.get() < budget, () -> most.get() + " bytes");
			assertTrue(Engine.memoryInUse() < budget);
			assertEquals(0, p.heard.failures.size());
			assertSameForest(p, image);
		}
		assertEquals(0, stack.clashes.get());
	}

	/** The statistics of its survey differ from those of the whole, but samples and so trees do not. */
	private static void assertSameForest(final Painting p, final LiveImage image) {
		final long count = image.labels().count();
		p.updater.withModel(Jobs.defaults(), model -> {
			assertEquals(count, model.outOfBag().pixels);
			return null;
		});
	}

	/** Slices that features read together: more than pixels have of the budget else. */
	@Test
	void wideSlicesGetMoreOfTheBudget() {
		final ImagePlus imp = new ImagePlus("wide.tif", new Endless(700, 60));
		imp.setDimensions(1, 60, 1);
		try (Painting p = new Painting(32L << 20)) {
			final LiveImage image = p.add(imp);
			p.look(image, 30, 0);
			p.stroke(image, 1, 10, 10, 200, 12, 30, 0);
			p.stroke(image, 2, 10, 100, 200, 104, 30, 0);
			p.settle();
			assertFalse(p.updater.tiles(Painting.view(image, 30, 0)).isEmpty());
			assertEquals(0, p.heard.failures.size());
		}
	}

	@Test
	void aPartialImageGivesTheTilesOfTheWhole() {
		final Endless stack = new Endless(256, 90);
		final ImagePlus imp = new ImagePlus("endless.tif", stack);
		imp.setDimensions(1, 90, 1);
		final List<ResultTile> partial = new ArrayList<>();
		final List<ResultTile> whole = new ArrayList<>();
		for (final boolean small : new boolean[] { true, false }) {
			try (Painting p = new Painting(small ? 32L << 20 : 1L << 30)) {
				final LiveImage image = p.add(imp);
				p.session.setSettings(p.session.settings().withTraining(new TrainOptions().trees(12).refine(0)));
				for (int z = 0; z < 90; z += 8)
					p.stroke(image, 1 + z / 8 % 2, 20, 20 + 2 * z, 100, 22 + 2 * z, z, 0);
				p.settle();
				for (int z = 0; z < 90; z += 30) {
					p.look(image, z, 0);
					p.settle();
					(small ? partial : whole).addAll(p.updater.tiles(Painting.view(image, z, 0)));
				}
			}
		}
		assertEquals(3, partial.size());
		for (int i = 0; i < 3; i++)
			assertArrayEquals(whole.get(i).probabilities[0], partial.get(i).probabilities[0]);
	}

	@Test
	void aBudgetThatIsTooSmallIsASentence() {
		final Endless stack = new Endless(2048, 200);
		final ImagePlus imp = new ImagePlus("endless.tif", stack);
		imp.setDimensions(1, 200, 1);
		try (Painting p = new Painting(32L << 20)) {
			final LiveImage image = p.add(imp);
			p.look(image, 3, 0);
			p.paint(image, 3, 0);
			final RuntimeException e = assertThrows(BrushwoodException.class, () -> p.updater.await(Painting.PATIENCE));
			assertTrue(e.getMessage().contains("slices of 'endless.tif' at once"), e.getMessage());
		}
	}

	// ---- requests

	@Test
	void reportHasTheNumbersOfDirectCalls() {
		try (Painting p = new Painting(); Job job = new Job()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.paint(image, 0, 0);
			p.stroke(image, 2, 9, 9, 17, 17, 0, 0);
			p.settle();
			final Report report = p.updater.report();
			final TrainOptions o = p.session.settings().training();
			try (Trainer trainer = p.collect(job);
				Model model = trainer.train(job, o);
				Assessment cross = trainer.crossValidate(job, o.holdout(Holdout.STROKES, o.folds(), o.block())))
			{
				assertEquals(trainer.strokeCount(), report.strokes);
				assertEquals(trainer.sampleCount(), report.pixels[0] + report.pixels[1]);
				assertSameScores(model.outOfBag(), report.outOfBag);
				assertSameScores(cross.scores(), report.heldOut);
				assertEquals(model.importances().size(), report.featureCount);
				assertEquals(model.importances().stream().mapToDouble(i -> i.gini).max().getAsDouble(), report.importances.get(
					0).gini);
			}
			p.updater.setHoldout(Holdout.NONE);
			p.settle();
			assertNull(p.updater.report().heldOut);
			assertFalse(p.updater.report().heldOutNote.isEmpty());
			p.updater.setHoldout(Holdout.IMAGES);
			p.settle();
			assertNull(p.updater.report().heldOut);
			assertTrue(p.updater.report().heldOutNote.contains("image"), p.updater.report().heldOutNote);
		}
	}

	@Test
	void theReportFollowsClassesAndTheWayOfChecking() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.updater.setHoldout(Holdout.BLOCKS);
			p.settle();
			final ResultTile tile = p.updater.tiles(Painting.view(image, 0, 0)).get(0);
			p.session.addClass("third");
			p.settle();
			assertEquals(3, p.updater.report().classes.size());
			p.session.renameClass(p.at(3), "other");
			p.settle();
			assertTrue(p.updater.report().text().contains("'other' has no labels"), p.updater.report().text());
			final TrainOptions o = p.session.settings().training();
			p.session.setSettings(p.session.settings().withTraining(o.holdout(Holdout.NONE, 2, 8)));
			p.settle();
			try (Job job = new Job(); Trainer trainer = p.collect(job);
				Assessment cross = trainer.crossValidate(job, o.holdout(Holdout.BLOCKS, 2, 8)))
			{
				assertSameScores(cross.scores(), p.updater.report().heldOut);
			}
			assertSame(tile, p.updater.tiles(Painting.view(image, 0, 0)).get(0));
		}
	}

	private static void assertSameScores(final Scores expected, final Scores actual) {
		assertEquals(expected.pixels, actual.pixels);
		for (int truth = 0; truth < expected.classCount(); truth++)
			for (int given = 0; given < expected.classCount(); given++)
				assertEquals(expected.count(truth, given), actual.count(truth, given));
	}

	@Test
	void featuresAreSuggestedWhilePaintingGoesOn() throws InterruptedException {
		try (Painting p = new Painting(); Job job = new Job()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			final TrainOptions o = p.session.settings().training();
			final FeatureSelection expected;
			try (Trainer trainer = p.collect(job)) {
				expected = trainer.selectFeatures(job, o, 0.005);
			}
			final AtomicReference<Thread> painter = new AtomicReference<>();
			final FeatureSelection found = p.updater.suggestFeatures(new Monitor() {

				@Override
				public boolean progress(final double fraction) {
					if (painter.get() != null) return true;
					painter.set(new Thread(() -> p.stroke(image, 1, 50, 50, 60, 60, 0, 0)));
					painter.get().start();
					return true;
				}

				@Override
				public void status(final String text) {
					assertFalse(text.isEmpty());
				}
			}, 0.005);
			assertEquals(expected.features(), found.features());
			painter.get().join();
			p.settle();
			assertArrayEquals(p.expected(folder), p.model(folder));
		}
	}

	@Test
	void nothingWaitsForASuggestionOfFeatures() throws InterruptedException {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.paint(image, 0, 0);
			p.session.renameClass(p.at(1), "ground");
			final CountDownLatch begun = new CountDownLatch(1);
			final CountDownLatch go = new CountDownLatch(1);
			final Thread other = new Thread(() -> p.updater.suggestFeatures(new Monitor() {

				@Override
				public boolean progress(final double fraction) {
					begun.countDown();
					awaitQuietly(go);
					return true;
				}

				@Override
				public void status(final String text) {}
			}, 0.005));
			other.start();
			assertTrue(begun.await(Painting.PATIENCE, TimeUnit.MILLISECONDS));
			try {
				p.stroke(image, 2, 50, 50, 60, 60, 0, 0);
				assertTrue(p.updater.await(20_000), "painting goes on, whatever the suggestion is waiting for");
				assertArrayEquals(p.expected(folder), p.model(folder));
				final TrainOptions o = p.session.settings().training();
				p.session.setSettings(p.session.settings().withTraining(o.contextSigmas(new double[] { 2 })));
				assertArrayEquals(p.expected(folder), p.model(folder));
			}
			finally {
				go.countDown();
				other.join();
			}
		}
	}

	@Test
	void aViewThatIsTooLargeIsThereInTheMiddle() {
		try (Painting p = new Painting(32L << 20)) { // room for two tiles of three
			p.session.setSettings(p.session.settings().withFeatures("gaussian:0.7"));
			final LiveImage image = p.add(Pictures.hyperstack("a.tif", 1536, 512, 8, 1, 2, 1));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			final List<ResultTile> tiles = p.updater.tiles(Painting.view(image, 0, 0));
			assertEquals(2, tiles.size());
			assertTrue(tiles.get(0).covers(new Rectangle(512, 0, 512, 512)) && tiles.get(0).complete);
			assertTrue(p.updater.state().text.contains("zoom in"), p.updater.state().text);
			p.updater.setView(new View(image, 0, 0, new Rectangle(1030, 10, 300, 300), Show.PROBABILITIES));
			p.settle();
			assertEquals("Up to date.", p.updater.state().text);
		}
	}

	@Test
	void aMonitorStopsWhatItWatches() {
		final Monitor stop = new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return false;
			}

			@Override
			public void status(final String text) {
				assertFalse(text.isEmpty());
			}
		};
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.paint(image, 0, 0);
			p.settle();
			assertThrows(CancelledException.class, () -> p.updater.suggestFeatures(stop, 0.01));
			assertThrows(CancelledException.class, () -> p.updater.whereNext(stop));
			p.session.setSettings(p.session.settings().withTraining(new TrainOptions().importance(3)));
			assertThrows(CancelledException.class, () -> p.updater.withModel(new Jobs(0, 0, stop), Model::classCount));
			assertEquals(2, p.updater.withModel(Jobs.defaults(), Model::classCount).intValue());
		}
	}

	@Test
	void theNextPlaceIsUnsureAndNewEachTime() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.hyperstack("a.tif", 150, 130, 16, 1, 3, 1));
			p.look(image, 1, 0);
			p.paint(image, 1, 0);
			p.settle();
			final List<LiveUpdater.Place> places = new ArrayList<>();
			for (int i = 0; i < 5; i++) {
				final LiveUpdater.Place place = p.updater.whereNext(Monitor.NONE);
				assertNull(nearestLabel(place));
				if (i > 0) assertTrue(place.uncertainty <= places.get(i - 1).uncertainty);
				for (final LiveUpdater.Place old : places)
					assertTrue(old.z != place.z || Math.hypot(old.x - place.x, old.y - place.y) >= Guide.WINDOW - 2);
				places.add(place);
			}
			assertTrue(places.get(0).uncertainty > 0);
			p.stroke(image, 1, 100, 100, 104, 104, 0, 0);
			p.settle();
			p.session.undo();
			final LiveUpdater.Place again = p.updater.whereNext(Monitor.NONE);
			assertEquals(places.get(0).x + "," + places.get(0).y + "," + places.get(0).z, again.x + "," + again.y + "," +
				again.z);
		}
	}

	/** A labelled pixel within 16 pixels of a place. */
	private static String nearestLabel(final LiveUpdater.Place place) {
		for (int y = place.y - Guide.AWAY; y <= place.y + Guide.AWAY; y++)
			for (int x = place.x - Guide.AWAY; x <= place.x + Guide.AWAY; x++)
				if (Math.hypot(x - place.x, y - place.y) <= Guide.AWAY && place.image.labels().get(x, y, place.z, place.t) != 0)
					return x + "," + y;
		return null;
	}

	@Test
	void timesAreThoseOfTheUpdate() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 600, 600, 8));
			p.look(image, 0, 0);
			p.paint(image, 0, 0);
			p.settle();
			final long start = System.nanoTime();
			p.stroke(image, 1, 100, 100, 300, 140, 0, 0);
			p.settle();
			final double all = (System.nanoTime() - start) / 1e6;
			final LiveUpdater.Timings t = p.updater.timings();
			assertTrue(t.features > 0 && t.forest > 0 && t.prediction > 0 && t.painting > 0);
			assertTrue(t.firstForest <= t.forest);
			assertTrue(t.firstTile > 0 && t.firstTile <= t.complete && t.complete <= all, t.firstTile + " " + t.complete + " " +
				all);
		}
	}

	@Test
	void whatAGlanceTakesIsNotTheForests() {
		try (Painting p = new Painting()) {
			final AtomicInteger pause = new AtomicInteger(); // taken once
			p.session.setSettings(p.session.settings().withTraining(new TrainOptions().trees(200)));
			p.updater.addListener(new LiveUpdater.Listener() {

				@Override
				public void tilesChanged(final LiveImage image, final int z, final int t, final Rectangle where) {
					IJ.wait(pause.getAndSet(0));
				}
			});
			final LiveImage image = p.add(Pictures.plane("a.tif", 600, 600, 8));
			p.look(image, 0, 0);
			fill(p, image, 1, new Rectangle(10, 10, 100, 100)); // enough pixels for a forest that takes a while
			fill(p, image, 2, new Rectangle(300, 300, 100, 100));
			p.settle();
			final int longPause = 2000 + 4 * (int) p.updater.timings().forest; // whatever the machine
			pause.set(longPause);
			p.stroke(image, 1, 100, 100, 300, 140, 0, 0);
			p.settle();
			final LiveUpdater.Timings t = p.updater.timings();
			assertEquals(0, pause.get());
			assertTrue(t.firstForest < t.forest, t.firstForest + " " + t.forest);
			assertTrue(t.forest < longPause, t.forest + " ms");
		}
	}

	private static void fill(final Painting p, final LiveImage image, final int label, final Rectangle where) {
		final LabelEdit edit = p.session.edit(image);
		edit.fill(new Roi(where), p.at(label).id(), 0, 0);
		p.session.commit(image, edit, "area");
	}

	// ---- the end

	@Test
	void closingAtAnyMomentLeavesNothing() throws InterruptedException {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 300, 300, 16, 2, 8, 1);
		final Random random = new Random(11);
		for (int i = 0; i < 30; i++) {
			try (Painting p = new Painting(i % 3 == 0 ? 32L << 20 : 0)) {
				final LiveImage image = p.add(imp);
				p.look(image, random.nextInt(8), 0);
				p.paint(image, random.nextInt(8), 0);
				Thread.sleep(random.nextInt(1 + 10 * i));
				if (i % 2 == 0) p.look(image, random.nextInt(8), 0);
				if (i % 5 == 0) p.session.detach(image);
				p.updater.close();
				assertFalse(Painting.isWorkerAlive());
			}
			assertEquals(0, Engine.memoryInUse());
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "tiles", "state", "report" })
	void aListenerMayClose(final String where) throws InterruptedException {
		final Painting p = new Painting();
		final CountDownLatch closed = new CountDownLatch(1);
		p.updater.addListener(new LiveUpdater.Listener() {

			private void close(final String here) {
				if (!here.equals(where)) return;
				p.updater.close();
				closed.countDown();
			}

			@Override
			public void tilesChanged(final LiveImage image, final int z, final int t, final Rectangle rectangle) {
				close("tiles");
			}

			@Override
			public void stateChanged(final LiveUpdater.State state) {
				if (state.phase == LiveUpdater.Phase.LEARNING) close("state");
			}

			@Override
			public void reportChanged() {
				close("report");
			}
		});
		final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
		p.look(image, 0, 0);
		p.paint(image, 0, 0);
		assertTrue(closed.await(1, TimeUnit.MINUTES));
		p.close();
	}

	@Test
	void whoeverWaitsWhenItClosesIsTold() throws InterruptedException {
		final Painting p = new Painting();
		final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
		p.paint(image, 0, 0);
		final CountDownLatch busy = new CountDownLatch(1);
		p.updater.addListener(new LiveUpdater.Listener() {

			@Override
			public void stateChanged(final LiveUpdater.State state) {
				busy.countDown();
				try {
					Thread.sleep(200);
				}
				catch (final InterruptedException e) {
					Thread.currentThread().interrupt();
				}
			}
		});
		p.stroke(image, 1, 50, 50, 60, 60, 0, 0);
		assertTrue(busy.await(1, TimeUnit.MINUTES));
		final AtomicReference<Throwable> told = new AtomicReference<>();
		final Thread asking = new Thread(() -> told.set(assertThrows(RuntimeException.class, () -> p.updater.whereNext(
			Monitor.NONE))));
		asking.start();
		while (asking.getState() != Thread.State.WAITING)
			Thread.sleep(1);
		p.close();
		asking.join();
		assertTrue(told.get() instanceof CancelledException, String.valueOf(told.get()));
		assertFalse(p.updater.await(10));
		assertThrows(BrushwoodException.class, () -> p.model(folder));
		p.updater.setView(null);
		p.updater.update();
		assertEquals(0, p.updater.tiles(Painting.view(image, 0, 0)).size());
	}

	@Test
	void aLentModelOutlivesTheUpdater() {
		final Painting p = new Painting();
		p.paint(p.add(Pictures.plane("a.tif", 64, 64, 8)), 0, 0);
		final int classes = p.updater.withModel(Jobs.defaults(), model -> {
			p.updater.close();
			return model.classCount();
		});
		assertEquals(2, classes);
		p.close();
	}

	@Test
	void aListenerCannotWaitForTheWorker() {
		final AtomicReference<Throwable> seen = new AtomicReference<>();
		try (Painting p = new Painting()) {
			p.updater.addListener(new LiveUpdater.Listener() {

				@Override
				public void reportChanged() {
					seen.compareAndSet(null, assertThrows(IllegalStateException.class, () -> p.updater.await(1)));
				}
			});
			p.paint(p.add(Pictures.plane("a.tif", 64, 64, 8)), 0, 0);
			p.settle();
			assertNotNull(seen.get());
		}
	}
}
