/** The live window: an ImageJ window with a canvas that paints, a side panel, and the panels of features and report. */
package io.github.brushwood.ui.live;
