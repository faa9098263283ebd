import ij.ImagePlus;
import ij.plugin.PlugIn;

import java.io.File;

/**
 * Where ImageJ looks for other readers, which are of all sorts: this one throws what the name of a file says, such
 * as b.java.lang.StackOverflowError.thrown, and knows no other files.
 */
public final class HandleExtraFileTypes extends ImagePlus implements PlugIn {

	@Override
	public void run(final String path) {
		if (path.endsWith(".thrown")) HandleExtraFileTypes.<RuntimeException> fail(named(path));
	}

	private static Throwable named(final String path) {
		final String name = new File(path).getName().replaceAll("^[a-z]*\\.|\\.thrown$", "");
		try {
			return (Throwable) Class.forName(name).getConstructor(String.class).newInstance("thrown by a reader");
		}
		catch (final ReflectiveOperationException e) {
			throw new AssertionError(e);
		}
	}

	/** Throws anything, for which the compiler asks no declaration. */
	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void fail(final Throwable failure) throws T {
		throw (T) failure;
	}
}
