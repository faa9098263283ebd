package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class AssessmentTest {

	private Job job;

	@BeforeEach
	void openJob() {
		job = new Job();
	}

	@AfterEach
	void closeJob() {
		job.close();
	}

	private EngineImage probabilities(final float... first) {
		final EngineImage image = EngineImage.create(job, ImageInfo.builder(PixelType.FLOAT32, first.length, 1).channels(2)
			.build());
		final float[] second = new float[first.length];
		for (int i = 0; i < first.length; i++)
			second[i] = 1 - first[i];
		image.setPlane(0, 0, 0, first);
		image.setPlane(0, 1, 0, second);
		return image;
	}

	/** By hand: 3 of class 1 (one taken for 2), 2 of class 2, one unlabelled; class 3 never occurs. */
	@Test
	void scoresAreThoseCountedByHand() {
		try (Assessment assessment = Assessment.create(job, 3);
			EngineImage truth = Rows.of(job, 1, 1, 1, 2, 2, 0);
			EngineImage found = Rows.of(job, 1, 1, 2, 2, 2, 1))
		{
			assessment.add(job, truth, found, null);
			final Scores s = assessment.scores();
			assertEquals(3, s.classCount());
			assertEquals(2, s.count(0, 0));
			assertEquals(1, s.count(0, 1));
			assertEquals(0, s.count(1, 0));
			assertEquals(2, s.count(1, 1));
			assertEquals(5, s.pixels);
			assertEquals(0.8, s.accuracy, 1e-12);
			assertEquals((2 / 3.0 + 1) / 2, s.balancedAccuracy, 1e-12);
			assertEquals((2 / 3.0 + 2 / 3.0) / 2, s.meanIou, 1e-12);
			assertEquals(3, s.ofClass(0).truth);
			assertEquals(2, s.ofClass(0).predicted);
			assertEquals(2, s.ofClass(0).hits);
			assertEquals(1, s.ofClass(0).precision, 1e-12);
			assertEquals(2 / 3.0, s.ofClass(0).recall, 1e-12);
			assertEquals(0.8, s.ofClass(0).f1, 1e-12);
			assertEquals(2 / 3.0, s.ofClass(0).iou, 1e-12);
			assertTrue(Double.isNaN(s.ofClass(2).recall));
			// agreement by chance: (3 * 2 + 2 * 3) / 25
			assertEquals((0.8 - 0.48) / (1 - 0.48), s.kappa, 1e-12);
			assertEquals(0, s.withProbability);
			assertTrue(Double.isNaN(s.brier));
			assertThrows(IndexOutOfBoundsException.class, () -> s.count(3, 0));
		}
	}

	@Test
	void reliabilityComparesProbabilitiesWithTheTruth() {
		try (Assessment assessment = Assessment.create(job, 2);
			EngineImage truth = Rows.of(job, 1, 1, 2, 2);
			EngineImage p = probabilities(0.92f, 0.93f, 0.94f, 0.12f))
		{
			assessment.add(job, truth, null, p);
			final Scores s = assessment.scores();
			assertEquals(4, s.withProbability);
			assertEquals(0.75, s.accuracy, 1e-12);
			final Scores.Bin[] bins = s.reliability(0);
			assertEquals(20, bins.length);
			assertEquals(3, bins[18].count);
			assertEquals(0.93, bins[18].predicted, 1e-6);
			assertEquals(2 / 3.0, bins[18].observed, 1e-12);
			assertEquals(1, bins[2].count);
			assertEquals(0, bins[2].observed, 1e-12);
			assertTrue(Double.isNaN(bins[5].observed));
			long all = 0;
			for (final Scores.Bin bin : s.reliability())
				all += bin.count;
			assertEquals(8, all, "every probability of every class is in a bin");
			final double brier = 2 * (0.08 * 0.08 + 0.07 * 0.07 + 0.94 * 0.94 + 0.12 * 0.12) / 4;
			assertEquals(brier, s.brier, 1e-6);
		}
	}

	@Test
	void imagesAddUpAndDescriptionsBearTheModelsNames() {
		try (Scene scene = Scene.create(48, 40, 1);
			Model model = scene.train(Scene.FEATURES, 5, 1);
			Prediction prediction = model.predict(job, scene.image, null, Output.PROBABILITIES, Output.LABELS);
			Assessment assessment = Assessment.create(job, 2))
		{
			assessment.add(job, scene.labels, prediction.labels(), prediction.probabilities());
			assessment.add(job, scene.labels, prediction.labels(), prediction.probabilities());
			assertEquals(2 * 40, assessment.scores().pixels);
			final String text = assessment.describe(job, model, DescribeFormat.TEXT);
			assertTrue(text.contains("class 1"), text);
			assertTrue(assessment.describe(job, null, DescribeFormat.JSON).trim().startsWith("{"));
			final String csv = assessment.describe(job, model, DescribeFormat.CSV);
			assertTrue(csv.contains("\n") && csv.contains(",") && csv.contains("class 2"), csv);
		}
	}

	@Test
	void whatDoesNotFitIsRefused() {
		assertEquals(Status.ARGUMENT, assertThrows(EngineException.class, () -> {
			try (Job own = new Job()) {
				Assessment.create(own, 256).close();
			}
		}).status());
		try (Assessment assessment = Assessment.create(job, 2);
			EngineImage truth = Rows.of(job, 1, 3);
			EngineImage found = Rows.of(job, 1, 2);
			EngineImage larger = Rows.of(job, 1, 2, 1);
			Job first = new Job();
			Job second = new Job();
			Job third = new Job())
		{
			final EngineException high = assertThrows(EngineException.class, () -> assessment.add(first, truth, found, null));
			assertTrue(high.getMessage().contains("3"), high.getMessage());
			assertThrows(EngineException.class, () -> assessment.add(second, larger, found, null));
			assertThrows(EngineException.class, () -> assessment.add(third, found, null, null));
			assertEquals(0, assessment.scores().pixels, "a refused image adds nothing");
		}
	}
}
