package io.github.brushwood.io;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.ImageSource;
import io.jhdf.api.Dataset;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A dataset of an HDF5 file, its axes in any order, as ilastik writes and reads them. */
final class Hdf5Source implements ImageSource {

	private static final String SIZE = "element_size_um";

	private final Hdf5File file;
	private final String path;
	private final Axes axes;
	private final Hdf5Blocks blocks;
	private final ImageInfo info;

	/** @throws io.github.brushwood.engine.EngineException naming the file, the dataset and what to do */
	Hdf5Source(final File file, final ReadOptions options) {
		this.file = new Hdf5File(file);
		try {
			final Dataset dataset = this.file.find(options.dataset());
			path = dataset.getPath();
			axes = this.file.axes(dataset, options.axes());
			blocks = this.file.guarded(path, () -> Hdf5Blocks.of(this.file, dataset));
			info = info(this.file.numbers(dataset, SIZE));
		}
		catch (RuntimeException | Error e) {
			this.file.close();
			throw e;
		}
	}

	private int length(final char axis) {
		final int index = axes.order.indexOf(axis);
		return index < 0 ? 1 : blocks.shape[index];
	}

	private ImageInfo info(final double[] micrometres) {
		final ImageInfo.Builder builder = ImageInfo.builder(blocks.sample.type, length('x'), length('y'));
		builder.depth(length('z')).channels(length('c')).frames(length('t')).frameInterval(axes.resolution('t'));
		if (!calibrate(builder, micrometres) && axes.resolution('x') > 0 && axes.resolution('y') > 0) {
			final double z = axes.resolution('z') > 0 ? axes.resolution('z') : 1;
			builder.spacing(axes.resolution('x'), axes.resolution('y'), z, unit());
		}
		return builder.build();
	}

	/** By the sizes z, y, x or y, x of the attribute; false when it is absent or makes no sense. */
	private static boolean calibrate(final ImageInfo.Builder builder, final double[] sizes) {
		if (sizes == null || sizes.length != 2 && sizes.length != 3) return false;
		for (final double size : sizes)
			if (!(size > 0 && size < 1e30)) return false;
		final int last = sizes.length - 1;
		builder.spacing(sizes[last], sizes[last - 1], last == 2 ? sizes[0] : 1, "um");
		return true;
	}

	/** A description that is one word is taken for the unit. */
	private String unit() {
		final String text = axes.description('x').trim();
		if (text.equals("\u00B5m") || text.equals("\u03BCm")) return "um";
		return text.isEmpty() || text.length() > 12 || text.matches("(?s).*[\\s\\p{Cntrl}].*") ? "pixel" : text;
	}

	@Override
	public ImageInfo info() {
		return info;
	}

	@Override
	public String name() {
		return file.file().getName();
	}

	@Override
	public double offset() {
		return blocks.sample == Hdf5Sample.INT16 ? EngineImage.SIGNED : 0;
	}

	@Override
	public void read(final Box box, final ByteBuffer to) {
		final ByteBuffer pixels = to.slice().order(ByteOrder.nativeOrder());
		final int[] from = corner(box.x0, box.y0, box.z0, 0, box.frame);
		final int[] end = corner(box.x1, box.y1, box.z1, info.channels, box.frame + 1);
		final int[] steps = corner(1, box.width(), box.width() * box.height(), box.count(), 0);
		file.guarded(path, () -> {
			blocks.read(from, end,
				(bytes, origin, within, lo, hi) -> copy(bytes, origin, within, lo, hi, from, steps, pixels));
			return null;
		});
	}

	/** A value per axis, in the order of the file. */
	private int[] corner(final long x, final long y, final long z, final long c, final long t) {
		final long[] values = { t, z, y, x, c };
		return axes.order.chars().map(axis -> Math.toIntExact(values[Axes.ALL.indexOf(axis)])).toArray();
	}

	/** Copies the wanted elements of a stored piece, a row along x at a time. */
	private void copy(final ByteBuffer bytes, final int[] origin, final int[] within, final int[] lo, final int[] hi,
		final int[] from, final int[] steps, final ByteBuffer to)
	{
		final int x = axes.order.indexOf('x');
		final int count = hi[x] - lo[x];
		final int[] by = new int[lo.length];
		Arrays.fill(by, 1);
		by[x] = count;
		final int[] at = lo.clone();
		do {
			int first = 0;
			int target = 0;
			for (int i = 0; i < at.length; i++) {
				first += (at[i] - origin[i]) * within[i];
				target += (at[i] - from[i]) * steps[i];
			}
			blocks.sample.copy(bytes, first, within[x], to, target, count);
		}
		while (Hdf5Blocks.next(at, lo, hi, by, at.length));
	}

	@Override
	public void close() {
		file.close();
	}
}
