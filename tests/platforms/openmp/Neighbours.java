import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The engine beside other OpenMP runtimes in one process: alone, after them, while they compute, and in a second copy.
 * Arguments: folder of the engine's classes with the library, library of neighbour.c, and who comes first.
 */
public final class Neighbours {

	private Neighbours() {}

	static native int intelLoop(int count);

	/** A class loader with the engine, as a plugin has. */
	private static Callable<byte[]> engine(final String classes, final int threads) throws Exception {
		final URLClassLoader loader = new URLClassLoader(new URL[] { new File(classes).toURI().toURL() }, ClassLoader
			.getSystemClassLoader().getParent());
		@SuppressWarnings("unchecked")
		final Callable<byte[]> workload = (Callable<byte[]>) loader.loadClass("io.github.brushwood.engine.Workload")
			.getConstructor(int.class).newInstance(threads);
		return workload;
	}

	private static void loadNeighbours(final String library) throws IOException {
		final File torchLibrary = new File(Loader.load(torch.class)).getParentFile();
		torch.set_num_threads(3);
		System.load(new File(torchLibrary, "libiomp5.so").getPath());
		System.load(library);
	}

	private static void runNeighbours() {
		try (Tensor ones = torch.ones(400, 400); Tensor product = torch.mm(ones, ones); Tensor sum = product.sqrt().sum()) {
			check(Math.abs(sum.item_float() - 160000.0 * 20) < 1, "PyTorch computes");
		}
		check(intelLoop(1000) == 499500, "Intel's runtime computes");
	}

	private static void check(final boolean right, final String what) {
		if (!right) throw new AssertionError(what);
	}

	private static boolean isMapped(final String library) throws IOException {
		return Files.readAllLines(Paths.get("/proc/self/maps")).stream().anyMatch(line -> line.contains(library));
	}

	public static void main(final String[] arguments) throws Exception {
		final boolean engineFirst = arguments[2].equals("engine");
		final Callable<byte[]> own = engine(arguments[0], 3);
		final byte[] before = engineFirst ? own.call() : null;
		loadNeighbours(arguments[1]);
		runNeighbours();
		final byte[] after = own.call();
		check(before == null || Arrays.equals(before, after), "the same bytes after the neighbours");
		check(after.length == 4 * 160 * 120, "bytes");
		final Callable<byte[]> second = engine(arguments[0], 2);
		final ExecutorService executor = Executors.newFixedThreadPool(2);
		final Future<byte[]> a = executor.submit(own);
		final Future<byte[]> b = executor.submit(second);
		for (int i = 0; i < 20 || !a.isDone() || !b.isDone(); i++)
			runNeighbours();
		check(Arrays.equals(after, a.get()) && Arrays.equals(after, b.get()), "the same bytes beside the neighbours");
		executor.shutdown();
		for (final String library : new String[] { "libtorch_cpu.so", "libgomp.so", "libiomp5.so", "brushwood_jni" })
			check(isMapped(library), library + " is in this process");
		System.out.println("all agree " + Arrays.hashCode(after));
	}
}
