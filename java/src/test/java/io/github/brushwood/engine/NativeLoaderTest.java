package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Where the library is looked for, and what is said when it cannot be used. */
class NativeLoaderTest {

	private static final String[] PROPERTIES = { NativeLoader.OVERRIDE, "fiji.dir", "imagej.dir", "plugins.dir", "os.arch",
		"os.name", "java.io.tmpdir", "user.home" };
	private static final String PACKAGE = "io/github/brushwood/engine/";
	private static final boolean WINDOWS = Platform.current().fileName.endsWith(".dll");

	private Path folder;
	private final Properties before = new Properties();
	private final PluginLoaders plugins = new PluginLoaders();

	@BeforeEach
	void keepProperties() throws IOException {
		folder = Files.createTempDirectory("brushwood-test-");
		for (final String key : PROPERTIES) {
			final String value = System.getProperty(key);
			if (value != null) before.setProperty(key, value);
		}
		System.clearProperty(NativeLoader.OVERRIDE);
		System.clearProperty("fiji.dir");
		System.clearProperty("imagej.dir");
		System.clearProperty("plugins.dir");
	}

	@AfterEach
	void restoreProperties() throws IOException {
		for (final String key : PROPERTIES) {
			if (before.containsKey(key)) System.setProperty(key, before.getProperty(key));
			else System.clearProperty(key);
		}
		plugins.close();
		delete(folder.toFile());
		assertTrue(WINDOWS || !Files.exists(folder), "Windows keeps libraries in use"); // nothing else may be left
	}

	private static void delete(final File file) {
		final File[] inside = Files.isSymbolicLink(file.toPath()) ? null : file.listFiles();
		if (inside != null)
			for (final File f : inside)
				delete(f);
		file.delete();
	}

	/** The plugin as it is built: classes and libraries. */
	private ClassLoader pluginLoader() {
		return plugins.of(PluginLoaders.locationOf(Engine.class));
	}

	private ClassLoader loader(final URL... urls) {
		return plugins.of(urls);
	}

