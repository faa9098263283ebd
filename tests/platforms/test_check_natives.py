"""scripts/check-natives passes well-made libraries and finds every kind of damage.

Small libraries are compiled with zig as scripts/build-natives does; each test changes one thing. The development
build's library is expected at BRUSHWOOD_LIBRARY (default: build/lib of this tree).
"""

import contextlib
import io
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT / "scripts" / "check-natives"
DEVELOPMENT = Path(os.environ.get("BRUSHWOOD_LIBRARY", ROOT / "build" / "lib" / "libbrushwood_jni.so"))
sys.path.insert(0, str(ROOT / "scripts"))

import check_natives  # noqa: E402

VERSION = check_natives.VERSION
ROWS = {row["name"]: row for row in check_natives.platforms()}
LINUX = [n for n, row in ROWS.items() if row["system"] == "Linux"]
WINDOWS = [n for n, row in ROWS.items() if row["system"] == "Windows"]
MACOS = [n for n, row in ROWS.items() if row["system"] == "Darwin"]

LIBRARY = """
#include <stdio.h>
#include <stdlib.h>
#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif
static const char *volatile version = "%s";
static char *kept[4096];
%s
EXPORT int JNI_OnLoad(void *vm, void *reserved) {
    (void)reserved;
    kept[1] = getenv(vm ? version : "PATH");
    return %s;
}
EXPORT void JNI_OnUnload(void *vm, void *reserved) { (void)vm; (void)reserved; puts(kept[1] ? kept[1] : version); }
"""
PROGRAM = """
#include <stdio.h>
static const char *volatile version = "%s";
int main(void) { return puts(version) < 0; }
"""


@pytest.fixture(scope="session")
def zig(tmp_path_factory):
    """zig as a command; its cache is that of scripts/build-natives."""
    script = '. "$0/scripts/common.sh"; "$(python_env "$0/native/platforms/requirements.txt")" -c "$1"'
    code = 'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))'
    done = subprocess.run(["bash", "-c", script, str(ROOT), code], capture_output=True, text=True, check=True)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "brushwood" / "zig"
    os.environ.update(ZIG_GLOBAL_CACHE_DIR=str(cache), ZIG_LOCAL_CACHE_DIR=str(tmp_path_factory.mktemp("zig")))
    return Path(done.stdout.strip())


def call(command, folder):
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


