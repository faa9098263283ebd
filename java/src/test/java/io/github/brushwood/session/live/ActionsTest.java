package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.ImageRoi;
import ij.gui.Line;
import ij.gui.OvalRoi;
import ij.gui.PointRoi;
import ij.gui.PolygonRoi;
import ij.gui.Roi;
import ij.gui.ShapeRoi;
import ij.process.ByteProcessor;

import io.github.brushwood.Session;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.FeatureSelection;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.engine.Output;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.FolderBatch;
import io.github.brushwood.session.ForestKeys;
import io.github.brushwood.session.Jobs;
import io.github.brushwood.session.Monitor;
import io.github.brushwood.session.Pictures;
import io.github.brushwood.session.Segmentation;
import io.github.brushwood.session.live.Actions.Tool;

import java.awt.Rectangle;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every step of a user: what it does, what it is recorded as, and that the record does the same again. */
@Timeout(180)
class ActionsTest {

	@TempDir
	Path folder;
	private final List<String[]> steps = new ArrayList<>();
	private final List<Actions> open = new ArrayList<>();

	@AfterEach
	void close() {
		for (final Actions actions : open)
			actions.close();
		assertEquals(Collections.emptyList(), Sessions.all());
	}

	/** Records into {@link #steps}. */
	private Actions actions(final LiveSession session) {
		final Actions actions = new Actions(session, new LiveUpdater(session, 2, 0), (method, arguments) -> {
			final List<String> step = new ArrayList<>(Arrays.asList(arguments));
			step.add(0, method);
			steps.add(step.toArray(new String[0]));
		}, null);
		open.add(actions);
		return actions;
	}

	private Actions actions(final ImagePlus... images) {
		final LiveSession session = new LiveSession();
		for (final ImagePlus imp : images)
			session.addImage(imp);
		return actions(session);
	}

	private ImagePlus saved(final String name, final int slices) {
		return Pictures.open(Pictures.saveTiff(Pictures.hyperstack(name, 96, 80, 8, 1, slices, 2), folder));
	}

	private static List<String> names(final Actions a) {
		final List<String> names = new ArrayList<>();
		for (final AnnotationClass c : a.session().classes())
			names.add(c.name());
		return names;
	}

	private List<String> methods() {
		final List<String> methods = new ArrayList<>();
		for (final String[] step : steps)
			methods.add(step[0]);
		return methods;
	}

	private static byte[] plane(final Actions a, final int image, final int z, final int t) {
		return a.session().images().get(image).labels().plane(z, t);
	}

	/** The same, in a session of its own, through the macro functions. */
	private Actions replay(final ImagePlus imp) throws Exception {
		final List<String[]> recorded = new ArrayList<>(steps);
		final Actions again = actions(imp);
		Sessions.add(again);
		for (final String[] step : recorded) {
			final Class<?>[] types = new Class<?>[step.length - 1];
			Arrays.fill(types, String.class);
			final Method method = Session.class.getMethod(step[0], types);
			assertEquals(String.class, method.getReturnType());
			method.invoke(null, (Object[]) Arrays.copyOfRange(step, 1, step.length));
		}
		return again;
	}

	private byte[] model(final Actions a, final String name) throws Exception {
		final Path file = folder.resolve(name);
		a.saveModel(Monitor.NONE, file.toString());
		return Files.readAllBytes(file);
	}

	/** A session with most kinds of steps on two images. */
	private void work(final Actions a) {
		final LiveImage first = a.session().images().get(0);
		a.renameClass("class 1", "ground \"q\" \\");
		a.recolourClass("class 2", "#00AA10");
		final AnnotationClass ground = a.session().classes().get(0);
		final AnnotationClass second = a.session().classes().get(1);
		final Actions.Stroke stroke = a.stroke(first, ground, Tool.BRUSH, 3.3, 1.123, 2.456, 1, 1);
		for (int i = 0; i < 200; i++)
			stroke.to(1.1 + i * 0.33, 2 + 20 * Math.sin(i / 9.0) + 20);
		stroke.finish();
		final Actions.Stroke line = a.stroke(first, second, Tool.LINE, 2, 50, 60, 2, 2);
		line.to(10, 10);
		line.to(80.3, 70.2);
		line.finish();
		final Actions.Stroke eraser = a.stroke(first, null, Tool.ERASER, 5, 20, 0, 1, 1);
		eraser.to(20, 79);
		eraser.finish();
		a.stroke(first, ground, Tool.BRUSH, 9, 40, 40, 1, 2).abandon();
		final AnnotationClass third = a.addClass("");
		a.fill(first, third, new OvalRoi(60, 5, 20, 14), 1, 1);
		a.fill(first, null, new Roi(64, 8, 4, 4), 1, 1);
		a.fill(first, second, new Roi(70, 50, 20, 20), 1, 1);
		a.undo();
		a.undo();
		a.redo();
		final LiveImage other = a.addFile(folder.resolve("other.tif").toString());
		a.fill(other, second, new PolygonRoi(new int[] { 3, 30, 17 }, new int[] { 3, 5, 40 }, 3, Roi.POLYGON), 2, 1);
		a.fill(first, ground, new Roi(0, 60, 30, 15), 2, 1);
		a.addClass("spare");
		a.mergeClasses("spare", third.name());
		a.addClass("more");
		a.removeClass("more");
		a.setFeatures("gaussian:1,2;hessian:1@2d");
		a.setCalibrated(false);
		a.setForest("trees=13 seed=5 balance min_leaf=2");
	}

