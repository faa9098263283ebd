package io.github.brushwood.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.ning.compress.lzf.LZFException;
import io.github.brushwood.Session;
import io.jhdf.HdfFile;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.lang3.ArrayUtils;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.impl.StaticLoggerBinder;

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

	/** A class of each artifact that goes into the jar. */
	private static Map<String, Class<?>> bundled() {
		final Map<String, Class<?>> bundled = new TreeMap<>();
		bundled.put("com.google.code.gson:gson", Gson.class);
		bundled.put("io.jhdf:jhdf", HdfFile.class);
		bundled.put("org.apache.commons:commons-lang3", ArrayUtils.class);
		bundled.put("com.ning:compress-lzf", LZFException.class);
		bundled.put("org.slf4j:slf4j-api", Logger.class);
		bundled.put("org.slf4j:slf4j-nop", StaticLoggerBinder.class);
		return bundled;
	}

	@Test
	void everyArtifactThatTheJarBundlesIsTested() throws IOException {
		final String pom = new String(Files.readAllBytes(new File("pom.xml").toPath()), StandardCharsets.UTF_8);
		final Matcher set = Pattern.compile("(?s)<artifactSet>(.*?)</artifactSet>").matcher(pom);
		assertTrue(set.find());
		final Matcher artifact = Pattern.compile("<include>([^<]+)</include>").matcher(set.group(1));
		final TreeSet<String> found = new TreeSet<>();
		while (artifact.find())
			found.add(artifact.group(1));
		assertEquals(bundled().keySet(), found);
	}

	@Test
	void classesThatTheJarBundlesRunOnJava8() throws IOException, URISyntaxException {
		final Set<File> origins = new HashSet<>();
		for (final Class<?> type : bundled().values()) {
			final Map<String, ClassFile> classes = classes(type);
			assertTrue(classes.containsKey(type.getName().replace('.', '/') + ".class"), classes.keySet()::toString);
			classes.keySet().removeIf(name -> name.equals("module-info.class")); // left out of the jar
			assertEquals(Collections.emptySet(), newerThanJava8(classes), type.getName());
			assertTrue(origins.add(origin(type)), "one jar for each");
		}
	}

	@Test
	void theNoticeNamesWhatTheJarBundles() throws IOException, URISyntaxException {
		final String notice = new String(Files.readAllBytes(new File("NOTICE").toPath()), StandardCharsets.UTF_8);
		for (final Class<?> type : bundled().values()) {
			final Matcher version = Pattern.compile(".*?-(\\d[\\w.]*)\\.jar").matcher(origin(type).getName());
			assertTrue(version.matches(), origin(type)::toString);
			assertTrue(notice.contains(" " + version.group(1)), origin(type)::toString);
		}
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
