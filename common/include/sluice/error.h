/*
 * sluice/error.h - what can go wrong, and how it is told.
 *
 * A function that can fail returns a sluice_status; one that has more to say takes a sluice_error as its last argument
 * and writes it on failure only. An error names the place ("flow.yml:12:7", "executor \"encoder\"") and says in one
 * sentence what is wrong and what would be right. NULL is accepted wherever a sluice_error is.
 */
#ifndef SLUICE_ERROR_H
#define SLUICE_ERROR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SLUICE_API __attribute__((visibility("default")))
#define SLUICE_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define SLUICE_API
#define SLUICE_PRINTF(format_index, first_index)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The kinds of failure. sluice_status_grpc() and its sisters give the code that each becomes on a protocol; the whole
 * table is in docs/cli.md and is walked by a test.
 */
typedef enum sluice_status {
    SLUICE_OK = 0,
    SLUICE_INVALID = 1,        /* the input is unreadable or breaks a rule; the same input will fail again */
    SLUICE_NOT_FOUND = 2,      /* a name that nothing here has */
    SLUICE_LIMIT = 3,          /* a limit refused it; it may pass later */
    SLUICE_TOO_LARGE = 4,      /* the message itself is above a size limit */
    SLUICE_UNAVAILABLE = 5,    /* the peer cannot be reached, or went away */
    SLUICE_DRAINING = 6,       /* this process is stopping and takes no new work */
    SLUICE_TIMEOUT = 7,        /* a deadline is past */
    SLUICE_CANCELLED = 8,      /* whoever asked does not want it any more */
    SLUICE_UNIMPLEMENTED = 9,  /* known, but not built */
    SLUICE_EXECUTOR = 10,      /* the handler of an executor failed; the answer's header says how */
    SLUICE_CALLBACK = 11,      /* a callback given by the caller failed */
    SLUICE_SYSTEM = 12,        /* a system call failed; the text holds errno's words */
    SLUICE_NO_MEMORY = 13,
    SLUICE_INTERNAL = 14       /* a fault of Sluice itself */
} sluice_status;

#define SLUICE_STATUS_COUNT 15

typedef struct sluice_error {
    sluice_status status;
    char where[160]; /* file:line:column, or the thing in question; may be empty */
    char text[736];  /* one sentence, no newline */
} sluice_error;

/* The status as a lower-case word, such as "not found". Never NULL; an unknown number gives "unknown". */
SLUICE_API const char *sluice_status_name(sluice_status status);

/*
 * Fill `error` (may be NULL) and return `status`, so that a failing function ends with `return sluice_fail(…)`.
 * `where` may be NULL. Text that does not fit is cut at a character boundary.
 */
SLUICE_API sluice_status sluice_fail(sluice_error *error, sluice_status status, const char *where, const char *format, ...)
    SLUICE_PRINTF(4, 5);
SLUICE_API sluice_status sluice_fail_va(sluice_error *error, sluice_status status, const char *where,
                                        const char *format, va_list arguments);

#ifdef __cplusplus
}
#endif

#endif
