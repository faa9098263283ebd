"""Format, imports, exports, floor of the system and signature of built natives; scripts/check-natives runs it."""

import argparse
import hashlib
import re
import struct
import sys
import warnings
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import lief

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = ROOT / "native" / "platforms" / "platforms.txt"
COLUMNS = ("name", "target", "system", "processor", "jar_folder", "fiji_folder", "library", "program")
VERSION = re.search(r'#define BW_VERSION "([^"]+)"', (ROOT / "native/include/brushwood.h").read_text()).group(1)

EXPORTS = {"JNI_OnLoad", "JNI_OnUnload"}
SIZE_LIMIT = 5 << 20  # bytes of one file; the jar holds every library in at most 12 MB

GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"}
LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}
LOADER_FOLDERS = {"x86_64": "/lib64/", "aarch64": "/lib/"}

# The C runtime's parts are those of Windows 10's first release, which Windows 7 SP1 and 8.1 have by an update.
UCRT = "|".join(("conio", "convert", "environment", "filesystem", "heap", "locale", "math", "multibyte", "private",
                 "process", "runtime", "stdio", "string", "time", "utility"))
SYSTEM_DLL = re.compile(rf"(kernel32|ntdll|advapi32|psapi|msvcrt|ucrtbase|api-ms-win-crt-({UCRT})-l1-1-0)\.dll", re.I)
PROGRAM_DLL = re.compile(r"shell32\.dll", re.I)  # splits a command line
WINDOWS_FLOOR = (10, 0)
NEWER_THAN_WINDOWS_FLOOR = {
    "CreatePseudoConsole", "GetMachineTypeAttributes", "GetTempPath2A", "GetTempPath2W", "GetThreadDescription",
    "IsWow64Process2", "MapViewOfFile3", "SetThreadDescription", "SetThreadSelectedCpuSetMasks", "VirtualAlloc2",
}

LIBSYSTEM = "/usr/lib/libSystem.B.dylib"
STAB = 0xE0  # bits of a symbol's type that mark debugging entries
SUPER_BLOB, CODE_DIRECTORY = 0xFADE0CC0, 0xFADE0C02
AD_HOC, SHA256 = 2, 2

# Folders of people and builds, with something in them: a format with such a folder is none.
BUILD_PATH = re.compile(rb"/(?:home|tmp|Users|usr/src|builds?)/[\w.+~-]+/[\w.+~/-]*|/(?:root|work)/[\w.+~-][\w.+~/-]*|"
                        rb"[A-Z]:\\Users\\[\w.\\-]*")


@dataclass
class Native:
    """One file under test. `row` is its platform's row, `kind` library or program."""

    row: dict
    kind: str
    path: Path
    label: str
    zig: Path

    @cached_property
    def data(self):
        return self.path.read_bytes()

    @cached_property
    def binary(self):
        """The parsed file, None when it is not of its platform's format."""
        parse = FORMATS[self.row["system"]].parse
        found = parse(str(self.path))
        if isinstance(found, lief.MachO.FatBinary):
            return found.at(0) if len(found) == 1 else None
        return found

    @property
    def floor(self):
        """Version at the end of the target: of glibc or of macOS."""
        return tuple(map(int, re.search(r"\.(\d+(?:\.\d+)*)$", self.row["target"]).group(1).split(".")))


def dotted(version):
    return ".".join(map(str, version))


def listed(names):
    return ", ".join(sorted(names)) or "none"


# A check is a function (native) -> (what is wrong: a list, what was found: a string).

def unless(good, found, wrong=None):
    return ([] if good else [wrong or found]), found


# ---- every format ----------------------------------------------------------------------------------------------------

def check_size(native):
    size = len(native.data)
    return unless(size <= SIZE_LIMIT, f"{size} bytes", f"{size} bytes, more than {SIZE_LIMIT}")


def check_version(native):
    pattern = rb"(?<![0-9.])" + re.escape(VERSION.encode()) + rb"\0"
    return unless(re.search(pattern, native.data), VERSION, f"the text {VERSION} is not inside")


