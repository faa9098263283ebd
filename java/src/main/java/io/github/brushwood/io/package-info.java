/**
 * Image files, read and written part by part: {@link io.github.brushwood.io.ImageFormats} lists the formats. Knows
 * neither ImageJ nor a display.
 */
package io.github.brushwood.io;
