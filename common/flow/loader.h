/*
 * loader.h - what the parts of flow_load() share. Internal to common/flow.
 *
 * load.c reads the top level and the graph, gateway.c the gateway, security.c its TLS, expose.c its exposed endpoints,
 * executor.c one executor, uses.c what its `uses` leads to.
 */
#ifndef SLUICE_FLOW_LOADER_H
#define SLUICE_FLOW_LOADER_H

#include "common/flow/graph.h"
#include "common/flow/keys.h"

enum { FLOW_EXECUTORS_MAX = 1000, FLOW_NAME_MAX = 64, FLOW_EXPOSED_MAX = 1000 };

struct described;

struct loader {
    const struct flow_options *options;
    const struct flow_source *source;
    struct arena *arena;   /* of the model */
    struct arena *scratch; /* of the tree; goes at the end of the load */
    struct problems *problems;
    const char *file;   /* for messages */
    const char *folder; /* absolute, base of relative paths */
    struct flow *flow;
    const struct node *root, *with;
    struct described *described; /* plugins asked for so far */
};

/* ---- load.c ---- */

/* A copy in the model's arena; NULL for NULL, or without memory (no_memory is then set). */
const char *loader_text(struct loader *loader, const char *text);

/* An absolute path: `path` itself, or below `folder`. */
const char *loader_absolute(struct loader *loader, const char *folder, const char *path);

/* A map of variables as NAME, value, …, NULL. Never NULL. */
const char *const *loader_env(struct loader *loader, const struct node *map);

/* A place whose file lives as long as the model. */
struct flow_place loader_place(struct loader *loader, struct flow_place place);

uint64_t loader_ns(const struct node *node, enum key_where where,
                   const char *key); /* from milliseconds; <= 0 gives 0 */

/* The `place: [line, column]` of a resolved Flow, else the section's own. */
struct flow_place loader_section_place(struct loader *loader, const struct node *section);

/* ---- gateway.c ---- */

void gateway_load(struct loader *loader, const struct node *gateway); /* NULL: no section */

/* A key of the gateway, or what it inherits; NULL: not given. */
const struct node *gateway_setting(const struct loader *loader, const struct node *gateway, const char *key);

/* ---- security.c ---- */

void security_load(struct loader *loader, const struct node *gateway);

/* ---- expose.c ---- */

/* `node` is the value of `expose_endpoints`, or NULL; the switches of `flow->gateway.http` are set. */
void expose_load(struct loader *loader, const struct node *node);

/* ---- executor.c ---- */

/* Read item `index`; `item` gets what the graph needs. False when it is no executor (reported, or the gateway's entry).
 */
bool executor_load(struct loader *loader, struct node *node, size_t index, struct flow_executor *executor,
                   struct graph_item *item);

/* ---- uses.c ---- */

/* What `uses` and its companions say, before the check against the plugin. */
struct uses {
    const char *written;    /* or NULL */
    const char *plugin;     /* absolute path, or NULL: BaseExecutor */
    const char *class_name; /* as written, or NULL: the plugin's own name */
    struct flow_place place;
    struct node *with, *requests, *metas; /* merged; never NULL */
    const sluice_value *description;      /* or NULL */
    bool failed;                          /* reported; the rest need not be checked */
};

/* Resolve `uses` of `executor` (an item). Problems name the executor `name`. */
void uses_load(struct loader *loader, const struct node *executor, const char *name, struct uses *ret_uses);

#endif
