#include "tools/progress_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_MS     1000000u
#define NS_PER_SECOND 1e9
#define LEFT_MAX      359999.0 /* 99:59:59; beyond it nobody plans */

enum { BAR_LEAST = 10, BAR_MOST = 30, PART_MAX = 48, GAP = 2 };

/* ---- rates ---- */

void rate_window_add(struct rate_window *window, uint64_t now_ns, uint64_t documents, uint64_t bytes)
{
    if (window->count > 0) {
        const struct rate_sample *last = &window->samples[(window->next + RATE_SAMPLES - 1) % RATE_SAMPLES];
        if (now_ns - last->at_ns < (uint64_t)RATE_SAMPLE_MS * NS_PER_MS)
            return;
    }
    window->samples[window->next] = (struct rate_sample){now_ns, documents, bytes};
    window->next = (window->next + 1) % RATE_SAMPLES;
    window->count += window->count < RATE_SAMPLES;
}

void rate_window_read(const struct rate_window *window, uint64_t now_ns, uint64_t documents, uint64_t bytes,
                      double *ret_documents_rate, double *ret_bytes_rate)
{
    const struct rate_sample *oldest = &window->samples[window->count < RATE_SAMPLES ? 0 : window->next];
    *ret_documents_rate = *ret_bytes_rate = 0;
    if (window->count == 0 || oldest->at_ns >= now_ns)
        return;
    double seconds = (double)(now_ns - oldest->at_ns) / NS_PER_SECOND;
    *ret_documents_rate = (double)(documents - oldest->documents) / seconds;
    *ret_bytes_rate = (double)(bytes - oldest->bytes) / seconds;
}

/* ---- how far ---- */

static bool knows_bytes(const struct progress_state *state)
{
    return state->total_bytes > 0 && state->bytes <= state->total_bytes;
}

static bool knows_documents(const struct progress_state *state)
{
    return state->total_documents > 0 && state->documents <= state->total_documents;
}

double progress_fraction(const struct progress_state *state)
{
    if (knows_bytes(state))
        return (double)state->bytes / (double)state->total_bytes;
    if (knows_documents(state))
        return (double)state->documents / (double)state->total_documents;
    return -1;
}

double progress_seconds_left(const struct progress_state *state)
{
    if (knows_bytes(state) && state->bytes_rate > 0)
        return (double)(state->total_bytes - state->bytes) / state->bytes_rate;
    if (!knows_bytes(state) && knows_documents(state) && state->documents_rate > 0)
        return (double)(state->total_documents - state->documents) / state->documents_rate;
    return -1;
}

/* ---- the line ---- */

/* In the order of the line; `rank` says what goes first when it is too long: the highest. */
enum part { PART_BAR, PART_PERCENT, PART_DOCUMENTS, PART_BYTES, PART_DOCUMENTS_RATE, PART_BYTES_RATE, PART_TIME, PARTS };
static const int ranks[PARTS] = {
    [PART_BAR] = 4,   [PART_PERCENT] = 0,        [PART_DOCUMENTS] = 1,  [PART_BYTES] = 5,
    [PART_TIME] = 2,  [PART_DOCUMENTS_RATE] = 3, [PART_BYTES_RATE] = 6,
};

struct unit {
    double size;
    const char *name;
};

