package io.github.brushwood.session;

import ij.ImagePlus;

import io.github.brushwood.engine.Box;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.ImageSource;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An image of class numbers as probabilities: a channel per class, 255 where it is the pixel's, else 0. */
final class ClassImageSource implements ImageSource {

	private static final byte CERTAIN = (byte) 255;

	private final ImageSource numbers;
	private final AnnotationClasses classes;

	private ClassImageSource(final ImageSource numbers, final AnnotationClasses classes) {
		this.numbers = numbers;
		this.classes = classes;
	}

	/** @return null when the image is none of class numbers, such as Brushwood Apply Model makes */
	static ClassImageSource of(final ImagePlus imp) {
		if (imp.getBitDepth() != 8 || imp.getNChannels() > 1 || imp.getProp(ClassColours.PROPERTY) == null) return null;
		final AnnotationClasses classes = AnnotationClasses.parse(imp.getProp(ClassColours.PROPERTY));
		final double highest = LabelColours.highest(imp);
		if (classes.size() < 2 || highest < 1 || highest > classes.size()) return null;
		return new ClassImageSource(new ImagePlusSource(imp), classes);
	}

	@Override
	public ImageInfo info() {
		return numbers.info().toBuilder().channels(classes.size()).build();
	}

	@Override
	public String name() {
		return numbers.name();
	}

	@Override
	public String channelName(final int channel) {
		return classes.at(channel + 1).name();
	}

	@Override
	public String planeLabel(final int frame, final int channel, final int z) {
		return numbers.planeLabel(frame, 0, z);
	}

	@Override
	public void read(final Box box, final ByteBuffer to) {
		final int count = Math.toIntExact(box.count());
		final ByteBuffer plane = ByteBuffer.allocateDirect(count).order(ByteOrder.nativeOrder());
		numbers.read(box, plane);
		int at = to.position();
		for (int k = 1; k <= classes.size(); k++)
			for (int i = 0; i < count; i++)
				to.put(at++, plane.get(i) == k ? CERTAIN : 0);
	}

	@Override
	public void close() {
		numbers.close();
	}
}
