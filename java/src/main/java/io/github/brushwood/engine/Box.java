package io.github.brushwood.engine;

/** A box of voxels of a frame; from inclusive, to exclusive, all from 0. Immutable. */
public final class Box {

	public final int frame;
	public final long x0;
	public final long y0;
	public final long z0;
	public final long x1;
	public final long y1;
	public final long z1;

	public Box(final int frame, final long x0, final long y0, final long z0, final long x1, final long y1,
		final long z1)
	{
		this.frame = frame;
		this.x0 = x0;
		this.y0 = y0;
		this.z0 = z0;
		this.x1 = x1;
		this.y1 = y1;
		this.z1 = z1;
	}

	/** All of a frame. */
	public static Box of(final ImageInfo info, final int frame) {
		return new Box(frame, 0, 0, 0, info.width, info.height, info.depth);
	}

	public long width() {
		return x1 - x0;
	}

	public long height() {
		return y1 - y0;
	}

	public long depth() {
		return z1 - z0;
	}

	/** x, y, z it begins at. */
	long[] lo() {
		return new long[] { x0, y0, z0 };
	}

	/** x, y, z it ends before. */
	long[] hi() {
		return new long[] { x1, y1, z1 };
	}

	/** Voxels of one channel. */
	public long count() {
		return width() * height() * depth();
	}

	@Override
	public String toString() {
		return "(" + x0 + ", " + y0 + ", " + z0 + ") to (" + x1 + ", " + y1 + ", " + z1 + ") of frame " + frame;
	}
}
