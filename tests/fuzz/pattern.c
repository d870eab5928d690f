/*
 * A regular expression of a client and, behind a NUL byte, the name that it is tried on. It is compiled or refused with
 * a sentence; a match is found, not found, or cut off; a compiled one that was kept says the same as a new one.
 */
#include "common/foundation/text.h"
#include "gateway/router/pattern.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    sluice_status compiled, matched;
    bool matches;
};

static struct outcome ask(struct pattern_cache *cache, const void *text, size_t size, const char *name)
{
    struct outcome outcome = {0};
    struct pattern *pattern = NULL;
    sluice_error error = {.text = ""};
    outcome.compiled = pattern_get(cache, text, size, &pattern, &error);
    require((outcome.compiled == SLUICE_OK) == (pattern != NULL));
    require(outcome.compiled == SLUICE_OK || (outcome.compiled == SLUICE_INVALID && error.text[0] != '\0'));
    require(size <= PATTERN_SIZE_MAX || outcome.compiled == SLUICE_INVALID);
    if (pattern == NULL)
        return outcome;
    outcome.matched = pattern_match(pattern, name, &outcome.matches, &error);
    require(outcome.matched == SLUICE_OK || (outcome.matched == SLUICE_LIMIT && error.text[0] != '\0'));
    require(outcome.matched == SLUICE_OK || !outcome.matches);
    pattern_unref(pattern);
    return outcome;
}

static bool same(struct outcome left, struct outcome right)
{
    return left.compiled == right.compiled && left.matched == right.matched && left.matches == right.matches;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = memchr(data, 0, size);
    size_t pattern_size = nul != NULL ? (size_t)(nul - data) : size;
    char *name = nul != NULL ? strndup((const char *)nul + 1, size - pattern_size - 1) : strdup("encoder");
    struct pattern_cache *cache = pattern_cache_new(), *other = pattern_cache_new();
    require(name != NULL && cache != NULL && other != NULL);
    if (text_is_utf8(name, strlen(name))) { /* names of executors are */
        struct outcome first = ask(cache, data, pattern_size, name);
        require(same(first, ask(cache, data, pattern_size, name)));
        require(same(first, ask(other, data, pattern_size, name)));
    }
    pattern_cache_free(cache);
    pattern_cache_free(other);
    free(name);
    return 0;
}
