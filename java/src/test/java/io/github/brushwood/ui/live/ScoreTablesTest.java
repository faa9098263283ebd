package io.github.brushwood.ui.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Assessment;
import io.github.brushwood.engine.EngineImage;
import io.github.brushwood.engine.ImageInfo;
import io.github.brushwood.engine.Job;
import io.github.brushwood.engine.PixelType;
import io.github.brushwood.engine.Scores;
import io.github.brushwood.session.AnnotationClass;
import io.github.brushwood.session.live.LiveSession;

import java.awt.Color;
import java.awt.Component;
import java.awt.Container;
import java.util.List;

import javax.swing.JTable;

import org.junit.jupiter.api.Test;

/** What the tables of the report say. */
class ScoreTablesTest {

	private final List<AnnotationClass> classes = new LiveSession().classes();

	/** Three pixels of the first class, of which one is taken for the second; one of the second. */
	private static Scores scores() {
		final ImageInfo info = ImageInfo.builder(PixelType.UINT8, 5, 1).build();
		try (Job job = new Job();
			EngineImage truth = EngineImage.create(job, info);
			EngineImage labels = EngineImage.create(job, info);
			Assessment assessment = Assessment.create(job, 2))
		{
			truth.setPlane(0, 0, 0, new byte[] { 1, 1, 1, 2, 0 });
			labels.setPlane(0, 0, 0, new byte[] { 1, 1, 2, 2, 1 });
			assessment.add(job, truth, labels, null);
			return assessment.scores();
		}
	}

	private static JTable tableIn(final Container panel) {
		for (final Component c : panel.getComponents())
			if (c instanceof JTable) return (JTable) c;
		throw new AssertionError("no table");
	}

	private static Color shade(final JTable table, final int row, final int column) {
		return table.prepareRenderer(table.getCellRenderer(row, column), row, column).getBackground();
	}

	@Test
	void confusionCountsAndShades() {
		final ConfusionTable panel = new ConfusionTable();
		panel.show(classes, scores());
		final JTable table = tableIn(panel);
		assertEquals(2, table.getRowCount());
		assertEquals(classes.get(1).name(), table.getColumnName(2));
		assertEquals("2", table.getValueAt(0, 1));
		assertEquals("1", table.getValueAt(0, 2));
		assertEquals("0", table.getValueAt(1, 1));
		assertEquals(Widgets.GOOD, shade(table, 1, 2));
		assertEquals(Widgets.mix(table.getBackground(), Widgets.BAD, 1.0 / 3), shade(table, 0, 2));
		assertEquals(table.getBackground(), shade(table, 1, 1));
		panel.show(classes, null);
		assertEquals("", table.getValueAt(0, 1));
	}

	@Test
	void classesHavePixelsAndScores() {
		final ClassTable panel = new ClassTable();
		final JTable table = tableIn(panel);
		final int heading = table.getFontMetrics(table.getFont()).stringWidth("Labelled pixels");
		assertTrue(table.getColumnModel().getColumn(1).getPreferredWidth() > heading);
		panel.show(classes, new long[] { 12345, 1 }, scores());
		assertEquals("12,345", table.getValueAt(0, 1));
		assertEquals("1.000", table.getValueAt(0, 2));
		assertEquals("0.667", table.getValueAt(0, 3));
		assertEquals("0.500", table.getValueAt(1, 2));
		assertEquals("0.500", table.getValueAt(1, 5));
		panel.show(classes, new long[] { 0, 1 }, null);
		assertEquals("-", table.getValueAt(0, 2));
	}
}
