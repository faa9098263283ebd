package io.github.brushwood.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.ZarrCodec;
import io.github.brushwood.engine.ZarrVersion;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import picocli.CommandLine.ParameterException;

class DriverOptionsTest {

	private static DriverOptions parse(final String... more) {
		final List<String> all = new ArrayList<>(Arrays.asList("--model", "m.brushwood", "--input", "in.zarr"));
		all.addAll(Arrays.asList(more));
		final DriverOptions options = new DriverOptions();
		options.parse(all.toArray(new String[0]));
		return options;
	}

	private static String refusal(final String... more) {
		return assertThrows(ParameterException.class, () -> parse(more)).getMessage();
	}

	@Test
	void defaultsAreTheCommandLines() {
		final DriverOptions options = parse("--output", "out.zarr");
		final BlockWork work = options.work();
		assertEquals(new File("in.zarr").getAbsolutePath(), work.input);
		assertEquals(EnumSet.of(Output.PROBABILITIES), work.outputs.keySet());
		assertEquals(new File("out.zarr").getAbsolutePath(), work.outputs.get(Output.PROBABILITIES));
		assertNull(work.version);
		assertNull(work.codec);
		assertArrayEquals(new long[3], work.block);
		assertArrayEquals(new long[3], work.chunk);
		assertNull(work.spacing);
		assertFalse(work.unrefined || work.overwrite);
		assertNull(options.threads());
		assertNull(options.memory());
		assertNull(options.partitions());
	}

	@Test
	void everyOptionArrives() {
		final DriverOptions options = parse("--output", "x_{kind}.zarr", "--export", "labels,entropy", "--block", "3,2,1",
			"--zarr-version", "0.5", "--zarr-chunk", "30,20,10", "--compression", "none", "--unrefined", "--overwrite",
			"--spacing", "2,0.5,0.25", "--threads-per-task", "4", "--memory", "300", "--partitions", "7");
		final BlockWork work = options.work();
		assertEquals(EnumSet.of(Output.LABELS, Output.ENTROPY), work.outputs.keySet());
		assertEquals(new File("x_segmentation.zarr").getAbsolutePath(), work.outputs.get(Output.LABELS));
		assertEquals(new File("x_entropy.zarr").getAbsolutePath(), work.outputs.get(Output.ENTROPY));
		assertArrayEquals(new long[] { 1, 2, 3 }, work.block);
		assertArrayEquals(new long[] { 10, 20, 30 }, work.chunk);
		assertArrayEquals(new double[] { 0.25, 0.5, 2 }, work.spacing);
		assertEquals(ZarrVersion.OME_05, work.version);
		assertEquals(ZarrCodec.RAW, work.codec);
		assertTrue(work.unrefined && work.overwrite);
		assertEquals(4, options.threads());
		assertEquals(300, options.memory());
		assertEquals(7, options.partitions());
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "--block|1,2", "--block|1,2,3.5", "--block|0,1,1", "--zarr-chunk|a,b,c",
		"--spacing|1,1,-1", "--spacing|1,1,1,1", "--export|masks", "--export|labels,", "--zarr-version|0.3",
		"--compression|lzw", "--threads-per-task|0", "--memory|0", "--partitions|0" })
	void refusalsNameTheOption(final String option, final String value) {
		assertTrue(refusal("--output", "x_{kind}.zarr", option, value).contains(option));
	}

	@Test
	void pathsThatCannotWorkAreRefused() {
		assertTrue(refusal().contains("--output"));
		assertTrue(refusal("--output", "x.tif").contains(".zarr"));
		assertTrue(refusal("--output", "x.zarr", "--export", "labels,entropy").contains("{kind}"));
		assertTrue(refusal("--output", "s3://bucket/x.zarr").contains("s3://bucket/x.zarr is an address"));
		assertTrue(refusal("--output", "x\uFFFD.zarr").contains("UTF-8"));
		assertTrue(refusal("--output", "x.zarr", "--tile", "8").contains("--tile"));
	}

	@Test
	void helpNamesEveryOption() {
		final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		final DriverOptions options = new DriverOptions();
		options.parse("--help");
		assertTrue(options.printHelp(new PrintStream(bytes)));
		for (final String name : new String[] { "--model", "--block", "--threads-per-task", "--partitions" })
			assertTrue(bytes.toString().contains(name), name);
	}
}
