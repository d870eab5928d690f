/*
 * Design notes: `uses` may be a text (plugin, class name, file, JSON) or a map. Each form ends in a "target": the name
 * to look up as a plugin, and perhaps a map in the form of an executor YAML. The maps of `uses_with`, `uses_metas` and
 * `uses_requests` are then laid over those of the executor YAML.
 */
#include "common/flow/loader.h"
#include "common/flow/substitute.h"

#include <string.h>

struct described {
    struct described *next;
    const char *path;
    const sluice_value *description; /* NULL: it failed */
};

struct target {
    const struct node *yaml; /* an executor YAML, or NULL */
    const char *folder;      /* of the YAML, absolute */
    const char *name;        /* as written in `uses` or `jtype`; NULL: BaseExecutor */
    const char *module;      /* the .so of py_modules, or NULL */
    const char *python;      /* a module that is no .so, or NULL */
    struct flow_place place;
};

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static bool is_yaml_file(const char *text)
{
    return ends_with(text, ".yml") || ends_with(text, ".yaml") || ends_with(text, ".jaml");
}

static bool is_plugin_path(const char *text)
{
    return ends_with(text, ".so") || strchr(text, '/') != NULL;
}

static bool is_yaml_text(const char *text)
{
    return text[0] == '{' || text[0] == '!' || strncmp(text, "jtype:", 6) == 0;
}

/* The folder of an absolute path. */
static const char *folder_of(struct loader *loader, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? "/" : arena_text_of(loader->scratch, path, (size_t)(slash - path));
}

/* ---- executor YAML ---- */

static const struct node *parse(struct loader *loader, const char *text, size_t size, struct flow_place place,
                                const char *const *environment, const char *executor)
{
    bool empty;
    struct node *root = node_read(text, size, place, &node_limits_input, loader->scratch, loader->problems, &empty);
    if (root == NULL || root->kind != NODE_MAP) {
        if (root != NULL || empty)
            problem_error(loader->problems, root != NULL ? root->place : place,
                          "executor \"%s\": an executor YAML is a map that starts with `jtype: NAME`", executor);
        return NULL;
    }
    struct substitution substitution = {.environment = environment,
                                        .context = environment != NULL ? loader->options->context : NULL,
                                        .arena = loader->scratch,
                                        .problems = loader->problems};
    substitute(root, &substitution);
    return root;
}

/* The file's name as the reader of a message can open it: beside the Flow's file as that was given. */
static const char *shown_path(struct loader *loader, const char *path)
{
    const char *file = loader->options->file, *slash = file != NULL ? strrchr(file, '/') : NULL;
    if (slash == NULL || path[0] == '/')
        return loader_text(loader, path);
    return arena_printf(loader->arena, "%.*s/%s", (int)(slash - file), file, path);
}

static const struct node *read_yaml_file(struct loader *loader, const struct node *uses, const char *executor,
                                         struct target *target)
{
    const char *path = loader_absolute(loader, loader->folder, uses->text), *text = NULL;
    static const char *const nothing[] = {NULL};
    const char *const *environment = loader->options->environment != NULL ? loader->options->environment : nothing;
    size_t size = 0;
    sluice_error error;
    if (path == NULL)
        return NULL;
    if (loader->source == NULL || loader->source->read_file == NULL) {
        problem_error(loader->problems, uses->place, "executor \"%s\": files such as \"%s\" cannot be read here",
                      executor, uses->text);
        return NULL;
    }
    if (loader->source->read_file(loader->source->context, path, loader->scratch, &text, &size, &error) != SLUICE_OK) {
        problem_error(loader->problems, uses->place, "executor \"%s\": the executor YAML \"%s\": %s", executor,
                      uses->text, error.text);
        return NULL;
    }
    target->folder = folder_of(loader, path);
    return parse(loader, text, size, (struct flow_place){.file = shown_path(loader, uses->text)}, environment,
                 executor);
}

static void check_yaml(struct loader *loader, const struct node *yaml)
{
    keys_check(yaml, KEY_EXECUTOR_YAML, "the executor YAML", false, loader->problems);
    keys_check(node_get(yaml, "metas"), KEY_METAS, "metas", false, loader->problems);
}

/* ---- the target ---- */

/* The .so among py_modules, which may be a text or a list. */
static void find_module(struct loader *loader, const struct node *modules, const char *executor, struct target *target)
{
    size_t count = modules == NULL ? 0 : modules->kind == NODE_LIST ? modules->count : 1;
    for (size_t i = 0; i < count; i++) {
        const struct node *module = modules->kind == NODE_LIST ? modules->items[i] : modules;
        if (module->text == NULL)
            continue;
        if (!ends_with(module->text, ".so")) {
            target->python = module->text;
            problem_warning(loader->problems, module->place,
                            "executor \"%s\": \"%s\" is no plugin (.so) and is ignored", executor, module->text);
        } else if (target->module != NULL) {
            problem_error(loader->problems, module->place,
                          "executor \"%s\": two plugins, \"%s\" and \"%s\"; an executor has one", executor,
                          target->module, module->text);
        } else {
            target->module = module->text;
        }
    }
}

