#include "common/flow/description.h"

#include <math.h>
#include <string.h>

static const char *const types[] = {"any", "bool", "integer", "number", "string", "list", "map", NULL};
static const char *const type_words[] = {"anything", "true or false", "an integer", "a number",
                                         "a text",   "a list",        "a map"};
enum { TYPE_ANY, TYPE_BOOL, TYPE_INTEGER, TYPE_NUMBER, TYPE_STRING, TYPE_LIST, TYPE_MAP };

static int type_of(const sluice_value *parameter)
{
    sluice_text name = sluice_value_string(sluice_value_get(parameter, "type"));
    for (int i = 0; types[i] != NULL; i++)
        if (sluice_text_is(name, types[i]))
            return i;
    return -1;
}

static bool is_list_of_named(const sluice_value *list)
{
    for (size_t i = 0; i < sluice_value_size(list); i++)
        if (sluice_value_string(sluice_value_get(sluice_value_at(list, i), "name")).size == 0)
            return false;
    return true;
}

static const char *fault_of(const sluice_value *description)
{
    const sluice_value *handlers = sluice_value_get(description, "handlers");
    const sluice_value *parameters = sluice_value_get(description, "parameters");
    if (sluice_value_string(sluice_value_get(description, "name")).size == 0)
        return "it has no \"name\"";
    if (sluice_value_kind_of(handlers) != SLUICE_VALUE_LIST || !is_list_of_named(handlers))
        return "\"handlers\" must be a list of maps with a \"name\"";
    if (sluice_value_kind_of(parameters) == SLUICE_VALUE_NULL)
        return NULL;
    if (sluice_value_kind_of(parameters) != SLUICE_VALUE_LIST || !is_list_of_named(parameters))
        return "\"parameters\" must be a list of maps with a \"name\"";
    for (size_t i = 0; i < sluice_value_size(parameters); i++)
        if (type_of(sluice_value_at(parameters, i)) < 0)
            return "a parameter has no known \"type\"";
    return NULL;
}

static sluice_status read_description(const char *text, size_t size, struct arena *arena, struct problems *problems,
                                      sluice_value **ret_description, sluice_error *error)
{
    static const struct flow_place nowhere = {.file = "(description)"};
    bool empty;
    struct node *root = node_read(text, size, nowhere, &node_limits_input, arena, problems, &empty);
    sluice_value *value = root != NULL && root->kind == NODE_MAP ? node_to_value(root, problems) : NULL;
    if (problems->no_memory) {
        sluice_value_free(value);
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a plugin's description");
    }
    struct flow_report report;
    const char *fault = "it is no JSON object";
    if (problems->count > 0 && problems_report(problems, &report) == SLUICE_OK)
        fault = report.problems[0].text;
    else if (value != NULL)
        fault = fault_of(value);
    if (fault == NULL) {
        *ret_description = value;
        return SLUICE_OK;
    }
    sluice_value_free(value);
    return sluice_fail(error, SLUICE_INVALID, NULL, "not a plugin's description: %s", fault);
}

