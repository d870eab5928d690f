/*
 * `expose_endpoints`: routes of the HTTP front for endpoints of executors. What the original silently never answers (a
 * path without its slash, a route behind one of the gateway's own) is said.
 */
#include "common/flow/loader.h"

#include <string.h>
#include <strings.h>

static const char *const keys[] = {"http_path", "methods", "summary", "description", "tags", NULL};
static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", NULL};

/* An entry of the map while it is read. */
struct entry {
    struct loader *loader;
    const char *endpoint;
    struct flow_place place; /* of the endpoint's name */
    const struct node *settings;
    bool failed;
};

static void fail(struct entry *entry, const struct node *node, const char *key, const char *wanted)
{
    entry->failed = true;
    problem_error(entry->loader->problems, node->place, "expose_endpoints \"%s\": \"%s\" must be %s, not %s",
                  entry->endpoint, key, wanted, node_kind_name(node));
}

static bool is_text(const struct node *node)
{
    return node->text != NULL && node->kind != NODE_NULL && memchr(node->text, '\0', node->size) == NULL;
}

/* The value under `key`; NULL when there is none, null included. */
static const struct node *value_of(const struct entry *entry, const char *key)
{
    const struct node *value = node_get(entry->settings, key);
    return value != NULL && value->kind == NODE_NULL ? NULL : value;
}

static const char *text_of(struct entry *entry, const char *key)
{
    const struct node *value = value_of(entry, key);
    if (value == NULL)
        return NULL;
    if (!is_text(value)) {
        fail(entry, value, key, "a text");
        return NULL;
    }
    return loader_text(entry->loader, value->text);
}

/* A text or a list of texts, NULL-ended; NULL when the key is not there or is wrong. */
static const char **texts_of(struct entry *entry, const char *key)
{
    const struct node *value = value_of(entry, key);
    if (value == NULL)
        return NULL;
    size_t count = value->kind == NODE_LIST ? value->count : 1;
    const char **texts = arena_zalloc(entry->loader->arena, (count + 1) * sizeof *texts);
    if (texts == NULL) {
        entry->loader->problems->no_memory = true;
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct node *item = value->kind == NODE_LIST ? value->items[i] : value;
        if (!is_text(item)) {
            fail(entry, item, key, "a text or a list of texts");
            return NULL;
        }
        texts[i] = loader_text(entry->loader, item->text);
    }
    return texts;
}

/* ---- methods ---- */

static const char *method_named(const char *name)
{
    for (const char *const *method = methods; *method != NULL; method++)
        if (strcasecmp(*method, name) == 0)
            return *method;
    return NULL;
}

static const char *const *methods_of(struct entry *entry)
{
    static const char *const usual[] = {"POST", NULL};
    const struct node *node = value_of(entry, "methods");
    const char **found = texts_of(entry, "methods");
    if (found == NULL)
        return usual;
    if (found[0] == NULL)
        fail(entry, node, "methods", "one method or more");
    for (size_t i = 0; found[i] != NULL; i++) {
        const char *method = method_named(found[i]);
        if (method == NULL) {
            entry->failed = true;
            problem_error(entry->loader->problems, node->place,
                          "expose_endpoints \"%s\": \"%s\" is no method of HTTP that can be exposed%s", entry->endpoint,
                          found[i], problem_suggestion(entry->loader->problems, found[i], methods));
            return usual;
        }
        found[i] = method;
    }
    return (const char *const *)found;
}

static bool has_method(const char *const *list, const char *method)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, method) == 0)
            return true;
    return false;
}

static const char *common_method(const char *const *a, const char *const *b)
{
    for (; *a != NULL; a++)
        if (has_method(b, *a))
            return *a;
    return NULL;
}

/* ---- paths ---- */

/* Characters that no path of a request can have as they are, or that mean something in a route. */
static bool is_path(const char *path)
{
    for (; *path != '\0'; path++)
        if ((unsigned char)*path <= ' ' || *path == 0x7F || strchr("?#{}", *path) != NULL)
            return false;
    return true;
}

/* False when the route can never be reached (said), or is wrong. */
static bool path_is_good(struct entry *entry, const char *path)
{
    struct problems *problems = entry->loader->problems;
    if (path[0] != '/') {
        problem_warning(problems, entry->place,
                        "expose_endpoints \"%s\": the path \"%s\" does not begin with a slash, so no request reaches "
                        "it; write \"/%s\"",
                        entry->endpoint, path, path);
        return false;
    }
    if (!is_path(path)) {
        entry->failed = true;
        problem_error(problems, entry->place,
                      "expose_endpoints \"%s\": the path \"%s\" has a character that no path may have: spaces, ?, #, { "
                      "and }",
                      entry->endpoint, path);
    }
    return !entry->failed;
}

