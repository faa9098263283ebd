package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.VirtualStack;
import ij.process.ImageProcessor;

import io.github.brushwood.session.Pictures;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is left of a session when nobody could save it. */
@Timeout(120)
class AutosaveTest {

	private static final String THREAD = "Brushwood autosave";

	@TempDir
	Path temporary;

	private File folder() {
		return temporary.resolve("autosave").toFile();
	}

	private List<Autosave.Left> left() {
		return Autosave.leftBehind(folder());
	}

	private static LiveSession session(final ImagePlus imp) {
		final LiveSession session = new LiveSession();
		session.addImage(imp);
		return session;
	}

	/** A dot of 3 x 3 pixels for every number. */
	private static void paint(final LiveSession session, final int number) {
		final LiveImage image = session.images().get(0);
		final LabelEdit edit = session.edit(image);
		edit.stroke(4 * (number % 60) + 2.5, 4 * (number / 60) + 2.5, 4 * (number % 60) + 2.5, 4 * (number / 60) + 2.5, 3,
			session.classes().get(number % 2).id(), 0, 0);
		session.commit(image, edit, "dot " + number);
	}

	private static boolean isPainted(final LabelMap labels, final int number) {
		return labels.get(4 * (number % 60) + 2, 4 * (number / 60) + 2, 0, 0) != 0;
	}