sluice_status description_from_text(const char *text, size_t size, sluice_value **ret_description, sluice_error *error)
{
    struct arena *arena = arena_new(16 * 1024, (size_t)256 << 20);
    if (arena == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a plugin's description");
    struct problems problems;
    problems_init(&problems, arena);
    sluice_status status = read_description(text, size, arena, &problems, ret_description, error);
    problems_done(&problems);
    arena_free(arena);
    return status;
}

const char *description_name(const sluice_value *description, struct arena *arena)
{
    sluice_text name = sluice_value_string(sluice_value_get(description, "name"));
    return name.size > 0 ? arena_text_of(arena, name.data, name.size) : NULL;
}

static const sluice_value *find_named(const sluice_value *list, const char *name)
{
    for (size_t i = 0; i < sluice_value_size(list); i++)
        if (sluice_text_is(sluice_value_string(sluice_value_get(sluice_value_at(list, i), "name")), name))
            return sluice_value_at(list, i);
    return NULL;
}

/* The names of a list of maps, for suggestions. */
static const char *const *names_of(const sluice_value *list, struct problems *problems)
{
    static const char *const none[] = {NULL};
    const char **names = arena_alloc(problems->arena, (sluice_value_size(list) + 1) * sizeof *names);
    size_t used = 0;
    for (size_t i = 0; names != NULL && i < sluice_value_size(list); i++) {
        sluice_text name = sluice_value_string(sluice_value_get(sluice_value_at(list, i), "name"));
        const char *copy = arena_text_of(problems->arena, name.data, name.size);
        if (copy != NULL)
            names[used++] = copy;
    }
    if (names == NULL) {
        problems->no_memory = true;
        return none;
    }
    names[used] = NULL;
    return names;
}

/* Was it a text that coercion made something else? Then a parameter that wants a text gets the text. */
static bool has_text(const struct node *node)
{
    return node->kind == NODE_STRING || node->coerced;
}

static bool has_type(const struct node *node, int type)
{
    switch (type) {
    case TYPE_BOOL: return node->kind == NODE_BOOL;
    case TYPE_INTEGER:
        return node->kind == NODE_NUMBER && isfinite(node->number) && node->number == floor(node->number);
    case TYPE_NUMBER: return node->kind == NODE_NUMBER;
    case TYPE_STRING: return has_text(node);
    case TYPE_LIST: return node->kind == NODE_LIST;
    case TYPE_MAP: return node->kind == NODE_MAP;
    default: return true;
    }
}

static bool in_range(const struct node *node, const sluice_value *parameter, double *ret_minimum, double *ret_maximum)
{
    *ret_minimum = sluice_value_number(sluice_value_get(parameter, "minimum"), 0);
    *ret_maximum = sluice_value_number(sluice_value_get(parameter, "maximum"), 0);
    if (node->kind != NODE_NUMBER || !(*ret_minimum < *ret_maximum))
        return true;
    return node->number >= *ret_minimum && node->number <= *ret_maximum;
}

static bool among_choices(const struct node *node, const sluice_value *choices)
{
    if (sluice_value_size(choices) == 0 || !has_text(node))
        return true;
    for (size_t i = 0; i < sluice_value_size(choices); i++) {
        sluice_text choice = sluice_value_string(sluice_value_at(choices, i));
        if (choice.size == node->size && memcmp(choice.data, node->text, node->size) == 0)
            return true;
    }
    return false;
}

static const char *choices_text(const sluice_value *choices, struct problems *problems)
{
    const char *text = "";
    for (size_t i = 0; i < sluice_value_size(choices) && text != NULL; i++) {
        sluice_text choice = sluice_value_string(sluice_value_at(choices, i));
        text = arena_printf(problems->arena, "%s%s\"%.*s\"", text, i == 0 ? "" : ", ", (int)choice.size, choice.data);
    }
    if (text == NULL)
        problems->no_memory = true;
    return text != NULL ? text : "";
}

static const char *shown(const struct node *node)
{
    return node->text != NULL && node->size <= 60 ? node->text : node_kind_name(node);
}

/* Reports what is wrong with one given parameter; true if nothing is. */
static bool check_parameter(const sluice_value *parameter, const struct node_entry *entry, const char *executor,
                            struct problems *problems)
{
    const struct node *node = entry->value;
    double minimum, maximum;
    int type = type_of(parameter);
    const sluice_value *choices = sluice_value_get(parameter, "choices");
    if (!has_type(node, type))
        problem_error(problems, node->place, "executor \"%s\": parameter \"%s\" must be %s, not %s%s", executor,
                      entry->key, type_words[type], shown(node),
                      type == TYPE_STRING && node->kind == NODE_NUMBER ? " (in quotes it is a text)" : "");
    else if (!in_range(node, parameter, &minimum, &maximum))
        problem_error(problems, node->place, "executor \"%s\": parameter \"%s\" must be from %.17g to %.17g, not %s",
                      executor, entry->key, minimum, maximum, shown(node));
    else if (!among_choices(node, choices))
        problem_error(problems, node->place, "executor \"%s\": parameter \"%s\" must be one of %s, not \"%s\"",
                      executor, entry->key, choices_text(choices, problems), shown(node));
    else
        return true;
    return false;
}

static sluice_status put_parameter(sluice_value *map, const struct node_entry *entry, int type,
                                   struct problems *problems)
{
    if (type == TYPE_STRING && entry->value->text != NULL)
        return sluice_value_set_text(map, sluice_text_of(entry->key),
                                     (sluice_text){entry->value->text, entry->value->size});
    return node_into_value(entry->value, map, entry->key, problems);
}

static void report_unknown(const sluice_value *parameters, const struct node_entry *entry, const char *executor,
                           struct problems *problems)
{
    const char *const *names = names_of(parameters, problems);
    const char *suggestion = problem_suggestion(problems, entry->key, names);
    if (names[0] == NULL)
        suggestion = "; it takes none";
    problem_error(problems, entry->key_place, "executor \"%s\": the plugin has no parameter \"%s\"%s", executor,
                  entry->key, suggestion);
}

/* Null stands for "not given", unless the parameter takes anything. */
static bool is_given(const struct node *node, int type)
{
    return node != NULL && (node->kind != NODE_NULL || type == TYPE_ANY || (type == TYPE_STRING && node->coerced));
}

static sluice_status put_fallback(const sluice_value *parameter, const char *name, sluice_value *map,
                                  struct arena *scratch, struct problems *problems)
{
    static const struct flow_place nowhere = {.file = "(a plugin's default)"};
    const sluice_value *fallback = sluice_value_get(parameter, "fallback");
    if (sluice_value_kind_of(fallback) != SLUICE_VALUE_STRING)
        return SLUICE_OK;
    bool empty;
    sluice_text text = sluice_value_string(fallback);
    struct node *node = node_read(text.data, text.size, nowhere, &node_limits_input, scratch, problems, &empty);
    return node != NULL ? node_into_value(node, map, name, problems) : SLUICE_OK;
}

static sluice_status fill_fallbacks(const sluice_value *parameters, const struct node *with, sluice_value *map,
                                    const char *executor, struct flow_place place, struct arena *scratch,
                                    struct problems *problems)
{
    const char *const *names = names_of(parameters, problems);
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; names[i] != NULL && status == SLUICE_OK; i++) {
        const sluice_value *parameter = sluice_value_at(parameters, i);
        if (is_given(node_get(with, names[i]), type_of(parameter)))
            continue;
        sluice_text help = sluice_value_string(sluice_value_get(parameter, "help"));
        if (sluice_value_bool(sluice_value_get(parameter, "required"), false))
            problem_error(problems, place,
                          "executor \"%s\": the plugin's parameter \"%s\" is missing in uses_with%s%.*s", executor,
                          names[i], help.size > 0 ? ": " : "", (int)help.size, help.data);
        status = put_fallback(parameter, names[i], map, scratch, problems);
    }
    return status;
}

