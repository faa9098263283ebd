/**
 * The native engine for Java: images, recipes, trainers, models. Knows neither ImageJ nor a display. Start with
 * {@link io.github.brushwood.engine.Job}; everything that is {@link java.lang.AutoCloseable} holds native memory until
 * closed.
 */
package io.github.brushwood.engine;
