package io.github.brushwood.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Balance;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.ForestPreset;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.ForestKeys;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The forest's keys against the options they make. */
class TrainingKeysTest {

	private static final Spec TRAIN = new Train_Model().spec();

	/** Mistakes on their own. */
	private static final List<String> ONLY_WITH_ANOTHER = Arrays.asList("folds", "block", "class_weights",
		"context_sigmas");

	private static TrainOptions forest(final String keys) {
		return ForestKeys.options(Options.parse(TRAIN, "model=m " + keys));
	}

	/** All values in one line. */
	private static String text(final TrainOptions t) {
		return t.trees() + " " + t.mtry() + " " + t.maxDepth() + " " + t.minLeaf() + " " + t.bootstrap() + " " + t.extra() +
			" " + t.balance() + " " + Arrays.toString(t.classWeights()) + " " + t.seed() + " " + t.strokeBalance() + " " + t
				.refine() + " " + t.holdout() + " " + t.folds() + " " + t.block() + " " + t.calibrate() + " " + t
					.importance() + " " + Arrays.toString(t.contextSigmas());
	}

	@Test
	void withoutKeysTheForestIsThePreset() {
		assertEquals(text(new TrainOptions()), text(forest("")));
		for (final ForestPreset preset : Engine.forestPresets())
			assertEquals(text(preset.options()), text(forest("forest=" + preset.id)), preset.id);
	}

	@Test
	void everyKeyReplacesItsValueOnly() {
		final TrainOptions t = new TrainOptions();
		assertEquals(text(t.copy().trees(17)), text(forest("trees=17")));
		assertEquals(text(t.copy().mtry(5)), text(forest("mtry=5")));
		assertEquals(text(t.copy().mtry(TrainOptions.MTRY_SQRT)), text(forest("mtry=sqrt")));
		assertEquals(text(t.copy().mtry(TrainOptions.MTRY_LOG2)), text(forest("mtry=log2")));
		assertEquals(text(t.copy().mtry(TrainOptions.MTRY_ALL)), text(forest("mtry=all")));
		assertEquals(text(t.copy().maxDepth(4)), text(forest("max_depth=4")));
		assertEquals(text(t.copy().minLeaf(9)), text(forest("min_leaf=9")));
		assertEquals(text(t.copy().bootstrap(0.3)), text(forest("bootstrap=0.3")));
		assertEquals(text(t.copy().extra(true)), text(forest("extra")));
		assertEquals(text(t.copy().extra(false)), text(forest("extra=false")));
		assertEquals(text(t.copy().balance(Balance.NONE)), text(forest("balance=none")));
		assertEquals(text(t.copy().strokeBalance(0.5)), text(forest("stroke_balance=0.5")));
		assertEquals(text(t.copy().seed(-3)), text(forest("seed=-3")));
		assertEquals(text(t.copy().calibrate(true)), text(forest("calibrate")));
		assertEquals(text(t.copy().importance(3)), text(forest("importance=3")));
		assertEquals(text(t.copy().importance(5)), text(forest("importance")));
		assertEquals(text(t.copy().contextSigmas(1.6, 3.5, 10)), text(forest("autocontext")));
		assertEquals(text(t.copy().contextSigmas(2, 8)), text(forest("autocontext context_sigmas=2,8")));
		assertEquals(text(t.copy().contextSigmas(new double[0])), text(forest("autocontext=false")));
		assertEquals(text(t.copy().refine(4)), text(forest("refine=4")));
		assertEquals(text(t.copy().refine(0)), text(forest("refine=0")));
	}

	/** What macros of older versions say means what it meant. */
	@Test
	void olderMacrosGoOn() {
		assertEquals(text(new TrainOptions().balance(Balance.CLASSES)), text(forest("balance")));
		final String old = "features=fast trees=20 mtry=0 max_depth=3 min_leaf=2 balance seed=5";
		final TrainOptions t = new TrainOptions().trees(20).mtry(TrainOptions.MTRY_SQRT).maxDepth(3).minLeaf(2).seed(5);
		assertEquals(text(t.balance(Balance.CLASSES)), text(forest(old)));
	}

