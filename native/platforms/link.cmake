# Links everything that the engine needs, from the prefix of scripts/build-natives, into its library and program. Defines
# the targets of FindTIFF and FindOpenMP, Zarr::Zarr, bw_link_program and bw_link_library.

add_library(TIFF::TIFF INTERFACE IMPORTED)
target_include_directories(TIFF::TIFF INTERFACE ${BRUSHWOOD_PREFIX}/include)
foreach(name tiff jpeg deflate zstd z)
  target_link_libraries(TIFF::TIFF INTERFACE ${BRUSHWOOD_PREFIX}/lib/lib${name}.a)
endforeach()

add_library(Zarr::Zarr INTERFACE IMPORTED)
target_include_directories(Zarr::Zarr INTERFACE ${BRUSHWOOD_PREFIX}/include)
target_compile_definitions(Zarr::Zarr INTERFACE CJSON_HIDE_SYMBOLS)
foreach(name blosc lz4 zstd z cjson)
  target_link_libraries(Zarr::Zarr INTERFACE ${BRUSHWOOD_PREFIX}/lib/lib${name}.a)
endforeach()

add_library(OpenMP::OpenMP_C INTERFACE IMPORTED)
target_compile_options(OpenMP::OpenMP_C INTERFACE -fopenmp)
target_include_directories(OpenMP::OpenMP_C INTERFACE ${BRUSHWOOD_PREFIX}/include)
target_link_libraries(OpenMP::OpenMP_C INTERFACE ${BRUSHWOOD_PREFIX}/lib/libomp.a)
if(WIN32)
  target_link_libraries(OpenMP::OpenMP_C INTERFACE psapi)
elseif(NOT APPLE)
  target_link_libraries(OpenMP::OpenMP_C INTERFACE pthread dl)
endif()

# zig's own linker for macOS cannot limit what a library exports; LLVM's can, and signs both kinds ad hoc.
if(APPLE)
  find_program(LD64_LLD ld64.lld-19 REQUIRED)
  string(REPLACE aarch64 arm64 arch ${CMAKE_SYSTEM_PROCESSOR})
  string(REGEX REPLACE "^.*macos\\." "" oldest ${BRUSHWOOD_TARGET})
  set(link "${LD64_LLD} -arch ${arch} -platform_version macos ${oldest} ${oldest} -dead_strip -adhoc_codesign -S -x -reproducible -o <TARGET> <OBJECTS> <LINK_LIBRARIES> -L${BRUSHWOOD_STUBS} -lSystem")
  set(CMAKE_C_LINK_EXECUTABLE "${link}")
  set(CMAKE_C_CREATE_SHARED_LIBRARY
      "${link} -dylib -install_name @rpath/<TARGET_SONAME> -exported_symbol _JNI_OnLoad -exported_symbol _JNI_OnUnload")
endif()

# No symbols that nobody needs; on Linux also the usual hardening. LLVM's linker for macOS was told above.
if(APPLE)
  set(bw_link_options)
elseif(WIN32)
  set(bw_link_options -s)
else()
  set(bw_link_options -s -Wl,--gc-sections -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now)
endif()

function(bw_link_program target)
  target_link_options(${target} PRIVATE ${bw_link_options})
  if(NOT WIN32 AND NOT APPLE)
    target_link_options(${target} PRIVATE -pie)
  endif()
endfunction()

function(bw_link_library target)
  target_link_options(${target} PRIVATE ${bw_link_options})
  if(WIN32)
    set_target_properties(${target} PROPERTIES PREFIX "" RUNTIME_OUTPUT_DIRECTORY ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
  elseif(NOT APPLE)
    # Stays when its class loader goes: a worker that ends at that moment still runs its code.
    target_link_options(${target} PRIVATE -Wl,-Bsymbolic -Wl,-z,defs -Wl,-z,nodelete
                        -Wl,--version-script=${PROJECT_SOURCE_DIR}/native/platforms/exports.map)
  endif()
endfunction()
