package io.github.brushwood.engine;

/** Collects examples of classes of objects from any number of tables and grows forests from them. */
public final class ObjectTrainer extends Handle {

	private ObjectTrainer(final long address) {
		super("trainer of objects", address);
	}

	public static ObjectTrainer create(final Job job) {
		try (Use j = job.begin()) {
			return new ObjectTrainer(Native.objectTrainerCreate(j.address()));
		}
	}

	/**
	 * Adds examples. Tables after the first need its columns.
	 *
	 * @param classes one per row as unsigned bytes, 0 = no example
	 */
	public void add(final Job job, final Measurements table, final byte[] classes) {
		if (classes.length != table.rows()) {
			throw new IllegalArgumentException("The table has " + table.rows() + " rows, but there are " + classes.length +
				" classes.");
		}
		try (Use j = job.begin(); Use trainer = useAlone(); Use t = table.use()) {
			Native.objectTrainerAdd(j.address(), trainer.address(), t.address(), classes);
		}
	}

	/**
	 * Names a class; one without a name is called "class N".
	 *
	 * @param index 0 for class 1
	 * @param name at most 63 bytes of UTF-8
	 * @param rgb 0xRRGGBB; higher bits are ignored
	 */
	public void setClass(final Job job, final int index, final String name, final int rgb) {
		try (Use j = job.begin(); Use trainer = useAlone()) {
			Native.objectTrainerSetClass(j.address(), trainer.address(), index, Native.bytes(name), rgb & 0xFFFFFF);
		}
	}

	/** @param options of which those of the forest count; null for the defaults for objects: 200 trees to purity */
	public ObjectModel train(final Job job, final TrainOptions options) {
		final TrainOptions.Packed o = options == null ? null : options.pack();
		try (Use j = job.begin(); Use trainer = use()) {
			return new ObjectModel(o == null ? Native.objectTrainerTrain(j.address(), trainer.address(), null, null, null)
				: Native.objectTrainerTrain(j.address(), trainer.address(), o.whole, o.real, o.weights));
		}
	}

	@Override
	void free(final long nativeAddress) {
		Native.objectTrainerFree(nativeAddress);
	}
}
