/*
 * bindings.h - which handler answers which endpoint.
 *
 * The plugin's table first, a later row winning over an earlier one; then uses_requests: each entry (endpoint: handler)
 * binds the handler there and takes away its earlier binding, the last one of the table. "/default" answers what is not
 * bound. Source: flow-yaml-and-runtime.md, 3.1. Not changed after it was made: any thread may look up.
 */
#ifndef SLUICE_HOST_BINDINGS_H
#define SLUICE_HOST_BINDINGS_H

#include <sluice/executor.h>

#define BINDINGS_DEFAULT "/default"
#define BINDINGS_DRY_RUN "_jina_dry_run_" /* answered by the host; never bound */

struct binding {
    const char *endpoint; /* NUL-terminated copy */
    size_t endpoint_size;
    const sluice_handler *handler;
};

struct bindings {
    struct binding *items;
    size_t count;
    const sluice_handler *fallback; /* bound to /default, or NULL */
};

/* `handlers` NULL: none. `uses_requests` may be NULL. SLUICE_INVALID names an unknown handler; SLUICE_NO_MEMORY. */
sluice_status bindings_init(struct bindings *bindings, const sluice_handler *handlers, const sluice_value *uses_requests,
                            const char *where, sluice_error *error);
void bindings_done(struct bindings *bindings);

/* The handler of an endpoint, /default's included; NULL: not bound. */
const sluice_handler *bindings_find(const struct bindings *bindings, const char *endpoint, size_t size);

#endif
