package io.github.brushwood.ui.live;

import ij.IJ;
import ij.ImagePlus;
import ij.plugin.tool.PlugInTool;

import java.awt.event.InputEvent;
import java.awt.event.MouseEvent;

/** ImageJ's tool whose clicks pick objects; other tools work as ever. */
final class PickTool extends PlugInTool {

	static final String NAME = "Brushwood Pick Object Classes Tool";

	@Override
	public void mousePressed(final ImagePlus imp, final MouseEvent e) {
		e.consume(); // or ImageJ begins a selection
		final PickWindow window = PickWindow.of(imp);
		if (window == null) IJ.showStatus("Start Brushwood Pick Object Classes on this image first");
		else if ((e.getModifiersEx() & InputEvent.BUTTON1_DOWN_MASK) != 0) window.click(imp.getCanvas().offScreenX(e
			.getX()), imp.getCanvas().offScreenY(e.getY()));
	}

	@Override
	public void mouseDragged(final ImagePlus imp, final MouseEvent e) {
		e.consume();
	}

	@Override
	public void mouseReleased(final ImagePlus imp, final MouseEvent e) {
		e.consume();
	}

	@Override
	public void showOptionsDialog() {
		IJ.showStatus("Click on objects; the classes are in the window beside the image");
	}

	@Override
	public String getToolName() {
		return NAME;
	}

	/** Two objects and a pointer. */
	@Override
	public String getToolIcon() {
		return "C0b0V0166CfA0Ve266C037O9855C000L4877L487dL4d69L7769";
	}
}