class Maker:
    """Compiles a platform's library and program into folders as scripts/build-natives fills them."""

    def __init__(self, zig, folder):
        self.zig, self.folder = zig, folder

    def compile(self, row, target, source, options, out):
        name = self.folder / f"{out.stem}.c"
        name.write_text(source)
        flags = ["-O2", "-fPIC", "-fvisibility=hidden", f"-ffile-prefix-map={self.folder}=."]
        flags += [] if "-g" in options else ["-g0"]
        call([self.zig, "cc", "-target", target or row["target"], *flags, name.name, *options, "-o", out], self.folder)

    def link_macos(self, row, out, options, minimum, strip=True):
        """LLVM's linker: zig's cannot limit exports."""
        floor = minimum or re.search(r"\d+\.\d+$", row["target"]).group()
        architecture = {"aarch64": "arm64"}.get(row["processor"], row["processor"])
        call(["ld64.lld-19", "-arch", architecture, "-platform_version", "macos", floor, floor, "-dead_strip",
              *(["-S"] if strip else []), *options, "-o", out, f"{out.stem}.o",
              f"-L{self.zig.parent / 'lib' / 'libc' / 'darwin'}", "-lSystem"], self.folder)

    def library(self, name, *options, code="", result="0x10008", version=VERSION, target=None, replace=(), soname=None,
                minimum=None, strip=True, compile_options=()):
        """The library of a platform. `options` go to the linker; `replace` leaves out some usual ones."""
        row = ROWS[name]
        soname = soname or row["library"]
        out = self.folder / "natives" / row["jar_folder"] / row["library"]
        out.parent.mkdir(parents=True, exist_ok=True)
        source = LIBRARY % (version, code, result)
        if row["system"] == "Darwin":
            usual = ["-dylib", "-install_name", f"@rpath/{soname}", "-adhoc_codesign", "-exported_symbol",
                     "_JNI_OnLoad", "-exported_symbol", "_JNI_OnUnload"]
            self.compile(row, target, source, ["-c", *compile_options], self.folder / f"{out.stem}.o")
            self.link_macos(row, out, [o for o in usual if o not in replace] + list(options), minimum, strip)
            return out
        usual = ["-shared"] + (["-s"] if strip else [])
        if row["system"] == "Linux":
            exports = ROOT / "native" / "platforms" / "exports.map"
            usual += [f"-Wl,-soname,{soname}", f"-Wl,--version-script={exports}", "-Wl,-z,defs", "-Wl,-z,now"]
        usual = [o for o in usual if not o.startswith(tuple(replace) or "?")]
        self.compile(row, target, source, [*usual, *compile_options, *options], out)
        return out

    def program(self, name, *options, pie=True):
        row = ROWS[name]
        out = self.folder / "programs" / name / "bin" / row["program"]
        out.parent.mkdir(parents=True, exist_ok=True)
        if row["system"] == "Darwin":
            self.compile(row, None, PROGRAM % VERSION, ["-c"], self.folder / f"{out.stem}.o")
            self.link_macos(row, out, ["-adhoc_codesign", *options], None)
        else:
            usual = ["-s"] + (["-pie", "-Wl,-z,now"] if row["system"] == "Linux" and pie else [])
            self.compile(row, None, PROGRAM % VERSION, [*usual, *options], out)
        return out

    def check(self, *options, programs=False):
        """(exit status, output, labels of the checks that failed)."""
        arguments = [str(self.folder / "natives"), *options]
        if programs:
            arguments += ["--programs", str(self.folder / "programs")]
        return verified(*self.run(arguments))

    def run(self, arguments):
        """(exit status, output) of the check in this process: starting the script takes longer than checking."""
        with contextlib.redirect_stdout(io.StringIO()) as output:
            status = check_natives.main(["--zig", str(self.zig.parent), *arguments])
        return status, output.getvalue()

    def failures(self, name, **options):
        return self.check("--platforms", name, **options)[2]


class Script(Maker):
    """Checks through the script."""

    def run(self, arguments):
        done = subprocess.run([CHECK, *arguments], capture_output=True, text=True)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout


def verified(status, output):
    """The same with the labels of the failed checks; lines, counts and status must agree."""
    failed = re.findall(r"^FAIL .+?: ([^:]+): .+\. To do: .+\.$", output, flags=re.M)
    assert len(failed) == output.count("FAIL "), output
    counts = re.search(r"(\d+) passed, (\d+) failed\n$", output)
    assert int(counts.group(2)) == len(failed) and (status != 0) == bool(failed), output
    assert int(counts.group(1)) == len(re.findall("^ok   ", output, flags=re.M))
    return status, output, set(failed)


@pytest.fixture
def maker(zig, tmp_path):
    return Maker(zig, tmp_path)


@pytest.fixture(scope="session")
def good(zig, tmp_path_factory):
    """A folder with everything well made."""
    made = Script(zig, tmp_path_factory.mktemp("good"))
    for name in ROWS:
        made.library(name)
        made.program(name)
    return made


@pytest.fixture
def copy(good, tmp_path):
    """The same, to be damaged."""
    for folder in ("natives", "programs"):
        shutil.copytree(good.folder / folder, tmp_path / folder)
    return Maker(good.zig, tmp_path)


def library_of(made, name):
    return made.folder / "natives" / ROWS[name]["jar_folder"] / ROWS[name]["library"]


def program_of(made, name):
    return made.folder / "programs" / name / "bin" / ROWS[name]["program"]


def patch(path, offset, data):
    contents = bytearray(path.read_bytes())
    contents[offset:offset + len(data)] = data
    path.write_bytes(contents)


