/** Objects as label images, Rois and files: to and from Cellpose, StarDist and ImageJ. */
package io.github.brushwood.session.objects;
