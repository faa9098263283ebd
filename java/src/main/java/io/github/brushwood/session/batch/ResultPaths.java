package io.github.brushwood.session.batch;

import io.github.brushwood.engine.Output;
import io.github.brushwood.session.BrushwoodException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Where the results of a folder's images go: the same subfolders of another folder, named by a pattern. */
public final class ResultPaths {

	/** What Java shows in place of bytes that are no characters in the locale. */
	private static final char UNKNOWN = '\uFFFD';

	private final Path input;
	private final Path output;
	private final NamePattern names;

	/** @param output may be the input folder */
	public ResultPaths(final Path input, final Path output, final NamePattern names) {
		this.input = input;
		this.output = output;
		this.names = names;
	}

	/**
	 * The file of a result.
	 *
	 * @throws BrushwoodException when it cannot have that name
	 */
	public Path of(final Path image, final Output made) {
		final Path target = output.resolve(input.relativize(image));
		final String own = image.getFileName().toString();
		final String name = names.name(own, made);
		try {
			return target.resolveSibling(name);
		}
		catch (final InvalidPathException e) {
			if (own.indexOf(UNKNOWN) >= 0) {
				throw new BrushwoodException("The name '" + own + "' has characters that this computer's settings do not " +
					"know. Rename the file, or start ImageJ with a locale for all characters, such as LC_ALL=C.UTF-8.", e);
			}
			throw new BrushwoodException("'" + name +
				"' cannot be the name of a file here. Change the name pattern (key 'names') or the image's name.", e);
		}
	}

	/**
	 * Whether an image's results exist. An empty file is none: it may be what a power failure left. Neither is a folder,
	 * which grows while it is written.
	 */
	public boolean exist(final Path image, final Collection<Output> outputs) {
		for (final Path path : all(image, outputs)) {
			try {
				if (!Files.isRegularFile(path) || Files.size(path) == 0) return false;
			}
			catch (final IOException e) {
				return false; // deleted meanwhile
			}
		}
		return true;
	}

	private List<Path> all(final Path image, final Collection<Output> outputs) {
		final List<Path> results = new ArrayList<>();
		for (final Output each : outputs)
			results.add(of(image, each));
		return results;
	}

	/**
	 * The images without those that are results of others.
	 *
	 * @throws BrushwoodException when one would be replaced by its own result
	 */
	public List<Path> withoutResults(final List<Path> images) {
		final Set<Path> made = new HashSet<>();
		for (final Path image : images)
			addResults(image, made);
		final List<Path> left = new ArrayList<>(images);
		left.removeAll(made);
		return left;
	}

	private void addResults(final Path image, final Set<Path> made) {
		final List<Path> results;
		try {
			results = all(image, Arrays.asList(Output.values()));
		}
		catch (final BrushwoodException e) {
			return; // told when it is the image's turn
		}
		if (results.contains(image)) {
			throw new BrushwoodException("With the name pattern '" + names + "' the image '" + image +
				"' would be replaced by its own result. Choose another output folder, or a pattern such as " +
				NamePattern.DEFAULT + ".");
		}
		made.addAll(results);
	}
}
