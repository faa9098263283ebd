package io.github.brushwood.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Every function of the native library. Addresses are those of engine objects; text is UTF-8; whatever fails throws an
 * {@link EngineException}. Callers run {@link NativeLoader#load()} first and hold a {@link Handle.Use} per object.
 */
final class Native {

	private Native() {}

	/** The bytes the engine wants, or null for null. */
	static byte[] bytes(final String text) {
		return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
	}

	/** The bytes of each text. */
	static byte[][] bytes(final List<String> texts) {
		final byte[][] all = new byte[texts.size()][];
		for (int i = 0; i < all.length; i++)
			all[i] = bytes(texts.get(i));
		return all;
	}

	/** The text the engine sent, or null for null. */
	static String text(final byte[] bytes) {
		return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
	}

	// ---- called by the library

	/** First thing the library does when loaded: throws when it is not of this jar's version. */
	private static void accept(final byte[] version) {
		NativeLoader.checkVersion(text(version));
	}

	private static boolean progress(final ProgressListener listener, final double fraction) {
		return Handle.tell(listener, fraction);
	}

	/** A box of a source or a sink; x, y, z from and to. */
	private static void move(final Port port, final int frame, final long x0, final long y0, final long z0,
		final long x1, final long y1, final long z1, final ByteBuffer pixels)
	{
		port.move(new Box(frame, x0, y0, z0, x1, y1, z1), pixels);
	}

	private static void finish(final Port port) {
		port.finish();
	}

	private static void close(final Port port) {
		port.close();
	}

	// ---- engine

	static native byte[] version();

	static native byte[] simd();

	/** platform and compiler the library was built for and with, OpenMP runtime */
	static native byte[][] hostTexts();

	/** Whether Rosetta translates this process. */
	static native boolean translated();

	static native int defaultThreads();

	static native long memoryInUse();

	static native int maxClasses();

	static native int classColour(int index);

	static native int featureCount();

	/** id, label, doc, unit, source, parameter, names */
	static native byte[][] featureTexts(int index);

	/** hasSigma, sigma minimum, maximum, default, outputs in 2D, in 3D, rgb */
	static native double[] featureNumbers(int index);

	static native int presetCount();

	/** id, label, doc, features */
	static native byte[][] presetTexts(int index);

	static native byte[] defaultPreset();

	static native int forestPresetCount();

	/** id, label, doc */
	static native byte[][] forestPresetTexts(int index);

	// The arrays of training options are those of TrainOptions.Packed.

	static native void forestPresetOptions(int index, long[] whole, double[] real, float[] weights);

	static native void trainDefaults(long[] whole, double[] real, float[] weights);

	// ---- job

	static native long jobCreate();

	static native void jobFree(long job);

	static native void jobSetThreads(long job, int threads);

	static native void jobSetMemoryBudget(long job, long bytes);

	static native void jobSetProgress(long job, ProgressListener listener);

	static native void jobCancel(long job);

	static native double jobProgress(long job);

	// ---- image

	static native long imageCreate(long job, int type, long width, long height, long depth, int channels, int frames,
		boolean rgb, boolean calibrated, double spacingX, double spacingY, double spacingZ, byte[] unit,
		double frameInterval, boolean sparse);

	static native void imageFree(long image);

	static native long imageRead(long job, byte[] path);

	/** Whether it means Zarr; nothing has to be there. */
	static native boolean pathIsZarr(long job, byte[] path);

	static native long imageOpen(long job, byte[] path);

	/**
	 * @param outline gives size, type and calibration
	 * @param most bytes of a box that the port gets at once
	 */
	static native long imageOf(long job, long outline, Port source, int most);

	/**
	 * @param lo x, y, z
	 * @param hi x, y, z, exclusive
	 * @param direct large enough; or null
	 * @param bytes in place of it, large enough; or null
	 */
	static native void imageReadBox(long job, long image, int frame, long[] lo, long[] hi, ByteBuffer direct,
		byte[] bytes);

	static native void imageWrite(long job, long image, byte[] path, int compression);

	/** type, width, height, depth, channels, frames, rgb, calibrated, sparse, streamed */
	static native long[] imageNumbers(long image);

	/** spacing along x, y, z; frame interval */
	static native double[] imageSpacing(long image);

	static native byte[] imageUnit(long image);

	static native byte[] imageName(long image);

	static native void imageSetName(long job, long image, byte[] name);

	static native byte[] imageChannelName(long image, int channel);

	static native void imageSetChannelName(long job, long image, int channel, byte[] name);

	static native void imageSetSpacing(long job, long image, double x, double y, double z);

	static native double imageOffset(long image);

	static native void imageSetOffset(long image, double offset);

	static native long imageHash(long image);

	static native long imageFingerprint(long job, long image);

	static native long[] imageSurvey(long image);

	static native byte[] imagePlaneLabel(long image, int frame, int channel, long z);

	static native void imageSetPlaneLabel(long job, long image, int frame, int channel, long z, byte[] label);

	/** pixels: byte[], short[] or float[] as the image's type says, width * height long */
	static native void imageSetPlane(long image, int frame, int channel, long z, Object pixels);

	static native void imageGetPlane(long image, int frame, int channel, long z, Object pixels);

	static native void imageSetRgb(long image, int frame, long z, int[] argb);

	static native void imageGetRgb(long image, int frame, long z, int[] argb);

	/** Of sparse images; pixels as above. */
	static native void imagePut(long job, long image, int frame, int channel, long z, Object pixels);

	static native void imagePutRgb(long job, long image, int frame, long z, int[] argb);

	static native void imageDrop(long image, int frame, int channel, long z);

	static native boolean imageHas(long image, int frame, int channel, long z);

	// ---- sink

	/** outline gives size, type, calibration and names */
	static native long sinkTiff(long job, long outline, byte[] path, int compression, int layout, boolean pyramid);

	/** @param chunk x, y, z; 0 = chosen */
	static native long sinkZarr(long job, long outline, byte[] path, int version, int codec, long[] chunk);

	/** Arguments as in imageOf. */
	static native long sinkOf(long job, long outline, Port sink, int most);

	static native void sinkFree(long sink);

	/** Arguments as in imageReadBox. */
	static native void sinkWrite(long job, long sink, int frame, long[] lo, long[] hi, ByteBuffer direct, byte[] bytes);

	static native void sinkFinish(long job, long sink);

	// ---- recipe

	static native long recipeParse(long job, byte[] text, int channels, int dims, double spacingX, double spacingY,
		double spacingZ);

	static native void recipeFree(long recipe);

	static native byte[] recipeText(long job, long recipe);

	static native int recipeCount(long recipe);

	static native byte[] recipeName(long recipe, int index);

	/** channels, dims, spacing along x, y, z */
	static native double[] recipeOptions(long recipe);

	static native long recipeCompute(long job, long recipe, long image);

	// ---- trainer

	static native long trainerCreate(long job, long recipe);

	static native void trainerFree(long trainer);

	static native void trainerAdd(long job, long trainer, long image, long labels);

	static native void trainerUpdate(long job, long trainer, int index, long image, long labels);

	static native void trainerAddPixels(long job, long trainer, long image, long[] positions, byte[] labels);

	static native void trainerUpdatePixels(long job, long trainer, int index, long image, long[] positions,
		byte[] labels);

	static native void trainerSetClass(long job, long trainer, int index, byte[] name, int rgb);

	/** samples, classes, images, samples computed by the last add or update, strokes */
	static native long[] trainerNumbers(long trainer);

	static native void trainerPrepareContext(long job, long trainer, long[] whole, double[] real, float[] weights);

	static native void trainerAddContext(long job, long trainer, int index, long image);

	static native long trainerTrain(long job, long trainer, long[] whole, double[] real, float[] weights);

	static native long trainerCrossValidate(long job, long trainer, long[] whole, double[] real, float[] weights);

	/**
	 * @param capacity most steps to return
	 * @param features receives the chosen list
	 * @return features, error and chosen of each step
	 */
	static native double[] trainerSelect(long job, long trainer, long[] whole, double[] real, float[] weights,
		double tolerance, int capacity, byte[][] features);

	static native long trainingBegin(long job, long trainer, long[] whole, double[] real, float[] weights);

	static native void trainingFree(long training);

	static native void trainingGrow(long job, long training, int trees);

	static native long trainingModel(long job, long training);

	// ---- assessment

	static native long assessmentCreate(long job, int classes);

	static native void assessmentFree(long assessment);

	/** labels and probabilities may be 0, not both */
	static native void assessmentAdd(long job, long assessment, long truth, long labels, long probabilities);

	static native int assessmentClasses(long assessment);

	/** of each true class the pixels given to each class */
	static native long[] assessmentCounts(long assessment);

	/** truth, predicted, hits, precision, recall, F1, IoU */
	static native double[] assessmentClass(long assessment, int index);

	/**
	 * pixels, accuracy, balanced accuracy, mean IoU, mean F1, kappa, Brier score, calibration error, pixels with
	 * probability
	 */
	static native double[] assessmentSummary(long assessment);

	/** count, predicted, observed of each bin; index -1 = all classes together */
	static native double[] assessmentReliability(long assessment, int index);

	/** model gives the classes' names; 0 for none */
	static native byte[] assessmentDescribe(long job, long assessment, long model, int format);

	// ---- model

	static native long modelRead(long job, byte[] path);

	static native void modelWrite(long job, long model, byte[] path);

	static native void modelFree(long model);

	static native byte[] modelDescribe(long job, long model, int format);

	static native byte[] modelRecipeText(long job, long model);

	/** channels, dims, spacing along x, y, z */
	static native double[] modelOptions(long model);

	static native int modelClassCount(long model);

	static native byte[] modelClassName(long model, int index);

	static native int modelClassColour(long model, int index);

	static native void modelTrainOptions(long model, long[] whole, double[] real, float[] weights);

	/** An assessment that belongs to the model: out of bag, or held out; 0 for none. */
	static native long modelAssessment(long model, boolean heldOut);

	static native int modelFeatureCount(long model);

	static native byte[] modelFeatureName(long model, int index);

	/** Gini and permutation importance */
	static native double[] modelImportance(long model, int index);

	/**
	 * @param spacing x, y, z, or null for the image's own
	 * @param unrefined without the smoothing that the model may ask for
	 * @param outputs sum of the wanted outputs' bits
	 * @param images receives the addresses of probabilities, labels, uncertainty and entropy, 0 where not asked for
	 * @param report receives non-finite pixels, spacing assumed, slice-wise, then pixels of each class
	 */
	static native void predict(long job, long model, long image, long tile, double[] spacing, boolean unrefined,
		int outputs, long[] images, long[] report);

	/** output: its bit */
	static native long predictOutline(long job, long model, long image, int output);

	/**
	 * Other arguments as in predict.
	 *
	 * @param sinks of probabilities, labels, uncertainty and entropy, 0 where not asked for
	 */
	static native void predictStreamed(long job, long model, long image, long tile, double[] spacing,
		boolean unrefined, long[] sinks, long[] report);

	/**
	 * Other arguments as in predict.
	 *
	 * @param beside path beside which a temporary file goes
	 */
	static native void predictProbabilities(long job, long model, long image, long tile, double[] spacing,
		boolean unrefined, byte[] beside, long[] images, long[] report);

	// ---- prediction block by block

	/**
	 * @param paths of probabilities, labels, uncertainty and entropy, null where not wanted
	 * @param whole of BlockOptions.pack
	 * @param spacing x, y, z, or null for the image's own
	 */
	static native long blockJobOpen(long job, long model, long image, byte[][] paths, long[] whole, double[] spacing);

	static native void blockJobFree(long blocks);

	/** blocks; count, size, margin and chunk along x, y, z; bytes */
	static native long[] blockJobInfo(long blocks);

	/** frame; from and to along x, y, z */
	static native long[] blockJobPart(long job, long blocks, long index);

	static native boolean blockJobHas(long job, long blocks, long index);

	/**
	 * @param report as in predict; filled when the block was made
	 * @return whether it was made now
	 */
	static native boolean blockJobRun(long job, long blocks, long index, int classes, long[] report);

	/** first block, last + 1 */
	static native long[] blockJobPiece(long job, long blocks, long piece, long pieces);

	/** blocks that are missing */
	static native long blockJobFinish(long job, long blocks);

	// ---- preview

	static native long previewCreate(long job, long recipe, long image, long cacheBytes);

	static native void previewFree(long preview);

	/**
	 * @param lo x, y, z
	 * @param hi x, y, z, exclusive
	 * @param outputs sum of the wanted outputs' bits
	 * @param images receives the addresses of probabilities, labels, uncertainty and entropy, 0 where not asked for
	 */
	static native void previewPredict(long job, long preview, long model, int frame, long[] lo, long[] hi, int outputs,
		long[] images);

	static native long previewFeature(long job, long preview, int index, int frame, long[] lo, long[] hi);

	/** from, to (exclusive), others */
	static native long[] previewSlices(long preview, int frame, long[] lo, long[] hi);

	static native long previewCached(long preview);

	// ---- objects: the arrays of options are those of ObjectOptions.Packed

	static native void objectsDefaults(int method, byte[] foreground, byte[] core, long[] whole, double[] real);

	/**
	 * @param report receives threshold and core threshold used, components, objects, too small, too large, at the border,
	 *          voxels of holes
	 */
	static native long objectsLabel(long job, long probabilities, byte[] foreground, byte[] core, long[] whole,
		double[] real, double[] report);

	/** @param mask receives whether it is one */
	static native long objectsFromImage(long job, long image, boolean[] mask);

	static native void objectsFree(long objects);

	/** of each frame */
	static native long[] objectsCounts(long objects);

	static native int[] objectsIds(long objects, int frame);

	static native byte[] objectsClasses(long objects, int frame);

	static native byte[][] objectsClassNames(long objects);

	/** classes: one per object, frame after frame */
	static native void objectsSetClasses(long job, long objects, byte[][] names, byte[] classes);

	/** of the objects under paint, one per object, frame after frame */
	static native byte[] objectsExamples(long job, long objects, long paint);

	static native long objectsOutline(long job, long objects, int output);

	static native void objectsWrite(long job, long objects, int output, long sink);

	// ---- measuring

	static native int measureCount();

	/** id, group, label, unit, definition */
	static native byte[][] measureTexts(int index);

	/** in 2D, in 3D, per channel */
	static native long[] measureNumbers(int index);

	/**
	 * @param image 0 for none
	 * @param probabilities 0 for none
	 * @param spacing x, y, z; or null
	 */
	static native long objectsMeasure(long job, long objects, long image, long probabilities, byte[] measures,
		double[] spacing);

	static native void measurementsFree(long table);

	/** rows, columns */
	static native long[] measurementsNumbers(long table);

	/** id, heading, unit */
	static native byte[][] measurementsColumn(long table, int column);

	static native double[] measurementsValues(long table, int column);

	/** of the rows */
	static native int[] measurementsFrames(long table);

	static native int[] measurementsObjects(long table);

	/** classes: one per row */
	static native void measurementsSetClasses(long job, long table, byte[][] names, byte[] classes);

	static native void measurementsWrite(long job, long table, byte[] path);

	// ---- comparing; an image is an index, -1 = all as if they were one, -2 = the means over them

	static native long comparisonCreate(long job, int kind, boolean ignoreZero, boolean takeApart);

	static native void comparisonFree(long comparison);

	static native void comparisonAdd(long job, long comparison, long truth, long result);

	/** sum of the bits of what the image can be */
	static native int comparisonKinds(long job, long image);

	/** masks that were taken apart: of the truth, of the result */
	static native long[] comparisonTakenApart(long comparison);

	static native long comparisonImages(long comparison);

	static native byte[] comparisonImageName(long comparison, long image);

	static native int comparisonImageFrame(long comparison, long image);

	static native int scoreCount();

	/** id, label, definition */
	static native byte[][] scoreTexts(int index);

	/** bits of the kinds that have it, whether it is a count */
	static native long[] scoreNumbers(int index);

	static native double[] comparisonValues(long job, long comparison, long image);

	/**
	 * threshold, objects of the truth and of the result, hits, extra, missed, precision, recall, F1, accuracy, mean IoU of
	 * hits, of all objects of the truth, panoptic quality
	 */
	static native double[] comparisonMatch(long comparison, long image, int index);

	static native int comparisonClasses(long comparison);

	/** truth, predicted, hits, precision, recall, F1, IoU of all images as if they were one */
	static native double[] comparisonClass(long comparison, int index);

	/** of each true class the pixels given to each class */
	static native long[] comparisonCounts(long comparison);

	static native byte[] comparisonDescribe(long job, long comparison, int format);

	static native int differenceCount();

	/** id, meaning */
	static native byte[][] differenceTexts(int index);

	/** 0xRRGGBB, bits of the kinds that have it */
	static native long[] differenceNumbers(int index);

	static native long comparisonOutline(long job, long truth);

	static native void comparisonDraw(long job, long truth, long result, int kind, boolean ignoreZero, boolean takeApart,
		long sink);

	// ---- classes of objects by example

	static native long objectTrainerCreate(long job);

	static native void objectTrainerFree(long trainer);

	/** classes: one per row, 0 = no example */
	static native void objectTrainerAdd(long job, long trainer, long table, byte[] classes);

	static native void objectTrainerSetClass(long job, long trainer, int index, byte[] name, int rgb);

	static native long objectTrainerTrain(long job, long trainer, long[] whole, double[] real, float[] weights);

	static native long objectModelRead(long job, byte[] path);

	static native boolean objectModelIsFile(long job, byte[] path);

	static native void objectModelWrite(long job, long model, byte[] path);

	static native void objectModelFree(long model);

	static native byte[][] objectModelClassNames(long model);

	static native long[] objectModelColours(long model);

	static native byte[] objectModelMeasures(long model);

	/** An assessment that belongs to the model; 0 for none. */
	static native long objectModelOutOfBag(long model);

	static native byte[] objectModelDescribe(long job, long model, int format);

	/** @param probabilities receives one per class, row after row */
	static native void objectModelApply(long job, long model, long table, byte[] classes, float[] probabilities);
}
