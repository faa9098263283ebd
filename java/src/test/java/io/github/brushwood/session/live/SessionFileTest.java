package io.github.brushwood.session.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.OvalRoi;

import io.github.brushwood.engine.Balance;
import io.github.brushwood.engine.Holdout;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Pictures;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TimeZone;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Session files: the same again, images found wherever they are, and nothing that a damaged file can do. */
class SessionFileTest {

	private static final int FUZZ_RUNS = 1500;
	private static final Duration PATIENCE = Duration.ofSeconds(60);

	@TempDir
	Path temporary;
	private Path folder;
	private final List<String> notes = new ArrayList<>();

	@BeforeEach
	void makeFolder() throws IOException {
		folder = Files.createDirectory(temporary.resolve("a session"));
	}

	private ImagePlus saved(final String name, final int slices, final int frames) {
		final ImagePlus imp = Pictures.hyperstack(name, 150, 90, 8, 2, slices, frames);
		return Pictures.open(Pictures.saveTiff(imp, folder));
	}

	/** Another image than {@link #saved} makes under the same name. */
	private static ImagePlus other(final String name) {
		final ImagePlus imp = Pictures.hyperstack(name, 150, 90, 8, 2, 3, 2);
		imp.getStack().getProcessor(1).set(7, 7, 255);
		return imp;
	}

	private static void paint(final LiveSession session, final LiveImage image, final int classIndex, final int z,
		final int t)
	{
		final LabelEdit edit = session.edit(image);
		final int id = session.classes().get(classIndex).id();
		edit.stroke(10 + 20 * classIndex, 5, 120, 70 + z, 5, id, z, t);
		edit.fill(new OvalRoi(100, 20 * classIndex, 30, 20), id, z, t);
		session.commit(image, edit, "stroke");
	}

	/** Two images, three classes, unusual settings. */
	private LiveSession session() {
		final LiveSession session = new LiveSession();
		final AnnotationClass added = session.addClass("n\u00FCcleus \"q\" \\ <&>");
		session.recolourClass(added, 0x123456);
		session.removeClass(session.classes().get(0));
		session.addClass("third");
		for (final String name : new String[] { "one.tif", "two.tif" }) {
			final LiveImage image = session.addImage(saved(name, name.equals("one.tif") ? 3 : 5, 2));
			paint(session, image, 0, 0, 0);
			paint(session, image, 1, 2, 1);
			paint(session, image, 2, 2, 0);
		}
		session.setSettings(session.settings().withFeatures("gaussian:1;hessian:2@2d").withCalibrated(false).withTraining(
			session.settings().training().trees(17).seed(Long.MIN_VALUE).bootstrap(0.1).extra(true).balance(Balance.CUSTOM)
				.classWeights(0.1f, 3).holdout(Holdout.BLOCKS, 7, 33).calibrate(true).contextSigmas(1.1, 2.3).refine(4)));
		return session;
	}

	private LiveSession read(final Path file, final ImagePlus... open) {
		return SessionFile.read(file.toString(), Arrays.asList(open), IJ::openImage, notes);
	}

	private Path write(final LiveSession session, final String name) {
		final Path file = folder.resolve(name);
		SessionFile.write(session, file.toString());
		return file;
	}

	private static void assertSameLabels(final LiveSession expected, final LiveSession actual) {
		assertEquals(expected.images().size(), actual.images().size());
		for (int i = 0; i < expected.images().size(); i++) {
			final LabelMap a = expected.images().get(i).labels();
			final LabelMap b = actual.images().get(i).labels();
			assertEquals(expected.images().get(i).identity(), actual.images().get(i).identity());
			assertTrue(a.count() > 0);
			for (int t = 0; t < a.frames(); t++)
				for (int z = 0; z < a.depth(); z++)
					assertArrayEquals(a.plane(z, t), b.plane(z, t));
		}
	}

