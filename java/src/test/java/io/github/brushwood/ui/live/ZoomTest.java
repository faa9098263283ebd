package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Rectangle;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZoomTest {

	@ParameterizedTest
	@CsvSource({ "32,0", "1,0", "0.75,0", "0.5,1", "0.3333333333333333,1", "0.25,2", "0.041666,4", "0.013888,6" })
	void picturesNeverGetCoarserThanTheScreen(final double magnification, final int level) {
		assertEquals(level, new Zoom(new Rectangle(0, 0, 100, 100), magnification).level());
	}

	@ParameterizedTest
	@ValueSource(doubles = { 32, 3, 1.5, 1, 0.75, 1 / 3.0, 1 / 72.0 })
	void areasSurviveTheWayToTheCanvasAndBack(final double magnification) {
		final Zoom zoom = new Zoom(new Rectangle(300, 200, 900, 700), magnification);
		for (int i = 0; i < 50; i++) {
			final Rectangle area = new Rectangle(300 + 13 * i, 200 + 7 * i, 1 + i, 2 + i);
			assertTrue(zoom.toImage(zoom.toCanvas(area)).contains(area), area + " at " + magnification);
		}
	}

	@Test
	void nothingBeyondTheSightComesBack() {
		final Zoom zoom = new Zoom(new Rectangle(10, 20, 30, 40), 2);
		assertEquals(new Rectangle(10, 20, 30, 40), zoom.toImage(new Rectangle(-50, -50, 500, 500)));
	}

	@Test
	void neighboursMeet() {
		final Zoom zoom = new Zoom(new Rectangle(5, 5, 1000, 1000), 1 / 3.0);
		for (int x = 0; x < 900; x += 64)
			assertTrue(zoom.x(x + 64) - zoom.x(x) >= 21 && zoom.x(x + 64) - zoom.x(x) <= 22);
		assertEquals(0, zoom.x(5));
		assertEquals(0, zoom.y(5));
	}
}