	@Test
	void theRecordMakesTheSameLabelsAndTheSameModel() throws Exception {
		saved("other.tif", 4);
		final Actions a = actions(saved("one.tif", 3));
		work(a);
		final byte[] expected = model(a, "a.brushwood");
		assertEquals("saveModel", steps.remove(steps.size() - 1)[0]);
		assertFalse(methods().contains("abandon"));
		final Actions b = replay(Pictures.open(folder.resolve("one.tif").toString()));
		assertNotSame(a.session(), b.session());
		assertEquals(names(a), names(b));
		assertEquals(a.session().classes().get(1).rgb(), b.session().classes().get(1).rgb());
		assertEquals(2, b.session().images().size());
		for (int i = 0; i < 2; i++) {
			final LabelMap labels = a.session().images().get(i).labels();
			assertTrue(labels.count() > 0);
			for (int t = 0; t < labels.frames(); t++)
				for (int z = 0; z < labels.depth(); z++)
					assertArrayEquals(plane(a, i, z, t), plane(b, i, z, t));
		}
		assertEquals(a.forestOptions(), b.forestOptions());
		assertArrayEquals(expected, model(b, "b.brushwood"));
	}

	@Test
	void theRecordIsText() {
		final Actions a = actions(Pictures.plane("p.tif", 40, 30, 8));
		final LiveImage image = a.session().images().get(0);
		final Actions.Stroke stroke = a.stroke(image, a.session().classNamed("class 2"), Tool.BRUSH, 4.9, 3.3, 4.1, 1, 1);
		stroke.to(3.31, 4.12);
		stroke.to(10, 4.6);
		stroke.finish();
		assertEquals("[[selectImage, p.tif], [stroke, class 2, brush, 5, 3.25,4;10,4.5, 1, 1]]", text());
		a.stroke(image, a.session().classNamed("class 2"), Tool.BRUSH, 1, 10, 4.5, 1, 1).finish();
		assertEquals(2, steps.size(), "what changes nothing is not recorded");
		a.stroke(image, null, Tool.LINE, 1, "10,4.5;2,4.5", 1, 1);
		assertEquals("[erase, line, 1, 10,4.5;2,4.5, 1, 1]", Arrays.toString(steps.get(2)));
		a.clearLabels(image);
		assertEquals(0, image.labels().count());
		assertEquals("[clearLabels]", Arrays.toString(steps.get(3)));
		assertEquals("clearing of p.tif", a.session().undoName());
	}

	private String text() {
		final List<String> all = new ArrayList<>();
		for (final String[] step : steps)
			all.add(Arrays.toString(step));
		return all.toString();
	}

	@Test
	void nobodyHearsOfALineBeforeItIsDrawn() {
		final Actions a = actions(Pictures.plane("a.tif", 64, 64, 8));
		final LiveImage image = a.session().images().get(0);
		final List<Rectangle> heard = new ArrayList<>();
		a.session().addListener(new LiveSession.Listener() {

			@Override
			public void labelsChanged(final LiveImage changed, final int z, final int t, final Rectangle where) {
				heard.add(where);
			}
		});
		final Actions.Stroke line = a.stroke(image, a.session().classes().get(0), Tool.LINE, 1, 4.5, 4.5, 1, 1);
		assertTrue(line.to(40.5, 4.5).contains(4, 4, 37, 1));
		assertEquals(new Rectangle(4, 4, 37, 17), line.to(4.5, 20.5));
		assertEquals(17, image.labels().count());
		assertEquals(Collections.emptyList(), heard);
		line.finish();
		assertEquals(Collections.singletonList(new Rectangle(4, 4, 1, 17)), heard);
		a.undo();
		assertEquals(0, image.labels().count());
	}

