package io.github.brushwood.session.live;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.FeatureRow;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Preset;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.session.BrushwoodException;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A feature list as tables of features by sigma or radius. Holds every list that the engine accepts: a number that is
 * used in 2D and in 3D has two columns, a feature that reads other channels at other numbers has several lines. Not
 * safe for several threads.
 */
public final class FeatureGrid {

	/** Sigmas and radii that are offered at first, by the name of the parameter. */
	private static final Map<String, double[]> USUAL = usual();
	private static final String EXACT = "exact";
	/** Most numbers that the engine takes in one item. */
	private static final int ITEM_NUMBERS = 64;
	private static final MathContext NAME_DIGITS = new MathContext(6, RoundingMode.HALF_EVEN);

	/** A sigma or radius, 2D or 3D; immutable. */
	public static final class Column implements Comparable<Column> {

		/** 0 for features that take none. */
		public final double number;
		/** 2 or 3. */
		public final int dims;

		private Column(final double number, final int dims) {
			this.number = number;
			this.dims = dims;
		}

		@Override
		public int compareTo(final Column other) {
			final int byNumber = Double.compare(number, other.number);
			return byNumber != 0 ? byNumber : Integer.compare(dims, other.dims);
		}

		@Override
		public boolean equals(final Object other) {
			return other instanceof Column && compareTo((Column) other) == 0;
		}

		@Override
		public int hashCode() {
			return Double.hashCode(number) * 31 + dims;
		}

		/** The number as lists have it. */
		@Override
		public String toString() {
			return plain(new BigDecimal(String.valueOf(number)));
		}
	}

	/** A feature on a set of channels. */
	public final class Line {

		public final FeatureRow feature;
		private final int row;
		private final TreeSet<Column> on = new TreeSet<>();
		private long channels;

		private Line(final FeatureRow feature, final int row, final long channels) {
			this.feature = feature;
			this.row = row;
			this.channels = channels;
		}

		/** Bit k for channel k + 1. */
		public long channels() {
			return channels;
		}

		/** Such as "1+3"; "all" for all. */
		public String channelText() {
			if (feature.rgb) return "RGB";
			return channels == allChannels() ? "all" : channelList(channels);
		}

		/** Whether the feature can be computed at a number and in its dimensions. */
		public boolean allows(final Column column) {
			if (!feature.hasSigma) return true;
			if (feature.outputs3d == 0 && column.dims != dims) return false;
			return column.number >= feature.sigmaMin && column.number <= feature.sigmaMax;
		}

		public boolean isOn(final Column column) {
			return on.contains(column);
		}

		/** Switches a cell; off only where the feature is not allowed. */
		public void set(final Column column, final boolean wanted) {
			if (wanted && allows(column)) on.add(column);
			else on.remove(column);
		}

		/** @param mask bit k for channel k + 1, not 0 */
		public void setChannels(final long mask) {
			if ((mask & allChannels()) == 0) throw new BrushwoodException("A feature needs at least one channel.");
			channels = mask & allChannels();
		}

		/** Images that a cell yields when it is on. */
		public int images(final Column column) {
			return feature.outputs(dimsOf(this, column)) * (feature.rgb ? 1 : Long.bitCount(channels));
		}
	}

	/** Features that share their columns. */
	public static final class Group {

		/** "sigma", "radius", ...; "" for features without a number, which have one column. */
		public final String parameter;
		private final List<Line> lines = new ArrayList<>();
		private final TreeSet<Column> columns = new TreeSet<>();

		private Group(final String parameter) {
			this.parameter = parameter;
		}

		public List<Line> lines() {
			return Collections.unmodifiableList(lines);
		}

		/** Ascending; a copy. */
		public List<Column> columns() {
			return new ArrayList<>(columns);
		}

		private void dropUnused(final Column column) {
			if (lines.stream().noneMatch(line -> line.on.contains(column))) columns.remove(column);
		}

		private boolean has(final double number) {
			return columns.stream().anyMatch(c -> c.number == number);
		}
	}

	/** A feature image that the list yields. */
	public static final class Image {

