package io.github.brushwood.session.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.measure.ResultsTable;

import io.github.brushwood.session.FolderBatch.Entry;
import io.github.brushwood.session.FolderBatch.State;

import java.util.Arrays;
import java.util.Collections;

import org.junit.jupiter.api.Test;

class BatchTableTest {

	private static BatchTable table() {
		final BatchTable table = new BatchTable(Arrays.asList("sky, \"blue\"", "=ground"));
		table.add(new Entry("a,b \"c\".tif", State.DONE, 1.23456, new double[] { 0.25, 2 / 3.0 }, "two\nlines"));
		table.add(new Entry("=cmd|'x'!A1.tif", State.SKIPPED, 0, null, "results exist"));
		table.add(new Entry("-1.tif", State.FAILED, 0.0004, null, "+49\ttab"));
		table.add(new Entry("@x.tif", State.FAILED, 3600, null, ""));
		return table;
	}

	@Test
	void csvIsQuotedAndHarmless() {
		assertEquals("file,status,seconds,\"sky, \"\"blue\"\" fraction\",'=ground fraction,message\n" +
			"\"a,b \"\"c\"\".tif\",done,1.235,0.250000,0.666667,\"two\nlines\"\n" +
			"'=cmd|'x'!A1.tif,skipped,0.000,,,results exist\n" + "'-1.tif,failed,0.000,,,'+49\ttab\n" +
			"'@x.tif,failed,3600.000,,,\n", table().csv());
	}

	@Test
	void aBatchWithoutImagesHasHeadings() {
		final BatchTable table = new BatchTable(Collections.singletonList("a"));
		assertEquals("file,status,seconds,a fraction,message\n", table.csv());
		assertEquals(0, table.resultsTable().size());
	}

	@Test
	void statesAreCounted() {
		assertEquals("1 done, 1 skipped, 2 failed", table().summary());
	}

	@Test
	void macrosReadTheTable() {
		final ResultsTable table = table().resultsTable();
		assertEquals("file\tstatus\tseconds\tsky, \"blue\" fraction\t=ground fraction\tmessage", table.getColumnHeadings()
			.trim());
		assertEquals("a,b \"c\".tif", table.getStringValue("file", 0));
		assertEquals("skipped", table.getStringValue("status", 1));
		assertEquals(0.25, table.getValue("sky, \"blue\" fraction", 0));
		assertEquals(2 / 3.0, table.getValue("=ground fraction", 0));
		assertTrue(Double.isNaN(table.getValue("=ground fraction", 1)));
		assertEquals("two lines", table.getStringValue("message", 0));
		assertEquals("a,b \"c\".tif\tdone\t1.235\t0.250000\t0.666667\ttwo lines", table.getRowAsString(0).trim());
	}
}
