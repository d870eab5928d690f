/* Arrays of numbers: numpy's type strings, and how an array lies in a document. */
#include "common/document/model.h"

#include <math.h>

static const struct {
    const char *name; /* little-endian, as numpy writes it */
    const char *word; /* numpy's name, which its readers accept as well */
    size_t size;
} dtypes[] = {
    [SLUICE_DTYPE_OTHER] = {"", "", 0},
    [SLUICE_DTYPE_BOOL] = {"|b1", "bool", 1},
    [SLUICE_DTYPE_INT8] = {"|i1", "int8", 1},
    [SLUICE_DTYPE_UINT8] = {"|u1", "uint8", 1},
    [SLUICE_DTYPE_INT16] = {"<i2", "int16", 2},
    [SLUICE_DTYPE_UINT16] = {"<u2", "uint16", 2},
    [SLUICE_DTYPE_INT32] = {"<i4", "int32", 4},
    [SLUICE_DTYPE_UINT32] = {"<u4", "uint32", 4},
    [SLUICE_DTYPE_INT64] = {"<i8", "int64", 8},
    [SLUICE_DTYPE_UINT64] = {"<u8", "uint64", 8},
    [SLUICE_DTYPE_FLOAT16] = {"<f2", "float16", 2},
    [SLUICE_DTYPE_FLOAT32] = {"<f4", "float32", 4},
    [SLUICE_DTYPE_FLOAT64] = {"<f8", "float64", 8},
    [SLUICE_DTYPE_COMPLEX64] = {"<c8", "complex64", 8},
    [SLUICE_DTYPE_COMPLEX128] = {"<c16", "complex128", 16},
};

enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

size_t sluice_dtype_size(sluice_dtype dtype)
{
    return (unsigned)dtype < DTYPES ? dtypes[dtype].size : 0;
}

const char *sluice_dtype_name(sluice_dtype dtype)
{
    return (unsigned)dtype < DTYPES ? dtypes[dtype].name : "";
}

/* "<f4", ">f4", "f4", "=f4" and "float32" are the same type. */
static sluice_dtype parse_dtype(sluice_text text, bool *ret_big_endian)
{
    sluice_text code = text;
    *ret_big_endian = text.size > 0 && text.data[0] == '>';
    if (text.size > 0 && text.data[0] != '\0' && strchr("<>|=", text.data[0]) != NULL) {
        code.data++;
        code.size--;
    }
    for (unsigned dtype = SLUICE_DTYPE_BOOL; dtype < DTYPES; dtype++) {
        if (!sluice_text_is(code, dtypes[dtype].name + 1) && !sluice_text_is(text, dtypes[dtype].word))
            continue;
        if (dtypes[dtype].size == 1)
            *ret_big_endian = false;
        return (sluice_dtype)dtype;
    }
    *ret_big_endian = false;
    return SLUICE_DTYPE_OTHER;
}

size_t sluice_tensor_count(const sluice_tensor *tensor)
{
    size_t count = 1;
    bool overflow = false;
    for (size_t i = 0; i < tensor->dimensions; i++) {
        if (tensor->shape[i] == 0)
            return 0;
        overflow |= __builtin_mul_overflow(count, tensor->shape[i], &count);
    }
    return overflow ? SIZE_MAX : count;
}

/* IEEE 754 half precision. */
static double half_number(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    double fraction = bits & 1023, number;
    if (exponent == 31)
        number = fraction > 0 ? (double)NAN : (double)INFINITY;
    else
        number = exponent > 0 ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits >> 15 ? -number : number;
}

/* Element bytes in the order of this machine. */
static uint64_t load(const uint8_t *at, size_t size, bool big_endian)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)at[i] << 8 * (big_endian ? size - 1 - i : i);
    return bits;
}

