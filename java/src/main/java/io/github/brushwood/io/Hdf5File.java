package io.github.brushwood.io;

import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Status;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Link;
import io.jhdf.api.Node;
import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.nio.FileChannelFromSeekableByteChannel;
import io.jhdf.object.datatype.DataType;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;

/** An HDF5 file that is open for reading. Not for several threads at a time. */
public final class Hdf5File implements AutoCloseable {

	private static final int MOST_LISTED = 20; // in messages
	private static final String[] OTHER_TYPES = { "integers of odd size", "floats of odd size", "times", "text", "bits",
		"opaque", "compound", "references", "enumeration", "lists", "arrays" };

	private final File file;
	private final FileChannel channel;
	private final HdfFile hdf;
	private List<Hdf5Dataset> datasets;

	/**
	 * Opens a file. Nothing of it is mapped into memory, so that it is free again once this is closed.
	 *
	 * @throws EngineException naming the file, when it cannot be read or is no HDF5 file
	 */
	public Hdf5File(final File file) {
		this.file = file;
		channel = openChannel(file);
		try {
			hdf = guarded("", () -> new HdfFile(new FileChannelFromSeekableByteChannel(channel)));
		}
		catch (RuntimeException | Error e) {
			close();
			throw e;
		}
	}

	private static FileChannel openChannel(final File file) {
		try {
			if (Files.isDirectory(file.toPath())) {
				throw new EngineException(Status.IO, "'" + file + "' is a folder. Give the path of an HDF5 file.");
			}
			if (Files.size(file.toPath()) == 0) {
				throw new EngineException(Status.FORMAT, "The file '" + file + "' is empty. Make it again or copy it anew.");
			}
			return FileChannel.open(file.toPath(), StandardOpenOption.READ);
		}
		catch (final NoSuchFileException e) {
			throw new EngineException(Status.IO, "The file '" + file + "' does not exist. Check the path.", e);
		}
		catch (final IOException e) {
			throw new EngineException(Status.IO, "The file '" + file + "' could not be opened: " + reason(e) +
				". Check its rights.", e);
		}
	}

	/** All datasets, sorted by their paths. */
	public List<Hdf5Dataset> datasets() {
		if (datasets == null) {
			datasets = guarded("", () -> {
				final List<Hdf5Dataset> found = new ArrayList<>();
				collect(hdf, new HashSet<>(), found);
				found.sort(Comparator.comparing(dataset -> dataset.path));
				return Collections.unmodifiableList(found);
			});
		}
		return datasets;
	}

	/** Each under one path: links lead to what is listed elsewhere, or to other files. */
	private void collect(final Group group, final Set<Long> seen, final List<Hdf5Dataset> found) {
		for (final Node node : group.getChildren().values()) {
			if (node.isLink() || !seen.add(node.getAddress())) continue;
			if (node instanceof Group) collect((Group) node, seen, found);
			else if (node instanceof Dataset) found.add(describe((Dataset) node));
		}
	}

	private Hdf5Dataset describe(final Dataset dataset) {
		final int[] shape = dataset.getDimensions();
		final Hdf5Sample sample = Hdf5Sample.of(dataset.getDataType());
		return new Hdf5Dataset(dataset.getPath(), shape, typeName(dataset.getDataType()), sample == null || dataset
			.getSize() == 0 ? "" : axesOrNothing(dataset, shape));
	}

	private String axesOrNothing(final Dataset dataset, final int[] shape) {
		try {
			final Axes axes = axes(dataset, "");
			return axes == null ? "" : axes.order;
		}
		catch (final EngineException e) {
			final Axes proposal = Axes.propose(shape); // whoever opens it is told of its tags
			return proposal == null ? "" : proposal.order;
		}
	}

	private static String typeName(final DataType type) {
		final Hdf5Sample sample = Hdf5Sample.of(type);
		if (sample != null) return sample.name().toLowerCase(Locale.ROOT);
		final int kind = type.getDataClass();
		return kind < OTHER_TYPES.length ? OTHER_TYPES[kind] : "unknown";
	}

