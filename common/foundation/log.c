#include "common/foundation/log.h"
#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/foundation/text.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, QUOTED_MAX = 200 };

static char component[64] = "sluice";
static enum log_level least = LOG_LEVEL_INFO;
static bool as_json;

static const char *const level_names[] = {"debug", "info", "warning", "error", "none"};

static enum log_level level_from_environment(void)
{
    const char *wanted = getenv("SLUICE_LOG_LEVEL");
    if (wanted == NULL || *wanted == '\0')
        wanted = getenv("JINA_LOG_LEVEL");
    if (wanted != NULL)
        for (int level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_NONE; level++)
            if (strcasecmp(wanted, level_names[level]) == 0)
                return (enum log_level)level;
    return LOG_LEVEL_INFO;
}

void log_init(const char *name)
{
    snprintf(component, sizeof component, "%s", name);
    least = level_from_environment();
    const char *format = getenv("SLUICE_LOG_FORMAT");
    as_json = format != NULL && strcasecmp(format, "json") == 0;
}

bool log_enabled(enum log_level level)
{
    return level >= least;
}

const char *log_component(void)
{
    return component;
}

static void write_line(enum log_level level, const char *message)
{
    struct timespec now = clock_utc();
    struct tm parts;
    gmtime_r(&now.tv_sec, &parts);
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);

    struct buffer line;
    buffer_init(&line, LINE_MAX_BYTES * 8);
    if (as_json) {
        buffer_printf(&line, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"component\":", stamp, now.tv_nsec / 1000000,
                      level_names[level]);
        text_append_json(&line, component, strlen(component));
        buffer_append_text(&line, ",\"message\":");
        text_append_json(&line, message, strlen(message));
        buffer_append_text(&line, "}\n");
    } else {
        buffer_printf(&line, "%s.%03ldZ %-7s %s: ", stamp, now.tv_nsec / 1000000, level_names[level], component);
        text_append_line(&line, message, strlen(message));
        buffer_append_byte(&line, '\n');
    }
    ssize_t ignored = write(STDERR_FILENO, line.data, line.size);
    (void)ignored;
    buffer_done(&line);
}

void log_line(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    char message[LINE_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (wanted >= (int)sizeof message)
        message[text_cut(message, sizeof message - 1)] = '\0';
    write_line(level, message);
}

void log_error_of(const sluice_error *error)
{
    if (error->where[0] != '\0')
        log_line(LOG_LEVEL_ERROR, "%s: %s", error->where, error->text);
    else
        log_line(LOG_LEVEL_ERROR, "%s", error->text);
}

void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    unsigned long long now = clock_monotonic_ns();
    unsigned long long next = atomic_load(&limit->next_ns);
    if (now < next || !atomic_compare_exchange_strong(&limit->next_ns, &next, now + CLOCK_NS_PER_SECOND)) {
        atomic_fetch_add(&limit->held_back, 1);
        return;
    }
    char message[LINE_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message - 64, format, arguments);
    va_end(arguments);
    unsigned held_back = atomic_exchange(&limit->held_back, 0);
    if (held_back > 0) {
        size_t size = strlen(message);
        snprintf(message + size, sizeof message - size, " (and %u more of these)", held_back);
    }
    write_line(level, message);
}

const char *log_quoted(const void *data, size_t size)
{
    static _Thread_local char buffers[4][4 * QUOTED_MAX + 8];
    static _Thread_local unsigned turn;
    char *result = buffers[turn++ % 4];
    struct buffer quoted;
    buffer_init(&quoted, BUFFER_NO_LIMIT);
    size_t shown = size > QUOTED_MAX ? text_cut(data, QUOTED_MAX) : size;
    text_append_python_repr(&quoted, data, shown);
    snprintf(result, sizeof buffers[0], "%s%s", buffer_text(&quoted), shown < size ? "…" : "");
    buffer_done(&quoted);
    return result;
}