		private final Line line;
		private final Column column;
		private final int dims;
		private final int channel;
		private final int output;
		private final boolean manyChannels;

		private Image(final Line line, final Column column, final int dims, final int channel, final int output,
			final boolean manyChannels)
		{
			this.line = line;
			this.column = column;
			this.dims = dims;
			this.channel = channel;
			this.output = output;
			this.manyChannels = manyChannels;
		}

		/** The engine's name of it. */
		public String name() {
			final FeatureRow f = line.feature;
			final String what = f.outputNames(dims).get(output);
			return f.id + (f.hasSigma ? " " + plain(new BigDecimal(column.number).round(NAME_DIGITS)) + " " + dims + "D" : "") +
				(what.isEmpty() ? "" : " " + what) + (manyChannels && !f.rgb ? " (channel " + (channel + 1) + ")" : "");
		}
	}

	/** The engine's order of feature images. */
	private static final Comparator<Image> ORDER = Comparator.<Image> comparingInt(i -> i.line.row).thenComparingDouble(
		i -> i.column.number).thenComparingInt(i -> i.dims).thenComparingInt(i -> i.channel).thenComparingInt(
			i -> i.output);

	private final int channels;
	private final int dims;
	private final List<FeatureRow> rows = Engine.featureRows();
	private final Map<String, Group> groups = new LinkedHashMap<>();
	private boolean exact;

	/**
	 * A table with the usual numbers and nothing chosen.
	 *
	 * @param channels of the images, 1 to 64
	 * @param dims 3 for stacks, else 2
	 * @param rgb whether to offer features of RGB images
	 */
	public FeatureGrid(final int channels, final int dims, final boolean rgb) {
		this.channels = channels;
		this.dims = dims;
		for (final FeatureRow f : rows)
			if (f.hasSigma) groups.computeIfAbsent(f.parameter, Group::new);
		groups.put("", new Group(""));
		for (int row = 0; row < rows.size(); row++) {
			final FeatureRow f = rows.get(row);
			final Group group = groups.get(f.parameter);
			if (!f.rgb || rgb) group.lines.add(new Line(f, row, allChannels()));
			if (f.hasSigma && !USUAL.containsKey(f.parameter)) group.columns.add(new Column(f.sigmaDefault, dims));
		}
		for (final Group group : groups.values())
			for (final double number : USUAL.getOrDefault(group.parameter, new double[0]))
				group.columns.add(new Column(number, dims));
	}

	private static Map<String, double[]> usual() {
		final Map<String, double[]> usual = new LinkedHashMap<>();
		usual.put("sigma", new double[] { 0.3, 0.7, 1, 1.6, 3.5, 5, 10 });
		usual.put("radius", new double[] { 1, 2, 3, 5, 10 });
		usual.put("", new double[] { 0 });
		return usual;
	}

	/**
	 * The table of a list.
	 *
	 * @param list a preset's id or a feature list
	 * @throws io.github.brushwood.engine.EngineException when the engine does not accept the list, in its words
	 */
	public static FeatureGrid parse(final String list, final int channels, final int dims, final boolean rgb) {
		final FeatureGrid grid = new FeatureGrid(channels, dims, rgb);
		for (final String item : canonical(list, channels, dims).split(";")) {
			if (item.equals(EXACT)) grid.exact = true;
			else grid.read(item);
		}
		for (final Group group : grid.groups.values())
			group.lines.sort(Comparator.<Line> comparingInt(line -> line.row).thenComparingLong(line -> line.channels));
		return grid;
	}

	/** The engine's own form of a list, the same for all lists of the same features. */
	public static String canonical(final String list, final int channels, final int dims) {
		try (Job job = new Job(); Recipe recipe = Recipe.parse(job, list, channels, dims, 1, 1, 1)) {
			return recipe.text();
		}
	}