	private static long threads() {
		return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().equals(THREAD)).count();
	}

	private static void waitFor(final BooleanSupplier what) throws InterruptedException {
		while (!what.getAsBoolean())
			Thread.sleep(20);
	}

	@Test
	void writesAFewSecondsAfterAChangeAndLeavesNothingWhenClosed() throws Exception {
		final LiveSession session = session(Pictures.plane("a.tif", 256, 256, 8));
		final Autosave autosave = new Autosave(session, folder());
		assertTrue(threads() > 0);
		paint(session, 1);
		waitFor(() -> folder().isDirectory() && folder().list().length == 1 && files().contains("session.brushwood-session"));
		assertEquals(Collections.emptyList(), left(), "a session in use is nothing that a crash left");
		assertEquals(Collections.emptyList(), left(), "and testing it does not release its lock");
		autosave.close();
		autosave.close();
		assertEquals(0, folder().list().length);
		assertEquals(0, threads());
	}

	private List<String> files() {
		final List<String> files = new ArrayList<>();
		for (final File each : folder().listFiles())
			files.addAll(Arrays.asList(each.list()));
		return files;
	}

	@Test
	void nothingIsWrittenBeforeSomethingIsLabelled() {
		final LiveSession session = session(Pictures.plane("a.tif", 256, 256, 8));
		try (Autosave autosave = new Autosave(session, folder())) {
			session.addClass("more");
			autosave.flush();
			assertFalse(folder().exists());
			paint(session, 1);
			autosave.flush();
			assertTrue(files().contains("session.brushwood-session"));
			final long before = folder().listFiles()[0].listFiles((dir, name) -> name.endsWith("session"))[0].length();
			autosave.flush();
			session.undo();
			autosave.flush();
			final long after = folder().listFiles()[0].listFiles((dir, name) -> name.endsWith("session"))[0].length();
			assertTrue(after < before, "what was taken back is not written any more");
		}
	}

	@Test
	void whatIsInAFileOfTheUsersIsNotKeptTwice() throws Exception {
		final LiveSession session = session(Pictures.plane("a.tif", 256, 256, 8));
		final Autosave autosave = new Autosave(session, folder());
		try (Actions actions = new Actions(session, new LiveUpdater(session, 1, 0), Actions.Recording.NONE, autosave)) {
			paint(session, 1);
			actions.autosave();
			assertTrue(files().contains("session.brushwood-session"));
			actions.save(temporary.resolve("s").toString());
			actions.autosave();
			assertFalse(files().contains("session.brushwood-session"));
			paint(session, 2);
			actions.autosave();
			assertTrue(files().contains("session.brushwood-session"));
		}
		assertEquals(0, folder().list().length);
		final File stale = new File(folder(), "stale");
		assertTrue(stale.mkdir() && new File(stale, ".lock").createNewFile());
		assertEquals(Collections.emptyList(), left());
		assertTrue(stale.exists(), "it may be about to be written");
		assertTrue(stale.setLastModified(System.currentTimeMillis() - 48L * 3600 * 1000));
		assertEquals(Collections.emptyList(), left());
		assertFalse(stale.exists());
	}

	@Test
	void strokesPaintedWhileTheUsersFileIsWrittenStay() {
		final LiveSession session = session(Pictures.plane("a.tif", 256, 256, 8));
		try (Autosave autosave = new Autosave(session, folder())) {
			paint(session, 1);
			final long saved = session.version();
			paint(session, 2);
			assertTrue(autosave.flush());
			autosave.saved(saved);
			assertTrue(files().contains("session.brushwood-session"), "the second dot is nowhere else");
			autosave.saved(session.version());
			assertFalse(files().contains("session.brushwood-session"));
		}
	}

	@Test
	void aFailureDoesNotReachTheUsersWork() throws IOException {
		Files.write(temporary.resolve("autosave"), new byte[1]);
		final LiveSession session = session(Pictures.plane("a.tif", 256, 256, 8));
		try (Autosave autosave = new Autosave(session, folder())) {
			paint(session, 1);
			assertFalse(autosave.flush());
			assertFalse(autosave.flush());
			Files.delete(temporary.resolve("autosave"));
			assertTrue(autosave.flush());
			assertTrue(files().contains("session.brushwood-session"), "the next attempt works");
		}
	}

	@Test
	void changedPixelsAreKeptAgain() throws IOException {
		final ImagePlus imp = Pictures.plane("a", 64, 64, 8);
		final LiveSession session = session(imp);
		final Path crashed = Files.createDirectories(temporary.resolve("crashed/session"));
		try (Autosave autosave = new Autosave(session, folder())) {
			paint(session, 1);
			assertTrue(autosave.flush());
			imp.getProcessor().invert();
			session.identifyAgain(session.images().get(0));
			assertTrue(autosave.flush());
			assertEquals(3, files().size(), files().toString());
			for (final File file : folder().listFiles()[0].listFiles((dir, name) -> !name.startsWith(".")))
				Files.copy(file.toPath(), crashed.resolve(file.getName()));
		}
		final Autosave.Left left = Autosave.leftBehind(crashed.getParent().toFile()).get(0);
		final LiveSession again = Autosave.recover(left, Collections.emptyList(), IJ::openImage, new ArrayList<>());
		assertEquals(LiveImage.Identity.of(imp), LiveImage.Identity.of(again.images().get(0).image()));
	}

	@Test
	void labelsAreKeptEvenWhenPixelsCannotBe() {
		final boolean[] gone = { false };
		final ImageStack stack = new VirtualStack(64, 64, null, "") {

			@Override
			public int getSize() {
				return 1;
			}

			@Override
			public ImageProcessor getProcessor(final int n) {
				if (gone[0]) throw new IllegalStateException("The disk was taken out.");
				return Pictures.plane("a", 64, 64, 8).getProcessor();
			}
		};
		final LiveSession session = session(new ImagePlus("a", stack));
		try (Autosave autosave = new Autosave(session, folder())) {
			paint(session, 1);
			gone[0] = true;
			assertFalse(autosave.flush());
			assertTrue(files().contains("session.brushwood-session"));
			gone[0] = false;
			assertTrue(autosave.flush());
			assertTrue(files().contains("image1.tif"));
		}
	}

	@Test
	void damagedLeftoversDoNotHideOthers() throws Exception {
		crash("5", "unsaved");
		for (final String name : new String[] { "a", "b", "c" })
			Files.createDirectories(folder().toPath().resolve(name));
		Files.write(folder().toPath().resolve("a/session.brushwood-session"), new byte[100]);
		Files.write(folder().toPath().resolve("b/session.brushwood-session"), new byte[0]);
		Files.write(folder().toPath().resolve("stray"), new byte[0]);
		assertEquals(1, left().size());
		Autosave.discard(left().get(0));
		assertEquals(0, left().size());
		assertEquals(4, folder().list().length);
	}

	/** kill -9 while painting: all strokes but those of the last seconds are offered again. */
	@Test
	void aKilledProgramLeavesAllButTheLastStrokes() throws Exception {
		final int[] numbers = crash("0", "saved");
		final Autosave.Left left = left().get(0);
		assertEquals(1, left().size());
		assertEquals(Collections.singletonList("picture.tif"), left.images);
		assertTrue(Math.abs(System.currentTimeMillis() - left.time) < 60000);
		final List<String> notes = new ArrayList<>();
		final LiveSession session = Autosave.recover(left, Collections.emptyList(), IJ::openImage, notes);
		assertEquals(Collections.emptyList(), notes);
		final LabelMap labels = session.images().get(0).labels();
		assertEquals(left.pixels, labels.count());
		for (int i = 0; i < numbers[0]; i++)
			assertTrue(isPainted(labels, i), i + " of " + numbers[0] + " (" + numbers[1] + " at the end)");
		assertEquals(temporary.resolve("picture.tif").toString(), session.images().get(0).path());
	}

	@Test
	void imagesThatWereNeverSavedComeBackAsUnsaved() throws Exception {
		crash("5", "unsaved");
		final Autosave.Left left = left().get(0);
		final List<String> notes = new ArrayList<>();
		final LiveSession session = Autosave.recover(left, Collections.emptyList(), IJ::openImage, notes);
		final LiveImage image = session.images().get(0);
		assertEquals(Collections.emptyList(), notes);
		assertNull(image.path());
		assertNotNull(image.image());
		assertEquals("picture.tif", image.image().getTitle());
		assertEquals(LiveImage.Identity.of(Pictures.plane("x", 256, 256, 16)), LiveImage.Identity.of(image.image()));
		final LiveSession blind = Autosave.recover(left, Collections.emptyList(), path -> null, notes);
		assertFalse(Autosave.isUsedUp(left, blind), "the pixels are nowhere else");
		assertTrue(Autosave.isUsedUp(left, session));
		try (Autosave next = new Autosave(session, folder())) {
			assertTrue(next.flush());
			Autosave.discard(left);
			assertEquals(1, folder().list().length);
			assertEquals(3, files().size(), "session, lock and image: " + files());
		}
	}

	/**
	 * Kills a program that paints.
	 *
	 * @param dots "0" to paint until it is killed; else that many, and to be killed when they are written
	 * @return dots painted 4.5 s before the end, and at the end
	 */
	private int[] crash(final String dots, final String kind) throws Exception {
		final List<String> command = new ArrayList<>(Arrays.asList(new File(System.getProperty("java.home"), "bin/java")
			.getPath(), "-Djava.awt.headless=true", "-cp", System.getProperty("java.class.path")));
		final String library = System.getProperty("brushwood.library.file");
		if (library != null) command.add("-Dbrushwood.library.file=" + library);
		command.addAll(Arrays.asList(Painter.class.getName(), temporary.toString(), dots, kind));
		final Process process = new ProcessBuilder(command).redirectError(temporary.resolve("errors").toFile()).start();
		int before = 0;
		int last = 0;
		try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(),
			StandardCharsets.UTF_8)))
		{
			final List<long[]> painted = new ArrayList<>();
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				if (line.equals("written")) break;
				last = Integer.parseInt(line);
				painted.add(new long[] { System.nanoTime(), last });
				if (System.nanoTime() - painted.get(0)[0] > 9e9) break;
			}
			final long end = System.nanoTime();
			for (final long[] each : painted)
				if (end - each[0] > 4.5e9) before = (int) each[1];
			assertTrue(files().contains("session.brushwood-session"));
			assertEquals(Collections.emptyList(), left(), "the other program is running");
		}
		finally {
			process.destroyForcibly();
			process.waitFor();
		}
		final String errors = new String(Files.readAllBytes(temporary.resolve("errors")), StandardCharsets.UTF_8);
		assertFalse(errors.contains("Exception"), errors);
		assertTrue(last > 0, errors);
		return new int[] { before, last };
	}

	/** A program that paints until it is killed. */
	public static final class Painter {

		private Painter() {}

		/** @param args folder, number of dots or 0, "saved" or "unsaved" */
		public static void main(final String... args) throws Exception {
			final Path folder = new File(args[0]).toPath();
			final ImagePlus picture = Pictures.plane("picture.tif", 256, 256, 16);
			final LiveSession session = session(args[2].equals("saved") ? Pictures.open(Pictures.saveTiff(picture, folder))
				: picture);
			final Autosave autosave = new Autosave(session, folder.resolve("autosave").toFile());
			final int dots = Integer.parseInt(args[1]);
			for (int i = 0; dots == 0 || i < dots; i++) {
				paint(session, i);
				System.out.println(i + 1);
				if (dots == 0) Thread.sleep(50);
			}
			autosave.flush();
			System.out.println("written");
			Thread.sleep(60000);
		}
	}
}
