package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.FeatureRow;

import java.awt.Color;
import java.util.Arrays;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Feature images of ImageJ's images. */
class RecipesTest {

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	private static ImagePlus show(final ImagePlus imp, final String features) {
		return Recipes.show(Jobs.defaults(), imp, features, null);
	}

	private static float[] pixels(final ImagePlus imp, final int channel, final int slice) {
		return (float[]) imp.getStack().getPixels(imp.getStackIndex(channel, slice, 1));
	}

	/** Colours are those of Java itself, in every slice. */
	@Test
	void hueSaturationBrightness() {
		final ImagePlus imp = Pictures.hyperstack("colours", 40, 31, 24, 1, 3, 1);
		final ImagePlus features = show(imp, "hsb");
		assertEquals(3, features.getNChannels());
		for (int slice = 1; slice <= 3; slice++) {
			final int[] colours = (int[]) imp.getStack().getPixels(slice);
			for (int i = 0; i < colours.length; i++) {
				final Color c = new Color(colours[i]);
				final float[] hsb = Color.RGBtoHSB(c.getRed(), c.getGreen(), c.getBlue(), null);
				assertEquals(hsb[0], pixels(features, 1, slice)[i], 1e-6);
				assertEquals(hsb[1], pixels(features, 2, slice)[i], 1e-6);
				assertEquals(hsb[2] * 255, pixels(features, 3, slice)[i], 1e-4);
			}
		}
	}

	/** A pixel of 0.8 units of hematoxylin's optical densities holds that much of it and nothing else. */
	@Test
	void stains() {
		final double[] hematoxylin = { 0.650, 0.704, 0.286 };
		final double length = Math.sqrt(0.650 * 0.650 + 0.704 * 0.704 + 0.286 * 0.286);
		int rgb = 0;
		for (final double share : hematoxylin)
			rgb = rgb << 8 | (int) Math.round(256 * Math.pow(10, -0.8 * share / length) - 1);
		final ImagePlus imp = Pictures.plane("stained", 8, 8, 24);
		Arrays.fill((int[]) imp.getProcessor().getPixels(), rgb);
		for (final String stains : new String[] { "stain_he", "stain_hdab" }) {
			final ImagePlus features = show(imp, stains);
			assertEquals(0.8, pixels(features, 1, 1)[9], 0.01, stains);
			assertEquals(0, pixels(features, 2, 1)[9], 0.01, stains);
			assertEquals(0, pixels(features, 3, 1)[9], 0.01, stains);
		}
	}

	/** Every row of two slices at once is what each of its slices gives, where there is no 3D form or @2d is asked for. */
	@Test
	void flatFeaturesOfAStackAreThoseOfItsSlices() {
		final ImagePlus stack = Pictures.hyperstack("stack", 33, 30, 24, 1, 2, 1);
		for (final FeatureRow row : Engine.featureRows()) {
			final ImagePlus whole = show(stack, row.item() + "@2d");
			final int channels = row.rgb ? 3 : 3 * row.outputs2d;
			assertEquals(channels, whole.getNChannels(), row.id);
			for (int slice = 1; slice <= 2; slice++) {
				final ImagePlus plane = new ImagePlus("slice", stack.getStack().getProcessor(slice));
				plane.setCalibration(stack.getCalibration());
				final ImagePlus single = show(plane, row.item());
				for (int c = 1; c <= channels; c++)
					assertArrayEquals(pixels(single, c, 1), pixels(whole, c, slice), row.id);
			}
		}
	}

	/** Exact lists give other values at scales that the fast way shortens, and nearly the same ones. */
	@Test
	void exactLists() {
		final ImagePlus imp = Pictures.plane("exact", 120, 90, 8);
		final ImagePlus fast = show(imp, "gaussian:10");
		final ImagePlus exact = show(imp, "exact;gaussian:10");
		assertEquals("Features: gaussian:10\n", fast.getProperty("Info"));
		assertEquals("Features: exact;gaussian:10\n", exact.getProperty("Info"));
		assertFalse(Arrays.equals(pixels(fast, 1, 1), pixels(exact, 1, 1)));
		final double spread = exact.getStatistics().stdDev;
		double squares = 0;
		for (int i = 0; i < 120 * 90; i++)
			squares += Math.pow(pixels(fast, 1, 1)[i] - pixels(exact, 1, 1)[i], 2);
		assertTrue(Math.sqrt(squares / (120 * 90)) <= 0.005 * spread, "deviation");
	}

	/** More images than an input may have channels. */
	@Test
	void longLists() {
		final ImagePlus features = show(Pictures.plane("many", 40, 30, 24), "thorough;hsb");
		assertTrue(features.getNChannels() > 128);
		assertEquals("hsb brightness", features.getStack().getSliceLabel(features.getNChannels()));
	}
}
