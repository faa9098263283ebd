package io.github.brushwood.engine;

/**
 * Training in steps, for a first answer from a few trees. While a run is open its trainer takes no more images; a
 * trainer that is closed before lives on until the run is closed.
 */
public final class TrainingRun extends Handle {

	private final Pin trainer;

	/** Takes over the native run and the pin. */
	TrainingRun(final long address, final Pin trainer) {
		super("training run", address);
		this.trainer = trainer;
	}

	/** Grows until there are so many trees, at most those of the options. */
	public void grow(final Job job, final int trees) {
		try (Use j = job.begin(); Use run = useAlone()) {
			Native.trainingGrow(j.address(), run.address(), trees);
		}
	}

	/**
	 * A model of the trees so far; the one of all trees is the same as {@link Trainer#train}'s. Fewer trees come without
	 * held-out assessment and calibration.
	 */
	public Model model(final Job job) {
		try (Use j = job.begin(); Use run = use()) {
			return new Model(Native.trainingModel(j.address(), run.address()));
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.trainingFree(nativeAddress);
		trainer.close();
	}
}
