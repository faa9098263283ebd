package io.github.brushwood.session.objects;

import static io.github.brushwood.session.objects.Scenes.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.CompositeImage;
import ij.ImagePlus;

import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.objects.ObjectChannel.Values;

import java.util.Arrays;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects as strokes and as a channel, and how deep pixels lie in them. */
class ObjectStrokesTest {

	/** The way to the nearest pixel with another label, by trying all. */
	private static int bruteForce(final int[] labels, final int width, final int at) {
		int nearest = 1 << 29;
		for (int i = 0; i < labels.length; i++) {
			if (labels[i] == labels[at]) continue;
			final int dx = Math.abs(i % width - at % width);
			final int dy = Math.abs(i / width - at / width);
			nearest = Math.min(nearest, 3 * Math.max(dx, dy) + Math.min(dx, dy));
		}
		return nearest;
	}

	@Test
	void depthIsTheShortestWayOut() {
		final int[] plane = Scenes.random(31, 23, 1, 1, 5).plane(0, 0);
		final int[] depth = Depth.of(plane, 31, 23);
		for (int i = 0; i < plane.length; i++)
			assertEquals(bruteForce(plane, 31, i), depth[i], "pixel " + i);
	}

	private static int[] strokes(final ImagePlus imp, final LabelImage labels, final int erode, final int margin) {
		final Annotations annotations = new Annotations(imp);
		final AnnotationClass background = annotations.define("far");
		new ObjectStrokes(labels, erode, margin).addTo(annotations, annotations.define("cell"), background);
		final ImagePlus painted = annotations.toLabelImage("x");
		final int[] pixels = new int[imp.getWidth() * imp.getHeight()];
		for (int i = 0; i < pixels.length; i++)
			pixels[i] = painted.getProcessor().get(i);
		return pixels;
	}

	/** Every pixel of an object deeper than the rim is a stroke; touching objects have a rim between them. */
	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 2, 3 })
	void strokesAreObjectsWithoutTheirRim(final int erode) {
		final LabelImage labels = new LabelImage(60, 50, 1, 1);
		final int[] plane = new int[60 * 50];
		for (int i = 0; i < plane.length; i++) {
			final int x = i % 60;
			final int y = i / 60;
			if (y >= 5 && y < 25 && x < 30) plane[i] = x < 14 ? 1 : 2;
			if (x == 50 && y == 20) plane[i] = 3;
		}
		labels.setPlane(0, 0, plane);
		final int[] found = strokes(Pictures.plane("p", 60, 50, 8), labels, erode, 4);
		final int[] depth = Depth.of(plane, 60, 50);
		for (int i = 0; i < plane.length; i++) {
			final boolean core = plane[i] == 3 || plane[i] > 0 && depth[i] > 3 * erode;
			final boolean far = plane[i] == 0 && depth[i] > 12 && i / 60 % 4 == 2;
			assertEquals(core ? 2 : far ? 1 : 0, found[i], i % 60 + " " + i / 60);
		}
	}

	@Test
	void theImagesBorderIsNoRim() {
		final LabelImage labels = new LabelImage(20, 10, 1, 1);
		final int[] plane = new int[200];
		Arrays.fill(plane, 7);
		labels.setPlane(0, 0, plane);
		for (final int pixel : strokes(Pictures.plane("p", 20, 10, 8), labels, 5, 4))
			assertEquals(2, pixel);
		assertRefused(() -> new ObjectStrokes(new LabelImage(20, 10, 1, 1), 1, 1), "no objects");
	}

	@ParameterizedTest
	@CsvSource({ "8,1,1,1", "16,2,3,1", "32,1,2,2", "8,3,1,2" })
	void theChannelComesBehindTheOthers(final int bits, final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("p", 37, 29, bits, c, z, t);
		final LabelImage labels = Scenes.random(37, 29, z, t, 40);
		for (final Values values : Values.values()) {
			final ImagePlus with = ObjectChannel.append(imp, labels, values);
			assertEquals(c + 1, with.getNChannels());
			assertEquals(bits, with.getBitDepth());
			assertEquals(0.75, with.getCalibration().pixelDepth);
			for (int frame = 1; frame <= t; frame++)
				for (int slice = 1; slice <= z; slice++)
					check(imp, with, labels.plane(slice - 1, frame - 1), values, slice, frame);
		}
	}

	private static void check(final ImagePlus imp, final ImagePlus with, final int[] plane, final Values values,
		final int slice, final int frame)
	{
		final int[] depth = Depth.of(plane, 37, 29);
		for (int i = 0; i < plane.length; i++) {
			final int inside = values == Values.MASK ? 255 : depth[i] / 3;
			assertEquals(plane[i] == 0 ? 0 : inside, value(with, imp.getNChannels() + 1, slice, frame, i));
			assertEquals(value(imp, 1, slice, frame, i), value(with, 1, slice, frame, i));
		}
	}

	private static float value(final ImagePlus imp, final int c, final int slice, final int frame, final int i) {
		return imp.getStack().getProcessor(imp.getStackIndex(c, slice, frame)).getf(i);
	}

	@Test
	void coloursHaveNoFurtherChannel() {
		assertRefused(() -> ObjectChannel.append(Pictures.plane("c", 37, 29, 24), new LabelImage(37, 29, 1, 1), Values.MASK),
			"'c'", "RGB");
		final ImagePlus imp = Pictures.plane("g", 37, 29, 8);
		final ImagePlus with = ObjectChannel.append(imp, new LabelImage(37, 29, 1, 1), Values.DEPTH);
		assertTrue(with.getProcessor() != imp.getProcessor());
		assertSame(CompositeImage.class, with.getClass());
	}

	/** ImageJ shows what the calibration makes of the pixels. */
	@Test
	void theChannelOfASignedImageIsSignedToo() {
		final ImagePlus imp = Pictures.plane("s", 37, 29, 16);
		imp.getCalibration().setSigned16BitCalibration();
		final LabelImage labels = Scenes.random(37, 29, 1, 1, 40);
		final ImagePlus with = ObjectChannel.append(imp, labels, Values.MASK);
		with.setC(2);
		assertEquals(0, with.getStatistics().min);
		assertEquals(255, with.getStatistics().max);
		assertEquals(0, with.getCalibration().getCValue((int) with.getDisplayRangeMin()));
	}
}
