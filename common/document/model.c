#include "common/document/model.h"
#include "common/foundation/text.h"

static size_t or_default(size_t value, size_t fallback)
{
    return value > 0 ? value : fallback;
}

static void set_limits(struct model *model, const sluice_limits *limits)
{
    static const sluice_limits none;
    if (limits == NULL)
        limits = &none;
    model->depth_max = or_default(limits->depth, SLUICE_DEFAULT_DEPTH);
    if (model->depth_max > MODEL_DEPTH_MAX)
        model->depth_max = MODEL_DEPTH_MAX;
    model->documents_max = or_default(limits->documents, SLUICE_DEFAULT_DOCUMENTS);
    model->elements_max = or_default(limits->elements, SLUICE_DEFAULT_ELEMENTS);
    model->bytes_max = or_default(limits->bytes, SLUICE_DEFAULT_BYTES);
}

struct model *model_new_in(struct arena *arena, const sluice_limits *limits)
{
    struct model *model = arena_zalloc(arena, sizeof *model);
    if (model != NULL) {
        model->arena = arena;
        set_limits(model, limits);
    }
    return model;
}

struct model *model_new(size_t first_size, const sluice_limits *limits)
{
    size_t bytes = or_default(limits != NULL ? limits->bytes : 0, SLUICE_DEFAULT_BYTES);
    if (first_size > bytes)
        first_size = bytes;
    struct arena *arena = arena_new(first_size, bytes);
    struct model *model = arena != NULL ? model_new_in(arena, limits) : NULL;
    if (model == NULL)
        arena_free(arena);
    return model;
}

void model_free(struct model *model)
{
    arena_free(model->arena);
}

sluice_status model_add_elements(struct model *model, size_t count)
{
    if (count > model->elements_max - model->elements)
        return SLUICE_LIMIT;
    model->elements += count;
    return SLUICE_OK;
}

sluice_status model_add_document(struct model *model)
{
    if (model->documents >= model->documents_max)
        return SLUICE_LIMIT;
    model->documents++;
    return SLUICE_OK;
}

sluice_status model_copy_text(struct model *model, const void *data, size_t size, sluice_text *ret_text)
{
    if (size == 0) {
        *ret_text = (sluice_text){.data = ""};
        return SLUICE_OK;
    }
    const char *copy = arena_copy(model->arena, data, size);
    if (copy == NULL)
        return arena_failure(model->arena);
    *ret_text = (sluice_text){.data = copy, .size = size};
    return SLUICE_OK;
}

sluice_status model_copy_utf8(struct model *model, const void *data, size_t size, sluice_text *ret_text)
{
    if (size > 0 && !text_is_utf8(data, size))
        return SLUICE_INVALID;
    return model_copy_text(model, data, size, ret_text);
}

sluice_status model_grow(struct model *model, void *items, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return SLUICE_OK;
    size_t larger = *capacity > 0 ? *capacity * 2 : 4, bytes;
    if (__builtin_mul_overflow(larger, size, &bytes))
        return SLUICE_LIMIT;
    void *grown = arena_alloc(model->arena, bytes), *old;
    if (grown == NULL)
        return arena_failure(model->arena);
    memcpy(&old, items, sizeof old); /* `items` is the address of some pointer */
    if (count > 0)
        memcpy(grown, old, count * size);
    memcpy(items, &grown, sizeof grown);
    *capacity = larger;
    return SLUICE_OK;
}

sluice_status model_keep_unknown(struct model *model, struct unknown **unknown, const void *data, size_t size)
{
    struct unknown *first = *unknown;
    if (first != NULL && first->last->data + first->last->size == data) {
        first->last->size += size; /* the next field of the same message */
        first->total += size;
        return SLUICE_OK;
    }
    if (model_add_elements(model, 1) != SLUICE_OK)
        return SLUICE_LIMIT;
    struct unknown *added = arena_alloc(model->arena, sizeof *added);
    if (added == NULL)
        return arena_failure(model->arena);
    *added = (struct unknown){.last = added, .data = data, .size = size, .total = size};
    if (first == NULL) {
        *unknown = added;
    } else {
        first->last->next = added;
        first->last = added;
        first->total += size;
    }
    return SLUICE_OK;
}

sluice_status model_copy_unknown(struct model *model, struct unknown **unknown, const struct unknown *other)
{
    for (; other != NULL; other = other->next) {
        const void *copy = arena_copy(model->arena, other->data, other->size);
        if (copy == NULL)
            return arena_failure(model->arena);
        sluice_status status = model_keep_unknown(model, unknown, copy, other->size);
        if (status != SLUICE_OK)
            return status;
    }
    return SLUICE_OK;
}
