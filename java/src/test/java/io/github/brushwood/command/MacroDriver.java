package io.github.brushwood.command;

import ij.IJ;
import ij.WindowManager;

/** Runs macros one after the other in one ImageJ, which has to survive those that fail. */
public final class MacroDriver {

	private MacroDriver() {}

	/** @param args macro files */
	public static void main(final String... args) {
		for (final String macro : args) {
			System.out.println("=== " + macro);
			try {
				IJ.runMacroFile(macro, "");
			}
			catch (final RuntimeException e) {
				System.out.println("signal " + e.getMessage());
			}
			WindowManager.setTempCurrentImage(null);
		}
		System.out.println("=== end");
		System.exit(0);
	}
}
