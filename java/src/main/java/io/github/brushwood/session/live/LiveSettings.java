package io.github.brushwood.session.live;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.TrainOptions;

/** What the forest sees and how it grows; immutable. */
public final class LiveSettings {

	/** A feature list as the engine parses it, or a preset's id. */
	public final String features;
	/** Whether sigmas follow the images' voxel size; else every voxel counts as a cube. */
	public final boolean calibrated;
	private final TrainOptions training;

	public LiveSettings(final String features, final boolean calibrated, final TrainOptions training) {
		this.features = features;
		this.calibrated = calibrated;
		this.training = training.copy();
	}

	/** The default preset and forest. */
	public static LiveSettings defaults() {
		return new LiveSettings(Engine.defaultPreset(), true, new TrainOptions());
	}

	/** A copy: options are mutable. */
	public TrainOptions training() {
		return training.copy();
	}

	public LiveSettings withFeatures(final String list) {
		return new LiveSettings(list, calibrated, training);
	}

	public LiveSettings withCalibrated(final boolean on) {
		return new LiveSettings(features, on, training);
	}

	public LiveSettings withTraining(final TrainOptions options) {
		return new LiveSettings(features, calibrated, options);
	}
}
