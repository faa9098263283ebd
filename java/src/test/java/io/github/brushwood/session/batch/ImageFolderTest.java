package io.github.brushwood.session.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.brushwood.session.BrushwoodException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {

	@TempDir
	Path folder;

	private String list(final String pattern, final boolean recursive) {
		final ImageFolder images = new ImageFolder(folder, folder.resolve("out"));
		images.setPattern(pattern);
		images.setRecursive(recursive);
		return images.list().stream().map(path -> folder.relativize(path).toString().replace('\\', '/')).collect(Collectors
			.joining(" "));
	}

	private void touch(final String... names) throws IOException {
		for (final String name : names) {
			Files.createDirectories(folder.resolve(name).getParent());
			Files.createFile(folder.resolve(name));
		}
	}

	@Test
	void namesThatFit() throws IOException {
		touch("b.tif", "a.TIFF", "c.tif.txt", "d [1]{2}.png", ".e.tif", "f.tif.1-2-3.part", "deep/g.tif", "deep/er/h.Tif",
			"out/result.tif");
		Files.createDirectory(folder.resolve("x.tif"));
		touch("x.tif/i.tif");
		assertEquals("a.TIFF b.tif", list("*.tif;*.tiff", false));
		assertEquals("a.TIFF b.tif deep/er/h.Tif deep/g.tif x.tif/i.tif", list(" *.tif ;; *.tiff", true));
		assertEquals("d [1]{2}.png", list("* [1]{?}.PNG", false));
		assertEquals("a.TIFF b.tif c.tif.txt d [1]{2}.png", list("*", false));
	}

	@Test
	void links() throws IOException {
		touch("real/a.tif");
		Files.createSymbolicLink(folder.resolve("file.tif"), folder.resolve("real/a.tif"));
		Files.createSymbolicLink(folder.resolve("nowhere.tif"), folder.resolve("none"));
		Files.createSymbolicLink(folder.resolve("folder.tif"), folder.resolve("real"));
		Files.createSymbolicLink(folder.resolve("real/loop"), folder);
		assertEquals("file.tif nowhere.tif real/a.tif", list("*.tif", true));
		touch("real/out/result.tif");
		for (final String results : new String[] { "real/out", "folder.tif/out" }) {
			final ImageFolder given = new ImageFolder(folder.resolve("folder.tif"), folder.resolve(results));
			given.setPattern("*");
			given.setRecursive(true);
			assertEquals(Collections.singletonList(folder.resolve("folder.tif/a.tif")), given.list());
		}
	}

	@Test
	void aMissingFolderIsNamed() {
		final ImageFolder images = new ImageFolder(folder.resolve("none"), folder);
		images.setPattern("*");
		final String message = assertThrows(BrushwoodException.class, images::list).getMessage();
		assertTrue(message.contains("none' does not exist"), message);
		assertThrows(BrushwoodException.class, () -> images.setPattern(" ; "));
	}
}