	/** An item of the engine's own form: id[:numbers][@2d or @3d][@c channels]. */
	private void read(final String item) {
		final String[] parts = item.split("@");
		final String[] head = parts[0].split(":");
		int itemDims = dims;
		long mask = allChannels();
		for (int i = 1; i < parts.length; i++) {
			if (parts[i].startsWith("c")) mask = mask(parts[i].substring(1));
			else itemDims = parts[i].charAt(0) - '0';
		}
		final Line line = lineOf(head[0], mask);
		final Group group = groups.get(line.feature.parameter);
		for (final String number : head.length > 1 ? head[1].split(",") : new String[] { "0" }) {
			final double value = Double.parseDouble(number);
			final Column column = new Column(value, itemDims);
			if (itemDims != dims) group.dropUnused(new Column(value, dims));
			group.columns.add(column);
			line.on.add(column);
		}
	}

	/** The line of a feature on these channels; a line that is not used yet gets them. */
	private Line lineOf(final String id, final long mask) {
		int row = 0;
		while (!rows.get(row).id.equals(id))
			row++;
		final Group group = groups.get(rows.get(row).parameter);
		for (final Line line : group.lines) {
			if (line.row != row || line.channels != mask && !line.on.isEmpty()) continue;
			line.channels = mask;
			return line;
		}
		final Line line = new Line(rows.get(row), row, mask);
		group.lines.add(line);
		return line;
	}

	public int channels() {
		return channels;
	}

	/** 3 for stacks, else 2. */
	public int dims() {
		return dims;
	}

	/** Those with numbers first. */
	public List<Group> groups() {
		return Collections.unmodifiableList(new ArrayList<>(groups.values()));
	}

	/** Whether all features are computed exactly, without the fast ways. */
	public boolean isExact() {
		return exact;
	}

	public void setExact(final boolean on) {
		exact = on;
	}

	/**
	 * Adds a sigma or radius.
	 *
	 * @return its column, which may have been there
	 * @throws BrushwoodException when no feature of the group takes it
	 */
	public Column addColumn(final Group group, final double number) {
		final Column column = new Column(number, dims);
		if (group.lines.stream().noneMatch(line -> line.allows(column))) {
			final double low = group.lines.stream().mapToDouble(line -> line.feature.sigmaMin).min().orElse(0);
			final double high = group.lines.stream().mapToDouble(line -> line.feature.sigmaMax).max().orElse(0);
			throw new BrushwoodException("The " + group.parameter + " has to be " + new Column(low, 2) + " to " + new Column(
				high, 2) + ", not " + column + ".");
		}
		group.columns.add(column);
		return column;
	}

	/** Removes a column and what is chosen in it. */
	public void removeColumn(final Group group, final Column column) {
		group.columns.remove(column);
		for (final Line line : group.lines)
			line.on.remove(column);
	}

	/**
	 * Makes a column 2D or 3D; joins the column that has this number and dimensions already.
	 *
	 * @return the column that took its place
	 */
	public Column setDims(final Group group, final Column column, final int newDims) {
		final Column changed = new Column(column.number, newDims);
		if (newDims == column.dims) return column;
		group.columns.remove(column);
		group.columns.add(changed);
		for (final Line line : group.lines)
			if (line.on.remove(column)) line.set(changed, true);
		return changed;
	}

	/** Adds a line of the same feature, so that it can use other channels at other numbers. */
	public Line addLine(final Line beside) {
		final List<Line> lines = groups.get(beside.feature.parameter).lines;
		final Line line = new Line(beside.feature, beside.row, allChannels());
		lines.add(lines.indexOf(beside) + 1, line);
		return line;
	}

	/** Removes a line; the only one of its feature is emptied. */
	public void removeLine(final Line line) {
		final List<Line> lines = groups.get(line.feature.parameter).lines;
		if (lines.stream().filter(other -> other.row == line.row).count() > 1) lines.remove(line);
		line.on.clear();
	}

	/** Takes over the other's columns whose numbers are missing here, so that they stay on offer. */
	public void offerColumnsOf(final FeatureGrid other) {
		for (final Group group : groups.values())
			for (final Column column : other.groups.get(group.parameter).columns)
				if (!group.has(column.number)) group.columns.add(column);
	}