def flip(path, offset):
    patch(path, offset, bytes([path.read_bytes()[offset] ^ 0x01]))


# ---- what is well made -----------------------------------------------------------------------------------------------

def test_well_made_files_pass(good):
    status, output, failed = good.check("--require-all", programs=True)
    assert (status, failed) == (0, set()), output
    for row in ROWS.values():
        for file in (f"{row['jar_folder']}/{row['library']}", f"{row['name']}/bin/{row['program']}"):
            labels = set(re.findall(rf"^ok   {re.escape(file)}: ([^:]+): ", output, flags=re.M))
            assert {"format", "whole", "size", "version", "build paths"} < labels, file
            assert len(labels) >= 11, file


# ---- every platform --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("changes, expected", [
    ({"version": "9" + VERSION}, {"version"}),
    ({"version": VERSION + ".1"}, {"version"}),
    ({"code": 'const char *volatile trace = "/ho" "me/someone/brushwood/core/alloc.c";', "result": "trace[0]"},
     {"build paths"}),
    ({"code": "static const volatile char big[6 << 20] = {1};", "result": "big[kept[1] != 0]"}, {"size"}),
    ({"soname": "libother.so"}, {"soname", "install name", "name"}),
], ids=["version", "longer-version", "path", "size", "name"])
def test_contents(maker, name, changes, expected):
    made = maker.library(name, **changes)
    if "soname" in changes and name in WINDOWS:  # a DLL's name is that of the file that was linked
        made.write_bytes(made.read_bytes().replace(b"brushwood_jni.dll\0", b"brushwood_jnj.dll\0"))
    assert len(maker.failures(name) & expected) == 1
    assert maker.failures(name) <= expected


def test_own_tree_is_a_build_path(maker):
    maker.library("linux-x86_64", code=f'const char *volatile trace = "{ROOT}/x";', result="trace[0]")
    assert maker.failures("linux-x86_64") == {"build paths"}


@pytest.mark.parametrize("name", ROWS)
def test_wrong_place(copy, name):
    """A library of each other platform."""
    for other in ROWS.keys() - {name}:
        shutil.copy(library_of(copy, other), library_of(copy, name))
        assert "format" in copy.failures(name), other
    shutil.copy(program_of(copy, name), library_of(copy, name))
    assert copy.failures(name) & ({"soname", "exports"} if name in LINUX else {"format"})


@pytest.mark.parametrize("name", ROWS)
def test_cut(copy, name):
    path = library_of(copy, name)
    contents = path.read_bytes()
    for length in (0, 3, 70, len(contents) // 4, len(contents) // 2, len(contents) - 1):
        path.write_bytes(contents[:length])
        status, output, failed = copy.check("--platforms", name)
        assert status == 1 and failed & {"format", "whole"}, f"{length}: {output}"


@pytest.mark.parametrize("name", ROWS)
def test_text_instead(copy, name):
    library_of(copy, name).write_text("<html>Not Found</html>\n")
    assert copy.failures(name) == {"format"}


@pytest.mark.parametrize("name", ROWS)
def test_random_damage_is_reported(copy, name):
    """Headers of nonsense end as findings, not as a crash of the check."""
    path = library_of(copy, name)
    contents = path.read_bytes()
    for start in range(16, 1024, 112):
        path.write_bytes(contents[:start] + b"\xff" * 64 + contents[start + 64:])
        copy.check("--platforms", name)  # verifies status and counts
    assert copy.check("--platforms", name)[1].count("\n") > 1


@pytest.mark.parametrize("name", ROWS)
def test_leaking_export(maker, name):
    extra = "EXPORT int brushwood_probe(void) { return 1; }"
    extra_name = ["-exported_symbol", "_brushwood_probe"] if name in MACOS else []
    maker.library(name, *extra_name, code=extra, replace=("-Wl,--version-script",))
    status, output, failed = maker.check("--platforms", name)
    assert failed == {"exports"} and "brushwood_probe leaks" in output


@pytest.mark.parametrize("name", ROWS)
def test_renamed_export(copy, name):
    path = library_of(copy, name)
    path.write_bytes(path.read_bytes().replace(b"Unload\0", b"Unlaod\0"))
    status, output, failed = copy.check("--platforms", name)
    assert "exports" in failed and "JNI_OnUnload is missing" in output


@pytest.mark.parametrize("name", ROWS)
def test_debugging(maker, name):
    maker.library(name, strip=False, compile_options=["-g"])
    assert "debugging" in maker.failures(name)


# ---- Linux -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("options, changes, expected", [
    (["-Wl,-z,norelro"], {}, {"relocations read-only"}),
    (["-Wl,-z,lazy"], {"replace": ("-Wl,-z,now",)}, {"relocations read-only"}),
    (["-Wl,-rpath,/opt/brushwood"], {}, {"run path"}),
    ([], {"code": "void GOMP_barrier(void);", "result": "(GOMP_barrier(), 0)", "replace": ("-Wl,-z,defs",)},
     {"undefined symbols"}),
    ([], {"code": "__attribute__((weak)) void __kmpc_barrier(void);",
          "result": "__kmpc_barrier ? (__kmpc_barrier(), 0) : 1"}, {"undefined symbols"}),
    ([], {"code": '__attribute__((tls_model("initial-exec"))) static __thread volatile int mine;', "result": "mine++"},
     {"thread storage"}),
], ids=["relro", "lazy", "rpath", "gomp", "weak-kmpc", "static-tls"])
@pytest.mark.parametrize("name", LINUX)
def test_linux_link(maker, name, options, changes, expected):
    maker.library(name, *options, **changes)
    assert maker.failures(name) == expected


