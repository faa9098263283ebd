package io.github.brushwood.engine;

/** Forms of a description; in the order of the engine's codes. */
public enum DescribeFormat {
	TEXT, JSON, CSV
}
