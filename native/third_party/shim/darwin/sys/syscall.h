/* zig's headers for macOS lack this file; the OpenMP run-time library needs one number of it (XNU, syscalls.master). */
#pragma once
#define SYS_thread_selfid 372