static const struct {
    const char *prefix, *what;
} foreign[] = {
    {"docker://",  "a container"           },
    {"jinahub://", "an executor of the hub"},
    {"jinahub+",   "an executor of the hub"},
    {"jinaai://",  "an executor of the hub"},
    {"jinaai+",    "an executor of the hub"}
};

static bool report_foreign(struct loader *loader, const struct node *uses, const char *executor)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (strncmp(uses->text, foreign[i].prefix, strlen(foreign[i].prefix)) != 0)
            continue;
        problem_error(loader->problems, uses->place,
                      "executor \"%s\": \"%s\" is %s, which is not run here; name a plugin (.so)", executor, uses->text,
                      foreign[i].what);
        return true;
    }
    return false;
}

/* Sort `uses` into its forms. False: reported. */
static bool find_target(struct loader *loader, const struct node *uses, const char *executor, struct target *target)
{
    target->folder = loader->folder;
    if (uses == NULL || uses->kind == NODE_NULL)
        return true;
    target->place = uses->place;
    if (uses->kind == NODE_MAP) {
        target->yaml = uses;
    } else if (uses->text == NULL || memchr(uses->text, '\0', uses->size) != NULL || uses->kind == NODE_BOOL) {
        problem_error(loader->problems, uses->place,
                      "executor \"%s\": \"uses\" must be a plugin, a class name, a file or a map, not %s", executor,
                      node_kind_name(uses));
        return false;
    } else if (report_foreign(loader, uses, executor)) {
        return false;
    } else if (is_yaml_text(uses->text)) {
        target->yaml = parse(loader, uses->text, uses->size, uses->place, NULL, executor);
    } else if (is_yaml_file(uses->text)) {
        target->yaml = read_yaml_file(loader, uses, executor, target);
    } else {
        target->name = uses->text;
        return true;
    }
    if (target->yaml == NULL)
        return false;
    check_yaml(loader, target->yaml);
    target->name = keys_text(keys_get(target->yaml, KEY_EXECUTOR_YAML, "jtype"));
    if (target->name == NULL || target->name[0] == '\0')
        problem_error(loader->problems, target->yaml->place, "executor \"%s\": the executor YAML has no `jtype: NAME`",
                      executor);
    return target->name != NULL && target->name[0] != '\0';
}

/* ---- the plugin ---- */

static sluice_status look_up(struct loader *loader, const char *name, const char *folder, const char **ret_path,
                             sluice_error *error)
{
    const struct flow_source *source = loader->source;
    sluice_status status = source->find_plugin(source->context, name, folder, loader->arena, ret_path, error);
    if (status == SLUICE_NOT_FOUND && strcmp(folder, loader->folder) != 0)
        status = source->find_plugin(source->context, name, loader->folder, loader->arena, ret_path, NULL);
    return status;
}

static void find_plugin(struct loader *loader, const struct target *target, const char *executor, struct uses *uses)
{
    const char *name = target->module != NULL ? target->module : target->name;
    sluice_error error = {.text = ""};
    if (loader->source == NULL || loader->source->find_plugin == NULL) {
        uses->plugin = loader_text(loader, name);
        return;
    }
    if (look_up(loader, name, target->folder, &uses->plugin, &error) == SLUICE_OK)
        return;
    uses->failed = true;
    if (target->python != NULL)
        problem_error(
            loader->problems, uses->place,
            "executor \"%s\": %s; \"%s\" is Python, which is not run here: name a plugin, as in `py_modules: [x.so]`",
            executor, error.text, target->python);
    else
        problem_error(loader->problems, uses->place, "executor \"%s\": %s", executor, error.text);
}

static void describe(struct loader *loader, const char *executor, struct uses *uses)
{
    if (uses->failed || uses->plugin == NULL || loader->source == NULL || loader->source->describe == NULL)
        return;
    struct described *known = loader->described;
    while (known != NULL && strcmp(known->path, uses->plugin) != 0)
        known = known->next;
    if (known == NULL) {
        known = arena_zalloc(loader->scratch, sizeof *known);
        if (known == NULL) {
            loader->problems->no_memory = true;
            return;
        }
        known->path = uses->plugin;
        known->next = loader->described;
        loader->described = known;
        sluice_error error = {.text = "it cannot be opened"};
        if (loader->source->describe(loader->source->context, uses->plugin, &known->description, &error) != SLUICE_OK) {
            known->description = NULL;
            problem_error(loader->problems, uses->place, "executor \"%s\": plugin \"%s\": %s", executor, uses->plugin,
                          error.text);
        }
    }
    uses->description = known->description;
    uses->failed = known->description == NULL;
}

