package io.github.brushwood.session.live;

import java.awt.Rectangle;

/** What is in sight; immutable. */
public final class View {

	public final LiveImage image;
	/** From 0. */
	public final int z;
	public final int t;
	/** In pixels of the image, inside it. */
	public final Rectangle visible;
	public final Show show;

	public View(final LiveImage image, final int z, final int t, final Rectangle visible, final Show show) {
		this.image = image;
		this.z = z;
		this.t = t;
		this.visible = new Rectangle(visible);
		this.show = show;
	}

	@Override
	public boolean equals(final Object other) {
		if (!(other instanceof View)) return false;
		final View v = (View) other;
		return v.image == image && v.z == z && v.t == t && v.visible.equals(visible) && v.show.equals(show);
	}

	@Override
	public int hashCode() {
		return visible.hashCode() * 31 + z;
	}
}
