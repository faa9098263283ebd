package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Preset;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.live.FeatureGrid.Column;
import io.github.brushwood.session.live.FeatureGrid.Group;
import io.github.brushwood.session.live.FeatureGrid.Line;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

class FeatureGridTest {

	private static final int ROUNDS = 300;
	private static final int[] CHANNELS = { 1, 2, 3, 64 };

	/** The same features, in the engine's words and in its order and names of images. */
	private static void assertSame(final String expected, final FeatureGrid grid) {
		final String list = grid.text();
		assertEquals(FeatureGrid.canonical(expected, grid.channels(), grid.dims()), FeatureGrid.canonical(list, grid
			.channels(), grid.dims()));
		try (Job job = new Job(); Recipe recipe = Recipe.parse(job, list, grid.channels(), grid.dims(), 1, 1, 1)) {
			final List<String> names = new ArrayList<>();
			for (int i = 0; i < recipe.count(); i++)
				names.add(recipe.name(i));
			assertEquals(names, grid.images().stream().map(FeatureGrid.Image::name).collect(Collectors.toList()));
		}
	}

	@Test
	void presetsComeBackAsThemselves() {
		for (final Preset preset : Engine.presets())
			for (int dims = 2; dims <= 3; dims++)
				for (final int channels : CHANNELS) {
					final FeatureGrid grid = FeatureGrid.parse(preset.id, channels, dims, false);
					assertSame(preset.id, grid);
					assertEquals(preset.id, grid.shortText());
					grid.setExact(true);
					assertSame("exact;" + preset.id, grid);
					assertEquals("exact;" + preset.id, grid.shortText());
				}
	}

	@Test
	void everyTypedFormIsUnderstood() {
		final String[] lists = { "gaussian:1", " ; gaussian:1 ; ;gaussian:1,1.0\n", "gaussian:1@2d;gaussian:1",
			"hessian:1.6,3.5@2D@C1;hessian:1.6@3d@c2", "balanced@2d;median:2,4@c2", "exact;original@c2;membrane",
			"gaussian:1e1,.5,0.30000000000000004", "structure:2@c1;structure:2@c2;structure:5", "stain_he;hsb;fast@c3",
			"kuwahara:1.25;exact;tws@2d" };
		for (final String list : lists)
			for (int dims = 2; dims <= 3; dims++) {
				if (dims == 2 && list.contains("@3d")) continue;
				assertSame(list, FeatureGrid.parse(list, 3, dims, true));
				assertSame(list, FeatureGrid.parse(list, 3, dims, false));
			}
	}

	@Test
	void wrongListsSayWhatIsWrong() {
		for (final String list : new String[] { "", "gaussian", "gaussian:200", "sharpness:1", "original:1", "hsb" }) {
			final EngineException e = assertThrows(EngineException.class, () -> FeatureGrid.parse(list, 1, 2, false));
			assertFalse(e.getMessage().isEmpty());
		}
	}

	/** Whatever is clicked together reads back as the same features. */
	@Test
	void randomGridsRoundTrip() {
		final Random random = new Random(6);
		for (int round = 0; round < ROUNDS; round++) {
			final int dims = 2 + random.nextInt(2);
			final int channels = CHANNELS[random.nextInt(round < ROUNDS / 10 ? CHANNELS.length : 3)];
			final FeatureGrid grid = new FeatureGrid(channels, dims, channels >= 3 && random.nextBoolean());
			shuffle(grid, random);
			if (grid.text().isEmpty()) continue;
			assertSame(grid.text(), grid);
			final FeatureGrid again = FeatureGrid.parse(grid.text(), channels, dims, false);
			assertSame(grid.text(), again);
			assertEquals(grid.isExact(), again.isExact());
			assertSame(grid.shortText(), again);
		}
	}

	private static void shuffle(final FeatureGrid grid, final Random random) {
		grid.setExact(random.nextBoolean());
		final double share = random.nextDouble() / 2;
		for (final Group group : grid.groups()) {
			if (!group.parameter.isEmpty()) shuffleColumns(grid, group, random);
			for (final Line line : new ArrayList<>(group.lines())) {
				if (random.nextInt(4) == 0) line.setChannels(random.nextLong() | 1);
				choose(line, group, share, random);
				if (random.nextInt(6) != 0) continue;
				final Line second = grid.addLine(line);
				second.setChannels(1 + random.nextInt(grid.channels() > 1 ? 3 : 1));
				choose(second, group, share, random);
			}
		}
	}

