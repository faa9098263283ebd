package io.github.brushwood.engine;

/** The full list of feature images a forest sees, in canonical order; immutable. */
public final class Recipe extends Handle {

	private final String text;
	private final int count;
	private final int channels;
	private final int dims;

	private Recipe(final long address, final String text) {
		super("recipe", address);
		this.text = text;
		count = Native.recipeCount(address);
		final double[] options = Native.recipeOptions(address);
		channels = (int) options[0];
		dims = (int) options[1];
	}

	/**
	 * @param text a preset's id or items {@code id[:sigma,sigma,...]{@modifier}} separated by semicolons, for example
	 *          {@code gaussian:0.3,0.7,1;hessian:1.6,3.5@2d}; errors name the item
	 * @param channels of the images it is for
	 * @param dims 2 or 3: what items without a modifier become
	 * @param spacingX size of a voxel; only the ratios of the three count
	 */
	public static Recipe parse(final Job job, final String text, final int channels, final int dims,
		final double spacingX, final double spacingY, final double spacingZ)
	{
		try (Use j = job.begin()) {
			final long address = Native.recipeParse(j.address(), Native.bytes(text), channels, dims, spacingX, spacingY,
				spacingZ);
			try {
				return new Recipe(address, Native.text(Native.recipeText(j.address(), address)));
			}
			catch (final EngineException e) {
				Native.recipeFree(address);
				throw e;
			}
		}
	}

	/** Canonical text, which parses to the same recipe. */
	public String text() {
		return text;
	}

	/** Number of feature images. */
	public int count() {
		return count;
	}

	/** Name of a feature image, counted from 0, such as "hessian 1.6 3D eigenvalue 2 (channel 1)". */
	public String name(final int index) {
		if (index < 0 || index >= count) {
			throw new IndexOutOfBoundsException("The feature " + index + " is outside 0 to " + (count - 1) + ".");
		}
		try (Use recipe = use()) {
			return Native.text(Native.recipeName(recipe.address(), index));
		}
	}

	/** A FLOAT32 image with one channel per feature; its plane labels are the features' names. */
	public EngineImage computeFeatures(final Job job, final EngineImage image) {
		try (Use j = job.begin(); Use recipe = use(); Use i = image.use()) {
			return new EngineImage(Native.recipeCompute(j.address(), recipe.address(), i.address()));
		}
	}

	/** Channels of the images it is for. */
	public int channels() {
		return channels;
	}

	/** 2 or 3. */
	public int dims() {
		return dims;
	}

	@Override
	void free(final long nativeAddress) {
		Native.recipeFree(nativeAddress);
	}
}