	@Test
	void anySelectionSurvivesAsText() {
		final Actions a = actions(Pictures.plane("p.tif", 64, 64, 8));
		final LiveImage image = a.session().images().get(0);
		final Line wide = new Line(5, 5, 50.5, 33.25);
		wide.setStrokeWidth(6);
		final Roi composite = new ShapeRoi(new OvalRoi(2, 2, 40, 40)).not(new ShapeRoi(new Roi(10, 10, 12, 12)));
		for (final Roi roi : Arrays.asList(wide, composite, new PointRoi(new float[] { 3, 60 }, new float[] { 4, 61 }, 2),
			new PolygonRoi(new float[] { 1, 60, 30 }, new float[] { 2, 9, 55 }, 3, Roi.FREELINE)))
		{
			final LabelMap direct = new LabelMap(64, 64, 1, 1);
			final LabelEdit edit = direct.edit();
			edit.fill(roi, 2, 0, 0);
			edit.finish();
			a.clearLabels(image);
			a.fill(image, a.session().classNamed("class 2"), roi, 1, 1);
			assertTrue(direct.count() > 0);
			assertArrayEquals(direct.plane(0, 0), image.labels().plane(0, 0), roi.toString());
		}
		assertThrows(BrushwoodException.class, () -> a.fill(image, null, new ImageRoi(3, 3, new ByteProcessor(4, 4)), 1, 1));
		assertThrows(BrushwoodException.class, () -> a.fill(image, null, "bm90IGEgcm9p", 1, 1));
		assertThrows(BrushwoodException.class, () -> a.fill(image, null, "%%%", 1, 1));
	}

	private static void assertFails(final String part, final Runnable step) {
		final RuntimeException e = assertThrows(RuntimeException.class, step::run);
		assertTrue(e instanceof BrushwoodException || e instanceof EngineException, e.toString());
		assertTrue(e.getMessage().contains(part), e.getMessage());
	}

	@Test
	void whatCannotBeIsSaidAndNotRecorded() {
		final Actions a = actions(Pictures.plane("p.tif", 40, 30, 8));
		final LiveImage image = a.session().images().get(0);
		final AnnotationClass c = a.session().classes().get(0);
		final long version = a.session().version();
		assertFails("There is nothing to undo", a::undo);
		assertFails("There is nothing to redo", a::redo);
		assertFails("'x'", () -> a.removeClass("x"));
		assertFails("class 2", () -> a.renameClass("class 1", "class 2"));
		assertFails("merged", () -> a.mergeClasses("class 1", "class 1"));
		assertFails("#rrggbb", () -> a.recolourClass("class 1", "blue"));
		assertFails("slice 2, frame 1 is outside", () -> a.stroke(image, c, Tool.BRUSH, 3, 1, 1, 2, 1));
		assertFails("slice 1, frame 0 is outside", () -> a.fill(image, c, new Roi(1, 1, 2, 2), 1, 0));
		assertFails("x,y;x,y", () -> a.stroke(image, c, Tool.BRUSH, 3, "1,1;2", 1, 1));
		assertFails("x,y;x,y", () -> a.stroke(image, c, Tool.BRUSH, 3, "1,1;NaN,2", 1, 1));
		assertFails("nonsense", () -> a.setFeatures("nonsense:1"));
		assertFails("Unknown key 'tree'", () -> a.setForest("tree=5"));
		assertFails("'trees'", () -> a.setForest("trees=0"));
		assertFails("has no effect", () -> a.setForest("folds=3"));
		assertFails("does not exist", () -> a.addFile(folder.resolve("no.tif").toString()));
		assertFails("does not exist", () -> a.importAnnotations(image, folder.resolve("no.tif").toString()));
		assertFails(".tif", () -> a.exportAnnotations(image, folder.resolve("l.png").toString()));
		assertFails("has no labels", () -> a.exportAnnotations(image, folder.resolve("l.zip").toString()));
		assertFails("not saved yet", () -> a.save(null));
		assertFails("no image 'q'", () -> a.imageNamed("q"));
		assertFails("class", () -> a.train(Monitor.NONE));
		assertEquals("[]", text());
		assertEquals(version, a.session().version());
		assertNull(a.session().undoName());
	}