/* ---- maps laid over maps ---- */

/* The entries of `base` with those of `over` in their place or behind them. */
static struct node *laid_over(struct loader *loader, const struct node *base, const struct node *over,
                              struct flow_place place)
{
    struct node *map = node_new(loader->scratch, NODE_MAP, place);
    sluice_status status = map != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
    for (size_t i = 0; base != NULL && base->kind == NODE_MAP && i < base->count && status == SLUICE_OK; i++) {
        const struct node_entry *entry = node_entry(over, base->entries[i].key);
        if (entry == NULL)
            entry = &base->entries[i];
        status = node_add(loader->scratch, map, entry->key, entry->key_place, entry->value);
    }
    for (size_t i = 0; over != NULL && over->kind == NODE_MAP && i < over->count && status == SLUICE_OK; i++)
        if (node_entry(base, over->entries[i].key) == NULL)
            status = node_add(loader->scratch, map, over->entries[i].key, over->entries[i].key_place,
                              over->entries[i].value);
    if (status != SLUICE_OK)
        loader->problems->no_memory = true;
    return map;
}

static void lay_maps(struct loader *loader, const struct node *executor, const struct node *yaml, struct uses *uses)
{
    const struct node *over = keys_get(executor, KEY_EXECUTOR, "uses_with");
    uses->with = laid_over(loader, keys_get(yaml, KEY_EXECUTOR_YAML, "with"), over, uses->place);
    over = keys_get(executor, KEY_EXECUTOR, "uses_requests");
    uses->requests = laid_over(loader, keys_get(yaml, KEY_EXECUTOR_YAML, "requests"), over, uses->place);
    over = keys_get(executor, KEY_EXECUTOR, "uses_metas");
    keys_check(over, KEY_METAS, "uses_metas", false, loader->problems);
    uses->metas = laid_over(loader, keys_get(yaml, KEY_EXECUTOR_YAML, "metas"), over, uses->place);
}

/* A class name as written counts as the class; a path has the plugin's own name. */
static const char *written_class(struct loader *loader, const struct target *target)
{
    if (target->name == NULL)
        return "BaseExecutor";
    return is_plugin_path(target->name) ? NULL : loader_text(loader, target->name);
}

static void use_resolved(struct loader *loader, const struct node *executor, struct uses *uses)
{
    uses->written = loader_text(loader, keys_text(keys_get(executor, KEY_EXECUTOR, "uses")));
    uses->plugin = loader_text(loader, keys_text(keys_get(executor, KEY_EXECUTOR, "plugin")));
    uses->class_name = loader_text(loader, keys_text(keys_get(executor, KEY_EXECUTOR, "class_name")));
}

void uses_load(struct loader *loader, const struct node *executor, const char *name, struct uses *ret_uses)
{
    const struct node *written = node_get(executor, "uses");
    struct uses *uses = ret_uses;
    struct target target = {.place = executor->place};
    *uses = (struct uses){.place = written != NULL ? written->place : executor->place};
    if (loader->options->resolved) {
        use_resolved(loader, executor, uses);
        lay_maps(loader, executor, NULL, uses);
        return;
    }
    struct flow_place outer = loader->problems->anchor;
    loader->problems->anchor = uses->place;
    if (!find_target(loader, written, name, &target)) {
        uses->failed = true;
    } else {
        find_module(loader, keys_get(target.yaml, KEY_EXECUTOR_YAML, "py_modules"), name, &target);
        find_module(loader, keys_get(keys_get(target.yaml, KEY_EXECUTOR_YAML, "metas"), KEY_METAS, "py_modules"), name,
                    &target);
        bool from_yaml = target.module != NULL;
        find_module(loader, keys_get(executor, KEY_EXECUTOR, "py_modules"), name, &target);
        if (!from_yaml && target.module != NULL)
            target.folder = loader->folder;
        if (written != NULL && written->kind != NODE_NULL)
            uses->written = loader_text(loader, written->kind == NODE_MAP ? target.name : written->text);
        uses->class_name = written_class(loader, &target);
        if (target.name != NULL && strcmp(target.name, "BaseExecutor") != 0)
            find_plugin(loader, &target, name, uses);
        else if (target.module != NULL)
            problem_warning(
                loader->problems, uses->place,
                "executor \"%s\" passes documents through: \"%s\" is not used, as \"uses\" names no class of it", name,
                target.module);
        describe(loader, name, uses);
    }
    lay_maps(loader, executor, target.yaml, uses);
    loader->problems->anchor = outer;
}
