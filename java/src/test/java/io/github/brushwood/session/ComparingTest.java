package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.Comparison;
import io.github.brushwood.engine.Comparison.Kind;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.ObjectOutput;
import io.github.brushwood.engine.ObjectSet;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What counts as an object in comparisons of open images and of files. */
class ComparingTest {

	private static final String STARS = "tests/data/interchange/stars";

	private static double pooled(final Comparing.Result result, final String id) {
		for (int i = 0; i < Comparison.scores().size(); i++)
			if (Comparison.scores().get(i).id.equals(id)) return result.pooled[i];
		throw new AssertionError(id);
	}

	/** The connected parts of a mask as a label image. */
	private static ImagePlus parts(final ImagePlus mask) {
		try (ObjectSet objects = new Measuring(mask).find(Jobs.defaults())) {
			return ClassifiedObjects.write(Jobs.defaults(), objects, ObjectOutput.LABELS, "parts");
		}
	}

	private static Comparing of(final Kind kind, final ImagePlus truth, final ImagePlus result) {
		final Comparing comparing = new Comparing(kind, false);
		comparing.add(truth, result);
		return comparing;
	}

	/** Also as pictures, of slices in frames. */
	@Test
	void masksBesideLabelsAreTakenApart() {
		final ImagePlus mask = Blobs.stack(60, 50, 3, 2);
		final ImagePlus parts = parts(mask);
		final Comparing comparing = of(null, parts, mask);
		final Comparing.Result result = comparing.run(Jobs.defaults());
		assertEquals(Kind.LABELS, result.kind);
		assertTrue(pooled(result, "result_objects") > 4);
		assertEquals(1, pooled(result, "average_precision"));
		assertTrue(comparing.notes().toString().contains("0 of the truth, 1 of the results"), comparing.notes().toString());
		final ImagePlus picture = comparing.picture(Jobs.defaults());
		final ImagePlus same = of(Kind.LABELS, parts, parts).picture(Jobs.defaults());
		assertArrayEquals((int[]) same.getStack().getPixels(4), (int[]) picture.getStack().getPixels(4));
		assertEquals(2, pooled(of(Kind.LABELS, parts, mask).run(Jobs.defaults()), "result_objects"));
		final Comparing masks = of(null, mask, mask);
		assertEquals(Kind.MASKS, masks.run(Jobs.defaults()).kind);
		assertFalse(masks.notes().toString().contains("connected"));
	}

	/**
	 * StarDist counts the stars of every plane from 1, the file of Rois goes on: as 3D objects they would not match. The
	 * TIFF names no axes, so its planes are slices.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void roisOfSlicesAreComparedSliceBySlice(final boolean swapped) {
		final List<String> labels = Collections.singletonList(STARS + ".tif");
		final List<String> rois = Collections.singletonList(STARS + ".zip");
		final Comparing comparing = new Comparing(null, false);
		comparing.addFiles(swapped ? rois : labels, swapped ? labels : rois);
		final Comparing.Result result = comparing.run(Jobs.defaults());
		assertEquals(2, result.images.size());
		assertTrue(result.images.get(1).endsWith(", frame 2"), result.images.toString());
		assertEquals(12, pooled(result, "truth_objects"));
		assertEquals(12, pooled(result, "result_objects"));
		assertEquals(1, pooled(result, "average_precision"));
		assertTrue(comparing.notes().toString().contains("every slice is compared"), comparing.notes().toString());
		assertEquals(2, comparing.picture(Jobs.defaults()).getNFrames());
	}

	@Test
	void slicesOfFramesStayInOrder() {
		final ImagePlus deep = Blobs.stack(20, 10, 3, 2);
		final ByteBuffer pixels = ByteBuffer.allocate(20 * 10);
		try (Job job = Jobs.defaults().open();
			EngineImage frames = SlicesAsFrames.of(job, ImagePlusAdapter.stream(job, deep)))
		{
			assertEquals(1, frames.info().depth);
			assertEquals(6, frames.info().frames);
			for (int t = 0; t < 6; t++) {
				frames.read(job, Box.of(frames.info(), t), pixels);
				assertArrayEquals((byte[]) deep.getStack().getPixels(t + 1), pixels.array());
			}
		}
	}

	@Test
	void slicesKeepWhatTheirValuesStandFor() {
		final ImagePlus signed = IJ.createImage("signed", "16-bit black", 4, 4, 3);
		signed.getCalibration().setSigned16BitCalibration();
		try (Job job = Jobs.defaults().open();
			EngineImage frames = SlicesAsFrames.of(job, ImagePlusAdapter.stream(job, signed)))
		{
			assertEquals(-32768, frames.offset());
		}
	}
}
