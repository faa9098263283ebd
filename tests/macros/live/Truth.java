import ij.IJ;
import ij.ImagePlus;
import ij.process.ImageProcessor;

import java.util.ArrayList;
import java.util.List;

/** The known classes of an image, and where a stroke of one class can go. */
final class Truth {

	private static final int SHORTEST = 10;
	private static final int LONGEST = 40;
	private static final int APART = 5;

	private final ImagePlus truth;
	private final List<double[][]> used = new ArrayList<>();

	Truth(final String path) {
		truth = IJ.openImage(path);
	}

	/** Two ends {x, y} of a level way inside a class and away from the ways given before, the longest there is. */
	double[][] way(final int label, final int z) {
		final ImageProcessor ip = truth.getStack().getProcessor(z + 1);
		double[][] best = null;
		for (int y = 1; y < ip.getHeight() - 1; y++) {
			for (int x = 1, from = 1; x < ip.getWidth(); x++) {
				if (x < ip.getWidth() - 1 && inside(ip, label, x, y) && x - from < LONGEST) continue;
				if (x - from > SHORTEST && (best == null || x - from > best[1][0] - best[0][0] + 1) && isFree(from, x - 1, y,
					z))
				{
					best = new double[][] { { from, y, z }, { x - 1, y, z } };
				}
				from = x + 1;
			}
		}
		if (best == null) throw new IllegalStateException("no more room for a stroke of class " + label);
		used.add(best);
		return best;
	}

	private static boolean inside(final ImageProcessor ip, final int label, final int x, final int y) {
		return ip.get(x, y) == label && ip.get(x, y - 1) == label && ip.get(x, y + 1) == label;
	}

	private boolean isFree(final int from, final int to, final int y, final int z) {
		for (final double[][] way : used)
			if (way[0][2] == z && Math.abs(way[0][1] - y) < APART && way[0][0] <= to + APART && way[1][0] >= from - APART) {
				return false;
			}
		return true;
	}
}
