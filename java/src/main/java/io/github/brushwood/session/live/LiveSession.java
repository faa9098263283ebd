package io.github.brushwood.session.live;

import ij.IJ;
import ij.ImagePlus;

import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.Recipe;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.AnnotationClasses;
import io.github.brushwood.session.Annotations;
import io.github.brushwood.session.BrushwoodException;
import io.github.brushwood.session.Jobs;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What someone works on in the live window: classes, images with labels, settings, and the history of changes. All
 * methods may be called from any thread; listeners are called on the thread that made the change, after it, without
 * locks held.
 * <p>
 * The class at position k (from 1) of {@link #classes} has label k in models and label images; its id never changes and
 * is what {@link LabelMap} holds.
 * </p>
 */
public final class LiveSession {

	/** Bytes of labels that the history remembers. */
	private static final long HISTORY_MEMORY = 256L << 20;

	/** Hears of changes. */
	public interface Listener {

		/** Labels of an image changed: in one slice (z, t from 0) within a rectangle, or anywhere when it is null. */
		default void labelsChanged(final LiveImage image, final int z, final int t, final Rectangle where) {}

		/** Classes: names, colours, visibility, order, or which there are. */
		default void classesChanged() {}

		/** Images came, went, or got or lost their pixels. */
		default void imagesChanged() {}

		default void settingsChanged() {}

		/** What can be undone or redone. */
		default void historyChanged() {}
	}

	/** The session at one moment, for writing it. */
	static final class Snapshot {

		final long version;
		final List<AnnotationClass> classes;
		final LiveSettings settings;
		final List<LiveImage> images;
		/** Of the images, in their order; copies. */
		final List<LabelMap> labels;

		private Snapshot(final LiveSession session) {
			version = session.version;
			classes = session.classes;
			settings = session.settings;
			images = session.images;
			labels = new ArrayList<>();
			for (final LiveImage image : images)
				labels.add(image.labels().copy());
		}
	}

	private final Object lock = new Object();
	private final List<Listener> listeners = new CopyOnWriteArrayList<>();
	private final History history = new History(HISTORY_MEMORY);
	/** Classes to replace by an image's own when nothing was painted; null when there are none. */
	private final List<AnnotationClass> initial;
	// snapshots: changes put another one in their place
	private volatile List<AnnotationClass> classes;
	private volatile List<LiveImage> images = Collections.emptyList();
	private volatile LiveSettings settings;
	/** Ids of classes that are not shown. */
	private volatile BitSet hidden = new BitSet();
	private volatile long version;
	/** The edit between {@link #edit} and {@link #commit}; null when there is none. */
	private History.Part open;

	/** Starts with two classes, "class 1" and "class 2", no image and the default settings. */
	public LiveSession() {
		final AnnotationClasses two = new AnnotationClasses();
		two.add(two.freeName());
		two.add(two.freeName());
		initial = snapshot(two);
		classes = initial;
		settings = LiveSettings.defaults();
	}

	/** As from a session file: nothing to undo, no image yet. */
	LiveSession(final AnnotationClasses classes, final LiveSettings settings) {
		initial = null;
		this.classes = snapshot(classes);
		this.settings = settings;
	}

	private static List<AnnotationClass> snapshot(final AnnotationClasses classes) {
		return Collections.unmodifiableList(new ArrayList<>(classes.list()));
	}

	public void addListener(final Listener listener) {
		listeners.add(listener);
	}

	public void removeListener(final Listener listener) {
		listeners.remove(listener);
	}

	// ---- classes; all of these can be undone but visibility

	/** In the order of their labels; a snapshot. */
	public List<AnnotationClass> classes() {
		return classes;
	}

	/** The class with this name, or an error that lists the names. */
	public AnnotationClass classNamed(final String name) {
		final AnnotationClasses all = AnnotationClasses.copyOf(classes);
		final AnnotationClass found = all.find(name);
		if (found != null) return found;
		throw new BrushwoodException("There is no class '" + name + "'. " + (all.size() == 0
			? "The session has no classes yet." : "The classes are " + String.join(", ", all.names()) + "."));
	}

	/** @param name "" for "class N" */
	public AnnotationClass addClass(final String name) {
		return changeClasses("new class", all -> all.add(name.trim().isEmpty() ? all.freeName() : name));
	}

	/** Removes the class and its labels in all images. */
	public void removeClass(final AnnotationClass c) {
		drop(c, null, "removal of " + c.name());
	}

	/** Gives the labels of one class to another and removes it. */
	public void mergeClasses(final AnnotationClass from, final AnnotationClass into) {
		if (into.id() == from.id()) {
			throw new BrushwoodException("The class '" + into.name() + "' cannot be merged into itself. Choose another one.");
		}
		drop(from, into, "merging of " + from.name() + " into " + into.name());
	}

	/** @return the class that took its place; an error when the name is taken, empty or too long */
	public AnnotationClass renameClass(final AnnotationClass c, final String name) {
		return changeClasses("renaming of " + c.name(), all -> all.rename(present(all, c), name));
	}

	/** @return the class that took its place */
	public AnnotationClass recolourClass(final AnnotationClass c, final int rgb) {
		return changeClasses("colour of " + c.name(), all -> all.recolour(present(all, c), rgb));
	}

	/** A step that changes the list of classes alone. */
	private AnnotationClass changeClasses(final String name, final Function<AnnotationClasses, AnnotationClass> change) {
		final Events events = new Events();
		final AnnotationClass result;
		synchronized (lock) {
			final AnnotationClasses all = AnnotationClasses.copyOf(classes);
			final int id = change.apply(all).id();
			record(name, all, Collections.emptyList(), events);
			result = AnnotationClasses.copyOf(classes).byId(id);
		}
		events.fire();
		return result;
	}

	/** Removes a class; its labels go to another one, or to none when that is null. */
	private void drop(final AnnotationClass c, final AnnotationClass into, final String name) {
		final Events events = new Events();
		synchronized (lock) {
			refuseDuringStroke();
			final AnnotationClasses all = AnnotationClasses.copyOf(classes);
			final AnnotationClass old = present(all, c);
			final int target = into == null ? 0 : present(all, into).id();
			final List<History.Part> parts = new ArrayList<>();
			for (final LiveImage image : images) {
				final LabelEdit edit = image.labels().edit();
				edit.relabel(old.id(), target);
				if (!edit.finish().isEmpty()) parts.add(new History.Part(image, edit));
			}
			all.remove(old);
			record(name, all, parts, events);
		}
		events.fire();
	}

	/** The class as it is now. */
	private static AnnotationClass present(final AnnotationClasses all, final AnnotationClass c) {
		final AnnotationClass now = all.byId(c.id());
		if (now != null) return now;
		throw new BrushwoodException("The class '" + c.name() + "' is not in the session any more.");
	}

	/** Whether labels and results of the class are shown. */
	public boolean isVisible(final AnnotationClass c) {
		return !hidden.get(c.id());
	}

	/** Not a step of the history, and not kept in files. */
	public void setVisible(final AnnotationClass c, final boolean on) {
		final Events events = new Events();
		synchronized (lock) {
			if (isVisible(c) == on) return;
			final BitSet changed = (BitSet) hidden.clone();
			changed.set(c.id(), !on);
			hidden = changed;
			events.add(Listener::classesChanged);
		}
		events.fire();
	}

	// ---- images

	/** In the order in which they came; a snapshot. */
	public List<LiveImage> images() {
		return images;
	}

	/**
	 * Adds an open image, or attaches it to the session's image of the same identity that lacks pixels. Annotations that
	 * the image carries (see Annotations) become labels, a step of the history, and leave its overlay; their classes join
	 * the session's (the two initial classes give way when nothing was painted). Reads pixels for the identity: not for
	 * the event thread with large files.
	 *
	 * @return the session's image
	 * @throws BrushwoodException when its channels or dimensionality do not fit the others, when the session has its
	 *           pixels already, or when an annotation lies outside; the session is then as before
	 * @throws io.github.brushwood.engine.EngineException when it has more channels than the engine takes
	 */
	public LiveImage addImage(final ImagePlus imp) {
		refuseKnown(imp);
		checkChannels(imp.getNChannels());
		final LiveImage.Identity identity = LiveImage.Identity.of(imp);
		final LabelMap labels = new LabelMap(imp.getWidth(), imp.getHeight(), imp.getNSlices(), imp.getNFrames());
		final Annotations annotations = Annotations.has(imp) ? new Annotations(imp) : null;
		if (annotations != null) paint(annotations, labels);
		final Events events = new Events();
		final LiveImage image;
		synchronized (lock) {
			refuseKnown(imp);
			final LiveImage known = known(identity, imp.getTitle());
			image = known != null ? known : new LiveImage(imp.getTitle(), null, identity, labels.blank(), null);
			if (known == null) checkKind(image);
			if (annotations != null) join(image, annotations.classes(), labels, "annotations of " + image.title(), events);
			if (known == null) images = with(image);
			image.attach(imp, LiveImage.pathOf(imp));
			changed(events, Listener::imagesChanged);
		}
		if (annotations != null) annotations.release();
		events.fire();
		return image;
	}

	/**
	 * Adds an image without pixels, as from a session file. Nothing before it can be undone when it has labels.
	 *
	 * @param path of its file; null when it has none
	 * @param labels taken over; their ids are those of the session's classes
	 * @throws BrushwoodException when it does not fit the session
	 */
	public LiveImage addMissing(final String title, final String path, final LiveImage.Identity identity,
		final LabelMap labels)
	{
		final LiveImage image = new LiveImage(title, path, identity, labels, null);
		final Events events = new Events();
		synchronized (lock) {
			if (!identity.fits(labels)) {
				throw new BrushwoodException("The image '" + title + "' is said to be '" + identity.shape +
					"', which does not fit its labels.");
			}
			if (find(identity) != null) {
				throw new BrushwoodException("The image '" + title + "' is in the session already.");
			}
			checkKind(image);
			checkIds(image);
			images = with(image);
			if (labels.count() > 0) history.clear();
			changed(events, Listener::imagesChanged);
			events.add(Listener::historyChanged);
		}
		events.fire();
		return image;
	}

	/** Takes the image and its labels out of the session. Cannot be undone. Nothing happens when it is not in it. */
	public void removeImage(final LiveImage image) {
		final Events events = new Events();
		synchronized (lock) {
			final List<LiveImage> rest = new ArrayList<>(images);
			if (!rest.remove(image)) return;
			images = Collections.unmodifiableList(rest);
			history.forget(image);
			if (open != null && open.image == image) open = null;
			changed(events, Listener::imagesChanged);
			events.add(Listener::historyChanged);
		}
		events.fire();
	}

	/** Its window was closed: keeps the labels. */
	public void detach(final LiveImage image) {
		final Events events = new Events();
		synchronized (lock) {
			if (image.image() == null) return;
			image.attach(null, null);
			events.add(Listener::imagesChanged);
		}
		events.fire();
	}

	/**
	 * The pixels of an image are others now: from here on it is known by them. One of another kind than before, or with
	 * the pixels of another image, stays known by what it was. Reads pixels.
	 *
	 * @throws BrushwoodException when the stack does not fit its dimensions any more
	 */
	void identifyAgain(final LiveImage image) {
		final ImagePlus imp = image.image();
		if (imp == null) return;
		final LiveImage.Identity now = LiveImage.Identity.of(imp);
		final Events events = new Events();
		synchronized (lock) {
			final boolean same = now.fits(image.labels()) && now.kind().equals(image.identity().kind());
			if (!same || find(now) != null || image.image() != imp || !images.contains(image)) return;
			image.identify(now);
			changed(events, Listener::imagesChanged);
		}
		events.fire();
	}

	/** The image with this ImagePlus, or null. */
	public LiveImage imageOf(final ImagePlus imp) {
		for (final LiveImage image : images)
			if (image.image() == imp && imp != null) return image;
		return null;
	}

	/** The engine says how many channels features can be made of. */
	private static void checkChannels(final int channels) {
		try (Job job = Jobs.defaults().open()) {
			Recipe.parse(job, "gaussian:1", channels, 2, 1, 1, 1).close();
		}
	}

	private void refuseKnown(final ImagePlus imp) {
		if (imageOf(imp) == null) return;
		throw new BrushwoodException("The image '" + imp.getTitle() + "' is in the session already.");
	}

	private LiveImage find(final LiveImage.Identity identity) {
		for (final LiveImage image : images)
			if (image.identity().equals(identity)) return image;
		return null;
	}

	/** The session's image of this identity, which lacks pixels; null when there is none. */
	private LiveImage known(final LiveImage.Identity identity, final String title) {
		final LiveImage known = find(identity);
		if (known == null || known.image() == null) return known;
		throw new BrushwoodException("The image '" + title + "' has the same pixels as '" + known.title() +
			"', which is in the session already.");
	}

	private void checkKind(final LiveImage image) {
		if (images.isEmpty()) return;
		final LiveImage first = images.get(0);
		final String kind = image.identity().kind();
		if (kind.equals(first.identity().kind())) return;
		throw new BrushwoodException("The image '" + image.title() + "' is " + kind + ", but '" + first.title() + "' is " +
			first.identity().kind() + ". The images of a session have to be alike, because one forest learns from all.");
	}

	private void checkIds(final LiveImage image) {
		final int[] labelOf = labelOfId();
		for (int id = 1; id < labelOf.length; id++)
			if (labelOf[id] == 0 && image.labels().count(id) > 0) {
				throw new BrushwoodException("The labels of the image '" + image.title() + "' hold the class id " + id +
					", but the session has no such class.");
			}
	}

	private List<LiveImage> with(final LiveImage image) {
		final List<LiveImage> more = new ArrayList<>(images);
		more.add(image);
		return Collections.unmodifiableList(more);
	}

	private static void paint(final Annotations annotations, final LabelMap labels) {
		final LabelEdit edit = labels.edit();
		annotations.paint((roi, point, c, z, t) -> edit.fill(roi, point, c.id(), z, t,
			new Rectangle()));
		edit.finish();
	}

	/**
	 * Adds labels with their own classes to an image, as a step; where labels meet, the new ones win.
	 *
	 * @param own classes that the ids of <code>labels</code> stand for; they join the session's by name
	 */
	void addLabels(final LiveImage image, final AnnotationClasses own, final LabelMap labels, final String name) {
		final Events events = new Events();
		synchronized (lock) {
			checkPresent(image);
			join(image, own, labels, name, events);
		}
		events.fire();
	}

	private void join(final LiveImage image, final AnnotationClasses own, final LabelMap labels, final String name,
		final Events events)
	{
		if (open != null && open.image == image) refuseDuringStroke();
		final AnnotationClasses all = isUntouched() ? AnnotationClasses.copyOf(own.list()) : AnnotationClasses.copyOf(
			classes);
		all.mergeAll(own);
		final int[] idOf = new int[AnnotationClasses.MAX + 1];
		for (final AnnotationClass c : own.list())
			idOf[c.id()] = all.find(c.name()).id();
		final LabelEdit edit = image.labels().edit();
		edit.add(labels, idOf);
		edit.finish();
		record(name, all, edit.isEmpty() ? Collections.emptyList() : Collections.singletonList(new History.Part(image,
			edit)), events);
	}

	/** Whether there are just the two initial classes without a label. */
	private boolean isUntouched() {
		if (classes != initial || open != null) return false;
		for (final LiveImage image : images)
			if (image.labels().count() > 0) return false;
		return true;
	}

	// ---- labels

	/**
	 * Begins a change of an image's labels; {@link #commit} or {@link #abandon} ends it. There is one at a time in the
	 * session.
	 *
	 * @throws BrushwoodException when another one has not ended, or the image is not in the session
	 */
	public LabelEdit edit(final LiveImage image) {
		synchronized (lock) {
			refuseDuringStroke();
			checkPresent(image);
			open = new History.Part(image, image.labels().edit());
			return open.edit;
		}
	}

	/**
	 * Ends a change and puts it into the history, unless it is empty. Pixels that it gave to an id without a class become
	 * unlabelled. Nothing happens when the image has left the session meanwhile.
	 *
	 * @param name for people, such as "stroke of nucleus"
	 */
	public void commit(final LiveImage image, final LabelEdit edit, final String name) {
		final Events events = new Events();
		synchronized (lock) {
			if (!end(image, edit) || edit.isEmpty()) return;
			record(name, AnnotationClasses.copyOf(classes), Collections.singletonList(new History.Part(image, edit)), events);
		}
		events.fire();
	}

	/** Ends a change and takes it back without a trace. */
	public void abandon(final LiveImage image, final LabelEdit edit) {
		final Events events = new Events();
		synchronized (lock) {
			if (!end(image, edit) || edit.isEmpty()) return;
			edit.undo();
			version++;
			events.labels(new History.Part(image, edit));
		}
		events.fire();
	}

	/** False when the image has left the session. */
	private boolean end(final LiveImage image, final LabelEdit edit) {
		if (!images.contains(image)) return false;
		if (open == null || open.edit != edit || open.image != image) {
			throw new IllegalStateException("This is not the change that was begun.");
		}
		final int[] labelOf = labelOfId();
		for (int id = 1; id < labelOf.length; id++)
			if (labelOf[id] == 0 && image.labels().count(id) > 0) edit.relabel(id, 0);
		edit.finish();
		open = null;
		return true;
	}

	/** Label 1..K of each class id (256 long), as {@link LabelMap#pixels} wants it. */
	public int[] labelOfId() {
		final int[] labels = new int[AnnotationClasses.MAX + 1];
		int label = 1;
		for (final AnnotationClass c : classes)
			labels[c.id()] = label++;
		return labels;
	}

	private void checkPresent(final LiveImage image) {
		if (images.contains(image)) return;
		throw new BrushwoodException("The image '" + image.title() + "' is not in the session any more.");
	}

	private void refuseDuringStroke() {
		if (open == null) return;
		throw new BrushwoodException("Something is being drawn on '" + open.image.title() + "'. Finish it first.");
	}

	// ---- history: at least 100 steps, or 50 when they need very much memory

	/** Name of the step, or null when there is none. */
	public String undoName() {
		synchronized (lock) {
			return history.latest() == null ? null : history.latest().name;
		}
	}

	public String redoName() {
		synchronized (lock) {
			return history.next() == null ? null : history.next().name;
		}
	}

	/** Does nothing when there is no step; an error while something is being drawn. */
	public void undo() {
		final Events events = new Events();
		synchronized (lock) {
			refuseDuringStroke();
			if (history.latest() == null) return;
			final History.Step step = history.undo();
			apply(step, step.before, events);
		}
		events.fire();
	}

	/** Does nothing when there is no step; an error while something is being drawn. */
	public void redo() {
		final Events events = new Events();
		synchronized (lock) {
			refuseDuringStroke();
			if (history.next() == null) return;
			final History.Step step = history.redo();
			apply(step, step.after, events);
		}
		events.fire();
	}

	/** Adds a step whose labels are done already, unless it changes nothing. */
	private void record(final String name, final AnnotationClasses all, final List<History.Part> parts,
		final Events events)
	{
		final boolean same = all.format().equals(AnnotationClasses.copyOf(classes).format());
		if (same && parts.isEmpty()) return;
		final History.Step step = new History.Step(name, classes, same ? classes : snapshot(all), parts);
		history.add(step);
		apply(step, step.after, events);
	}

	/** @param now classes after the step was done, undone or redone */
	private void apply(final History.Step step, final List<AnnotationClass> now, final Events events) {
		if (step.changesClasses()) {
			classes = now;
			final BitSet left = (BitSet) hidden.clone();
			final int[] labelOf = labelOfId();
			for (int id = 1; id < labelOf.length; id++)
				if (labelOf[id] == 0) left.clear(id);
			hidden = left;
			events.add(Listener::classesChanged);
		}
		for (final History.Part part : step.parts)
			events.labels(part);
		changed(events, Listener::historyChanged);
	}

	// ---- settings

	public LiveSettings settings() {
		return settings;
	}

	/** Not checked here: the worker reports what the engine says about a wrong feature list. */
	public void setSettings(final LiveSettings newSettings) {
		final Events events = new Events();
		synchronized (lock) {
			settings = newSettings;
			changed(events, Listener::settingsChanged);
		}
		events.fire();
	}

	/** Number that grows with every change that a session file would keep. */
	public long version() {
		return version;
	}

	/** Classes, settings, images and labels as they are together at one moment. */
	Snapshot snapshot() {
		synchronized (lock) {
			return new Snapshot(this);
		}
	}

	private void changed(final Events events, final Consumer<Listener> event) {
		version++;
		events.add(event);
	}

	/** What happened, to be told to the listeners after the lock is given back. */
	private final class Events {

		private final List<Consumer<Listener>> events = new ArrayList<>();

		private void add(final Consumer<Listener> event) {
			events.add(event);
		}

		private void labels(final History.Part part) {
			final LabelEdit edit = part.edit;
			final boolean local = edit.isOnOneSlice();
			final Rectangle where = local ? edit.bounds() : null;
			final int z = local ? edit.z() : 0;
			final int t = local ? edit.t() : 0;
			events.add(listener -> listener.labelsChanged(part.image, z, t, where));
		}

		private void fire() {
			for (final Consumer<Listener> event : events)
				for (final Listener listener : listeners)
					tell(listener, event);
		}

		/** One listener's failure is no reason to keep the others in the dark. */
		private void tell(final Listener listener, final Consumer<Listener> event) {
			try {
				event.accept(listener);
			}
			catch (final RuntimeException e) {
				IJ.handleException(e);
			}
		}
	}
}
