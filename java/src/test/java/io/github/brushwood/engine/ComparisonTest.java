package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Comparison.Difference;
import io.github.brushwood.engine.Comparison.Kind;
import io.github.brushwood.engine.Comparison.Match;
import io.github.brushwood.engine.Comparison.Score;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class ComparisonTest {

	private Job job;

	@BeforeEach
	void openJob() {
		job = new Job();
	}

	@AfterEach
	void closeJob() {
		job.close();
	}

	private EngineImage row(final int... values) {
		final EngineImage image = Rows.of(job, values);
		image.setName(job, "row");
		return image;
	}

	private static double value(final String id, final double[] values) {
		final List<Score> scores = Comparison.scores();
		for (int i = 0; i < scores.size(); i++)
			if (scores.get(i).id.equals(id)) return values[i];
		throw new AssertionError("no score " + id + " in " + ids());
	}

	private static Set<String> ids() {
		final Set<String> ids = new HashSet<>();
		for (final Score score : Comparison.scores())
			ids.add(score.id);
		return ids;
	}

	/** Of two objects one is found with an IoU of 3/4, one is missed, and one is too many. */
	@Test
	void objectsAreThoseCountedByHand() {
		try (Comparison comparison = Comparison.create(job, Kind.LABELS, false);
			EngineImage truth = row(1, 1, 1, 1, 0, 2, 2, 0, 0, 0);
			EngineImage result = row(7, 7, 7, 0, 0, 0, 0, 0, 9, 9))
		{
			comparison.add(job, truth, result);
			assertEquals(1, comparison.images());
			assertEquals("row", comparison.imageName(0));
			assertEquals(0, comparison.imageFrame(0));
			final Match half = comparison.match(0, 0);
			assertEquals(0.5, half.threshold);
			assertArrayEquals(new long[] { 2, 2, 1, 1, 1 }, new long[] { half.truth, half.predicted, half.hits, half.extra,
				half.missed });
			assertEquals(0.5, half.f1, 1e-12);
			assertEquals(1 / 3.0, half.accuracy, 1e-12);
			assertEquals(0.75, half.meanMatchedIou, 1e-12);
			assertEquals(0, comparison.match(Comparison.POOLED, Match.COUNT - 1).hits);
			assertEquals(2, comparison.classCount());
			assertEquals(3, comparison.count(1, 1));
			assertEquals(3, comparison.count(1, 0));
			assertEquals(2, comparison.count(0, 1));
			assertEquals(2, comparison.count(0, 0));
			assertEquals(3 / 8.0, comparison.ofClass(1).iou, 1e-12);
			assertThrows(IndexOutOfBoundsException.class, () -> comparison.count(2, 0));
			assertTrue(comparison.describe(job, DescribeFormat.TEXT).length() > 100);
			assertTrue(comparison.describe(job, DescribeFormat.JSON).trim().startsWith("{"));
			assertTrue(comparison.describe(job, DescribeFormat.CSV).contains("\nimages,"));
		}
	}

	@Test
	void classesMayLeaveOutWhatHasNone() {
		try (Comparison all = Comparison.create(job, Kind.CLASSES, false);
			Comparison known = Comparison.create(job, Kind.CLASSES, true);
			EngineImage truth = row(0, 1, 1, 2, 2);
			EngineImage result = row(1, 1, 1, 2, 1))
		{
			all.add(job, truth, result);
			known.add(job, truth, result);
			assertEquals(Kind.CLASSES, known.kind());
			assertEquals(0.6, value("accuracy", all.values(job, Comparison.POOLED)), 1e-12);
			assertEquals(0.75, value("accuracy", known.values(job, Comparison.MEAN)), 1e-12);
			assertThrows(EngineException.class, () -> Comparison.create(job, Kind.MASKS, true));
		}
	}

	@Test
	void whatImagesHoldIsSeen() {
		try (EngineImage mask = row(0, 255, 255); EngineImage classes = row(1, 2, 1); EngineImage labels = row(0, 1, 2)) {
			assertEquals(Collections.singleton(Kind.MASKS), Comparison.kinds(job, mask));
			assertEquals(Collections.singleton(Kind.CLASSES), Comparison.kinds(job, classes));
			assertEquals(Collections.singleton(Kind.LABELS), Comparison.kinds(job, labels));
		}
	}

	@Test
	void picturesHaveTheLegendsColours() {
		final Set<Integer> colours = new HashSet<>();
		colours.add(0);
		for (final Difference difference : Comparison.differences())
			if (difference.kinds.contains(Kind.MASKS)) colours.add(difference.colour);
		try (Comparison comparison = Comparison.create(job, Kind.MASKS, false);
			EngineImage truth = row(0, 0, 255, 255);
			EngineImage result = row(0, 255, 255, 0);
			EngineImage outline = Comparison.outline(job, truth))
		{
			assertTrue(outline.info().rgb);
			final ArrayImage target = new ArrayImage(outline.info());
			try (EngineSink sink = EngineSink.of(job, outline, target)) {
				comparison.draw(job, truth, result, sink);
				sink.finish(job);
			}
			final Set<Integer> seen = new HashSet<>();
			for (int x = 0; x < 4; x++)
				seen.add((target.pixels[x] & 255) << 16 | (target.pixels[4 + x] & 255) << 8 | target.pixels[8 + x] & 255);
			assertTrue(colours.containsAll(seen), seen + " of " + colours);
			assertEquals(4, seen.size());
			assertThrows(IllegalArgumentException.class, () -> comparison.add(job, truth, truth));
		}
	}

	@Test
	void scoresAreDocumented() {
		for (final Score score : Comparison.scores())
			assertFalse(score.label.isEmpty() || score.definition.isEmpty() || score.kinds.isEmpty(), score.id);
		assertEquals(Comparison.scores().size(), ids().size());
	}

	@Test
	void whatDoesNotFitIsToldAndClosedOnesRefuse() {
		try (EngineImage truth = row(0, 1, 2); EngineImage small = row(0, 1)) {
			final Comparison comparison = Comparison.create(job, Kind.LABELS, false);
			final EngineException e = assertThrows(EngineException.class, () -> comparison.add(job, truth, small));
			assertEquals(Status.MISMATCH, e.status());
			assertEquals(0, comparison.images());
			comparison.close();
			assertThrows(IllegalStateException.class, comparison::images);
		}
	}
}
