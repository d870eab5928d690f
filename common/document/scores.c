/* Named scores: the fields `scores` and `evaluations` of a document. */
#include "common/document/model.h"

static sluice_text name_at(const void *owner, size_t position)
{
    return ((const struct scores *)owner)->entries[position].name;
}

static size_t position_of(const struct scores *scores, sluice_text name)
{
    if (scores == NULL)
        return TEXT_INDEX_NONE;
    if (scores->index.slots != NULL)
        return text_index_find(&scores->index, name, name_at, scores);
    for (size_t i = 0; i < scores->count; i++)
        if (text_same(scores->entries[i].name, name))
            return i;
    return TEXT_INDEX_NONE;
}

/* The entry of this name, added when it is missing; `name` is not copied. */
sluice_status scores_slot(struct model *model, struct scores **scores, sluice_text name, struct score_entry **ret_entry)
{
    if (*scores == NULL && (*scores = arena_zalloc(model->arena, sizeof **scores)) == NULL)
        return arena_failure(model->arena);
    struct scores *row = *scores;
    size_t position = position_of(row, name);
    if (position != TEXT_INDEX_NONE) {
        *ret_entry = &row->entries[position];
        return SLUICE_OK;
    }
    sluice_status status = model_grow(model, &row->entries, &row->capacity, row->count, sizeof *row->entries);
    if (status == SLUICE_OK)
        status = model_add_elements(model, 1);
    if (status != SLUICE_OK)
        return status;
    row->entries[row->count++] = (struct score_entry){.name = name};
    if (row->index.slots != NULL || row->count > TEXT_INDEX_FROM)
        status = text_index_add(&row->index, model->arena, row->count - 1, name_at, row);
    if (status != SLUICE_OK) {
        row->count--;
        model->elements--;
        return status;
    }
    *ret_entry = &row->entries[row->count - 1];
    return SLUICE_OK;
}

static sluice_status copy_score(struct model *model, const sluice_score *from, sluice_score *to)
{
    to->value = from->value;
    sluice_status status = model_copy_utf8(model, from->op_name.data, from->op_name.size, &to->op_name);
    if (status == SLUICE_OK)
        status = model_copy_utf8(model, from->description.data, from->description.size, &to->description);
    if (status == SLUICE_OK)
        status = model_copy_utf8(model, from->ref_id.data, from->ref_id.size, &to->ref_id);
    return status;
}

sluice_status scores_copy(struct model *model, const struct scores *from, struct scores **ret_scores)
{
    for (size_t i = 0; i < scores_size(from); i++) {
        const struct score_entry *entry = &from->entries[i];
        struct score_entry copy = {0}, *slot;
        sluice_status status = model_copy_text(model, entry->name.data, entry->name.size, &copy.name);
        if (status == SLUICE_OK)
            status = copy_score(model, &entry->score, &copy.score);
        if (status == SLUICE_OK)
            status = model_copy_unknown(model, &copy.unknown, entry->unknown);
        if (status == SLUICE_OK)
            status = scores_slot(model, ret_scores, copy.name, &slot);
        if (status != SLUICE_OK)
            return status;
        *slot = copy;
    }
    return SLUICE_OK;
}

static sluice_status set(struct model *model, struct scores **scores, sluice_text name, const sluice_score *score)
{
    struct score_entry made = {0}, *slot;
    sluice_status status = copy_score(model, score, &made.score);
    if (status == SLUICE_OK)
        status = model_copy_utf8(model, name.data, name.size, &made.name);
    if (status == SLUICE_OK)
        status = scores_slot(model, scores, made.name, &slot);
    if (status == SLUICE_OK)
        *slot = made;
    return status;
}

static void remove_score(struct model *model, struct scores *scores, sluice_text name)
{
    size_t position = position_of(scores, name);
    if (position == TEXT_INDEX_NONE)
        return;
    memmove(&scores->entries[position], &scores->entries[position + 1],
            (--scores->count - position) * sizeof *scores->entries);
    model->elements--;
    if (scores->index.slots != NULL) /* it has room already, so this needs no memory */
        text_index_build(&scores->index, model->arena, scores->count, name_at, scores);
}

static sluice_status set_or_remove(struct model *model, struct scores **scores, const char *name, const sluice_score *score)
{
    sluice_text key = sluice_text_of(name);
    if (score != NULL)
        return set(model, scores, key, score);
    remove_score(model, *scores, key);
    return SLUICE_OK;
}

static void view(const sluice_score *score, sluice_score *ret_score)
{
    if (ret_score == NULL)
        return;
    *ret_score = (sluice_score){.value = score->value,
                                .op_name = text_or_empty(score->op_name),
                                .description = text_or_empty(score->description),
                                .ref_id = text_or_empty(score->ref_id)};
}

static sluice_text score_at(const struct scores *scores, size_t index, sluice_score *ret_score)
{
    static const struct score_entry none = {.name = {.data = ""}};
    const struct score_entry *entry = index < scores_size(scores) ? &scores->entries[index] : &none;
    view(&entry->score, ret_score);
    return entry->name;
}

static bool find(const struct scores *scores, const char *name, sluice_score *ret_score)
{
    size_t position = position_of(scores, sluice_text_of(name));
    if (position == TEXT_INDEX_NONE)
        return false;
    view(&scores->entries[position].score, ret_score);
    return true;
}

size_t sluice_document_scores_size(const sluice_document *document)
{
    return scores_size(document->scores);
}

sluice_text sluice_document_score_at(const sluice_document *document, size_t index, sluice_score *ret_score)
{
    return score_at(document->scores, index, ret_score);
}

bool sluice_document_score(const sluice_document *document, const char *name, sluice_score *ret_score)
{
    return find(document->scores, name, ret_score);
}

sluice_status sluice_document_set_score(sluice_document *document, const char *name, const sluice_score *score)
{
    return set_or_remove(document->model, &document->scores, name, score);
}

size_t sluice_document_evaluations_size(const sluice_document *document)
{
    return scores_size(document->evaluations);
}

sluice_text sluice_document_evaluation_at(const sluice_document *document, size_t index, sluice_score *ret_score)
{
    return score_at(document->evaluations, index, ret_score);
}

bool sluice_document_evaluation(const sluice_document *document, const char *name, sluice_score *ret_score)
{
    return find(document->evaluations, name, ret_score);
}

sluice_status sluice_document_set_evaluation(sluice_document *document, const char *name, const sluice_score *score)
{
    return set_or_remove(document->model, &document->evaluations, name, score);
}
