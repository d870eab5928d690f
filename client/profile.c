/*
 * profile.c - where the time of a request went: numbers for programs, a tree and a table for people.
 */
#include "client/options.h"
#include "common/foundation/clock.h"
#include "common/foundation/text.h"

#include <sluice/client.h>

#include <stdlib.h>
#include <string.h>

static double milliseconds(int64_t from_ns, int64_t to_ns)
{
    return (double)(to_ns - from_ns) / (double)CLOCK_NS_PER_MS;
}

static double route_ms(const sluice_route *route)
{
    return route->started && route->ended ? milliseconds(route->start_ns, route->end_ns) : 0;
}

static sluice_status measure(const sluice_response *response, sluice_profile *profile, sluice_error *error)
{
    size_t count = sluice_response_route_count(response);
    if (count == 0)
        return sluice_fail(error, SLUICE_INVALID, "profile",
                           "the answer has no routes, so nothing can be said about its way");
    sluice_route gateway = sluice_response_route(response, 0);
    double executors_ms = 0;
    profile->server_ms = route_ms(&gateway);
    profile->executors = calloc(count, sizeof *profile->executors);
    for (size_t i = 1; i < count && profile->executors != NULL; i++) {
        sluice_route route = sluice_response_route(response, i);
        char *name = strndup(route.executor.data, route.executor.size);
        if (name == NULL)
            return sluice_fail(error, SLUICE_NO_MEMORY, "profile", "no memory for a profile");
        profile->executors[profile->executor_count++] = (sluice_profile_executor){name, route_ms(&route)};
        executors_ms += route_ms(&route);
    }
    if (profile->executors == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "profile", "no memory for a profile");
    profile->client_server_network_ms = profile->roundtrip_ms - profile->server_ms;
    profile->gateway_executors_network_ms = profile->server_ms - executors_ms;
    return SLUICE_OK;
}

/* One empty document; each document has an id. */
static sluice_document_array *one_document(void)
{
    char id[TEXT_ID_SIZE + 1];
    sluice_document_array *array = sluice_document_array_new();
    sluice_document *document = array != NULL ? sluice_document_array_append(array) : NULL;
    text_random_id(id);
    if (document == NULL || sluice_document_set_id(document, id, TEXT_ID_SIZE) != SLUICE_OK) {
        sluice_document_array_free(array);
        return NULL;
    }
    return array;
}

sluice_status sluice_client_profile(sluice_client *client, const sluice_post_options *given,
                                    sluice_profile *ret_profile, sluice_error *error)
{
    sluice_post_options options;
    sluice_profile profile = {0};
    sluice_results *results = NULL;
    sluice_status status = options_post(given, &options, error);
    if (status != SLUICE_OK)
        return status;
    sluice_document_array *array = one_document();
    if (array == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "profile", "no memory for a document");
    options.return_responses = true;
    options.on_done = options.on_always = NULL;
    options.on_error = NULL;
    options.max_attempts = 1;
    uint64_t started_ns = clock_monotonic_ns();
    status = sluice_client_post(client, "/", sluice_inputs_array(array), &options, &results, error);
    profile.roundtrip_ms = (double)(clock_monotonic_ns() - started_ns) / (double)CLOCK_NS_PER_MS;
    sluice_document_array_free(array);
    if (status == SLUICE_OK)
        status = measure(sluice_results_response(results, 0), &profile, error);
    sluice_results_free(results);
    if (status != SLUICE_OK) {
        sluice_profile_done(&profile);
        return status;
    }
    *ret_profile = profile;
    return SLUICE_OK;
}

void sluice_profile_done(sluice_profile *profile)
{
    for (size_t i = 0; i < profile->executor_count; i++)
        free(profile->executors[i].name);
    free(profile->executors);
    *profile = (sluice_profile){0};
}

static void print_line(FILE *file, const char *branch, const char *label, double ms, double whole)
{
    fprintf(file, "%s%s  %.1f ms  %.0f%%\n", branch, label, ms, whole > 0 ? ms * 100 / whole : 0);
}

void sluice_profile_print(const sluice_profile *profile, FILE *file)
{
    print_line(file, "", "Roundtrip", profile->roundtrip_ms, profile->roundtrip_ms);
    print_line(file, "├── ", "Client-server network", profile->client_server_network_ms, profile->roundtrip_ms);
    print_line(file, "└── ", "Server", profile->server_ms, profile->roundtrip_ms);
    print_line(file, profile->executor_count > 0 ? "    ├── " : "    └── ", "Gateway-executors network",
               profile->gateway_executors_network_ms, profile->server_ms);
    for (size_t i = 0; i < profile->executor_count; i++)
        print_line(file, i + 1 < profile->executor_count ? "    ├── " : "    └── ", profile->executors[i].name,
                   profile->executors[i].ms, profile->server_ms);
}

void sluice_response_print_routes(const sluice_response *response, FILE *file)
{
    sluice_route first = sluice_response_route(response, 0);
    fprintf(file, "  %-24s %10s %10s\n", "executor", "start ms", "took ms");
    for (size_t i = 0; i < sluice_response_route_count(response); i++) {
        sluice_route route = sluice_response_route(response, i);
        fprintf(file, "%s %-24.*s %10.1f ",
                route.code != 0 ? "x"
                : route.ended   ? "+"
                                : "-",
                (int)(route.executor.size < 200 ? route.executor.size : 200), route.executor.data,
                route.started ? milliseconds(first.start_ns, route.start_ns) : 0);
        if (route.ended)
            fprintf(file, "%10.1f", route_ms(&route));
        else
            fprintf(file, "%10s", "passed by");
        if (route.code != 0)
            fprintf(file, "  %.*s", (int)(route.description.size < 400 ? route.description.size : 400),
                    route.description.data);
        fputc('\n', file);
    }
}