sluice_value *description_apply(const sluice_value *description, const struct node *with, const char *executor,
                                struct flow_place place, struct arena *scratch, struct problems *problems)
{
    const sluice_value *parameters = sluice_value_get(description, "parameters");
    if (sluice_value_kind_of(parameters) != SLUICE_VALUE_LIST)
        return node_to_value(with, problems);
    sluice_value *map = sluice_value_new_map();
    sluice_status status = map != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
    if (node_is_too_deep(with, problems))
        return map;
    for (size_t i = 0; with != NULL && i < with->count && status == SLUICE_OK; i++) {
        const struct node_entry *entry = &with->entries[i];
        const sluice_value *parameter = find_named(parameters, entry->key);
        if (parameter == NULL)
            report_unknown(parameters, entry, executor, problems);
        else if (is_given(entry->value, type_of(parameter)) && check_parameter(parameter, entry, executor, problems))
            status = put_parameter(map, entry, type_of(parameter), problems);
    }
    if (status == SLUICE_OK)
        status = fill_fallbacks(parameters, with, map, executor, place, scratch, problems);
    if (status == SLUICE_OK)
        return map;
    sluice_value_free(map);
    problems->no_memory = true;
    return NULL;
}

void description_check_requests(const sluice_value *description, const struct node *requests, const char *executor,
                                struct problems *problems)
{
    const sluice_value *handlers = sluice_value_get(description, "handlers");
    for (size_t i = 0; description != NULL && requests != NULL && i < requests->count; i++) {
        const struct node *value = requests->entries[i].value;
        if (value->text == NULL || find_named(handlers, value->text) != NULL)
            continue;
        problem_error(problems, value->place, "executor \"%s\": the plugin has no handler \"%s\" for \"%s\"%s",
                      executor, value->text, requests->entries[i].key,
                      problem_suggestion(problems, value->text, names_of(handlers, problems)));
    }
}
