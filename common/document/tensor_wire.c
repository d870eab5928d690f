/* docarray.NdArrayProto, DenseNdArrayProto and SparseNdArrayProto. */
#include "common/document/reading.h"
#include "common/document/writing.h"

enum { DENSE_BUFFER = 1, DENSE_SHAPE = 2, DENSE_DTYPE = 3 };
enum { SPARSE_INDICES = 1, SPARSE_VALUES = 2, SPARSE_SHAPE = 3 };
enum { ARRAY_DENSE = 1, ARRAY_SPARSE = 2, ARRAY_CLASS_NAME = 3, ARRAY_PARAMETERS = 4 };

/* Reading */

static sluice_status add_size(struct reading *reading, const uint8_t *at, struct shape *shape, uint64_t value)
{
    sluice_status status = shape_append(reading->model, shape, (uint32_t)value);
    return status == SLUICE_OK ? status : reading_fail(reading, status, at);
}

/* Packed, as Python writes it, or one by one. */
static sluice_status read_shape(struct reading *reading, const struct wire_field *field, struct shape *shape)
{
    if (field->type == WIRE_VARINT)
        return add_size(reading, field->start, shape, field->value);
    const uint8_t *at = field->data, *end = at + field->size;
    while (at < end) {
        uint64_t value;
        size_t used = wire_read_varint(at, end, &value);
        if (used == 0)
            return reading_bad_row(reading, at, "shape");
        sluice_status status = add_size(reading, at, shape, value);
        if (status != SLUICE_OK)
            return status;
        at += used;
    }
    return SLUICE_OK;
}

static bool is_shape(const struct wire_field *field, uint32_t number)
{
    return field->number == number && (field->type == WIRE_BYTES || field->type == WIRE_VARINT);
}

static void *new_part(struct reading *reading, size_t size, const uint8_t *at, sluice_status *ret_status)
{
    void *part = arena_zalloc(reading->model->arena, size);
    if (part == NULL)
        *ret_status = reading_fail(reading, arena_failure(reading->model->arena), at);
    return part;
}

static sluice_status read_dense(struct reading *reading, const struct wire_field *message, struct dense **part)
{
    sluice_status status = SLUICE_OK;
    if (*part == NULL && (*part = new_part(reading, sizeof **part, message->start, &status)) == NULL)
        return status;
    struct dense *dense = *part;
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    while (status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.number == DENSE_BUFFER && field.type == WIRE_BYTES)
            dense->buffer = (sluice_text){.data = (const char *)field.data, .size = field.size};
        else if (is_shape(&field, DENSE_SHAPE))
            status = read_shape(reading, &field, &dense->shape);
        else if (field.number == DENSE_DTYPE && field.type == WIRE_BYTES)
            status = reading_text(reading, &field, "dtype", &dense->dtype);
        else
            status = reading_unknown(reading, &reader, &field, &dense->unknown);
    }
    return status == SLUICE_OK ? reading_end(reading, &reader, "docarray.DenseNdArrayProto") : status;
}

static sluice_status read_sparse(struct reading *reading, const struct wire_field *message, struct sparse **part)
{
    sluice_status status = SLUICE_OK;
    if (*part == NULL && (*part = new_part(reading, sizeof **part, message->start, &status)) == NULL)
        return status;
    struct sparse *sparse = *part;
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    while (status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.number == SPARSE_INDICES && field.type == WIRE_BYTES)
            status = read_dense(reading, &field, &sparse->indices);
        else if (field.number == SPARSE_VALUES && field.type == WIRE_BYTES)
            status = read_dense(reading, &field, &sparse->values);
        else if (is_shape(&field, SPARSE_SHAPE))
            status = read_shape(reading, &field, &sparse->shape);
        else
            status = reading_unknown(reading, &reader, &field, &sparse->unknown);
    }
    return status == SLUICE_OK ? reading_end(reading, &reader, "docarray.SparseNdArrayProto") : status;
}

/* The two forms are a oneof: the last one counts. */
static sluice_status read_part(struct reading *reading, const struct wire_reader *reader, const struct wire_field *field,
                               size_t level, struct ndarray *array)
{
    if (field->type != WIRE_BYTES)
        return reading_unknown(reading, reader, field, &array->unknown);
    switch (field->number) {
    case ARRAY_DENSE: array->sparse = NULL; return read_dense(reading, field, &array->dense);
    case ARRAY_SPARSE: array->dense = NULL; return read_sparse(reading, field, &array->sparse);
    case ARRAY_CLASS_NAME: return reading_text(reading, field, "cls_name", &array->class_name);
    case ARRAY_PARAMETERS: return reading_struct(reading, field, level, &array->parameters);
    default: return reading_unknown(reading, reader, field, &array->unknown);
    }
}

