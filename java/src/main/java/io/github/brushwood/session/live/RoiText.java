package io.github.brushwood.session.live;

import ij.gui.Roi;
import ij.io.RoiDecoder;
import ij.io.RoiEncoder;

import io.github.brushwood.session.BrushwoodException;

import java.io.IOException;
import java.util.Base64;

/** Any selection as text for macros: ImageJ's .roi format in Base64. */
final class RoiText {

	private RoiText() {}

	static String encode(final Roi roi) {
		final byte[] bytes = RoiEncoder.saveAsByteArray(roi);
		if (bytes == null) {
			throw new BrushwoodException("The " + roi.getTypeAsString() +
				" selection cannot be stored. Use an area, a line or points.");
		}
		return Base64.getEncoder().encodeToString(bytes);
	}

	static Roi decode(final String text) {
		Exception cause = null;
		try {
			final Roi roi = new RoiDecoder(Base64.getDecoder().decode(text.trim()), "selection").getRoi();
			if (roi != null) return roi;
		}
		catch (final IOException | RuntimeException e) {
			cause = e;
		}
		throw new BrushwoodException("The selection is not one that Brushwood recorded: Base64 of an ImageJ .roi file.",
			cause);
	}
}
