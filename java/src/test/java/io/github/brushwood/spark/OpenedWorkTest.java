package io.github.brushwood.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.engine.Engine;
import io.github.brushwood.engine.EngineException;
import io.github.brushwood.engine.Output;
import io.github.brushwood.engine.Status;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenedWorkTest {

	/** A worker without the shared folder must not begin results of its own. */
	@Test
	void aWorkerWithoutTheResultsSaysWhatIsWrong(@TempDir final Path folder) {
		final Path result = folder.resolve("x.zarr");
		final BlockWork work = new BlockWork();
		work.input = folder.resolve("in.zarr").toString();
		work.outputs = new EnumMap<>(Output.class);
		work.outputs.put(Output.LABELS, result.toString());
		final long before = Engine.memoryInUse();
		final EngineException e = assertThrows(EngineException.class, () -> OpenedWork.join(work));
		assertEquals(Status.IO, e.status());
		assertTrue(e.getMessage().contains(result.toString()) && e.getMessage().contains("share"), e.getMessage());
		assertFalse(Files.exists(result));
		assertEquals(before, Engine.memoryInUse());
	}
}
