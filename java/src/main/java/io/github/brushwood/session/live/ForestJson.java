package io.github.brushwood.session.live;

import com.google.gson.stream.JsonWriter;

import io.github.brushwood.engine.Balance;
import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.TrainOptions;

import java.io.IOException;

/** All values of a forest's options as JSON. What they may be with one another is the engine's to say. */
final class ForestJson {

	private static final int MAX_TREES = 1000;
	private static final int MAX_FOLDS = 100;
	private static final int MAX_PERMUTATIONS = 100;
	private static final int MAX_REFINE = 32;
	private static final double MAX_NUMBER = 1e6;

	private ForestJson() {}

	static void write(final JsonWriter json, final TrainOptions t) throws IOException {
		json.beginObject();
		json.name("trees").value(t.trees());
		json.name("mtry").value(t.mtry());
		json.name("max_depth").value(t.maxDepth());
		json.name("min_leaf").value(t.minLeaf());
		json.name("bootstrap").value(t.bootstrap());
		json.name("extra").value(t.extra());
		json.name("balance").value(JsonFields.idOf(t.balance()));
		json.name("class_weights").beginArray();
		for (final float weight : t.classWeights())
			json.value(weight);
		json.endArray();
		json.name("stroke_balance").value(t.strokeBalance());
		json.name("seed").value(t.seed());
		json.name("held_out").value(JsonFields.idOf(t.holdout()));
		json.name("folds").value(t.folds());
		json.name("block").value(t.block());
		json.name("calibrate").value(t.calibrate());
		json.name("importance").value(t.importance());
		json.name("context_sigmas").beginArray();
		for (final double sigma : t.contextSigmas())
			json.value(sigma);
		json.endArray();
		json.name("refine").value(t.refine());
		json.endObject();
	}

	static TrainOptions read(final JsonFields json) throws IOException {
		final TrainOptions t = new TrainOptions();
		t.trees((int) json.whole("trees", 1, MAX_TREES));
		t.mtry((int) json.whole("mtry", TrainOptions.MTRY_ALL, Integer.MAX_VALUE));
		t.maxDepth((int) json.whole("max_depth", 0, Integer.MAX_VALUE));
		t.minLeaf((int) json.whole("min_leaf", 1, Integer.MAX_VALUE));
		t.bootstrap(json.number("bootstrap", 0, 1)).extra(json.flag("extra"));
		t.balance(json.choice("balance", Balance.values()));
		final double[] numbers = json.numbers("class_weights", 0, MAX_NUMBER, Engine.maxClasses());
		final float[] weights = new float[numbers.length];
		for (int i = 0; i < weights.length; i++)
			weights[i] = (float) numbers[i];
		t.classWeights(weights);
		t.strokeBalance(json.number("stroke_balance", 0, 1));
		t.seed(json.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE));
		t.holdout(json.choice("held_out", Holdout.values()), (int) json.whole("folds", 0, MAX_FOLDS), json.whole("block", 0,
			Integer.MAX_VALUE));
		t.calibrate(json.flag("calibrate")).importance((int) json.whole("importance", 0, MAX_PERMUTATIONS));
		t.contextSigmas(json.numbers("context_sigmas", 0, MAX_NUMBER, TrainOptions.MAX_CONTEXT_SIGMAS));
		t.refine((int) json.whole("refine", 0, MAX_REFINE));
		json.checkNothingElse();
		return t;
	}
}
