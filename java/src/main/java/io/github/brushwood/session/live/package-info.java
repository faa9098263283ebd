/**
 * The live session: classes, labels and images that change while someone paints, the worker that keeps forest and
 * tiles up to date, and the session's files. No windows.
 */
package io.github.brushwood.session.live;