/* The gateway's own routes come first, so one of the same path and method is never reached. */
static void warn_of_own_route(struct entry *entry, const struct flow_exposed_endpoint *exposed)
{
    if (entry->loader->options->resolved)
        return; /* said when the Flow was read the first time */
    const struct flow_http *http = &entry->loader->flow->gateway.http;
    bool debug = !http->no_debug_endpoints, crud = !http->no_crud_endpoints, graphql = http->expose_graphql_endpoint;
    const struct {
        const char *path, *method;
        bool there;
    } own[] = {
        {"/dry_run",      "GET",    debug  },
        {"/status",       "GET",    debug  },
        {"/post",         "POST",   debug  },
        {"/index",        "POST",   crud   },
        {"/search",       "POST",   crud   },
        {"/update",       "PUT",    crud   },
        {"/delete",       "DELETE", crud   },
        {"/graphql",      "GET",    graphql},
        {"/graphql",      "POST",   graphql},
        {"/openapi.json", "GET",    true   },
        {"/docs",         "GET",    true   },
        {"/redoc",        "GET",    true   },
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (own[i].there && strcmp(own[i].path, exposed->path) == 0 && has_method(exposed->methods, own[i].method) &&
            strcmp(exposed->endpoint, exposed->path) != 0)
            problem_warning(entry->loader->problems, entry->place,
                            "expose_endpoints \"%s\": %s %s is the gateway's own, so no request reaches this route",
                            entry->endpoint, own[i].method, own[i].path);
}

static void check_distinct(struct entry *entry, const struct flow_exposed_endpoint *exposed)
{
    const struct flow_http *http = &entry->loader->flow->gateway.http;
    for (size_t i = 0; i < http->exposed_count; i++) {
        const struct flow_exposed_endpoint *other = &http->exposed[i];
        const char *method =
            strcmp(other->path, exposed->path) == 0 ? common_method(other->methods, exposed->methods) : NULL;
        if (method != NULL)
            problem_error(entry->loader->problems, entry->place,
                          "expose_endpoints \"%s\": %s %s is exposed for \"%s\" already", entry->endpoint, method,
                          exposed->path, other->endpoint);
    }
}

/* ---- entries ---- */

static void warn_of_other_keys(const struct entry *entry)
{
    struct problems *problems = entry->loader->problems;
    for (size_t i = 0; i < entry->settings->count; i++) {
        const char *key = entry->settings->entries[i].key;
        bool known = false;
        for (const char *const *name = keys; *name != NULL; name++)
            known |= strcmp(*name, key) == 0;
        if (!known)
            problem_warning(problems, entry->settings->entries[i].key_place,
                            "expose_endpoints \"%s\": \"%s\" is ignored%s", entry->endpoint, key,
                            problem_suggestion(problems, key, keys));
    }
}

static void read_entry(struct entry *entry)
{
    static const char *const usual_tags[] = {"Customized", NULL};
    struct flow_http *http = &entry->loader->flow->gateway.http;
    warn_of_other_keys(entry);
    const char *path = text_of(entry, "http_path");
    const char **tags = texts_of(entry, "tags");
    struct flow_exposed_endpoint exposed = {
        .endpoint = loader_text(entry->loader, entry->endpoint),
        .path = path != NULL ? path : loader_text(entry->loader, entry->endpoint),
        .methods = methods_of(entry),
        .summary = text_of(entry, "summary"),
        .description = text_of(entry, "description"),
        .tags = tags != NULL ? (const char *const *)tags : usual_tags,
    };
    if (exposed.path == NULL || entry->failed || !path_is_good(entry, exposed.path))
        return;
    check_distinct(entry, &exposed);
    warn_of_own_route(entry, &exposed);
    http->exposed[http->exposed_count++] = exposed;
}

/* The map itself: the node, or what stands as JSON in a text. NULL: nothing, or reported. */
static const struct node *map_of(struct loader *loader, const struct node *node)
{
    if (node->kind == NODE_MAP)
        return node;
    bool empty;
    size_t errors = loader->problems->error_count;
    const struct node *map =
        node_read(node->text, node->size, node->place, &node_limits_input, loader->scratch, loader->problems, &empty);
    if (map != NULL && map->kind != NODE_MAP)
        problem_error(loader->problems, node->place,
                      "\"expose_endpoints\" must be a map of endpoints, or JSON of one, not %s", node_kind_name(map));
    return map != NULL && map->kind == NODE_MAP && loader->problems->error_count == errors ? map : NULL;
}

void expose_load(struct loader *loader, const struct node *node)
{
    static const struct node nothing = {.kind = NODE_MAP};
    struct flow_http *http = &loader->flow->gateway.http;
    const struct node *map = node != NULL ? map_of(loader, node) : NULL;
    if (map == NULL)
        return;
    if (map->count > FLOW_EXPOSED_MAX) {
        problem_error(loader->problems, node->place, "%zu exposed endpoints are too many: at most %d", map->count,
                      FLOW_EXPOSED_MAX);
        return;
    }
    http->exposed = arena_zalloc(loader->arena, (map->count + 1) * sizeof *http->exposed);
    if (http->exposed == NULL) {
        loader->problems->no_memory = true;
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct node *settings = map->entries[i].value;
        struct entry entry = {.loader = loader, .endpoint = map->entries[i].key, .place = map->entries[i].key_place};
        entry.settings = settings->kind == NODE_NULL ? &nothing : settings;
        if (entry.settings->kind != NODE_MAP)
            problem_error(loader->problems, settings->place,
                          "expose_endpoints \"%s\" must be a map of settings, which may be empty, not %s",
                          entry.endpoint, node_kind_name(settings));
        else
            read_entry(&entry);
    }
}
