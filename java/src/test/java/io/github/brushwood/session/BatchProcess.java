package io.github.brushwood.session;

import io.github.brushwood.engine.Output;
import io.github.brushwood.session.FolderBatch.State;

import java.util.Arrays;

/** A batch in a process of its own, which a test kills. Arguments: model, input folder, output folder. */
public final class BatchProcess {

	private BatchProcess() {}

	/** Ends with status 0 when no image failed. */
	public static void main(final String... args) {
		final FolderBatch batch = new FolderBatch(args[0], args[1], args[2], Arrays.asList(Output.PROBABILITIES,
			Output.LABELS));
		System.out.println("begun");
		batch.run(new Jobs(1, 0, Monitor.NONE), entry -> System.out.println(entry));
		System.exit(batch.table().count(State.FAILED) == 0 ? 0 : 1);
	}
}
