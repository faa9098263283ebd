package io.github.brushwood.command;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/** A real ImageJ without a display in a JVM of its own, patched as Fiji does it. */
final class HeadlessImageJ {

	private static final int TIMEOUT_SECONDS = 180;

	private final Path folder;

	/** @param folder where the output and ImageJ's plugins folder go */
	HeadlessImageJ(final Path folder) throws IOException {
		this.folder = folder;
		final Path plugins = Files.createDirectories(folder.resolve("ImageJ/plugins"));
		// ImageJ reads menu entries only from jars of its plugins folder; the classes are on the class path
		try (OutputStream file = Files.newOutputStream(plugins.resolve("Brushwood_.jar"));
			JarOutputStream jar = new JarOutputStream(file);
			InputStream config = HeadlessImageJ.class.getResourceAsStream("/plugins.config"))
		{
			jar.putNextEntry(new JarEntry("plugins.config"));
			final byte[] buffer = new byte[8192];
			for (int n = config.read(buffer); n >= 0; n = config.read(buffer))
				jar.write(buffer, 0, n);
			jar.closeEntry();
		}
	}

	/** Runs ImageJ itself with a macro file; the output of a macro that came to its end ends with "done". */
	String batch(final Path macro, final String argument) throws IOException, InterruptedException {
		return run("ij.ImageJ", "-batch", macro.toString(), argument);
	}

	/** Runs {@link MacroDriver} with several macro files in one ImageJ. */
	String drive(final List<Path> macros) throws IOException, InterruptedException {
		final List<String> arguments = new ArrayList<>();
		for (final Path macro : macros)
			arguments.add(macro.toString());
		return run(MacroDriver.class.getName(), arguments.toArray(new String[0]));
	}

	private String run(final String mainClass, final String... arguments) throws IOException, InterruptedException {
		final List<String> command = new ArrayList<>(Arrays.asList(new File(System.getProperty("java.home"),
			"bin/java").getPath(), "-javaagent:" + jarOf("net.imagej.patcher.JavaAgent") + "=init",
			"-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true", "-Dplugins.dir=" + folder.resolve("ImageJ"),
			"-Duser.home=" + folder, "-cp", classPath()));
		if (!System.getProperty("java.version").startsWith("1.")) {
			command.add(1, "--add-opens=java.base/java.lang=ALL-UNNAMED");
		}
		final String library = System.getProperty("brushwood.library.file");
		if (library != null) command.add(1, "-Dbrushwood.library.file=" + library);
		command.add(mainClass);
		command.addAll(Arrays.asList(arguments));
		final File output = Files.createTempFile(folder, "output", ".txt").toFile();
		final Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
		process.getOutputStream().close();
		final boolean ended = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
		process.destroyForcibly();
		final String text = new String(Files.readAllBytes(output.toPath()), StandardCharsets.UTF_8);
		if (!ended) throw new IOException("ImageJ did not end within " + TIMEOUT_SECONDS + " s. Output:\n" + text);
		return text;
	}

	private static String classPath() {
		return String.join(File.pathSeparator, jarOf("net.imagej.patcher.JavaAgent"), jarOf("javassist.ClassPool"), jarOf(
			"io.github.classgraph.ClassGraph"), jarOf("ij.ImageJ"), jarOf("com.google.gson.Gson"), jarOf(
				"io.jhdf.HdfFile"), jarOf("org.slf4j.Logger"), jarOf(
				"org.slf4j.impl.StaticLoggerBinder"), jarOf("org.apache.commons.lang3.ArrayUtils"), jarOf(
					"com.ning.compress.lzf.LZFException"), jarOf(BrushwoodCommand.class.getName()),
			jarOf(HeadlessImageJ.class.getName()));
	}

	/** Jar or folder that a class comes from. */
	private static String jarOf(final String className) {
		try {
			final Class<?> c = Class.forName(className, false, HeadlessImageJ.class.getClassLoader());
			return new File(c.getProtectionDomain().getCodeSource().getLocation().toURI()).getPath();
		}
		catch (final ClassNotFoundException | URISyntaxException e) {
			throw new IllegalStateException(e);
		}
	}
}
