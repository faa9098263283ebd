package io.github.brushwood.session.live;

import io.github.brushwood.session.AnnotationClass;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Steps that can be undone and redone, the latest first. Keeps the latest 1000, or fewer when they need too much
 * memory, but never fewer than 50. Not safe for several threads: the session's lock guards it.
 */
final class History {

	static final int MOST = 1000;
	static final int FEWEST = 50;

	/** One step: classes, labels of some images, or both. */
	static final class Step {

		final String name;
		/** All classes before it and after it; the same list when it changed none. */
		final List<AnnotationClass> before;
		final List<AnnotationClass> after;
		/** At most one edit for each image. */
		final List<Part> parts;

		Step(final String name, final List<AnnotationClass> before, final List<AnnotationClass> after,
			final List<Part> parts)
		{
			this.name = name;
			this.before = before;
			this.after = after;
			this.parts = new ArrayList<>(parts);
		}

		boolean changesClasses() {
			return before != after;
		}

		private boolean isEmpty() {
			return !changesClasses() && parts.isEmpty();
		}

		private long bytes() {
			return parts.stream().mapToLong(part -> part.edit.bytes()).sum();
		}
	}

	/** Change of one image's labels. */
	static final class Part {

		final LiveImage image;
		final LabelEdit edit;

		Part(final LiveImage image, final LabelEdit edit) {
			this.image = image;
			this.edit = edit;
		}
	}

	/** Bytes of labels to remember. */
	private final long memory;
	/** The latest first. */
	private final Deque<Step> done = new ArrayDeque<>();
	/** The latest undone first. */
	private final Deque<Step> undone = new ArrayDeque<>();

	History(final long memory) {
		this.memory = memory;
	}

	/** Adds a step that was just done; nothing can be redone after it. */
	void add(final Step step) {
		undone.clear();
		done.addFirst(step);
		long bytes = done.stream().mapToLong(Step::bytes).sum();
		while (done.size() > MOST || bytes > memory && done.size() > FEWEST)
			bytes -= done.removeLast().bytes();
	}

	/** The step to undo next, or null. */
	Step latest() {
		return done.peekFirst();
	}

	/** The step to redo next, or null. */
	Step next() {
		return undone.peekFirst();
	}

	/** Takes back what the latest step did to labels; the caller takes care of the classes. */
	Step undo() {
		final Step step = done.removeFirst();
		for (final Part part : step.parts)
			part.edit.undo();
		undone.addFirst(step);
		return step;
	}

	/** The opposite for the step that was undone last. */
	Step redo() {
		final Step step = undone.removeFirst();
		for (final Part part : step.parts)
			part.edit.redo();
		done.addFirst(step);
		return step;
	}

	/** Drops what steps did to an image's labels; what they did to classes and other images stays. */
	void forget(final LiveImage image) {
		for (final Deque<Step> steps : Arrays.asList(done, undone)) {
			for (final Step step : steps)
				step.parts.removeIf(part -> part.image == image);
			steps.removeIf(Step::isEmpty);
		}
	}

	void clear() {
		done.clear();
		undone.clear();
	}
}
