# Fetches and unpacks the sources of sources.txt; sourced by scripts/build-natives.
# shellcheck shell=bash

third_party="$root/native/third_party"

# each_source FUNCTION: calls it with the columns of each row.
each_source() {
    local row
    while IFS= read -r row; do
        # shellcheck disable=SC2086
        "$1" $row || return
    done < <(grep -v '^#' "$third_party/sources.txt")
}

# The machine's own package sources once more, for sources instead of programs, in a folder of ours: nothing of the
# machine's configuration changes and no rights are needed.
private_apt() { # FOLDER
    local from
    mkdir -p "$1/parts" "$1/lists/partial" "$1/cache/archives/partial"
    : >"$1/sources.list"
    for from in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -f "$from" ] || sed -n 's/^deb /deb-src /p' "$from" >>"$1/sources.list"
    done
    for from in /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$from" ] || sed 's/^Types:.*/Types: deb-src/' "$from" >"$1/parts/$(basename "$from")"
    done
    apt=(apt-get -o "Dir::Etc::SourceList=$1/sources.list" -o "Dir::Etc::SourceParts=$1/parts"
        -o "Dir::State::Lists=$1/lists" -o "Dir::Cache=$1/cache" -o Acquire::Languages=none -o Acquire::Retries=3
        -o APT::Sandbox::User=root)
}

add_package() { packages+=("$2"); }

check_archive() { # columns of sources.txt
    printf '%s  %s\n' "$4" "$3" | sha256sum --check --quiet -
}

unpack_archive() { # columns of sources.txt
    local parts=()
    # All of LLVM is two gigabytes.
    [ "$1" != openmp ] || parts=("$5/openmp" "$5/cmake/Modules")
    tar -xf "archives/$3" "${parts[@]+"${parts[@]}"}" || return
    [ ! -e "$third_party/patches/$1.patch" ] && return
    patch --quiet --directory "$5${parts[0]:+/openmp}" --strip 1 <"$third_party/patches/$1.patch"
}

fetch_sources() { # FOLDER
    local apt packages=()
    rm -rf "$1"
    mkdir -p "$1/archives"
    private_apt "$1/apt"
    each_source add_package
    retry "${apt[@]}" -q update || return
    (cd "$1/archives" && retry "${apt[@]}" -q source --download-only --tar-only "${packages[@]}" &&
        each_source check_archive) || return
    (cd "$1" && each_source unpack_archive) || return
    rm -rf "$1/apt" "$1/archives"
}
