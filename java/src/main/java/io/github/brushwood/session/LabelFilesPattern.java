package io.github.brushwood.session;

import io.github.brushwood.engine.ObjectOutput;
import io.github.brushwood.session.batch.NamePattern;

import java.io.File;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Where the images of objects are written: a path whose name has {name} and {kind}. */
public final class LabelFilesPattern {

	private final List<ObjectOutput> outputs;
	private final File folder;
	private final NamePattern names;

	/** @throws BrushwoodException when several images would have the same name, or the name no format's suffix */
	public LabelFilesPattern(final String pattern, final List<ObjectOutput> outputs) {
		this.outputs = outputs;
		final File path = new File(pattern).getAbsoluteFile();
		folder = path.getParentFile();
		names = new NamePattern(path.getName(), "file");
		if (NamePattern.isPattern(String.valueOf(folder))) {
			throw new BrushwoodException("The folder '" + folder + "' (key 'file') has a placeholder; only the name of the " +
				"file can have some. Write for example /data/{name}_{kind}.tif.");
		}
		names.check(1, outputs.size());
		FolderBatch.makeFolder(folder.toPath());
	}

	public File folder() {
		return folder;
	}

	/** The files of an image's objects. @throws BrushwoodException when one would replace the image itself */
	public Map<ObjectOutput, File> of(final Labelling labelling) {
		final Map<ObjectOutput, File> files = new EnumMap<>(ObjectOutput.class);
		for (final ObjectOutput output : outputs)
			files.put(output, labelling.refuseInput(new File(folder, names.name(Exports.fileName(labelling.name()), Labelling
				.kind(output)))));
		return files;
	}
}