	/** The feature list; "" when nothing is chosen. */
	public String text() {
		final List<Line> lines = new ArrayList<>();
		groups.values().forEach(group -> lines.addAll(group.lines));
		lines.sort(Comparator.comparingInt(line -> line.row));
		final List<String> items = new ArrayList<>();
		for (final Line line : lines)
			addItems(line, items);
		if (exact && !items.isEmpty()) items.add(0, EXACT);
		return String.join(";", items);
	}

	private void addItems(final Line line, final Collection<String> items) {
		final Map<Integer, List<Column>> byDims = new TreeMap<>(Comparator.<Integer> comparingInt(d -> d == dims ? 0 : d));
		for (final Column column : line.on)
			byDims.computeIfAbsent(column.dims, d -> new ArrayList<>()).add(column);
		final String suffix = line.feature.rgb || line.channels == allChannels() ? "" : "@c" + channelList(line.channels);
		byDims.forEach((itemDims, columns) -> {
			final String modifiers = (itemDims == dims ? "" : "@" + itemDims + "d") + suffix;
			for (int from = 0; from < columns.size(); from += ITEM_NUMBERS) {
				final List<Column> part = columns.subList(from, Math.min(columns.size(), from + ITEM_NUMBERS));
				final String numbers = part.stream().map(Column::toString).collect(Collectors.joining(","));
				items.add(line.feature.id + (line.feature.hasSigma ? ":" + numbers : "") + modifiers);
			}
		});
	}

	/** The list as one types it: the preset's id where it is a preset's list. */
	public String shortText() {
		final String text = text();
		if (text.isEmpty()) return text;
		final Preset preset = preset();
		if (preset == null) return text;
		return exact ? EXACT + ";" + preset.id : preset.id;
	}

	/** The preset with the same features, be they exact or not; null for none. */
	public Preset preset() {
		final String text = text();
		if (text.isEmpty()) return null;
		final String own = canonical(exact ? text.substring(EXACT.length()) : text, channels, dims);
		for (final Preset preset : Engine.presets())
			if (canonical(preset.id, channels, dims).equals(own)) return preset;
		return null;
	}

	/** All images that the list yields, in the engine's order. */
	public List<Image> images() {
		final TreeSet<Image> images = new TreeSet<>(ORDER);
		for (final Group group : groups.values())
			for (final Line line : group.lines)
				for (final Column column : line.on)
					addImages(line, column, images);
		return new ArrayList<>(images);
	}

	private void addImages(final Line line, final Column column, final Collection<Image> images) {
		final int imageDims = dimsOf(line, column);
		for (int channel = 0; channel < (line.feature.rgb ? 1 : channels); channel++) {
			if (!line.feature.rgb && (line.channels >> channel & 1) == 0) continue;
			for (int output = 0; output < line.feature.outputs(imageDims); output++)
				images.add(new Image(line, column, imageDims, channel, output, channels > 1));
		}
	}

	/** Names of the images that a cell yields when it is on. */
	public List<String> names(final Line line, final Column column) {
		final List<Image> images = new ArrayList<>();
		addImages(line, column, images);
		return images.stream().map(Image::name).collect(Collectors.toList());
	}

	/** A feature without a 3D form works slice by slice; one without a number has the image's dimensions. */
	private int dimsOf(final Line line, final Column column) {
		if (line.feature.outputs3d == 0) return 2;
		return line.feature.hasSigma ? column.dims : dims;
	}

	private long allChannels() {
		return channels == Long.SIZE ? -1 : (1L << channels) - 1;
	}

	private static long mask(final String list) {
		long mask = 0;
		for (final String channel : list.split("\\+"))
			mask |= 1L << Integer.parseInt(channel) - 1;
		return mask;
	}

	private static String channelList(final long mask) {
		final List<String> list = new ArrayList<>();
		for (int channel = 0; channel < Long.SIZE; channel++)
			if ((mask >> channel & 1) != 0) list.add(String.valueOf(channel + 1));
		return String.join("+", list);
	}

	private static String plain(final BigDecimal number) {
		return number.stripTrailingZeros().toPlainString();
	}
}
