package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.session.Pictures;

import java.util.List;
import java.util.stream.Collectors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReportTest {

	@AfterEach
	void nothingLeaks() {
		assertEquals(0, Engine.memoryInUse());
	}

	private static List<String> about(final Report report, final String what) {
		return report.warnings.stream().filter(warning -> warning.contains(what)).collect(Collectors.toList());
	}

	@Test
	void classesWithLittlePaintAreTold() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.session.addClass("empty");
			p.session.addClass("tiny");
			p.session.addClass("single");
			p.paint(image, 0, 0);
			p.stroke(image, 4, 50, 50, 50, 50, 0, 0);
			p.stroke(image, 5, 50, 20, 60, 30, 0, 0);
			p.settle();
			final Report report = p.updater.report();
			assertEquals(1, about(report, "'empty' has no labels").size());
			assertEquals(1, about(report, "'tiny' has only " + report.pixels[3] + " pixels").size());
			assertEquals(1, about(report, "'single' has a single stroke").size());
			assertEquals(0, about(report, "'class 1'").size());
			p.stroke(image, 5, 50, 40, 60, 44, 0, 0);
			p.settle();
			assertEquals(0, about(p.updater.report(), "'single'").size());
		}
	}

	@Test
	void strokesOfSeveralImagesAddUp() {
		try (Painting p = new Painting()) {
			final LiveImage a = p.add(Pictures.plane("a.tif", 64, 64, 8));
			final LiveImage b = p.add(Pictures.plane("b.tif", 64, 60, 8));
			p.stroke(a, 1, 2, 2, 40, 4, 0, 0);
			p.stroke(a, 2, 2, 20, 40, 24, 0, 0);
			p.settle();
			assertEquals(2, about(p.updater.report(), "a single stroke").size());
			p.stroke(b, 2, 2, 20, 40, 24, 0, 0);
			p.settle();
			assertEquals(1, about(p.updater.report(), "a single stroke").size());
			assertEquals(3, p.updater.report().strokes);
		}
	}

	@Test
	void wideFeaturesInFlatStacksAreTold() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.hyperstack("flat.tif", 64, 64, 8, 1, 4, 1));
			p.paint(image, 1, 0);
			p.session.setSettings(p.session.settings().withFeatures("gaussian:0.7,4;hessian:9@2d"));
			p.settle();
			// sigma 4 pixels of 0.25 um along x is 1.33 slices of 0.75 um
			final List<String> warnings = about(p.updater.report(), "'flat.tif' has 4");
			assertEquals(1, warnings.size());
			assertTrue(warnings.get(0).contains("(sigma 4) spans 7 slices"), warnings.get(0));
			p.session.setSettings(p.session.settings().withFeatures("gaussian:0.7;hessian:9@2d"));
			p.settle();
			assertEquals(0, about(p.updater.report(), "spans").size());
		}
	}

	@Test
	void textTellsAllAndWarnsOfFlattery() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			p.session.renameClass(p.at(2), "disc");
			p.paint(image, 0, 0);
			p.settle();
			final Report report = p.updater.report();
			final String text = report.text();
			assertTrue(text.contains("disc: " + report.pixels[1]), text);
			assertTrue(text.contains("Out-of-bag check: " + Texts.percent(1 - report.outOfBag.accuracy)), text);
			assertTrue(text.contains(Report.FLATTERY), text);
			assertTrue(text.contains("Held-out check (whole strokes): " + Texts.percent(1 - report.heldOut.accuracy)), text);
			assertTrue(text.contains("disc -> class 1 " + report.outOfBag.count(1, 0) + ", disc " + report.outOfBag.count(1,
				1)), text);
			assertTrue(text.contains(report.importances.get(0).feature), text);
			for (final String warning : report.warnings)
				assertTrue(text.contains(warning), text);
			p.updater.setHoldout(Holdout.NONE);
			p.settle();
			assertTrue(p.updater.report().text().contains("Held-out check: The check on held-out labels is off."));
			assertFalse(p.updater.report().text().contains("whole strokes)"));
		}
	}

	@Test
	void aPerfectOutOfBagFigureIsDoubted() {
		try (Painting p = new Painting()) {
			final LiveImage image = p.add(Pictures.plane("a.tif", 64, 64, 8));
			final LabelEdit edit = p.session.edit(image);
			for (int y = 0; y < 64; y++)
				for (int x = 0; x < 64; x++)
					if (x % 8 < 5 && y % 8 < 5) edit.stroke(x + 0.5, y + 0.5, x + 0.5, y + 0.5, 1, image.image().getProcessor()
						.get(x, y) > 128 ? 1 : 2, 0, 0);
			p.session.commit(image, edit, "by brightness");
			p.session.setSettings(p.session.settings().withFeatures("original"));
			p.settle();
			final Report report = p.updater.report();
			assertEquals(report.outOfBag.accuracy == 1 ? 1 : 0, about(report, "finds no error").size());
			assertEquals(1, report.outOfBag.accuracy, "brightness alone decides");
		}
	}
}
