#include "common/flow/description.h"
#include "common/flow/loader.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool is_identifier(const char *text)
{
    if (text[0] == '\0' || (text[0] >= '0' && text[0] <= '9'))
        return false;
    for (; *text != '\0'; text++)
        if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9') ||
              *text == '_'))
            return false;
    return true;
}

/* The written name, or the default; an empty one counts as none. */
static const char *name_of(struct loader *loader, const struct node *node, size_t index)
{
    const struct node *written = keys_get(node, KEY_EXECUTOR, "name");
    const char *name = keys_text(written);
    if (name == NULL || name[0] == '\0') {
        name = arena_printf(loader->arena, "executor%zu", index);
        if (name == NULL)
            loader->problems->no_memory = true;
        return name;
    }
    if (!is_identifier(name))
        problem_error(
            loader->problems, written->place,
            "the name \"%s\" is invalid: a name has letters, digits and _ only, and does not start with a digit", name);
    else if (strlen(name) > FLOW_NAME_MAX)
        problem_error(loader->problems, written->place, "the name \"%.32s…\" is too long: at most %d characters", name,
                      FLOW_NAME_MAX);
    return loader_text(loader, name);
}

static void check_duplicate(struct loader *loader, const struct node *node, const char *name, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const struct flow_executor *other = &loader->flow->executors[i];
        if (other->name == NULL || strcmp(other->name, name) != 0)
            continue;
        const struct node *written = keys_get(node, KEY_EXECUTOR, "name");
        problem_error(loader->problems, written != NULL ? written->place : node->place,
                      "two executors are called \"%s\", the first at line %u; give this one another name", name,
                      other->place.line);
        return;
    }
}

static void read_needs(struct loader *loader, const struct node *node, struct graph_item *item)
{
    const struct node *needs = keys_get(node, KEY_EXECUTOR, "needs"), *method = keys_get(node, KEY_EXECUTOR, "method");
    size_t count = needs == NULL ? 0 : needs->kind == NODE_LIST ? needs->count : 1;
    struct graph_need *list = arena_alloc(loader->scratch, (count + 1) * sizeof *list);
    if (list == NULL) {
        loader->problems->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct node *need = needs->kind == NODE_LIST ? needs->items[i] : needs;
        list[i] = (struct graph_need){.name = need->text, .place = need->place};
    }
    item->needs = list;
    item->needs_count = count;
    item->join = method != NULL && strcasecmp(method->text, "needs") == 0;
    item->join_all = method != NULL && strcasecmp(method->text, "needs_all") == 0;
    if (method != NULL && strcasecmp(method->text, "inspect") == 0)
        problem_error(loader->problems, method->place, "executor \"%s\": `method: inspect` is known, but not built yet",
                      item->name);
    if (item->join_all && count > 0)
        problem_error(loader->problems, needs->place,
                      "executor \"%s\": `method: needs_all` takes no \"needs\"; it joins all open ends", item->name);
}

static uint32_t workers_of(struct loader *loader, const struct node *node)
{
    const struct node *own = keys_get(node, KEY_EXECUTOR, "workers");
    const struct node *own_concurrent = keys_get(node, KEY_EXECUTOR, "allow_concurrent");
    const struct node *workers = keys_get_inherited(node, loader->with, KEY_EXECUTOR, "workers");
    const struct node *concurrent = keys_get_inherited(node, loader->with, KEY_EXECUTOR, "allow_concurrent");
    bool cores = workers == NULL || (own == NULL && own_concurrent != NULL);
    if (cores && keys_bool(concurrent, false)) {
        long count = sysconf(_SC_NPROCESSORS_ONLN);
        return count < 1 ? 1 : count > 1024 ? 1024 : (uint32_t)count;
    }
    return (uint32_t)keys_integer(workers, KEY_EXECUTOR, "workers");
}

static uint64_t inherited_ns(struct loader *loader, const struct node *node, const char *key)
{
    return loader_ns(keys_get_inherited(node, loader->with, KEY_EXECUTOR, key), KEY_EXECUTOR, key);
}

static int64_t inherited_integer(struct loader *loader, const struct node *node, const char *key)
{
    return keys_integer(keys_get_inherited(node, loader->with, KEY_EXECUTOR, key), KEY_EXECUTOR, key);
}

static void read_settings(struct loader *loader, const struct node *node, struct flow_executor *executor)
{
    executor->env = loader_env(loader, keys_get(node, KEY_EXECUTOR, "env"));
    executor->workers = workers_of(loader, node);
    executor->replicas = (uint32_t)inherited_integer(loader, node, "replicas");
    executor->timeout_ready_ns = inherited_ns(loader, node, "timeout_ready");
    executor->stuck_timeout_ns = inherited_ns(loader, node, "stuck_timeout");
    executor->window_bytes = (uint64_t)inherited_integer(loader, node, "window_bytes");
    executor->window_requests = (uint32_t)inherited_integer(loader, node, "window_requests");
    executor->floating = keys_bool(keys_get(node, KEY_EXECUTOR, "floating"), false);
    executor->external = keys_bool(keys_get(node, KEY_EXECUTOR, "external"), false);
}

