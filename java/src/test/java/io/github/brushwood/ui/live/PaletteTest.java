package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.live.Show;

import java.util.HashSet;
import java.util.Set;

import org.junit.jupiter.api.Test;

class PaletteTest {

	private int changes;
	private final Palette palette = new Palette(() -> changes++);

	@Test
	void everyStepOfTheSizeChangesItUntilTheEnd() {
		palette.setSize(1);
		final Set<Integer> sizes = new HashSet<>();
		while (sizes.add(palette.size()))
			palette.stepSize(1);
		assertEquals(Palette.MAX_SIZE, palette.size());
		assertTrue(sizes.size() > 20 && sizes.size() < 50, sizes.size() + " steps");
		for (int i = 0; i < 60; i++)
			palette.stepSize(-1);
		assertEquals(Palette.MIN_SIZE, palette.size());
	}

	@Test
	void aFeatureHasItsOwnOpacity() {
		palette.setOpacity(30);
		palette.setFeature(4);
		assertEquals(100, palette.opacity());
		assertEquals(Show.feature(4), palette.show());
		palette.setOpacity(80);
		palette.setKind(Show.Kind.SEGMENTATION);
		assertEquals(30, palette.opacity());
	}

	@Test
	void oneClassIsTheChosenOne() {
		palette.setKind(Show.Kind.PROBABILITY);
		palette.setClassId(9);
		assertEquals(Show.probability(9), palette.show());
	}

	@Test
	void hidingEndsWithTheKeyAndWithANewChoice() {
		palette.setHeld(true);
		assertTrue(palette.isHidden());
		palette.setHeld(false);
		assertFalse(palette.isHidden());
		palette.toggle();
		assertTrue(palette.isHidden());
		palette.setKind(Show.Kind.UNCERTAINTY);
		assertFalse(palette.isHidden());
	}

	@Test
	void repeatsOfAHeldKeyChangeNothing() {
		palette.setHeld(true);
		final int before = changes;
		palette.setHeld(true);
		assertEquals(before, changes);
	}
}
