/*
 * sluice/flow.h - run a Flow from a program: for tests, tools and services that bring their Flow along.
 *
 *     sluice_flow *flow;
 *     if (sluice_flow_start_file("flow.yml", NULL, &flow, &error) != SLUICE_OK) …
 *     sluice_flow_post(flow, "/", sluice_inputs_texts(texts, 2), NULL, &results, &error);
 *     sluice_flow_stop(flow, &error);
 *
 * or without a file:
 *
 *     sluice_flow_builder *builder = sluice_flow_builder_new();
 *     sluice_flow_builder_set(builder, "prefetch", "100");
 *     sluice_flow_builder_add(builder, "first", "tag", "uses_with", "{\"label\": \"a\"}", "workers", "2", NULL);
 *     sluice_flow_builder_start(builder, NULL, &flow, &error);
 *     sluice_flow_builder_free(builder);
 *
 * The Flow runs in processes of its own, under `sluice run`, which is found beside this library; a Flow that does not
 * say which port it wants gets a free one. It ends when it is stopped, and when this program ends, however it ends.
 *
 * Threads: starting and stopping belong to one thread at a time; everything else may be called from any thread. Use no
 * Flow in a child made by fork().
 */
#ifndef SLUICE_FLOW_H
#define SLUICE_FLOW_H

#include <sluice/client.h>

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sluice_flow sluice_flow;
typedef struct sluice_flow_builder sluice_flow_builder;

/* Start from sluice_flow_options_default(); a zeroed struct means the same. */
typedef struct sluice_flow_options {
    size_t struct_size;
    const char *const *overrides; /* "key=value" as for `sluice run --set`, ended by NULL; or NULL */
    double timeout_ready_seconds; /* until every process must be ready; 0: what the Flow says */
    double timeout_stop_seconds;  /* how long sluice_flow_stop() waits before it ends the Flow the hard way; 0: 30 */
    const char *log_file;         /* the log of the Flow is appended to this file; NULL: see log_fd */
    int log_fd;                   /* … or goes to this descriptor; 0: stderr */
} sluice_flow_options;

