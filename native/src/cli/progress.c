#include "cli/progress.h"

#include <stdio.h>

#include "cli/names.h"
#include "cli/terminal.h"
#include "core/system.h"

/* Opening an image and making its results costs something whatever its size. */
double bw_progress_work(int64_t bytes) {
    return (double)bytes + 1e5;
}

void bw_progress_begin_image(bw_progress *progress, int64_t index, const char *name, double work) {
    progress->index = index;
    progress->name = name;
    progress->work = work;
}

/* What happened more than a few minutes ago hardly counts. */
static void look(bw_progress *progress, double done) {
    const double memory = 180, now = bw_system_clock(), past = now - progress->last_time;
    const double keep = past < memory ? 1 - past / memory : 0;
    if (progress->last_time > 0) {
        progress->seconds = progress->seconds * keep + past;
        progress->speed = progress->speed * keep + (done - progress->last_done);
    }
    progress->last_time = now;
    progress->last_done = done;
}

void bw_progress_end_image(bw_progress *progress, int skipped) {
    if (skipped) {
        progress->total -= progress->work;
        return;
    }
    progress->done += progress->work;
    look(progress, progress->done);
}

double bw_progress_left(const bw_progress *progress) {
    const double left = progress->total - progress->last_done;
    if (progress->seconds < 3 || !(progress->speed > 0) || progress->last_done < 0.005 * progress->total) return -1;
    return left > 0 ? left * progress->seconds / progress->speed : 0;
}

void bw_progress_describe_left(const bw_progress *progress, char *text, size_t size) {
    const double seconds = bw_progress_left(progress);
    const long minutes = (long)(seconds / 60 + 0.5);
    *text = 0;
    if (seconds < 0) return;
    if (seconds < 90)
        snprintf(text, size, ", %.0f s left", seconds);
    else if (minutes < 120)
        snprintf(text, size, ", %ld min left", minutes);
    else
        snprintf(text, size, ", %ld h %ld min left", minutes / 60, minutes % 60);
}

int bw_progress_show(void *user, double fraction) {
    bw_progress *progress = user;
    char name[36], time[40], line[200];
    look(progress, progress->done + fraction * progress->work);
    bw_name_show(bw_name_of(progress->name), name, sizeof name);
    bw_progress_describe_left(progress, time, sizeof time);
    snprintf(line, sizeof line, "%lld/%lld %s, %.0f %%%s", (long long)progress->index + 1, (long long)progress->count,
             name, progress->total > 0 ? 100 * progress->last_done / progress->total : 0, time);
    bw_terminal_line(line);
    return 0;
}