@pytest.mark.parametrize("name", LINUX)
def test_linux_newer_glibc(maker, name):
    target = re.sub(r"\d+\.\d+$", "2.34", ROWS[name]["target"])
    maker.library(name, "-lpthread", target=target, code="#include <pthread.h>",
                  result="pthread_detach((pthread_t)vm)")
    status, output, failed = maker.check("--platforms", name)
    assert failed == {"glibc"} and "GLIBC_2.34" in output


@pytest.mark.parametrize("name", LINUX)
def test_linux_needed_library(maker, name):
    """A library beside glibc, and what is used of it."""
    stub = maker.folder / "libtiff.so.6"
    maker.compile(ROWS[name], None, '__attribute__((visibility("default"))) int TIFFOpen(void) { return 1; }',
                  ["-shared", "-Wl,-soname,libtiff.so.6"], stub)
    maker.library(name, stub, code="int TIFFOpen(void);", result="TIFFOpen()")
    assert maker.failures(name) == {"needed libraries", "undefined symbols"}


def elf_headers(path):
    """(offset, type) of the program headers of a 64-bit file."""
    data = path.read_bytes()
    start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    return [(start + i * size, struct.unpack_from("<I", data, start + i * size)[0]) for i in range(count)]


@pytest.mark.parametrize("name", LINUX)
def test_linux_executable_stack(copy, name):
    stack = next(offset for offset, kind in elf_headers(library_of(copy, name)) if kind == 0x6474E551)
    patch(library_of(copy, name), stack + 4, struct.pack("<I", 7))
    assert copy.failures(name) == {"stack"}


@pytest.mark.parametrize("name", LINUX)
def test_linux_text_relocations(copy, name):
    path = library_of(copy, name)
    header = next(offset for offset, kind in elf_headers(path) if kind == 2)
    data = path.read_bytes()
    dynamic = struct.unpack_from("<Q", data, header + 8)[0]
    entry = next(at for at in range(dynamic, len(data), 16) if struct.unpack_from("<Q", data, at)[0] == 30)
    patch(path, entry + 8, struct.pack("<Q", struct.unpack_from("<Q", data, entry + 8)[0] | 4))
    assert copy.failures(name) == {"text relocations"}


