package io.github.brushwood.engine;

import java.io.File;
import java.util.Locale;

/** An operating system and processor, by the names that jars and Fiji give it. */
enum Platform {
	LINUX_64("linux", false, "linux_64", "linux64", "libbrushwood_jni.so"),
	LINUX_ARM64("linux", true, "linux_arm64", "linux-arm64", "libbrushwood_jni.so"),
	WINDOWS_64("windows", false, "windows_64", "win64", "brushwood_jni.dll"),
	WINDOWS_ARM64("windows", true, "windows_arm64", "win-arm64", "brushwood_jni.dll"),
	MACOS_64("mac", false, "osx_64", "macos64", "libbrushwood_jni.dylib"),
	MACOS_ARM64("mac", true, "osx_arm64", "macos-arm64", "libbrushwood_jni.dylib");

	/** Start of the system's name in lower case. */
	private final String system;
	private final boolean arm;
	/** Folder below natives in the jar. */
	final String jarName;
	/** Folder below Fiji's lib. */
	private final String fijiName;
	final String fileName;

	Platform(final String system, final boolean arm, final String jarName, final String fijiName,
		final String fileName)
	{
		this.system = system;
		this.arm = arm;
		this.jarName = jarName;
		this.fijiName = fijiName;
		this.fileName = fileName;
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
		throw new EngineException(Status.INTERNAL, "Brushwood needs 64-bit Java on Linux, Windows or macOS with an Intel, " +
			"AMD or ARM processor, but this Java runs on " + os + " (" + arch + "); install a 64-bit Java there.");
	}
}
