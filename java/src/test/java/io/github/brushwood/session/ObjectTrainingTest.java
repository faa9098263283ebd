package io.github.brushwood.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.gui.Overlay;
import ij.gui.PointRoi;
import ij.gui.Roi;

import io.github.brushwood.engine.DescribeFormat;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.ObjectModel;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Examples as annotations, points and numbers; what models say of other images. */
class ObjectTrainingTest {

	private static final int COUNT = 60;
	private static final int EXAMPLES = 16;

	@TempDir
	Path folder;

	private static AnnotationClasses classes() {
		return AnnotationClasses.of(Arrays.asList("square#112233", "bar#445566"));
	}

	/** A point on each of the first objects; the counter is 0 for squares, 1 for bars. */
	private static PointRoi points() {
		final PointRoi roi = new PointRoi();
		for (int i = 1; i <= EXAMPLES; i++) {
			roi.setCounter(Shapes.isBar(i) ? 1 : 0);
			roi.addPoint(Shapes.x(i), Shapes.y(i));
		}
		return roi;
	}

	private static ObjectModel train(final ObjectTraining training) {
		return training.train(Jobs.defaults());
	}

	private byte[] bytes(final ObjectModel model) throws Exception {
		final Path file = folder.resolve("m.brushwood-objects");
		try (Job job = new Job(); ObjectModel m = model) {
			m.write(job, file.toString());
			assertTrue(ObjectModel.isFile(job, file.toString()));
			assertTrue(m.describe(job, DescribeFormat.TEXT).contains("Forest: 200 trees"));
		}
		return Files.readAllBytes(file);
	}

	private byte[] byPoints() throws Exception {
		final ImagePlus labels = Shapes.labels("labels", COUNT, 1);
		labels.setRoi(points());
		final ObjectTraining training = new ObjectTraining(classes());
		training.add(new Measuring(labels), labels);
		return bytes(train(training));
	}

	@Test
	void pointsInTheOverlayAndNumbersTeachTheSame() throws Exception {
		final byte[] expected = byPoints();
		final ImagePlus labels = Shapes.labels("labels", COUNT, 1);
		final ImagePlus over = Shapes.labels("raw", COUNT, 1);
		over.setOverlay(new Overlay(points()));
		final ObjectTraining overlay = new ObjectTraining(classes());
		overlay.add(new Measuring(labels), over);
		assertArrayEquals(expected, bytes(train(overlay)));
		final ObjectExamples examples = ObjectExamples.parse(Arrays.asList("square#112233:1,3,5,7,9,11,13,15",
			"bar#445566:2,4,6,8,10,12,14,16"));
		final ObjectTraining listed = new ObjectTraining(new AnnotationClasses());
		listed.add(new Measuring(labels), examples);
		assertArrayEquals(expected, bytes(train(listed)));
		examples.keep(labels);
		final ObjectTraining picked = new ObjectTraining(new AnnotationClasses());
		picked.add(new Measuring(labels), labels);
		assertArrayEquals(expected, bytes(train(picked)));
	}

	@Test
	void annotationsComeFirst() throws Exception {
		final byte[] expected = byPoints();
		final ImagePlus labels = Shapes.labels("labels", COUNT, 1);
		final Annotations annotations = new Annotations(labels);
		for (final AnnotationClass c : classes().list())
			annotations.recolour(annotations.define(c.name()), c.rgb());
		for (int i = 1; i <= EXAMPLES; i++)
			annotations.add(annotations.classes().at(Shapes.isBar(i) ? 2 : 1), new Roi(Shapes.x(i), Shapes.y(i), 2, 1), 1, 1);
		labels.setRoi(new PointRoi(Shapes.x(1), Shapes.y(1))); // does not count
		final ObjectTraining training = new ObjectTraining(new AnnotationClasses());
		training.add(new Measuring(labels), labels);
		assertArrayEquals(expected, bytes(train(training)));
	}

