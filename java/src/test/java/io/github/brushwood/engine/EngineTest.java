package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
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
			assertFalse(row.unit.isEmpty(), row.id);
			assertTrue(row.outputs2d >= 1 && (row.outputs3d == 0 || row.outputs3d >= row.outputs2d), row.id);
			assertEquals(row.hasSigma, row.parameter.equals("sigma") || row.parameter.equals("radius"), row.id);
			assertEquals(row.hasSigma, !row.parameter.isEmpty(), row.id);
			if (row.hasSigma) {
				assertTrue(row.sigmaMin <= row.sigmaDefault && row.sigmaDefault <= row.sigmaMax, row.id);
				assertTrue(row.sigmaMin > 0, row.id);
			}
		}
		assertTrue(ids.containsAll(Arrays.asList("original", "gaussian", "laplacian", "gradient", "dog", "structure",
			"hessian", "mean", "median", "frangi", "membrane", "stain_he")), ids.toString());
	}

	private static FeatureRow row(final String id) {
		for (final FeatureRow row : Engine.featureRows())
			if (row.id.equals(id)) return row;
		throw new AssertionError("no feature " + id);
	}

	@Test
	void rowsTellWhatTheyYield() {
		assertEquals("(i/px)^2", row("structure").unit);
		assertEquals("Shannon 1948", row("entropy").source);
		assertEquals("radius 1 to 10", row("median").range());
		assertEquals("sigma 0.3 to 100", row("gaussian").range());
		assertEquals("", row("hsb").range());
		assertEquals("median:2", row("median").item());
		assertEquals("gaussian:1.6", row("gaussian").item());
		assertEquals("original", row("original").item());
		assertTrue(row("hsb").rgb && row("stain_hdab").rgb);
		assertFalse(row("mean").rgb);
		assertEquals(Collections.singletonList(""), row("mean").outputNames(3));
		assertEquals(Arrays.asList("hue", "saturation", "brightness"), row("hsb").outputNames(2));
		assertEquals(Arrays.asList("eigenvalue 1", "eigenvalue 2"), row("hessian").outputNames(2));
		assertEquals(Arrays.asList("eigenvalue 1", "eigenvalue 2", "eigenvalue 3"), row("hessian").outputNames(3));
		assertEquals(Arrays.asList("vesselness", "blobness"), row("frangi").outputNames(2));
		assertEquals(Arrays.asList("vesselness", "sheetness", "blobness"), row("frangi").outputNames(3));
		assertEquals(0, row("membrane").outputs3d);
		assertEquals(6, row("membrane").outputs(3));
	}

	/** The table's numbers, names and ranges are those of the feature lists. */
	@Test
	void everyRowIsAnItem() {
		for (final FeatureRow row : Engine.featureRows()) {
			for (int dims = 2; dims <= 3; dims++)
				assertItem(row, dims);
			if (row.hasSigma) assertLimits(row);
			if (row.rgb) assertTrue(refusal(row.id, 2).contains("needs an RGB image"), row.id);
		}
	}

	private static void assertItem(final FeatureRow row, final int dims) {
		try (Job job = new Job(); Recipe recipe = Recipe.parse(job, row.item(), 3, dims, 1, 1, 1)) {
			final int channels = row.rgb ? 1 : 3;
			assertEquals(channels * row.outputs(dims), recipe.count(), row.id);
			assertEquals(row.item(), recipe.text());
			for (int k = 0; k < recipe.count(); k++) {
				final String name = row.outputNames(dims).get(k % row.outputs(dims));
				assertTrue(recipe.name(k).startsWith(row.id), recipe.name(k));
				assertTrue(recipe.name(k).replaceAll(" \\(channel \\d\\)", "").endsWith(name), recipe.name(k));
			}
		}
	}

	private static void assertLimits(final FeatureRow row) {
		for (final double limit : new double[] { row.sigmaMin, row.sigmaMax }) {
			try (Job job = new Job(); Recipe recipe = Recipe.parse(job, row.id + ":" + limit, 1, 2, 1, 1, 1)) {
				assertEquals(row.outputs2d, recipe.count(), row.id);
			}
		}
		for (final double beyond : new double[] { row.sigmaMin * 0.9, row.sigmaMax * 1.1 }) {
			final String message = refusal(row.id + ":" + beyond, 1);
			assertTrue(message.contains(row.parameter + " must be"), message);
		}
	}

	private static String refusal(final String list, final int channels) {
		try (Job job = new Job()) {
			return assertThrows(EngineException.class, () -> Recipe.parse(job, list, channels, 2, 1, 1, 1)).getMessage();
		}
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
		final TrainOptions options = new TrainOptions();
		assertTrue(options.trees() >= 1 && options.minLeaf() >= 1);
		assertEquals(Holdout.NONE, new TrainOptions().holdout());
	}

	@Test
	void statusCodesFollowTheHeader() {
		assertEquals(Status.ARGUMENT, Status.of(1));
		assertEquals(Status.INTERNAL, Status.of(7));
		assertEquals(Status.INTERNAL, Status.of(99));
	}
}