	@Test
	void forestOptionsKeepWhatIsNotGiven() {
		final Actions a = actions(Pictures.plane("p.tif", 40, 30, 8));
		a.setForest("trees=31 held_out=blocks block=20 autocontext balance=custom class_weights=1,2.5");
		a.setForest("seed=-4");
		final String all = a.forestOptions();
		assertTrue(all.contains("trees=31") && all.contains("seed=-4") && all.contains("block=20"), all);
		assertEquals(2.5f, a.session().settings().training().classWeights()[1]);
		assertEquals(Holdout.BLOCKS, a.session().settings().training().holdout());
		a.setForest("forest=brushwood");
		assertEquals(ForestKeys.format(LiveSettings.defaults().training()), a.forestOptions());
		a.setForest(all);
		assertEquals(all, a.forestOptions());
	}

	@Test
	void annotationsGoOutAndComeBack() throws Exception {
		final ImagePlus imp = saved("one.tif", 3);
		final Actions a = actions(imp);
		saved("other.tif", 4);
		work(a);
		final LiveImage image = a.session().images().get(0);
		for (final String name : new String[] { "l.tif", "l.zip" }) {
			final Path file = folder.resolve(name);
			a.exportAnnotations(image, file.toString());
			final Actions b = actions(Pictures.open(folder.resolve("one.tif").toString()));
			b.renameClass("class 1", "mine");
			final LiveImage target = b.session().images().get(0);
			b.importAnnotations(target, file.toString());
			assertEquals("import of " + name, b.session().undoName());
			for (int t = 0; t < 2; t++)
				for (int z = 0; z < 3; z++)
					assertArrayEquals(classNames(a, plane(a, 0, z, t)), classNames(b, plane(b, 0, z, t)), name);
			b.undo();
			assertEquals(0, target.labels().count());
		}
		final ImagePlus plain = Pictures.open(folder.resolve("one.tif").toString());
		new Annotations(plain).loadRois(folder.resolve("l.zip").toString(), "");
		new Annotations(plain).exportLabels(folder.resolve("m.tif").toString());
		assertArrayEquals((byte[]) Pictures.open(folder.resolve("l.tif").toString()).getStack().getPixels(1),
			(byte[]) Pictures.open(folder.resolve("m.tif").toString()).getStack().getPixels(1));
	}

	private static String[] classNames(final Actions a, final byte[] ids) {
		final String[] names = new String[ids.length];
		for (final AnnotationClass c : a.session().classes())
			for (int i = 0; i < ids.length; i++)
				if (ids[i] == (byte) c.id()) names[i] = c.name();
		return names;
	}

	@Test
	void labelsWithoutNamesAreClassesByTheirOrder() {
		final ImagePlus labels = IJ.createImage("plain.tif", 40, 30, 1, 8);
		labels.getProcessor().set(3, 4, 1);
		labels.getProcessor().set(5, 6, 4);
		final String path = Pictures.saveTiff(labels, folder);
		final Actions a = actions(Pictures.plane("p.tif", 40, 30, 8));
		final LiveImage image = a.session().images().get(0);
		a.renameClass("class 1", "mine");
		a.importAnnotations(image, path);
		assertEquals(4, a.session().classes().size());
		assertEquals("mine", names(a).get(0));
		assertEquals(a.session().classes().get(0).id(), image.labels().get(3, 4, 0, 0));
		assertEquals(a.session().classes().get(3).id(), image.labels().get(5, 6, 0, 0));
		assertEquals(2, image.labels().count());
	}

	private static float[] floats(final ImagePlus imp) {
		return (float[]) imp.getStack().getPixels(1);
	}

