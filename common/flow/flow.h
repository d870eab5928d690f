/*
 * flow.h - a Flow after reading: the gateway's settings, the executors, the graph. Format: docs/flow-yaml.md.
 *
 * flow_load() turns YAML text into this model and finds every problem on the way; it opens no file and no plugin itself
 * but asks through the callbacks of struct flow_source. The model lives in one arena and is not changed afterwards, so
 * any number of threads may read it.
 */
#ifndef SLUICE_FLOW_FLOW_H
#define SLUICE_FLOW_FLOW_H

#include "common/foundation/arena.h"

#include <sluice/document.h>

#include <stdbool.h>

/* Where something stands in the source; line and column count from 1, 0: nowhere. */
struct flow_place {
    const char *file;
    unsigned line, column;
};

enum flow_severity { FLOW_WARNING, FLOW_ERROR };

struct flow_problem {
    enum flow_severity severity;
    struct flow_place place;
    const char *text; /* one sentence, with the suggestion */
};

enum flow_protocol { FLOW_GRPC, FLOW_HTTP, FLOW_WEBSOCKET };

enum { FLOW_FRONTS_MAX = 8 }; /* of one gateway */

/* A front of the gateway. */
struct flow_front {
    enum flow_protocol protocol;
    uint16_t port; /* 0: a free one */
};

/* Limits of the gateway (design, section 4, invariant 3). All settable on the gateway entry under these names. */
struct flow_limits {
    uint64_t max_message_bytes;        /* default 1 GiB */
    uint64_t max_bytes_in_flight;      /* default 2 GiB */
    uint32_t max_in_flight;            /* requests in all; default 16384 */
    uint32_t max_in_flight_per_client; /* requests of one connection; default 4096 */
    uint32_t max_queue_per_executor; /* requests that wait for one executor; default 32768, more than max_in_flight, so
                                        that streams are held back rather than refused */
    uint32_t max_depth;              /* nesting in parameters and documents; default SLUICE_DEFAULT_DEPTH */
    uint32_t max_header_bytes;       /* metadata of a call; default 64 KiB */
};

/* TLS to clients. Paths are absolute. */
struct flow_tls {
    const char *certfile; /* chain in PEM; NULL: no TLS */
    const char *keyfile;  /* its key in PEM; not NULL when certfile is not */
    const char *ca_certs; /* clients must have a certificate that one of these has signed; NULL: none is asked for */
};

/* Of the HTTP front, `path`s begin with a slash. */
struct flow_exposed_endpoint {
    const char *endpoint; /* of the executors */
    const char *path;
    const char *const *methods; /* upper case, at least one, NULL-ended */
    const char *summary;        /* NULL: none */
    const char *description;    /* NULL: none */
    const char *const *tags;    /* NULL-ended; by default "Customized" */
};

struct flow_http {
    const char *title, *description; /* never NULL */
    bool cors;
    bool no_debug_endpoints, no_crud_endpoints;
    bool expose_graphql_endpoint;
    bool compress_answers; /* our key: gzip to clients that accept it; default off */
    struct flow_exposed_endpoint *exposed;
    size_t exposed_count;
    uint32_t workers; /* our key `json_workers`: threads for JSON; 0: as many as cores, at most 8 */

    /* Our keys, limits of a connection: `http_head_timeout` and so on, docs/flow-yaml.md. None is 0 but body_rate. */
    uint64_t head_timeout_ns, idle_timeout_ns, body_timeout_ns, linger_timeout_ns;
    uint64_t body_rate; /* bytes per second; 0: none */
    uint32_t max_connections;
    uint32_t max_header_bytes; /* flow_limits.max_header_bytes, if smaller, holds */
};

struct flow_gateway {
    struct flow_place place;
    const char *name; /* "gateway" */
    const char *host; /* bind address; default 127.0.0.1 */
    struct flow_front *fronts;
    size_t front_count;
    uint32_t prefetch;         /* default 1000; 0: max_in_flight_per_client */
    uint64_t timeout_send_ns;  /* 0: none */
    uint64_t timeout_ready_ns; /* 0: for ever; default 600 s */
    uint64_t drain_timeout_ns; /* default 10 s */
    bool compatibility_3_5;    /* error code 3 instead of 1 */
    uint32_t threads;          /* our key: that serve a port; 0: the front's choice */
    struct flow_limits limits;
    struct flow_tls tls;
    struct flow_http http;
    const char *const *env; /* NAME, value, NAME, value, …, NULL; never NULL */
};