static struct unit unit_of(double bytes)
{
    static const struct unit units[] = {
        {1e12, "TB"},
        {1e9,  "GB"},
        {1e6,  "MB"},
        {1e3,  "kB"}
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (bytes >= units[i].size)
            return units[i];
    return (struct unit){1, "B"};
}

/* One decimal of large units, none of bytes. */
static int print_amount(char *text, double bytes, struct unit unit)
{
    return snprintf(text, PART_MAX / 2, unit.size > 1 ? "%.1f" : "%.0f", bytes / unit.size);
}

static void print_bytes(char *text, const struct progress_state *state)
{
    char done[PART_MAX / 2], total[PART_MAX / 2] = "";
    struct unit unit = unit_of((double)(knows_bytes(state) ? state->total_bytes : state->bytes));
    print_amount(done, (double)state->bytes, unit);
    if (knows_bytes(state))
        print_amount(total, (double)state->total_bytes, unit);
    snprintf(text, PART_MAX, "%.*s%s%.*s %s", PART_MAX / 3, done, total[0] != '\0' ? "/" : "", PART_MAX / 3, total,
             unit.name);
}

static void print_time(char *text, const struct progress_state *state)
{
    double seconds = state->over ? state->seconds : progress_seconds_left(state);
    const char *word = state->over ? "" : " left";
    if (seconds < 0) {
        seconds = state->seconds;
        word = "";
    }
    if (seconds > LEFT_MAX)
        seconds = LEFT_MAX;
    unsigned whole = (unsigned)seconds;
    if (state->over)
        snprintf(text, PART_MAX, "in %.1f s", seconds);
    else if (whole >= 3600)
        snprintf(text, PART_MAX, "%u:%02u:%02u%s", whole / 3600, whole / 60 % 60, whole % 60, word);
    else
        snprintf(text, PART_MAX, "%u:%02u%s", whole / 60, whole % 60, word);
}

/* The texts of all parts but the bar; one that has nothing to say is empty. */
static void print_parts(char parts[PARTS][PART_MAX], const struct progress_state *state)
{
    double fraction = progress_fraction(state);
    char amount[PART_MAX / 2];
    memset(parts, 0, PARTS * PART_MAX);
    if (fraction >= 0)
        snprintf(parts[PART_PERCENT], PART_MAX, "%3u %%", (unsigned)(fraction * 100));
    if (knows_documents(state))
        snprintf(parts[PART_DOCUMENTS], PART_MAX, "%" PRIu64 "/%" PRIu64 " %s", state->documents,
                 state->total_documents, state->unit);
    else
        snprintf(parts[PART_DOCUMENTS], PART_MAX, "%" PRIu64 " %s", state->documents, state->unit);
    snprintf(parts[PART_DOCUMENTS_RATE], PART_MAX, "%.0f %s/s", state->documents_rate, state->unit);
    print_time(parts[PART_TIME], state);
    if (state->bytes == 0 && state->total_bytes == 0)
        return;
    print_bytes(parts[PART_BYTES], state);
    struct unit unit = unit_of(state->bytes_rate);
    print_amount(amount, state->bytes_rate, unit);
    snprintf(parts[PART_BYTES_RATE], PART_MAX, "%s %s/s", amount, unit.name);
}

/* Columns of what is wanted, with the gaps between; the bar at its least. */
static size_t width_of(char parts[PARTS][PART_MAX], const bool *wanted)
{
    size_t width = 0;
    for (size_t i = 0; i < PARTS; i++)
        if (wanted[i])
            width += (width > 0 ? GAP : 0) + (i == PART_BAR ? BAR_LEAST + 2 : strlen(parts[i]));
    return width;
}

/* Leave out parts until the rest fits. The most important one stays; the caller cuts it. */
static void choose(char parts[PARTS][PART_MAX], bool *wanted, size_t width)
{
    for (;;) {
        size_t worst = PARTS, count = 0;
        for (size_t i = 0; i < PARTS; i++)
            if (wanted[i]) {
                count++;
                if (worst == PARTS || ranks[i] > ranks[worst])
                    worst = i;
            }
        if (count <= 1 || width_of(parts, wanted) <= width)
            return;
        wanted[worst] = false;
    }
}

static size_t print_bar(char *line, double fraction, size_t cells)
{
    size_t filled = fraction >= 1 ? cells : (size_t)(fraction * (double)cells);
    line[0] = '[';
    memset(line + 1, '#', filled);
    memset(line + 1 + filled, '.', cells - filled);
    line[1 + cells] = ']';
    return cells + 2;
}

size_t progress_line(const struct progress_state *state, size_t width, char line[PROGRESS_LINE_MAX])
{
    char parts[PARTS][PART_MAX];
    bool wanted[PARTS];
    double fraction = progress_fraction(state);
    size_t size = 0;
    if (width > PROGRESS_LINE_MAX - 1)
        width = PROGRESS_LINE_MAX - 1;
    print_parts(parts, state);
    for (size_t i = 0; i < PARTS; i++)
        wanted[i] = i == PART_BAR ? fraction >= 0 : parts[i][0] != '\0';
    choose(parts, wanted, width);
    size_t used = width_of(parts, wanted), spare = used < width ? width - used : 0;
    size_t cells = BAR_LEAST + (spare < BAR_MOST - BAR_LEAST ? spare : BAR_MOST - BAR_LEAST);
    for (size_t i = 0; i < PARTS; i++) {
        if (!wanted[i])
            continue;
        size_t gap = size > 0 ? GAP : 0;
        memset(line + size, ' ', gap);
        size += gap;
        if (i == PART_BAR) {
            size += print_bar(line + size, fraction, cells);
        } else {
            memcpy(line + size, parts[i], strlen(parts[i]));
            size += strlen(parts[i]);
        }
    }
    if (size > width)
        size = width;
    line[size] = '\0';
    return size;
}
