package io.github.brushwood.session;

import io.github.brushwood.engine.Balance;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.ForestPreset;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.TrainOptions;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;
import io.github.brushwood.session.options.Spec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** The keys that say how a forest grows. A key that is not given is as its preset says. */
public final class ForestKeys {

	private static final int MAX_TREES = 1000;
	private static final int MAX_FOLDS = 100;
	private static final int MAX_PERMUTATIONS = 100;
	private static final double MAX_WEIGHT = 4096;
	private static final double MIN_SIGMA = 0.3;
	private static final double MAX_SIGMA = 100;
	/** What folds, block and context are when a preset that has none is given some. */
	private static final int FOLDS = 5;
	private static final int BLOCK = 64;
	private static final double[] CONTEXT = { 1.6, 3.5, 10 };
	private static final int PERMUTATIONS = 5;
	private static final int MAX_REFINE = 32;

	private static final String FOREST = "forest";
	private static final String GROWING = "Forest";
	private static final String ASSESSING = "Assessment";
	private static final String AUTOCONTEXT = "Autocontext";
	private static final String SMOOTHING = "Result";

	/** An option of the forest: its key, what a preset says of it and how a given value replaces that. */
	private static final class Row {

		private final Key key;
		private final Function<TrainOptions, String> get;
		private final BiConsumer<TrainOptions, Options> set;

		private Row(final Key key, final Function<TrainOptions, String> get, final BiConsumer<TrainOptions, Options> set) {
			this.key = key.fromPreset();
			this.get = get;
			this.set = set;
		}
	}

