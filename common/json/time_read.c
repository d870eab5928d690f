#include "common/json/time_read.h"

#include <string.h>
#include <time.h>

struct scan {
    const char *at, *end;
    bool failed;
};

static int digits(struct scan *scan, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (scan->at == scan->end || *scan->at < '0' || *scan->at > '9') {
            scan->failed = true;
            return 0;
        }
        number = 10 * number + (*scan->at++ - '0');
    }
    return number;
}

static bool take(struct scan *scan, const char *letters)
{
    if (scan->at == scan->end || *scan->at == '\0' || strchr(letters, *scan->at) == NULL)
        return false;
    scan->at++;
    return true;
}

static int part(struct scan *scan, const char *before, int count)
{
    scan->failed |= !take(scan, before);
    return digits(scan, count);
}

/* Digits beyond nanoseconds are cut off. */
static int32_t fraction(struct scan *scan)
{
    int32_t nanos = 0, unit = 100000000;
    if (!take(scan, "."))
        return 0;
    scan->failed |= scan->at == scan->end || *scan->at < '0' || *scan->at > '9';
    for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; scan->at++, unit /= 10)
        nanos += (*scan->at - '0') * unit;
    return nanos;
}

/* Seconds east of UTC. */
static int offset(struct scan *scan)
{
    if (scan->at == scan->end || take(scan, "Zz"))
        return 0;
    bool west = *scan->at == '-';
    int hours = part(scan, "+-", 2), minutes = part(scan, ":", 2);
    scan->failed |= hours > 23 || minutes > 59;
    return (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

bool time_read(sluice_text text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    struct scan scan = {.at = text.data, .end = text.data + text.size};
    struct tm date = {.tm_year = digits(&scan, 4) - 1900};
    date.tm_mon = part(&scan, "-", 2) - 1;
    date.tm_mday = part(&scan, "-", 2);
    date.tm_hour = part(&scan, "Tt ", 2);
    date.tm_min = part(&scan, ":", 2);
    date.tm_sec = part(&scan, ":", 2);
    int32_t nanos = fraction(&scan);
    int east = offset(&scan);
    if (scan.failed || scan.at != scan.end || date.tm_hour > 23 || date.tm_min > 59 || date.tm_sec > 59 ||
        date.tm_mday < 1)
        return false;
    struct tm normal = date;
    *ret_seconds = (int64_t)timegm(&normal) - east;
    *ret_nanos = nanos;
    return normal.tm_mon == date.tm_mon && normal.tm_mday == date.tm_mday && date.tm_year > -1900;
}