double sluice_tensor_number(const sluice_tensor *tensor, size_t index)
{
    size_t size = sluice_dtype_size(tensor->dtype);
    if (tensor->sparse || size == 0 || size > 8 || index >= tensor->size / size)
        return 0;
    uint64_t bits = load((const uint8_t *)tensor->data + index * size, size, tensor->big_endian);
    uint32_t low = (uint32_t)bits;
    float single;
    double number;
    switch (tensor->dtype) {
    case SLUICE_DTYPE_BOOL: return bits != 0;
    case SLUICE_DTYPE_INT8: return (int8_t)bits;
    case SLUICE_DTYPE_INT16: return (int16_t)bits;
    case SLUICE_DTYPE_INT32: return (int32_t)bits;
    case SLUICE_DTYPE_INT64: return (double)(int64_t)bits;
    case SLUICE_DTYPE_UINT8:
    case SLUICE_DTYPE_UINT16:
    case SLUICE_DTYPE_UINT32:
    case SLUICE_DTYPE_UINT64: return (double)bits;
    case SLUICE_DTYPE_FLOAT16: return half_number((uint16_t)bits);
    case SLUICE_DTYPE_FLOAT32: memcpy(&single, &low, sizeof single); return single;
    case SLUICE_DTYPE_FLOAT64: memcpy(&number, &bits, sizeof number); return number;
    default: return 0;
    }
}

sluice_status shape_append(struct model *model, struct shape *shape, uint32_t size)
{
    sluice_status status = model_grow(model, &shape->sizes, &shape->capacity, shape->count, sizeof *shape->sizes);
    if (status == SLUICE_OK)
        status = model_add_elements(model, 1);
    if (status == SLUICE_OK)
        shape->sizes[shape->count++] = size;
    return status;
}

static sluice_status set_shape(struct model *model, struct shape *shape, const uint32_t *sizes, size_t count)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, sizeof *sizes, &bytes))
        return SLUICE_LIMIT;
    uint32_t *copy = arena_copy(model->arena, sizes, bytes);
    if (copy == NULL)
        return arena_failure(model->arena);
    sluice_status status = model_add_elements(model, count);
    if (status == SLUICE_OK)
        *shape = (struct shape){.sizes = copy, .count = count, .capacity = count};
    return status;
}

/* Does the data fit? A type without a known element size is not checked. */
static bool is_consistent(const sluice_tensor *tensor)
{
    size_t size = sluice_dtype_size(tensor->dtype), count = sluice_tensor_count(tensor), bytes;
    if (tensor->sparse || (unsigned)tensor->dtype >= DTYPES || count == SIZE_MAX)
        return false;
    return tensor->dtype == SLUICE_DTYPE_OTHER || (!__builtin_mul_overflow(count, size, &bytes) && bytes == tensor->size);
}

static sluice_status set_dtype(struct model *model, struct dense *dense, const sluice_tensor *tensor)
{
    if (tensor->dtype == SLUICE_DTYPE_OTHER)
        return model_copy_utf8(model, tensor->dtype_text.data, tensor->dtype_text.size, &dense->dtype);
    const char *name = dtypes[tensor->dtype].name;
    if (!tensor->big_endian || dtypes[tensor->dtype].size == 1) {
        dense->dtype = sluice_text_of(name);
        return SLUICE_OK;
    }
    char *swapped = arena_printf(model->arena, ">%s", name + 1);
    if (swapped == NULL)
        return arena_failure(model->arena);
    dense->dtype = sluice_text_of(swapped);
    return SLUICE_OK;
}

static sluice_status fill(struct model *model, struct ndarray *array, const sluice_tensor *tensor)
{
    struct dense *dense = array->dense;
    sluice_status status = set_dtype(model, dense, tensor);
    if (status == SLUICE_OK)
        status = model_copy_text(model, tensor->data, tensor->size, &dense->buffer);
    array->class_name = sluice_text_of("numpy"); /* without a name Python reads nothing */
    if (status == SLUICE_OK && tensor->class_name.size > 0)
        status = model_copy_utf8(model, tensor->class_name.data, tensor->class_name.size, &array->class_name);
    return status == SLUICE_OK ? set_shape(model, &dense->shape, tensor->shape, tensor->dimensions) : status;
}

struct ndarray *ndarray_new(struct model *model, const sluice_tensor *tensor, sluice_status *ret_status)
{
    *ret_status = SLUICE_INVALID;
    if (!is_consistent(tensor))
        return NULL;
    struct ndarray *array = arena_zalloc(model->arena, sizeof *array);
    struct dense *dense = arena_zalloc(model->arena, sizeof *dense);
    if (array == NULL || dense == NULL) {
        *ret_status = arena_failure(model->arena);
        return NULL;
    }
    array->dense = dense;
    *ret_status = fill(model, array, tensor);
    return *ret_status == SLUICE_OK ? array : NULL;
}