	/**
	 * Finds a dataset that can be read as an image.
	 *
	 * @param path "" for the only one
	 */
	Dataset find(final String path) {
		if (path.isEmpty()) return find(onlyImage());
		final Node node = guarded(path, () -> nodeOrNull(path));
		if (!(node instanceof Dataset)) {
			throw new EngineException(Status.ARGUMENT, "The HDF5 file '" + file + "' has no dataset '" + path + "'. " +
				listed());
		}
		final Dataset dataset = (Dataset) node;
		final int[] shape = dataset.getDimensions();
		if (Hdf5Sample.of(dataset.getDataType()) != null && dataset.getSize() > 0 && shape.length >= 2 &&
			shape.length <= Axes.ALL.length()) return dataset;
		throw new EngineException(Status.FORMAT, "The dataset '" + path + "' of '" + file + "' is no image: it has " +
			Hdf5Dataset.shapeText(shape) + " elements of type " + typeName(dataset.getDataType()) +
			". An image has 2 to 5 axes and integers or floats. " + listed());
	}

	private Node nodeOrNull(final String path) {
		Node node = hdf;
		for (final String name : path.split("/")) {
			if (name.isEmpty()) continue;
			node = node instanceof Group ? ((Group) node).getChild(name) : null;
			if (node instanceof Link) node = ((Link) node).getTarget();
			if (node == null) return null;
		}
		return node;
	}

	private String onlyImage() {
		final List<Hdf5Dataset> images = images();
		if (images.size() == 1) return images.get(0).path;
		throw new EngineException(Status.ARGUMENT, "The HDF5 file '" + file + "' has several images. Name one as dataset: " +
			list(images));
	}

	/**
	 * The datasets that can be read as images.
	 *
	 * @throws EngineException when there is none
	 */
	public List<Hdf5Dataset> images() {
		final List<Hdf5Dataset> images = new ArrayList<>();
		for (final Hdf5Dataset dataset : datasets())
			if (dataset.isImage()) images.add(dataset);
		if (!images.isEmpty()) return images;
		throw new EngineException(Status.FORMAT, "The HDF5 file '" + file + "' has no dataset that is an image (2 to 5 " +
			"axes, integers or floats). " + listed());
	}

	private String listed() {
		return datasets().isEmpty() ? "It has no datasets at all." : "Its datasets: " + list(datasets());
	}

	private static String list(final List<Hdf5Dataset> datasets) {
		final StringBuilder list = new StringBuilder();
		for (int i = 0; i < Math.min(datasets.size(), MOST_LISTED); i++)
			list.append(i == 0 ? "" : ", ").append(datasets.get(i));
		final int more = datasets.size() - MOST_LISTED;
		return list.append(more > 0 ? " and " + more + " more." : ".").toString();
	}

	/**
	 * How many slices of an image to read at once, so that what is stored together is read once.
	 *
	 * @param most to be had where the image's slices are woven into one another
	 */
	public int slicesTogether(final ReadOptions options, final int most) {
		final Dataset dataset = find(options.dataset());
		final String order = axes(dataset, options.axes()).order;
		final int z = order.indexOf('z');
		if (z < 0) return 1;
		if (dataset instanceof ChunkedDataset) {
			return Math.min(most, guarded(dataset.getPath(), ((ChunkedDataset) dataset)::getChunkDimensions)[z]);
		}
		return z < order.indexOf('y') && z < order.indexOf('x') ? 1 : most;
	}

