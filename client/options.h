/*
 * options.h - the options of a call, checked and in the form that the library works with. Pure; any thread.
 */
#ifndef SLUICE_CLIENT_OPTIONS_H
#define SLUICE_CLIENT_OPTIONS_H

#include "client/backoff.h"
#include "client/transport.h"

#include <sluice/client.h>

/* Structs of an older version are shorter: what they lack has its default. NULL: all defaults. SLUICE_INVALID: options
 * that are no options (struct_size 0, or of a newer version). */
sluice_status options_client(const sluice_client_options *options, sluice_client_options *ret_options,
                             sluice_error *error);
sluice_status options_post(const sluice_post_options *options, sluice_post_options *ret_options, sluice_error *error);

/* SLUICE_INVALID: a `struct_size` that `function`, which makes the defaults, cannot have given. */
sluice_status options_bad_size(size_t size, const char *function, sluice_error *error);

/* "Gzip", "Deflate", "NoCompression" in any letter case; NULL: none. */
sluice_status options_compression(const char *name, enum transport_compression *ret_compression, sluice_error *error);

/* The window of a call: `prefetch` of the options, else the client's. SIZE_MAX: no bound. */
size_t options_window(int prefetch, size_t client_window);

/*
 * The call's metadata: the user's pairs, then, with ask_gateway, what asks a gRPC gateway for order and prefetch. Copied into one piece of
 * memory, to be freed with free(). NULL and SLUICE_NO_MEMORY or SLUICE_INVALID (a pair without key or value).
 */
sluice_status options_metadata(const sluice_post_options *options, bool ask_gateway,
                               struct transport_metadata **ret_metadata, size_t *ret_count, sluice_error *error);

#endif