	/** Results are those that the commands make with the saved model. */
	@Test
	void resultsAreTheCommands() throws Exception {
		saved("other.tif", 4);
		final ImagePlus imp = saved("one.tif", 3);
		final Actions a = actions(imp);
		work(a);
		a.setCalibrated(true);
		final Path file = folder.resolve("m.brushwood");
		a.saveModel(Monitor.NONE, file.toString());
		final Collection<Output> outputs = Arrays.asList(Output.PROBABILITIES, Output.LABELS);
		final List<ImagePlus> results = a.results(Monitor.NONE, a.session().images().get(0), outputs);
		final ImagePlus[] expected = Segmentation.of(Jobs.defaults(), imp, file.toString(), outputs, null).images();
		assertEquals(2, results.size());
		for (int i = 0; i < 2; i++) {
			assertEquals(expected[i].getTitle(), results.get(i).getTitle());
			assertEquals(expected[i].getStackSize(), results.get(i).getStackSize());
			assertEquals(imp.getCalibration().pixelDepth, results.get(i).getCalibration().pixelDepth);
		}
		assertArrayEquals(floats(expected[0]), floats(results.get(0)));
		final Path out = folder.resolve("out");
		a.exportResults(Monitor.NONE, out.toString(), outputs);
		final Path in = Files.createDirectory(folder.resolve("in"));
		Files.copy(folder.resolve("one.tif"), in.resolve("one.tif"));
		a.applyToFolder(Monitor.NONE, in.toString(), folder.resolve("applied").toString(), outputs);
		new FolderBatch(file.toString(), in.toString(), folder.resolve("batch").toString(), outputs).run(Jobs.defaults(),
			entry -> assertEquals(FolderBatch.State.DONE, entry.state, entry.message));
		for (final String name : new String[] { "one_probabilities.tif", "one_segmentation.tif" }) {
			final byte[] batch = Files.readAllBytes(folder.resolve("batch").resolve(name));
			assertArrayEquals(batch, Files.readAllBytes(folder.resolve("applied").resolve(name)), name);
			assertArrayEquals(batch, Files.readAllBytes(out.resolve(name)), name);
		}
		assertTrue(Files.exists(out.resolve("other_segmentation.tif")));
		final ImagePlus features = a.features(Monitor.NONE, a.session().images().get(0));
		assertEquals("Features of one.tif", features.getTitle());
		assertEquals(a.updater().featureNames().size(), features.getNChannels());
		assertEquals(Arrays.asList("saveModel", "showResult", "exportResults", "applyToFolder", "showFeatures"), last(5));
	}

	@Test
	void aBrokenFileInAFolderDoesNotKeepTheOthersBack() throws Exception {
		saved("other.tif", 5);
		final Actions a = actions(saved("one.tif", 3));
		work(a);
		final Path in = Files.createDirectory(folder.resolve("in"));
		Files.copy(folder.resolve("one.tif"), in.resolve("one.tif"));
		Files.write(in.resolve("broken.tif"), new byte[] { 1, 2, 3 });
		final Path out = folder.resolve("applied");
		final List<String> said = new ArrayList<>();
		final Monitor monitor = new Monitor() {

			@Override
			public boolean progress(final double fraction) {
				return true;
			}

			@Override
			public void status(final String text) {
				said.add(text);
			}
		};
		final String message = assertThrows(BrushwoodException.class, () -> a.applyToFolder(monitor, in.toString(), out
			.toString(), Arrays.asList(Output.LABELS))).getMessage();
		assertTrue(message.startsWith("1 of 2 images failed. The first: broken.tif: "), message);
		assertEquals("1 of 2 images classified into " + out, said.get(said.size() - 1));
		assertTrue(Files.exists(out.resolve("one_segmentation.tif")));
		a.exportResults(monitor, out.toString(), Arrays.asList(Output.LABELS));
		assertEquals("2 of 2 images written into " + out, said.get(said.size() - 1));
	}

	@Test
	void featuresAndAnnotationsOfAllImagesAreWritten() throws Exception {
		final Actions a = actions(saved("one.tif", 3), saved("other.tif", 4));
		final List<LiveImage> images = a.session().images();
		a.stroke(images.get(0), a.session().classes().get(1), Tool.BRUSH, 6, "10,10;40,20", 2, 1);
		a.setFeatures("gaussian:1,2");
		a.setCalibrated(false);
		final String out = folder.resolve("new/out").toString();
		a.exportFeatures(Monitor.NONE, out);
		for (final LiveImage image : images) {
			final ImagePlus expected = a.features(Monitor.NONE, image);
			final ImagePlus written = Pictures.open(out + "/" + image.title().replace(".tif", "_features.tif"));
			assertEquals(expected.getNChannels(), written.getNChannels());
			assertEquals(expected.getStackSize(), written.getStackSize());
			assertEquals(image.image().getCalibration().pixelDepth, written.getCalibration().pixelDepth);
			assertArrayEquals(floats(expected), floats(written));
		}
		a.session().detach(images.get(1));
		a.exportAllAnnotations(out);
		final ImagePlus labels = Pictures.open(out + "/one_annotations.tif");
		assertEquals(2, labels.getStack().getVoxel(10, 10, 1));
		assertEquals(4 * 2, Pictures.open(out + "/other_annotations.tif").getStackSize());
		assertEquals("exportAllAnnotations", last(1).get(0));
		assertThrows(BrushwoodException.class, () -> a.exportFeatures(Monitor.NONE, out));
	}