sluice_status reading_ndarray(struct reading *reading, const struct wire_field *message, size_t level,
                              struct ndarray **array)
{
    sluice_status status = SLUICE_OK;
    if (*array == NULL && (*array = new_part(reading, sizeof **array, message->start, &status)) == NULL)
        return status;
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    while (status == SLUICE_OK && wire_next(&reader, &field))
        status = read_part(reading, &reader, &field, level, *array);
    return status == SLUICE_OK ? reading_end(reading, &reader, "docarray.NdArrayProto") : status;
}

/* Writing */

static size_t packed_size(const struct shape *shape)
{
    size_t size = 0;
    for (size_t i = 0; i < shape->count; i++)
        size += wire_varint_size(shape->sizes[i]);
    return size;
}

static size_t shape_size(uint32_t number, const struct shape *shape)
{
    return shape->count > 0 ? wire_bytes_size(number, packed_size(shape)) : 0;
}

static void put_shape(struct writing *writing, uint32_t number, const struct shape *shape)
{
    if (shape->count == 0)
        return;
    put_head(writing, number, packed_size(shape));
    for (size_t i = 0; i < shape->count; i++)
        writing->at = wire_put_varint(writing->at, shape->sizes[i]);
}

static size_t dense_size(const struct dense *dense)
{
    return text_size(DENSE_BUFFER, dense->buffer) + shape_size(DENSE_SHAPE, &dense->shape) +
           text_size(DENSE_DTYPE, dense->dtype) + unknown_size(dense->unknown);
}

static void put_dense(struct writing *writing, uint32_t number, const struct dense *dense)
{
    put_head(writing, number, dense_size(dense));
    put_text_if_set(writing, DENSE_BUFFER, dense->buffer);
    put_shape(writing, DENSE_SHAPE, &dense->shape);
    put_text_if_set(writing, DENSE_DTYPE, dense->dtype);
    put_unknown(writing, dense->unknown);
}

static size_t sparse_size(const struct sparse *sparse)
{
    size_t size = shape_size(SPARSE_SHAPE, &sparse->shape) + unknown_size(sparse->unknown);
    if (sparse->indices != NULL)
        size += wire_bytes_size(SPARSE_INDICES, dense_size(sparse->indices));
    if (sparse->values != NULL)
        size += wire_bytes_size(SPARSE_VALUES, dense_size(sparse->values));
    return size;
}

static void put_sparse(struct writing *writing, uint32_t number, const struct sparse *sparse)
{
    put_head(writing, number, sparse_size(sparse));
    if (sparse->indices != NULL)
        put_dense(writing, SPARSE_INDICES, sparse->indices);
    if (sparse->values != NULL)
        put_dense(writing, SPARSE_VALUES, sparse->values);
    put_shape(writing, SPARSE_SHAPE, &sparse->shape);
    put_unknown(writing, sparse->unknown);
}

size_t ndarray_size(struct writing *writing, const struct ndarray *array)
{
    size_t note = writing_note(writing);
    size_t size = text_size(ARRAY_CLASS_NAME, array->class_name) + unknown_size(array->unknown);
    if (array->dense != NULL)
        size += wire_bytes_size(ARRAY_DENSE, dense_size(array->dense));
    if (array->sparse != NULL)
        size += wire_bytes_size(ARRAY_SPARSE, sparse_size(array->sparse));
    if (array->parameters != NULL)
        size += wire_bytes_size(ARRAY_PARAMETERS, struct_size(writing, array->parameters));
    return writing_noted(writing, note, size);
}

void put_ndarray(struct writing *writing, uint32_t number, const struct ndarray *array)
{
    put_head(writing, number, writing_take(writing));
    if (array->dense != NULL)
        put_dense(writing, ARRAY_DENSE, array->dense);
    if (array->sparse != NULL)
        put_sparse(writing, ARRAY_SPARSE, array->sparse);
    put_text_if_set(writing, ARRAY_CLASS_NAME, array->class_name);
    if (array->parameters != NULL)
        put_struct(writing, ARRAY_PARAMETERS, array->parameters);
    put_unknown(writing, array->unknown);
}
