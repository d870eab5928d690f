/* Arrays of documents. */
#include "common/document/model.h"

enum { ROOT_SIZE = 4096 }; /* first memory of an array that is built */

/* Making */

sluice_document *document_new(struct model *model, size_t level, sluice_status *ret_status)
{
    *ret_status = SLUICE_LIMIT;
    if (level > model->depth_max || model_add_document(model) != SLUICE_OK)
        return NULL;
    sluice_document *document = arena_zalloc(model->arena, sizeof *document);
    if (document == NULL) {
        model->documents--;
        *ret_status = arena_failure(model->arena);
        return NULL;
    }
    document->model = model;
    document->level = level;
    *ret_status = SLUICE_OK;
    return document;
}

sluice_document_array *array_new_nested(struct model *model, size_t level, sluice_status *ret_status)
{
    *ret_status = SLUICE_LIMIT;
    if (level > model->depth_max)
        return NULL;
    sluice_document_array *array = arena_zalloc(model->arena, sizeof *array);
    *ret_status = array != NULL ? SLUICE_OK : arena_failure(model->arena);
    if (array != NULL) {
        array->model = model;
        array->level = level;
    }
    return array;
}

static sluice_document_array *root_of(struct model *model)
{
    if (model == NULL)
        return NULL;
    sluice_status status;
    sluice_document_array *array = array_new_nested(model, 1, &status);
    model->owner = array;
    if (array == NULL)
        model_free(model);
    return array;
}

sluice_document_array *array_new_root(const sluice_limits *limits, size_t first_size)
{
    return root_of(model_new(first_size, limits));
}

sluice_document_array *array_new_root_in(struct arena *arena, const sluice_limits *limits)
{
    struct model *model = arena != NULL ? model_new_in(arena, limits) : NULL;
    if (model == NULL)
        arena_free(arena);
    return root_of(model);
}

sluice_document_array *sluice_document_array_new(void)
{
    return array_new_root(NULL, ROOT_SIZE);
}

sluice_document_array *sluice_document_array_new_with(const sluice_limits *limits)
{
    return array_new_root(limits, ROOT_SIZE);
}

void sluice_document_array_free(sluice_document_array *array)
{
    if (array != NULL && array->model->owner == array)
        model_free(array->model);
}

/* What a document holds, to be given back to the bounds when it goes. */

static size_t count_documents(const sluice_document *document);

static size_t count_nested(const sluice_document_array *array)
{
    size_t count = 0;
    for (size_t i = 0; array != NULL && i < array->count; i++)
        count += count_documents(array->items[i]);
    return count;
}

static size_t count_documents(const sluice_document *document)
{
    return 1 + count_nested(document->chunks) + count_nested(document->matches);
}

static size_t count_elements(const sluice_document *document)
{
    size_t count = document->location_count + ndarray_elements(document->tensor) +
                   ndarray_elements(document->embedding) + value_elements(document->tags) +
                   value_elements(document->metadata) + scores_size(document->scores) +
                   scores_size(document->evaluations);
    const sluice_document_array *nested[] = {document->chunks, document->matches};
    for (size_t which = 0; which < 2; which++)
        for (size_t i = 0; nested[which] != NULL && i < nested[which]->count; i++)
            count += count_elements(nested[which]->items[i]);
    return count;
}

static void release(const sluice_document *document)
{
    document->model->documents -= count_documents(document);
    document->model->elements -= count_elements(document);
}

/* Reading */

size_t sluice_document_array_size(const sluice_document_array *array)
{
    return array->count;
}

sluice_document *sluice_document_array_at(const sluice_document_array *array, size_t index)
{
    return index < array->count ? array->items[index] : NULL;
}

static sluice_text id_at(const void *owner, size_t position)
{
    return text_or_empty(((const sluice_document_array *)owner)->items[position]->id);
}

static bool is_indexed(sluice_document_array *array)
{
    struct model *model = array->model;
    if (array->indexed && array->indexed_changes == model->id_changes)
        return true;
    array->indexed = text_index_build(&array->index, model->arena, array->count, id_at, array) == SLUICE_OK;
    array->indexed_changes = model->id_changes;
    return array->indexed;
}

sluice_document *sluice_document_array_find(sluice_document_array *array, sluice_text id)
{
    id = text_or_empty(id);
    if (array->count > TEXT_INDEX_FROM && is_indexed(array)) {
        size_t position = text_index_find(&array->index, id, id_at, array);
        return position != TEXT_INDEX_NONE ? array->items[position] : NULL;
    }
    for (size_t i = 0; i < array->count; i++)
        if (text_same(array->items[i]->id, id))
            return array->items[i];
    return NULL;
}

/* Changing */

sluice_status array_attach(sluice_document_array *array, sluice_document *document)
{
    sluice_status status =
        model_grow(array->model, &array->items, &array->capacity, array->count, sizeof *array->items);
    if (status == SLUICE_OK) {
        array->items[array->count++] = document;
        array->indexed = false;
    }
    return status;
}

