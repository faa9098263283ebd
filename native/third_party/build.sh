# Builds what is linked into the released libraries as static archives; sourced by scripts/build-natives.
# shellcheck shell=bash

# configure_project NAME SOURCE OPTION...: a CMake project of others for the platform; uses work, prefix, sources and
# toolchain of build_part.
configure_project() {
    local name=$1 source=$2
    shift 2
    cmake -S "$source" -B "$work/$name" "${toolchain[@]}" -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_FIND_ROOT_PATH="$prefix" -DBUILD_SHARED_LIBS=OFF -Wno-dev "$@"
}

add_project() { # the same
    configure_project "$@" && cmake --build "$work/$1" --target install
}

add_codecs() {
    add_project codecs "$third_party/codecs" "-DZLIB_SOURCE=$sources/zlib-1.2.13.dfsg" \
        "-DDEFLATE_SOURCE=$sources/libdeflate-1.14" "-DZSTD_SOURCE=$sources/zstd-1.5.4" \
        "-DLZ4_SOURCE=$sources/lz4-1.9.4" "-DBLOSC_SOURCE=$sources/c-blosc-1.21.3" \
        "-DCJSON_SOURCE=$sources/cJSON-1.7.15"
}

# Without assembly, so that all platforms decode the same way; its tools are not wanted.
add_jpeg() {
    local source="$sources/libjpeg-turbo-2.1.5"
    configure_project jpeg "$source" -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF -DWITH_SIMD=OFF -DWITH_ARITH_ENC=OFF \
        -DWITH_ARITH_DEC=OFF -DCMAKE_C_VISIBILITY_PRESET=hidden &&
        cmake --build "$work/jpeg" --target jpeg-static &&
        install -m 644 "$work/jpeg/libjpeg.a" "$prefix/lib" &&
        install -m 644 "$work/jpeg/jconfig.h" "$source"/{jerror.h,jmorecfg.h,jpeglib.h} "$prefix/include"
}

add_tiff() {
    add_project tiff "$sources/libtiff-v4.5.0" -DCMAKE_C_VISIBILITY_PRESET=hidden -Dtiff-tools=OFF -Dtiff-tests=OFF \
        -Dtiff-contrib=OFF -Dtiff-docs=OFF -Dtiff-opengl=OFF -Dcxx=OFF -Dld-version-script=OFF \
        -Dold-jpeg=OFF -Djbig=OFF -Dlerc=OFF -Dlzma=OFF -Dwebp=OFF -Dpixarlog=OFF -Djpeg12=OFF \
        -Djpeg=ON -DJPEG_INCLUDE_DIR="$prefix/include" -DJPEG_LIBRARY="$prefix/lib/libjpeg.a" \
        -Dzlib=ON -DZLIB_INCLUDE_DIR="$prefix/include" -DZLIB_LIBRARY="$prefix/lib/libz.a" \
        -Dlibdeflate=ON -DDeflate_INCLUDE_DIR="$prefix/include" -DDeflate_LIBRARY="$prefix/lib/libdeflate.a" \
        -Dzstd=ON -DZSTD_INCLUDE_DIR="$prefix/include" -DZSTD_LIBRARY="$prefix/lib/libzstd.a" \
        -DZSTD_HAVE_DECOMPRESS_STREAM=1
}

add_openmp() {
    local options=()
    case "$system-$processor" in
    Windows-x86_64) # its assembly is for Microsoft's assembler
        printf '#!/bin/sh\nexec llvm-ml-14 -m64 "$@"\n' >"$work/masm"
        chmod +x "$work/masm"
        options=("-DCMAKE_ASM_MASM_COMPILER=$work/masm" -DCMAKE_ASM_MASM_COMPILER_WORKS=1)
        ;;
    Darwin-*) options=("-DCMAKE_CXX_FLAGS=$flags -w '-I$third_party/shim/darwin'") ;;
    esac
    add_project openmp "$sources/llvm-toolchain-19_19.1.7/openmp" "-DLIBOMP_ARCH=$processor" \
        -DOPENMP_STANDALONE_BUILD=ON -DOPENMP_ENABLE_LIBOMPTARGET=OFF -DOPENMP_ENABLE_OMPT_TOOLS=OFF \
        -DLIBOMP_ENABLE_SHARED=OFF -DLIBOMP_INSTALL_ALIASES=OFF -DLIBOMP_OMPT_SUPPORT=OFF -DLIBOMP_OMPD_SUPPORT=OFF \
        -DLIBOMP_USE_ITT_NOTIFY=OFF -DLIBOMP_FORTRAN_MODULES=OFF -DCMAKE_CXX_VISIBILITY_PRESET=hidden \
        -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON "${options[@]+"${options[@]}"}" || return
    # CMake's name of the file on Windows
    [ ! -e "$prefix/lib/libomp.a.a" ] || mv "$prefix/lib/libomp.a.a" "$prefix/lib/libomp.a"
}

# The unit tests' framework; on macOS they could not run.
add_cmocka() {
    [ "$system" != Darwin ] || return 0
    configure_project cmocka "$sources/cmocka-1.1.5" -DWITH_EXAMPLES=OFF -DWITH_STATIC_LIB=ON -DUNIT_TESTING=OFF &&
        cmake --build "$work/cmocka" --target cmocka-static &&
        install -m 644 "$work/cmocka/src/libcmocka-static.a" "$prefix/lib/libcmocka.a" &&
        install -m 644 "$sources/cmocka-1.1.5/include/cmocka.h" "$prefix/include"
}

# What is built, kept and known by its hash apart from the rest.
third_party_parts=(files openmp cmocka)

build_files() { add_codecs && add_jpeg && add_tiff; }
build_openmp() { add_openmp; }
build_cmocka() { add_cmocka; }

# What a part is made of.
part_inputs() { # PART
    case "$1" in
    files) printf '%s\n' "$third_party/codecs/CMakeLists.txt" "$third_party"/patches/{blosc,cjson,libtiff}.patch ;;
    openmp) printf '%s\n' "$third_party/shim/darwin/sys/syscall.h" "$third_party/patches/openmp.patch" ;;
    esac
    printf '%s\n' "$third_party/build.sh" "$third_party/sources.txt"
}

# build_part PART SOURCES PREFIX WORK: for the platform that `system`, `processor` and `toolchain` describe.
build_part() {
    local part=$1 sources=$2 prefix=$3 work=$4
    local flags="-g0 '-ffile-prefix-map=$2=.' '-ffile-prefix-map=$4=.'"
    local toolchain=("${toolchain[@]}" "-DCMAKE_C_FLAGS=$flags -w" "-DCMAKE_CXX_FLAGS=$flags -w"
        "-DCMAKE_ASM_FLAGS=$flags")
    rm -rf "$prefix" "$work"
    mkdir -p "$prefix/lib" "$prefix/include" "$work"
    "build_$part" && rm -rf "$work"
}