struct flow_executor {
    struct flow_place place;
    const char *name;   /* deployment name, "executor0" */
    const char *uses;   /* as written, for messages; NULL: BaseExecutor */
    const char *plugin; /* absolute path of the .so; NULL: documents pass through. Without find_plugin: as written */
    const char *class_name;        /* jtype or class as written, else the plugin's name, else "BaseExecutor" */
    const char *metas_name;        /* metas.name, else the class name: the workspace's folder, parameters by class */
    const char *description;       /* metas.description, or "" */
    const char *workspace;         /* base folder, absolute; NULL: the default */
    const sluice_value *uses_with; /* map; never NULL; checked and with defaults of the plugin's table */
    const sluice_value *uses_requests; /* map endpoint -> handler name; never NULL */
    const char *const *env;
    uint32_t workers;  /* default 1 */
    uint32_t replicas; /* 1 until replicas are built */
    uint64_t timeout_ready_ns;
    uint64_t stuck_timeout_ns; /* default 5 s */
    uint64_t window_bytes;     /* bytes of requests inside the executor; default 256 MiB */
    uint32_t window_requests;  /* default 128 */
    bool floating, external;
    size_t *needs; /* node numbers of predecessors, sorted by name; see struct flow_graph */
    size_t needs_count;
};

/*
 * Nodes are numbered: executor i is node i, FLOW_START and FLOW_END stand for the gateway's two ends. Edges of a node
 * are in the order of the YAML. `order` lists the executors so that each comes after all it needs.
 */
#define FLOW_START ((size_t)-1)
#define FLOW_END   ((size_t)-2)

struct flow_node {
    size_t *next; /* successors; FLOW_END among them for the last node */
    size_t next_count;
    size_t *previous; /* predecessors; FLOW_START among them */
    size_t previous_count;
};

struct flow_graph {
    struct flow_node *nodes; /* one per executor */
    size_t *origins;         /* nodes right behind the gateway */
    size_t origin_count;
    size_t *order;
    bool chain; /* every node has one predecessor and one successor: what this version runs */
};

enum flow_inspect_crash { FLOW_ON_CRASH_LOOP_KEEP, FLOW_ON_CRASH_LOOP_STOP };

struct flow {
    struct arena *arena;
    const char *name;      /* or NULL */
    const char *file;      /* for messages */
    const char *workspace; /* absolute, or NULL */
    enum flow_inspect_crash
        on_crash_loop;         /* `on_crash_loop: keep|stop`, default keep: the rest goes on, requests get 503 */
    uint32_t crash_loop_limit; /* deaths in a row before ready (or within 100 ms of it); default 5 */
    const char *const *env;
    struct flow_gateway gateway;
    struct flow_executor *executors;
    size_t executor_count;
    struct flow_graph graph;
};

/* What the checker asks for. All callbacks may be NULL: then files cannot be read and plugins are not looked at. */
struct flow_source {
    /* Contents of a file named in the YAML (an executor's own YAML), into `arena`. */
    sluice_status (*read_file)(void *context, const char *path, struct arena *arena, const char **ret_text,
                               size_t *ret_size, sluice_error *error);
    /* The absolute path of a plugin: `name` as written, `folder` of the YAML file. SLUICE_NOT_FOUND names the places
     * tried. */
    sluice_status (*find_plugin)(void *context, const char *name, const char *folder, struct arena *arena,
                                 const char **ret_path, sluice_error *error);
    /* What `sluice-executor --describe` prints for a plugin, as a JSON map (common/flow/description.h). */
    sluice_status (*describe)(void *context, const char *path, const sluice_value **ret_description,
                              sluice_error *error);
    /* Can the file be read? Its absolute path; the error says why not. */
    sluice_status (*check_file)(void *context, const char *path, sluice_error *error);
    void *context;
};

struct flow_options {
    const char *file; /* name for messages, and the base of relative paths; NULL: "(flow)" and the current folder */
    const char *const *environment; /* NAME=value, NULL-ended; NULL: none */
    const sluice_value *context;    /* for ${{ CONTEXT.x }}; NULL: none */
    const char *const *overrides;   /* key=value of --set, NULL-ended; NULL: none */
    bool resolved; /* the text comes from flow_write(): no substitution, no coercion, no plugin look-up */
};

/* All problems of one load, in the order of the source. */
struct flow_report {
    struct flow_problem *problems;
    size_t count, error_count;
};

/*
 * Read and check. On SLUICE_OK *ret_flow is the caller's (flow_free()) and the report has warnings only; on
 * SLUICE_INVALID the report has every error found. The report lives in *ret_report_arena, to be freed by the caller in
 * both cases. Other failures: SLUICE_NO_MEMORY.
 */
sluice_status flow_load(const char *text, size_t size, const struct flow_options *options,
                        const struct flow_source *source, struct flow **ret_flow, struct flow_report *ret_report,
                        struct arena **ret_report_arena);
struct flow *flow_free(struct flow *flow); /* NULL is fine; returns NULL */

/*
 * The Flow as YAML with everything in place (variables replaced, defaults filled in, plugins as absolute paths): what
 * the supervisor hands its children. flow_load() with `resolved` gives an equal model.
 */
struct buffer;
sluice_status flow_write(const struct flow *flow, struct buffer *buffer);

#endif