def check_build_paths(native):
    own = [re.escape(str(folder).encode()) + rb"[\w.+~/-]*" for folder in (ROOT, Path.home()) if len(str(folder)) > 1]
    tools = rb"[\w./-]*(?:site-packages|zig-cache|ziglang/lib)/[\w./-]*"
    patterns = [BUILD_PATH, *map(re.compile, own), re.compile(tools)]
    found = {match.group().decode() for pattern in patterns for match in pattern.finditer(native.data)}
    return sorted(found)[:5], "none"


def check_position(native):
    return unless(native.binary.is_pie, "anywhere", "the program has one fixed address")


# ---- ELF -------------------------------------------------------------------------------------------------------------

def elf_tags(native):
    return {entry.tag: entry for entry in native.binary.dynamic_entries}


def elf_format(native):
    header = native.binary.header
    machine = {"x86_64": lief.ELF.ARCH.X86_64, "aarch64": lief.ELF.ARCH.AARCH64}[native.row["processor"]]
    kinds = lief.ELF.Header.FILE_TYPE
    allowed = (kinds.DYN,) if native.kind == "library" else (kinds.DYN, kinds.EXEC)
    return unless(header.machine_type == machine and header.file_type in allowed,
                  f"ELF {header.machine_type.name} {header.file_type.name}")


def elf_whole(native):
    ends = [s.file_offset + s.physical_size for s in native.binary.segments]
    header = native.binary.header
    ends.append(header.section_header_offset + header.numberof_sections * header.section_header_size)
    good, message = lief.ELF.check_layout(native.binary)
    return unless(good and max(ends) <= len(native.data), "all of it is there", message or "the end is missing")


def elf_needed(native):
    allowed = GLIBC | {LOADERS[native.row["processor"]]}
    return [n for n in native.binary.libraries if n not in allowed], listed(native.binary.libraries)


def elf_glibc(native):
    required = {aux.name for need in native.binary.symbols_version_requirement
                for aux in need.get_auxiliary_symbols()}
    versions = {name: tuple(map(int, name[6:].split("."))) for name in required if re.match(r"GLIBC_\d", name)}
    wrong = [name for name in required if name not in versions or versions[name] > native.floor]
    return wrong, f"at most {dotted(max(versions.values(), default=(0,)))}, floor {dotted(native.floor)}"


def elf_exports(native):
    hidden = (lief.ELF.Symbol.VISIBILITY.HIDDEN, lief.ELF.Symbol.VISIBILITY.INTERNAL)
    return {s.name for s in native.binary.dynamic_symbols
            if s.name and s.shndx and s.binding != lief.ELF.Symbol.BINDING.LOCAL and s.visibility not in hidden}


def elf_undefined(native):
    """Each must be glibc's, or weak; a lost OpenMP runtime is wrong even when weak."""
    wrong, count = [], 0
    for symbol in native.binary.dynamic_symbols:
        if not symbol.name or symbol.shndx:
            continue
        count += 1
        version = symbol.symbol_version
        versioned = version and version.has_auxiliary_version and version.symbol_version_auxiliary.name
        weak = symbol.binding == lief.ELF.Symbol.BINDING.WEAK and not re.match(r"GOMP_|__kmp|omp_", symbol.name)
        if not weak and not str(versioned).startswith("GLIBC_"):
            wrong.append(symbol.name)
    return wrong, f"{count}, all of glibc"


def elf_stack(native):
    flags = [s.flags for s in native.binary.segments if s.type == lief.ELF.Segment.TYPE.GNU_STACK]
    good = len(flags) == 1 and not flags[0] & lief.ELF.Segment.FLAGS.X
    return unless(good, "not executable", "executable")


def elf_text_relocations(native):
    tags = elf_tags(native)
    flags = tags.get(lief.ELF.DynamicEntry.TAG.FLAGS)
    bad = lief.ELF.DynamicEntry.TAG.TEXTREL in tags or (
        flags and flags.has(lief.ELF.DynamicEntryFlags.FLAG.TEXTREL))
    return unless(not bad, "none", "TEXTREL")