@pytest.mark.parametrize("name", LINUX)
def test_linux_program(maker, name):
    maker.library(name)
    maker.program(name, "-Wl,-z,now", pie=False)
    assert maker.failures(name, programs=True) == {"position"}
    maker.program(name, "-Wl,--dynamic-linker=/opt/lib/ld.so")
    assert maker.failures(name, programs=True) == {"interpreter"}


def test_development_library_fails(maker):
    """It is linked to the machine's own libraries."""
    assert DEVELOPMENT.is_file(), f"{DEVELOPMENT} is missing; scripts/build makes it"
    target = library_of(maker, "linux-x86_64")
    target.parent.mkdir(parents=True)
    shutil.copy(DEVELOPMENT, target)
    status, output, failed = maker.check("--platforms", "linux-x86_64")
    assert {"needed libraries", "undefined symbols"} < failed
    assert "libtiff.so" in output and "libgomp.so" in output


# ---- Windows ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dll, declaration, call", [
    ("ws2_32", "int __stdcall WSACleanup(void);", "WSACleanup()"),
    ("shell32", "int __stdcall IsUserAnAdmin(void);", "IsUserAnAdmin()"),  # for programs only
])
@pytest.mark.parametrize("name", WINDOWS)
def test_windows_import(maker, name, dll, declaration, call):
    maker.library(name, f"-l{dll}", code=declaration, result=call)
    status, output, failed = maker.check("--platforms", name)
    assert failed == {"imports"} and f"{dll}.dll" in output.lower()


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_floor(maker, name):
    maker.library(name, code="long __stdcall SetThreadDescription(void *, const unsigned short *);",
                  result="(int)SetThreadDescription(vm, 0)")
    status, output, failed = maker.check("--platforms", name)
    assert failed == {"floor"} and "SetThreadDescription" in output


def optional_header(path):
    return struct.unpack_from("<I", path.read_bytes(), 60)[0] + 24


@pytest.mark.parametrize("offset, value, expected", [
    (40, struct.pack("<HH", 11, 0), {"floor"}),  # operating system
    (48, struct.pack("<HH", 6, 0), set()),  # subsystem version, as it is
    (48, struct.pack("<HH", 10, 1), {"floor"}),
    (68, struct.pack("<H", 1), {"subsystem"}),  # a driver
    (70, struct.pack("<H", 0x0140), {"ASLR and NX"}),
    (70, struct.pack("<H", 0x0060), {"ASLR and NX"}),
    (-16, struct.pack("<I", 1700000000), {"timestamps"}),
    (-2, struct.pack("<H", 0x0022), {"format"}),  # no DLL
], ids=["system", "same", "subsystem-version", "driver", "low-entropy", "no-nx", "time", "no-dll"])
@pytest.mark.parametrize("name", WINDOWS)
def test_windows_header(copy, name, offset, value, expected):
    path = library_of(copy, name)
    patch(path, optional_header(path) + offset, value)
    assert copy.failures(name) == expected


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_program(copy, name):
    path = program_of(copy, name)
    patch(path, optional_header(path) + 68, struct.pack("<H", 2))  # no console
    assert copy.failures(name, programs=True) == {"subsystem"}


# ---- macOS -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("options, changes, expected", [
    ([], {"minimum": "13.0"}, {"floor"}),
    ([], {"minimum": "10.14"}, {"floor"}),
    (["-rpath", "@loader_path"], {}, {"run path"}),
    (["-no_adhoc_codesign"], {"replace": ("-adhoc_codesign",)}, {"signature"}),
    (["-undefined", "dynamic_lookup"], {"code": "void GOMP_barrier(void);", "result": "(GOMP_barrier(), 0)"},
     {"undefined symbols"}),
    ([], {"code": "void pthread_jit_write_freeze_callbacks_np(void);",
          "result": "(pthread_jit_write_freeze_callbacks_np(), 0)"}, {"undefined symbols"}),
], ids=["newer", "older", "rpath", "unsigned", "gomp", "macos-12.1"])
@pytest.mark.parametrize("name", MACOS)
def test_macos_link(maker, name, options, changes, expected):
    if changes.get("minimum") == "10.14" and ROWS[name]["processor"] == "aarch64":
        changes = {"minimum": "11.1"}
    maker.library(name, *options, **changes)
    assert maker.failures(name) == expected