	private List<String> last(final int count) {
		final List<String> methods = methods();
		methods.removeIf(method -> method.equals("selectImage"));
		return methods.subList(methods.size() - count, methods.size());
	}

	@Test
	void featuresHaveNamesAtOnce() {
		final Actions a = actions(Pictures.plane("a.tif", 64, 64, 8));
		a.updater().await(60000);
		a.setFeatures("gaussian:5");
		assertEquals(Collections.singletonList("gaussian 5 2D"), a.featureNames());
		a.session().detach(a.session().images().get(0));
		assertEquals(a.updater().featureNames(), a.featureNames());
	}

	@Test
	void whenNoPlaceIsLeftThatIsSaid() {
		final Actions a = actions(Pictures.plane("a.tif", 24, 24, 8));
		final LiveImage image = a.session().images().get(0);
		a.stroke(image, a.session().classes().get(0), Tool.BRUSH, 3, "4,12;20,12", 1, 1);
		a.stroke(image, a.session().classes().get(1), Tool.BRUSH, 3, "4,18;20,18", 1, 1);
		assertFails("No place is left", () -> a.whereNext(Monitor.NONE));
	}

	@Test
	void advice() {
		saved("other.tif", 4);
		final Actions a = actions(saved("one.tif", 3));
		work(a);
		final FeatureSelection selection = a.suggestFeatures(Monitor.NONE, 0.02);
		assertFalse(selection.features().isEmpty());
		a.setFeatures(selection.features());
		final LiveUpdater.Place place = a.whereNext(Monitor.NONE);
		assertTrue(a.session().images().contains(place.image));
		a.train(Monitor.NONE);
		assertEquals(Arrays.asList("setFeatures", "train"), last(2));
		a.updater().setLive(false);
		a.addClass("fourth");
		a.stroke(a.session().images().get(0), a.session().classNamed("fourth"), Tool.BRUSH, 6, "60,70;90,70", 3, 1);
		final Report report = a.report(Monitor.NONE);
		assertEquals("fourth", report.classes.get(report.classes.size() - 1).name());
		assertTrue(report.text().contains("fourth"), report.text());
		a.clearLabels(a.session().images().get(0));
		a.clearLabels(a.session().images().get(1));
		assertFails("no report yet", () -> a.report(Monitor.NONE));
	}

	@Test
	void savingAndModification() throws Exception {
		final Actions a = actions(saved("one.tif", 3));
		assertFalse(a.isModified());
		a.addClass("c");
		assertTrue(a.isModified());
		assertNull(a.file());
		a.save(folder.resolve("s").toString());
		assertEquals(folder.resolve("s.brushwood-session").toString(), a.file());
		assertFalse(a.isModified());
		a.undo();
		assertTrue(a.isModified());
		a.save(null);
		assertFalse(a.isModified());
		final LiveSession read = SessionFile.read(a.file(), Collections.emptyList(), IJ::openImage, new ArrayList<>());
		final Actions b = actions(read).readFrom(a.file());
		assertFalse(b.isModified());
		assertEquals(a.file(), b.file());
		assertTrue(actions(read).readFrom(null).isModified());
	}

	@Test
	void theSelectedImageIsTheOneThatWasNamed() {
		final Actions a = actions(Pictures.plane("p", 40, 30, 8), Pictures.plane("p", 44, 30, 8));
		final List<LiveImage> images = a.session().images();
		assertSame(images.get(0), a.selected());
		assertSame(images.get(0), a.imageNamed("p"));
		assertSame(images.get(1), a.imageNamed("#2"));
		a.select(images.get(1));
		assertSame(images.get(1), a.selected());
		final AnnotationClass c = a.session().classes().get(0);
		a.fill(images.get(1), c, new Roi(1, 1, 2, 2), 1, 1);
		a.fill(images.get(1), c, new Roi(9, 9, 2, 2), 1, 1);
		a.fill(images.get(0), c, new Roi(1, 1, 2, 2), 1, 1);
		assertEquals(Arrays.asList("selectImage", "fill", "fill", "selectImage", "fill"), methods());
		assertEquals("#2", steps.get(0)[1]);
		a.removeImage(images.get(1));
		assertSame(images.get(0), a.selected());
		assertFails("no image '#2'", () -> a.imageNamed("#2"));
	}
}