static inline sluice_flow_options sluice_flow_options_default(void)
{
    sluice_flow_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

/*
 * Start a Flow and wait until it is ready. NULL options: all defaults. Errors: what is wrong with the Flow (its place
 * is in `where`), or what one of its processes says (SLUICE_INVALID, SLUICE_EXECUTOR, SLUICE_TIMEOUT, …);
 * SLUICE_NOT_FOUND when `sluice` is not installed beside this library. After a failure nothing is left running.
 */
SLUICE_API sluice_status sluice_flow_start_file(const char *path, const sluice_flow_options *options,
                                                sluice_flow **ret_flow, sluice_error *error);

/* The same with the YAML itself. Relative paths in it start at the current folder. */
SLUICE_API sluice_status sluice_flow_start_text(const char *yaml, size_t size, const sluice_flow_options *options,
                                                sluice_flow **ret_flow, sluice_error *error);

/*
 * Stop as `sluice run` does on SIGTERM: requests inside are answered, then everything ends. Frees `flow` in any case;
 * NULL is fine. SLUICE_TIMEOUT: it had to be killed; SLUICE_EXECUTOR: it had ended by itself, or ended with a failure.
 */
SLUICE_API sluice_status sluice_flow_stop(sluice_flow *flow, sluice_error *error);

/* Where the gateway listens first: a port, and a host and a URI ("grpc://127.0.0.1:51234") to reach it by. The texts
 * live as long as the Flow. */
SLUICE_API int sluice_flow_port(const sluice_flow *flow);
SLUICE_API const char *sluice_flow_host(const sluice_flow *flow);
SLUICE_API const char *sluice_flow_uri(const sluice_flow *flow);

/* Each port of the gateway, in the order of the Flow. The texts live as long as the Flow. */
typedef struct sluice_flow_front {
    const char *protocol; /* "grpc", "http", "websocket" */
    const char *host;
    int port;
    bool tls;
    const char *uri; /* with the scheme of protocol and TLS: "grpc://…", "https://…", "ws://…" */
} sluice_flow_front;

SLUICE_API size_t sluice_flow_front_count(const sluice_flow *flow);
SLUICE_API sluice_flow_front sluice_flow_front_at(const sluice_flow *flow, size_t index); /* zeros beyond the end */

/* The first port and URI of a protocol, "http" say; 0 and NULL: the Flow has none. */
SLUICE_API int sluice_flow_port_of(const sluice_flow *flow, const char *protocol);
SLUICE_API const char *sluice_flow_uri_of(const sluice_flow *flow, const char *protocol);

/* The processes as they were when the Flow became ready: the gateway first. One that was restarted has another id. */
typedef struct sluice_flow_process {
    const char *name; /* "gateway", or the executor's */
    int replica;
    pid_t pid;
} sluice_flow_process;

SLUICE_API size_t sluice_flow_process_count(const sluice_flow *flow);
SLUICE_API sluice_flow_process sluice_flow_process_at(const sluice_flow *flow, size_t index); /* zeros beyond the end */
SLUICE_API pid_t sluice_flow_pid(const sluice_flow *flow); /* of `sluice run` itself */

/* A client of this Flow's first port, made on first use; it belongs to the Flow. With TLS it trusts the authorities of the
 * system; make one of your own with sluice_client_new() and sluice_flow_uri() to trust others. */
SLUICE_API sluice_status sluice_flow_client(sluice_flow *flow, sluice_client **ret_client, sluice_error *error);

/* sluice_client_post() with that client. */
SLUICE_API sluice_status sluice_flow_post(sluice_flow *flow, const char *on, sluice_inputs inputs,
                                          const sluice_post_options *options, sluice_results **ret_results,
                                          sluice_error *error);

/* ------------------------------------------------------------------------------------------------------------------
 * Building a Flow without a file. Every key of a Flow file can be given (docs/flow-yaml.md). Values are texts: JSON
 * where it is JSON (a number, true, "…", [..], {..}), a plain text otherwise. Variables (${{ ENV.X }}) are replaced as
 * in a file. What is wrong with keys and values is found at the start, as for a file. The functions return SLUICE_OK,
 * SLUICE_INVALID (a key that is no text, an odd number of them) or SLUICE_NO_MEMORY; the first failure is also that of
 * the start, so a program may check only there.
 */
SLUICE_API sluice_flow_builder *sluice_flow_builder_new(void);          /* NULL: no memory */
SLUICE_API void sluice_flow_builder_free(sluice_flow_builder *builder); /* NULL is fine */

/* A key of the Flow or its gateway: "port", "prefetch", "timeout_send", "workspace", … */
SLUICE_API sluice_status sluice_flow_builder_set(sluice_flow_builder *builder, const char *key, const char *value);

/*
 * An executor behind those added before. `name` NULL: a name is made; `uses`: a plugin's name or path, NULL: documents
 * pass through. Then keys and values in turn, ended by NULL: "workers", "4", "uses_with", "{\"label\": \"a\"}", NULL.
 */
SLUICE_API sluice_status sluice_flow_builder_add(sluice_flow_builder *builder, const char *name, const char *uses, ...)
    __attribute__((sentinel));
SLUICE_API sluice_status sluice_flow_builder_add_keys(sluice_flow_builder *builder, const char *name, const char *uses,
                                                      const char *const *keys_and_values); /* ended by NULL; or NULL */

/* The Flow as YAML, malloc()ed with a final NUL (free()). */
SLUICE_API sluice_status sluice_flow_builder_yaml(const sluice_flow_builder *builder, char **ret_yaml,
                                                  sluice_error *error);

SLUICE_API sluice_status sluice_flow_builder_start(const sluice_flow_builder *builder,
                                                   const sluice_flow_options *options, sluice_flow **ret_flow,
                                                   sluice_error *error);

#ifdef __cplusplus
}
#endif

#endif
