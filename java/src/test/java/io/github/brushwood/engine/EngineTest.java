package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class EngineTest {

	@Test
	void versionIsTheJars() {
		assertEquals(System.getProperty("brushwood.test.version"), Engine.version());
	}

	@Test
	void tellsWhatItRunsOn() {
		assertTrue(Arrays.asList("scalar", "sse2", "neon", "avx2", "avx512").contains(Engine.simd()), Engine.simd());
		assertTrue(Engine.defaultThreads() >= 1);
		assertEquals(255, Engine.maxClasses());
		assertEquals(0x0072B2, Engine.classColour(0));
		assertEquals(0xE69F00, Engine.classColour(9));
		assertThrows(EngineException.class, () -> Engine.classColour(-1));
	}

	@Test
	void featureTableIsComplete() {
		final Set<String> ids = new HashSet<>();
		for (final FeatureRow row : Engine.featureRows()) {
			assertTrue(ids.add(row.id), row.id);
			assertFalse(row.label.isEmpty(), row.id);
			assertFalse(row.doc.isEmpty(), row.id);
			assertTrue(row.outputs2d >= 1 && row.outputs3d >= row.outputs2d, row.id);
			if (row.hasSigma) {
				assertTrue(row.sigmaMin <= row.sigmaDefault && row.sigmaDefault <= row.sigmaMax, row.id);
				assertTrue(row.sigmaMin > 0, row.id);
			}
		}
		assertTrue(ids.containsAll(Arrays.asList("original", "gaussian", "laplacian", "gradient", "dog", "structure",
			"hessian")), ids.toString());
	}

	@Test
	void tablesCannotBeChanged() {
		assertThrows(UnsupportedOperationException.class, () -> Engine.featureRows().clear());
		assertThrows(UnsupportedOperationException.class, () -> Engine.presets().clear());
	}

	@Test
	void everyPresetIsARecipe() {
		final Set<String> ids = new HashSet<>();
		try (Job job = new Job()) {
			for (final Preset preset : Engine.presets()) {
				assertTrue(ids.add(preset.id), preset.id);
				assertFalse(preset.label.isEmpty() || preset.doc.isEmpty(), preset.id);
				try (Recipe byId = Recipe.parse(job, preset.id, 1, 2, 1, 1, 1);
						Recipe byList = Recipe.parse(job, preset.features, 1, 2, 1, 1, 1))
				{
					assertEquals(byList.text(), byId.text());
					assertTrue(byId.count() > 0);
				}
			}
		}
		assertTrue(ids.contains(Engine.defaultPreset()));
	}

	@Test
	void forestDefaultsComeFromTheEngine() {
		final ForestOptions options = new ForestOptions();
		assertEquals(100, options.trees());
		assertEquals(1, options.minLeaf());
		assertFalse(options.balance());
	}

	@Test
	void statusCodesFollowTheHeader() {
		assertEquals(Status.ARGUMENT, Status.of(1));
		assertEquals(Status.INTERNAL, Status.of(7));
		assertEquals(Status.INTERNAL, Status.of(99));
	}
}
