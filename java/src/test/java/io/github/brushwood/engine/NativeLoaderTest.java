package io.github.brushwood.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loads the engine anew in class loaders of its own, as Fiji does with a plugin. */
class NativeLoaderTest {

	private static final String[] PROPERTIES = { NativeLoader.OVERRIDE, "fiji.dir", "imagej.dir", "plugins.dir", "os.arch",
		"os.name", "java.io.tmpdir" };
	private static final String PACKAGE = "io/github/brushwood/engine/";

	@TempDir
	Path folder;
	private final Properties before = new Properties();
	private final List<URLClassLoader> loaders = new ArrayList<>();

	@BeforeEach
	void keepProperties() {
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
		for (final URLClassLoader loader : loaders) loader.close();
	}

	/** The plugin as it is built: classes and libraries. */
	private URLClassLoader pluginLoader() {
		return loader(Engine.class.getProtectionDomain().getCodeSource().getLocation());
	}

	private URLClassLoader loader(final URL... urls) {
		final URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getSystemClassLoader().getParent());
		loaders.add(loader);
		return loader;
	}

	/** A jar of the engine's classes alone, with the version it is given. */
	private URL jarWithoutLibraries(final String version) throws IOException {
		final Path jar = folder.resolve("classes.jar");
		final File classes = new File(classesFolder(), PACKAGE);
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

	private static File classesFolder() {
		try {
			return new File(Engine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		}
		catch (final java.net.URISyntaxException e) {
			throw new AssertionError(e);
		}
	}

	private static String versionFrom(final ClassLoader loader) throws Throwable {
		try {
			return (String) loader.loadClass("io.github.brushwood.engine.Engine").getMethod("version").invoke(null);
		}
		catch (final InvocationTargetException e) {
			throw e.getCause();
		}
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
		versionFrom(pluginLoader());
		final boolean windows = Platform.current().fileName.endsWith(".dll");
		assertEquals(windows ? 1 : 0, folder.toFile().list().length);
	}

	@Test
	void missingTemporaryFolderIsNamed() {
		final String missing = folder.resolve("missing").toString();
		System.setProperty("java.io.tmpdir", missing);
		final String message = failureFrom(pluginLoader());
		assertTrue(message.contains(missing) && message.contains("-Djava.io.tmpdir"), message);
	}

	@Test
	void jarWithoutThePlatformSaysSo() throws IOException {
		final String message = failureFrom(loader(jarWithoutLibraries(Engine.version())));
		assertTrue(message.contains("/natives/" + Platform.current().jarName + "/"), message);
	}

	@Test
	void unknownPlatformSaysSo() {
		System.setProperty("os.arch", "i386");
		final String message = failureFrom(pluginLoader());
		assertTrue(message.contains("64-bit Java") && message.contains("i386"), message);
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
		assertTrue(message.contains("text.so") && message.contains("reinstall"), message);
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
			copyToLib(root, library);
			System.setProperty(key, root.toString());
			assertEquals(Engine.version(), versionFrom(loader(jarWithoutLibraries(Engine.version()))), key);
			System.clearProperty(key);
		}
		final Path root = folder.resolve("plain");
		copyToLib(root, library);
		System.setProperty("plugins.dir", root.resolve("plugins").toString());
		assertEquals(Engine.version(), versionFrom(loader(jarWithoutLibraries(Engine.version()))));
	}

	private static void copyToLib(final Path root, final Path library) throws IOException {
		final Path file = Platform.current().fijiFile(root.toFile()).toPath();
		Files.createDirectories(file.getParent());
		Files.copy(library, file);
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
	void sweepTakesOldFoldersOnly() throws IOException {
		final Path old = leftOver("brushwood-native-1", 20);
		final Path young = leftOver("brushwood-native-2", 1);
		final Path foreign = leftOver("other-native-3", 20);
		final Path link = Files.createSymbolicLink(folder.resolve("brushwood-native-4"), foreign);
		NativeLoader.sweep(folder.toFile(), "lib.so");
		assertFalse(Files.exists(old));
		assertTrue(Files.exists(young.resolve("lib.so")));
		assertTrue(Files.exists(foreign.resolve("lib.so")));
		assertTrue(Files.exists(link));
	}

	private Path leftOver(final String name, final int minutes) throws IOException {
		final Path directory = Files.createDirectory(folder.resolve(name));
		Files.createFile(directory.resolve("lib.so"));
		assertTrue(directory.toFile().setLastModified(System.currentTimeMillis() - minutes * 60000L));
		return directory;
	}
}
