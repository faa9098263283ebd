import io.github.brushwood.engine.Engine;

/** Prints how long the first use of the engine takes, which unpacks the library from the jar and loads it. */
public final class LoadTime {

	private LoadTime() {}

	public static void main(final String[] args) {
		final long start = System.nanoTime();
		final String version = Engine.version();
		final long nanos = System.nanoTime() - start;
		System.out.println(version + " " + Engine.simd() + " " + nanos / 1_000_000);
	}
}
