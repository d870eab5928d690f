/*
 * endpoints.c - which endpoints an executor has said that it binds.
 *
 * Readers, on any thread, take no lock: a list that was published stays as it is until the set is freed. An executor mostly
 * says the same whenever it connects; so a list is kept once, and there are no more of them than different ones were said.
 */
#include "gateway/upstream/connection.h"

#include <stdlib.h>
#include <string.h>

struct endpoint_list {
    struct endpoint_list *older;
    bool binds_default;
    size_t count;
    struct span_text {
        const char *data;
        size_t size;
    } * endpoints;
    size_t size;
    char bytes[]; /* as the HELLO had them */
};

static struct endpoint_list *find(const struct upstream *upstream, const struct frame_hello_view *hello)
{
    struct endpoint_list *list = upstream->endpoint_lists;
    while (list != NULL &&
           (list->size != hello->endpoints_size || memcmp(list->bytes, hello->endpoints, list->size) != 0))
        list = list->older;
    return list;
}

static struct endpoint_list *keep(struct upstream *upstream, const struct frame_hello_view *hello)
{
    size_t count = hello->fixed.endpoint_count;
    struct endpoint_list *list = calloc(1, sizeof *list + hello->endpoints_size);
    struct span_text *texts = calloc(count > 0 ? count : 1, sizeof *texts);
    if (list == NULL || texts == NULL) {
        free(list);
        free(texts);
        return NULL;
    }
    list->size = hello->endpoints_size;
    memcpy(list->bytes, hello->endpoints, hello->endpoints_size);
    struct frame_hello_view copy = *hello;
    copy.endpoints = (const uint8_t *)list->bytes;
    size_t offset = 0;
    while (list->count < count &&
           frame_hello_endpoint(&copy, &offset, &texts[list->count].data, &texts[list->count].size)) {
        if (texts[list->count].size == 8 && memcmp(texts[list->count].data, "/default", 8) == 0)
            list->binds_default = true;
        list->count++;
    }
    list->endpoints = texts;
    list->older = upstream->endpoint_lists;
    upstream->endpoint_lists = list;
    return list;
}

void endpoints_publish(struct upstream *upstream, const struct frame_hello_view *hello)
{
    struct endpoint_list *list = find(upstream, hello);
    if (list == NULL)
        list = keep(upstream, hello);
    if (list != NULL) /* else, without memory, what was known stays; where nothing was, everything is sent */
        atomic_store(&upstream->endpoints, list);
}

void endpoints_done(struct upstream *upstream)
{
    for (struct endpoint_list *list = upstream->endpoint_lists, *older; list != NULL; list = older) {
        older = list->older;
        free(list->endpoints);
        free(list);
    }
}

bool upstream_binds(struct upstream *upstream, const char *endpoint, size_t endpoint_size)
{
    const struct endpoint_list *list = atomic_load(&upstream->endpoints);
    if (list == NULL || list->binds_default)
        return true;
    for (size_t i = 0; i < list->count; i++)
        if (list->endpoints[i].size == endpoint_size && memcmp(list->endpoints[i].data, endpoint, endpoint_size) == 0)
            return true;
    return false;
}

void upstream_each_endpoint(struct upstream *upstream, void (*visit)(const char *endpoint, size_t size, void *context),
                            void *context)
{
    const struct endpoint_list *list = atomic_load(&upstream->endpoints);
    for (size_t i = 0; list != NULL && i < list->count; i++)
        visit(list->endpoints[i].data, list->endpoints[i].size, context);
}
