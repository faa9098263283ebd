package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The native engine itself. The first use of any class of this package loads the library; when that fails, this and
 * every later use throws an {@link EngineException} with status {@link Status#INTERNAL} and one sentence that says what
 * to do.
 */
public final class Engine {

	private Engine() {}

	/** The library's version, the same as the jar's. */
	public static String version() {
		NativeLoader.load();
		return Native.text(Native.version());
	}

	/** Instruction set in use: scalar, sse2, neon, avx2 or avx512. */
	public static String simd() {
		NativeLoader.load();
		return Native.text(Native.simd());
	}

	/** Threads a job uses unless told otherwise. */
	public static int defaultThreads() {
		NativeLoader.load();
		return Native.defaultThreads();
	}

	/** The feature table, in its order. */
	public static List<FeatureRow> featureRows() {
		NativeLoader.load();
		final List<FeatureRow> rows = new ArrayList<>();
		for (int i = 0; i < Native.featureCount(); i++)
			rows.add(new FeatureRow(texts(Native.featureTexts(i)), Native.featureNumbers(i)));
		return Collections.unmodifiableList(rows);
	}

	/** The feature presets, in their order. */
	public static List<Preset> presets() {
		NativeLoader.load();
		final List<Preset> presets = new ArrayList<>();
		for (int i = 0; i < Native.presetCount(); i++) {
			final String[] texts = texts(Native.presetTexts(i));
			presets.add(new Preset(texts[0], texts[1], texts[2], texts[3]));
		}
		return Collections.unmodifiableList(presets);
	}

	/** Id of the preset to offer first. */
	public static String defaultPreset() {
		NativeLoader.load();
		return Native.text(Native.defaultPreset());
	}

	/** The ways to grow forests, in their order; the first is the default. */
	public static List<ForestPreset> forestPresets() {
		NativeLoader.load();
		final List<ForestPreset> presets = new ArrayList<>();
		for (int i = 0; i < Native.forestPresetCount(); i++) {
			final String[] texts = texts(Native.forestPresetTexts(i));
			final TrainOptions.Packed o = new TrainOptions.Packed();
			Native.forestPresetOptions(i, o.whole, o.real, o.weights);
			presets.add(new ForestPreset(texts[0], texts[1], texts[2], new TrainOptions(o)));
		}
		return Collections.unmodifiableList(presets);
	}

	/** Bytes the engine holds for all objects together; 0 once every one is closed. */
	public static long memoryInUse() {
		NativeLoader.load();
		return Native.memoryInUse();
	}

	/** Colour, 0xRRGGBB, that class <code>index</code> (0-based) has unless another is chosen; repeats after eight. */
	public static int classColour(final int index) {
		NativeLoader.load();
		return Native.classColour(index);
	}

	/** Most classes a model can have. */
	public static int maxClasses() {
		NativeLoader.load();
		return Native.maxClasses();
	}

	private static String[] texts(final byte[][] sent) {
		final String[] texts = new String[sent.length];
		for (int i = 0; i < sent.length; i++)
			texts[i] = Native.text(sent[i]);
		return texts;
	}
}
