#include "common/json/numbers.h"

#include <string.h>

static const char ragged[] = "the lists inside differ in length or depth";
static const char too_much[] = "it is too large";

void numbers_init(struct numbers *numbers, size_t bytes_max)
{
    /* Not all of it: every text that is read has one. What is not known is not looked at. */
    memset(numbers->known, 0, sizeof numbers->known);
    numbers->kind = NUMBERS_NONE;
    numbers->negative = false;
    numbers->depth = numbers->leaf = 0;
    buffer_init(&numbers->values, bytes_max);
}

void numbers_done(struct numbers *numbers)
{
    buffer_done(&numbers->values);
}

/* More entries of the innermost list. */
static void count_entries(struct numbers *numbers, size_t count)
{
    if (numbers->depth > 0)
        numbers->counts[numbers->depth - 1] += count;
}

const char *numbers_begin(struct numbers *numbers)
{
    if (numbers->leaf > 0 && numbers->depth >= numbers->leaf)
        return ragged;
    if (numbers->depth == NUMBERS_DIMENSIONS_MAX)
        return "it has more than 64 dimensions";
    count_entries(numbers, 1);
    numbers->counts[numbers->depth++] = 0;
    return NULL;
}

const char *numbers_end(struct numbers *numbers)
{
    size_t level = --numbers->depth, count = numbers->counts[level];
    if (count > UINT32_MAX)
        return too_much;
    if (numbers->leaf == 0)
        numbers->leaf = level + 1; /* the first list that ends holds no list */
    if (numbers->known[level] && numbers->shape[level] != count)
        return ragged;
    numbers->known[level] = true;
    numbers->shape[level] = (uint32_t)count;
    return NULL;
}

/* The values so far become doubles, which hold every one of them (integers beyond 2^53 lose digits, as in numpy). */
static void to_doubles(struct numbers *numbers)
{
    for (size_t at = 0; at < numbers->values.size; at += 8) {
        uint64_t bits;
        memcpy(&bits, numbers->values.data + at, 8);
        double value = numbers->kind == NUMBERS_UNSIGNED ? (double)bits : (double)(int64_t)bits;
        memcpy(numbers->values.data + at, &value, 8);
    }
    numbers->kind = NUMBERS_DOUBLES;
}

/* Makes the kind one that holds the old values and new ones of `kind`. */
static void widen(struct numbers *numbers, enum numbers_kind kind)
{
    if (numbers->kind == NUMBERS_DOUBLES || kind == numbers->kind)
        return;
    bool mixed = numbers->negative && (kind == NUMBERS_UNSIGNED || numbers->kind == NUMBERS_UNSIGNED);
    if ((kind == NUMBERS_DOUBLES || mixed) && numbers->kind != NUMBERS_NONE)
        to_doubles(numbers);
    else if (kind > numbers->kind)
        numbers->kind = kind; /* not negative, so the bits are the same */
}

static bool any_negative(const void *values, size_t count)
{
    int64_t sign = 0, value;
    for (size_t i = 0; i < count; i++) {
        memcpy(&value, (const uint8_t *)values + 8 * i, 8);
        sign |= value;
    }
    return sign < 0;
}

static void append_as_doubles(struct numbers *numbers, enum json_numbers kind, const void *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, (const uint8_t *)values + 8 * i, 8);
        double value = kind == JSON_UNSIGNED ? (double)bits : (double)(int64_t)bits;
        buffer_append(&numbers->values, &value, 8);
    }
}

const char *numbers_add(struct numbers *numbers, enum json_numbers kind, const void *values, size_t count)
{
    static const enum numbers_kind kinds[] = {NUMBERS_INTEGERS, NUMBERS_UNSIGNED, NUMBERS_DOUBLES};
    if (numbers->leaf > 0 && numbers->depth != numbers->leaf)
        return ragged;
    numbers->leaf = numbers->depth;
    if (kind == JSON_INTEGERS && any_negative(values, count))
        numbers->negative = true;
    widen(numbers, kinds[kind]);
    if (numbers->kind == NUMBERS_DOUBLES && kind != JSON_DOUBLES)
        append_as_doubles(numbers, kind, values, count);
    else
        buffer_append(&numbers->values, values, 8 * count);
    count_entries(numbers, count);
    return numbers->values.failed == SLUICE_OK ? NULL : too_much;
}

const char *numbers_add_bool(struct numbers *numbers, bool value)
{
    int64_t number = value;
    enum numbers_kind before = numbers->kind;
    const char *problem = numbers_add(numbers, JSON_INTEGERS, &number, 1);
    if (before <= NUMBERS_BOOLS)
        numbers->kind = NUMBERS_BOOLS;
    return problem;
}

/* Eight bytes become one. */
static void pack_bools(struct numbers *numbers)
{
    size_t count = numbers->values.size / 8;
    for (size_t i = 0; i < count; i++)
        numbers->values.data[i] = numbers->values.data[8 * i];
    numbers->values.size = count;
}

void numbers_tensor(struct numbers *numbers, sluice_tensor *ret_tensor)
{
    static const sluice_dtype dtypes[] = {[NUMBERS_NONE] = SLUICE_DTYPE_FLOAT64,
                                          [NUMBERS_BOOLS] = SLUICE_DTYPE_BOOL,
                                          [NUMBERS_INTEGERS] = SLUICE_DTYPE_INT64,
                                          [NUMBERS_UNSIGNED] = SLUICE_DTYPE_UINT64,
                                          [NUMBERS_DOUBLES] = SLUICE_DTYPE_FLOAT64};
    if (numbers->kind == NUMBERS_BOOLS)
        pack_bools(numbers);
    *ret_tensor = (sluice_tensor){.dtype = dtypes[numbers->kind],
                                  .shape = numbers->shape,
                                  .dimensions = numbers->leaf,
                                  .data = numbers->values.data,
                                  .size = numbers->values.size};
}