	/** A jar of the engine's classes alone, with the version it is given. */
	private URL jarWithoutLibraries(final String version) throws IOException {
		final Path jar = folder.resolve("classes.jar");
		final File classes = new File(PluginLoaders.fileOf(Engine.class), PACKAGE);
		try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
			for (final File file : classes.listFiles()) {
				if (!file.getName().endsWith(".class")) continue;
				out.putNextEntry(new ZipEntry(PACKAGE + file.getName()));
				Files.copy(file.toPath(), out);
			}
			out.putNextEntry(new ZipEntry(PACKAGE + "brushwood.properties"));
			out.write(("version=" + version + "\n").getBytes(StandardCharsets.ISO_8859_1));
		}
		return jar.toUri().toURL();
	}

	private static String versionFrom(final ClassLoader loader) throws Throwable {
		return (String) PluginLoaders.ask(loader, "version");
	}

	private static String descriptionFrom(final ClassLoader loader) throws Throwable {
		return (String) PluginLoaders.ask(loader, "description");
	}

	/** The message; checks that every attempt fails anew in the same way. */
	private static String failureFrom(final ClassLoader loader) {
		final Throwable first = assertThrows(Throwable.class, () -> versionFrom(loader));
		final Throwable second = assertThrows(Throwable.class, () -> versionFrom(loader));
		assertNotSame(first, second);
		for (final Throwable t : Arrays.asList(first, second)) {
			assertEquals(EngineException.class.getName(), t.getClass().getName(), t.toString());
		}
		assertEquals(first.getMessage(), second.getMessage());
		assertTrue(first.getMessage().endsWith("."), first.getMessage());
		return first.getMessage();
	}

	private Path library() throws IOException {
		final Platform platform = Platform.current();
		final Path file = folder.resolve(platform.fileName);
		try (InputStream in = Engine.class.getResourceAsStream("/natives/" + platform.jarName + "/" + platform.fileName)) {
			Files.copy(in, file);
		}
		return file;
	}

	@Test
	void twoClassLoadersLoadSideBySide() throws Throwable {
		assertEquals(Engine.version(), versionFrom(pluginLoader()));
		assertEquals(Engine.version(), versionFrom(pluginLoader()));
	}

	@Test
	void nothingStaysInTheTemporaryFolder() throws Throwable {
		System.setProperty("java.io.tmpdir", folder.toString());
		final String description = descriptionFrom(pluginLoader());
		assertEquals(WINDOWS ? 1 : 0, folder.toFile().list().length);
		assertTrue(description.contains("unpacked to " + folder) && !description.contains("Note:"), description);
	}

	/** Best of some, as other programs are at work, too. */
	@Test
	void loadingIsQuick() throws Throwable {
		double best = Double.POSITIVE_INFINITY;
		for (int i = 0; i < 5; i++)
			best = Math.min(best, (Double) PluginLoaders.ask(pluginLoader(), "loadMillis"));
		System.out.printf(Locale.ROOT, "Load time of the native library: %.0f ms, at first %.0f ms%n", best, Engine
			.loadMillis());
		assertTrue(best > 0 && best < 300 * Integer.getInteger("brushwood.test.slowdown", 1), best + " ms");
	}

	@Test
	void descriptionTellsWhatRunsWhere() throws Throwable {
		final String description = descriptionFrom(pluginLoader());
		for (final String word : new String[] { "Brushwood " + Engine.version(), Engine.simd(), Engine.openMp(),
			"/natives/" + Platform.current().jarName + "/", System.getProperty("java.version"), " ms)",
			"Threads: " + Engine.defaultThreads() })
			assertTrue(description.contains(word), description);
		assertTrue(Engine.isLoaded());
	}

	/** The user's cache takes the place of a temporary folder that will not do. */
	@Test
	void missingTemporaryFolderIsReplaced() throws Throwable {
		final String missing = folder.resolve("missing").toString();
		System.setProperty("java.io.tmpdir", missing);
		System.setProperty("user.home", folder.resolve("h\u00f6me of a user").toString());
		final File cache = Platform.cacheFolder(System.getProperty("os.name"), System.getProperty("user.home"),
			System::getenv);
		final String description = descriptionFrom(pluginLoader());
		assertTrue(description.contains("unpacked to " + cache), description);
		assertTrue(description.contains("Note: ") && description.contains(missing + " cannot be written") && description
			.contains("-Djava.io.tmpdir"), description);
		assertFalse(Files.exists(folder.resolve("missing")));
	}

	@Test
	void everyPlaceIsTriedAndNamed() throws IOException {
		final Path file = Files.createFile(folder.resolve("file"));
		final File first = folder.resolve("missing").toFile();
		final File second = file.resolve("below").toFile();
		final File third = new File(folder.toFile(), "no\0name");
		final LibraryCopy copy = new LibraryCopy("lib.so", () -> new ByteArrayInputStream(new byte[10]));
		assertNull(copy.load(new LinkedHashSet<>(Arrays.asList(first, second, third))));
		assertEquals(3, copy.failures().size());
		assertTrue(copy.failures().get(0).startsWith(first + " cannot be written"), copy.failures().toString());
		assertTrue(copy.failures().get(1).startsWith(second + " cannot be written"), copy.failures().toString());
		assertTrue(copy.failures().get(2).startsWith(third + " cannot be written"), copy.failures().toString());
	}

	/** As on a full disk. */
	@Test
	void copyThatFailsLeavesNothing() throws IOException {
		final LibraryCopy copy = new LibraryCopy("lib.so", () -> {
			throw new IOException("No space left on device");
		});
		assertNull(copy.load(Collections.singleton(folder.toFile())));
		assertTrue(copy.failures().get(0).contains("No space left on device"), copy.failures().toString());
		assertEquals(0, folder.toFile().list().length);
	}

	/** What no place can mend is tried once. */
	@Test
	void damagedCopyIsNotTriedTwice() throws IOException {
		final Path second = Files.createDirectory(folder.resolve("second"));
		final byte[] damaged = "no library at all".getBytes(StandardCharsets.US_ASCII);
		final LibraryCopy copy = new LibraryCopy(Platform.current().fileName, () -> new ByteArrayInputStream(
			damaged));
		assertNull(copy.load(new LinkedHashSet<>(Arrays.asList(folder.toFile(), second.toFile()))));
		if (!WINDOWS) assertEquals(1, copy.failures().size(), copy.failures().toString()); // its words are translated
		assertEquals(1, folder.toFile().list().length);
		assertEquals(0, second.toFile().list().length);
	}

	@Test
	void jarWithoutThePlatformSaysSo() throws IOException {
		final String message = failureFrom(loader(jarWithoutLibraries(Engine.version())));
		assertTrue(message.contains("/natives/" + Platform.current().jarName + "/") && message.contains(
			NativeLoader.OVERRIDE), message);
	}

	@Test
	void unknownPlatformSaysSo() {
		System.setProperty("os.arch", "i386");
		final String message = failureFrom(pluginLoader());
		assertTrue(message.contains("install the 64-bit Fiji") && message.contains("i386"), message);
	}

	@Test
	void overrideIsLoaded() throws Throwable {
		System.setProperty(NativeLoader.OVERRIDE, library().toString());
		assertEquals(Engine.version(), versionFrom(loader(jarWithoutLibraries(Engine.version()))));
	}

	@Test
	void fileHeldByAnotherClassLoaderIsCopied() throws Throwable {
		System.setProperty(NativeLoader.OVERRIDE, library().toString());
		assertEquals(Engine.version(), versionFrom(pluginLoader()));
		assertEquals(Engine.version(), versionFrom(pluginLoader()));
	}

	@Test
	void missingOverrideIsNamed() {
		final String missing = folder.resolve("missing.so").toString();
		System.setProperty(NativeLoader.OVERRIDE, missing);
		final String message = failureFrom(pluginLoader());
		assertTrue(message.contains(missing) && message.contains(NativeLoader.OVERRIDE), message);
	}

	@Test
	void fileThatIsNoLibraryIsNamed() throws IOException {
		final Path text = folder.resolve("text.so");
		Files.write(text, "no library".getBytes(StandardCharsets.US_ASCII));
		System.setProperty(NativeLoader.OVERRIDE, text.toString());
		final String message = failureFrom(pluginLoader());
		assertTrue(message.contains("text.so") && message.contains(NativeLoader.OVERRIDE) && message.contains("reinstall"),
			message);
	}

	@Test
	void otherVersionIsRefused() throws IOException {
		System.setProperty(NativeLoader.OVERRIDE, library().toString());
		final String message = failureFrom(loader(jarWithoutLibraries("9.8.7")));
		assertTrue(message.contains("9.8.7") && message.contains(Engine.version()), message);
	}

	@Test
	void fijisFolderComesBeforeTheJar() throws Throwable {
		final Path library = library();
		for (final String key : new String[] { "fiji.dir", "imagej.dir" }) {
			final Path root = folder.resolve(key);
			final Path file = copyToLib(root, library);
			System.setProperty(key, root.toString());
			final String description = descriptionFrom(pluginLoader());
			assertTrue(description.contains("Loaded from: " + file) && !description.contains("Note:"), description);
			System.clearProperty(key);
		}
		final Path root = folder.resolve("plain");
		copyToLib(root, library);
		System.setProperty("plugins.dir", root.resolve("plugins").toString());
		assertEquals(Engine.version(), versionFrom(loader(jarWithoutLibraries(Engine.version()))));
	}

	/** Only plugins.dir, which may name the plugins folder, leads to the folder around it. */
	@Test
	void foldersAroundFijisAreNotTrusted() {
		final File root = new File(folder.toFile(), "root");
		final File plugins = new File(root, "plugins");
		for (final String key : new String[] { "fiji.dir", "imagej.dir", "plugins.dir" }) {
			System.setProperty(key, root.toString());
			assertEquals(Collections.singleton(root), NativeLoader.fijiFolders(), key);
			System.setProperty(key, plugins.toString());
			assertEquals(Collections.singleton(key.equals("plugins.dir") ? root : plugins), NativeLoader.fijiFolders(), key);
			System.clearProperty(key);
		}
	}

	/** A library for 32-bit Linux, whose header differs, is left to the system's loader and its message. */
	@Test
	void onlyLibrariesOf64BitsCanBeCut() throws IOException {
		final byte[] header = new byte[64];
		System.arraycopy(new byte[] { 0x7f, 'E', 'L', 'F', 1, 1 }, 0, header, 0, 6);
		header[33] = 1; // table of one row behind the end, if it were for 64 bits
		header[56] = 1;
		final Path file = folder.resolve("header.so");
		assertFalse(ElfFile.isCut(Files.write(file, header).toFile()));
		header[4] = 2;
		assertTrue(ElfFile.isCut(Files.write(file, header).toFile()));
	}

	/** Another version, another processor, damaged: each is passed over with a note, and the jar's copy is used. */
	@Test
	void uselessLibraryInFijisFolderIsPassedOver() throws Throwable {
		final byte[] good = Files.readAllBytes(library());
		final byte[][] useless = { ofVersion(good, "9.8.7"), ofOtherProcessor(good), Arrays.copyOf(good, good.length / 2),
			Arrays.copyOf(good, 1000), {} };
		final String[] words = { "it is of Brushwood 9.8.7, but the jar is of Brushwood " + Engine.version(), "", "", "",
			"" };
		for (int i = 0; i < useless.length; i++) {
			final Path root = folder.resolve("fiji" + i);
			Files.write(folder.resolve("useless"), useless[i]);
			final Path file = copyToLib(root, folder.resolve("useless"));
			System.setProperty("fiji.dir", root.toString());
			final String description = descriptionFrom(pluginLoader());
			assertTrue(description.contains("/natives/"), description);
			assertTrue(description.contains("Note: The library " + file + " was passed over (" + words[i]), description);
		}
	}

	@Test
	void uselessLibraryIsNamedWhenTheJarHasNone() throws IOException {
		final Path root = folder.resolve("fiji");
		final Path file = copyToLib(root, library());
		System.setProperty("fiji.dir", root.toString());
		final String message = failureFrom(loader(jarWithoutLibraries("9.8.7")));
		assertTrue(message.contains("is not in the jar") && message.contains(file.toString()) && message.contains("9.8.7") &&
			message.contains(Engine.version()), message);
	}

	/** The library with another text in place of its version. */
	private static byte[] ofVersion(final byte[] library, final String version) {
		final String text = new String(library, StandardCharsets.ISO_8859_1);
		final String own = Engine.version() + "\0";
		assertTrue(text.contains(own));
		return text.replace(own, (version + "\0\0\0\0\0").substring(0, own.length())).getBytes(StandardCharsets.ISO_8859_1);
	}

	/** The library with another processor in the header of ELF, PE or Mach-O. */
	private static byte[] ofOtherProcessor(final byte[] library) {
		final byte[] other = library.clone();
		final boolean elf = other[0] == 0x7f;
		final boolean pe = other[0] == 'M';
		final int at = elf ? 18 : pe ? (other[0x3c] & 255) + ((other[0x3d] & 255) << 8) + 4 : 4;
		other[at] ^= 0x5a;
		return other;
	}

	private static Path copyToLib(final Path root, final Path library) throws IOException {
		final Path file = Platform.current().fijiFile(root.toFile()).toPath();
		Files.createDirectories(file.getParent());
		return Files.copy(library, file);
	}

	@Test
	void platformsHaveTheNamesOfJarAndFiji() {
		assertEquals(Platform.LINUX_64, Platform.of("Linux", "amd64"));
		assertEquals(Platform.LINUX_ARM64, Platform.of("Linux", "aarch64"));
		assertEquals(Platform.WINDOWS_64, Platform.of("Windows 11", "amd64"));
		assertEquals(Platform.MACOS_64, Platform.of("Mac OS X", "x86_64"));
		assertEquals(Platform.MACOS_ARM64, Platform.of("Mac OS X", "aarch64"));
		assertEquals(new File("/fiji/lib/win-arm64/brushwood_jni.dll"), Platform.of("Windows 11", "aarch64").fijiFile(
			new File("/fiji")));
		assertEquals("osx_arm64", Platform.MACOS_ARM64.jarName);
		for (final String[] other : new String[][] { { "Linux", "x86" }, { "SunOS", "amd64" }, { "Linux", "riscv64" } }) {
			final EngineException e = assertThrows(EngineException.class, () -> Platform.of(other[0], other[1]));
			assertTrue(e.getMessage().contains(other[0]) && e.getMessage().contains(other[1]), e.getMessage());
		}
	}

	@Test
	void cacheFoldersAreTheSystems() {
		final String home = new File(folder.toFile(), "home").getPath();
		final String chosen = new File(folder.toFile(), "chosen").getPath();
		assertEquals(new File(home, ".cache/brushwood"), Platform.cacheFolder("Linux", home, key -> null));
		assertEquals(new File(chosen, "brushwood"), Platform.cacheFolder("Linux", home, key -> key.equals(
			"XDG_CACHE_HOME") ? chosen : null));
		assertEquals(new File(home, ".cache/brushwood"), Platform.cacheFolder("Linux", home, key -> "relative"));
		assertEquals(new File(home, "Library/Caches/brushwood"), Platform.cacheFolder("Mac OS X", home, key -> chosen));
		assertEquals(new File(chosen, "brushwood"), Platform.cacheFolder("Windows 11", home, key -> key.equals(
			"LOCALAPPDATA") ? chosen : null));
		assertEquals(new File(home, "AppData/Local/brushwood"), Platform.cacheFolder("Windows 11", home, key -> null));
		assertNull(Platform.cacheFolder("Linux", "?", key -> null));
		assertNull(Platform.cacheFolder("Linux", null, key -> null));
	}

	/** What systems say, and the words by which users are told what to do. */
	@Test
	void failuresAreExplained() {
		final String[][] cases = {
			{ "x.so: failed to map segment from shared object: Operation not permitted", "noexec" },
			{ "/lib/libc.so.6: version `GLIBC_2.38' not found (required by x.so)", "glibc 2.17" },
			{ "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by x.so)", "musl" },
			{ "Error relocating x.so: __memcpy_chk: symbol not found", "musl" },
			{ "dlopen(x.dylib, 1): Symbol not found: _f\n  Referenced from: x.dylib (which was built for Mac OS X 11.0)",
				"macOS 10.15" },
			{ "dlopen(x.dylib, 1): library load disallowed by system policy", "xattr" },
			{ "mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64')", "reinstall" },
			{ "x.so: wrong ELF class: ELFCLASS32", "reinstall" },
			{ "x.so: file too short", "reinstall" },
			{ "C:\\x.dll: %1 is not a valid Win32 application", "reinstall" },
			{ "C:\\x.dll: Access is denied", "virus scanner" },
			{ "C:\\x.dll: Can't find dependent libraries", "letters" },
			{ "Illegal native access from unnamed module", "--enable-native-access" },
			{ "something else", "reinstall" },
		};
		for (final String[] c : cases) {
			final String reason = LoadFailure.reason(new UnsatisfiedLinkError(c[0]));
			assertTrue(reason.contains(c[1]) && reason.contains(c[0]), reason);
		}
		assertTrue(LoadFailure.reason(new UnsatisfiedLinkError()).contains("reinstall"));
	}

	@Test
	void slowJavaIsTold() {
		assertNull(Engine.slowJava(false));
		assertTrue(Engine.slowJava(true).contains("Rosetta") && Engine.slowJava(true).endsWith("."), Engine.slowJava(true));
		assertNull(Engine.slowJava(), "this machine");
	}

	@Test
	void sweepTakesOldFoldersOnly() throws IOException {
		final Path old = leftOver("brushwood-native-1", 20);
		final Path young = leftOver("brushwood-native-2", 1);
		final Path foreign = leftOver("other-native-3", 20);
		LibraryCopy.sweep(folder.toFile(), "lib.so");
		assertFalse(Files.exists(old));
		assertTrue(Files.exists(young.resolve("lib.so")));
		assertTrue(Files.exists(foreign.resolve("lib.so")));
	}

	/** What others put into a folder of ours stays, and so does the folder. */
	@Test
	void sweepTakesNothingElse() throws IOException {
		final Path old = leftOver("brushwood-native-1", 20);
		Files.createFile(old.resolve("note.txt"));
		assertTrue(old.toFile().setLastModified(System.currentTimeMillis() - 20 * 60000L));
		LibraryCopy.sweep(folder.toFile(), "lib.so");
		assertFalse(Files.exists(old.resolve("lib.so")));
		assertTrue(Files.exists(old.resolve("note.txt")));
		LibraryCopy.sweep(folder.resolve("missing").toFile(), "lib.so");
	}

	@Test
	@DisabledOnOs(value = OS.WINDOWS, disabledReason = "users may not make symbolic links there")
	void sweepFollowsNoLinks() throws IOException {
		final Path foreign = leftOver("other-native-3", 20);
		final Path link = Files.createSymbolicLink(folder.resolve("brushwood-native-4"), foreign);
		LibraryCopy.sweep(folder.toFile(), "lib.so");
		assertTrue(Files.exists(foreign.resolve("lib.so")));
		assertTrue(Files.exists(link));
	}

	/** Windows keeps the library in use; elsewhere none is left to sweep. */
	@Test
	void sweepSparesLibrariesInUse() throws Throwable {
		System.setProperty("java.io.tmpdir", folder.toString());
		final ClassLoader loader = pluginLoader();
		versionFrom(loader);
		for (final File left : folder.toFile().listFiles())
			assertTrue(left.setLastModified(System.currentTimeMillis() - 20 * 60000L));
		LibraryCopy.sweep(folder.toFile(), Platform.current().fileName);
		assertEquals(WINDOWS ? 1 : 0, folder.toFile().list().length);
		assertEquals(Engine.version(), versionFrom(loader));
	}

	private Path leftOver(final String name, final int minutes) throws IOException {
		final Path directory = Files.createDirectory(folder.resolve(name));
		Files.createFile(directory.resolve("lib.so"));
		assertTrue(directory.toFile().setLastModified(System.currentTimeMillis() - minutes * 60000L));
		return directory;
	}
}