	/** Masks, frames and several images: objects have the classes that their shapes say. */
	@Test
	void otherImagesAreClassified() {
		final ImagePlus first = Shapes.labels("one", COUNT, 1);
		first.setRoi(points());
		final ImagePlus mask = Shapes.mask("two", COUNT);
		final ObjectTraining training = new ObjectTraining(classes());
		training.add(new Measuring(first), first);
		training.add(new Measuring(mask), ObjectExamples.parse(Arrays.asList("bar:40", "square:21")));
		final ImagePlus movie = Shapes.labels("movie", COUNT, 2);
		movie.getStack().setSliceLabel("later", 2);
		movie.getCalibration().frameInterval = 3;
		try (ObjectModel model = train(training);
			ClassifiedObjects classified = ClassifiedObjects.of(Jobs.defaults(), new Measuring(movie), model))
		{
			assertEquals(1, training.notes().size(), "the mask");
			assertEquals(2 * COUNT, classified.table().rows());
			final ImagePlus image = classified.image(Jobs.defaults());
			assertEquals("Classes of movie", image.getTitle());
			assertEquals(8, image.getBitDepth());
			assertEquals(2, image.getNFrames());
			assertEquals("later", image.getStack().getSliceLabel(2));
			assertEquals(3, image.getCalibration().frameInterval);
			for (int i = 1; i <= COUNT; i++) {
				final int expected = Shapes.isBar(i) ? 2 : 1;
				assertEquals(expected, classified.table().classNumber(COUNT + i - 1), "object " + i);
				assertEquals(expected, image.getStack().getProcessor(2).get(Shapes.x(i), Shapes.y(i)), "object " + i);
			}
			assertEquals(0, image.getProcessor().get(image.getWidth() - 1, 0));
			assertEquals(0x445566, image.getProcessor().getColorModel().getRGB(2) & 0xFFFFFF);
			assertEquals(120 + " objects in 'movie': 60 of class 'square', 60 of class 'bar'.", classified.summary());
		}
	}

	@Test
	void mistakesAreTold() {
		final ImagePlus labels = Shapes.labels("labels", COUNT, 1);
		assertMessage("'labels' has no examples", () -> new ObjectTraining(classes()).add(new Measuring(labels), labels));
		assertMessage("of the same size", () -> new ObjectTraining(classes()).add(new Measuring(labels), Shapes.labels("x",
			4, 1)));
		final ObjectTraining foreign = new ObjectTraining(classes());
		foreign.add(new Measuring(labels), ObjectExamples.parse(Collections.singletonList("bar:99")));
		assertMessage("The example 99 of class 'bar' is not in 'labels'", () -> train(foreign));
		final ObjectTraining frames = new ObjectTraining(classes());
		frames.add(new Measuring(labels), ObjectExamples.parse(Collections.singletonList("bar:9@2")));
		assertMessage("frame 2 has no such object", () -> train(frames));
		final ImagePlus twice = Shapes.labels("twice", COUNT, 1);
		final PointRoi both = points();
		both.setCounter(1);
		both.addPoint(Shapes.x(1), Shapes.y(1));
		twice.setRoi(both);
		final ObjectTraining same = new ObjectTraining(classes());
		same.add(new Measuring(twice), twice);
		assertMessage("has points of the classes 1 and 2", () -> train(same));
		final PointRoi apart = points();
		apart.setCounter(1);
		apart.addPoint(Shapes.x(1) + 2, Shapes.y(1));
		twice.setRoi(apart);
		final ObjectTraining conflict = new ObjectTraining(classes());
		conflict.add(new Measuring(twice), twice);
		final EngineException e = assertThrows(EngineException.class, () -> train(conflict));
		assertTrue(e.getMessage().contains("object 1 "), e.getMessage());
		final ObjectTraining one = new ObjectTraining(classes());
		one.add(new Measuring(labels), ObjectExamples.parse(Collections.singletonList("bar:2,4")));
		assertTrue(assertThrows(EngineException.class, () -> train(one)).getMessage().contains("another one"));
	}

	private static void assertMessage(final String part, final Runnable work) {
		final BrushwoodException e = assertThrows(BrushwoodException.class, work::run);
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}
}
