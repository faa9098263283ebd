package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.gui.ImageRoi;
import ij.gui.Line;
import ij.gui.OvalRoi;
import ij.gui.Overlay;
import ij.gui.PointRoi;
import ij.gui.PolygonRoi;
import ij.gui.Roi;
import ij.gui.ShapeRoi;
import ij.process.ByteProcessor;

import io.github.brushwood.engine.Job;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnnotationsTest {

	private static final String ODD_NAME = "Zellkern \"gro\u00DF\" [1]; a=b \\ \u7D30\u80DE";

	@TempDir
	Path folder;

	/** Two classes with Rois of every kind on a hyperstack. */
	private static Annotations annotate(final ImagePlus imp) {
		final Annotations annotations = new Annotations(imp);
		final AnnotationClass first = annotations.define("background");
		final AnnotationClass second = annotations.recolour(annotations.define(ODD_NAME), 0x12AB34);
		annotations.define("empty");
		final PolygonRoi stroke = new PolygonRoi(new float[] { 3, 20.5f, 30 }, new float[] { 4, 9, 30.25f }, Roi.FREELINE);
		stroke.setStrokeWidth(3);
		annotations.add(first, stroke, 1, 1);
		annotations.add(second, new OvalRoi(10, 12, 9, 7), imp.getNSlices(), imp.getNFrames());
		annotations.add(second, new ShapeRoi(new Roi(2, 2, 12, 12)).not(new ShapeRoi(new Roi(5, 5, 4, 4))), 1, imp
			.getNFrames());
		annotations.add(first, new PointRoi(new float[] { 1, 33 }, new float[] { 35, 0 }), imp.getNSlices(), 1);
		annotations.add(second, new Line(0, 39, 39, 0), 1, 1);
		return annotations;
	}

	private static byte[][] pixels(final ImagePlus imp) {
		final ImagePlus labels = new Annotations(imp).toLabelImage("labels");
		final byte[][] planes = new byte[labels.getStackSize()][];
		for (int i = 0; i < planes.length; i++)
			planes[i] = (byte[]) labels.getStack().getPixels(i + 1);
		return planes;
	}

	@ParameterizedTest
	@CsvSource({ "1,1,1", "1,3,1", "1,1,3", "2,1,1", "2,3,2", "1,3,2" })
	void tiffOverlayKeepsClassesColoursAndPixels(final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 40, 40, 8, c, z, t);
		final Annotations before = annotate(imp);
		final ImagePlus opened = Pictures.open(Pictures.saveTiff(imp, folder));
		final Annotations after = new Annotations(opened);
		assertEquals(before.classes().format(), after.classes().format());
		assertEquals(before.rois().size(), after.rois().size());
		for (int i = 0; i < before.rois().size(); i++) {
			final Roi roi = after.rois().get(i);
			assertEquals(before.rois().get(i).getName(), roi.getName());
			assertEquals(after.classOf(roi).colour(), roi.getStrokeColor());
			assertEquals(0, roi.getCPosition());
		}
		assertArrayEquals(pixels(imp), pixels(opened));
	}

	@ParameterizedTest
	@CsvSource({ "1,1,1", "1,3,1", "2,3,2" })
	void roiSetAloneRestoresClassesColoursAndPixels(final int c, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 40, 40, 8, c, z, t);
		final Annotations before = annotate(imp);
		final String zip = folder.resolve("Roi Set.zip").toString();
		before.saveRois(zip);
		final ImagePlus fresh = Pictures.hyperstack("b.tif", 40, 40, 8, c, z, t);
		final Annotations after = new Annotations(fresh);
		assertEquals(before.rois().size(), after.loadRois(zip, ""));
		assertEquals(before.classes().format(), after.classes().format());
		for (int i = 0; i < before.rois().size(); i++) {
			assertEquals(before.rois().get(i).getName(), after.rois().get(i).getName());
			assertEquals(before.rois().get(i).getStrokeColor(), after.rois().get(i).getStrokeColor());
		}
		assertArrayEquals(pixels(imp), pixels(fresh));
	}

	@Test
	void roiSetFindsClassesByName() {
		final ImagePlus imp = Pictures.plane("a.tif", 40, 40, 8);
		annotate(imp).saveRois(folder.resolve("r.zip").toString());
		final Annotations other = new Annotations(Pictures.plane("b.tif", 40, 40, 8));
		other.define("nuclei");
		other.define("background");
		other.loadRois(folder.resolve("r.zip").toString(), "");
		assertEquals(Arrays.asList("nuclei", "background", ODD_NAME, "empty"), other.classes().names());
		assertEquals("background", other.classOf(other.rois().get(0)).name());
		assertEquals(0x12AB34, other.classes().at(3).rgb());
	}

	@Test
	void roisWithoutClassNeedOne() {
		final ImagePlus imp = Pictures.plane("a.tif", 40, 40, 8);
		final Roi plain = new Roi(1, 2, 3, 4);
		plain.setName("plain");
		final String zip = folder.resolve("plain.zip").toString();
		RoiSetFile.write(Collections.singletonList(plain), zip);
		final Annotations annotations = new Annotations(imp);
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> annotations.loadRois(zip, ""));
		assertTrue(e.getMessage().contains("'plain'") && e.getMessage().contains("has no class"), e.getMessage());
		assertEquals(1, annotations.loadRois(zip, "cells"));
		assertEquals("cells", annotations.classOf(annotations.rois().get(0)).name());
	}

	@Test
	void labelImagesSurviveTheRoundTripThroughRois() {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 37, 29, 8, 2, 3, 2);
		final ImagePlus labels = Pictures.hyperstack("l.tif", 37, 29, 8, 1, 3, 2);
		final Random random = new Random(3);
		for (int i = 1; i <= labels.getStackSize(); i++) {
			final byte[] plane = (byte[]) labels.getStack().getPixels(i);
			for (int k = 0; k < plane.length; k++)
				plane[k] = (byte) (i == 2 ? 0 : Math.max(0, random.nextInt(7) - 3));
		}
		final String path = Pictures.saveTiff(labels, folder);
		final Annotations annotations = new Annotations(imp);
		try (Job job = new Job()) {
			annotations.importLabels(job, path);
		}
		assertEquals(Arrays.asList("class 1", "class 2", "class 3"), annotations.classes().names());
		final byte[][] back = pixels(imp);
		for (int i = 0; i < back.length; i++)
			assertArrayEquals((byte[]) labels.getStack().getPixels(i + 1), back[i], "plane " + i);
	}

	@Test
	void exportedLabelsBringTheirClasses() {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 40, 40, 16, 2, 3, 2);
		final Annotations before = annotate(imp);
		final String path = folder.resolve("labels out.tif").toString();
		before.exportLabels(path);
		final ImagePlus file = Pictures.open(path);
		assertEquals(8, file.getBitDepth());
		assertEquals(before.classes().at(2).rgb(), file.getProcessor().getColorModel().getRGB(2) & 0xFFFFFF);
		assertEquals(imp.getCalibration().pixelDepth, file.getCalibration().pixelDepth);
		final ImagePlus fresh = Pictures.hyperstack("b.tif", 40, 40, 16, 2, 3, 2);
		final Annotations after = new Annotations(fresh);
		try (Job job = new Job()) {
			after.importLabels(job, path);
		}
		assertEquals(before.classes().format(), after.classes().format());
		assertArrayEquals(pixels(imp), pixels(fresh));
		assertEquals(1, Files.exists(folder.resolve("labels out.tif")) ? folder.toFile().list().length : 0);
	}

	@Test
	void labelImageOfAnotherSizeIsRefused() {
		final String path = Pictures.saveTiff(Pictures.hyperstack("l.tif", 30, 20, 8, 1, 2, 1), folder);
		final Annotations annotations = new Annotations(Pictures.plane("a.tif", 30, 20, 8));
		try (Job job = new Job()) {
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> annotations.importLabels(job, path));
			assertTrue(e.getMessage().contains("30 x 20 with 2 slices") && e.getMessage().contains("'a.tif'"), e
				.getMessage());
		}
	}

	@Test
	void fractionsAreNoLabels() {
		final String path = Pictures.saveTiff(Pictures.plane("f.tif", 30, 20, 32), folder);
		final Annotations annotations = new Annotations(Pictures.plane("a.tif", 30, 20, 8));
		try (Job job = new Job()) {
			final BrushwoodException e = assertThrows(BrushwoodException.class, () -> annotations.importLabels(job, path));
			assertTrue(e.getMessage().contains("whole numbers"), e.getMessage());
		}
	}

	@ParameterizedTest
	@CsvSource({ "100,5,1,1", "5,-60,1,1", "5,5,9,1", "5,5,1,9" })
	void annotationOutsideIsNamed(final int x, final int y, final int z, final int t) {
		final ImagePlus imp = Pictures.hyperstack("outside.tif", 40, 40, 8, 2, 3, 2);
		final Annotations annotations = new Annotations(imp);
		annotations.add(annotations.define("cell"), new Roi(x, y, 10, 10), z, t);
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> annotations.toLabelImage("l"));
		for (final String part : new String[] { "'cell 1'", "class 'cell'", "x " + x, "y " + y, "slice " + z, "frame " + t,
			"'outside.tif' (40 x 40, 3 slices, 2 frames)" })
			assertTrue(e.getMessage().contains(part), part + " in: " + e.getMessage());
	}

	@Test
	void stackPositionOutsideIsNamed() {
		final ImagePlus imp = Pictures.hyperstack("s.tif", 40, 40, 8, 1, 3, 1);
		final Roi roi = new Roi(1, 1, 5, 5);
		roi.setPosition(7);
		final Annotations annotations = new Annotations(imp);
		final AnnotationClass c = annotations.define("cell");
		annotations.add(c, new Roi(1, 1, 5, 5), 1, 1);
		annotations.rois().get(0).setPosition(7);
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> annotations.toLabelImage("l"));
		assertTrue(e.getMessage().contains("slice 7"), e.getMessage());
	}

	@Test
	void annotationAcrossTheEdgeIsClipped() {
		final ImagePlus imp = Pictures.plane("a.tif", 40, 40, 8);
		final Annotations annotations = new Annotations(imp);
		annotations.add(annotations.define("cell"), new Roi(-5, -5, 8, 10), 1, 1);
		final Line line = new Line(35, 20, 60, 20);
		annotations.add(annotations.define("line"), line, 1, 1);
		int cell = 0;
		int stroke = 0;
		for (final byte label : pixels(imp)[0]) {
			if (label == 1) cell++;
			if (label == 2) stroke++;
		}
		assertEquals(3 * 5, cell);
		assertEquals(5, stroke);
	}

	@Test
	void roisWithoutPositionCountEverywhere() {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 20, 20, 8, 1, 3, 2);
		final Annotations annotations = new Annotations(imp);
		annotations.add(annotations.define("all"), new Roi(0, 0, 2, 2), 0, 0);
		for (final byte[] plane : pixels(imp))
			assertEquals(1, plane[0]);
	}

	@Test
	void pointsKeepTheirOwnSlices() {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 20, 20, 8, 1, 3, 1);
		final PointRoi points = new PointRoi(new float[] { 2, 4 }, new float[] { 3, 5 });
		points.setCounters(new int[] { 1 << 8, 3 << 8 });
		final Annotations annotations = new Annotations(imp);
		annotations.add(annotations.define("points"), points, 2, 1);
		final byte[][] planes = pixels(imp);
		assertEquals(1, planes[0][3 * 20 + 2]);
		assertEquals(0, planes[0][5 * 20 + 4]);
		assertEquals(1, planes[2][5 * 20 + 4]);
		assertEquals(0, planes[1][3 * 20 + 2]);
	}

	@Test
	void laterAnnotationsWin() {
		final ImagePlus imp = Pictures.plane("a.tif", 20, 20, 8);
		final Annotations annotations = new Annotations(imp);
		annotations.add(annotations.define("a"), new Roi(0, 0, 10, 10), 1, 1);
		annotations.add(annotations.define("b"), new Roi(5, 5, 10, 10), 1, 1);
		assertEquals(1, pixels(imp)[0][0]);
		assertEquals(2, pixels(imp)[0][7 * 20 + 7]);
	}

	@Test
	void renameAndRecolourReachTheRois() {
		final ImagePlus imp = Pictures.plane("a.tif", 40, 40, 8);
		final Annotations annotations = new Annotations(imp);
		AnnotationClass c = annotations.define("old");
		annotations.add(c, new Roi(1, 1, 3, 3), 1, 1);
		c = annotations.rename(c, "new name");
		annotations.recolour(c, 0xABCDEF);
		final Roi roi = annotations.rois().get(0);
		assertEquals("new name 1", roi.getName());
		assertEquals(0xABCDEF, roi.getStrokeColor().getRGB() & 0xFFFFFF);
		assertEquals("new name", new Annotations(imp).classOf(roi).name());
	}

	@Test
	void annotationsMadeFromThoseOfAnotherClassGetItsName() {
		final Annotations annotations = annotate(Pictures.hyperstack("a", 40, 40, 8, 1, 1, 1));
		final Roi old = annotations.rois().get(0);
		annotations.add(annotations.define("empty"), old);
		annotations.add(annotations.define("background"), old);
		final List<Roi> rois = annotations.rois();
		assertEquals("empty 1", rois.get(rois.size() - 2).getName());
		assertEquals(old.getName(), rois.get(rois.size() - 1).getName());
	}

	@Test
	void clearRemovesOnlyItsClassAndLeavesOtherRois() {
		final ImagePlus imp = Pictures.plane("a.tif", 40, 40, 8);
		imp.setOverlay(new Overlay(new Roi(0, 0, 5, 5)));
		final Annotations annotations = annotate(imp);
		assertEquals(2, annotations.clear(annotations.classes().at(1)));
		assertEquals(3, annotations.rois().size());
		assertEquals(3, annotations.clear(null));
		assertEquals(1, imp.getOverlay().size());
		assertFalse(Annotations.has(imp));
	}

	@Test
	void selectionBecomesAnnotationOfItsSlice() {
		final ImagePlus imp = Pictures.hyperstack("a.tif", 40, 40, 8, 2, 3, 2);
		final Annotations annotations = new Annotations(imp);
		final AnnotationClass c = annotations.define("cell");
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> annotations.addSelection(c));
		assertTrue(e.getMessage().contains("'a.tif' has no selection"), e.getMessage());
		imp.setPositionWithoutUpdate(2, 3, 2);
		imp.setRoi(new Roi(4, 4, 6, 6));
		annotations.addSelection(c);
		assertEquals(null, imp.getRoi());
		assertEquals(1, pixels(imp)[5][5 * 40 + 5]);
		assertEquals(0, pixels(imp)[0][5 * 40 + 5]);
	}

	@Test
	void pastedImagesMarkNoPixels() {
		final Annotations annotations = new Annotations(Pictures.plane("a.tif", 40, 40, 8));
		final AnnotationClass c = annotations.define("c");
		final ImageRoi pasted = new ImageRoi(1, 1, new ByteProcessor(5, 5));
		final BrushwoodException e = assertThrows(BrushwoodException.class, () -> annotations.add(c, pasted, 1, 1));
		assertTrue(e.getMessage().contains("marks no pixels"), e.getMessage());
	}

	@Test
	void damagedFilesAreNamed() throws Exception {
		final Path zip = folder.resolve("bad.zip");
		Files.write(zip, "no zip".getBytes("US-ASCII"));
		final Annotations annotations = new Annotations(Pictures.plane("a.tif", 40, 40, 8));
		assertTrue(assertThrows(BrushwoodException.class, () -> annotations.loadRois(zip.toString(), "c")).getMessage()
			.contains("bad.zip"));
		assertTrue(assertThrows(BrushwoodException.class, () -> annotations.loadRois(folder + "/none.zip", "c"))
			.getMessage().contains("does not exist"));
		annotations.add(annotations.define("c"), new Roi(1, 1, 2, 2), 1, 1);
		assertTrue(assertThrows(BrushwoodException.class, () -> annotations.saveRois(folder + "/no/such/r.zip"))
			.getMessage().contains("its folder does not exist"));
		assertTrue(assertThrows(BrushwoodException.class, () -> annotations.exportLabels(folder.toString())).getMessage()
			.contains("it is a folder"));
	}

	@Test
	void readingAnnotationsDoesNotMarkTheImageAsChanged() {
		final ImagePlus imp = Pictures.plane("a.tif", 40, 40, 8);
		annotate(imp);
		imp.changes = false;
		new Annotations(imp);
		assertFalse(imp.changes);
	}
}
