/**
 * What the plugin does, without any window: images, annotations, training, prediction, folders. Everything here runs
 * headless; the commands only read options and show results.
 */
package io.github.brushwood.session;
