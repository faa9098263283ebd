package io.github.brushwood.session.objects;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.BrushwoodException;

import java.io.File;
import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.function.Executable;

/** Objects to test with, and the files of tests/data/interchange. */
final class Scenes {

	static final int WIDTH = 48;
	static final int HEIGHT = 40;

	private Scenes() {}

	static File file(final String name) {
		return new File("tests/data/interchange/" + name);
	}

	/** As objects(step) of tests/data/interchange/make.py. */
	static int[] rectangles(final int step) {
		final int[] plane = new int[WIDTH * HEIGHT];
		Arrays.setAll(plane, i -> {
			final int x = i % WIDTH;
			final int y = i / WIDTH;
			final boolean inside = x % 8 >= 1 && x % 8 <= 6 && y % 10 >= 1 && y % 10 <= 8;
			return inside ? 1 + (y / 10 * 6 + x / 8) * step : 0;
		});
		return plane;
	}

	/** Objects that touch, with holes, in several parts and at the border, of a few numbers from 1 to most. */
	static LabelImage random(final int width, final int height, final int slices, final int frames, final int most) {
		final Random random = new Random(most);
		final LabelImage labels = new LabelImage(width, height, slices, frames);
		for (int t = 0; t < frames; t++)
			for (int z = 0; z < slices; z++) {
				final int[] plane = new int[width * height];
				for (int n = 0; n < 12; n++) {
					final int number = 1 + random.nextInt(most);
					final int x0 = random.nextInt(width);
					final int y0 = random.nextInt(height);
					final int reach = 1 + random.nextInt(8);
					for (int i = 0; i < plane.length; i++)
						if (Math.hypot(i % width - x0, i / width - y0) < reach) plane[i] = random.nextInt(9) == 0 ? 0 : number;
				}
				labels.setPlane(z, t, plane);
			}
		return labels;
	}

	static void assertSame(final LabelImage expected, final LabelImage actual) {
		assertEquals(expected.slices, actual.slices);
		assertEquals(expected.frames, actual.frames);
		for (int t = 0; t < expected.frames; t++)
			for (int z = 0; z < expected.slices; z++)
				assertArrayEquals(expected.plane(z, t), actual.plane(z, t), "slice " + z + " of frame " + t);
	}

	/** Fails unless the action fails with a sentence that has these words. */
	static void assertRefused(final Executable action, final String... words) {
		final String message = assertThrows(BrushwoodException.class, action).getMessage();
		for (final String word : words)
			assertTrue(message.contains(word), message);
		assertTrue(message.endsWith("."), message);
	}
}