def elf_relro(native):
    tags, wrong = elf_tags(native), []
    if not any(s.type == lief.ELF.Segment.TYPE.GNU_RELRO for s in native.binary.segments):
        wrong.append("no GNU_RELRO segment")
    flags, more = tags.get(lief.ELF.DynamicEntry.TAG.FLAGS), tags.get(lief.ELF.DynamicEntry.TAG.FLAGS_1)
    now = (flags and flags.has(lief.ELF.DynamicEntryFlags.FLAG.BIND_NOW)) or (
        more and more.has(lief.ELF.DynamicEntryFlags.FLAG.NOW))
    if not now:
        wrong.append("symbols are bound late")
    return wrong, "full"


def elf_run_path(native):
    tags = elf_tags(native)
    kinds = (lief.ELF.DynamicEntry.TAG.RPATH, lief.ELF.DynamicEntry.TAG.RUNPATH)
    return [str(tags[k]) for k in kinds if k in tags], "none"


def elf_thread_storage(native):
    """A library that is loaded late finds little static storage, or none."""
    flags = elf_tags(native).get(lief.ELF.DynamicEntry.TAG.FLAGS)
    static = flags and flags.has(lief.ELF.DynamicEntryFlags.FLAG.STATIC_TLS)
    return unless(not static, "none static", "static")


def elf_name(native):
    entry = elf_tags(native).get(lief.ELF.DynamicEntry.TAG.SONAME)
    name = entry.name if entry else "none"
    return unless(name == native.row["library"], name)


def elf_interpreter(native):
    processor = native.row["processor"]
    found = native.binary.interpreter if native.binary.has_interpreter else "none"
    return unless(found == LOADER_FOLDERS[processor] + LOADERS[processor], found)


def elf_debug(native):
    names = [s.name for s in native.binary.sections]
    return [n for n in names if n.startswith((".debug", ".zdebug", ".stab", ".gnu_debug"))], "none"


# ---- PE --------------------------------------------------------------------------------------------------------------

def pe_format(native):
    header, optional = native.binary.header, native.binary.optional_header
    library = header.has_characteristic(lief.PE.Header.CHARACTERISTICS.DLL)
    good = (header.machine == lief.PE.Header.MACHINE_TYPES.AMD64 and optional.magic == lief.PE.PE_TYPE.PE32_PLUS
            and library == (native.kind == "library"))
    return unless(good, f"{optional.magic.name} {header.machine.name} {'DLL' if library else 'program'}")


def pe_whole(native):
    ends = [s.offset + s.size for s in native.binary.sections]
    good, message = lief.PE.check_layout(native.binary)
    return unless(good and ends and max(ends) <= len(native.data), "all of it is there",
                  message or "the end is missing")


def pe_imports(native):
    names = [entry.name for entry in native.binary.imports] + [entry.name for entry in native.binary.delay_imports]
    wrong = [n for n in names if not SYSTEM_DLL.fullmatch(n)]
    if native.kind == "program":
        wrong = [n for n in wrong if not PROGRAM_DLL.fullmatch(n)]
    return wrong, listed(n.lower().removesuffix(".dll") for n in names)


def pe_floor(native):
    """Newest of the versions that the header asks for, and no function that came after the floor."""
    optional = native.binary.optional_header
    asked = max((optional.major_operating_system_version, optional.minor_operating_system_version),
                (optional.major_subsystem_version, optional.minor_subsystem_version))
    wrong = [e.name for i in native.binary.imports for e in i.entries if e.name in NEWER_THAN_WINDOWS_FLOOR]
    if asked > WINDOWS_FLOOR:
        wrong.append(f"the header asks for Windows {dotted(asked)}")
    return wrong, f"header {dotted(asked)}, functions of Windows {dotted(WINDOWS_FLOOR)}"


def pe_exports(native):
    export = native.binary.get_export()
    return {e.name or f"#{e.ordinal}" for e in export.entries} if export else set()


def pe_name(native):
    export = native.binary.get_export()
    name = export.name if export else "none"
    return unless(name == native.row["library"], name)


