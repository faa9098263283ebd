package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.Pictures;

import java.awt.Rectangle;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;

import org.junit.jupiter.api.Test;

class GuideTest {

	private static LiveImage image(final int width, final int height, final int depth) {
		return new LiveSession().addImage(Pictures.hyperstack("a.tif", width, height, 8, 1, depth, 1));
	}

	/** Uncertainty of one part: 10 everywhere, other values in squares of 32 pixels. */
	private static byte[] doubt(final Part part, final int... columnRowValue) {
		final Rectangle r = part.bounds();
		final byte[] doubt = new byte[r.width * r.height];
		Arrays.fill(doubt, (byte) 10);
		for (int i = 0; i < columnRowValue.length; i += 3)
			for (int y = 32 * columnRowValue[i + 1]; y < 32 * columnRowValue[i + 1] + 32; y++)
				for (int x = 32 * columnRowValue[i]; x < 32 * columnRowValue[i] + 32; x++)
					doubt[y * r.width + x] = (byte) columnRowValue[i + 2];
		return doubt;
	}

	private static void assertPlace(final int x, final int y, final int z, final double uncertainty,
		final LiveUpdater.Place place)
	{
		assertEquals(x + "," + y + "," + z, place.x + "," + place.y + "," + place.z);
		assertEquals(uncertainty, place.uncertainty, 1e-12);
	}

	@Test
	void theLeastCertainSquareComesFirst() {
		final LiveImage image = image(160, 128, 2);
		final Part part = new Part(image, 1, 0, 0, 0);
		final List<Part> order = Collections.singletonList(part);
		final Guide guide = new Guide();
		guide.of(1);
		assertNull(guide.choose(order));
		guide.look(part, doubt(part, 3, 2, 200, 1, 1, 255, 4, 0, 200));
		assertTrue(guide.knows(part));
		assertPlace(48, 48, 1, 1, guide.choose(order));
		assertPlace(144, 16, 1, 200 / 255.0, guide.choose(order));
		assertPlace(112, 80, 1, 200 / 255.0, guide.choose(order));
		guide.of(1);
		assertPlace(16, 16, 1, 10 / 255.0, guide.choose(order));
		guide.of(2);
		assertNull(guide.choose(order));
	}

	@Test
	void everySquareIsGivenOnce() {
		final LiveImage image = image(100, 70, 1);
		final Part part = new Part(image, 0, 0, 0, 0);
		final Guide guide = new Guide();
		guide.look(part, doubt(part));
		int count = 0;
		while (guide.choose(Collections.singletonList(part)) != null)
			count++;
		assertEquals(3 * 2, count, "squares of at least 16 pixels an edge");
	}

	@Test
	void labelsKeepPlacesAway() {
		final LiveImage image = image(160, 128, 1);
		final Part part = new Part(image, 0, 0, 0, 0);
		final Guide guide = new Guide();
		guide.look(part, doubt(part, 1, 1, 255, 3, 2, 200, 2, 2, 100));
		final LabelEdit edit = image.labels().edit();
		edit.stroke(48.5, 64.5, 48.5, 64.5, 1, 1, 0, 0);
		edit.stroke(112.5, 97.5, 112.5, 97.5, 1, 1, 0, 0);
		edit.finish();
		assertEquals(1, image.labels().get(48, 64, 0, 0));
		assertPlace(112, 80, 0, 200 / 255.0, guide.choose(Collections.singletonList(part)));
	}

	@Test
	void aTinyImageHasAPlace() {
		final LiveImage image = image(9, 7, 1);
		final Part part = new Part(image, 0, 0, 0, 0);
		final Guide guide = new Guide();
		final byte[] doubt = new byte[63];
		Arrays.fill(doubt, (byte) 51);
		guide.look(part, doubt);
		assertPlace(4, 3, 0, 0.2, guide.choose(Collections.singletonList(part)));
	}

	@Test
	void theViewIsSearchedFirstAndSlicesAreSpread() {
		final LiveImage image = image(1200, 600, 5);
		final LiveImage other = image(30, 30, 2);
		final View view = new View(image, 3, 0, new Rectangle(600, 0, 100, 100), Show.UNCERTAINTY);
		final List<Part> order = Guide.order(view, Arrays.asList(image, other));
		assertEquals(new Part(image, 3, 0, 1, 0), order.get(0));
		for (int i = 0; i < 6; i++)
			assertEquals(3, order.get(i).z);
		assertEquals(5 * 6 + 2, order.size());
		assertEquals(order.size(), new HashSet<>(order).size());
		assertEquals(other, order.get(31).image);
		assertEquals(Arrays.asList(0, 4, 2, 1, 3), Guide.spread(5));
		assertEquals(Collections.singletonList(0), Guide.spread(1));
		assertEquals(Arrays.asList(0, 4, 2, 6, 1, 5, 3, 7), Guide.spread(8));
	}
}
