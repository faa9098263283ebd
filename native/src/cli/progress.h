/* What people see of a batch: one line with the share done and the time left. */
#ifndef BW_CLI_PROGRESS_H
#define BW_CLI_PROGRESS_H

#include "brushwood.h"

typedef struct bw_progress {
    int64_t index, count;  /* of the image at work, from 0 */
    const char *name;      /* its name */
    double total, done;    /* work of all images that are not skipped, and of those finished, in bytes */
    double work;           /* of the image at work */
    double seconds, speed; /* until the last look, forgetting what was long ago: time spent, work done in it */
    double last_time, last_done;
} bw_progress;

/* Work that an image of so many bytes on the disk is. */
double bw_progress_work(int64_t bytes);
void bw_progress_begin_image(bw_progress *progress, int64_t index, const char *name, double work);
/* skipped: it took no time worth counting. */
void bw_progress_end_image(bw_progress *progress, int skipped);
/* bw_progress_fn; user: bw_progress. */
int bw_progress_show(void *user, double fraction);
/* ", 20 s left", or "" while that cannot be told. */
void bw_progress_describe_left(const bw_progress *progress, char *text, size_t size);
/* Seconds until all is done; -1 while that cannot be told. */
double bw_progress_left(const bw_progress *progress);

#endif
