package io.github.brushwood.engine;

import java.util.regex.Pattern;

/** What the system says when it does not load a library, in words that tell what to do. */
enum LoadFailure {
	NO_PROGRAMS("failed to map segment|operation not permitted",
		"no program may be loaded from this folder (it is mounted noexec); choose another with -Djava.io.tmpdir"),
	OLD_GLIBC("version [`'\"]?glibc_", "this Linux is too old, Brushwood needs glibc 2.17 or later"),
	NO_GLIBC("ld-linux|ld-musl|libc\\.musl|error relocating",
		"Brushwood needs the GNU C library (glibc 2.17 or later), which Alpine Linux and other systems with musl do not " +
			"have; use a Linux that has it"),
	OLD_MACOS("symbol not found|which was built for",
		"this macOS is too old, Brushwood needs macOS 10.15 or later on Intel processors and macOS 11 on Apple silicon"),
	QUARANTINE("code signature|system policy|quarantine|not valid for use in process|malware",
		"macOS does not trust it; free Fiji from quarantine with xattr -dr com.apple.quarantine and its folder"),
	WRONG_KIND("wrong elf class|invalid elf header|file too short|mach-o|incompatible architecture|wrong architecture|" +
		"win32|can't load .*-bit|exec format",
		"it is damaged or made for another system or processor; reinstall Brushwood for this one"),
	FOLDER_NAME("dependent libraries", "Java on Windows loads nothing from folders with very long names or with letters " +
		"that the system's language lacks; choose another with -Djava.io.tmpdir"),
	DENIED("access is denied|virus|blocked", "the system or a virus scanner does not allow it; let it pass there"),
	RESTRICTED("native access|restricted", "start Java with --enable-native-access=ALL-UNNAMED"),
	OTHER("", "reinstall Brushwood for this system");

	private final Pattern pattern;
	private final String advice;

	LoadFailure(final String pattern, final String advice) {
		this.pattern = Pattern.compile(pattern, Pattern.CASE_INSENSITIVE);
		this.advice = advice;
	}

	/** Whether the same library may be loaded from another folder. */
	static boolean isOfThePlace(final Throwable failure) {
		if (failure instanceof EngineException) return false;
		final LoadFailure kind = of(failure);
		return kind == NO_PROGRAMS || kind == FOLDER_NAME || kind == DENIED || kind == OTHER;
	}

	/** Why a library cannot be used and what to do: part of a sentence, without its end. */
	static String reason(final Throwable failure) {
		if (failure instanceof EngineException) return failure.getMessage(); // the library's own refusal
		final String message = String.valueOf(failure.getMessage());
		return of(failure).advice + " [" + message.replaceFirst("^(.+?: )\\1", "$1") + "]"; // names the file twice
	}

	private static LoadFailure of(final Throwable failure) {
		final String message = String.valueOf(failure.getMessage());
		LoadFailure kind = NO_PROGRAMS;
		while (!kind.pattern.matcher(message).find()) // that of the last one is in every text
			kind = values()[kind.ordinal() + 1];
		return kind;
	}

	static boolean isHeldByAnotherClassLoader(final Throwable failure) {
		return String.valueOf(failure.getMessage()).contains("another classloader");
	}
}
