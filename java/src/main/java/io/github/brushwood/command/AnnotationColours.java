package io.github.brushwood.command;

import ij.ImageListener;
import ij.ImagePlus;

import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;

/** Gives annotations their class colours back when an image is opened: ImageJ's reader paints them by group. */
final class AnnotationColours implements ImageListener {

	private static boolean installed;

	private AnnotationColours() {}

	static synchronized void install() {
		if (!installed) ImagePlus.addImageListener(new AnnotationColours());
		installed = true;
	}

	@Override
	public void imageOpened(final ImagePlus imp) {
		if (!Annotations.has(imp)) return;
		try {
			new Annotations(imp);
			imp.updateAndDraw();
		}
		catch (final BrushwoodException e) {
			// the first command that needs the annotations reports what is wrong with them
		}
	}

	@Override
	public void imageClosed(final ImagePlus imp) {
		// nothing to do
	}

	@Override
	public void imageUpdated(final ImagePlus imp) {
		// nothing to do
	}
}
