package io.github.brushwood.ui.live;

import io.github.brushwood.session.live.Show;

import java.awt.BorderLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Vector;
import java.util.function.Consumer;

import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JList;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.ListSelectionModel;

/** The images of the features in use; the chosen one lies over the image. */
final class FeatureLook extends JPanel {

	private static final long serialVersionUID = 1L;
	private static final int ROWS = 12;

	private final transient Consumer<String> status;
	private final JList<String> images = new JList<>();
	private transient SegmentWindow window;
	private transient List<String> names = new ArrayList<>();
	/** What was over the image before a feature was. */
	private transient Show before = Show.PROBABILITIES;
	private boolean looked;
	private boolean filling;

	/** @param status takes a line about what is shown */
	FeatureLook(final SegmentWindow window, final Consumer<String> status) {
		this.window = window;
		this.status = status;
		final int em = Widgets.em(images);
		setLayout(new BorderLayout(0, em / 4));
		setBorder(BorderFactory.createEmptyBorder(0, em / 2, 0, 0));
		images.setName("feature images");
		images.getAccessibleContext().setAccessibleName("Features in use");
		images.setSelectionMode(ListSelectionModel.SINGLE_SELECTION);
		images.setPrototypeCellValue("structure 3.5 2D eigenvalue 2 (channel 1)");
		images.setVisibleRowCount(ROWS);
		images.addListSelectionListener(e -> {
			if (!e.getValueIsAdjusting() && !filling && images.getSelectedIndex() >= 0) show(images.getSelectedIndex());
		});
		add(Widgets.heading("Look at a feature in use"), BorderLayout.NORTH);
		add(new JScrollPane(images), BorderLayout.CENTER);
		add(new JButton(Widgets.action("Show the result again", this::back)), BorderLayout.SOUTH);
	}

	/** The window to show features in. */
	void setWindow(final SegmentWindow newWindow) {
		window = newWindow;
	}

	/** The names of the features in use. */
	void setNames(final List<String> newNames) {
		if (newNames.equals(names)) return;
		names = new ArrayList<>(newNames);
		final String chosen = images.getSelectedValue();
		filling = true;
		images.setListData(new Vector<>(names));
		filling = false;
		if (names.contains(chosen)) images.setSelectedIndex(names.indexOf(chosen));
		else if (chosen != null) restore();
	}

	/** Shows a feature by its name, if it is in use. */
	void look(final String name) {
		final int index = names.indexOf(name);
		if (index < 0) {
			status.accept(name + " is not in use: choose it and press Apply to look at it.");
			return;
		}
		if (images.getSelectedIndex() == index) show(index);
		images.setSelectedIndex(index);
		images.ensureIndexIsVisible(index);
	}

	private void show(final int index) {
		final Show now = window.desk().palette().show();
		if (now.kind != Show.Kind.FEATURE && now.kind != Show.Kind.NOTHING) before = now;
		window.setShow(Show.feature(index));
		looked = true;
		status.accept("On the image: " + names.get(index));
	}

	private void back() {
		filling = true;
		images.clearSelection();
		filling = false;
		window.setShow(before);
		status.accept(" ");
	}

	/** What was over the image before, unless something else was chosen since. */
	void restore() {
		if (looked && window.desk().palette().kind() == Show.Kind.FEATURE) window.setShow(before);
		looked = false;
	}
}
