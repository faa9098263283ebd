package io.github.brushwood.ui.live;

import io.github.brushwood.ui.HelpText;

/** Help pages of the live window and its dialogs. */
public final class LiveHelp {

	private LiveHelp() {}

	/** The table of keys and mouse, as a part of a page. */
	public static String keys() {
		return "<p>These keys work in the live window; all others are ImageJ's, and ImageJ's commands on the keys below " +
			"work with Ctrl as well.</p>" + Keys.html();
	}

	/** On keys and mouse. */
	static String keysPage() {
		return page("Keys and mouse", keys() + "<p>More: Plugins &gt; Brushwood &gt; Brushwood Help.</p>");
	}

	/** On the matrix of features, with the tables of features and presets. */
	static String features() {
		return page("Features",
			"<p>The forest sees the values of <i>feature images</i> at each pixel: smoothed, edge, line and texture filters, " +
				"each at one or more sizes. A box stands for one feature at one sigma or radius, in pixels along x. Small ones " +
				"see fine detail, large ones the surroundings; sizes about as large as the objects tell them apart best.</p>" +
				"<ul><li>A click on a box, or the space bar, switches it; drag over boxes to switch several.</li>" +
				"<li>A click beside a box, the arrow keys or the list at the right show a feature that is in use on the " +
				"image.</li>" +
				"<li>A click on a column's heading opens its menu: 2D (slice by slice) or 3D for stacks, use all, use none, " +
				"remove. The fields at the right add columns.</li>" +
				"<li>With several channels, the column <i>Channels</i> chooses which ones a feature reads. The menu of a line " +
				"(right button) adds a second line of the feature, for other channels at other numbers.</li>" +
				"<li>The text is the same list in the form that macros and the command line take; it can be edited. A list that " +
				"is a preset's is passed on by the preset's name.</li>" +
				"<li><i>Sigmas follow the voxel size</i>: a sigma of 2 is 2 pixels along x and equally long in the other " +
				"directions. Without it, 2 pixels in every direction.</li></ul>" +
				"<p><i>Apply</i> hands the list to the session: the features of the labelled pixels are computed and the forest " +
				"grows again. <i>Reset</i> goes back to the list in use.</p>" +
				"<p><b>Cost.</b> The time is measured on a small image of noise with this list and with the default preset, and " +
				"scaled up to the whole image. Most updates need less: the window computes what is in view, and keeps " +
				"it. A forest that was saved computes only those features that its trees use.</p>" +
				"<p><b>Suggest features.</b> Leaves out features step by step, the least important first, and measures the " +
				"out-of-bag error of each list. Offered is the shortest list whose error is within 0.5 % of all samples of the " +
				"best. Works with the labels there are: paint all kinds of places first.</p>" + HelpText.featureGuide());
	}

	/** On picking objects. */
	static String picking() {
		return page("Classes of objects by example",
			"<p>Click on some objects of each class. After every click a random forest learns from the measures of these " +
				"examples, and all other objects get the colour of the class it gives them. Examples have a white edge. Two " +
				"objects of each class are enough to begin with; then correct what is wrong by clicking on it.</p>" +
				"<ul><li>A click makes an object an example of the chosen class; a second one makes it none.</li>" +
				"<li>1 to 9 choose a class; " + Keys.MENU + "+Z and " + Keys.MENU + "+Y undo and redo.</li>" +
				"<li>Clicks count with the tool <i>" + PickTool.NAME + "</i> of ImageJ's toolbar, which is chosen when the " +
				"window opens. All other tools work as ever.</li>" +
				"<li>The examples are kept with the label image, also in its TIFF file: open the window again to go on.</li>" +
				"<li><i>Save Model</i> writes a file for <i>Brushwood Classify Objects</i>, which does the same for further " +
				"images. <i>Class Image</i> and <i>Table</i> show the classes of this one.</li></ul>" +
				"<p>Each of these three is recorded as a call of <i>Brushwood Train Object Classes</i> with the examples by " +
				"number. Objects are measured when the window opens: close it and open it again after changes of the label " +
				"image.</p>");
	}

	/** On the report. */
	static String report() {
		return page("Report",
			"<p><b>Out-of-bag error.</b> Each tree learns from a random part of the labelled pixels and is tested on the " +
				"others. Neighbours of a pixel that is tested were mostly among those learned from, and neighbouring pixels " +
				"are alike: the figure flatters.</p>" +
				"<p><b>Held-out check.</b> Forests learn from a part of the labels and are tested on the rest, in turn. What " +
				"stays together is a choice: whole <i>strokes</i> (connected labelled pixels of a class), <i>blocks</i> (squares " +
				"of the image), or whole <i>images</i>. Images answer how well the forest does on the next image; blocks how " +
				"well it does elsewhere in this one; strokes come nearest to the out-of-bag figure. Expect the held-out error on " +
				"pixels that were not painted. A large gap between the two asks for more strokes in more places, not " +
				"for longer strokes.</p>" +
				"<p><b>Classes.</b> Precision: share of the pixels given to the class that are of it. Recall: share of the " +
				"class's pixels that were given to it. F1: their harmonic mean. IoU: pixels that are both over pixels that are " +
				"either.</p>" +
				"<p><b>Confusion.</b> A row is a class as it was painted, a column what the forest said; the share of a row is " +
				"shaded, right ones blue, wrong ones orange.</p>" +
				"<p><b>Most important features.</b> What the present forest relies on. Features that tell the same share their " +
				"importance: a low bar does not mean that a feature is useless.</p>");
	}

	private static String page(final String title, final String body) {
		return "<html><body><h2>" + title + "</h2>" + body + "</body></html>";
	}
}
