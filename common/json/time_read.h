/* time_read.h - times as JSON carries them (RFC 3339). Private to common/json; pure; any thread. */
#ifndef SLUICE_JSON_TIME_READ_H
#define SLUICE_JSON_TIME_READ_H

#include <sluice/document.h>

/* 2031-02-03T04:05:06[.fraction][Z|+00:00], years 1 to 9999; without offset it is UTC. Seconds since 1970. False: no
 * time. */
bool time_read(sluice_text text, int64_t *ret_seconds, int32_t *ret_nanos);

#endif