/* The executor's own, else the Flow's, else that of metas. */
static void read_workspace(struct loader *loader, const struct node *node, const struct uses *uses,
                           struct flow_executor *executor)
{
    const struct node *workspace =
        keys_get_inherited(node, loader->options->resolved ? NULL : loader->with, KEY_EXECUTOR, "workspace");
    if (workspace == NULL || workspace->size == 0)
        workspace = keys_get(uses->metas, KEY_METAS, "workspace");
    if (workspace != NULL && workspace->size > 0)
        executor->workspace = loader_absolute(loader, loader->folder, workspace->text);
}

/* Values are handler names; a coerced number or a list is none. */
static const struct node *checked_requests(struct loader *loader, struct node *requests, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < requests->count; i++) {
        struct node_entry *entry = &requests->entries[i];
        struct node *value = entry->value;
        if (value->kind == NODE_LIST || value->kind == NODE_MAP || value->text == NULL || value->size == 0 ||
            value->kind == NODE_NULL)
            problem_error(loader->problems, value->place,
                          "executor \"%s\": \"%s\" must be bound to the name of a handler, not to %s", name, entry->key,
                          node_kind_name(value));
        else if (entry->key[0] == '\0')
            problem_error(loader->problems, entry->key_place, "executor \"%s\": an endpoint must not be empty", name);
        else {
            value->kind = NODE_STRING;
            requests->entries[kept++] = *entry;
        }
    }
    requests->count = kept;
    return requests;
}

static void apply_uses(struct loader *loader, struct uses *uses, struct flow_executor *executor)
{
    struct problems *problems = loader->problems;
    const char *name = executor->name;
    executor->uses = uses->written;
    executor->plugin = uses->plugin;
    executor->class_name = uses->class_name;
    if (executor->class_name == NULL && uses->description != NULL)
        executor->class_name = description_name(uses->description, loader->arena);
    if (executor->class_name == NULL && uses->plugin != NULL) {
        const char *slash = strrchr(uses->plugin, '/'), *base = slash != NULL ? slash + 1 : uses->plugin;
        size_t size = strlen(base);
        executor->class_name =
            arena_text_of(loader->arena, base, size > 3 && strcmp(base + size - 3, ".so") == 0 ? size - 3 : size);
    }
    if (executor->class_name == NULL)
        executor->class_name = "BaseExecutor";
    struct flow_place outer = problems->anchor;
    problems->anchor = uses->place;
    const struct node *requests = checked_requests(loader, uses->requests, name);
    if (!uses->failed)
        description_check_requests(uses->description, requests, name, problems);
    executor->uses_requests = node_to_value(requests, problems);
    executor->uses_with = description_apply(uses->failed ? NULL : uses->description, uses->with, name, uses->place,
                                            loader->scratch, problems);
    problems->anchor = outer;
}

static void read_metas(struct loader *loader, const struct node *node, const struct uses *uses,
                       struct flow_executor *executor)
{
    bool resolved = loader->options->resolved;
    const struct node *name =
        resolved ? keys_get(node, KEY_EXECUTOR, "metas_name") : keys_get(uses->metas, KEY_METAS, "name");
    const struct node *description =
        resolved ? keys_get(node, KEY_EXECUTOR, "metas_description") : keys_get(uses->metas, KEY_METAS, "description");
    executor->description = description != NULL ? loader_text(loader, description->text) : "";
    executor->metas_name = name != NULL && name->size > 0 ? loader_text(loader, name->text) : executor->class_name;
}

bool executor_load(struct loader *loader, struct node *node, size_t index, struct flow_executor *executor,
                   struct graph_item *item)
{
    struct problems *problems = loader->problems;
    if (node->kind != NODE_MAP) {
        problem_error(problems, node->place,
                      node->kind == NODE_STRING
                          ? "a Deployment YAML in place of an executor is known, but not built yet"
                          : "an executor is a map, such as `{name: a, uses: echo}`");
        return false;
    }
    const char *name = name_of(loader, node, index);
    if (name == NULL)
        return false;
    if (strcmp(name, "gateway") == 0) {
        problem_warning(problems, node->place,
                        "an entry named \"gateway\" is skipped; the gateway's settings stand under \"gateway\"");
        return false;
    }
    const char *section = arena_printf(loader->scratch, "executor \"%s\"", name);
    keys_check(node, KEY_EXECUTOR, section != NULL ? section : "the executor", loader->options->resolved, problems);
    check_duplicate(loader, node, name, index);
    *executor = (struct flow_executor){.name = name, .place = loader_section_place(loader, node)};
    *item = (struct graph_item){.name = name, .place = node->place};
    read_settings(loader, node, executor);
    read_needs(loader, node, item);
    item->floating = executor->floating;
    struct uses uses;
    uses_load(loader, node, name, &uses);
    read_workspace(loader, node, &uses, executor);
    apply_uses(loader, &uses, executor);
    read_metas(loader, node, &uses, executor);
    return true;
}
