#include "executor/host/bindings.h"

#include <stdlib.h>
#include <string.h>

static struct binding *find(const struct bindings *bindings, const char *endpoint, size_t size)
{
    for (size_t i = 0; i < bindings->count; i++)
        if (bindings->items[i].endpoint_size == size && memcmp(bindings->items[i].endpoint, endpoint, size) == 0)
            return &bindings->items[i];
    return NULL;
}

/* There is room: bindings_init() made it. */
static sluice_status bind(struct bindings *bindings, const char *endpoint, size_t size, const sluice_handler *handler)
{
    struct binding *binding = find(bindings, endpoint, size);
    if (binding != NULL) {
        binding->handler = handler;
        return SLUICE_OK;
    }
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return SLUICE_NO_MEMORY;
    memcpy(copy, endpoint, size);
    copy[size] = '\0';
    bindings->items[bindings->count++] = (struct binding){copy, size, handler};
    return SLUICE_OK;
}

static void unbind(struct bindings *bindings, struct binding *binding)
{
    free((char *)binding->endpoint);
    size_t index = (size_t)(binding - bindings->items);
    memmove(binding, binding + 1, (bindings->count - index - 1) * sizeof *binding);
    bindings->count--;
}

static const sluice_handler *handler_named(const sluice_handler *handlers, sluice_text name)
{
    for (; handlers != NULL && handlers->name != NULL; handlers++)
        if (sluice_text_is(name, handlers->name))
            return handlers;
    return NULL;
}

/* The endpoint that the table gives this handler last, or NULL. */
static const char *last_endpoint(const sluice_handler *handlers, const char *name)
{
    const char *endpoint = NULL;
    for (; handlers->name != NULL; handlers++)
        if (handlers->endpoint != NULL && strcmp(handlers->name, name) == 0)
            endpoint = handlers->endpoint;
    return endpoint;
}

static bool is_rebound_before(const sluice_value *uses_requests, size_t index, sluice_text name)
{
    for (size_t i = 0; i < index; i++) {
        sluice_text earlier = sluice_value_string(sluice_value_at(uses_requests, i));
        if (earlier.size == name.size && memcmp(earlier.data, name.data, name.size) == 0)
            return true;
    }
    return false;
}

static sluice_status rebind(struct bindings *bindings, const sluice_handler *handlers, const sluice_value *uses_requests,
                            size_t index, const char *where, sluice_error *error)
{
    sluice_text endpoint = sluice_value_key_at(uses_requests, index);
    sluice_text name = sluice_value_string(sluice_value_at(uses_requests, index));
    const sluice_handler *handler = handler_named(handlers, name);
    if (handler == NULL)
        return sluice_fail(error, SLUICE_INVALID, where, "uses_requests binds \"%.*s\" to \"%.*s\", which is no handler of the plugin",
                           (int)endpoint.size, endpoint.data, (int)name.size, name.data);
    const char *earlier = is_rebound_before(uses_requests, index, name) ? NULL : last_endpoint(handlers, handler->name);
    struct binding *binding = earlier == NULL ? NULL : find(bindings, earlier, strlen(earlier));
    if (binding != NULL && strcmp(binding->handler->name, handler->name) == 0)
        unbind(bindings, binding);
    return bind(bindings, endpoint.data, endpoint.size, handler);
}

sluice_status bindings_init(struct bindings *bindings, const sluice_handler *handlers, const sluice_value *uses_requests,
                            const char *where, sluice_error *error)
{
    size_t room = sluice_value_size(uses_requests) + 1;
    for (const sluice_handler *handler = handlers; handler != NULL && handler->name != NULL; handler++)
        room++;
    *bindings = (struct bindings){.items = calloc(room, sizeof *bindings->items)};
    sluice_status status = bindings->items == NULL ? SLUICE_NO_MEMORY : SLUICE_OK;
    for (const sluice_handler *handler = handlers; status == SLUICE_OK && handler != NULL && handler->name != NULL; handler++)
        if (handler->endpoint != NULL)
            status = bind(bindings, handler->endpoint, strlen(handler->endpoint), handler);
    for (size_t i = 0; status == SLUICE_OK && i < sluice_value_size(uses_requests); i++)
        status = rebind(bindings, handlers, uses_requests, i, where, error);
    if (status == SLUICE_NO_MEMORY)
        sluice_fail(error, status, where, "no memory for its endpoints");
    if (status != SLUICE_OK) {
        bindings_done(bindings);
        return status;
    }
    struct binding *fallback = find(bindings, BINDINGS_DEFAULT, strlen(BINDINGS_DEFAULT));
    bindings->fallback = fallback == NULL ? NULL : fallback->handler;
    return SLUICE_OK;
}

void bindings_done(struct bindings *bindings)
{
    for (size_t i = 0; i < bindings->count; i++)
        free((char *)bindings->items[i].endpoint);
    free(bindings->items);
    *bindings = (struct bindings){0};
}

const sluice_handler *bindings_find(const struct bindings *bindings, const char *endpoint, size_t size)
{
    const struct binding *binding = find(bindings, endpoint, size);
    return binding != NULL ? binding->handler : bindings->fallback;
}
