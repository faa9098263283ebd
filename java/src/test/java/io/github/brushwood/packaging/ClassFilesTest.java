package io.github.brushwood.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import io.github.brushwood.Session;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The class files of ours and of what goes into the jar with them run on Java 8. That they use no newer API is the
 * compiler's part (--release 8).
 */
class ClassFilesTest {

	private static final int JAVA_8 = 52;
	private static final String INSIDE_OF_THE_JDK = "setAccessible|L?(sun|com/sun/(?!management/)|jdk/internal)/.*";

	/** Where a class comes from: a folder or a jar. */
	private static File origin(final Class<?> type) throws URISyntaxException {
		return new File(type.getProtectionDomain().getCodeSource().getLocation().toURI());
	}

	/** The classes by their paths, without those that only newer versions of Java see. */
	private static Map<String, ClassFile> classes(final Class<?> type) throws IOException, URISyntaxException {
		final File origin = origin(type);
		if (origin.isDirectory()) return classes(origin.toPath());
		try (FileSystem jar = FileSystems.newFileSystem(origin.toPath(), (ClassLoader) null)) {
			return classes(jar.getPath("/"));
		}
	}

	private static Map<String, ClassFile> classes(final Path root) throws IOException {
		final Map<String, ClassFile> found = new TreeMap<>();
		for (final Path file : files(root)) {
			final String name = root.relativize(file).toString().replace(File.separatorChar, '/');
			if (name.startsWith("META-INF/versions/") || !name.endsWith(".class")) continue;
			found.put(name, new ClassFile(Files.readAllBytes(file)));
		}
		return found;
	}

	private static List<Path> files(final Path root) throws IOException {
		try (Stream<Path> paths = Files.walk(root)) {
			return paths.filter(Files::isRegularFile).collect(Collectors.toList());
		}
	}

	private static TreeSet<String> newerThanJava8(final Map<String, ClassFile> classes) {
		return classes.entrySet().stream().filter(e -> e.getValue().major > JAVA_8).map(Map.Entry::getKey)
			.collect(Collectors.toCollection(TreeSet::new));
	}

	@Test
	void ourClassesAreOfJava8() throws IOException, URISyntaxException {
		final Map<String, ClassFile> classes = classes(Session.class);
		assertTrue(classes.containsKey("io/github/brushwood/engine/Engine.class"), classes.keySet()::toString);
		for (final Map.Entry<String, ClassFile> e : classes.entrySet())
			if (!e.getKey().contains("/shaded/")) assertEquals(JAVA_8, e.getValue().major, e.getKey());
		assertEquals(Collections.emptySet(), newerThanJava8(classes));
	}

	@Test
	void classesThatTheJarBundlesRunOnJava8() throws IOException, URISyntaxException {
		final Map<String, ClassFile> classes = classes(Gson.class);
		assertTrue(classes.containsKey("com/google/gson/Gson.class"), classes.keySet()::toString);
		assertEquals(Collections.emptySet(), newerThanJava8(classes));
	}

	/** A newer class is told from an older one. */
	@Test
	void versionsAreRead() throws IOException {
		final byte[] header = { (byte) 0xCA, (byte) 0xFE, (byte) 0xBA, (byte) 0xBE, 0, 0, 0, 61, 0, 1 };
		final ClassFile newer = new ClassFile(header);
		assertEquals(61, newer.major);
		assertEquals(Collections.singleton("A"), newerThanJava8(Collections.singletonMap("A", newer)));
	}

	/**
	 * Then nobody has to open the JDK's packages for Brushwood; the tests do so for ij1-patcher. The package
	 * com.sun.management is open to all.
	 */
	@Test
	void oursLeaveTheInsideOfTheJdkAlone() throws IOException, URISyntaxException {
		for (final Map.Entry<String, ClassFile> e : classes(Session.class).entrySet()) {
			if (e.getKey().contains("/shaded/")) continue;
			for (final String text : e.getValue().texts)
				assertFalse(text.matches(INSIDE_OF_THE_JDK), e.getKey() + ": " + text);
		}
	}
}
