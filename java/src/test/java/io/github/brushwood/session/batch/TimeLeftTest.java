package io.github.brushwood.session.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeLeftTest {

	private final TimeLeft left = new TimeLeft();

	/** Steady work that takes <code>total</code> seconds, told ten times a second from one moment to another. */
	private void work(final double total, final double from, final double to) {
		for (double t = from; t <= to; t += 0.1)
			left.update(t, t / total);
	}

	@Test
	void nothingIsToldBeforeItMeansSomething() {
		assertEquals("", left.text());
		work(100, 0, 2.8);
		assertEquals("", left.text());
		work(100, 2.9, 3.2);
		assertEquals(96.8, left.seconds(), 3);
		final TimeLeft slow = new TimeLeft();
		for (int t = 0; t < 100; t++)
			slow.update(t, t * 1e-5);
		assertEquals("", slow.text(), "a thousandth of the work tells nothing");
	}

	@ParameterizedTest
	@CsvSource({ "100,60,40 s left", "100,97.5,5 s left", "100,99.9,5 s left", "1000,700,5 min left", "1000,930,70 s left",
		"3650,120,59 min left", "6000,600,90 min left", "40000,4000,10 h 0 min left", "9000,600,2 h 20 min left" })
	void steadyWork(final double total, final double at, final String text) {
		work(total, 0, at);
		assertEquals(text, left.text());
	}

	@Test
	void theEstimateFollowsAnotherPaceWithoutJumping() {
		work(100, 0, 30);
		double before = left.seconds();
		double fraction = 0.3;
		for (int t = 31; t <= 200 && fraction < 1; t++) {
			fraction += 0.0025; // four times slower
			left.update(t, fraction);
			assertTrue(Math.abs(left.seconds() - before) < 25, t + " s: " + before + " then " + left.seconds());
			before = left.seconds();
		}
		assertEquals((1 - fraction) / 0.0025, left.seconds(), 40);
	}

	@Test
	void aStandstillMakesItLonger() {
		work(100, 0, 30);
		final double before = left.seconds();
		for (int t = 31; t < 60; t++)
			left.update(t, 0.3);
		assertTrue(left.seconds() > 2 * before, left.seconds() + " s");
	}
}