def pe_flags(native):
    flags = lief.PE.OptionalHeader.DLL_CHARACTERISTICS
    wanted = (flags.DYNAMIC_BASE, flags.HIGH_ENTROPY_VA, flags.NX_COMPAT)
    wrong = [f"no {f.name}" for f in wanted if not native.binary.optional_header.has(f)]
    if not native.binary.has_relocations:
        wrong.append("no relocations, so it cannot move")
    return wrong, listed(f.name for f in wanted)


def pe_subsystem(native):
    kinds = lief.PE.OptionalHeader.SUBSYSTEM
    allowed = (kinds.WINDOWS_CUI,) if native.kind == "program" else (kinds.WINDOWS_CUI, kinds.WINDOWS_GUI)
    found = native.binary.optional_header.subsystem
    return unless(found in allowed, found.name)


def pe_timestamps(native):
    """A time of zero, or a hash of the contents in its place, which the REPRO entry repeats."""
    export, stamp = native.binary.get_export(), native.binary.header.time_date_stamps
    repro = lief.PE.Debug.TYPES.REPRO
    hashes = [entry.timestamp for entry in native.binary.debug if entry.type == repro]
    wrong = [] if stamp == 0 or hashes == [stamp] else [f"header {stamp}"]
    if export and export.timestamp not in (0, stamp):
        wrong.append(f"exports {export.timestamp}")
    return wrong, "a hash" if stamp else "zero"


def pe_debug(native):
    wrong = [s.name for s in native.binary.sections if re.match(r"\.debug|\.stab|/\d", s.name)]
    wrong += [d.filename for d in native.binary.debug if isinstance(d, lief.PE.CodeViewPDB) and d.filename]
    if native.binary.header.numberof_symbols:
        wrong.append(f"{native.binary.header.numberof_symbols} COFF symbols")
    return wrong, "none"


# ---- Mach-O ----------------------------------------------------------------------------------------------------------

def macho_format(native):
    header = native.binary.header
    cpu = {"x86_64": lief.MachO.Header.CPU_TYPE.X86_64, "aarch64": lief.MachO.Header.CPU_TYPE.ARM64}
    kinds = lief.MachO.Header.FILE_TYPE
    kind = kinds.DYLIB if native.kind == "library" else kinds.EXECUTE
    good = header.cpu_type == cpu[native.row["processor"]] and header.file_type == kind
    return unless(good, f"Mach-O {header.cpu_type.name} {header.file_type.name}")


def macho_whole(native):
    ends = [s.file_offset + s.file_size for s in native.binary.segments]
    good, message = lief.MachO.check_layout(native.binary)
    return unless(good and max(ends) <= len(native.data), "all of it is there", message or "the end is missing")


def macho_floor(native):
    build = native.binary.build_version
    if build is None:
        return ["no LC_BUILD_VERSION"], ""
    minimum = tuple(build.minos[:2])
    good = build.platform == lief.MachO.BuildVersion.PLATFORMS.MACOS and minimum == native.floor
    return unless(good, f"{build.platform.name} {dotted(minimum)}")


def macho_libraries(native):
    own = lief.MachO.LoadCommand.TYPE.ID_DYLIB
    names = [entry.name for entry in native.binary.libraries if entry.command != own]
    return [n for n in names if n != LIBSYSTEM] or unless(names, "", "libSystem is not loaded")[0], listed(names)


def macho_name(native):
    own = lief.MachO.LoadCommand.TYPE.ID_DYLIB
    name = next((entry.name for entry in native.binary.libraries if entry.command == own), "none")
    return unless(name == f"@rpath/{native.row['library']}", name)


def macho_run_path(native):
    return [entry.path for entry in native.binary.rpaths], "none"


def macho_exports(native):
    """Names of the export trie and of the symbol table, without the underscore of C."""
    tries = [native.binary.dyld_info, native.binary.dyld_exports_trie]
    names = {entry.symbol.name for trie in tries if trie for entry in trie.exports}
    names |= {s.name for s in native.binary.symbols if s.raw_type & 0x1F == 0x0F}  # external, in a section
    return {name.removeprefix("_") for name in names}