	@Test
	void foldsAndBlocksHaveValuesOnlyWhenSomethingIsHeldOut() {
		final TrainOptions strokes = forest("held_out=strokes");
		assertEquals(Holdout.STROKES, strokes.holdout());
		assertTrue(strokes.folds() >= 2);
		final TrainOptions blocks = forest("held_out=blocks folds=7 block=30");
		assertEquals(Holdout.BLOCKS, blocks.holdout());
		assertEquals(7, blocks.folds());
		assertEquals(30, blocks.block());
		assertEquals(Holdout.NONE, forest("held_out=none").holdout());
	}

	@Test
	void classesWithoutAWeightCountOnce() {
		final float[] weights = forest("balance=custom class_weights=0.5,3").classWeights();
		assertEquals(255, weights.length);
		assertArrayEquals(new float[] { 0.5f, 3, 1, 1 }, Arrays.copyOf(weights, 4));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "trees=0|'trees'", "trees=1001|1 to 1000", "mtry=many|sqrt, log2 or all",
		"mtry=-2|'mtry'", "bootstrap=1.5|'bootstrap' has to be a number from 0 to 1", "stroke_balance=x|'stroke_balance'",
		"held_out=pixels|'held_out' has to be one of [none, samples, strokes, blocks, images]",
		"held_out=strokes folds=1|'folds'", "folds=5|'folds' has no effect without 'held_out'",
		"held_out=strokes block=9|'block' has no effect without held_out=blocks", "importance=101|'importance'",
		"autocontext context_sigmas=0.1|'context_sigmas'", "context_sigmas=1,2|has no effect without 'autocontext'",
		"autocontext=false context_sigmas=1,2|has no effect without 'autocontext'",
		"autocontext context_sigmas=1,2,3,4,5,6,7,8,9|1 to 8 numbers", "class_weights=1,2|without balance=custom",
		"balance=custom|needs the key 'class_weights'", "balance=custom class_weights=-1|'class_weights'",
		"refine=33|'refine' has to be a whole number from 0 to 32", "forest=oak|'forest' has to be one of [brushwood" })
	void whatIsWrongIsNamed(final String keys, final String part) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> forest(keys));
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}

	/** The dialog shows these in place of empty fields; typed as they are they change nothing. */
	@Test
	void whatThePresetSaysIsAValueOfTheKey() {
		for (final ForestPreset preset : Engine.forestPresets()) {
			for (final Key key : ForestKeys.forest()) {
				if (!key.isFromPreset()) continue;
				final Options chosen = new Options(TRAIN).set("model", "m").set("forest", preset.id);
				final String shown = ForestKeys.defaultOf(key, chosen);
				if (ONLY_WITH_ANOTHER.contains(key.id())) continue;
				if (key.isFlag()) chosen.setFlag(key.id(), Boolean.parseBoolean(shown));
				else chosen.set(key.id(), shown);
				assertEquals(text(preset.options()), text(ForestKeys.options(chosen.check())), preset.id + " " + key.id());
			}
		}
	}

	@Test
	void everyKeyOfTheForestIsOfItsPresetAndDocumented() {
		for (final Key key : ForestKeys.forest()) {
			assertEquals(!key.id().equals("forest"), key.isFromPreset(), key.id());
			assertFalse(key.doc().isEmpty());
		}
		final Spec suggest = new Suggest_Features().spec();
		for (final String absent : new String[] { "calibrate", "importance", "autocontext", "context_sigmas", "refine",
			"model" })
			assertNull(suggest.find(absent), absent);
		assertEquals(17, ForestKeys.options(Options.parse(suggest, "trees=17 held_out=strokes tolerance=0.01")).trees());
	}
}
