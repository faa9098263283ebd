package io.github.brushwood.io;

import java.util.Objects;

/** What to read of a file, for the formats that hold several images or leave the axes open; others ignore it. */
public final class ReadOptions {

	private String dataset = "";
	private String axes = "";

	/** @param path of the image inside the file, such as /volume/data; "" for the only one */
	public ReadOptions dataset(final String path) {
		dataset = Objects.requireNonNull(path, "path");
		return this;
	}

	/** @param order of the axes, slowest first, such as tzyxc; "" for what the file says or else suggests */
	public ReadOptions axes(final String order) {
		axes = Objects.requireNonNull(order, "order");
		return this;
	}

	public String dataset() {
		return dataset;
	}

	public String axes() {
		return axes;
	}
}
