package io.github.brushwood.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

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

	/** Whether the native library has been loaded. */
	public static boolean isLoaded() {
		return NativeLoader.isLoaded();
	}

	/** Milliseconds that finding, unpacking and loading the native library took. */
	public static double loadMillis() {
		return NativeLoader.load().millis;
	}

	/** The OpenMP runtime library in use. */
	public static String openMp() {
		NativeLoader.load();
		return texts(Native.hostTexts())[2];
	}

	/** A sentence for the user when Java is of the wrong kind for this machine and slows the engine down; else null. */
	public static String slowJava() {
		NativeLoader.load();
		return slowJava(Native.translated());
	}

	static String slowJava(final boolean translated) {
		return !translated ? null : "This Java is made for Intel processors, and Rosetta translates it: Brushwood works, " +
			"but slowly. Install the Fiji for Apple silicon (ARM).";
	}

	/** What the engine is, where it comes from and what it runs on: lines of text. */
	public static String description() {
		final NativeLoader.Loaded library = NativeLoader.load();
		final String[] host = texts(Native.hostTexts());
		final List<String> lines = new ArrayList<>();
		lines.add("Brushwood " + version());
		lines.add("Instructions: " + simd());
		lines.add("Threads: " + defaultThreads() + " unless told otherwise (" + host[2] + ")");
		lines.add("Library: for " + host[0] + ", made with " + host[1]);
		lines.add(String.format(Locale.ROOT, "Loaded from: %s (%.0f ms)", library.source, library.millis));
		lines.add("Java: " + System.getProperty("java.version") + ", " + System.getProperty("os.name") + " " + System
			.getProperty("os.version") + ", " + System.getProperty("os.arch"));
		final List<String> notes = new ArrayList<>(library.notes);
		if (slowJava() != null) notes.add(slowJava());
		for (final String note : notes)
			lines.add("Note: " + note);
		return String.join("\n", lines);
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
