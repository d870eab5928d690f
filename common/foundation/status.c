#include "common/foundation/status.h"
#include "common/foundation/text.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct status_codes table[SLUICE_STATUS_COUNT] = {
    /* status               name             gRPC  HTTP   WS   exit */
    {SLUICE_OK,            "ok",               0, 200,    0,  0},
    {SLUICE_INVALID,       "invalid",          3, 400, 1007,  1},
    {SLUICE_NOT_FOUND,     "not found",        5, 404, 1011,  1},
    {SLUICE_LIMIT,         "limit reached",    8, 429, 1013,  4},
    {SLUICE_TOO_LARGE,     "too large",        8, 413, 1009,  4},
    {SLUICE_UNAVAILABLE,   "unavailable",     14, 503, 1011,  3},
    {SLUICE_DRAINING,      "shutting down",   14, 503, 1012,  3},
    {SLUICE_TIMEOUT,       "timed out",        4, 504, 1011,  5},
    {SLUICE_CANCELLED,     "cancelled",        1, 499, 1001,  6},
    {SLUICE_UNIMPLEMENTED, "not implemented", 12, 501, 1011,  1},
    {SLUICE_EXECUTOR,      "executor failed",  0, 200,    0,  7},
    {SLUICE_CALLBACK,      "callback failed",  2, 500, 1011,  8},
    {SLUICE_SYSTEM,        "system error",    13, 500, 1011,  9},
    {SLUICE_NO_MEMORY,     "out of memory",    8, 503, 1013,  9},
    {SLUICE_INTERNAL,      "internal error",  13, 500, 1011,  9},
};
/* clang-format on */

const struct status_codes *status_codes_of(sluice_status status)
{
    if ((int)status < 0 || (int)status >= SLUICE_STATUS_COUNT)
        return &table[SLUICE_INTERNAL];
    return &table[status];
}

sluice_status status_from_grpc(int grpc)
{
    switch (grpc) {
    case 0: return SLUICE_OK;
    case 1: return SLUICE_CANCELLED;
    case 3: return SLUICE_INVALID;
    case 4: return SLUICE_TIMEOUT;
    case 5: return SLUICE_NOT_FOUND;
    case 8: return SLUICE_LIMIT;
    case 12: return SLUICE_UNIMPLEMENTED;
    case 14: return SLUICE_UNAVAILABLE;
    default: return SLUICE_INTERNAL;
    }
}

sluice_status status_from_websocket(int close_code)
{
    switch (close_code) {
    case 1000: return SLUICE_OK;
    case 1001: /* going away */
    case 1005: /* no code */
    case 1006: /* no close frame */
    case 1011:
    case 1012:
    case 1014: return SLUICE_UNAVAILABLE;
    case 1003:
    case 1007:
    case 1008: return SLUICE_INVALID;
    case 1009: return SLUICE_TOO_LARGE;
    case 1010: return SLUICE_UNIMPLEMENTED;
    case 1013: return SLUICE_LIMIT;
    default: return SLUICE_INTERNAL;
    }
}

const char *sluice_status_name(sluice_status status)
{
    if ((int)status < 0 || (int)status >= SLUICE_STATUS_COUNT)
        return "unknown";
    return table[status].name;
}

/* Cuts a text that snprintf() truncated where a UTF-8 sequence would be split. */
static void cut_at_character(char *text, size_t capacity, int wanted)
{
    if (wanted >= 0 && (size_t)wanted >= capacity)
        text[text_cut(text, capacity - 1)] = '\0';
}

sluice_status sluice_fail_va(sluice_error *error, sluice_status status, const char *where, const char *format,
                             va_list arguments)
{
    if (error == NULL)
        return status;
    error->status = status;
    int wanted = snprintf(error->where, sizeof error->where, "%s", where != NULL ? where : "");
    cut_at_character(error->where, sizeof error->where, wanted);
    wanted = vsnprintf(error->text, sizeof error->text, format, arguments);
    cut_at_character(error->text, sizeof error->text, wanted);
    return status;
}

sluice_status sluice_fail(sluice_error *error, sluice_status status, const char *where, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sluice_fail_va(error, status, where, format, arguments);
    va_end(arguments);
    return status;
}
