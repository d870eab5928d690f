/*
 * log.h - one line per event on stderr: time, level, component, message.
 *
 * A process names itself once; the level comes from SLUICE_LOG_LEVEL (debug, info, warning, error; JINA_LOG_LEVEL is
 * read when that is unset) and is `info` otherwise. SLUICE_LOG_FORMAT=json prints the same fields as a JSON object.
 * Text from outside goes through LOG_QUOTED, never bare. A line is written by one write(), so lines of threads and
 * processes do not mix. A function either logs or returns an error, never both. Any thread.
 */
#ifndef SLUICE_FOUNDATION_LOG_H
#define SLUICE_FOUNDATION_LOG_H

#include <sluice/error.h>

#include <stdbool.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR, LOG_LEVEL_NONE };

/* Call once, before threads start. `component` ("gateway", "encoder/rep-0") is copied. */
void log_init(const char *component);

bool log_enabled(enum log_level level);
const char *log_component(void);

void log_line(enum log_level level, const char *format, ...) SLUICE_PRINTF(2, 3);

#define log_debug(...)   (log_enabled(LOG_LEVEL_DEBUG) ? log_line(LOG_LEVEL_DEBUG, __VA_ARGS__) : (void)0)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)

/* An error as `where: text`. */
void log_error_of(const sluice_error *error);

/*
 * At most one line per second for an event that may repeat; the next line that passes says how many were held back.
 * `struct log_limit` is static at the place of the call, zero at first.
 */
struct log_limit {
    _Atomic unsigned long long next_ns;
    _Atomic unsigned held_back;
};
void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...) SLUICE_PRINTF(3, 4);

/* `data` quoted and escaped for a log line, in one of four buffers of the calling thread; cut at 200 bytes. */
const char *log_quoted(const void *data, size_t size);

#endif
