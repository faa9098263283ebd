package io.github.brushwood.engine;

import java.io.File;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** An operating system and processor, by the names that jars and Fiji give it. */
enum Platform {
	LINUX_64("linux", false, "linux_64", "linux64", "libbrushwood_jni.so", Advice.REINSTALL),
	LINUX_ARM64("linux", true, "linux_arm64", "linux-arm64", "libbrushwood_jni.so", Advice.REINSTALL),
	WINDOWS_64("windows", false, "windows_64", "win64", "brushwood_jni.dll", Advice.REINSTALL),
	WINDOWS_ARM64("windows", true, "windows_arm64", "win-arm64", "brushwood_jni.dll", Advice.EMULATION),
	MACOS_64("mac", false, "osx_64", "macos64", "libbrushwood_jni.dylib", Advice.REINSTALL),
	MACOS_ARM64("mac", true, "osx_arm64", "macos-arm64", "libbrushwood_jni.dylib", Advice.REINSTALL);

	/** What to do without a library for the platform. */
	private static final class Advice {

		static final String REINSTALL = "install the jar made for this system, or set -D" + NativeLoader.OVERRIDE +
			" to a library that fits it.";
		static final String EMULATION = "use a Fiji or Java for Windows on Intel processors, which Windows runs on ARM, too.";
	}

	/** Start of the system's name in lower case. */
	private final String system;
	private final boolean arm;
	/** Folder below natives in the jar. */
	final String jarName;
	/** Folder below Fiji's lib. */
	private final String fijiName;
	final String fileName;
	/** What to do when the jar has no library for it: end of a sentence. */
	final String advice;

	Platform(final String system, final boolean arm, final String jarName, final String fijiName,
		final String fileName, final String advice)
	{
		this.system = system;
		this.arm = arm;
		this.jarName = jarName;
		this.fijiName = fijiName;
		this.fileName = fileName;
		this.advice = advice;
	}

	/** Where Fiji keeps the library below its folder. */
	File fijiFile(final File root) {
		return new File(new File(new File(root, "lib"), fijiName), fileName);
	}

	static Platform current() {
		return of(System.getProperty("os.name"), System.getProperty("os.arch"));
	}

	/** @param os and arch as in the system properties os.name and os.arch */
	static Platform of(final String os, final String arch) {
		final String name = os.toLowerCase(Locale.ROOT);
		final String processor = arch.toLowerCase(Locale.ROOT);
		final boolean isArm = processor.equals("aarch64") || processor.equals("arm64");
		final boolean isIntel = processor.equals("amd64") || processor.equals("x86_64");
		for (final Platform platform : values()) {
			if (name.startsWith(platform.system) && (platform.arm ? isArm : isIntel)) return platform;
		}
		final boolean is32Bit = processor.matches("x86|i[3-6]86|arm|arm32|aarch32");
		throw new EngineException(Status.INTERNAL, "Brushwood needs 64-bit Java on Linux, Windows or macOS with an Intel, " +
			"AMD or ARM processor, but this Java runs on " + os + " (" + arch + "); " + (is32Bit
				? "it is a 32-bit one: install the 64-bit Fiji or Java." : "there is no Brushwood for that."));
	}

	/**
	 * The user's folder for what programs can make again; null when there is none.
	 *
	 * @param home as in the system property user.home
	 */
	static File cacheFolder(final String os, final String home, final UnaryOperator<String> environment) {
		final String name = os.toLowerCase(Locale.ROOT);
		if (name.startsWith("windows")) return cacheFolder(environment.apply("LOCALAPPDATA"), home, "AppData/Local");
		if (name.startsWith("mac")) return cacheFolder(null, home, "Library/Caches");
		return cacheFolder(environment.apply("XDG_CACHE_HOME"), home, ".cache");
	}

	private static File cacheFolder(final String chosen, final String home, final String usual) {
		if (chosen != null && new File(chosen).isAbsolute()) return new File(chosen, "brushwood");
		final boolean known = home != null && new File(home).isAbsolute();
		return known ? new File(new File(home, usual), "brushwood") : null;
	}
}
