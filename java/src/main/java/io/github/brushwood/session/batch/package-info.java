/** Parts of a batch over many images: which files, what their results are called, the table, the time left. */
package io.github.brushwood.session.batch;
