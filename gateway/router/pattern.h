/*
 * pattern.h - target_executor: regular expressions on deployment names, by PCRE2.
 *
 * Matched as Python's re.match: anchored at the start, not at the end, UTF. A pattern comes from a client, so its
 * length, the work of a match and the memory are bounded; compiled patterns are kept for the next request. Any thread.
 */
#ifndef SLUICE_GATEWAY_PATTERN_H
#define SLUICE_GATEWAY_PATTERN_H

#include <sluice/error.h>

#include <stdbool.h>

enum {
    PATTERN_SIZE_MAX = 1024,      /* bytes */
    PATTERN_CACHE_MAX = 64,       /* compiled patterns kept; one that is not among them is compiled anew */
    PATTERN_MATCH_LIMIT = 100000, /* PCRE2's count of internal steps */
    PATTERN_HEAP_LIMIT_KIB = 1024,
};

struct pattern_cache;
struct pattern;

struct pattern_cache *pattern_cache_new(void);
struct pattern_cache *pattern_cache_free(struct pattern_cache *cache);

/* The compiled pattern, one reference for the caller. SLUICE_INVALID with PCRE2's words and the offset;
 * SLUICE_NO_MEMORY. */
sluice_status pattern_get(struct pattern_cache *cache, const void *text, size_t size, struct pattern **ret_pattern,
                          sluice_error *error);
void pattern_unref(struct pattern *pattern); /* NULL is fine */

/* Does it match at the start of `name`? SLUICE_LIMIT when the match was cut off. */
sluice_status pattern_match(const struct pattern *pattern, const char *name, bool *ret_matches, sluice_error *error);

#endif
