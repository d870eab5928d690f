/* fallback.h - is the default that a plugin's table gives a parameter JSON? Pure; any thread. */
#ifndef SLUICE_HOST_FALLBACK_H
#define SLUICE_HOST_FALLBACK_H

#include <stdbool.h>

/* One JSON value (RFC 8259) and nothing else, nested at most FALLBACK_DEPTH_MAX deep. No value is made. */
#define FALLBACK_DEPTH_MAX 32
bool fallback_is_json(const char *text);

#endif
