/* Arrays of numbers from nested lists: the shape is checked first, then numpy's type is chosen while copying. */
#include "common/json/documents.h"
#include "common/json/numbers.h"

#include <stdio.h>

static const char no_array_type[] = "type_error";

/* What Python calls the type of a value. */
static const char *python_type(const struct json_node *node)
{
    switch (node->kind) {
    case JSON_BOOL: return "bool";
    case JSON_STRING: return "str";
    case JSON_OBJECT: return "dict";
    case JSON_NUMBER: return node->numbers == JSON_DOUBLES ? "float" : "int";
    default: return "int";
    }
}

/* Are all entries `depth` lists down lists of one length? *length is that length, set by the first. */
static bool uniform(const struct json_node *node, size_t depth, size_t *length, bool *seen)
{
    if (node->kind != JSON_ARRAY)
        return false;
    if (depth > 0) {
        if (node->is_row)
            return false;
        for (const struct json_node *item = node->first; item != NULL; item = item->next)
            if (!uniform(item, depth - 1, length, seen))
                return false;
        return true;
    }
    if (*seen && *length != node->count)
        return false;
    *seen = true;
    *length = node->count;
    return true;
}

struct shape_found {
    size_t sizes[NUMBERS_DIMENSIONS_MAX];
    size_t count;
};

static void find_shape(const struct json_node *node, struct shape_found *shape)
{
    size_t length;
    for (bool seen = false; shape->count < NUMBERS_DIMENSIONS_MAX; seen = false) {
        if (!uniform(node, shape->count, &length, &seen) || !seen)
            return;
        shape->sizes[shape->count++] = length;
    }
}

/* Does a list stand where all dimensions are used up? */
static bool any_list_at(const struct json_node *node, size_t depth)
{
    if (node->kind != JSON_ARRAY)
        return false;
    if (depth == 0)
        return true;
    if (!node->is_row)
        for (const struct json_node *item = node->first; item != NULL; item = item->next)
            if (any_list_at(item, depth - 1))
                return true;
    return false;
}

static bool any_text(const struct json_node *node)
{
    if (node->kind == JSON_ARRAY && !node->is_row)
        for (const struct json_node *item = node->first; item != NULL; item = item->next)
            if (any_text(item))
                return true;
    return node->kind == JSON_STRING;
}

/* numpy's sentence. */
static bool ragged(struct documents_reading *reading, const struct shape_found *shape, const struct json_path *path)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_printf(&text,
                  "setting an array element with a sequence. The requested array has an inhomogeneous shape after %zu "
                  "dimensions. The detected shape was (",
                  shape->count);
    for (size_t i = 0; i < shape->count; i++)
        buffer_printf(&text, i == 0 ? "%zu" : ", %zu", shape->sizes[i]);
    buffer_append_text(&text, shape->count == 1 ? ",) + inhomogeneous part." : ") + inhomogeneous part.");
    const char *message = arena_text(reading->findings.arena, buffer_text(&text));
    reading->findings.failed |= message == NULL || text.failed != SLUICE_OK;
    buffer_done(&text);
    return finding_add(&reading->findings, path, message != NULL ? message : "", "value_error");
}

bool array_check(struct documents_reading *reading, const struct json_node *node, const struct json_path *path)
{
    bool number = node->kind == JSON_NUMBER || node->kind == JSON_BOOL;
    if (number && reading->as_given) /* the Python client sends arrays without dimensions so, but does not read them */
        return true;
    if (node->kind != JSON_ARRAY) {
        const char *message = arena_printf(reading->findings.arena, "can not determine the array type: ['builtins'].%s",
                                           python_type(node));
        reading->findings.failed |= message == NULL;
        return finding_add(&reading->findings, path, message != NULL ? message : "", no_array_type);
    }
    if (node->is_row)
        return true;
    struct shape_found shape = {.count = 0};
    find_shape(node, &shape);
    if (shape.count < NUMBERS_DIMENSIONS_MAX && any_list_at(node, shape.count))
        return ragged(reading, &shape, path);
    if (any_text(node))
        return finding_add(&reading->findings, path, "an array of numbers is expected, text stands in it",
                           no_array_type);
    return true;
}

static const char *add(struct numbers *numbers, const struct json_node *node)
{
    switch (node->kind) {
    case JSON_BOOL: return numbers_add_bool(numbers, node->boolean);
    case JSON_NUMBER: return numbers_add(numbers, node->numbers, &node->bits, 1);
    case JSON_ARRAY: break;
    case JSON_BIG_INTEGER: return "an integer inside is larger than 64 bits";
    default: return "something inside is no number";
    }
    const char *problem = numbers_begin(numbers);
    if (problem == NULL && node->is_row)
        problem = numbers_add(numbers, node->numbers, node->values, node->count);
    if (!node->is_row)
        for (const struct json_node *item = node->first; problem == NULL && item != NULL; item = item->next)
            problem = add(numbers, item);
    return problem != NULL ? problem : numbers_end(numbers);
}

/* A flat list of numbers: its values stay where the reader put them. */
static bool build_row(struct documents_reading *reading, const struct json_node *node, struct ndarray **ret_array)
{
    static const sluice_dtype dtypes[] = {[JSON_INTEGERS] = SLUICE_DTYPE_INT64,
                                          [JSON_UNSIGNED] = SLUICE_DTYPE_UINT64,
                                          [JSON_DOUBLES] = SLUICE_DTYPE_FLOAT64};
    if (node->count > UINT32_MAX)
        return build_problem(reading, SLUICE_INVALID, "it is too large");
    struct model *model = reading->model;
    struct ndarray *array = arena_zalloc(model->arena, sizeof *array);
    struct dense *dense = arena_zalloc(model->arena, sizeof *dense);
    if (array == NULL || dense == NULL)
        return build_status(reading, arena_failure(model->arena));
    array->dense = dense;
    array->class_name = sluice_text_of("numpy");
    dense->dtype = sluice_text_of(sluice_dtype_name(dtypes[node->numbers]));
    dense->buffer = (sluice_text){.data = node->values, .size = node->count * sizeof(uint64_t)};
    *ret_array = array;
    return build_status(reading, shape_append(model, &dense->shape, (uint32_t)node->count));
}

bool array_build(struct documents_reading *reading, const struct json_node *node, struct ndarray **ret_array)
{
    if (node->is_row)
        return build_row(reading, node, ret_array);
    struct numbers numbers;
    sluice_tensor tensor;
    sluice_status status = SLUICE_OK;
    numbers_init(&numbers, reading->model->bytes_max);
    const char *problem = add(&numbers, node);
    if (problem == NULL) {
        numbers_tensor(&numbers, &tensor);
        *ret_array = ndarray_new(reading->model, &tensor, &status);
    }
    numbers_done(&numbers);
    return problem == NULL
               ? build_status(reading, status)
               : build_problem(reading, SLUICE_INVALID, "the array of numbers cannot be built: %s", problem);
}
