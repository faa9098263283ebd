import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.EngineSink;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.io.ImageFormats;
import io.github.brushwood.io.ReadOptions;
import io.github.brushwood.io.WriteOptions;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes an HDF5 file of each pixel type into the first folder, whose pixels count 0, 1, 2... in the order t, c, z, y,
 * x; prints the sum of a dataset that is compressed by LZF, of the second file.
 */
public final class Hdf5Files {

	private Hdf5Files() {}

	public static void main(final String[] args) {
		try (Job job = new Job()) {
			for (final PixelType type : PixelType.values()) {
				final ImageInfo info = ImageInfo.builder(type, 7, 5).depth(3).channels(2).frames(2).spacing(0.25, 0.5, 2, "um")
					.frameInterval(1.5).build();
				write(job, new File(args[0], type + ".h5"), info, new WriteOptions());
			}
			final ImageInfo plain = ImageInfo.builder(PixelType.UINT8, 4, 3).build();
			write(job, new File(args[0], "plain.hdf5"), plain, new WriteOptions().dataset("volume/r\u00e4w/data"));
			System.out.println(sum(job, new File(args[1])));
		}
	}

	private static void write(final Job job, final File file, final ImageInfo info, final WriteOptions options) {
		try (EngineImage outline = EngineImage.createSparse(job, info);
			EngineSink sink = ImageFormats.HDF5.create(job, file, outline, options))
		{
			for (int t = 0; t < info.frames; t++)
				sink.write(job, Box.of(info, t), frame(info, t));
			sink.finish(job);
		}
	}

	private static ByteBuffer frame(final ImageInfo info, final int t) {
		final int count = (int) Box.of(info, t).count() * info.channels;
		final ByteBuffer pixels = ByteBuffer.allocate(count * info.type.size).order(ByteOrder.nativeOrder());
		for (int i = t * count; i < (t + 1) * count; i++) {
			if (info.type == PixelType.UINT8) pixels.put((byte) i);
			else if (info.type == PixelType.UINT16) pixels.putShort((short) (i * 100));
			else pixels.putFloat(i / 4f);
		}
		pixels.flip();
		return pixels;
	}

	private static long sum(final Job job, final File file) {
		try (EngineImage image = ImageFormats.HDF5.open(job, file, new ReadOptions().dataset("lzf"))) {
			long sum = 0;
			for (int t = 0; t < image.info().frames; t++) {
				final Box box = Box.of(image.info(), t);
				final ByteBuffer pixels = ByteBuffer.allocate(2 * (int) box.count() * image.info().channels);
				image.read(job, box, pixels);
				pixels.order(ByteOrder.nativeOrder());
				while (pixels.hasRemaining())
					sum += pixels.getShort() & 0xffff;
			}
			return sum;
		}
	}
}
