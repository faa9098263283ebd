/**
 * Prediction block by block on Apache Spark. {@link io.github.brushwood.spark.PredictDriver} is what spark-submit
 * starts; blocks, bytes and files are those of the command line. In a jar of its own; knows neither ImageJ nor a
 * display.
 */
package io.github.brushwood.spark;
