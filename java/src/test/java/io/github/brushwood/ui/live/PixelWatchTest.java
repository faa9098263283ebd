package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import ij.ImagePlus;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.ShortProcessor;

import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PixelWatchTest {

	private final ImagePlus imp = new ImagePlus("image", new ShortProcessor(40, 30));
	private final AtomicInteger changes = new AtomicInteger();
	private final PixelWatch watch = new PixelWatch(imp, Runnable::run, changes::incrementAndGet);

	@AfterEach
	void stop() {
		watch.stop();
	}

	@Test
	void tellsPixelsFromLooks() {
		watch.start();
		imp.setDisplayRange(10, 20);
		watch.imageUpdated(imp);
		assertEquals(0, changes.get());
		imp.getProcessor().set(5, 5, 7);
		watch.imageUpdated(imp);
		assertEquals(1, changes.get());
		watch.imageUpdated(imp);
		assertEquals(1, changes.get());
	}

	@Test
	void otherImagesDoNotMatter() {
		watch.start();
		imp.getProcessor().set(5, 5, 7);
		watch.imageUpdated(new ImagePlus("other", new ShortProcessor(40, 30)));
		assertEquals(0, changes.get());
	}

	@Test
	void everyTypeAndPlaceCounts() {
		for (final ImageProcessor plane : new ImageProcessor[] { new FloatProcessor(9, 9), new FloatProcessor(9, 9)
			.convertToByte(false), new ShortProcessor(9, 9), new FloatProcessor(9, 9).convertToRGB() })
			for (int i = 0; i < 81; i++) {
				final long before = PixelWatch.sum(plane.getPixels());
				plane.setf(i, plane.getf(i) + 1);
				assertNotEquals(before, PixelWatch.sum(plane.getPixels()), plane + " at " + i);
			}
	}
}
