/* What the engine runs on and was built with. */
#ifndef BW_CORE_HOST_H
#define BW_CORE_HOST_H

/* Processors whose time the container (Linux control groups of either version) grants the process, rounded up, at least
 * 1; INT_MAX without a limit. `root` is put before the paths of the files read: "" for this machine. */
int bw_host_quota(const char *root);

/* Whether the process is made for Intel processors and runs translated on Apple silicon. */
int bw_host_translated(void);

/* System and processor the library was built for, such as "linux-x86_64", and the compiler, such as "gcc 12.2.0". */
const char *bw_host_platform(void);
const char *bw_host_compiler(void);

#endif