	private static void shuffleColumns(final FeatureGrid grid, final Group group, final Random random) {
		for (int i = random.nextInt(3); i > 0; i--)
			grid.addColumn(group, 1 + random.nextInt(500) / 37.0);
		for (final Column column : group.columns())
			if (grid.dims() == 3 && random.nextInt(3) == 0) grid.setDims(group, column, 2);
		if (random.nextBoolean()) grid.removeColumn(group, group.columns().get(0));
	}

	private static void choose(final Line line, final Group group, final double share, final Random random) {
		for (final Column column : group.columns())
			line.set(column, random.nextDouble() < share);
	}

	@Test
	void moreNumbersThanAnItemTakes() {
		final FeatureGrid grid = new FeatureGrid(1, 2, false);
		final Group sigmas = grid.groups().get(0);
		for (int i = 0; i < 100; i++)
			sigmas.lines().get(0).set(grid.addColumn(sigmas, 0.5 + i / 8.0), true);
		try (Job job = new Job(); Recipe recipe = Recipe.parse(job, grid.text(), 1, 2, 1, 1, 1)) {
			assertEquals(100, recipe.count());
		}
	}

	@Test
	void cellsKnowWhatTheyTakeAndYield() {
		final FeatureGrid grid = new FeatureGrid(2, 3, true);
		int lines = 0;
		for (final Group group : grid.groups())
			for (final Line line : group.lines()) {
				lines++;
				for (final Column column : group.columns())
					check(grid, line, column);
			}
		assertEquals(Engine.featureRows().size(), lines);
		assertEquals(0, grid.images().size());
		assertEquals("", grid.text());
		assertEquals("", grid.shortText());
		assertNull(grid.preset());
	}

	private static void check(final FeatureGrid grid, final Line line, final Column column) {
		final FeatureRow f = line.feature;
		final boolean inRange = !f.hasSigma || column.number >= f.sigmaMin && column.number <= f.sigmaMax;
		assertEquals(inRange, line.allows(column));
		line.set(column, true);
		assertEquals(inRange, line.isOn(column));
		assertEquals(inRange ? line.images(column) : 0, grid.images().size());
		if (inRange) assertEquals(grid.names(line, column), grid.images().stream().map(FeatureGrid.Image::name).collect(
			Collectors.toList()));
		line.set(column, false);
		assertFalse(line.isOn(column));
	}

	@Test
	void columnsKeepWhatTheyHold() {
		final FeatureGrid grid = FeatureGrid.parse("gaussian:1,2;hessian:1@2d", 1, 3, false);
		final Group sigmas = grid.groups().get(0);
		final List<String> columns = sigmas.columns().stream().map(c -> c + "/" + c.dims).collect(Collectors.toList());
		assertEquals("[0.3/3, 0.7/3, 1/2, 1/3, 1.6/3, 2/3, 3.5/3, 5/3, 10/3]", columns.toString());
		final Column flat = sigmas.columns().stream().filter(c -> c.dims == 2).findFirst().orElse(null);
		assertNotNull(flat);
		final Column joined = grid.setDims(sigmas, flat, 3);
		assertEquals("gaussian:1,2;hessian:1", grid.text());
		grid.removeColumn(sigmas, joined);
		assertEquals("gaussian:2", grid.text());
		assertThrows(BrushwoodException.class, () -> grid.addColumn(sigmas, 0.1));
		final Column added = grid.addColumn(sigmas, 7);
		assertTrue(sigmas.columns().contains(added));
		final FeatureGrid other = FeatureGrid.parse("gaussian:1", 1, 3, false);
		other.offerColumnsOf(grid);
		assertTrue(other.groups().get(0).columns().stream().anyMatch(c -> c.number == 7));
	}

	@Test
	void linesOfOtherChannels() {
		final FeatureGrid grid = FeatureGrid.parse("gaussian:1@c1+3", 3, 2, false);
		final Line line = grid.groups().get(0).lines().get(0);
		assertEquals("1+3", line.channelText());
		final Line second = grid.addLine(line);
		assertEquals("all", second.channelText());
		second.setChannels(2);
		second.set(grid.groups().get(0).columns().get(0), true);
		assertEquals("gaussian:1@c1+3;gaussian:0.3@c2", grid.text());
		grid.removeLine(line);
		assertEquals("gaussian:0.3@c2", grid.text());
		grid.removeLine(second);
		assertEquals("", grid.text());
		assertTrue(grid.groups().get(0).lines().contains(second), "the last line of a feature stays");
		assertThrows(BrushwoodException.class, () -> second.setChannels(0));
	}
}
