package io.github.brushwood.session.objects;

import static io.github.brushwood.session.objects.Scenes.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.gui.Line;
import ij.gui.OvalRoi;
import ij.gui.PointRoi;
import ij.gui.Roi;
import ij.gui.ShapeRoi;
import ij.gui.TextRoi;

import io.github.brushwood.session.RoiSetFile;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoiLabelsTest {

	@TempDir
	Path folder;

	private static LabelImage draw(final LabelImage labels, final Roi... rois) {
		RoiLabels.draw(Arrays.asList(rois), labels, "The list");
		return labels;
	}

	/** Through a zip: with holes, several parts, at the border, and numbers with gaps. */
	@ParameterizedTest
	@CsvSource({ "1,1,9,false", "1,1,70000,false", "4,1,9,false", "1,3,30,true", "3,2,500,true", "3,2,9,false" })
	void labelImagesComeBackFromRois(final int slices, final int frames, final int most, final boolean hyperstack) {
		final LabelImage labels = Scenes.random(37, 29, slices, frames, most);
		final String path = folder.resolve("r.zip").toString();
		RoiSetFile.write(RoiLabels.rois(labels, hyperstack), path);
		final List<Roi> rois = RoiSetFile.read(path);
		assertTrue(rois.stream().anyMatch(roi -> roi instanceof ShapeRoi), "an object with a hole");
		final LabelImage again = new LabelImage(37, 29, slices, frames);
		RoiLabels.draw(rois, again, path);
		Scenes.assertSame(labels, again);
		assertEquals(Collections.emptyList(), again.notes());
		assertFalse(again.isPlanar(), "numbers hold through slices");
	}

	@Test
	void objectsWithoutHolesArePolygons() {
		final LabelImage labels = new LabelImage(Scenes.WIDTH, Scenes.HEIGHT, 1, 1);
		labels.setPlane(0, 0, Scenes.rectangles(3));
		final List<Roi> rois = RoiLabels.rois(labels, false);
		assertEquals(24, rois.size());
		assertEquals("0070", rois.get(23).getName());
		assertEquals(0, rois.get(0).getPosition());
		for (final Roi roi : rois)
			assertTrue(!(roi instanceof ShapeRoi), roi.toString());
	}

	/** Numbers count through the list; the earlier Roi keeps what a later one covers, too. */
	@Test
	void theFirstOfOverlappingRoisKeepsThePixels() {
		final LabelImage labels = draw(new LabelImage(20, 10, 1, 1), new Roi(2, 2, 6, 4), new Roi(5, 2, 6, 4), new Roi(3, 3,
			2, 2));
		final int[] plane = labels.plane(0, 0);
		assertEquals(1, plane[2 * 20 + 7]);
		assertEquals(2, plane[2 * 20 + 8]);
		assertEquals(1, plane[3 * 20 + 3]);
		assertEquals(1, labels.notes().size());
		assertTrue(labels.notes().get(0).contains("1 of 3 Rois have no pixel"), labels.notes().get(0));
	}

	@Test
	void whereRoisLie() {
		final Roi everywhere = new Roi(0, 0, 2, 2);
		final Roi third = new OvalRoi(5, 0, 4, 4);
		third.setPosition(3);
		final Roi czt = new Roi(10, 0, 2, 2);
		czt.setPosition(4, 2, 2); // any channel
		final Roi frame = new Roi(14, 0, 2, 2);
		frame.setPosition(0, 0, 2);
		final LabelImage labels = draw(new LabelImage(20, 10, 2, 2), everywhere, third, czt, frame);
		for (int t = 0; t < 2; t++)
			for (int z = 0; z < 2; z++) {
				final int[] plane = labels.plane(z, t);
				assertEquals(1, plane[0]);
				assertEquals(z == 0 && t == 1 ? 2 : 0, plane[26]);
				assertEquals(z == 1 && t == 1 ? 3 : 0, plane[10]);
				assertEquals(t == 1 ? 4 : 0, plane[14]);
			}
	}

	@Test
	void roisThatEncloseNoPixelsOfTheImage() {
		final LabelImage labels = new LabelImage(20, 10, 1, 1);
		assertRefused(() -> draw(labels, new Line(1, 1, 5, 5)), "line selection");
		assertRefused(() -> draw(labels, new PointRoi(1, 1)), "encloses no pixels");
		assertRefused(() -> draw(labels, new TextRoi(1, 1, "a")), "encloses no pixels");
		assertRefused(() -> draw(labels, new Roi(20, 3, 5, 5)), "x 20, y 3", "20 x 10");
		final Roi slice = new Roi(1, 1, 5, 5);
		slice.setPosition(7);
		assertRefused(() -> draw(labels, slice), "outside the image");
		final Roi odd = new Roi(1, 1, 5, 5);
		odd.setProperty("brushwood.object", "99999999");
		assertRefused(() -> draw(labels, odd), "99999999");
		assertEquals(15, Arrays.stream(draw(labels, new Roi(-2, 7, 7, 7)).plane(0, 0)).sum(), "a Roi is clipped");
	}
}