@pytest.mark.parametrize("name", MACOS)
def test_macos_needed_library(maker, name):
    stub = maker.folder / "libtiff.6.o"
    row = ROWS[name]
    maker.compile(row, None, '__attribute__((visibility("default"))) int TIFFOpen(void) { return 1; }', ["-c"], stub)
    other = maker.folder / "libtiff.6.dylib"
    maker.link_macos(row, other, ["-dylib", "-install_name", "/usr/local/lib/libtiff.6.dylib"], None)
    maker.library(name, other, code="int TIFFOpen(void);", result="TIFFOpen()")
    assert maker.failures(name) == {"libraries", "undefined symbols"}


@pytest.mark.parametrize("name", MACOS)
def test_macos_page_hashes(copy, name):
    """A byte of any page, and a byte of a hash."""
    path = library_of(copy, name)
    contents = path.read_bytes()
    signature = contents.index(struct.pack(">I", 0xFADE0CC0))
    terminator = contents.index(VERSION.encode() + b"\0") + len(VERSION)
    for offset in (contents.index(b"JNI_OnLoad"), terminator, signature - 1):
        flip(path, offset)
        assert "signature" in copy.failures(name), offset
        path.write_bytes(contents)
    flip(path, len(contents.rstrip(b"\0")) - 1)
    assert copy.failures(name) == {"signature"}


@pytest.mark.parametrize("name", MACOS)
def test_macos_signature_covers_all(copy, name):
    path = library_of(copy, name)
    contents = path.read_bytes()
    directory = contents.index(struct.pack(">I", 0xFADE0C02))
    pages = struct.unpack_from(">I", contents, directory + 28)[0]
    patch(path, directory + 28, struct.pack(">I", pages - 1))
    assert copy.failures(name) == {"signature"}
    path.write_bytes(contents + b"appended")
    assert copy.failures(name) & {"whole", "signature"}


@pytest.mark.parametrize("name", MACOS)
def test_macos_signature_of_someone(copy, name):
    """Without the flag of ad hoc signatures the system wants a certificate."""
    path = library_of(copy, name)
    patch(path, path.read_bytes().index(struct.pack(">I", 0xFADE0C02)) + 12, bytes(4))
    assert copy.failures(name) == {"signature"}


def test_macos_program_position(copy):
    """The flag that allows any address."""
    path = program_of(copy, "macos-x86_64")
    flags = struct.unpack_from("<I", path.read_bytes(), 24)[0]
    patch(path, 24, struct.pack("<I", flags & ~0x200000))
    assert copy.failures("macos-x86_64", programs=True) == {"position", "signature"}


# ---- the command -----------------------------------------------------------------------------------------------------

@pytest.fixture
def script(copy):
    return Script(copy.zig, copy.folder)


def test_missing_files(script):
    library_of(script, "windows-x86_64").unlink()
    program_of(script, "macos-arm64").unlink()
    status, output, failed = script.check(programs=True)
    assert (status, failed) == (0, set())
    assert len(re.findall("^none ", output, flags=re.M)) == 2
    status, output, failed = script.check("--require-all", programs=True)
    assert (status, failed) == (1, {"file"})
    assert output.count("FAIL ") == 2 and "scripts/build-natives windows-x86_64" in output


def test_nothing_built(maker):
    status, output, failed = maker.check()
    assert (status, failed) == (1, {"files"})


def test_chosen_platforms(script):
    for name in ROWS.keys() - {"linux-aarch64"}:
        library_of(script, name).unlink()
    status, output, failed = script.check("--require-all", "--platforms", "linux-aarch64")
    assert status == 0 and "linux_64" not in output


def test_unknown_platform(maker):
    done = subprocess.run([CHECK, maker.folder, "--platforms", "beos"], capture_output=True, text=True)
    assert done.returncode != 0 and "there is no platform beos" in done.stderr