	@Test
	void savedAndOpenedItIsTheSameAndGivesTheSameBytes() throws IOException {
		final LiveSession session = session();
		final Path file = write(session, "s.brushwood-session");
		final LiveSession again = read(file);
		assertEquals(Collections.emptyList(), notes);
		assertSameLabels(session, again);
		assertEquals(session.classes().toString(), again.classes().toString());
		for (int i = 0; i < 3; i++) {
			assertEquals(session.classes().get(i).id(), again.classes().get(i).id());
			assertEquals(session.classes().get(i).rgb(), again.classes().get(i).rgb());
		}
		assertNull(again.undoName());
		final TimeZone zone = TimeZone.getDefault();
		try {
			TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
			assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(write(again, "t.brushwood-session")));
		}
		finally {
			TimeZone.setDefault(zone);
		}
		for (final LiveImage image : again.images())
			assertEquals(folder.resolve(image.title()).toString(), image.path());
	}

	@Test
	void pathsBesideAndBelowAreRelativeAndTheFolderCanBeMoved() throws IOException {
		final LiveSession session = session();
		final Path below = Files.createDirectory(folder.resolve("below"));
		Files.move(folder.resolve("two.tif"), below.resolve("two.tif"));
		final LiveSession moved = read(write(session, "s.brushwood-session"), Pictures.open(below.resolve("two.tif")
			.toString()));
		final Path file = write(moved, "s.brushwood-session");
		final String json = new String(entries(file).get(0), StandardCharsets.UTF_8);
		assertTrue(json.contains("\"file\": \"one.tif\"") && json.contains("\"file\": \"below/two.tif\""), json);
		assertFalse(json.contains(temporary.toString()), json);
		final Path elsewhere = temporary.resolve("elsewhere");
		Files.move(folder, elsewhere);
		notes.clear();
		final LiveSession again = read(elsewhere.resolve("s.brushwood-session"));
		assertEquals(Collections.emptyList(), notes);
		assertNotNull(again.images().get(1).image());
		assertEquals(elsewhere.resolve("below/two.tif").toString(), again.images().get(1).path());
		assertSameLabels(session, again);
	}

	@Test
	void anImageElsewhereHasAnAbsolutePathAndIsFoundBesideTheFileToo() throws IOException {
		final LiveSession session = session();
		final Path file = temporary.resolve("deep/down/s.brushwood-session");
		Files.createDirectories(file.getParent());
		SessionFile.write(session, file.toString());
		assertTrue(new String(entries(file).get(0), StandardCharsets.UTF_8).contains(folder.resolve("one.tif").toString()
			.replace("\\", "\\\\")));
		assertNotNull(read(file).images().get(0).image());
		Files.move(folder.resolve("one.tif"), file.resolveSibling("one.tif"));
		final LiveSession again = read(file);
		assertEquals(file.resolveSibling("one.tif").toString(), again.images().get(0).path());
		assertTrue(notes.toString().contains("was found as"), notes.toString());
	}

	@Test
	void aRenamedFileIsFoundByItsPixels() throws IOException {
		final LiveSession session = session();
		final Path file = write(session, "s.brushwood-session");
		Pictures.saveTiff(other("a decoy.tif"), folder);
		Files.move(folder.resolve("one.tif"), folder.resolve("renamed.TIF"));
		final LiveSession again = read(file);
		assertNotNull(again.images().get(0).image());
		assertEquals(folder.resolve("renamed.TIF").toString(), again.images().get(0).path());
		assertEquals(1, notes.size(), notes.toString());
		assertTrue(notes.get(0).contains("'one.tif' was found as"), notes.get(0));
	}

	@Test
	void anotherImageOfTheSameNameIsNotTaken() {
		final LiveSession session = session();
		final Path file = write(session, "s.brushwood-session");
		Pictures.saveTiff(other("one.tif"), folder);
		final LiveSession again = read(file, other("one.tif"));
		assertNull(again.images().get(0).image());
		assertNotNull(again.images().get(1).image());
		assertSameLabels(session, again);
		assertTrue(notes.toString().contains("has other pixels"), notes.toString());
	}

	@Test
	void missingImagesKeepTheirLabelsAndComeBack() throws IOException {
		final LiveSession session = session();
		final Path file = write(session, "s.brushwood-session");
		final byte[] before = Files.readAllBytes(file);
		final ImagePlus one = Pictures.open(folder.resolve("one.tif").toString());
		Files.delete(folder.resolve("one.tif"));
		final LiveSession again = read(file);
		assertNull(again.images().get(0).image());
		assertTrue(notes.toString().contains("'one.tif' was not found at"), notes.toString());
		assertSameLabels(session, again);
		SessionFile.write(again, file.toString());
		assertArrayEquals(before, Files.readAllBytes(file));
		assertSame(again.images().get(0), again.addImage(one));
		assertSame(one, again.images().get(0).image());
	}

	@Test
	void openImagesAreTakenAsTheyAre() {
		final LiveSession session = session();
		final Path file = write(session, "s.brushwood-session");
		final ImagePlus open = Pictures.open(folder.resolve("one.tif").toString());
		open.setTitle("anything");
		assertSame(open, read(file, other("x"), open).images().get(0).image());
	}

	@Test
	void anImageThatWasNeverSavedHasNoFile() {
		final LiveSession session = new LiveSession();
		final ImagePlus imp = other("unsaved");
		paint(session, session.addImage(imp), 1, 1, 1);
		final Path file = write(session, "s.brushwood-session");
		assertNull(read(file).images().get(0).path());
		assertTrue(notes.get(0).contains("'unsaved' was not found."), notes.toString());
		assertSame(imp, read(file, imp).images().get(0).image());
	}

	@Test
	void anImageThatIsSavedLaterHasAFile() {
		final LiveSession session = new LiveSession();
		final ImagePlus imp = other("later.tif");
		paint(session, session.addImage(imp), 1, 1, 1);
		Pictures.saveTiff(imp, folder);
		assertEquals(folder.resolve("later.tif").toString(), read(write(session, "s.brushwood-session")).images().get(0)
			.path());
	}

	@Test
	void onlyWholeFilesAppear() throws IOException {
		final LiveSession session = session();
		final Path file = write(session, "s.brushwood-session");
		final byte[] before = Files.readAllBytes(file);
		final Path blocked = Files.createDirectory(folder.resolve("blocked.brushwood-session"));
		assertThrows(BrushwoodException.class, () -> SessionFile.write(session, blocked.toString()));
		assertThrows(BrushwoodException.class, () -> SessionFile.write(session, folder.resolve("no/s").toString()));
		assertArrayEquals(before, Files.readAllBytes(file));
		try (Stream<Path> files = Files.list(folder)) {
			assertEquals(0, files.filter(path -> path.toString().endsWith(".part")).count());
		}
	}

	// ---- damaged files

	private static List<byte[]> entries(final Path file) throws IOException {
		final List<byte[]> entries = new ArrayList<>();
		try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file))) {
			while (zip.getNextEntry() != null) {
				final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
				for (int b = zip.read(); b >= 0; b = zip.read())
					bytes.write(b);
				entries.add(bytes.toByteArray());
			}
		}
		return entries;
	}

	/** Entries under the names that they have in a session file. */
	private static void zip(final Path file, final List<byte[]> entries) throws IOException {
		try (OutputStream out = Files.newOutputStream(file); ZipOutputStream zip = new ZipOutputStream(out)) {
			for (int i = 0; i < entries.size(); i++) {
				zip.putNextEntry(new ZipEntry(i == 0 ? "session.json" : "labels/" + i + ".bin"));
				zip.write(entries.get(i));
			}
		}
	}

	private static String failure(final Path file) {
		final BrushwoodException e = assertTimeoutPreemptively(PATIENCE, () -> assertThrows(BrushwoodException.class,
			() -> SessionFile.read(file.toString(), Collections.emptyList(), path -> null, new ArrayList<>())));
		assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
		assertTrue(e.getMessage().endsWith("."), e.getMessage());
		return e.getMessage();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '^', value = { "\"version\": 1|\"version\": 2|has version 2",
		"\"version\": 1|\"version\": \"1\"|'version' has to be a whole number",
		"\"version\": 1|\"version\": 1.0|'version' has to be a whole number",
		"\"format\": \"brushwood-session\"|\"format\": \"zip\"|no session",
		"\"calibrated\": false|\"calibrated\": 0|'calibrated' has to be true or false",
		"\"calibrated\": false|\"calibrate\": false|'calibrated' is missing",
		"\"calibrated\": false|\"calibrated\": false, \"more\": 1|'more' is unknown",
		"\"id\": 2|\"id\": 256|'classes[0].id' has to be a whole number from 1 to 255",
		"\"id\": 2|\"id\": 3|is in the list twice", "\"id\": 2|\"id\": 9|the class id 2, which is not in the list",
		"\"#123456\"|\"#12345g\"|#rrggbb", "\"trees\": 17|\"trees\": 0|'forest.trees'",
		"\"trees\": 17|\"trees\": 1e9|'forest.trees'", "\"balance\": \"custom\"|\"balance\": \"X\"|'forest.balance'",
		"\"bootstrap\": 0.1|\"bootstrap\": NaN|'session.json' is not JSON", "150x90x3|151x90x3|does not fit its labels",
		"150x90x3|150x90xx3|does not fit its labels", "\"fingerprint\": \"|\"fingerprint\": \"x|fingerprint",
		"\"images\": [|\"images\": [1, |'images[0].' is not an",
		"\"features\": \"gaussian:1;hessian:2@2d\"|\"features\": []|'features' has to be a text" })
	void whatIsWrongInTheDescriptionIsNamed(final String part, final String replacement, final String message)
		throws IOException
	{
		final Path file = write(session(), "s.brushwood-session");
		final List<byte[]> entries = entries(file);
		final String json = new String(entries.get(0), StandardCharsets.UTF_8);
		assertTrue(json.contains(part), json);
		entries.set(0, json.replace(part, replacement).getBytes(StandardCharsets.UTF_8));
		zip(file, entries);
		final String failure = failure(file);
		assertTrue(failure.contains(message), failure);
	}

	@Test
	void filesThatAreNoSessionsAreRefused() throws IOException {
		assertTrue(failure(folder.resolve("none.brushwood-session")).contains("does not exist"));
		final Path file = Files.write(folder.resolve("s.brushwood-session"), new byte[0]);
		assertTrue(failure(file).contains("no zip"));
		Files.write(file, "not a zip at all".getBytes(StandardCharsets.UTF_8));
		assertTrue(failure(file).contains("no zip"));
		zip(file, Collections.singletonList("[]".getBytes(StandardCharsets.UTF_8)));
		assertTrue(failure(file).contains("is not an object"));
		final List<byte[]> entries = entries(write(session(), "t.brushwood-session"));
		zip(file, entries.subList(0, 2));
		assertTrue(failure(file).contains("cut off before 'labels/2.bin'"));
		entries.add(new byte[5]);
		zip(file, entries);
		assertTrue(failure(file).contains("more behind the labels"));
	}

	/** Labels of one image of one class and 150 x 90 x 3 x 2 pixels. */
	private String failureWithLabels(final int... numbers) throws IOException {
		final Path file = write(session(), "s.brushwood-session");
		final List<byte[]> entries = entries(file);
		final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		final DataOutputStream out = new DataOutputStream(bytes);
		for (final int number : numbers)
			out.writeInt(number);
		entries.set(1, bytes.toByteArray());
		zip(file, entries);
		return failure(file);
	}

	@Test
	void whatIsWrongInLabelsIsNamed() throws IOException {
		assertTrue(failureWithLabels(0, 90, 3, 2, 0).contains("width of the labels is 0"));
		assertTrue(failureWithLabels(1 << 20, 1 << 20, 3, 2, 0).contains("height"));
		assertTrue(failureWithLabels(150, 90, 1 << 20, 1 << 20, 0).contains("number of frames"));
		assertTrue(failureWithLabels(150, 90, 3, 2, 7).contains("number of slices"));
		assertTrue(failureWithLabels(150, 90, 3, 2, 1, 2, 0, 1).contains("frame of the labels is 2"));
		assertTrue(failureWithLabels(150, 90, 3, 2, 1, 0, 3, 1).contains("slice of the labels is 3"));
		assertTrue(failureWithLabels(150, 90, 3, 2, 1, 0, 0, 7).contains("number of tiles"));
		assertTrue(failureWithLabels(150, 90, 3, 2, 1, 0, 0, 1, 3, 0).contains("tile of the labels is 3"));
		final int[] empty = new int[10 + 1024];
		System.arraycopy(new int[] { 150, 90, 3, 2, 1, 0, 0, 1, 2, 1 }, 0, empty, 0, 10);
		assertTrue(failureWithLabels(empty).contains("a tile has no labels"));
		empty[10] = 2;
		assertTrue(failureWithLabels(empty).contains("number of labelled pixels differs"));
		empty[10] = 0x02020000; // column 22 of the third tile is beyond the image
		empty[10 + 5] = 0x02000002;
		assertTrue(failureWithLabels(empty).contains("beyond the image"));
		assertTrue(failureWithLabels(150, 90, 3, 2, 0, 1).contains("more behind"));
	}

	/** A small file that says it holds very much. */
	@Test
	void bombsAreDefused() throws IOException {
		final Path file = write(session(), "s.brushwood-session");
		final List<byte[]> entries = entries(file);
		final byte[] spaces = new byte[17 << 20];
		Arrays.fill(spaces, (byte) ' ');
		zip(folder.resolve("b.brushwood-session"), Collections.singletonList(spaces));
		assertTrue(failure(folder.resolve("b.brushwood-session")).contains("too long"));
		final StringBuilder deep = new StringBuilder();
		for (int i = 0; i < 100000; i++)
			deep.append("[");
		entries.set(0, deep.toString().getBytes(StandardCharsets.UTF_8));
		zip(file, entries);
		assertTrue(failure(file).contains("'session.json' is not JSON"));
	}

	@Test
	void labelsBeyondTheBudgetAreRefused() throws IOException {
		final LabelMap map = new LabelMap(1000, 1000, 1, 1);
		final LabelEdit edit = map.edit();
		for (int i = 0; i < 1000; i += 10)
			edit.stroke(i, 0, i, 1000, 1, 1, 0, 0);
		edit.finish();
		final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		LabelCodec.write(map, new DataOutputStream(bytes));
		final boolean[] known = new boolean[256];
		known[1] = true;
		final byte[] all = bytes.toByteArray();
		final IOException e = assertThrows(IOException.class, () -> LabelCodec.read(new DataInputStream(
			new ByteArrayInputStream(all)), known, new long[] { 500000 }));
		assertTrue(e.getMessage().contains("memory"), e.getMessage());
		assertEquals(map.count(), LabelCodec.read(new DataInputStream(new ByteArrayInputStream(all)), known,
			new long[] { 2000000 }).count());
	}

	/** Changed bytes of the zip and of its entries: a session or a sentence, never anything else. */
	@Test
	void mutatedFilesGiveASentenceOrASession() throws IOException {
		final Path file = write(session(), "s.brushwood-session");
		final byte[] whole = Files.readAllBytes(file);
		final List<byte[]> entries = entries(file);
		final Random random = new Random(1);
		final Path mutant = folder.resolve("m.brushwood-session");
		int refused = 0;
		for (int i = 0; i < FUZZ_RUNS; i++) {
			if (i % 2 == 0) Files.write(mutant, mutated(whole, random));
			else {
				final List<byte[]> changed = new ArrayList<>(entries);
				final int index = random.nextInt(changed.size());
				changed.set(index, mutated(changed.get(index), random));
				zip(mutant, changed);
			}
			refused += assertTimeoutPreemptively(PATIENCE, () -> refuses(mutant)) ? 1 : 0;
		}
		assertTrue(refused > FUZZ_RUNS / 2, refused + " of " + FUZZ_RUNS + " refused");
	}

	private static boolean refuses(final Path file) {
		try {
			SessionFile.read(file.toString(), Collections.emptyList(), path -> null, new ArrayList<>());
			return false;
		}
		catch (final BrushwoodException e) {
			return true;
		}
	}

	private static byte[] mutated(final byte[] bytes, final Random random) {
		final int kind = random.nextInt(4);
		if (kind == 0) return Arrays.copyOf(bytes, random.nextInt(bytes.length));
		final byte[] changed = bytes.clone();
		final int at = random.nextInt(bytes.length);
		if (kind == 1) changed[at] = (byte) random.nextInt(256);
		else if (kind == 2) changed[at] ^= (byte) (1 << random.nextInt(8));
		else for (int i = at; i < Math.min(at + 1 + random.nextInt(30), bytes.length); i++)
			changed[i] = changed[random.nextInt(bytes.length)];
		return changed;
	}
}
