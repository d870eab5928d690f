#include "client/progress.h"

#include "common/foundation/clock.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { BAR_WIDTH = 30, REDRAWS_PER_SECOND = 10 };

void progress_start(struct progress *progress, FILE *file, uint64_t documents, uint64_t request_size)
{
    *progress = (struct progress){.file = file, .started_ns = clock_monotonic_ns()};
    if (file == NULL)
        return;
    int fd = fileno(file);
    progress->redraws = fd >= 0 && isatty(fd);
    if (documents > 0)
        progress->total = documents / request_size + (documents % request_size != 0);
}

static void draw(const struct progress *progress, const char *word, const char *end)
{
    char bar[BAR_WIDTH + 1];
    double seconds = (double)(clock_monotonic_ns() - progress->started_ns) / (double)CLOCK_NS_PER_SECOND;
    if (progress->total == 0) {
        fprintf(progress->file, "%s%s %" PRIu64 " responses, %.1f s%s", progress->redraws ? "\r" : "", word,
                progress->steps, seconds, end);
        return;
    }
    uint64_t steps = progress->steps < progress->total ? progress->steps : progress->total;
    size_t filled = (size_t)((double)steps * BAR_WIDTH / (double)progress->total);
    memset(bar, '#', filled);
    memset(bar + filled, '.', BAR_WIDTH - filled);
    bar[BAR_WIDTH] = '\0';
    fprintf(progress->file, "%s%s [%s] %3.0f%% %" PRIu64 "/%" PRIu64 ", %.1f s", progress->redraws ? "\r" : "", word,
            bar, (double)steps * 100 / (double)progress->total, progress->steps, progress->total, seconds);
    if (steps > 0 && steps < progress->total)
        fprintf(progress->file, ", %.1f s to go", seconds * (double)(progress->total - steps) / (double)steps);
    fprintf(progress->file, "%s%s", progress->redraws ? "\033[K" : "", end);
}

void progress_step(struct progress *progress)
{
    progress->steps++;
    if (progress->file == NULL || !progress->redraws)
        return;
    uint64_t now = clock_monotonic_ns();
    if (now - progress->drawn_ns < CLOCK_NS_PER_SECOND / REDRAWS_PER_SECOND)
        return;
    progress->drawn_ns = now;
    draw(progress, "Working", "");
    fflush(progress->file);
}

void progress_finish(struct progress *progress, bool success)
{
    if (progress->file == NULL)
        return;
    draw(progress, success ? "Done   " : "Stopped", "\n");
    fflush(progress->file);
}