	private static final List<Row> ROWS = Arrays.asList(
		new Row(Key.choice("held_out", "Held-out check",
			"Assess the forest on samples it has not seen: single ones (flatters, as neighbours are alike), whole strokes, " +
				"blocks of an image, or whole images; each part in turn, by forests grown without it.", ids(Holdout.values())),
			t -> id(t.holdout()),
			(t, o) -> t.holdout(Holdout.valueOf(upper(o.text("held_out"))), t.folds(), t.block())),
		new Row(Key.of(Kind.INTEGER, "trees", "Trees", "", "Number of trees, 1 to " + MAX_TREES + ".").under(GROWING),
			t -> "" + t.trees(), (t, o) -> t.trees(whole(o, "trees", 1, MAX_TREES))),
		new Row(Key.of(Kind.TEXT, "mtry", "Candidates per split", "",
			"Features tried per split: a number, or sqrt, log2 or all of their number; 0 is sqrt.").under(GROWING),
			ForestKeys::mtry, (t, o) -> t.mtry(mtry(o))),
		new Row(Key.of(Kind.INTEGER, "max_depth", "Maximum depth", "",
			"Deepest level of a tree; 0 to grow until the leaves are pure.").under(GROWING), t -> "" + t.maxDepth(), (t,
				o) -> t.maxDepth(whole(o, "max_depth", 0, Integer.MAX_VALUE))),
		new Row(Key.of(Kind.INTEGER, "min_leaf", "Smallest leaf", "", "Fewest drawn samples in a leaf.").under(GROWING),
			t -> "" + t.minLeaf(), (t, o) -> t.minLeaf(whole(o, "min_leaf", 1, Integer.MAX_VALUE))),
		new Row(Key.of(Kind.TEXT, "bootstrap", "Bootstrap fraction", "",
			"Samples drawn per tree, with replacement, as a fraction of all, up to 1; 0 for all samples once, which leaves " +
				"none out of bag.").under(GROWING), t -> Options.plain(t.bootstrap()), (t, o) -> t.bootstrap(o.number(
					"bootstrap", 0, 1))),
		new Row(Key.flag("extra", "Extremely randomised splits",
			"Try one random threshold per candidate feature in place of the best one.").under(GROWING), t -> "" + t.extra(),
			(t, o) -> t.extra(o.flag("extra"))),
		new Row(Key.choice("balance", "Balance",
			"How classes share each tree's samples: as many as there are, all classes alike (also written as the key alone), " +
				"or by class_weights.", ids(Balance.values())).asSwitch(id(Balance.CLASSES), id(Balance.NONE)).under(GROWING),
			t -> id(t.balance()), (t, o) -> t.balance(Balance.valueOf(upper(o.text("balance"))))),
		new Row(Key.of(Kind.TEXT, "class_weights", "Class weights", "",
			"Share of the samples of classes 1, 2, ... in the drawing, relative, such as 1,2.5; further classes have " +
				"1. With balance=custom.").under(GROWING), t -> weights(t.classWeights()), (t, o) -> t.classWeights(weights(o))),
		new Row(Key.of(Kind.TEXT, "stroke_balance", "Stroke balance", "",
			"0 to 1: how much a long stroke's pixels count less than a short one's; 1 = all strokes count alike.").under(
				GROWING), t -> Options.plain(t.strokeBalance()), (t, o) -> t.strokeBalance(o.number("stroke_balance", 0, 1))),
		new Row(Key.of(Kind.INTEGER, "seed", "Seed", "", "The same seed and labels give the same model.").under(GROWING),
			t -> "" + t.seed(), (t, o) -> t.seed(o.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE))),
		new Row(Key.of(Kind.INTEGER, "folds", "Folds", "",
			"Parts of the held-out check, 2 to " + MAX_FOLDS + "; of images at most one each.").under(ASSESSING),
			t -> "" + folds(t), (t, o) -> t.holdout(t.holdout(), whole(o, "folds", 2, MAX_FOLDS), t.block())),
		new Row(Key.of(Kind.INTEGER, "block", "Block edge", "",
			"Edge of the blocks of held_out=blocks in pixels along x.").under(ASSESSING), t -> "" + block(t), (t, o) -> t
				.holdout(t.holdout(), t.folds(), o.integer("block", 1, Integer.MAX_VALUE))),
		new Row(Key.flag("calibrate", "Calibrate probabilities",
			"Turn probabilities into observed frequencies, measured on held-out samples, or on out-of-bag ones without a " +
				"held-out check.").under(ASSESSING), t -> "" + t.calibrate(), (t, o) -> t.calibrate(o.flag("calibrate"))),
		new Row(Key.of(Kind.INTEGER, "importance", "Importance permutations", "",
			"Permutations per feature for the permutation importance, up to " + MAX_PERMUTATIONS +
				"; 0 for none; the key alone is " + PERMUTATIONS + ".").asSwitch("" + PERMUTATIONS, "0").under(ASSESSING), t -> "" +
					t.importance(), (t, o) -> t.importance(whole(o, "importance", 0, MAX_PERMUTATIONS))),
		new Row(Key.flag("autocontext", "Autocontext",
			"Grow a second forest that also sees the first one's smoothed probabilities.").under(AUTOCONTEXT), t -> "" + (t
				.contextSigmas().length > 0), (t, o) -> t.contextSigmas(o.flag("autocontext") ? context(t) : new double[0])),
		new Row(Key.of(Kind.TEXT, "context_sigmas", "Smoothing sigmas", "",
			"Sigmas of that smoothing in pixels along x, ascending, at most " + TrainOptions.MAX_CONTEXT_SIGMAS +
				", such as 1.6,3.5,10.").under(AUTOCONTEXT), t -> list(context(t)), (t, o) -> t.contextSigmas(o.numbers(
					"context_sigmas", MIN_SIGMA, MAX_SIGMA, TrainOptions.MAX_CONTEXT_SIGMAS))),
		new Row(Key.of(Kind.INTEGER, "refine", "Smoothing along edges", "",
			"Radius in pixels of the windows in which the model's probabilities are smoothed along the image's structures, up " +
				"to " + MAX_REFINE + "; 0 for none.").under(SMOOTHING), t -> "" + t.refine(), (t, o) -> t.refine(whole(o,
					"refine", 0, MAX_REFINE))));

	/** Keys without a meaning when features are looked for. */
	private static final List<String> NOT_FOR_SELECTION = Arrays.asList("calibrate", "importance", "autocontext",
		"context_sigmas", "refine");

	private ForestKeys() {}

	/** Keys of the forest, the preset first. */
	public static List<Key> forest() {
		return keys(new ArrayList<>());
	}

	/** @param presets values of the preset's key, the default first; the presets' names are added */
	private static List<Key> keys(final List<String> presets) {
		for (final ForestPreset preset : Engine.forestPresets())
			presets.add(preset.id);
		final List<Key> keys = new ArrayList<>();
		keys.add(Key.choice(FOREST, "Forest",
			"How the forest is grown; the keys below replace single values of it.", presets.toArray(new String[0])));
		for (final Row row : ROWS)
			keys.add(row.key);
		return keys;
	}

	/** The same for feature selection. */
	public static List<Key> selection() {
		final List<Key> keys = new ArrayList<>(forest());
		keys.removeIf(key -> NOT_FOR_SELECTION.contains(key.id()));
		return keys;
	}

	/** What the chosen preset says of a key. */
	public static String defaultOf(final Key key, final Options others) {
		for (final Row row : ROWS)
			if (row.key.id().equals(key.id())) return row.get.apply(preset(others));
		return key.defaultValue();
	}

	/** The forest that the keys describe. */
	public static TrainOptions options(final Options options) {
		return options(options, preset(options));
	}

	/**
	 * A forest in which some values are replaced.
	 *
	 * @param text keys and values such as <code>trees=200 seed=3</code>; with <code>forest=id</code> the others become
	 *          those of a preset, else they stay
	 */
	public static TrainOptions change(final TrainOptions forest, final String text) {
		final Options options = Options.parse(change(), text);
		return options(options, options.given(FOREST) ? preset(options) : forest.copy());
	}

	/** Keys that replace values of a forest; without a preset the others stay. */
	private static Spec change() {
		return new Spec("the forest", "", keys(new ArrayList<>(Collections.singleton(""))));
	}

	/** All values of a forest as {@link #change} takes them. */
	public static String format(final TrainOptions forest) {
		final Options options = new Options(change());
		for (final Row row : ROWS) {
			final String id = row.key.id();
			if (!hasEffect(id, forest)) continue;
			if (row.key.isFlag()) options.setFlag(id, Boolean.parseBoolean(row.get.apply(forest)));
			else options.set(id, row.get.apply(forest));
		}
		return options.toString();
	}

	/** Whether a key means something with the forest's other values. */
	private static boolean hasEffect(final String key, final TrainOptions t) {
		switch (key) {
			case "class_weights":
				return t.balance() == Balance.CUSTOM;
			case "folds":
				return t.holdout() != Holdout.NONE;
			case "block":
				return t.holdout() == Holdout.BLOCKS;
			case "context_sigmas":
				return t.contextSigmas().length > 0;
			default:
				return true;
		}
	}

	private static TrainOptions options(final Options options, final TrainOptions t) {
		final boolean context = t.contextSigmas().length > 0;
		for (final Row row : ROWS)
			if (options.spec().find(row.key.id()) != null && options.given(row.key.id())) row.set.accept(t, options);
		check(t, context, options);
		return t.holdout() == Holdout.NONE ? t : t.holdout(t.holdout(), folds(t), block(t));
	}

	/** Keys that would do nothing are mistakes. */
	private static void check(final TrainOptions t, final boolean context, final Options options) {
		needs(options, "class_weights", hasEffect("class_weights", t), "balance=custom");
		needs(options, "folds", hasEffect("folds", t), "'held_out'");
		needs(options, "block", hasEffect("block", t), "held_out=blocks");
		final boolean autocontext = options.given("autocontext") ? options.flag("autocontext") : context;
		needs(options, "context_sigmas", autocontext, "'autocontext'");
		if (options.given("balance") && t.balance() == Balance.CUSTOM && !options.given("class_weights")) {
			throw new BrushwoodException("balance=custom needs the key 'class_weights', such as class_weights=1,2.");
		}
	}

	private static void needs(final Options options, final String key, final boolean met, final String other) {
		if (met || options.spec().find(key) == null || !options.given(key)) return;
		throw new BrushwoodException("The key '" + key + "' has no effect without " + other + ". Give that too, or leave '" +
			key + "' out.");
	}

	private static TrainOptions preset(final Options options) {
		for (final ForestPreset preset : Engine.forestPresets())
			if (preset.id.equals(options.text(FOREST))) return preset.options();
		throw new BrushwoodException("There is no forest '" + options.text(FOREST) + "'.");
	}

	// ---- values as text and back

	private static int whole(final Options options, final String key, final int min, final int max) {
		return (int) options.integer(key, min, max);
	}

	private static String id(final Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT);
	}

	private static String[] ids(final Enum<?>[] values) {
		final String[] ids = new String[values.length];
		for (int i = 0; i < ids.length; i++)
			ids[i] = id(values[i]);
		return ids;
	}

	private static String upper(final String id) {
		return id.toUpperCase(Locale.ROOT);
	}

	private static String mtry(final TrainOptions t) {
		switch (t.mtry()) {
			case TrainOptions.MTRY_SQRT:
				return "sqrt";
			case TrainOptions.MTRY_LOG2:
				return "log2";
			case TrainOptions.MTRY_ALL:
				return "all";
			default:
				return "" + t.mtry();
		}
	}

	private static int mtry(final Options options) {
		final String text = options.text("mtry").trim();
		switch (text) {
			case "sqrt":
				return TrainOptions.MTRY_SQRT;
			case "log2":
				return TrainOptions.MTRY_LOG2;
			case "all":
				return TrainOptions.MTRY_ALL;
			default:
				if (text.matches("[0-9]{1,9}")) return Integer.parseInt(text); // 0 is MTRY_SQRT
				throw new BrushwoodException("The value of 'mtry' has to be a whole number of features, or sqrt, log2 or " +
					"all, not '" + text + "'.");
		}
	}

	/** Without the ones at the end, which are what a class without a weight has. */
	private static String weights(final float[] weights) {
		int count = weights.length;
		while (count > 1 && weights[count - 1] == 1)
			count--;
		final double[] numbers = new double[count];
		for (int i = 0; i < count; i++)
			numbers[i] = Double.parseDouble(Float.toString(weights[i]));
		return list(numbers);
	}

	private static float[] weights(final Options options) {
		final double[] numbers = options.numbers("class_weights", 0, MAX_WEIGHT, AnnotationClasses.MAX);
		final float[] weights = new float[AnnotationClasses.MAX];
		for (int i = 0; i < weights.length; i++)
			weights[i] = i < numbers.length ? (float) numbers[i] : 1;
		return weights;
	}

	private static String list(final double[] numbers) {
		final List<String> texts = new ArrayList<>();
		for (final double number : numbers)
			texts.add(Options.plain(number));
		return String.join(",", texts);
	}

	private static double[] context(final TrainOptions t) {
		return t.contextSigmas().length > 0 ? t.contextSigmas() : CONTEXT.clone();
	}

	private static int folds(final TrainOptions t) {
		return t.folds() >= 2 ? t.folds() : FOLDS;
	}

	private static long block(final TrainOptions t) {
		return t.block() >= 1 ? t.block() : BLOCK;
	}
}
