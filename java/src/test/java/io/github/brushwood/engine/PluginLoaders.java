package io.github.brushwood.engine;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** Class loaders that load the engine anew, as Fiji does with a plugin. */
final class PluginLoaders implements AutoCloseable {

	private final List<URLClassLoader> loaders = new ArrayList<>();

	/** Where a class was loaded from. */
	static URL locationOf(final Class<?> c) {
		return c.getProtectionDomain().getCodeSource().getLocation();
	}

	static File fileOf(final Class<?> c) {
		try {
			final URI uri = locationOf(c).toURI();
			return new File(uri);
		}
		catch (final URISyntaxException e) {
			throw new AssertionError(e);
		}
	}

	/** The plugin as it is built, classes and libraries, with the tests. */
	URLClassLoader plugin() {
		return of(locationOf(Engine.class), locationOf(Workload.class));
	}

	URLClassLoader of(final URL... urls) {
		final URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getSystemClassLoader().getParent());
		loaders.add(loader);
		return loader;
	}

	/** Result of a method of {@link Engine} without arguments. */
	static Object ask(final ClassLoader loader, final String method) throws Throwable {
		try {
			return loader.loadClass(Engine.class.getName()).getMethod(method).invoke(null);
		}
		catch (final InvocationTargetException e) {
			throw e.getCause();
		}
	}

	/** A {@link Workload} of the loader's own. */
	@SuppressWarnings("unchecked")
	static Callable<byte[]> workload(final ClassLoader loader, final int threads) throws ReflectiveOperationException {
		return (Callable<byte[]>) loader.loadClass(Workload.class.getName()).getConstructor(int.class).newInstance(threads);
	}

	@Override
	public void close() throws IOException {
		for (final URLClassLoader loader : loaders)
			loader.close();
		loaders.clear();
	}
}