sluice_document *array_add(sluice_document_array *array, sluice_status *ret_status)
{
    sluice_document *document = document_new(array->model, array->level, ret_status);
    if (document == NULL)
        return NULL;
    *ret_status = array_attach(array, document);
    if (*ret_status != SLUICE_OK) {
        array->model->documents--;
        return NULL;
    }
    return document;
}

sluice_document *sluice_document_array_append(sluice_document_array *array)
{
    sluice_status status;
    return array_add(array, &status);
}

/* The copy is attached when it is complete, so a document may be copied into its own chunks. */
static sluice_status append_copy(sluice_document_array *array, const sluice_document *from, bool with_nested,
                                 sluice_document **ret_document)
{
    struct model *model = array->model;
    size_t documents = model->documents, elements = model->elements;
    sluice_status status;
    sluice_document *document = document_new(model, array->level, &status);
    if (status == SLUICE_OK)
        status = document_copy_into(document, from, with_nested);
    if (status == SLUICE_OK)
        status = array_attach(array, document);
    if (status != SLUICE_OK) {
        model->documents = documents;
        model->elements = elements;
        return status;
    }
    *ret_document = document;
    return SLUICE_OK;
}

sluice_document *sluice_document_array_append_copy(sluice_document_array *array, const sluice_document *document)
{
    sluice_document *copy = NULL;
    append_copy(array, document, true, &copy);
    return copy;
}

sluice_status sluice_document_array_extend(sluice_document_array *array, const sluice_document_array *other)
{
    size_t before = array->count, count = other->count; /* it may be the same array */
    for (size_t i = 0; i < count; i++) {
        sluice_document *copy;
        sluice_status status = append_copy(array, other->items[i], true, &copy);
        if (status == SLUICE_OK)
            continue;
        while (array->count > before)
            release(array->items[--array->count]);
        return status;
    }
    return SLUICE_OK;
}

sluice_document *sluice_document_array_insert(sluice_document_array *array, size_t index)
{
    if (index > array->count)
        return NULL;
    sluice_document *document = sluice_document_array_append(array);
    if (document == NULL)
        return NULL;
    memmove(&array->items[index + 1], &array->items[index], (array->count - 1 - index) * sizeof *array->items);
    array->items[index] = document;
    return document;
}

bool sluice_document_array_remove(sluice_document_array *array, size_t index)
{
    if (index >= array->count)
        return false;
    release(array->items[index]);
    array->count--;
    memmove(&array->items[index], &array->items[index + 1], (array->count - index) * sizeof *array->items);
    array->indexed = false;
    return true;
}

void sluice_document_array_clear(sluice_document_array *array)
{
    while (array->count > 0)
        release(array->items[--array->count]);
    array->indexed = false;
}

/* Walking */

struct walk {
    bool (*visit)(sluice_document *document, void *context);
    void *context;
};

/* Visits what the letters up to `end` lead to; false when stopped. */
static bool walk_path(const struct walk *walk, const sluice_document_array *array, const char *at, const char *end)
{
    while (at < end && *at == 'r')
        at++;
    for (size_t i = 0; i < array->count; i++) {
        sluice_document *document = array->items[i];
        bool go_on = at == end ? walk->visit(document, walk->context)
                               : walk_path(walk,
                                           *at == 'c' ? sluice_document_chunks(document)
                                                      : sluice_document_matches(document),
                                           at + 1, end);
        if (!go_on)
            return false;
    }
    return true;
}

sluice_status sluice_document_array_traverse(const sluice_document_array *array, const char *paths,
                                             bool (*visit)(sluice_document *document, void *context), void *context)
{
    if (paths[strspn(paths, "rcm,")] != '\0')
        return SLUICE_INVALID;
    struct walk walk = {.visit = visit, .context = context};
    for (const char *path = paths;; path++) {
        const char *end = path + strcspn(path, ",");
        if (!walk_path(&walk, array, path, end) || *end == '\0')
            return SLUICE_OK;
        path = end;
    }
}

static sluice_status flatten_into(sluice_document_array *flat, const sluice_document_array *array)
{
    for (size_t i = 0; i < array->count; i++) {
        const sluice_document *document = array->items[i];
        sluice_document *copy;
        sluice_status status = flatten_into(flat, sluice_document_chunks(document));
        if (status == SLUICE_OK)
            status = flatten_into(flat, sluice_document_matches(document));
        if (status == SLUICE_OK)
            status = append_copy(flat, document, false, &copy);
        if (status != SLUICE_OK)
            return status;
    }
    return SLUICE_OK;
}

sluice_status sluice_document_array_flatten(const sluice_document_array *array, sluice_document_array **ret_array)
{
    sluice_limits limits = {0};
    if (array->model != NULL) /* the shared empty array has none */
        limits = (sluice_limits){.depth = array->model->depth_max,
                                 .documents = array->model->documents_max,
                                 .elements = array->model->elements_max,
                                 .bytes = array->model->bytes_max};
    sluice_document_array *flat = array_new_root(&limits, ROOT_SIZE);
    if (flat == NULL)
        return SLUICE_NO_MEMORY;
    sluice_status status = flatten_into(flat, array);
    if (status == SLUICE_OK)
        *ret_array = flat;
    else
        sluice_document_array_free(flat);
    return status;
}
