package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.session.live.FeatureGrid;

import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

class CostEstimateTest {

	private static final long PATIENCE_S = 60;

	private final BlockingQueue<Optional<CostEstimate.Cost>> answers = new LinkedBlockingQueue<>();

	private CostEstimate.Cost answer() throws InterruptedException {
		final Optional<CostEstimate.Cost> answer = answers.poll(PATIENCE_S, TimeUnit.SECONDS);
		assertNotNull(answer, "an answer in time");
		return answer.orElse(null);
	}

	private CostEstimate estimate() {
		return new CostEstimate(cost -> answers.add(Optional.ofNullable(cost)));
	}

	private static String canonical(final String list, final ImageInfo info) {
		return FeatureGrid.canonical(list, info.channels, info.depth > 1 ? 3 : 2);
	}

	@Test
	void defaultPresetCostsAsMuchAsItself() throws InterruptedException {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT16, 1024, 512).channels(2).build();
		try (CostEstimate estimate = estimate()) {
			estimate.ask(canonical(Engine.defaultPreset(), info), info);
			final CostEstimate.Cost cost = answer();
			assertEquals(1, cost.relative);
			assertEquals(cost.defaultImages, cost.images);
			assertTrue(cost.seconds > 0);
			assertTrue(cost.text(info).startsWith(cost.images + " feature images."), cost.text(info));
		}
	}

	/** Ten times the features take longer, and a stack is measured in 3D. */
	@Test
	void moreFeaturesCostMore() throws InterruptedException {
		final ImageInfo info = ImageInfo.builder(PixelType.FLOAT32, 64, 64).depth(40).frames(3).build();
		try (CostEstimate estimate = estimate()) {
			estimate.ask(canonical("gaussian:1", info), info);
			final CostEstimate.Cost little = answer();
			estimate.ask(canonical("thorough", info), info);
			final CostEstimate.Cost much = answer();
			assertEquals(1, little.images);
			assertTrue(little.relative < 1 && much.relative > little.relative, little.relative + " and " + much.relative);
		}
	}

	@Test
	void onlyTheLastQuestionIsAnswered() throws InterruptedException {
		final long before = Engine.memoryInUse();
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 300, 300).build();
		try (CostEstimate estimate = estimate()) {
			for (int i = 1; i <= 20; i++)
				estimate.ask(canonical("thorough;gaussian:" + i, info), info);
			estimate.ask(canonical("original", info), info);
			assertEquals(1, answer().images);
			assertNull(answers.poll(200, TimeUnit.MILLISECONDS));
		}
		assertEquals(before, Engine.memoryInUse());
	}

	@Test
	void wrongListsHaveNoCost() throws InterruptedException {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 30, 30).build();
		try (CostEstimate estimate = estimate()) {
			estimate.ask("sharpness:1", info);
			assertNull(answer());
		}
	}
}
