#include "common/json/lists.h"

#include "common/json/numbers.h"

#include <math.h>
#include <string.h>

/* An array without elements may still name any number of empty lists. */
enum { EMPTY_LISTS_MAX = 1 << 16 };

enum { ROW_MAX = 256, INTEGER_MAX = 24 }; /* numbers printed at once; characters of an integer and its separator */

const char *lists_fault(const sluice_tensor *tensor)
{
    size_t size = sluice_dtype_size(tensor->dtype), count = sluice_tensor_count(tensor), lists = 1, bytes;
    if (tensor->sparse)
        return "it is sparse";
    if (size == 0 || tensor->dtype >= SLUICE_DTYPE_COMPLEX64)
        return "its element type has none";
    if (__builtin_mul_overflow(count, size, &bytes) || bytes != tensor->size)
        return "its data does not fit its shape";
    if (tensor->dimensions > NUMBERS_DIMENSIONS_MAX)
        return "it has too many dimensions";
    for (size_t i = 0; count == 0 && i < tensor->dimensions && tensor->shape[i] > 0; i++)
        if (__builtin_mul_overflow(lists, tensor->shape[i], &lists) || lists > EMPTY_LISTS_MAX)
            return "it is made of too many empty lists";
    return NULL;
}

struct lists {
    struct buffer *out;
    json_print_doubles print_row;
    bool spaced, finite;
};

static void load_doubles(const sluice_tensor *tensor, size_t index, size_t count, double values[ROW_MAX])
{
    if (tensor->dtype == SLUICE_DTYPE_FLOAT64 && !tensor->big_endian) {
        memcpy(values, (const uint8_t *)tensor->data + 8 * index, 8 * count);
    } else if (tensor->dtype == SLUICE_DTYPE_FLOAT32 && !tensor->big_endian) {
        float singles[ROW_MAX];
        memcpy(singles, (const uint8_t *)tensor->data + 4 * index, 4 * count);
        for (size_t i = 0; i < count; i++)
            values[i] = (double)singles[i];
    } else {
        for (size_t i = 0; i < count; i++)
            values[i] = sluice_tensor_number(tensor, index + i);
    }
}

static bool all_finite(const double *values, size_t count)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++)
        finite &= isfinite(values[i]) != 0;
    return finite;
}

static void write_doubles(struct lists *lists, const sluice_tensor *tensor, size_t index, size_t count)
{
    double values[ROW_MAX];
    load_doubles(tensor, index, count, values);
    if (!all_finite(values, count))
        lists->finite = false;
    uint8_t *at = buffer_reserve(lists->out, count * (JSON_NUMBER_MAX + 2));
    if (at != NULL)
        lists->out->size += lists->print_row(values, count, lists->spaced ? ", " : ",", (char *)at);
}

static char *put_unsigned(char *at, uint64_t value)
{
    char digits[INTEGER_MAX], *first = digits + INTEGER_MAX;
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    size_t size = (size_t)(digits + INTEGER_MAX - first);
    memcpy(at, first, size);
    return at + size;
}

static char *put_integer(char *at, const sluice_tensor *tensor, size_t index)
{
    int64_t value;
    if (sluice_dtype_size(tensor->dtype) == 8) { /* a double does not hold them all */
        uint64_t bits;
        memcpy(&bits, (const uint8_t *)tensor->data + 8 * index, 8);
        if (tensor->big_endian)
            bits = __builtin_bswap64(bits);
        if (tensor->dtype == SLUICE_DTYPE_UINT64)
            return put_unsigned(at, bits);
        value = (int64_t)bits;
    } else {
        value = (int64_t)sluice_tensor_number(tensor, index);
    }
    if (value >= 0)
        return put_unsigned(at, (uint64_t)value);
    *at++ = '-';
    return put_unsigned(at, -(uint64_t)value);
}

static char *put_bool(char *at, const sluice_tensor *tensor, size_t index)
{
    bool value = sluice_tensor_number(tensor, index) != 0;
    memcpy(at, value ? "true" : "false", value ? 4 : 5);
    return at + (value ? 4 : 5);
}

static void write_integers(struct lists *lists, const sluice_tensor *tensor, size_t index, size_t count)
{
    char *start = (char *)buffer_reserve(lists->out, count * INTEGER_MAX), *at = start;
    if (start == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            memcpy(at, ", ", 2);
            at += lists->spaced ? 2 : 1;
        }
        at = tensor->dtype == SLUICE_DTYPE_BOOL ? put_bool(at, tensor, index + i) : put_integer(at, tensor, index + i);
    }
    lists->out->size += (size_t)(at - start);
}

static void write_separator(struct lists *lists)
{
    buffer_append(lists->out, ", ", lists->spaced ? 2 : 1);
}

static void write_innermost(struct lists *lists, const sluice_tensor *tensor, size_t index, size_t count)
{
    bool floats = tensor->dtype == SLUICE_DTYPE_FLOAT16 || tensor->dtype == SLUICE_DTYPE_FLOAT32 ||
                  tensor->dtype == SLUICE_DTYPE_FLOAT64;
    for (size_t done = 0; done < count; done += ROW_MAX) {
        size_t piece = count - done < ROW_MAX ? count - done : ROW_MAX;
        if (done > 0)
            write_separator(lists);
        if (floats)
            write_doubles(lists, tensor, index + done, piece);
        else
            write_integers(lists, tensor, index + done, piece);
    }
}

/* Dimension `level` from element *index on. */
static void write_lists(struct lists *lists, const sluice_tensor *tensor, size_t level, size_t *index)
{
    uint32_t count = tensor->shape[level];
    buffer_append_byte(lists->out, '[');
    if (level + 1 == tensor->dimensions) {
        write_innermost(lists, tensor, *index, count);
        *index += count;
    } else {
        for (uint32_t i = 0; i < count && lists->out->failed == SLUICE_OK; i++) {
            if (i > 0)
                write_separator(lists);
            write_lists(lists, tensor, level + 1, index);
        }
    }
    buffer_append_byte(lists->out, ']');
}

bool lists_write(struct buffer *out, const sluice_tensor *tensor, json_print_doubles print_row, bool spaced)
{
    struct lists lists = {.out = out, .print_row = print_row, .spaced = spaced, .finite = true};
    size_t index = 0;
    if (tensor->dimensions == 0)
        write_innermost(&lists, tensor, 0, 1);
    else
        write_lists(&lists, tensor, 0, &index);
    return lists.finite;
}