@cache
def stub_symbols(zig, processor):
    """(present, {hidden: OS versions}) of the system library's list for the processor."""
    target = {"x86_64": "x86_64-macos", "aarch64": "arm64-macos"}[processor]
    text = (zig / "lib" / "libc" / "darwin" / "libSystem.tbd").read_text()
    present, hidden, applies = set(), {}, False
    for key, names in re.findall(r"(targets|[a-z-]*symbols):\s*\[(.*?)\]", text, flags=re.S):
        names = re.findall(r"[^\s,']+", names)
        if key == "targets":
            applies = target in names
        elif applies:
            present.update(n for n in names if not n.startswith("$ld$"))
            for name in names:
                match = re.match(r"\$ld\$hide\$os([\d.]+)\$(.*)", name)
                if match:
                    hidden.setdefault(match.group(2), set()).add(match.group(1))
    return present, hidden


@cache
def headers(zig):
    """All text of the system's headers without comments and preprocessor lines."""
    folder = zig / "lib" / "libc" / "include" / "any-macos-any"
    text = "\n".join(p.read_text(errors="replace") for p in sorted(folder.rglob("*.h")))
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", "", re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S), flags=re.M)


def declared_since(zig, names):
    """{symbol: macOS version} as far as the system's headers say when a function came."""
    text, since = headers(zig), {}
    for name in names:
        function = re.escape(name.split("$")[0].removeprefix("_"))
        for match in re.finditer(rf"\b{function}\s*\([^;{{]*;", text):
            start = max(text.rfind(end, 0, match.start()) for end in ";{}")
            version = re.search(r"(?:macosx?\(|__OSX_AVAILABLE\(|__MAC_)(\d+)[._](\d+)", text[start:match.end()])
            if version:
                since.setdefault(name, []).append(tuple(map(int, version.groups())))
    return {name: min(versions) for name, versions in since.items()}


def macho_undefined(native):
    names = {s.name for s in native.binary.symbols if s.raw_type & 0x0F == 1}  # external, undefined
    names |= {entry.symbol.name for entry in native.binary.bindings if entry.symbol}
    names -= {s.name for s in native.binary.symbols if s.raw_type & 0x0E}  # bound to its own definitions
    present, hidden = stub_symbols(native.zig, native.row["processor"])
    wrong = [f"{n} is not in libSystem" for n in names - present]
    wrong += [f"{n} came after macOS {dotted(native.floor)}" for n in names
              if dotted(native.floor) in hidden.get(n, ())]
    wrong += [f"{n} came with macOS {dotted(v)}" for n, v in declared_since(native.zig, names).items()
              if v > native.floor]
    return sorted(wrong), f"{len(names)}, all of libSystem {dotted(native.floor)}"


def macho_debug(native):
    wrong = [s.name for s in native.binary.sections if s.segment_name == "__DWARF"]
    stabs = sum(bool(s.raw_type & STAB) for s in native.binary.symbols)
    return wrong + ([f"{stabs} debugging symbols"] if stabs else []), "none"


def code_directory(blob):
    """Offset of the code directory in a signature's super blob, None without one."""
    magic, _, count = struct.unpack_from(">3I", blob)
    if magic != SUPER_BLOB:
        return None
    offsets = [struct.unpack_from(">2I", blob, 12 + 8 * i)[1] for i in range(count)]
    return next((o for o in offsets if struct.unpack_from(">I", blob, o)[0] == CODE_DIRECTORY), None)


