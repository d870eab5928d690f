#include "common/document/reading.h"
#include "common/foundation/text.h"

sluice_status reading_end(struct reading *reading, const struct wire_reader *reader, const char *message)
{
    if (!reader->malformed)
        return SLUICE_OK;
    return sluice_fail(reading->error, SLUICE_INVALID, reading->where,
                       "the bytes are no serialized %s: no complete field at byte %zu", message,
                       (size_t)(reader->at - reading->base));
}

sluice_status reading_fail(struct reading *reading, sluice_status status, const uint8_t *at)
{
    const struct model *model = reading->model;
    size_t byte = (size_t)(at - reading->base);
    if (status == SLUICE_NO_MEMORY)
        return sluice_fail(reading->error, status, reading->where, "no memory at byte %zu", byte);
    if (arena_failure(model->arena) == SLUICE_LIMIT)
        return sluice_fail(reading->error, status, reading->where,
                           "they need more memory than the limit \"bytes\" allows (at byte %zu)", byte);
    return sluice_fail(reading->error, status, reading->where,
                       "more elements (tag values, scores, locations, shape entries) than the limit \"elements\" of %zu "
                       "allows (at byte %zu)",
                       model->elements_max, byte);
}

sluice_status reading_too_deep(struct reading *reading, const uint8_t *at)
{
    return sluice_fail(reading->error, SLUICE_LIMIT, reading->where,
                       "nested deeper than the limit \"depth\" of %zu allows (at byte %zu)", reading->model->depth_max,
                       (size_t)(at - reading->base));
}

sluice_status reading_text(struct reading *reading, const struct wire_field *field, const char *name, sluice_text *ret_text)
{
    if (!text_is_utf8(field->data, field->size))
        return sluice_fail(reading->error, SLUICE_INVALID, reading->where, "the field \"%s\" at byte %zu is not UTF-8",
                           name, (size_t)(field->start - reading->base));
    *ret_text = (sluice_text){.data = (const char *)field->data, .size = field->size};
    return SLUICE_OK;
}

sluice_status reading_unknown(struct reading *reading, const struct wire_reader *reader, const struct wire_field *field,
                              struct unknown **unknown)
{
    sluice_status status =
        model_keep_unknown(reading->model, unknown, field->start, (size_t)(reader->at - field->start));
    return status == SLUICE_OK ? status : reading_fail(reading, status, field->start);
}

sluice_status reading_bad_row(struct reading *reading, const uint8_t *at, const char *name)
{
    return sluice_fail(reading->error, SLUICE_INVALID, reading->where,
                       "the field \"%s\" at byte %zu does not hold a row of numbers", name, (size_t)(at - reading->base));
}