	/**
	 * The axes of a dataset.
	 *
	 * @param given an order in place of the file's and of the proposal; "" for none
	 * @return null when the shape suggests none
	 * @throws EngineException naming the shape when they do not fit it
	 */
	Axes axes(final Dataset dataset, final String given) {
		final int[] shape = dataset.getDimensions();
		final String tags = text(dataset, "axistags");
		final boolean own = given.isEmpty();
		try {
			if (own) return tags == null ? Axes.propose(shape) : Axes.ofTags(tags, shape.length);
			final Axes axes = Axes.of(given, shape.length);
			return tags == null ? axes : axes.withTags(tags);
		}
		catch (final IllegalArgumentException e) {
			throw new EngineException(own ? Status.FORMAT : Status.ARGUMENT, (own ? "The attribute axistags of the dataset '"
				: "The order of axes '" + given + "' for the dataset '") + dataset.getPath() + "' (" + Hdf5Dataset.shapeText(
					shape) + ") of '" + file + "' " + e.getMessage() + ". " + (own ? "Give the order of its axes"
						: "Give as many letters of tzyxc as the dataset has axes, slowest first, x and y among them") +
				", such as axes=" + example(shape) + ".", e);
		}
	}

	private static String example(final int[] shape) {
		final Axes proposal = Axes.propose(shape);
		return proposal == null ? Axes.ALL : proposal.order;
	}

	/** Text of an attribute; null when there is none or it is no text. */
	String text(final Dataset dataset, final String name) {
		final Object value = value(dataset, name);
		return value instanceof String ? (String) value : value instanceof String[] && ((String[]) value).length == 1
			? ((String[]) value)[0] : null;
	}

	/** Numbers of an attribute; null when there is none or it is no list of numbers. */
	double[] numbers(final Dataset dataset, final String name) {
		final Object value = value(dataset, name);
		if (value == null || !value.getClass().isArray()) return null;
		final double[] numbers = new double[Array.getLength(value)];
		for (int i = 0; i < numbers.length; i++) {
			final Object number = Array.get(value, i);
			if (!(number instanceof Number)) return null;
			numbers[i] = ((Number) number).doubleValue();
		}
		return numbers;
	}

	private Object value(final Dataset dataset, final String name) {
		return guarded(dataset.getPath(), () -> {
			final Attribute attribute = dataset.getAttribute(name);
			return attribute == null || attribute.isEmpty() ? null : attribute.getData();
		});
	}

	/** Does something that reads the file; whatever goes wrong becomes a sentence that names file and dataset. */
	<T> T guarded(final String dataset, final Supplier<T> reading) {
		try {
			return reading.get();
		}
		catch (final EngineException e) {
			throw e;
		}
		catch (final OutOfMemoryError e) {
			throw new EngineException(Status.MEMORY, "Reading " + place(dataset) + " needs more memory than Java has left, or " +
				"what the file says of its chunks is damaged. Give ImageJ more memory (Edit > Options > Memory & Threads), or " +
				"save the dataset anew in smaller chunks.", e);
		}
		catch (final RuntimeException | LinkageError | StackOverflowError e) {
			throw new EngineException(Status.FORMAT, "Reading " + place(dataset) + " failed: " + reason(e) + ". It is " +
				"damaged, cut off, no HDF5 file, or made in a way that is not supported. Open it with another program, or save " +
				"it anew with gzip or without compression.", e);
		}
	}

	private String place(final String dataset) {
		return (dataset.isEmpty() ? "" : "the dataset '" + dataset + "' of ") + "the HDF5 file '" + file + "'";
	}

	/** The innermost message that there is. */
	private static String reason(final Throwable failure) {
		String reason = failure.getClass().getSimpleName();
		for (Throwable e = failure; e != null; e = e.getCause()) {
			final String message = e.getMessage();
			if (message != null && !message.isEmpty()) reason = message;
		}
		return reason.replaceAll("[\\s.]+$", "");
	}

	File file() {
		return file;
	}

	/** For what lies in the file in one piece. */
	FileChannel channel() {
		return channel;
	}

	/** Where address 0 lies in the file. */
	long base() {
		return hdf.getUserBlockSize();
	}

	@Override
	public void close() {
		try {
			channel.close();
		}
		catch (final IOException e) {
			throw new EngineException(Status.IO, "The file '" + file + "' could not be closed: " + reason(e) + ".", e);
		}
	}
}