def signature_problems(data, start, size):
    """Compares every page with its hash; the layout is that of the system's cs_blobs.h."""
    blob = data[start:start + size]
    at = code_directory(blob)
    if at is None:
        return ["there is no code directory"]
    _, _, _, flags, hashes, _, _, count, limit = struct.unpack_from(">9I", blob, at)
    width, kind, _, page_bits = struct.unpack_from("4B", blob, at + 36)
    if not flags & AD_HOC or kind != SHA256 or width != 32:
        return ["it is not ad hoc with SHA-256"]
    page = 1 << page_bits
    if limit != start or count != -(-limit // page):
        return [f"it covers {count} pages of {limit} bytes, but the code has {start} bytes"]
    wrong = []
    for i in range(count):
        known = blob[at + hashes + i * width:at + hashes + (i + 1) * width]
        if hashlib.sha256(data[i * page:min((i + 1) * page, limit)]).digest() != known:
            wrong.append(f"page {i} differs from its hash")
    return wrong


def macho_signature(native):
    command = native.binary.code_signature if native.binary.has_code_signature else None
    if command is None:
        needless = native.kind == "program" and native.row["processor"] == "x86_64"
        return unless(needless, "none, which an Intel program may lack", "none")
    start, size = command.data_offset, command.data_size
    if start + size != len(native.data):
        return [f"it is not the end of the file: {start + size} of {len(native.data)} bytes"], ""
    return signature_problems(native.data, start, size), "ad hoc, every page's hash is right"


# ---- tables ----------------------------------------------------------------------------------------------------------

def check_exports(native):
    exports = FORMATS[native.row["system"]].exports(native)
    wrong = [f"{name} leaks" for name in sorted(exports - EXPORTS)[:20]]
    wrong += [f"{name} is missing" for name in sorted(EXPORTS - exports)]
    return wrong, listed(exports)


REBUILD = "build it again with scripts/build-natives"
LINK = "link what it misses statically, as native/CMakeLists.txt does for scripts/build-natives"
FLAGS = "mend the link options in native/CMakeLists.txt"

BOTH = (  # label, check, what to do
    ("size", check_size, "see what grew, or raise SIZE_LIMIT in scripts/check_natives.py"),
    ("version", check_version, f"{REBUILD} from this tree"),
    ("build paths", check_build_paths, "map them with -ffile-prefix-map and strip debugging information"),
)
LIBRARY = (
    ("exports", check_exports, "register natives in JNI_OnLoad and limit exports (native/platforms/exports.map)"),
)

POSITION = ("position", check_position, "link with -pie")


@dataclass(frozen=True)
class Format:
    """How files of a system are parsed and what is checked; `shape` comes first and ends the file's checks."""

    parse: object
    exports: object
    shape: tuple
    both: tuple
    library: tuple
    program: tuple

    def checks(self, kind):
        return self.both + (LIBRARY + self.library if kind == "library" else self.program) + BOTH


FORMATS = {
    "Linux": Format(
        lief.ELF.parse, elf_exports,
        (("format", elf_format, REBUILD), ("whole", elf_whole, REBUILD)),
        (("needed libraries", elf_needed, LINK),
         ("glibc", elf_glibc, "keep to functions of the target's glibc (native/platforms/platforms.txt)"),
         ("undefined symbols", elf_undefined, LINK),
         ("stack", elf_stack, "link with -Wl,-z,noexecstack"),
         ("text relocations", elf_text_relocations, "compile everything with -fPIC"),
         ("relocations read-only", elf_relro, "link with -Wl,-z,relro,-z,now"),
         ("run path", elf_run_path, "set CMAKE_SKIP_RPATH"),
         ("debugging", elf_debug, "link with -s")),
        (("soname", elf_name, FLAGS),
         ("thread storage", elf_thread_storage, "compile everything with -fPIC and no -ftls-model")),
        (("interpreter", elf_interpreter, FLAGS), POSITION)),
    "Windows": Format(
        lief.PE.parse, pe_exports,
        (("format", pe_format, REBUILD), ("whole", pe_whole, REBUILD)),
        (("imports", pe_imports, LINK),
         ("floor", pe_floor, "keep to functions of Windows 10's first release"),
         ("ASLR and NX", pe_flags, "link with --dynamicbase, --high-entropy-va and --nxcompat"),
         ("subsystem", pe_subsystem, FLAGS),
         ("timestamps", pe_timestamps, "link without timestamps"),
         ("debugging", pe_debug, "link with -s and without a PDB")),
        (("name", pe_name, FLAGS),),
        ()),
    "Darwin": Format(
        lief.MachO.parse, macho_exports,
        (("format", macho_format, REBUILD), ("whole", macho_whole, REBUILD)),
        (("floor", macho_floor, "link with the target's version (native/platforms/platforms.txt)"),
         ("libraries", macho_libraries, LINK),
         ("undefined symbols", macho_undefined, LINK),
         ("run path", macho_run_path, "set CMAKE_SKIP_RPATH"),
         ("signature", macho_signature, f"sign last (ld64.lld -adhoc_codesign); {REBUILD}"),
         ("debugging", macho_debug, "link with -S")),
        (("install name", macho_name, FLAGS),),
        (POSITION,)),
}


class Report:
    """Prints a line per check and counts."""

    def __init__(self):
        self.passed = self.failed = 0

    def add(self, label, check, wrong, found, advice):
        if wrong:
            self.failed += 1
            what = " ".join("; ".join(wrong).split())  # the parser's messages have line ends
            print(f"FAIL {label}: {check}: {what}. To do: {advice}.")
        else:
            self.passed += 1
            print(f"ok   {label}: {check}: {found}")
        return not wrong

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def check(native, report):
    """All checks of one file; what is not even of its format gets no further ones."""
    rules = FORMATS[native.row["system"]]
    if native.binary is None:
        report.add(native.label, "format", [f"{native.path} is not a {native.row['system']} {native.kind}, or cut"],
                   "", REBUILD)
        return
    if all(report.add(native.label, label, *run(rule, native), advice) for label, rule, advice in rules.shape):
        for label, rule, advice in rules.checks(native.kind):
            report.add(native.label, label, *run(rule, native), advice)


def run(rule, native):
    """A damaged file may send a check astray anywhere; that is a finding."""
    try:
        return rule(native)
    except (struct.error, ValueError, IndexError, AttributeError, KeyError, TypeError) as error:
        return [f"{native.path} cannot be read ({type(error).__name__}: {error})"], ""


def platforms():
    lines = [line.split() for line in PLATFORMS.read_text().splitlines() if line and not line.startswith("#")]
    return [dict(zip(COLUMNS, columns, strict=True)) for columns in lines]


def options(arguments):
    parser = argparse.ArgumentParser(prog="check-natives", description=__doc__)
    parser.add_argument("folder", type=Path, help="has <jar folder>/<library>")
    parser.add_argument("--programs", type=Path, help="has <name>/bin/<program>; checked when named")
    parser.add_argument("--platforms", help="only these, by name, with commas between")
    parser.add_argument("--require-all", action="store_true", help="what is not built is a failure")
    parser.add_argument("--zig", type=Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def chosen(wanted):
    rows = platforms()
    if wanted is None:
        return rows
    unknown = set(wanted.split(",")) - {row["name"] for row in rows}
    if unknown:
        sys.exit(f"check-natives: there is no platform {listed(unknown)}; {PLATFORMS} lists them.")
    return [row for row in rows if row["name"] in wanted.split(",")]


def natives(arguments):
    """The files that there should be."""
    for row in chosen(arguments.platforms):
        label = f"{row['jar_folder']}/{row['library']}"
        yield Native(row, "library", arguments.folder / label, label, arguments.zig)
        if arguments.programs:
            label = f"{row['name']}/bin/{row['program']}"
            yield Native(row, "program", arguments.programs / label, label, arguments.zig)


def main(arguments):
    arguments = options(arguments)
    lief.logging.disable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damaged headers, which the checks report
        return check_all(arguments)


def check_all(arguments):
    report, found = Report(), 0
    for native in natives(arguments):
        if native.path.is_file():
            found += 1
            check(native, report)
        elif arguments.require_all:
            report.add(native.label, "file", [f"{native.path} is missing"], "",
                       f"scripts/build-natives {native.row['name']}")
        else:
            print(f"none {native.label}: not built")
    if not found and not arguments.require_all:
        report.add(str(arguments.folder), "files", ["there is no native to check"], "", "scripts/build-natives")
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
