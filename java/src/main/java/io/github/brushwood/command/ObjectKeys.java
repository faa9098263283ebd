package io.github.brushwood.command;

import ij.ImagePlus;
import ij.WindowManager;

import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Measuring;
import io.github.brushwood.session.Spacing;
import io.github.brushwood.session.options.Key;
import io.github.brushwood.session.options.Key.Kind;
import io.github.brushwood.session.options.Options;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The keys of commands that learn and tell classes of objects: what is measured. */
final class ObjectKeys {

	static final String KIND = "objects";
	static final String SUFFIX = ".brushwood-objects";
	static final String LABELS = "labels";
	static final String IMAGE = "image";
	static final String PROBABILITIES = "probabilities";
	static final String MEASURES = "measures";
	static final String SPACING = "spacing";

	static final Key MEASURES_KEY = Key.of(Kind.LIST, MEASURES, "Measures", "",
		"Ids of measures or of groups of them to learn from, separated by ';', such as shape;intensity or " +
			"area;circularity; without it all that can be measured. Positions and the number of voxels are never learnt from.");

	static final Key SPACING_KEY = Key.of(Kind.TEXT, SPACING, "Voxel size z,y,x", "",
		"Voxel size z,y,x in place of the calibration, such as 2.5,1,1.");

	private ObjectKeys() {}

	/** Keys of one label image and what is measured beside it. */
	static List<Key> images() {
		return Arrays.asList(Key.of(Kind.IMAGE, LABELS, "Label image", "",
			"Title of the label image (0 = background, every other value an object of its frame) or mask; without it the " +
				"current image."), Key.of(Kind.IMAGE, IMAGE, "Image of intensities", "",
					"Title of the image whose values are measured in every object, for all its channels."), Key.of(Kind.IMAGE,
						PROBABILITIES, "Probabilities", "",
						"Title of the image with a channel of probabilities per class, for their mean in every object."));
	}

	/** Titles of open images for keys that name some. */
	static List<String> titles(final Key key) {
		final boolean image = key.kind() == Kind.IMAGE || key.kind() == Kind.LIST && Arrays.asList(LABELS, IMAGE,
			PROBABILITIES, Train_Object_Classes.ROIS).contains(key.id());
		return image ? Arrays.asList(WindowManager.getImageTitles()) : Collections.emptyList();
	}

	/** The images that the keys of {@link #images} name. */
	static Measuring measuring(final Options options) {
		final ImagePlus labels = options.given(LABELS) ? Measure_Objects.titled(LABELS, options.text(LABELS))
			: BrushwoodCommand.currentImage();
		return measuring(options, labels, options.given(IMAGE) ? options.text(IMAGE) : null, options.given(PROBABILITIES)
			? options.text(PROBABILITIES) : null);
	}

	/** @param image title, and probabilities; null for none */
	static Measuring measuring(final Options options, final ImagePlus labels, final String image,
		final String probabilities)
	{
		final Measuring measuring = new Measuring(labels).spacing(Spacing.parse(options.text(SPACING)));
		if (options.spec().find(MEASURES) != null) measuring.measures(options.list(MEASURES));
		if (image != null) measuring.image(Measure_Objects.titled(IMAGE, image));
		if (probabilities != null) measuring.probabilities(Measure_Objects.titled(PROBABILITIES, probabilities));
		return measuring;
	}

	/**
	 * An item of a list that has one for each label image, or none at all.
	 *
	 * @return null for none
	 */
	static String item(final Options options, final String key, final int index, final int count) {
		final List<String> items = options.list(key);
		if (items.isEmpty()) return null;
		if (items.size() == count) return items.get(index);
		throw new BrushwoodException("The key '" + key + "' names " + items.size() + (items.size() == 1 ? " image"
			: " images") + " for " + count + (count == 1 ? " label image" : " label images") +
			". Give one for each, in the same order.");
	}
}
