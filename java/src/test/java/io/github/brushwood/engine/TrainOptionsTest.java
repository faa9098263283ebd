package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class TrainOptionsTest {

	private static TrainOptions odd() {
		final TrainOptions o = new TrainOptions().trees(7).mtry(TrainOptions.MTRY_LOG2).maxDepth(9).minLeaf(3);
		o.bootstrap(0.625).extra(true).balance(Balance.CUSTOM).classWeights(1, 2.5f).seed(-8).strokeBalance(0.75);
		return o.holdout(Holdout.BLOCKS, 6, 40).calibrate(true).importance(2).refine(3);
	}

	private static void assertSame(final TrainOptions a, final TrainOptions b) {
		assertArrayEquals(a.pack().whole, b.pack().whole);
		assertArrayEquals(a.pack().real, b.pack().real);
		assertArrayEquals(a.pack().weights, b.pack().weights);
	}

	/** Through the engine, which keeps the options in a model. */
	@Test
	void everyValueArrivesInTheModel() {
		try (Job job = new Job(); Scene scene = Scene.create(96, 80, 1);
			Recipe recipe = Recipe.parse(job, Scene.FEATURES, 1, 2, 1, 1, 1);
			Trainer trainer = Trainer.create(job, recipe))
		{
			trainer.add(job, scene.image, scene.labels);
			try (Model model = trainer.train(job, odd())) {
				final TrainOptions kept = model.trainOptions();
				assertSame(odd(), kept);
				assertEquals(7, kept.trees());
				assertEquals(TrainOptions.MTRY_LOG2, kept.mtry());
				assertEquals(9, kept.maxDepth());
				assertEquals(3, kept.minLeaf());
				assertEquals(0.625, kept.bootstrap());
				assertTrue(kept.extra());
				assertEquals(Balance.CUSTOM, kept.balance());
				assertArrayEquals(new float[] { 1, 2.5f }, kept.classWeights());
				assertEquals(-8, kept.seed());
				assertEquals(0.75, kept.strokeBalance());
				assertEquals(Holdout.BLOCKS, kept.holdout());
				assertEquals(6, kept.folds());
				assertEquals(40, kept.block());
				assertTrue(kept.calibrate());
				assertEquals(2, kept.importance());
				assertEquals(3, kept.refine());
			}
		}
	}

	@Test
	void aCopyIsTheSameAndItsOwn() {
		final TrainOptions o = odd().contextSigmas(1, 2, 4);
		final TrainOptions copy = o.copy();
		assertNotSame(o, copy);
		assertSame(o, copy);
		copy.trees(3);
		assertEquals(7, o.trees());
		assertArrayEquals(new double[] { 1, 2, 4 }, o.contextSigmas());
	}

	@Test
	void theFirstForestIsTheDefault() {
		assertSame(new TrainOptions(), Engine.forestPresets().get(0).options());
		final Set<String> ids = new HashSet<>();
		for (final ForestPreset preset : Engine.forestPresets()) {
			assertTrue(ids.add(preset.id));
			assertFalse(preset.label.isEmpty() || preset.doc.isEmpty());
			preset.options().trees(1);
			assertTrue(preset.options().trees() > 1, "a preset does not change");
		}
		assertTrue(ids.contains("ilastik") && ids.contains("brushwood"), ids.toString());
	}

	@Test
	void tooMuchIsRefused() {
		assertThrows(IllegalArgumentException.class, () -> new TrainOptions().contextSigmas(new double[9]));
		assertThrows(IllegalArgumentException.class, () -> new TrainOptions().classWeights(new float[256]));
	}
}