void ndarray_view(const struct ndarray *array, sluice_tensor *ret_tensor)
{
    static const struct dense nothing;
    *ret_tensor = (sluice_tensor){.data = "", .dtype_text = {.data = ""}, .class_name = text_or_empty(array->class_name)};
    if (array->sparse != NULL) {
        ret_tensor->sparse = true;
        ret_tensor->shape = array->sparse->shape.sizes;
        ret_tensor->dimensions = array->sparse->shape.count;
        return;
    }
    const struct dense *dense = array->dense != NULL ? array->dense : &nothing;
    ret_tensor->dtype_text = text_or_empty(dense->dtype);
    ret_tensor->dtype = parse_dtype(ret_tensor->dtype_text, &ret_tensor->big_endian);
    ret_tensor->shape = dense->shape.sizes;
    ret_tensor->dimensions = dense->shape.count;
    ret_tensor->data = text_or_empty(dense->buffer).data;
    ret_tensor->size = dense->buffer.size;
}

static size_t dense_elements(const struct dense *dense)
{
    return dense != NULL ? dense->shape.count : 0;
}

size_t ndarray_elements(const struct ndarray *array)
{
    if (array == NULL)
        return 0;
    size_t count = dense_elements(array->dense) + value_elements(array->parameters);
    if (array->sparse != NULL)
        count += array->sparse->shape.count + dense_elements(array->sparse->indices) + dense_elements(array->sparse->values);
    return count;
}

static sluice_status copy_dense(struct model *model, const struct dense *from, struct dense **ret_dense)
{
    if (from == NULL)
        return SLUICE_OK;
    struct dense *dense = arena_zalloc(model->arena, sizeof *dense);
    if (dense == NULL)
        return arena_failure(model->arena);
    sluice_status status = model_copy_text(model, from->buffer.data, from->buffer.size, &dense->buffer);
    if (status == SLUICE_OK)
        status = model_copy_text(model, from->dtype.data, from->dtype.size, &dense->dtype);
    if (status == SLUICE_OK)
        status = set_shape(model, &dense->shape, from->shape.sizes, from->shape.count);
    if (status == SLUICE_OK)
        status = model_copy_unknown(model, &dense->unknown, from->unknown);
    *ret_dense = dense;
    return status;
}

static sluice_status copy_sparse(struct model *model, const struct sparse *from, struct sparse **ret_sparse)
{
    if (from == NULL)
        return SLUICE_OK;
    struct sparse *sparse = arena_zalloc(model->arena, sizeof *sparse);
    if (sparse == NULL)
        return arena_failure(model->arena);
    sluice_status status = copy_dense(model, from->indices, &sparse->indices);
    if (status == SLUICE_OK)
        status = copy_dense(model, from->values, &sparse->values);
    if (status == SLUICE_OK)
        status = set_shape(model, &sparse->shape, from->shape.sizes, from->shape.count);
    if (status == SLUICE_OK)
        status = model_copy_unknown(model, &sparse->unknown, from->unknown);
    *ret_sparse = sparse;
    return status;
}

sluice_status ndarray_copy(struct model *model, const struct ndarray *from, size_t level, struct ndarray **ret_array)
{
    if (from == NULL)
        return SLUICE_OK;
    struct ndarray *array = arena_zalloc(model->arena, sizeof *array);
    if (array == NULL)
        return arena_failure(model->arena);
    sluice_status status = copy_dense(model, from->dense, &array->dense);
    if (status == SLUICE_OK)
        status = copy_sparse(model, from->sparse, &array->sparse);
    if (status == SLUICE_OK)
        status = model_copy_text(model, from->class_name.data, from->class_name.size, &array->class_name);
    if (status == SLUICE_OK)
        status = value_copy_map(model, from->parameters, level, &array->parameters);
    if (status == SLUICE_OK)
        status = model_copy_unknown(model, &array->unknown, from->unknown);
    *ret_array = array;
    return status;
}
