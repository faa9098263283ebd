package io.github.brushwood.session.live;

import ij.ImagePlus;
import ij.io.FileInfo;

import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.session.ImageFiles;
import io.github.brushwood.session.ImagePlusAdapter;
import io.github.brushwood.session.Jobs;

import java.io.File;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An image of a session with its labels. The pixels may be missing for a while: the window was closed, or the file of a
 * reopened session was not found; its labels stay and its samples leave the forest until {@link #attach} brings pixels.
 */
public final class LiveImage {

	/** What an image is known by: size, type and the engine's fingerprint of its pixels. */
	public static final class Identity {

		private static final Pattern SHAPE = Pattern.compile(
			"([1-9][0-9]{0,9})x([1-9][0-9]{0,9})x([1-9][0-9]{0,9}) c([1-9][0-9]{0,9}) t([1-9][0-9]{0,9}) " +
				"(uint8|uint16|float32|rgb)");

		/** Such as "2048x2048x1 c2 t1 uint16"; colour images are "... c3 t1 rgb". */
		public final String shape;
		public final long fingerprint;

		public Identity(final String shape, final long fingerprint) {
			this.shape = shape;
			this.fingerprint = fingerprint;
		}

		/**
		 * Reads the pixels that it needs: not for the event thread with large files.
		 *
		 * @throws io.github.brushwood.session.BrushwoodException when the stack does not fit its dimensions
		 */
		public static Identity of(final ImagePlus imp) {
			try (Job job = Jobs.defaults().open()) {
				final long fingerprint = ImagePlusAdapter.fingerprint(job, imp);
				final ImageInfo info = ImagePlusAdapter.info(imp);
				final String type = info.rgb ? "rgb" : info.type.name().toLowerCase(Locale.ROOT);
				return new Identity(info.width + "x" + info.height + "x" + info.depth + " c" + info.channels + " t" +
					info.frames + " " + type, fingerprint);
			}
		}

		/** Whether the shape is one, and that of an image with these labels. */
		boolean fits(final LabelMap labels) {
			final Matcher m = SHAPE.matcher(shape);
			return m.matches() && Long.parseLong(m.group(1)) == labels.width() && Long.parseLong(m.group(2)) == labels
				.height() && Long.parseLong(m.group(3)) == labels.depth() && Long.parseLong(m.group(5)) == labels.frames();
		}

		/** What all images of a session have in common, such as "3D with 2 channels". */
		String kind() {
			final Matcher m = SHAPE.matcher(shape);
			if (!m.matches()) throw new IllegalStateException("'" + shape + "' is no shape.");
			final String channels = m.group(6).equals("rgb") ? "in RGB colours" : m.group(4).equals("1") ? "with 1 channel"
				: "with " + m.group(4) + " channels";
			return (m.group(3).equals("1") ? "2D " : "3D ") + channels;
		}

		@Override
		public boolean equals(final Object other) {
			return other instanceof Identity && ((Identity) other).shape.equals(shape) &&
				((Identity) other).fingerprint == fingerprint;
		}

		@Override
		public int hashCode() {
			return Long.hashCode(fingerprint) ^ shape.hashCode();
		}

		@Override
		public String toString() {
			return shape + " " + Long.toHexString(fingerprint);
		}
	}

	private final LabelMap labels;
	private final String title;
	private volatile Identity identity;
	private volatile ImagePlus imp;
	private volatile String path;

	/**
	 * @param path of its file; null when it has none
	 * @param imp its pixels; may be null
	 */
	LiveImage(final String title, final String path, final Identity identity, final LabelMap labels,
		final ImagePlus imp)
	{
		this.title = title;
		this.path = path;
		this.identity = identity;
		this.labels = labels;
		this.imp = imp;
	}

	public String title() {
		return title;
	}

	/** Its file's absolute path; null when it was never saved. */
	public String path() {
		return path;
	}

	public Identity identity() {
		return identity;
	}

	public LabelMap labels() {
		return labels;
	}

	/** Null while the pixels are missing. */
	public ImagePlus image() {
		return imp;
	}

	/** The caller has checked the identity; null takes the pixels away. */
	void attach(final ImagePlus newImage, final String newPath) {
		imp = newImage;
		if (newPath != null) path = newPath;
	}

	/** Its pixels are others now. */
	void identify(final Identity now) {
		identity = now;
	}

	/** Absolute path of the file that an image was opened from or saved to; null when there is none. */
	static String pathOf(final ImagePlus imp) {
		final FileInfo info = imp.getOriginalFileInfo();
		if (info == null || info.fileName == null || info.fileName.isEmpty()) return null;
		final File file = new File(info.directory == null ? "" : info.directory, info.fileName);
		return ImageFiles.exists(file) ? file.getAbsolutePath() : null;
	}
}
