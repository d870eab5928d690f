#include "gateway/router/pattern.h"
#include "common/foundation/log.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct pattern {
    atomic_uint references;
    pcre2_code *code;
    pcre2_match_context *limits;
    size_t size;
    char text[];
};

struct pattern_cache {
    pthread_mutex_t lock;
    struct pattern *patterns[PATTERN_CACHE_MAX];
    unsigned count, oldest;
};

struct pattern_cache *pattern_cache_new(void)
{
    struct pattern_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL)
        pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

struct pattern_cache *pattern_cache_free(struct pattern_cache *cache)
{
    if (cache == NULL)
        return NULL;
    for (unsigned i = 0; i < cache->count; i++)
        pattern_unref(cache->patterns[i]);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
    return NULL;
}

void pattern_unref(struct pattern *pattern)
{
    if (pattern == NULL || atomic_fetch_sub(&pattern->references, 1) != 1)
        return;
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    free(pattern);
}

static struct pattern *find(struct pattern_cache *cache, const void *text, size_t size)
{
    for (unsigned i = 0; i < cache->count; i++) {
        struct pattern *pattern = cache->patterns[i];
        if (pattern->size == size && memcmp(pattern->text, text, size) == 0) {
            atomic_fetch_add(&pattern->references, 1);
            return pattern;
        }
    }
    return NULL;
}

static sluice_status compile(const void *text, size_t size, struct pattern **ret_pattern, sluice_error *error)
{
    struct pattern *pattern = calloc(1, sizeof *pattern + size);
    if (pattern == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "target_executor", "no memory to compile it");
    atomic_init(&pattern->references, 1);
    pattern->size = size;
    memcpy(pattern->text, text, size);
    int code;
    PCRE2_SIZE offset;
    pattern->code =
        pcre2_compile(text, size, PCRE2_UTF | PCRE2_ANCHORED | PCRE2_NEVER_BACKSLASH_C, &code, &offset, NULL);
    if (pattern->code == NULL) {
        PCRE2_UCHAR words[160];
        pcre2_get_error_message(code, words, sizeof words);
        pattern_unref(pattern);
        return sluice_fail(error, SLUICE_INVALID, "target_executor", "%s is no regular expression: %s at offset %zu",
                           log_quoted(text, size), (const char *)words, (size_t)offset);
    }
    pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE); /* without JIT it is only slower */
    pattern->limits = pcre2_match_context_create(NULL);
    if (pattern->limits == NULL) {
        pattern_unref(pattern);
        return sluice_fail(error, SLUICE_NO_MEMORY, "target_executor", "no memory to compile it");
    }
    pcre2_set_match_limit(pattern->limits, PATTERN_MATCH_LIMIT);
    pcre2_set_depth_limit(pattern->limits, PATTERN_MATCH_LIMIT);
    pcre2_set_heap_limit(pattern->limits, PATTERN_HEAP_LIMIT_KIB);
    *ret_pattern = pattern;
    return SLUICE_OK;
}

/* Keeps a reference; the oldest pattern makes room. */
static void remember(struct pattern_cache *cache, struct pattern *pattern)
{
    atomic_fetch_add(&pattern->references, 1);
    if (cache->count < PATTERN_CACHE_MAX) {
        cache->patterns[cache->count++] = pattern;
        return;
    }
    pattern_unref(cache->patterns[cache->oldest]);
    cache->patterns[cache->oldest] = pattern;
    cache->oldest = (cache->oldest + 1) % PATTERN_CACHE_MAX;
}

sluice_status pattern_get(struct pattern_cache *cache, const void *text, size_t size, struct pattern **ret_pattern,
                          sluice_error *error)
{
    if (size > PATTERN_SIZE_MAX)
        return sluice_fail(error, SLUICE_INVALID, "target_executor", "%zu bytes is longer than a pattern may be (%d)",
                           size, PATTERN_SIZE_MAX);
    pthread_mutex_lock(&cache->lock);
    struct pattern *pattern = find(cache, text, size);
    pthread_mutex_unlock(&cache->lock);
    if (pattern == NULL) {
        sluice_status status = compile(text, size, &pattern, error);
        if (status != SLUICE_OK)
            return status;
        pthread_mutex_lock(&cache->lock);
        remember(cache, pattern);
        pthread_mutex_unlock(&cache->lock);
    }
    *ret_pattern = pattern;
    return SLUICE_OK;
}

/* One match block per thread, freed when the thread ends: matching allocates nothing. */
static pthread_key_t match_key;
static pthread_once_t match_once = PTHREAD_ONCE_INIT;
static _Thread_local pcre2_match_data *match_data;

static void free_match_data(void *data)
{
    pcre2_match_data_free(data);
}

static void make_match_key(void)
{
    pthread_key_create(&match_key, free_match_data);
}

static pcre2_match_data *match_data_of_thread(void)
{
    if (match_data != NULL)
        return match_data;
    pthread_once(&match_once, make_match_key);
    match_data = pcre2_match_data_create(1, NULL);
    if (match_data != NULL)
        pthread_setspecific(match_key, match_data);
    return match_data;
}

sluice_status pattern_match(const struct pattern *pattern, const char *name, bool *ret_matches, sluice_error *error)
{
    pcre2_match_data *data = match_data_of_thread();
    if (data == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "target_executor", "no memory to match it");
    int result = pcre2_match(pattern->code, (PCRE2_SPTR)name, strlen(name), 0, 0, data, pattern->limits);
    *ret_matches = result >= 0;
    if (result >= 0 || result == PCRE2_ERROR_NOMATCH)
        return SLUICE_OK;
    return sluice_fail(error, SLUICE_LIMIT, "target_executor", "%s takes too long to match; make it simpler",
                       log_quoted(pattern->text, pattern->size));
}
