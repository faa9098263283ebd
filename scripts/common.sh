# Shared by the scripts of this folder; source it, do not run it.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$root/build"
logs="$build/logs"
jobs=$(nproc)
export LC_ALL=C.UTF-8
mkdir -p "$logs"

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# The engine's version; pom.xml must agree (scripts/lint).
version() { sed -n 's/^#define BW_VERSION "\(.*\)"$/\1/p' "$root/native/include/brushwood.h"; }

# The time that files of a release carry.
release_time() {
    sed -n 's|.*<project.build.outputTimestamp>\(.*\)</project.build.outputTimestamp>.*|\1|p' "$root/pom.xml"
}

# What failed, as tests, pytest and ctest name it, of the lines of a log before its last LINES.
failures_before() { # LOG LINES
    head -n "-$2" "$1" | grep -E '^ *(FAILED|not ok|[0-9]+/[0-9]+ .*\*\*\*Failed|\[ERROR\])' | head -n 40 || true
}

# step NAME COMMAND...: output goes to build/logs/NAME.log; on failure the lines that tell of failures and its end are
# shown and the status is passed on.
step() {
    local name=$1 log="$logs/$1.log" start=$SECONDS status=0
    shift
    printf '  %-28s' "$name"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -eq 0 ]; then
        printf 'ok      (%d s)\n' $((SECONDS - start))
    else
        printf 'FAILED  (%d s), status %d; failures in and the end of %s:\n' $((SECONDS - start)) "$status" "$log"
        { failures_before "$log" "${STEP_TAIL:-40}"; tail -n "${STEP_TAIL:-40}" "$log"; } | sed 's/^/    | /'
    fi
    return "$status"
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "packages are missing and neither root nor sudo is available; as root run: $*"
    fi
}

# retry COMMAND...: up to three times, for what depends on a network.
retry() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return 0
        say "attempt $attempt of 3 failed: $*" >&2
        sleep $((attempt * 5))
    done
    return 1
}

# python_env REQUIREMENTS: prints the interpreter of a virtual environment with exactly these packages, made on first
# use and kept under the user's cache folder by content.
python_env() {
    local requirements=$1 system=/usr/bin/python3 key folder
    [ -x "$system" ] || system=$(command -v python3)
    key=$({ "$system" --version; cat "$requirements"; } | sha256sum | cut -c1-16)
    folder="${XDG_CACHE_HOME:-$HOME/.cache}/brushwood/python-$key"
    mkdir -p "$(dirname "$folder")"
    (
        flock 9
        if [ ! -e "$folder/complete" ]; then
            rm -rf "$folder"
            "$system" -m venv "$folder" >&2
            retry "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
            touch "$folder/complete"
        fi
    ) 9>"$folder.lock"
    printf '%s\n' "$folder/bin/python"
}

# newer_inputs TARGET PATH...: true when TARGET is missing or older than a file under one of the paths.
newer_inputs() {
    local target=$1
    shift
    [ ! -e "$target" ] || [ -n "$(find "$@" -type f -newer "$target" -print -quit)" ]
}

# Maven without progress bars and questions.
maven() { mvn -B -ntp -f "$root/pom.xml" "$@"; }
